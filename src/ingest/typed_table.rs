//! A table of Parquet with named columns of texts, days and times, one row after the other.

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

use super::{any_parquet::AnyParquet, times};
use crate::{
    contract::bounds,
    diag::{Code, Finding, Outcome},
    model::dates::parse_day,
    rules::Int96,
    text::Text,
};

/// Rows that are decoded at a time.
const BATCH: usize = 4096;
/// The most bytes of a text, as of a delivery (F15).
const LONGEST_TEXT: usize = 65_536;

/// A value of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum TableCell<'a> {
    /// Nothing.
    #[default]
    Empty,
    /// A text.
    Text(&'a str),
    /// A day, from 1970-01-01.
    Day(i32),
    /// A time in microseconds, from 1970-01-01 local time.
    Time(i64),
}

impl<'a> TableCell<'a> {
    /// Makes the cell of a text; an empty one is nothing.
    pub(crate) fn of_text(text: &'a str) -> TableCell<'a> {
        if text.is_empty() { TableCell::Empty } else { TableCell::Text(text) }
    }

    /// Returns its text.
    pub(crate) fn text(self) -> Option<&'a str> {
        match self {
            TableCell::Text(text) => Some(text),
            _ => None,
        }
    }

    /// Returns its day; none when it is no day, or one that has no four digits of a year.
    pub(crate) fn day(self) -> Option<i32> {
        match self {
            TableCell::Text(text) => parse_day(text).map(|day| day.to_epoch_days()),
            TableCell::Day(day) => Some(day).filter(|day| DAYS.contains(day)),
            _ => None,
        }
    }

    /// Returns its time; none when it is no time `YYYY-MM-DD HH:MM:SS`.
    pub(crate) fn time(self) -> Option<i64> {
        match self {
            TableCell::Text(text) => {
                let (day, clock) = text.split_once(' ')?;
                let day = i64::from(parse_day(day)?.to_epoch_days());
                Some((day * 86_400 + seconds(clock)?) * 1_000_000)
            }
            TableCell::Time(time) => {
                let day = i32::try_from(time.div_euclid(times::DAY)).ok();
                day.filter(|day| DAYS.contains(day)).map(|_| time)
            }
            _ => None,
        }
    }
}

/// Days of the years 0 to 9999.
const DAYS: std::ops::RangeInclusive<i32> = -719_528..=2_932_896;

/// Reads `HH:MM:SS`.
fn seconds(clock: &str) -> Option<i64> {
    let parts: Vec<&str> = clock.split(':').collect();
    let two = |part: &str, most: i64| {
        let is_number = part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_digit());
        part.parse().ok().filter(|number: &i64| is_number && *number < most)
    };
    let [hours, minutes, seconds] = parts[..] else { return None };
    Some((two(hours, 24)? * 60 + two(minutes, 60)?) * 60 + two(seconds, 60)?)
}

/// What a column has to hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TypedKind {
    /// Text, or whole numbers.
    Code,
    /// A day.
    Day,
    /// A time.
    Time,
}

