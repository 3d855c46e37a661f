//! Reads records from Parquet files of any writer into one form.
//!
//! Empty text is null. Flags have no blanks. Days count from 1970-01-01. Times are local (UTC+8), in microseconds.
//! Amounts are fen with their real value.

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

use super::{
    delta::wrong,
    stored::{OpenParquet, decimals_of, error_text},
};
use crate::{
    diag::{Failure, Outcome},
    model::fields::{AMOUNT_FIELDS, FIELDS, Field, FieldKind},
    rules::Int96,
    text::quoted,
};

/// China Standard Time is 8 hours ahead of UTC, in microseconds.
const AHEAD: i64 = 8 * 3_600 * 1_000_000;

/// A file of records.
pub(super) struct Records {
    name: String,
    stored: OpenParquet,
    columns: Vec<FieldColumn>,
    int96: Int96,
}

/// The column of a field.
struct FieldColumn {
    field: Field,
    name: String,
    /// The meaning of times, if the column has times.
    clock: TimeMeaning,
    /// The number of decimals, if the column has amounts.
    decimals: Option<usize>,
}

/// The meaning of a time column.
#[derive(Clone, Copy, PartialEq, Eq)]
enum TimeMeaning {
    Local,
    Utc,
    Int96,
}

impl TimeMeaning {
    fn of(primitive: &PrimitiveType) -> TimeMeaning {
        let converted = &primitive.converted_type;
        match (&primitive.logical_type, primitive.physical_type) {
            (_, PhysicalType::Int96) => TimeMeaning::Int96,
            (Some(PrimitiveLogicalType::Timestamp { is_adjusted_to_utc, .. }), _) => {
                if *is_adjusted_to_utc {
                    TimeMeaning::Utc
                } else {
                    TimeMeaning::Local
                }
            }
            // Converted types are defined as adjusted to UTC.
            (None, _) => match converted {
                Some(
                    PrimitiveConvertedType::TimestampMillis
                    | PrimitiveConvertedType::TimestampMicros,
                ) => TimeMeaning::Utc,
                _ => TimeMeaning::Local,
            },
            _ => TimeMeaning::Local,
        }
    }
}

impl Records {
    /// Opens a file. Failures show it by `name`.
    pub(super) fn open(path: &Path, name: &str, int96: Int96) -> Outcome<Records> {
        let stored = OpenParquet::open(path).map_err(|error| unreadable(name, &error))?;
        let of = |primitive: &PrimitiveType| {
            let name = primitive.field_info.name.as_str();
            let field = Field::of_column(name)?.field;
            let (name, clock, decimals) =
                (name.to_owned(), TimeMeaning::of(primitive), decimals_of(primitive));
            Some(FieldColumn { field, name, clock, decimals })
        };
        let columns = stored.columns().filter_map(of).collect();
        let stored = stored.with_raw_decimals();
        Ok(Records { name: name.to_owned(), stored, columns, int96 })
    }

    /// Returns the number of rows.
    pub(super) fn rows(&self) -> usize {
        self.stored.rows()
    }

    /// Splits the rows into pieces of at most `most` rows, none across two row groups.
    pub(super) fn pieces(&self, most: usize) -> Vec<Range<usize>> {
        let cut = |group: Range<usize>| {
            let end = group.end;
            group.step_by(most).map(move |start| start..end.min(start + most))
        };
        self.stored.row_groups().flat_map(cut).collect()
    }

    /// Reads rows with every field of the record, in the order of the contract. In `fractions` a bit for each amount
    /// says that the amount had a fraction of a fen and was rounded.
    pub(super) fn read(&self, rows: Range<usize>) -> Outcome<DataFrame> {
        let read = AssertUnwindSafe(|| self.try_read(rows));
        let read = catch_unwind(read).unwrap_or_else(|_| Err(wrong(text!("Polars panicked"))));
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
            return Err(wrong(text!("{} rows where there should be {}", frame.height(), height)));
        }
        let mut fractions = vec![0u32; height];
        let mut columns = Vec::with_capacity(FIELDS.len() + 1);
        for field in FIELDS {
            let Some(column) = self.columns.iter().find(|column| column.field == field) else {
                columns.push(absent(field, height).into());
                continue;
            };
            let series = frame.column(&column.name)?.as_materialized_series();
            let plain = match column.clock {
                TimeMeaning::Int96 => {
                    int96(&self.stored.read_int96(&column.name, rows.clone())?, self.int96)?
                }
                _ => Self::plain(column, series, &mut fractions)?,
            };
            columns.push(plain.with_name(field.name().into()).into());
        }
        columns.push(Series::new("fractions".into(), fractions).into());
        DataFrame::new(height, columns)
    }

    /// Returns the values of a column in the form in which they are compared.
    fn plain(column: &FieldColumn, series: &Series, fractions: &mut [u32]) -> PolarsResult<Series> {
        let field = column.field;
        let is_flag = matches!(field, Field::refd_setl_flag | Field::fulamt_advpay_flag);
        match (field.kind(), series.dtype()) {
            (FieldKind::Text, DataType::String) if is_flag => Ok(flags(series.str()?)),
            (FieldKind::Text, DataType::Binary) if is_flag => Ok(flags(&utf8(series.binary()?)?)),
            (FieldKind::Text, DataType::String) => Ok(text(series.str()?)),
            (FieldKind::Text, DataType::Binary) => Ok(text(&utf8(series.binary()?)?)),
            (FieldKind::Text, dtype) if dtype.is_integer() => series.cast(&DataType::String),
            (FieldKind::Date, DataType::Date) => Ok(series.to_physical_repr().into_owned()),
            (FieldKind::Time, DataType::Datetime(unit, _)) => {
                let utc = column.clock == TimeMeaning::Utc;
                Ok(times(series.to_physical_repr().i64()?, *unit, utc))
            }
            (FieldKind::Amount, DataType::Decimal(..)) => {
                let values = series.to_physical_repr().into_owned();
                amounts(column, values.i128()?.iter().map(|value| value.map(Some)), fractions)
            }
            (FieldKind::Amount, DataType::Binary) => {
                let values = series.binary()?.iter();
                amounts(column, values.map(|bytes| bytes.map(of_bytes)), fractions)
            }
            // A column of the null type has only nulls and is accepted for every field but times.
            (kind, _) if series.null_count() == series.len() && kind != FieldKind::Time => {
                Ok(absent(field, series.len()))
            }
            (_, dtype) => Err(wrong(text!("column {} is {}", column.name, dtype.to_string()))),
        }
    }
}

