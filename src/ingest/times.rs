//! Columns of times: any unit and zone, converted to local microseconds.

use std::ops::Range;

use arrow_array::{
    Array, ArrayRef,
    cast::AsArray,
    types::{TimestampMicrosecondType, TimestampMillisecondType, TimestampNanosecondType},
};
use arrow_buffer::NullBuffer;
use arrow_schema::{DataType, TimeUnit};

/// China Standard Time is 8 hours ahead of UTC, in microseconds.
pub(super) const CST_OFFSET: i64 = 8 * 3_600 * 1_000_000;
/// A day in microseconds.
pub const DAY: i64 = 24 * 3_600 * 1_000_000;
/// The allowed times of a settlement (V17): from 2000-01-01 on, and before 2100-01-01, local time.
pub(super) const ALLOWED: Range<i64> = 10_957 * DAY..47_482 * DAY;

/// A column of times, in microseconds since 1970-01-01 local time (UTC+8). Times beyond 64 bits saturate: they stay too
/// early or too late.
#[derive(Debug, Default)]
pub struct TimeColumn {
    pub(super) local: Vec<i64>,
    pub(super) nulls: Option<NullBuffer>,
}

impl TimeColumn {
    /// Returns the last allowed time. Times that are not allowed say nothing about the position of the read.
    pub fn last(&self) -> Option<i64> {
        (0..self.local.len()).rev().find_map(|row| self.allowed(row))
    }

    /// Returns the time of a row.
    pub fn value(&self, row: usize) -> Option<i64> {
        match &self.nulls {
            Some(nulls) if nulls.is_null(row) => None,
            _ => Some(self.local[row]),
        }
    }

    /// Returns the time of a row, if it is allowed.
    pub fn allowed(&self, row: usize) -> Option<i64> {
        self.value(row).filter(|time| ALLOWED.contains(time))
    }

    /// Whether all times are allowed. Nulls have any value below them, so with nulls it may be false.
    pub fn all_allowed(&self) -> bool {
        let span = (ALLOWED.end - ALLOWED.start).cast_unsigned();
        // One comparison for each value, and no early exit, so that the loop vectorises.
        let outside = |time: &i64| time.wrapping_sub(ALLOWED.start).cast_unsigned() >= span;
        !self.local.iter().fold(false, |any, time| any | outside(time))
    }
}

/// Decodes a column of timestamps, in local time or UTC. INT96 may exceed 64 bits of microseconds, and the decoder
/// drops the high bits. The same column in milliseconds always fits; `whole` restores the time from both.
pub(crate) fn decode(array: &ArrayRef, millis: Option<&ArrayRef>, utc: bool) -> TimeColumn {
    let offset = if utc { CST_OFFSET } else { 0 };
    let local = |micros: i64| micros.saturating_add(offset);
    let local = match array.data_type() {
        DataType::Timestamp(TimeUnit::Millisecond, _) => {
            let values = array.as_primitive::<TimestampMillisecondType>().values();
            values.iter().map(|t| local(t.saturating_mul(1_000))).collect()
        }
        DataType::Timestamp(TimeUnit::Nanosecond, _) => {
            let values = array.as_primitive::<TimestampNanosecondType>().values();
            values.iter().map(|t| local(t.div_euclid(1_000))).collect()
        }
        _ => {
            let values = array.as_primitive::<TimestampMicrosecondType>().values();
            match millis.and_then(|a| a.as_primitive_opt::<TimestampMillisecondType>()) {
                Some(millis) => {
                    let both = values.iter().zip(millis.values());
                    both.map(|(micros, millis)| local(whole(*micros, *millis))).collect()
                }
                None => values.iter().map(|t| local(*t)).collect(),
            }
        }
    };
    TimeColumn { local, nulls: array.nulls().cloned() }
}

/// Restores a time from its microseconds, whose high bits may be lost, and its milliseconds; it saturates.
fn whole(micros: i64, millis: i64) -> i64 {
    let ends = if millis < 0 { i64::MIN } else { i64::MAX };
    let near = |about: i64| if micros.abs_diff(about) < 1_000 { micros } else { about };
    millis.checked_mul(1_000).map_or(ends, near)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow_array::{
        TimestampMicrosecondArray, TimestampMillisecondArray, TimestampNanosecondArray,
    };

    use super::*;

    const ENDS: [i64; 4] = [i64::MIN, i64::MIN + 1, i64::MAX - 1, i64::MAX];

    #[test]
    fn times_beyond_64_bits_stay_too_early_or_too_late() {
        let arrays: [ArrayRef; 2] = [
            Arc::new(TimestampMillisecondArray::from(ENDS.to_vec())),
            Arc::new(TimestampMicrosecondArray::from(ENDS.to_vec())),
        ];
        for array in arrays {
            for utc in [false, true] {
                let column = decode(&array, None, utc);
                assert!(column.local[..2].iter().all(|time| *time < ALLOWED.start), "{column:?}");
                assert!(column.local[2..].iter().all(|time| *time >= ALLOWED.end), "{column:?}");
                assert!(!column.all_allowed());
                assert_eq!(column.last(), None);
            }
        }
        let nanos: ArrayRef = Arc::new(TimestampNanosecondArray::from(ENDS.to_vec()));
        let column = decode(&nanos, None, true);
        assert!(!column.all_allowed() && column.local[0] < 0 && column.local[3] >= ALLOWED.end);
    }

    #[test]
    fn the_lost_bits_of_int96_are_found_again() {
        assert_eq!(whole(1_234_567, 1_234), 1_234_567);
        assert_eq!(whole(-1_234_567, -1_234), -1_234_567);
        // A day of the year 5,000,000 that looks like the year 2025 in 64 bits.
        let real: i128 = (1 << 64) + 1_760_000_000_000_000;
        let millis = i64::try_from(real / 1_000).expect("it fits");
        assert_eq!(whole(1_760_000_000_000_000, millis), i64::MAX);
        assert_eq!(whole(1_760_000_000_000_000, -millis), i64::MIN);
        assert_eq!(whole(i64::MIN + 5, i64::MAX / 1_000), i64::MAX / 1_000 * 1_000);
    }

    #[test]
    fn a_century_is_allowed() {
        let day = |day: &str| {
            let day: chrono::NaiveDate = day.parse().expect("a day");
            i64::from(day.to_epoch_days()) * DAY
        };
        assert_eq!(ALLOWED, day("2000-01-01")..day("2100-01-01"));
        let of = |local: Vec<i64>| TimeColumn { local, nulls: None };
        assert!(of(vec![ALLOWED.start, ALLOWED.end - 1]).all_allowed());
        assert!(!of(vec![ALLOWED.start - 1]).all_allowed());
        assert!(!of(vec![ALLOWED.end]).all_allowed());
        assert_eq!(of(vec![ALLOWED.start, 7, i64::MAX]).last(), Some(ALLOWED.start));
    }
}
