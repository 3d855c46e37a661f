//! A table of filings in Parquet.

use std::{path::Path, sync::Arc};

use arrow_array::{
    Array, ArrayRef, RecordBatch,
    cast::AsArray,
    types::{
        Date32Type, Int8Type, Int16Type, Int32Type, Int64Type, UInt8Type, UInt16Type, UInt32Type,
        UInt64Type,
    },
};
use arrow_schema::DataType;

use super::columns::{FILING_COLUMNS, FilingCell};
use crate::{
    contract::bounds,
    diag::{Code, Finding, Outcome},
    ingest::{any_parquet::AnyParquet, times},
    text::Text,
};

/// Rows that are decoded at a time.
const BATCH: usize = 4096;
/// The most bytes of a text, as of a delivery (F15).
const LONGEST_TEXT: usize = 65_536;

const COLUMNS: usize = FILING_COLUMNS.len();

/// Takes the cells of a row, with its number from 0.
type TakesRow<'a> =
    dyn FnMut(u64, &[FilingCell<'_>; COLUMNS], &mut Vec<Finding>) -> Outcome<()> + 'a;

/// An open table.
pub(super) struct FilingsParquet<'a> {
    name: &'a str,
    file: AnyParquet,
    /// The place of each column among those that are read.
    positions: [usize; COLUMNS],
}

impl<'a> FilingsParquet<'a> {
    /// Hands over every row. What is wrong with the file becomes a finding; `each` may add its own.
    pub(super) fn read(
        path: &Path,
        name: &'a str,
        findings: &mut Vec<Finding>,
        each: &mut TakesRow<'_>,
    ) -> Outcome<()> {
        let Some(table) = FilingsParquet::open(path, name, findings) else { return Ok(()) };
        let before = findings.len();
        let (mut row, mut more) = (0, 0_u64);
        for group in 0..table.file.row_groups() {
            let batches = match table.file.batches(group, BATCH) {
                Ok(batches) => batches,
                Err(found) => {
                    findings.push(Finding::of_file(Code::F02, name, found));
                    return Ok(());
                }
            };
            for batch in batches {
                let columns = match batch {
                    Ok(batch) => table.columns(&batch, row),
                    Err(found) => Err(Finding::of_file(Code::F02, name, found)),
                };
                match columns {
                    Ok(columns) => columns.rows(&mut row, findings, each)?,
                    Err(finding) => {
                        findings.push(finding);
                        return Ok(());
                    }
                }
                more += findings.len().saturating_sub(before + bounds::FINDINGS) as u64;
                findings.truncate(before + bounds::FINDINGS);
            }
        }
        if let Some(last) = findings.last().filter(|_| more > 0) {
            let found = text!("{} findings more in this file", more);
            findings.push(Finding::of_file(last.code, name, found));
        }
        Ok(())
    }

    fn open(path: &Path, name: &'a str, findings: &mut Vec<Finding>) -> Option<Self> {
        let mut file = match AnyParquet::open(name, path) {
            Ok(file) => file,
            Err(finding) => {
                findings.push(finding);
                return None;
            }
        };
        let nested: Vec<&str> = FILING_COLUMNS
            .into_iter()
            .filter(|column| file.nested().iter().any(|name| name == column))
            .collect();
        let before = findings.len();
        for column in &nested {
            let place = text!("column {}", *column);
            findings.push(Finding::new(Code::F04, name, place, text!("a nested column")));
        }
        file.keep(|name| FILING_COLUMNS.contains(&name));
        let there: Vec<&str> = file.columns().collect();
        let count = |column: &str| there.iter().filter(|name| **name == column).count();
        let missing: Vec<&str> = FILING_COLUMNS
            .into_iter()
            .filter(|column| count(column) == 0 && !nested.contains(column))
            .collect();
        if !missing.is_empty() {
            let found = text!("no column {}", missing.join(", "));
            let hint = text!("export the columns under their national names");
            findings.push(Finding::of_file(Code::F03, name, found).hinting(hint));
        }
        for column in FILING_COLUMNS.into_iter().filter(|column| count(column) > 1) {
            let found = text!("the column {} times", count(column));
            findings.push(Finding::new(Code::F08, name, text!("column {}", column), found));
        }
        if findings.len() > before {
            return None;
        }
        let place = |column| there.iter().position(|name| *name == column);
        let positions = FILING_COLUMNS.map(|column| place(column).unwrap_or_default());
        Some(FilingsParquet { name, file, positions })
    }

    /// Returns the columns of a batch whose first row has a number.
    fn columns(&self, batch: &RecordBatch, first: u64) -> Result<FilingColumns, Finding> {
        let mut all = Vec::with_capacity(COLUMNS);
        for (at, position) in self.positions.into_iter().enumerate() {
            let column = FILING_COLUMNS[at];
            let array = batch.column(position);
            let kind = match at {
                4 | 5 => ColumnKind::Day,
                6 => ColumnKind::Time,
                _ => ColumnKind::Code,
            };
            let values = FilingColumn::of(array, kind, self.file.is_int96(position));
            let values = values.ok_or_else(|| {
                let found = text!("the type {}", Text::foreign(array.data_type()));
                let finding = Finding::new(Code::F04, self.name, text!("column {}", column), found);
                finding.hinting(match kind {
                    ColumnKind::Code => text!("export the column as text or as whole numbers"),
                    ColumnKind::Day => text!("export the column as DATE"),
                    ColumnKind::Time => text!("export the column as TIMESTAMP"),
                })
            })?;
            if let Some(row) = values.too_long() {
                let place = text!("row {}, column {}", first + row as u64, column);
                let found = text!("more than {} bytes", LONGEST_TEXT);
                return Err(Finding::new(Code::F15, self.name, place, found));
            }
            all.push(values);
        }
        Ok(FilingColumns { all, rows: batch.num_rows() })
    }
}

/// What a column has to hold; texts are taken for each of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ColumnKind {
    Code,
    Day,
    Time,
}

