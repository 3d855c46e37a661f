//! The SQL functions of a job: `gather`, an aggregate that concatenates the parcels of a group, and `meet`, which
//! decides what a group becomes.

use std::sync::Arc;

use datafusion::{
    arrow::{
        array::{Array, ArrayRef, AsArray, BooleanArray, LargeBinaryArray, LargeBinaryBuilder},
        buffer::{Buffer, OffsetBuffer, ScalarBuffer},
        datatypes::DataType,
    },
    common::{DataFusionError, Result, not_impl_err},
    logical_expr::{
        Accumulator, AggregateUDF, AggregateUDFImpl, ColumnarValue, EmitTo, GroupsAccumulator,
        ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
        function::AccumulatorArgs,
    },
};

use super::parcels::meet;

/// The SQL type of parcels: bytes of any number of parcels, concatenated.
pub(super) const PARCELS: DataType = DataType::LargeBinary;

/// Returns the aggregate `gather(parcels)`.
pub(super) fn gather_function() -> Arc<AggregateUDF> {
    let signature = Signature::exact(vec![PARCELS], Volatility::Immutable);
    Arc::new(AggregateUDF::new_from_impl(Gather { signature }))
}

/// Returns the function `meet(parcels)`.
pub(super) fn meet_function() -> Arc<ScalarUDF> {
    let signature = Signature::exact(vec![PARCELS], Volatility::Immutable);
    Arc::new(ScalarUDF::new_from_impl(Meet { signature }))
}

/// Converts an error of ours to one of DataFusion.
pub(super) fn external(error: impl std::error::Error + Send + Sync + 'static) -> DataFusionError {
    DataFusionError::External(error.to_string().into())
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct Gather {
    signature: Signature,
}

impl AggregateUDFImpl for Gather {
    fn name(&self) -> &'static str {
        "gather"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(PARCELS)
    }

    fn accumulator(&self, _: AccumulatorArgs) -> Result<Box<dyn Accumulator>> {
        not_impl_err!("gather goes with GROUP BY")
    }

    fn groups_accumulator_supported(&self, _: AccumulatorArgs) -> bool {
        true
    }

    fn create_groups_accumulator(&self, _: AccumulatorArgs) -> Result<Box<dyn GroupsAccumulator>> {
        Ok(Box::new(Groups::default()))
    }
}

/// The parcels of all groups, in the order of arrival.
#[derive(Default)]
struct Groups {
    bytes: Vec<u8>,
    /// Group and length of each piece of `bytes`, in the same order.
    pieces: Vec<(usize, usize)>,
    /// The number of groups.
    count: usize,
}

impl Groups {
    fn add(&mut self, values: &[ArrayRef], groups: &[usize], filter: Option<&BooleanArray>) {
        let values: &LargeBinaryArray = values[0].as_binary();
        for (row, group) in groups.iter().enumerate() {
            let wanted = filter.is_none_or(|filter| filter.is_valid(row) && filter.value(row));
            if wanted && values.is_valid(row) {
                let value = values.value(row);
                self.bytes.extend(value);
                self.pieces.push((*group, value.len()));
            }
        }
    }

    /// Removes the first groups, or all, and returns the pieces of each concatenated: a counting sort by group.
    fn emit(&mut self, emit_to: EmitTo) -> Result<ArrayRef> {
        let emitted = match emit_to {
            EmitTo::All => self.count,
            EmitTo::First(groups) => groups,
        };
        // `ends` becomes the prefix sums of the lengths, so each group has its own range of `laid`. Pieces of a group
        // keep their order of arrival.
        let mut ends = vec![0i64; emitted + 1];
        for (group, length) in self.pieces.iter().filter(|(group, _)| *group < emitted) {
            ends[group + 1] += i64::try_from(*length).map_err(external)?;
        }
        for group in 0..emitted {
            ends[group + 1] += ends[group];
        }
        let place = |end: &i64| usize::try_from(*end).map_err(external);
        let mut places = ends.iter().map(place).collect::<Result<Vec<_>>>()?;
        let mut laid = vec![0; places[emitted]];
        let mut kept = Groups { count: self.count - emitted, ..Groups::default() };
        let mut rest = &self.bytes[..];
        for (group, length) in &self.pieces {
            let (piece, others) = rest.split_at(*length);
            rest = others;
            if *group < emitted {
                laid[places[*group]..][..*length].copy_from_slice(piece);
                places[*group] += length;
            } else {
                kept.bytes.extend(piece);
                kept.pieces.push((group - emitted, *length));
            }
        }
        *self = kept;
        let offsets = OffsetBuffer::new(ScalarBuffer::from(ends));
        Ok(Arc::new(LargeBinaryArray::new(offsets, Buffer::from_vec(laid), None)))
    }
}

