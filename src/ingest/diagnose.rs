//! Finds the column and the row of a row group that cannot be decoded. For that it is read once more, column by column.

use std::sync::Arc;

use parquet::arrow::arrow_reader::RowSelector;

use super::{
    batch::{Batches, ReadError},
    buffers::Tools,
    schedule::Lane,
    source::ParquetSource,
};
use crate::{
    columnar::{
        claims,
        guard::{damage, guarded, of_decoder},
    },
    diag::{Code, Finding},
    rules::Int96,
    text::Text,
};

/// Rows that are decoded at a time, until a batch fails.
const ROWS: usize = 1024;

/// Makes the finding of a row group that could not be read.
pub(super) fn diagnose(
    source: &ParquetSource,
    lane: &Lane,
    error: ReadError,
    int96: Int96,
    tools: &Arc<Tools>,
) -> Finding {
    let row_group = lane.row_group;
    let place = text!("row group {}", row_group);
    let error = match error {
        ReadError::Beyond(field, row) => {
            let (row, name) = (lane.row + row as u64, field.name());
            let place = text!("row group {}, row {}, column {}", row_group, row, name);
            return Finding::new(Code::F12, &source.name, place, text!("an amount beyond it"));
        }
        ReadError::Long(field, found) => {
            let place = text!("row group {}, column {}", row_group, field.name());
            return Finding::new(Code::F15, &source.name, place, found);
        }
        error => error,
    };
    let of_column = |(leaf, alone): (usize, ParquetSource)| {
        let (row, error) = fault(&alone, row_group, int96, tools)?;
        let name = source.column_name(leaf);
        let place = if let Some(row) = row {
            text!("row group {}, column {}, row {}", row_group, name, row)
        } else {
            text!("row group {}, column {}", row_group, name)
        };
        Some((place, error))
    };
    let fault = source.each_alone().find_map(of_column);
    let fault = fault.or_else(|| {
        let (leaf, error) = ignored_fault(source, row_group)?;
        Some((text!("row group {}, column {}", row_group, source.column_name(leaf)), error))
    });
    let named = fault.is_some();
    let (place, error) = fault.unwrap_or((place, error));
    let (mut found, hint) = said(&error);
    // The place names the column already.
    if let Some(lie) = found.within(claims::OF_COLUMN).filter(|_| named) {
        found = lie.clone();
    }
    let finding = Finding::new(Code::F02, &source.name, place, found);
    if let Some(hint) = hint { finding.hinting(hint) } else { finding }
}

/// Reads a file of one column; returns the first error and its row. There is no row when the error is of a page or of a
/// dictionary.
fn fault(
    source: &ParquetSource,
    row_group: usize,
    int96: Int96,
    tools: &Arc<Tools>,
) -> Option<(Option<u64>, ReadError)> {
    let all = usize::try_from(source.metadata.row_group(row_group).num_rows()).ok()?;
    let read = |first: usize, rows: usize| {
        let selection = vec![RowSelector::skip(first), RowSelector::select(all - first)];
        let mut good = first;
        let batches = Batches::open(source, row_group, int96, rows, Some(selection.into()), tools);
        let failed = match batches {
            Ok(mut batches) => batches.find_map(|batch| match batch {
                Ok(batch) => {
                    good += batch.rows;
                    None
                }
                Err(error) => Some(error),
            }),
            Err(error) => Some(error),
        };
        (good, failed)
    };
    let (good, failed) = read(0, ROWS);
    let Some(error) = failed else {
        let missing = damage(text!("{} rows are missing", all - good.min(all)));
        return (good < all).then_some((None, missing.into()));
    };
    let (row, failed) = read(good, 1);
    // An error of a dictionary or a page occurs before its first row.
    let row = failed.is_some().then_some(row).filter(|row| *row > 0);
    Some((row.and_then(|row| u64::try_from(row).ok()), error))
}

/// Finds the first ignored column with damaged pages.
fn ignored_fault(source: &ParquetSource, row_group: usize) -> Option<(usize, ReadError)> {
    if !source.scope.checks_others() {
        return None;
    }
    let is_read = |leaf: &usize| source.leaves().any(|read| read == *leaf);
    let file = source.reopen().ok()?;
    let group = source.metadata.row_group(row_group);
    let leaves = 0..group.num_columns();
    leaves.filter(|leaf| !is_read(leaf)).find_map(|leaf| {
        let checked = guarded(|| claims::check_ignored(&file, group.column(leaf)));
        match checked {
            Some(Ok(())) => None,
            Some(Err(error)) => Some((leaf, damage(error).into())),
            None => Some((leaf, ReadError::Panic)),
        }
    })
}

/// Words an error, with a hint where sending the file again does not help.
fn said(error: &ReadError) -> (Text, Option<Text>) {
    let ReadError::Parquet(error) = error else {
        return (text!("pages that cannot be decoded"), None);
    };
    let text = error.to_string();
    let lower = text.to_ascii_lowercase();
    if lower.contains("utf-8") || lower.contains("utf8") {
        let hint =
            text!("have the sender export text in UTF-8; a database in GBK has to convert it");
        return (text!("text that is not UTF-8, perhaps GBK"), Some(hint));
    }
    if lower.contains("crc") {
        return (text!("a page whose checksum is wrong"), None);
    }
    if text.contains("NYI: ") || lower.contains("disabled feature") {
        let hint = text!(
            "have the sender export with another codec or encoding, such as Zstandard and plain"
        );
        return (of_decoder(error), Some(hint));
    }
    (of_decoder(error), None)
}
