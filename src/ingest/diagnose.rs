//! What is wrong with a row group that could not be read: in which column, from which row on, said in words of
//! our own. It is read once more for that, column by column.

use std::sync::Arc;

use parquet::{arrow::arrow_reader::RowSelector, errors::ParquetError};

use super::{
    batch::{Batches, ReadError},
    buffers::Tools,
    form::Form,
    schedule::Lane,
    source::Source,
};
use crate::{
    columnar::{
        claims,
        guard::{guarded, plain},
    },
    diag::{Code, Finding},
    model::fields::Field,
    rules::Int96,
};

/// Rows that are decoded at a time until one of them cannot be.
const ROWS: usize = 1024;

/// Says what is wrong with a row group.
pub(super) fn diagnose(
    source: &Source,
    lane: &Lane,
    error: ReadError,
    int96: Int96,
    tools: &Arc<Tools>,
) -> Finding {
    let row_group = lane.row_group;
    let place = format!("row group {row_group}");
    let column = |field: Field| format!("column {}", field.name());
    let error = match error {
        ReadError::Beyond(field, row) => {
            let place = format!("{place}, row {}, {}", lane.row + row as u64, column(field));
            return Finding::new(Code::F12, &source.name, place, "an amount beyond it");
        }
        ReadError::Long(field, found) => {
            let place = format!("{place}, {}", column(field));
            return Finding::new(Code::F15, &source.name, place, found);
        }
        error => error,
    };
    let of_column = |column| {
        let alone = source.alone(column);
        let (row, error) = fault(&alone, row_group, int96, tools)?;
        let row = row.map(|row| format!(", row {row}")).unwrap_or_default();
        let error = without_column(error);
        Some((format!("{place}, column {}{row}", source.column_name(column.leaf)), error))
    };
    let fault = source.columns.iter().copied().find_map(of_column);
    let fault = fault.or_else(|| {
        let (leaf, error) = ignored_fault(source, row_group)?;
        let error = without_column(error);
        Some((format!("{place}, column {}", source.column_name(leaf)), error))
    });
    let (place, error) = fault.unwrap_or((place, error));
    let (found, hint) = said(&error);
    let finding = Finding::new(Code::F02, &source.name, place, found);
    if let Some(hint) = hint { finding.hinting(hint) } else { finding }
}

/// The first row that cannot be read of a file of one column, and why; no row where that is not the row's fault.
fn fault(
    source: &Source,
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
        let missing = ParquetError::EOF(format!("{} rows are missing", all - good.min(all)));
        return (good < all).then_some((None, missing.into()));
    };
    let (row, failed) = read(good, 1);
    // What is wrong with a dictionary or a page shows before its first row.
    let row = failed.is_some().then_some(row).filter(|row| *row > 0);
    Some((row.and_then(|row| u64::try_from(row).ok()), error))
}

/// The first column that nobody reads and whose pages are damaged.
fn ignored_fault(source: &Source, row_group: usize) -> Option<(usize, ReadError)> {
    let is_read = |leaf: &usize| {
        source.columns.iter().any(|column| column.leaf == *leaf && column.form != Form::Null)
    };
    let file = source.reopen().ok()?;
    let group = source.metadata.row_group(row_group);
    let leaves = 0..group.num_columns();
    leaves.filter(|leaf| !is_read(leaf)).find_map(|leaf| {
        let checked = guarded(|| claims::check_ignored(&file, group.column(leaf)));
        match checked {
            Some(Ok(())) => None,
            Some(Err(error)) => Some((leaf, ParquetError::General(error).into())),
            None => Some((leaf, ReadError::Panic)),
        }
    })
}

/// An error without the column that it begins with: the place names it.
fn without_column(error: ReadError) -> ReadError {
    match error {
        ReadError::Parquet(ParquetError::General(text)) if text.starts_with("column ") => {
            let rest = text.split_once(": ").map(|(_, rest)| rest.to_owned());
            ParquetError::General(rest.unwrap_or(text)).into()
        }
        error => error,
    }
}

/// What an error says, and what to do about it where the file's sender cannot just send it again.
fn said(error: &ReadError) -> (String, Option<&'static str>) {
    let ReadError::Parquet(error) = error else {
        return ("pages that cannot be decoded".to_owned(), None);
    };
    let text = error.to_string();
    let lower = text.to_ascii_lowercase();
    if lower.contains("utf-8") || lower.contains("utf8") {
        let hint = "have the sender export text in UTF-8; a database in GBK has to convert it";
        return ("text that is not UTF-8, perhaps GBK".to_owned(), Some(hint));
    }
    if lower.contains("crc") {
        return ("a page whose checksum is wrong".to_owned(), None);
    }
    if text.contains("NYI: ") || lower.contains("disabled feature") {
        let hint =
            "have the sender export with another codec or encoding, such as Zstandard and plain";
        return (plain(&text), Some(hint));
    }
    (plain(&text), None)
}