impl GroupsAccumulator for Groups {
    fn update_batch(
        &mut self,
        values: &[ArrayRef],
        groups: &[usize],
        filter: Option<&BooleanArray>,
        count: usize,
    ) -> Result<()> {
        self.count = count;
        self.add(values, groups, filter);
        Ok(())
    }

    fn evaluate(&mut self, emit_to: EmitTo) -> Result<ArrayRef> {
        self.emit(emit_to)
    }

    fn state(&mut self, emit_to: EmitTo) -> Result<Vec<ArrayRef>> {
        Ok(vec![self.emit(emit_to)?])
    }

    fn merge_batch(&mut self, values: &[ArrayRef], groups: &[usize], count: usize) -> Result<()> {
        self.count = count;
        self.add(values, groups, None);
        Ok(())
    }

    fn convert_to_state(
        &self,
        values: &[ArrayRef],
        filter: Option<&BooleanArray>,
    ) -> Result<Vec<ArrayRef>> {
        if filter.is_some() {
            return not_impl_err!("gather with a filter");
        }
        Ok(vec![Arc::clone(&values[0])])
    }

    fn size(&self) -> usize {
        self.bytes.capacity() + self.pieces.capacity() * size_of::<(usize, usize)>()
    }
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct Meet {
    signature: Signature,
}

impl ScalarUDFImpl for Meet {
    fn name(&self) -> &'static str {
        "meet"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(PARCELS)
    }

    fn invoke_with_args(&self, arguments: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let groups = arguments.args[0].to_array(arguments.number_rows)?;
        let groups: &LargeBinaryArray = groups.as_binary();
        let mut met = LargeBinaryBuilder::with_capacity(groups.len(), groups.value_data().len());
        let mut bytes = Vec::new();
        for group in groups {
            bytes.clear();
            meet(group.unwrap_or_default(), &mut bytes).map_err(external)?;
            met.append_value(&bytes);
        }
        Ok(ColumnarValue::Array(Arc::new(met.finish())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(array: &ArrayRef) -> Vec<String> {
        let array: &LargeBinaryArray = array.as_binary();
        array
            .iter()
            .map(|value| String::from_utf8_lossy(value.unwrap_or_default()).into())
            .collect()
    }

    #[test]
    fn pieces_lie_side_by_side_by_group_however_they_are_taken_out() {
        let values: ArrayRef = Arc::new(LargeBinaryArray::from(vec![
            Some(&b"a"[..]),
            Some(b"bb"),
            None,
            Some(b"c"),
            Some(b"dd"),
        ]));
        for first in [0, 1, 2, 3] {
            let mut groups = Groups::default();
            groups.update_batch(&[Arc::clone(&values)], &[1, 0, 1, 1, 2], None, 3).expect("added");
            let mut taken = texts(&groups.evaluate(EmitTo::First(first)).expect("taken"));
            // After an emission, groups are numbered from the first remaining one.
            let more = &[Arc::clone(&values.slice(0, 1))];
            groups.merge_batch(more, &[3 - first], 4 - first).expect("merged");
            taken.extend(texts(&groups.evaluate(EmitTo::All).expect("taken")));
            assert_eq!(taken, ["bb", "ac", "dd", "a"]);
        }
    }
}
