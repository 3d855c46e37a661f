//! Reads the register of a closed period, to check or to list it: its settlements in the order of their keys.

use std::path::{Path, PathBuf};

use arrow_array::{
    Array, RecordBatch,
    cast::AsArray,
    types::{Decimal128Type, Int32Type, UInt32Type, UInt64Type},
};
use parquet::{
    arrow::arrow_reader::{
        ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder,
    },
    file::{metadata::RowGroupMetaData, statistics::Statistics},
};

use crate::{
    columnar::{
        claims, footer,
        guard::{guarded, of_decoder},
        shared::SharedFile,
    },
    keyed::key::Key,
    model::{codes::Month, money::FenSum},
    text::Text,
};

/// A row of the register of a period.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RegisterEntry {
    /// The hash of its setl_id.
    pub key: Key,
    /// The period that registered it.
    pub period: Month,
    /// [`SETTLEMENT`], [`REVERSAL`] or [`VOIDED`].
    pub kind: i32,
    /// The payable, in fen.
    pub payable: FenSum,
    /// The number of its group; −1 when voided.
    pub group: i32,
}

/// A normal settlement that cleared.
pub const SETTLEMENT: i32 = 0;
/// A reversal that cleared.
pub const REVERSAL: i32 = 1;
/// A settlement that a decision voided.
pub const VOIDED: i32 = 2;

/// First and last hash.
pub type Range = (u64, u64);

/// The settlements that a period registered.
#[derive(Debug)]
pub struct RegisterEntries {
    /// The period.
    pub period: Month,
    path: PathBuf,
    metadata: ArrowReaderMetadata,
    /// First and last hash of each row group.
    ranges: Vec<Range>,
}

impl RegisterEntries {
    /// Opens `register.parquet` of a period's folder; fails when its columns or row groups are not as written.
    pub fn open(folder: &Path, period: Month) -> Result<RegisterEntries, Text> {
        let path = folder.join("register.parquet");
        let opened = guarded(|| opened(&path)).unwrap_or_else(|| Err(text!("damaged")))?;
        let (metadata, ranges) = opened;
        Ok(RegisterEntries { period, path, metadata, ranges })
    }

    /// Returns the number of settlements.
    pub fn rows(&self) -> u64 {
        self.metadata.metadata().file_metadata().num_rows().unsigned_abs()
    }

    /// Returns the number of row groups.
    pub fn row_groups(&self) -> usize {
        self.ranges.len()
    }

    /// Reads the settlements of a row group; fails when they are not sorted.
    pub fn group(&self, group: usize) -> Result<Vec<RegisterEntry>, Text> {
        guarded(|| self.decode(group)).unwrap_or_else(|| Err(text!("damaged")))
    }

    fn decode(&self, group: usize) -> Result<Vec<RegisterEntry>, Text> {
        let file = SharedFile::open(&self.path).map_err(|error| text!("{}", error))?;
        claims::of_table(&file, self.metadata.metadata(), Some(group))?;
        let reader =
            ParquetRecordBatchReaderBuilder::new_with_metadata(file, self.metadata.clone())
                .with_row_groups(vec![group])
                .build()
                .map_err(|error| of_decoder(&error))?;
        let mut all: Vec<RegisterEntry> = Vec::new();
        for batch in reader {
            let batch = batch.map_err(|error| of_decoder(&error))?;
            all.extend(
                entries_of(&batch, self.period)
                    .ok_or(text!("columns of other types, or empty cells"))?,
            );
        }
        let (first, last) = self.ranges[group];
        let after = group.checked_sub(1).is_none_or(|before| self.ranges[before].1 < first);
        let good = after
            && all.is_sorted_by(|a, b| a.key < b.key)
            && all.first().is_some_and(|entry| entry.key.hash == first)
            && all.last().is_some_and(|entry| entry.key.hash == last);
        if good { Ok(all) } else { Err(text!("row group {} is not in order", group)) }
    }

