//! The time of settlements: a month is cut into slices that are weighted by hour and weekday.

use chrono::{Datelike, Days};

use crate::model::codes::Month;

/// Weight of each hour of the day.
const HOURS: [u64; 24] =
    [2, 1, 1, 1, 1, 2, 6, 22, 70, 100, 98, 78, 38, 44, 74, 80, 72, 52, 34, 28, 22, 14, 8, 4];
/// Weight of each weekday, Monday first.
const WEEKDAYS: [u64; 7] = [110, 104, 101, 100, 98, 74, 62];

/// A month, cut into slices, with the share of its settlements in each slice.
pub(super) struct MonthClock {
    /// Its first second, counted from 1970-01-01 in local time.
    pub(super) start: i64,
    /// Seconds in a slice.
    pub(super) slice: u64,
    /// Cumulative weight before each slice. The last element is the weight of the whole month.
    before: Vec<u64>,
    /// Each day as yymmdd.
    days: Vec<u32>,
}

impl MonthClock {
    /// Makes the clock of a month in which a nation has this many settlements.
    pub(super) fn new(month: Month, settlements: u64) -> MonthClock {
        // The size of a slice bounds the memory of a merge: a few thousand rows of the largest file.
        let per_hour = [1u64, 2, 4, 6, 12, 30, 60, 360]
            .into_iter()
            .find(|n| settlements / (700 * n) <= 40_000)
            .unwrap_or(360);
        let first = month.first_day();
        let mut clock = MonthClock {
            start: i64::from(first.to_epoch_days()) * 86_400,
            slice: 3600 / per_hour,
            before: vec![0],
            days: Vec::new(),
        };
        let mut total = 0;
        for day in first.iter_days().take_while(|day| *day <= month.last_day()) {
            let weekday = WEEKDAYS[day.weekday().num_days_from_monday() as usize];
            for slice in 0..24 * per_hour {
                let hour = usize::try_from(slice / per_hour).unwrap_or_default();
                total += weekday * HOURS[hour];
                clock.before.push(total);
            }
            clock.days.push(yymmdd(day));
        }
        // Refunds in the first days of the next month use the same clock.
        for extra in 1..=3 {
            let day = month.last_day().checked_add_days(Days::new(extra)).unwrap_or_default();
            clock.days.push(yymmdd(day));
        }
        clock
    }

    /// Returns the number of slices.
    pub(super) const fn slices(&self) -> usize {
        self.before.len() - 1
    }

    /// Returns the number of seconds in the month.
    pub(super) const fn seconds(&self) -> i64 {
        (self.slices() as u64 * self.slice).cast_signed()
    }

    /// Returns how many of `count` settlements lie before a slice. `offset` spreads the rounding.
    pub(super) fn before(&self, slice: usize, count: u64, offset: u64) -> u64 {
        let total = self.total();
        (count * self.before[slice] + offset % total) / total
    }

    /// Returns the slice of the settlement with this index: the inverse of [`MonthClock::before`].
    pub(super) fn slice_of(&self, index: u64, count: u64, offset: u64) -> usize {
        let total = self.total();
        let weight = ((index + 1) * total - offset % total).div_ceil(count);
        self.before.partition_point(|before| *before < weight) - 1
    }

    /// Returns the first second of a slice.
    pub(super) const fn slice_start(&self, slice: usize) -> i64 {
        self.start + (slice as u64 * self.slice).cast_signed()
    }

    /// Returns the day of a second as yymmdd.
    pub(super) fn yymmdd(&self, second: i64) -> u32 {
        let day = usize::try_from((second - self.start) / 86_400).unwrap_or_default();
        self.days[day.min(self.days.len() - 1)]
    }

    fn total(&self) -> u64 {
        self.before[self.before.len() - 1]
    }
}

fn yymmdd(day: chrono::NaiveDate) -> u32 {
    day.year().rem_euclid(100).cast_unsigned() * 10_000 + day.month() * 100 + day.day()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_settlement_has_its_slice() {
        let clock = MonthClock::new(Month::new(2025, 10), 50_000_000);
        for (count, offset) in [(1u64, 5u64), (7, 0), (1000, 123_456), (99_999, u64::MAX)] {
            assert_eq!(clock.before(0, count, offset), 0);
            assert_eq!(clock.before(clock.slices(), count, offset), count);
            for index in (0..count).step_by(usize::try_from(1 + count / 97).expect("few")) {
                let slice = clock.slice_of(index, count, offset);
                assert!(clock.before(slice, count, offset) <= index);
                assert!(clock.before(slice + 1, count, offset) > index);
            }
        }
        assert_eq!(clock.yymmdd(clock.start), 251_001);
        assert_eq!(clock.yymmdd(clock.start + clock.seconds()), 251_101);
    }
}