/// The form of a table of `N` columns.
#[derive(Debug, Clone, Copy)]
pub(crate) struct TypedForm<const N: usize> {
    /// The names of its columns, in the order in which their cells are handed over.
    pub(crate) columns: [&'static str; N],
    /// What each of them has to hold.
    pub(crate) forms: [TypedKind; N],
    /// Whether days and times may be texts too.
    pub(crate) takes_texts: bool,
    /// What INT96 is.
    pub(crate) int96: Int96,
}

/// Takes the cells of a row, with its number from 0.
type TakesRow<'a, const N: usize> =
    dyn FnMut(u64, &[TableCell<'_>; N], &mut Vec<Finding>) -> Outcome<()> + 'a;

/// An open table.
struct TypedTable<'a, const N: usize> {
    name: &'a str,
    form: TypedForm<N>,
    file: AnyParquet,
    /// The place of each column among those that are read.
    positions: [usize; N],
}

impl<const N: usize> TypedForm<N> {
    /// Hands over every row of a file; returns their number. What is wrong with the file becomes a finding; `each` may
    /// add its own.
    pub(crate) fn read(
        self,
        path: &Path,
        name: &str,
        findings: &mut Vec<Finding>,
        each: &mut TakesRow<'_, N>,
    ) -> Outcome<u64> {
        let mut row = 0;
        let Some(table) = TypedTable::open(path, name, self, findings) else { return Ok(row) };
        let before = findings.len();
        let mut more = 0_u64;
        for group in 0..table.file.row_groups() {
            let batches = match table.file.batches(group, BATCH) {
                Ok(batches) => batches,
                Err(found) => {
                    findings.push(Finding::of_file(Code::F02, name, found));
                    return Ok(row);
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
                        return Ok(row);
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
        Ok(row)
    }
}

impl<'a, const N: usize> TypedTable<'a, N> {
    fn open(
        path: &Path,
        name: &'a str,
        form: TypedForm<N>,
        findings: &mut Vec<Finding>,
    ) -> Option<Self> {
        let columns = form.columns;
        let mut file = match AnyParquet::open(name, path) {
            Ok(file) => file,
            Err(finding) => {
                findings.push(finding);
                return None;
            }
        };
        let is_nested = |column: &str| file.nested().iter().any(|name| name == column);
        let nested: Vec<&str> = columns.into_iter().filter(|column| is_nested(column)).collect();
        let before = findings.len();
        for column in &nested {
            let place = text!("column {}", *column);
            findings.push(Finding::new(Code::F04, name, place, text!("a nested column")));
        }
        file.keep(|name| columns.contains(&name));
        let there: Vec<&str> = file.columns().collect();
        let count = |column: &str| there.iter().filter(|name| **name == column).count();
        let is_missing = |column: &&str| count(column) == 0 && !nested.contains(column);
        let missing: Vec<&str> = columns.into_iter().filter(is_missing).collect();
        if !missing.is_empty() {
            let found = text!("no column {}", missing.join(", "));
            let hint = text!("export the columns under their national names");
            findings.push(Finding::of_file(Code::F03, name, found).hinting(hint));
        }
        for column in columns.into_iter().filter(|column| count(column) > 1) {
            let found = text!("the column {} times", count(column));
            findings.push(Finding::new(Code::F08, name, text!("column {}", column), found));
        }
        if findings.len() > before {
            return None;
        }
        let place = |column| there.iter().position(|name| *name == column);
        let positions = columns.map(|column| place(column).unwrap_or_default());
        Some(TypedTable { name, form, file, positions })
    }

    /// Returns the columns of a batch whose first row has a number.
    fn columns(&self, batch: &RecordBatch, first: u64) -> Result<TypedColumns, Finding> {
        let mut all = Vec::with_capacity(N);
        for (at, position) in self.positions.into_iter().enumerate() {
            let (column, form) = (self.form.columns[at], self.form.forms[at]);
            let array = batch.column(position);
            // INT96 is an instant, as Spark and Hive write it, where the rules do not say otherwise.
            let is_utc = self.file.is_int96(position) && self.form.int96 == Int96::Utc;
            let values = TypedColumn::of(array, form, is_utc);
            let is_right = |values: &TypedColumn| {
                let is_text = matches!(values, TypedColumn::Texts(_));
                self.form.takes_texts || form == TypedKind::Code || !is_text
            };
            let values = values.filter(is_right).ok_or_else(|| {
                let found = text!("the type {}", Text::foreign(array.data_type()));
                let finding = Finding::new(Code::F04, self.name, text!("column {}", column), found);
                finding.hinting(match form {
                    TypedKind::Code => text!("export the column as text or as whole numbers"),
                    TypedKind::Day => text!("export the column as DATE"),
                    TypedKind::Time => text!("export the column as TIMESTAMP"),
                })
            })?;
            if let Some(row) = values.too_long() {
                let place = text!("row {}, column {}", first + row as u64, column);
                let found = text!("more than {} bytes", LONGEST_TEXT);
                return Err(Finding::new(Code::F15, self.name, place, found));
            }
            all.push(values);
        }
        Ok(TypedColumns { all, rows: batch.num_rows() })
    }
}

/// The values of a column.
enum TypedColumn {
    Texts(ArrayRef),
    /// Whole numbers as texts.
    Codes(Vec<Option<String>>),
    Days(ArrayRef),
    Times(times::TimeColumn),
    Nulls,
}

impl TypedColumn {
    /// Returns the values; none where the type is another one. `is_utc` is said of INT96, of which the type says nothing.
    fn of(array: &ArrayRef, form: TypedKind, is_utc: bool) -> Option<TypedColumn> {
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
        Some(match (form, array().data_type()) {
            (_, DataType::Null) => TypedColumn::Nulls,
            (_, DataType::Utf8View) => TypedColumn::Texts(array()),
            (TypedKind::Day, DataType::Date32) => TypedColumn::Days(array()),
            (TypedKind::Time, DataType::Timestamp(_, zone)) => {
                TypedColumn::Times(times::decode(&array(), None, zone.is_some() || is_utc))
            }
            (TypedKind::Code, DataType::Int8) => TypedColumn::Codes(codes!(Int8Type)),
            (TypedKind::Code, DataType::Int16) => TypedColumn::Codes(codes!(Int16Type)),
            (TypedKind::Code, DataType::Int32) => TypedColumn::Codes(codes!(Int32Type)),
            (TypedKind::Code, DataType::Int64) => TypedColumn::Codes(codes!(Int64Type)),
            (TypedKind::Code, DataType::UInt8) => TypedColumn::Codes(codes!(UInt8Type)),
            (TypedKind::Code, DataType::UInt16) => TypedColumn::Codes(codes!(UInt16Type)),
            (TypedKind::Code, DataType::UInt32) => TypedColumn::Codes(codes!(UInt32Type)),
            (TypedKind::Code, DataType::UInt64) => TypedColumn::Codes(codes!(UInt64Type)),
            _ => return None,
        })
    }

    /// Returns the first row whose text is too long.
    fn too_long(&self) -> Option<usize> {
        let TypedColumn::Texts(array) = self else { return None };
        array
            .as_string_view()
            .iter()
            .position(|text| text.is_some_and(|text| text.len() > LONGEST_TEXT))
    }

    fn cell(&self, row: usize) -> TableCell<'_> {
        let cell = match self {
            TypedColumn::Nulls => None,
            TypedColumn::Texts(array) => {
                let texts = array.as_string_view();
                texts.is_valid(row).then(|| TableCell::of_text(texts.value(row)))
            }
            TypedColumn::Codes(codes) => codes[row].as_deref().map(TableCell::Text),
            TypedColumn::Days(array) => {
                let days = array.as_primitive::<Date32Type>();
                days.is_valid(row).then(|| TableCell::Day(days.value(row)))
            }
            TypedColumn::Times(times) => times.value(row).map(TableCell::Time),
        };
        cell.unwrap_or_default()
    }
}

/// The columns of a batch.
struct TypedColumns {
    all: Vec<TypedColumn>,
    rows: usize,
}

impl TypedColumns {
    fn rows<const N: usize>(
        &self,
        number: &mut u64,
        findings: &mut Vec<Finding>,
        each: &mut TakesRow<'_, N>,
    ) -> Outcome<()> {
        for row in 0..self.rows {
            let cells = std::array::from_fn(|at| self.all[at].cell(row));
            each(*number, &cells, findings)?;
            *number += 1;
        }
        Ok(())
    }
}
