//! Converts the result of Polars to the types of our tables.

use std::sync::Arc;

use arrow_array::{
    ArrayRef, BooleanArray, Date32Array, Decimal128Array, Int64Array, RecordBatch,
    RecordBatchOptions, StringArray, TimestampMicrosecondArray,
};
use arrow_schema::{Field, Schema};
use polars::prelude::{DataFrame, DataType, PolarsResult, Series, TimeUnit};

use super::Answer;
use crate::diag::{Failure, Outcome};
use crate::text::Text;

/// Decimals kept of a number that was computed in floating point.
const PLACES: usize = 6;
/// The most digits of a decimal.
const DIGITS: u8 = 38;
const MICROS_OF_DAY: i64 = 86_400_000_000;

pub(super) fn answer_of(frame: &DataFrame) -> Outcome<Answer> {
    let mut rounded = Vec::new();
    let mut fields = Vec::new();
    let mut arrays = Vec::new();
    for column in frame.columns() {
        let name = column.name().as_str();
        let series = column.as_materialized_series();
        if series.dtype().is_float() {
            rounded.push(name.to_owned());
        }
        let array = array_of(series).map_err(|error| {
            Failure::Usage(text!("column {} cannot be shown: {}", name, Text::foreign(error)))
        })?;
        let array = array.ok_or_else(|| {
            Failure::Usage(
                text!("column {} is {}, which cannot be shown", name, series.dtype().to_string())
                    .hinting(text!("CAST it, or take its parts")),
            )
        })?;
        fields.push(Field::new(name, array.data_type().clone(), true));
        arrays.push(array);
    }
    let schema = Arc::new(Schema::new(fields));
    let options = RecordBatchOptions::new().with_row_count(Some(frame.height()));
    let rows = RecordBatch::try_new_with_options(schema, arrays, &options)
        .map_err(|error| Failure::Bug(text!("rows of an answer: {}", Text::foreign(error))))?;
    Ok(Answer { rows, rounded })
}

/// Converts a column, or returns `None` when our tables have no such type.
fn array_of(series: &Series) -> PolarsResult<Option<ArrayRef>> {
    Ok(Some(match series.dtype() {
        DataType::String => Arc::new(series.str()?.iter().collect::<StringArray>()),
        DataType::Null => Arc::new(StringArray::new_null(series.len())),
        DataType::Boolean => Arc::new(series.bool()?.iter().collect::<BooleanArray>()),
        DataType::Decimal(_, scale) => return decimals(series, *scale).map(Some),
        DataType::Date => Arc::new(series.date()?.physical().iter().collect::<Date32Array>()),
        DataType::Datetime(_, None) => {
            let times = series.cast(&DataType::Datetime(TimeUnit::Microseconds, None))?;
            let times = times.datetime()?.physical().iter();
            Arc::new(times.collect::<TimestampMicrosecondArray>())
        }
        // A duration, such as the difference of two days.
        DataType::Duration(_) => {
            let times = series.cast(&DataType::Duration(TimeUnit::Microseconds))?;
            let times: Vec<Option<i64>> = times.duration()?.physical().iter().collect();
            if times.iter().flatten().any(|time| time % MICROS_OF_DAY != 0) {
                return Ok(None);
            }
            let days = times.into_iter().map(|time| time.map(|time| time / MICROS_OF_DAY));
            Arc::new(days.collect::<Int64Array>())
        }
        kind if kind.is_float() => {
            let digits = usize::from(DIGITS);
            return decimals(&series.cast(&DataType::Decimal(digits, PLACES))?, PLACES).map(Some);
        }
        kind if kind.is_integer() => {
            let wide = series.cast(&DataType::Int128)?;
            let numbers: Vec<Option<i128>> = wide.i128()?.iter().collect();
            let narrow = |number: &Option<i128>| number.map(i64::try_from).transpose().ok();
            match numbers.iter().map(narrow).collect::<Option<Int64Array>>() {
                Some(narrow) => Arc::new(narrow),
                None => return decimals(&wide.cast(&DataType::Decimal(38, 0))?, 0).map(Some),
            }
        }
        _ => return Ok(None),
    }))
}

fn decimals(series: &Series, scale: usize) -> PolarsResult<ArrayRef> {
    let values = series.decimal()?.physical().iter().collect::<Decimal128Array>();
    let scale = i8::try_from(scale).unwrap_or(i8::MAX);
    let array = values.with_precision_and_scale(DIGITS, scale);
    Ok(Arc::new(array.expect("Invariant: a decimal of Polars has at most 38 digits")))
}
