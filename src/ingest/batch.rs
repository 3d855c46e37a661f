//! Rows of a file as typed columns: text as bytes, time as local microseconds, money as fen.

use std::sync::Arc;

use arrow_array::{
    Array, ArrayRef, ArrowPrimitiveType, PrimitiveArray, RecordBatch, StringViewArray,
    cast::AsArray,
    types::{
        Date32Type, Int8Type, Int16Type, Int32Type, Int64Type, UInt8Type, UInt16Type, UInt32Type,
        UInt64Type,
    },
};
use arrow_schema::{DataType, Field as ArrowField, Fields, TimeUnit};
use parquet::{
    arrow::{
        ProjectionMask,
        arrow_reader::{ParquetRecordBatchReader, RowSelection},
        parquet_to_arrow_field_levels,
    },
    errors::ParquetError,
};

pub use super::times::DAY;
use super::{
    amounts::{self, AmountColumn, BeyondDecimal},
    beside::{BesideValues, MEDIUM},
    buffers::{HeldBytes, Tools},
    form::{BesideColumn, Conversion, SourceColumn},
    lengths::Lengths,
    pages::FileRowGroup,
    source::ParquetSource,
    text::{CodeList, Coded, TextColumn},
    times::{self, TimeColumn},
};
use crate::{
    columnar::{
        claims,
        guard::{damage, guarded},
    },
    event::Activity,
    model::{
        fields::{AMOUNT_FIELDS, FIELDS, Field, SCOPE, amount_position, positions},
        media::Medium,
    },
    rules::Int96,
    text::Text,
};

/// Consecutive rows of a file, column by column.
#[derive(Debug)]
pub struct Batch {
    /// The number of rows.
    pub rows: usize,
    texts: Vec<TextColumn>,
    dates: [Option<PrimitiveArray<Date32Type>>; 2],
    time: TimeColumn,
    amounts: Vec<Option<AmountColumn>>,
    /// The fields beside the record that the file has, each with its place in the list of them.
    beside: Vec<(usize, BesideValues)>,
}

/// The error of a batch that cannot be read.
#[derive(Debug)]
pub enum ReadError {
    /// Damage.
    Parquet(ParquetError),
    /// Bytes that make the decoder panic.
    Panic,
    /// An amount that does not fit `DECIMAL(38,2)`: its field, and its row in the batch.
    Beyond(Field, usize),
    /// Texts that are too long, in a field.
    Long(Field, Text),
}

impl From<ParquetError> for ReadError {
    fn from(error: ParquetError) -> ReadError {
        ReadError::Parquet(error)
    }
}

/// An iterator over the batches of a row group, or of selected rows of it.
pub struct Batches {
    int96: Int96,
    reader: ParquetRecordBatchReader,
    /// A second reader of INT96 timestamps, in milliseconds.
    millis: Option<ParquetRecordBatchReader>,
    /// Fields in the order of the reader's columns.
    columns: Vec<SourceColumn>,
    /// The fields beside the record: the column, its latest list of codes, the limit of its texts.
    beside: Vec<(BesideColumn, Option<Arc<CodeList>>, Lengths)>,
    /// The roots of all columns, sorted: the columns of the reader.
    roots: Vec<usize>,
    tools: Arc<Tools>,
    /// The latest list of codes of each text field.
    lists: [Option<Arc<CodeList>>; TEXT_FIELDS.len()],
    /// The limits of the texts of each field.
    lengths: [Lengths; TEXT_FIELDS.len()],
    /// The memory that is reserved for the pages.
    room: Option<HeldBytes>,
}

impl Batches {
    /// Opens a row group, for all of its rows or for selected ones, `batch_rows` at a time.
    pub fn open(
        source: &ParquetSource,
        row_group: usize,
        int96: Int96,
        batch_rows: usize,
        selection: Option<RowSelection>,
        tools: &Arc<Tools>,
    ) -> Result<Batches, ReadError> {
        guarded(|| Batches::try_open(source, row_group, int96, batch_rows, selection, tools))
            .ok_or(ReadError::Panic)?
            .map_err(ReadError::Parquet)
    }

