//! Records out of Parquet files of any writer: every field a column of one form.
//!
//! Texts are text, and empty text is null; days are counted from 1970-01-01, times are local (UTC+8) in
//! microseconds, amounts are fen with their real value.

use std::{
    ops::Range,
    panic::{AssertUnwindSafe, catch_unwind},
    path::Path,
};

use polars::prelude::{
    BinaryChunked, DataFrame, DataType, Int64Chunked, Int128Chunked, IntoSeries, NamedFrom,
    PolarsError, PolarsResult, Series, StringChunked, TimeUnit,
};
use polars_parquet::parquet::schema::types::{
    PhysicalType, PrimitiveConvertedType, PrimitiveLogicalType, PrimitiveType,
};

use super::stored::{Stored, decimals_of};
use crate::{
    contract::fields::{FIELDS, Field, Kind},
    diag::{Failure, Outcome},
    rules::Int96,
};

/// China Standard Time is 8 hours ahead of UTC, in microseconds.
const AHEAD: i64 = 8 * 3_600 * 1_000_000;

/// A file of records.
pub(super) struct Records {
    name: String,
    stored: Stored,
    columns: Vec<Column>,
    int96: Int96,
}

/// A column that holds a field.
struct Column {
    field: Field,
    name: String,
    /// Where it holds times: what they mean.
    clock: Clock,
    /// Where it holds amounts: how many decimals they have.
    decimals: Option<usize>,
}

/// What a column of times means.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Clock {
    Local,
    Utc,
    Int96,
}

impl Clock {
    fn of(primitive: &PrimitiveType) -> Clock {
        let converted = &primitive.converted_type;
        match (&primitive.logical_type, primitive.physical_type) {
            (_, PhysicalType::Int96) => Clock::Int96,
            (Some(PrimitiveLogicalType::Timestamp { is_adjusted_to_utc, .. }), _) => {
                if *is_adjusted_to_utc {
                    Clock::Utc
                } else {
                    Clock::Local
                }
            }
            // The converted types are defined as adjusted to UTC.
            (None, _) => match converted {
                Some(
                    PrimitiveConvertedType::TimestampMillis
                    | PrimitiveConvertedType::TimestampMicros,
                ) => Clock::Utc,
                _ => Clock::Local,
            },
            _ => Clock::Local,
        }
    }
}

impl Records {
    /// Opens a file; its name is what failures call it.
    pub(super) fn open(path: &Path, name: &str, int96: Int96) -> Outcome<Records> {
        let stored = Stored::open(path).map_err(|error| unreadable(name, &error))?;
        let of = |primitive: &PrimitiveType| {
            let name = primitive.field_info.name.as_str();
            let field = Field::of_column(name)?.field;
            let (name, clock, decimals) =
                (name.to_owned(), Clock::of(primitive), decimals_of(primitive));
            Some(Column { field, name, clock, decimals })
        };
        let columns = stored.columns().filter_map(of).collect();
        let stored = stored.with_raw_decimals();
        Ok(Records { name: name.to_owned(), stored, columns, int96 })
    }

    /// How many rows it has.
    pub(super) fn rows(&self) -> usize {
        self.stored.rows()
    }

    /// Rows in pieces of at most so many, no piece of two row groups.
    pub(super) fn pieces(&self, most: usize) -> Vec<Range<usize>> {
        let cut = |group: Range<usize>| {
            let end = group.end;
            group.step_by(most).map(move |start| start..end.min(start + most))
        };
        self.stored.row_groups().flat_map(cut).collect()
    }

    /// Some rows, with every field of the record, in the order of the contract.
    pub(super) fn read(&self, rows: Range<usize>) -> Outcome<DataFrame> {
        let read = AssertUnwindSafe(|| self.try_read(rows));
        let read = catch_unwind(read).unwrap_or_else(|_| Err(wrong("Polars panicked".to_owned())));
        read.map_err(|error| unreadable(&self.name, &error))
    }

    fn try_read(&self, rows: Range<usize>) -> PolarsResult<DataFrame> {
        let height = rows.len();
        let names = || self.columns.iter().map(|column| column.name.clone());
        let frame = self.stored.read(names().collect(), rows.clone()).or_else(|_| {
            let columns = names().map(|name| self.stored.read_column(&name, rows.clone()));
            let columns: PolarsResult<Vec<_>> =
                columns.map(|series| series.map(Into::into)).collect();
            DataFrame::new(height, columns?)
        })?;
        if frame.height() != height {
            return Err(wrong(format!("{} rows where there should be {height}", frame.height())));
        }
        let columns = FIELDS.map(|field| {
            let Some(column) = self.columns.iter().find(|column| column.field == field) else {
                return Ok(absent(field, height).into());
            };
            let series = frame.column(&column.name)?.as_materialized_series();
            let plain = self.plain(column, series)?;
            Ok(plain.with_name(field.name().into()).into())
        });
        DataFrame::new(height, columns.into_iter().collect::<PolarsResult<Vec<_>>>()?)
    }

