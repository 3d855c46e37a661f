//! A table of a closed period, read back by the names of its columns.

use std::path::Path;

use arrow_array::{Array, ArrayRef, RecordBatch, cast::AsArray, types::Decimal128Type};
use arrow_schema::DataType;
use parquet::arrow::{
    ProjectionMask,
    arrow_reader::{ArrowReaderOptions, ParquetRecordBatchReaderBuilder},
};

use crate::{
    columnar::{
        claims, footer,
        guard::{guarded, of_decoder},
        shape,
        shared::SharedFile,
    },
    diag::{Failure, Outcome, shown},
    model::money::{FenSum, yuan},
    text::Text,
};

/// Sums of 2^32 rows stay far below it, and it may be multiplied by what a rules file can say.
const BEYOND_REASON: FenSum = FenSum::new(1_000_000_000_000_000_000_000_000_000_000);

/// Decodes all of a file, or some columns of a row group.
fn decode(file: SharedFile, part: Option<(&[&str], usize)>) -> Result<Vec<RecordBatch>, Text> {
    let metadata = footer::read(&file, &ArrowReaderOptions::new())?;
    claims::of_table(&file, metadata.metadata(), part.map(|(_, row_group)| row_group))?;
    let mut reader = ParquetRecordBatchReaderBuilder::new_with_metadata(file, metadata);
    if let Some((columns, row_group)) = part {
        let mask = ProjectionMask::columns(reader.parquet_schema(), columns.iter().copied());
        reader = reader.with_projection(mask).with_row_groups(vec![row_group]);
    }
    let reader = reader.build();
    let batches = reader.map_err(|error| of_decoder(&error))?.collect::<Result<_, _>>();
    batches.map_err(|error: arrow_schema::ArrowError| of_decoder(&error))
}

/// A table read back from a closed period.
pub struct StoredTable {
    place: String,
    batches: Vec<RecordBatch>,
}

impl StoredTable {
    /// Reads `<folder>/tables/<name>.parquet`.
    pub fn read(folder: &Path, name: &str) -> Outcome<StoredTable> {
        StoredTable::all_or_part(folder, name, None)
    }

    /// Reads some columns of a row group of it.
    pub fn part(
        folder: &Path,
        name: &str,
        columns: &[&str],
        row_group: usize,
    ) -> Outcome<StoredTable> {
        StoredTable::all_or_part(folder, name, Some((columns, row_group)))
    }

    fn all_or_part(
        folder: &Path,
        name: &str,
        part: Option<(&[&str], usize)>,
    ) -> Outcome<StoredTable> {
        let path = folder.join(shape::of(name).path());
        let place = shown(&path);
        let file = SharedFile::open(&path).map_err(Failure::io(&path))?;
        match guarded(|| decode(file, part)).unwrap_or_else(|| Err(text!("it cannot be decoded"))) {
            Ok(batches) => Ok(StoredTable { place, batches }),
            Err(error) => Err(Failure::Book(text!("{} cannot be read: {}", place, error))),
        }
    }

    fn arrays(&self, name: &str, kind: fn(&DataType) -> bool) -> Outcome<Vec<&ArrayRef>> {
        let array = |batch: &RecordBatch| {
            let index = batch.schema().index_of(name).ok()?;
            kind(batch.column(index).data_type()).then_some(index)
        };
        self.batches
            .iter()
            .map(|batch| {
                array(batch).map(|index| batch.column(index)).ok_or_else(|| {
                    Failure::Book(text!("{}: column {} is not what it was", self.place, name))
                })
            })
            .collect()
    }

    /// A text column.
    pub fn texts(&self, name: &str) -> Outcome<Vec<Option<&str>>> {
        let arrays = self.arrays(name, |t| *t == DataType::Utf8)?;
        Ok(arrays.into_iter().flat_map(|array| array.as_string::<i32>().iter()).collect())
    }

    /// A column of amounts or sums, in fen; none is so large that reckoning with it could overflow.
    pub fn fen(&self, name: &str) -> Outcome<Vec<Option<FenSum>>> {
        let arrays = self.arrays(name, |t| matches!(t, DataType::Decimal128(_, 2)))?;
        let values = arrays.into_iter().flat_map(|a| a.as_primitive::<Decimal128Type>().iter());
        let bounded = |fen: Option<i128>| match fen.map(FenSum::new) {
            Some(fen) if fen.abs() >= BEYOND_REASON => {
                let found = text!("{}: column {} holds {} yuan", self.place, name, yuan(fen));
                Err(Failure::Book(text!("the book is damaged: {}", found)))
            }
            fen => Ok(fen),
        };
        values.map(bounded).collect()
    }

    /// A column of yes and no.
    pub fn flags(&self, name: &str) -> Outcome<Vec<Option<bool>>> {
        let arrays = self.arrays(name, |t| *t == DataType::Boolean)?;
        Ok(arrays.into_iter().flat_map(|array| array.as_boolean().iter()).collect())
    }

    /// A column of days, from 1970-01-01.
    pub fn dates(&self, name: &str) -> Outcome<Vec<Option<i32>>> {
        let arrays = self.arrays(name, |t| *t == DataType::Date32)?;
        let values = |array: &ArrayRef| {
            array.as_primitive::<arrow_array::types::Date32Type>().iter().collect::<Vec<_>>()
        };
        Ok(arrays.into_iter().flat_map(values).collect())
    }
}