    fn try_open(
        source: &ParquetSource,
        row_group: usize,
        int96: Int96,
        batch_rows: usize,
        selection: Option<RowSelection>,
        tools: &Arc<Tools>,
    ) -> Result<Batches, ParquetError> {
        let columns = source.columns.clone();
        let schema = source.metadata.file_metadata().schema_descr();
        let of_record = columns.iter().map(|column| (column.root, column.leaf));
        let beside = source.beside.iter().map(|column| (column.root, column.leaf));
        let (mut roots, leaves): (Vec<usize>, Vec<usize>) = of_record.chain(beside).unzip();
        roots.sort_unstable();
        let mask = ProjectionMask::leaves(schema, leaves.iter().copied());
        let hinted = source.reader_metadata(row_group)?;
        let levels = parquet_to_arrow_field_levels(schema, mask, Some(hinted.schema().fields()))?;
        let file = Arc::new(source.reopen()?);
        let in_group = source.metadata.row_group(row_group);
        let bytes = claims::check_columns(&file, in_group, leaves.into_iter()).map_err(damage)?;
        let room = tools.reserve(bytes, || source.open_bytes(row_group));
        let lengths = TEXT_FIELDS.map(|field| {
            let column = columns.iter().find(|column| column.field == field);
            column.map_or_else(Lengths::default, |column| Lengths::of(in_group, column.leaf))
        });
        let beside = source.beside.iter();
        let beside = beside.map(|column| (*column, None, Lengths::of(in_group, column.leaf)));
        let beside = beside.collect();
        let tools = Arc::clone(tools);
        let group = FileRowGroup {
            file,
            metadata: &source.metadata,
            number: row_group,
            tools: Arc::clone(&tools),
        };
        let millis = columns.iter().find(|column| column.form == Conversion::Int96).map(|column| {
            let mask = ProjectionMask::leaves(schema, [column.leaf]);
            let fields = in_milliseconds(hinted.schema().fields(), column.root);
            let levels = parquet_to_arrow_field_levels(schema, mask, Some(&fields))?;
            let selection = selection.clone();
            ParquetRecordBatchReader::try_new_with_row_groups(
                &levels, &group, batch_rows, selection,
            )
        });
        let millis = millis.transpose()?;
        let reader = ParquetRecordBatchReader::try_new_with_row_groups(
            &levels, &group, batch_rows, selection,
        )?;
        let lists = [const { None }; TEXT_FIELDS.len()];
        Ok(Batches { int96, reader, millis, columns, beside, roots, tools, lists, lengths, room })
    }

    /// Whether memory is reserved, for which other row groups may wait.
    pub(super) fn takes_room(&self) -> bool {
        self.room.is_some()
    }

    /// Decodes the next rows, and their INT96 timestamps in milliseconds.
    fn decoded(&mut self) -> Option<Result<(RecordBatch, Option<ArrayRef>), ReadError>> {
        let both = guarded(|| {
            let batch = self.reader.next()?;
            Some((batch, self.millis.as_mut().and_then(Iterator::next)))
        });
        let Some(both) = both else { return Some(Err(ReadError::Panic)) };
        let both = both.map(|(batch, millis)| {
            let batch = batch.map_err(ParquetError::from)?;
            let millis = millis.transpose().map_err(ParquetError::from)?;
            let millis = millis.map(|millis| Arc::clone(millis.column(0)));
            match &millis {
                Some(millis) if millis.len() != batch.num_rows() => {
                    Err(damage(text!("timestamps of other rows")))
                }
                _ => Ok((batch, millis)),
            }
        });
        both.map(|both| both.map_err(ReadError::Parquet))
    }