/// The values of a column.
enum FilingColumn {
    Texts(ArrayRef),
    /// Whole numbers as texts.
    Codes(Vec<Option<String>>),
    Days(ArrayRef),
    Times(times::TimeColumn),
    Nulls,
}

impl FilingColumn {
    fn of(array: &ArrayRef, kind: ColumnKind, is_int96: bool) -> Option<FilingColumn> {
        let array = || Arc::clone(array);
        macro_rules! codes {
            ($kind:ty) => {
                array()
                    .as_primitive::<$kind>()
                    .iter()
                    .map(|code| code.map(|code| code.to_string()))
                    .collect()
            };
        }
        Some(match (kind, array().data_type()) {
            (_, DataType::Null) => FilingColumn::Nulls,
            (_, DataType::Utf8View) => FilingColumn::Texts(array()),
            (ColumnKind::Day, DataType::Date32) => FilingColumn::Days(array()),
            (ColumnKind::Time, DataType::Timestamp(_, zone)) => {
                // INT96 is an instant, as Spark and Hive write it.
                let is_utc = zone.is_some() || is_int96;
                FilingColumn::Times(times::decode(&array(), None, is_utc))
            }
            (ColumnKind::Code, DataType::Int8) => FilingColumn::Codes(codes!(Int8Type)),
            (ColumnKind::Code, DataType::Int16) => FilingColumn::Codes(codes!(Int16Type)),
            (ColumnKind::Code, DataType::Int32) => FilingColumn::Codes(codes!(Int32Type)),
            (ColumnKind::Code, DataType::Int64) => FilingColumn::Codes(codes!(Int64Type)),
            (ColumnKind::Code, DataType::UInt8) => FilingColumn::Codes(codes!(UInt8Type)),
            (ColumnKind::Code, DataType::UInt16) => FilingColumn::Codes(codes!(UInt16Type)),
            (ColumnKind::Code, DataType::UInt32) => FilingColumn::Codes(codes!(UInt32Type)),
            (ColumnKind::Code, DataType::UInt64) => FilingColumn::Codes(codes!(UInt64Type)),
            _ => return None,
        })
    }

    /// Returns the first row whose text is too long.
    fn too_long(&self) -> Option<usize> {
        let FilingColumn::Texts(array) = self else { return None };
        array
            .as_string_view()
            .iter()
            .position(|text| text.is_some_and(|text| text.len() > LONGEST_TEXT))
    }

    fn cell(&self, row: usize) -> FilingCell<'_> {
        let cell = match self {
            FilingColumn::Nulls => None,
            FilingColumn::Texts(array) => {
                let texts = array.as_string_view();
                let text = texts.is_valid(row).then(|| texts.value(row));
                text.filter(|text| !text.is_empty()).map(FilingCell::Text)
            }
            FilingColumn::Codes(codes) => codes[row].as_deref().map(FilingCell::Text),
            FilingColumn::Days(array) => {
                let days = array.as_primitive::<Date32Type>();
                days.is_valid(row).then(|| FilingCell::Day(days.value(row)))
            }
            FilingColumn::Times(times) => times.value(row).map(FilingCell::Time),
        };
        cell.unwrap_or_default()
    }
}

/// The columns of a batch.
struct FilingColumns {
    all: Vec<FilingColumn>,
    rows: usize,
}

impl FilingColumns {
    fn rows(
        &self,
        number: &mut u64,
        findings: &mut Vec<Finding>,
        each: &mut TakesRow<'_>,
    ) -> Outcome<()> {
        for row in 0..self.rows {
            let cells = std::array::from_fn(|at| self.all[at].cell(row));
            each(*number, &cells, findings)?;
            *number += 1;
        }
        Ok(())
    }
}
