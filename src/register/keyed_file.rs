//! A file of the register, read by key.

use std::path::Path;

use arrow_array::{
    RecordBatch,
    cast::AsArray,
    types::{UInt32Type, UInt64Type},
};
use arrow_buffer::ScalarBuffer;
use parquet::{
    arrow::{
        ProjectionMask,
        arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder},
    },
    file::statistics::Statistics,
};

use crate::{
    columnar::{
        claims, footer,
        guard::{guarded, of_decoder},
        shared::SharedFile,
    },
    diag::{Failure, Outcome},
    ingest::fetch::select,
    keyed::key::{Key, Keyed, within},
    text::{Text, Value},
};

/// A Parquet file whose first two columns are sorted keys.
pub(super) struct KeyedFile {
    place: String,
    file: SharedFile,
    metadata: ArrowReaderMetadata,
    /// First and last hash of each row group.
    pub(super) ranges: Vec<(u64, u64)>,
}

impl KeyedFile {
    pub(super) fn open(path: &Path) -> Outcome<KeyedFile> {
        let place = crate::diag::shown(path);
        let damaged = |error: Text| Failure::Book(text!("{} cannot be read: {}", place, error));
        let file = SharedFile::open(path).map_err(Failure::io(path))?;
        let metadata = footer::read(&file, &ArrowReaderOptions::new()).map_err(damaged)?;
        let range = |group: &parquet::file::metadata::RowGroupMetaData| {
            let Statistics::Int64(keys) = group.columns().first()?.statistics()? else {
                return None;
            };
            Some((keys.min_opt()?.cast_unsigned(), keys.max_opt()?.cast_unsigned()))
        };
        let ranges = metadata.metadata().row_groups().iter().map(range).collect::<Option<Vec<_>>>();
        let ranges = ranges.ok_or_else(|| damaged(text!("row groups without statistics")))?;
        Ok(KeyedFile { place, file, metadata, ranges })
    }

    pub(super) fn damaged(&self, what: Text) -> Failure {
        Failure::Book(text!("{} is damaged: {}", self.place, Value::Text(what)))
    }

    /// Calls `hit` for every row whose key is in one of the lists, each of which is sorted.
    pub(super) fn search<K: Keyed>(
        &self,
        lists: &[&[K]],
        mut hit: impl FnMut(Key, &RecordBatch, usize) -> Outcome<()>,
    ) -> Outcome<()> {
        debug_assert!(
            lists.iter().all(|list| list.is_sorted_by_key(Keyed::key)),
            "lists are sorted"
        );
        for (group, (first, last)) in self.ranges.iter().enumerate() {
            let wanted = || lists.iter().map(|list| within(list, *first, *last));
            if wanted().all(<[K]>::is_empty) {
                continue;
            }
            let hashes = self.hashes(group)?;
            let mut rows: Vec<usize> = wanted().flat_map(|list| in_common(&hashes, list)).collect();
            rows.sort_unstable();
            rows.dedup();
            if rows.is_empty() {
                continue;
            }
            let columns = self.read(group, &[0, 1, 2, 3, 4], Some(&rows))?;
            let hashes = columns.column(0).as_primitive::<UInt64Type>();
            let checks = columns.column(1).as_primitive_opt::<UInt32Type>();
            let checks = checks.ok_or_else(|| self.damaged(text!("column {}", "check")))?;
            for row in 0..columns.num_rows() {
                let key = Key { hash: hashes.value(row), check: checks.value(row) };
                if wanted().any(|list| list.binary_search_by_key(&key, Keyed::key).is_ok()) {
                    hit(key, &columns, row)?;
                }
            }
        }
        Ok(())
    }

    /// Returns the number of rows of the file.
    pub(super) fn rows(&self) -> u64 {
        self.metadata.metadata().file_metadata().num_rows().max(0).cast_unsigned()
    }

    /// Reads the hashes of a row group, which are sorted.
    pub(super) fn hashes(&self, group: usize) -> Outcome<ScalarBuffer<u64>> {
        let hashes = self.read(group, &[0], None)?;
        let hashes = hashes.column(0).as_primitive_opt::<UInt64Type>();
        let hashes = hashes.ok_or_else(|| self.damaged(text!("column {}", "key")))?;
        Ok(hashes.values().clone())
    }

    /// Reads columns of a row group: all of its rows, or some of them.
    fn read(
        &self,
        group: usize,
        columns: &[usize],
        rows: Option<&[usize]>,
    ) -> Outcome<RecordBatch> {
        let metadata = self.metadata.metadata();
        claims::of_table(&self.file, metadata, Some(group)).map_err(|lie| self.damaged(lie))?;
        let descriptor = metadata.file_metadata().schema_descr();
        let known = columns.iter().copied().filter(|c| *c < descriptor.num_columns());
        let all = usize::try_from(metadata.row_group(group).num_rows()).unwrap_or(0);
        let wanted = rows.map_or(all, <[usize]>::len);
        let builder = ParquetRecordBatchReaderBuilder::new_with_metadata(
            self.file.clone(),
            self.metadata.clone(),
        )
        .with_row_groups(vec![group])
        .with_projection(ProjectionMask::leaves(descriptor, known))
        .with_batch_size(wanted);
        let builder = match rows {
            Some(rows) => builder.with_row_selection(select(rows, all)),
            None => builder,
        };
        let decode = || match builder.build() {
            Ok(mut reader) => reader.next().transpose().map_err(|error| of_decoder(&error)),
            Err(error) => Err(of_decoder(&error)),
        };
        match guarded(decode).unwrap_or_else(|| Err(text!("pages that cannot be decoded"))) {
            Ok(Some(batch)) if batch.num_rows() == wanted => Ok(batch),
            Ok(_) => Err(self.damaged(text!("rows are missing"))),
            Err(error) => Err(self.damaged(error)),
        }
    }
}

/// Merges sorted hashes with a sorted list; returns the positions of the hashes that the list has.
fn in_common<K: Keyed>(hashes: &[u64], list: &[K]) -> Vec<usize> {
    let mut rows = Vec::new();
    let (mut row, mut place) = (0, 0);
    while let (Some(hash), Some(keyed)) = (hashes.get(row), list.get(place)) {
        let wanted = keyed.key().hash;
        if *hash == wanted {
            rows.push(row);
        }
        // Both steps are added as numbers: which side is less is random, and a branch on it would be mispredicted.
        row += usize::from(*hash <= wanted);
        place += usize::from(wanted < *hash);
    }
    rows
}