    fn plain(&self, column: &Column, series: &Series) -> PolarsResult<Series> {
        let field = column.field;
        match (field.kind(), series.dtype()) {
            (Kind::Text, DataType::String) => Ok(text(series.str()?)),
            (Kind::Text, DataType::Binary) => Ok(text(&utf8(series.binary()?)?)),
            (Kind::Text, dtype) if dtype.is_integer() => series.cast(&DataType::String),
            (Kind::Date, DataType::Date) => Ok(series.to_physical_repr().into_owned()),
            (Kind::Time, DataType::Datetime(unit, _)) => {
                let utc = match column.clock {
                    Clock::Int96 => self.int96 == Int96::Utc,
                    clock => clock == Clock::Utc,
                };
                times(series.to_physical_repr().i64()?, *unit, utc)
            }
            (Kind::Amount, DataType::Decimal(..)) => {
                let values = series.to_physical_repr().into_owned();
                amounts(column, values.i128()?.iter().map(|value| value.map(Some)))
            }
            (Kind::Amount, DataType::Binary) => {
                let values = series.binary()?.iter();
                amounts(column, values.map(|bytes| bytes.map(of_bytes)))
            }
            // A column of the null type has no other type either.
            (kind, _) if series.null_count() == series.len() && kind != Kind::Time => {
                Ok(absent(field, series.len()))
            }
            (_, dtype) => Err(wrong(format!("column {} is {dtype}", column.name))),
        }
    }
}

/// A file of the delivery that Polars does not read.
fn unreadable(name: &str, error: &PolarsError) -> Failure {
    Failure::Usage(format!(
        "the independent recomputation cannot read this file: {name}: {error}\n    hint: do \
         without the recomputation, or have the file written by another program"
    ))
}

fn wrong(found: String) -> PolarsError {
    PolarsError::SchemaMismatch(found.into())
}

/// A field that no column holds.
fn absent(field: Field, rows: usize) -> Series {
    Series::full_null(field.name().into(), rows, &dtype(field))
}

fn dtype(field: Field) -> DataType {
    match field.kind() {
        Kind::Text => DataType::String,
        Kind::Date => DataType::Int32,
        Kind::Time => DataType::Int64,
        Kind::Amount => DataType::Int128,
    }
}

fn text(values: &StringChunked) -> Series {
    let filled = values.iter().map(|value| value.filter(|text| !text.is_empty()));
    filled.collect::<StringChunked>().into_series()
}

fn utf8(values: &BinaryChunked) -> PolarsResult<StringChunked> {
    let text =
        |value: Option<&[u8]>| value.map(|bytes| String::from_utf8(bytes.to_vec())).transpose();
    let texts: Result<Vec<Option<String>>, _> = values.iter().map(text).collect();
    let texts = texts.map_err(|_| wrong(format!("column {} is not UTF-8", values.name())))?;
    Ok(StringChunked::new(values.name().clone(), texts))
}

fn times(values: &Int64Chunked, unit: TimeUnit, utc: bool) -> PolarsResult<Series> {
    // This is what Polars makes of an INT96 that its nanoseconds do not reach.
    if unit == TimeUnit::Nanoseconds && values.iter().flatten().any(|time| time == i64::MAX) {
        return Err(wrong(format!("column {} has a time after the year 2262", values.name())));
    }
    let ahead = if utc { AHEAD } else { 0 };
    let local = |time: i64| {
        let micros = match unit {
            TimeUnit::Nanoseconds => time.div_euclid(1_000),
            TimeUnit::Microseconds => time,
            TimeUnit::Milliseconds => time.saturating_mul(1_000),
        };
        micros.saturating_add(ahead)
    };
    let local = values.iter().map(|time| time.map(local));
    Ok(local.collect::<Int64Chunked>().into_series())
}

/// Amounts in fen of numbers without their point; a number that is no number is too large.
fn amounts(
    column: &Column,
    numbers: impl Iterator<Item = Option<Option<i128>>>,
) -> PolarsResult<Series> {
    let unit = match column.decimals {
        Some(0) => 100,
        Some(1) => 10,
        Some(2) => 1,
        other => return Err(wrong(format!("column {} has decimals {other:?}", column.name))),
    };
    let mut fen = Vec::new();
    for number in numbers {
        let value = number.map(|number| number?.checked_mul(unit));
        if value == Some(None) {
            let name = &column.name;
            return Err(wrong(format!("column {name} has an amount beyond DECIMAL(38,2)")));
        }
        fen.push(value.flatten());
    }
    Ok(fen.into_iter().collect::<Int128Chunked>().into_series())
}

/// The number that bytes are, most significant first; `None` when it is too large.
fn of_bytes(bytes: &[u8]) -> Option<i128> {
    let negative = bytes.first().is_some_and(|first| first.leading_ones() > 0);
    let fill = if negative { u8::MAX } else { 0 };
    let (head, tail) = bytes.split_at(bytes.len().saturating_sub(16));
    let mut all = [fill; 16];
    all[16 - tail.len()..].copy_from_slice(tail);
    let number = i128::from_be_bytes(all);
    let fits = head.iter().all(|byte| *byte == fill) && (number < 0) == negative;
    fits.then_some(number)
}