/// Returns the failure for a file that Polars cannot read.
fn unreadable(name: &str, error: &PolarsError) -> Failure {
    Failure::Usage(
        text!(
            "the independent recomputation cannot read this file: {}: {}",
            name,
            error_text(error)
        )
        .hinting(text!(
            "do without the recomputation, or have the file written by another program"
        )),
    )
}

/// Returns a field without a column: nulls.
fn absent(field: Field, rows: usize) -> Series {
    Series::full_null(field.name().into(), rows, &dtype(field))
}

fn dtype(field: Field) -> DataType {
    match field.kind() {
        FieldKind::Text => DataType::String,
        FieldKind::Date => DataType::Int32,
        FieldKind::Time => DataType::Int64,
        FieldKind::Amount => DataType::Int128,
    }
}

fn text(values: &StringChunked) -> Series {
    let filled = values.iter().map(|value| value.filter(|text| !text.is_empty()));
    filled.collect::<StringChunked>().into_series()
}

/// Returns flags without white space and NUL around them.
fn flags(values: &StringChunked) -> Series {
    let bare = |text: &str| {
        let blank = |letter: char| letter == '\0' || letter.is_whitespace();
        let flag = text.trim_start_matches(blank).trim_end_matches(blank);
        (!flag.is_empty()).then(|| flag.to_owned())
    };
    values.iter().map(|value| value.and_then(bare)).collect::<StringChunked>().into_series()
}

fn utf8(values: &BinaryChunked) -> PolarsResult<StringChunked> {
    let text =
        |value: Option<&[u8]>| value.map(|bytes| String::from_utf8(bytes.to_vec())).transpose();
    let texts: Result<Vec<Option<String>>, _> = values.iter().map(text).collect();
    let texts =
        texts.map_err(|_| wrong(text!("column {} is not UTF-8", values.name().as_str())))?;
    Ok(StringChunked::new(values.name().clone(), texts))
}

fn times(values: &Int64Chunked, unit: TimeUnit, utc: bool) -> Series {
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
    local.collect::<Int64Chunked>().into_series()
}

/// Decodes INT96: 8 bytes nanoseconds of the day and 4 bytes Julian day, least significant byte first.
fn int96(values: &Series, meaning: Int96) -> PolarsResult<Series> {
    const EPOCH: i128 = 2_440_588;
    let ahead = if meaning == Int96::Utc { AHEAD } else { 0 };
    let local = |bytes: &[u8]| {
        let (nanos, day) = bytes.split_first_chunk::<8>()?;
        let (day, _) = day.split_first_chunk::<4>()?;
        let (nanos, day) = (i64::from_le_bytes(*nanos), i32::from_le_bytes(*day));
        let micros = (i128::from(day) - EPOCH) * 86_400_000_000 + i128::from(nanos / 1_000);
        let ends = if micros < 0 { i64::MIN } else { i64::MAX };
        Some(i64::try_from(micros).unwrap_or(ends).saturating_add(ahead))
    };
    let local = values.binary()?.iter().map(|bytes| local(bytes?));
    Ok(local.collect::<Int64Chunked>().into_series())
}

/// Converts unscaled numbers to fen, rounding half a fen away from 0. An invalid number becomes too large. Marks rows
/// that had a fraction of a fen.
fn amounts(
    column: &FieldColumn,
    numbers: impl Iterator<Item = Option<Option<i128>>>,
    fractions: &mut [u32],
) -> PolarsResult<Series> {
    let name = &column.name;
    let Some(decimals @ 0..=18) = column.decimals.and_then(|decimals| u32::try_from(decimals).ok())
    else {
        return Err(wrong(text!("column {} has decimals {}", name, quoted(column.decimals))));
    };
    let place = AMOUNT_FIELDS.iter().position(|field| *field == column.field);
    let bit = place.map_or(0, |place| 1u32 << place);
    let mut fen = Vec::new();
    for (number, fractions) in numbers.zip(fractions) {
        let Some(number) = number else {
            fen.push(None);
            continue;
        };
        let value = number.and_then(|number| {
            if decimals <= 2 {
                return number.checked_mul(10i128.pow(2 - decimals));
            }
            let fen = 10i128.pow(decimals - 2);
            *fractions |= if number % fen == 0 { 0 } else { bit };
            // Counts half fens, adds one away from 0, and truncates.
            let halves = number / (fen / 2) + number.signum();
            Some(halves / 2)
        });
        if value.is_none() {
            return Err(wrong(text!("column {} has an amount beyond DECIMAL(38,2)", name)));
        }
        fen.push(value);
    }
    Ok(fen.into_iter().collect::<Int128Chunked>().into_series())
}

/// Decodes a big-endian two's-complement number, or returns `None` when it exceeds 128 bits.
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
