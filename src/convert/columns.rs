//! Converted columns: values row by row, with the last row taken back when it is refused.

use std::sync::Arc;

use arrow_array::{
    Array, ArrayRef, Date32Array, Decimal64Array, StringArray, TimestampMicrosecondArray,
};
use arrow_buffer::{NullBuffer, OffsetBuffer, ScalarBuffer};
use arrow_schema::{DataType, TimeUnit};
use chrono::{DateTime, NaiveDate, NaiveDateTime};

use super::target::TargetKind;
use crate::{
    diag::{Failure, Outcome},
    model::money::{Fen, yuan},
    text::Text,
};

/// Digits of an amount of a delivery, and how many of them are behind the point.
const AMOUNT: (u8, i8) = (16, 2);

/// The values of a target.
#[derive(Debug)]
pub(crate) enum Values {
    /// Texts, concatenated, with the end of each.
    Codes { text: String, ends: Vec<i32>, valid: Vec<bool> },
    /// Days since 1970.
    Days { values: Vec<i32>, valid: Vec<bool> },
    /// Microseconds since 1970, local time.
    Times { values: Vec<i64>, valid: Vec<bool> },
    /// Fen.
    Amounts { values: Vec<i64>, valid: Vec<bool> },
}

/// Returns a value as small files write it; none when there is none.
pub(crate) fn written(column: &ArrayRef, row: usize) -> Option<String> {
    if column.is_null(row) {
        return None;
    }
    if let Some(days) = column.as_any().downcast_ref::<Date32Array>() {
        return NaiveDate::from_epoch_days(days.value(row)).map(|day| day.to_string());
    }
    if let Some(fen) = fen(column, row) {
        return Some(yuan(fen));
    }
    let texts = column.as_any().downcast_ref::<StringArray>()?;
    Some(texts.value(row).to_owned())
}

/// Returns an amount; none when there is none.
pub(crate) fn fen(column: &ArrayRef, row: usize) -> Option<Fen> {
    let amounts = column.as_any().downcast_ref::<Decimal64Array>()?;
    amounts.is_valid(row).then(|| Fen::new(amounts.value(row)))
}

impl Values {
    /// Makes an empty column.
    pub(crate) fn new(kind: TargetKind) -> Values {
        match kind {
            TargetKind::Day => Values::Days { values: Vec::new(), valid: Vec::new() },
            TargetKind::Time => Values::Times { values: Vec::new(), valid: Vec::new() },
            TargetKind::Amount => Values::Amounts { values: Vec::new(), valid: Vec::new() },
            _ => Values::Codes { text: String::new(), ends: vec![0], valid: Vec::new() },
        }
    }

    /// Returns the type of the column in a delivery.
    pub(crate) fn data_type(kind: TargetKind) -> DataType {
        match kind {
            TargetKind::Day => DataType::Date32,
            TargetKind::Time => DataType::Timestamp(TimeUnit::Microsecond, None),
            TargetKind::Amount => DataType::Decimal64(AMOUNT.0, AMOUNT.1),
            _ => DataType::Utf8,
        }
    }

    pub(crate) fn push_code(&mut self, value: Option<&str>) {
        if let Values::Codes { text, ends, valid } = self {
            text.push_str(value.unwrap_or_default());
            // A block has some megabytes of text.
            ends.push(i32::try_from(text.len()).unwrap_or(i32::MAX));
            valid.push(value.is_some());
        }
    }

    pub(crate) fn push_day(&mut self, value: Option<NaiveDate>) {
        if let Values::Days { values, valid } = self {
            values.push(value.map_or(0, |day| day.to_epoch_days()));
            valid.push(value.is_some());
        }
    }

    pub(crate) fn push_time(&mut self, value: Option<NaiveDateTime>) {
        if let Values::Times { values, valid } = self {
            values.push(value.map_or(0, |time| time.and_utc().timestamp_micros()));
            valid.push(value.is_some());
        }
    }

    pub(crate) fn push_amount(&mut self, value: Option<Fen>) {
        if let Values::Amounts { values, valid } = self {
            values.push(value.map_or(0, Fen::fen));
            valid.push(value.is_some());
        }
    }

    /// Returns the last amount, if there is one.
    pub(crate) fn last_amount(&self) -> Option<Fen> {
        match self {
            Values::Amounts { values, valid } => {
                let last = values.last().zip(valid.last());
                last.filter(|(_, valid)| **valid).map(|(fen, _)| Fen::new(*fen))
            }
            _ => None,
        }
    }

    /// Returns the last value as a text, for people.
    pub(crate) fn last(&self) -> String {
        match self {
            Values::Codes { text, ends, .. } => {
                let from =
                    ends.iter().rev().nth(1).map_or(0, |end| usize::try_from(*end).unwrap_or(0));
                text.get(from..).unwrap_or_default().to_owned()
            }
            Values::Days { values, .. } => {
                let day = values.last().and_then(|days| NaiveDate::from_epoch_days(*days));
                day.map_or_else(String::new, |day| day.to_string())
            }
            Values::Times { values, .. } => {
                let time =
                    values.last().and_then(|micros| DateTime::from_timestamp_micros(*micros));
                time.map_or_else(String::new, |time| time.naive_utc().to_string())
            }
            Values::Amounts { .. } => self.last_amount().map_or_else(String::new, yuan),
        }
    }

    /// Takes values back, so that `rows` are left.
    pub(crate) fn truncate(&mut self, rows: usize) {
        match self {
            Values::Codes { text, ends, valid } => {
                ends.truncate(rows + 1);
                text.truncate(ends.last().map_or(0, |end| usize::try_from(*end).unwrap_or(0)));
                valid.truncate(rows);
            }
            Values::Days { values, valid } => {
                values.truncate(rows);
                valid.truncate(rows);
            }
            Values::Times { values, valid } | Values::Amounts { values, valid } => {
                values.truncate(rows);
                valid.truncate(rows);
            }
        }
    }

    /// Makes an Arrow array of the values.
    pub(crate) fn array(self) -> Outcome<ArrayRef> {
        let nulls = |valid: Vec<bool>| Some(NullBuffer::from(valid)).filter(|n| n.null_count() > 0);
        Ok(match self {
            Values::Codes { text, ends, valid } => {
                let ends = OffsetBuffer::new(ScalarBuffer::from(ends));
                let array = StringArray::try_new(ends, text.into_bytes().into(), nulls(valid));
                Arc::new(array.map_err(|error| Failure::Bug(text!("{}", Text::foreign(error))))?)
            }
            Values::Days { values, valid } => {
                Arc::new(Date32Array::new(values.into(), nulls(valid)))
            }
            Values::Times { values, valid } => {
                Arc::new(TimestampMicrosecondArray::new(values.into(), nulls(valid)))
            }
            Values::Amounts { values, valid } => Arc::new(
                Decimal64Array::new(values.into(), nulls(valid))
                    .with_data_type(Values::data_type(TargetKind::Amount)),
            ),
        })
    }
}