    /// Converts decoded rows to typed columns.
    fn typed(
        &mut self,
        batch: &RecordBatch,
        millis: Option<&ArrayRef>,
    ) -> Result<Batch, ReadError> {
        let mut typed = Batch {
            rows: batch.num_rows(),
            texts: Vec::with_capacity(TEXT_FIELDS.len()),
            dates: [None, None],
            time: TimeColumn::default(),
            amounts: Vec::with_capacity(AMOUNT_FIELDS.len()),
            beside: Vec::with_capacity(self.beside.len()),
        };
        let (columns, roots, int96) = (&self.columns, &self.roots, self.int96);
        let at_root = |root: usize| Some(batch.column(roots.binary_search(&root).ok()?));
        let array = |field: Field| {
            let column = columns.iter().find(|column| column.field == field)?;
            Some((at_root(column.root)?, column.form))
        };
        for (column, list, lengths) in &mut self.beside {
            let Some(array) = at_root(column.root) else { continue };
            if let Some(values) = beside(array, column.form, list, lengths)? {
                typed.beside.push((column.field, values));
            }
        }
        let lists = self.lists.iter_mut().zip(&mut self.lengths);
        for (field, (list, lengths)) in TEXT_FIELDS.into_iter().zip(lists) {
            let column = array(field).map(|(array, form)| text(array, form, list)).transpose()?;
            let column = column.unwrap_or(TextColumn::Absent);
            lengths.check(&column).map_err(|found| ReadError::Long(field, found))?;
            typed.texts.push(column);
        }
        for (slot, field) in [Field::begndate, Field::enddate].into_iter().enumerate() {
            typed.dates[slot] =
                array(field).and_then(|(a, _)| a.as_primitive_opt::<Date32Type>().cloned());
        }
        if let Some((times, form)) = array(Field::setl_time) {
            let utc =
                form == Conversion::UtcTime || (form == Conversion::Int96 && int96 == Int96::Utc);
            typed.time = times::decode(times, millis, utc);
        }
        for field in AMOUNT_FIELDS {
            let column = match array(field) {
                Some((a, Conversion::Decimal { scale, .. })) => {
                    let beyond = |BeyondDecimal(row)| ReadError::Beyond(field, row);
                    Some(amounts::decode(a, scale).map_err(beyond)?)
                }
                _ => None,
            };
            typed.amounts.push(column);
        }
        Ok(typed)
    }
}

impl Iterator for Batches {
    type Item = Result<Batch, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        let tools = Arc::clone(&self.tools);
        tools.stopwatch.measure(Activity::Decode, || {
            let decoded = self.decoded()?;
            Some(decoded.and_then(|(batch, millis)| self.typed(&batch, millis.as_ref())))
        })
    }
}

/// The text fields, in the order of the contract.
pub const TEXT_FIELDS: [Field; 12] = [
    Field::setl_id,
    Field::mdtrt_id,
    Field::init_setl_id,
    Field::psn_no,
    Field::insuplc_admdvs,
    Field::mdtrtarea_admvs,
    Field::fixmedins_code,
    Field::insutype,
    Field::med_type,
    Field::dise_codg,
    Field::refd_setl_flag,
    Field::fulamt_advpay_flag,
];

const TEXT_POSITION: [usize; FIELDS.len()] = positions(&TEXT_FIELDS);

/// Returns the position of a text field in [`TEXT_FIELDS`].
pub const fn text_position(field: Field) -> usize {
    TEXT_POSITION[field.index()]
}

impl Batch {
    /// Makes a batch that has only times.
    #[cfg(test)]
    pub(crate) fn of_times(local: Vec<i64>) -> Batch {
        let time = TimeColumn { local, nulls: None };
        let texts = TEXT_FIELDS.iter().map(|_| TextColumn::Absent).collect();
        let amounts = AMOUNT_FIELDS.iter().map(|_| None).collect();
        let beside = Vec::new();
        Batch { rows: time.local.len(), texts, dates: [None, None], time, amounts, beside }
    }

    /// Returns a text column.
    pub fn text(&self, field: Field) -> &TextColumn {
        &self.texts[text_position(field)]
    }

    /// Returns a column of amounts; `None` when the file does not have it.
    pub fn amount(&self, field: Field) -> Option<&AmountColumn> {
        self.amounts[amount_position(field)].as_ref()
    }

    /// Returns the values of a field beside the record, by its place in the list of these fields; none when the file
    /// does not have it.
    pub fn beside(&self, field: usize) -> Option<&BesideValues> {
        self.beside.iter().find(|(place, _)| *place == field).map(|(_, values)| values)
    }

    /// Writes the medium of each row into a list; into none where the file does not say it.
    pub fn media(&self, into: &mut Vec<Medium>) {
        into.clear();
        if let Some(BesideValues::Text(column)) = self.beside(MEDIUM) {
            column.map(self.rows, into, Medium::of);
        }
    }

    /// Returns the medium of a row.
    pub fn medium(&self, row: usize) -> Medium {
        Medium::of(self.beside(MEDIUM).and_then(|values| values.text(row)))
    }

    /// Prefetches the values of some rows.
    pub fn prefetch(&self, rows: impl Iterator<Item = usize> + Clone) {
        // Two passes: first values and the views of texts, which say where the texts are, then the texts. Within a pass
        // no load depends on another, so they overlap. Without the black box the compiler would remove them.
        let amounts = |row: usize| {
            let amounts = self.amounts.iter().flatten();
            amounts.fold(self.time.local[row], |all, column| all ^ column.fen[row])
        };
        let texts = |row: usize, at_text| {
            self.texts.iter().fold(0, |all, column| all ^ column.prefetch(row, at_text))
        };
        let places = rows.clone().fold(0, |all, row| all ^ amounts(row) ^ texts(row, false));
        let texts = rows.fold(0, |all, row| all ^ texts(row, true));
        std::hint::black_box((places, texts));
    }