    /// Reads the settlements of a range of keys.
    pub fn within(&self, range: Range) -> Result<Vec<RegisterEntry>, Text> {
        let mut found = Vec::new();
        for (group, (first, last)) in self.ranges.iter().enumerate() {
            if *last < range.0 || *first > range.1 {
                continue;
            }
            let within =
                |entry: &RegisterEntry| range.0 <= entry.key.hash && entry.key.hash <= range.1;
            found.extend(self.group(group)?.into_iter().filter(within));
        }
        Ok(found)
    }
}

/// Reads the footer of a register; returns it with the range of keys of each row group.
fn opened(path: &Path) -> Result<(ArrowReaderMetadata, Vec<Range>), Text> {
    let file = SharedFile::open(path).map_err(|error| text!("{}", error))?;
    let metadata = footer::read(&file, &ArrowReaderOptions::new())?;
    let columns: Vec<String> = metadata
        .schema()
        .fields()
        .iter()
        .map(|field| format!("{} {}", field.name(), field.data_type()))
        .collect();
    let expected =
        ["key UInt64", "check UInt32", "payable Decimal128(16, 2)", "group Int32", "kind Int32"];
    if columns != expected {
        return Err(text!("columns {}", columns.join(", ")));
    }
    let range = |group: &RowGroupMetaData| {
        let Some(Statistics::Int64(keys)) = group.column(0).statistics() else { return None };
        Some((keys.min_opt()?.cast_unsigned(), keys.max_opt()?.cast_unsigned()))
    };
    let ranges: Option<Vec<Range>> = metadata.metadata().row_groups().iter().map(range).collect();
    Ok((metadata, ranges.ok_or(text!("row groups without statistics"))?))
}

/// Reads the keys of the settlements that a period's reversals reversed.
pub fn reversals(folder: &Path) -> Result<Vec<Key>, Text> {
    let path = folder.join("reversals.parquet");
    guarded(|| keys(&path)).unwrap_or_else(|| Err(text!("damaged")))
}

fn keys(path: &Path) -> Result<Vec<Key>, Text> {
    let file = SharedFile::open(path).map_err(|error| text!("{}", error))?;
    let metadata = footer::read(&file, &ArrowReaderOptions::new())?;
    claims::of_table(&file, metadata.metadata(), None)?;
    let columns = metadata.schema().fields().iter();
    if !columns.map(|field| field.name().as_str()).eq(["key", "check"]) {
        return Err(text!("columns other than key and check"));
    }
    let reader = ParquetRecordBatchReaderBuilder::new_with_metadata(file, metadata)
        .build()
        .map_err(|error| of_decoder(&error))?;
    let mut keys = Vec::new();
    for batch in reader {
        let batch = batch.map_err(|error| of_decoder(&error))?;
        keys.extend(keys_of(&batch).ok_or(text!("columns other than key and check"))?);
    }
    Ok(keys)
}

fn keys_of(batch: &RecordBatch) -> Option<Vec<Key>> {
    if batch.columns().iter().any(|column| column.null_count() > 0) {
        return None;
    }
    let hashes = batch.columns().first()?.as_primitive_opt::<UInt64Type>()?;
    let checks = batch.columns().get(1)?.as_primitive_opt::<UInt32Type>()?;
    let keys = hashes.values().iter().zip(checks.values());
    Some(keys.map(|(hash, check)| Key { hash: *hash, check: *check }).collect())
}

fn entries_of(batch: &RecordBatch, period: Month) -> Option<Vec<RegisterEntry>> {
    let payables = batch.column(2).as_primitive_opt::<Decimal128Type>()?;
    let groups = batch.column(3).as_primitive_opt::<Int32Type>()?;
    let kinds = batch.column(4).as_primitive_opt::<Int32Type>()?;
    let rows = keys_of(batch)?.into_iter().enumerate();
    let entry = |(row, key)| RegisterEntry {
        key,
        period,
        kind: kinds.value(row),
        payable: FenSum::new(payables.value(row)),
        group: groups.value(row),
    };
    Some(rows.map(entry).collect())
}