    /// Returns the times of settlement.
    pub fn time(&self) -> &TimeColumn {
        &self.time
    }

    /// Returns a day of the stay, from 1970-01-01.
    pub fn date(&self, field: Field, row: usize) -> Option<i32> {
        let slot = usize::from(field == Field::enddate);
        self.dates[slot].as_ref().filter(|days| days.is_valid(row)).map(|days| days.value(row))
    }

    /// Counts the optional texts that are empty and count as null.
    pub fn empty_texts(&self) -> u64 {
        let optional = TEXT_FIELDS.into_iter().filter(|field| !field.required());
        optional.map(|field| self.text(field).empty_texts()).sum()
    }

    /// Counts the optional amounts that are null and count as 0.
    pub fn null_amounts(&self) -> u64 {
        let counted = AMOUNT_FIELDS.into_iter().filter(|field| !SCOPE.contains(field));
        let optional = counted.filter(|field| !field.required());
        let nulls = optional.filter_map(|field| self.amount(field)?.nulls.as_ref());
        nulls.map(|nulls| nulls.null_count() as u64).sum()
    }
}

/// Returns the fields of a schema, the one at `root` as timestamps in milliseconds.
fn in_milliseconds(fields: &Fields, root: usize) -> Fields {
    let millis = DataType::Timestamp(TimeUnit::Millisecond, None);
    let changed = |(at, field): (usize, &Arc<ArrowField>)| {
        if at != root {
            return Arc::clone(field);
        }
        Arc::new(field.as_ref().clone().with_data_type(millis.clone()))
    };
    fields.iter().enumerate().map(changed).collect()
}

/// Converts a column beside the record; none where all of its values are null.
fn beside(
    array: &ArrayRef,
    form: Conversion,
    list: &mut Option<Arc<CodeList>>,
    lengths: &mut Lengths,
) -> Result<Option<BesideValues>, ReadError> {
    Ok(match form {
        Conversion::Null => None,
        Conversion::Date => BesideValues::of_days(array),
        Conversion::Decimal { scale, .. } => {
            let column = amounts::decode(array, scale)
                .map_err(|_| damage(text!("an amount beyond DECIMAL(38,2)")))?;
            Some(BesideValues::Amount(column))
        }
        _ => {
            let column = text(array, form, list)?;
            lengths.check(&column).map_err(damage)?;
            Some(BesideValues::Text(column))
        }
    })
}

fn text(
    array: &ArrayRef,
    form: Conversion,
    list: &mut Option<Arc<CodeList>>,
) -> Result<TextColumn, ReadError> {
    match (form, array.data_type()) {
        (Conversion::IntegerCode, _) => Ok(TextColumn::Plain(integer_codes(array))),
        (Conversion::Null, _) => Ok(TextColumn::Absent),
        (_, DataType::Dictionary(..)) => {
            Ok(TextColumn::Coded(Coded::of(array.as_dictionary(), list)))
        }
        (_, DataType::Utf8View) => Ok(TextColumn::Plain(array.as_string_view().clone())),
        // A value of an unknown type is damage; it must not become a null.
        (_, other) => Err(damage(text!("text that is decoded as {}", other.to_string())).into()),
    }
}

fn integer_codes(array: &ArrayRef) -> StringViewArray {
    fn format<T: ArrowPrimitiveType>(array: &ArrayRef) -> StringViewArray
    where
        T::Native: ToString,
    {
        array.as_primitive::<T>().iter().map(|code| code.map(|code| code.to_string())).collect()
    }
    match array.data_type() {
        DataType::Int8 => format::<Int8Type>(array),
        DataType::Int16 => format::<Int16Type>(array),
        DataType::Int32 => format::<Int32Type>(array),
        DataType::UInt8 => format::<UInt8Type>(array),
        DataType::UInt16 => format::<UInt16Type>(array),
        DataType::UInt32 => format::<UInt32Type>(array),
        DataType::UInt64 => format::<UInt64Type>(array),
        _ => format::<Int64Type>(array),
    }
}
