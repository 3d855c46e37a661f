//! Working days (工作日): Monday to Friday, with the exceptions of the State Council's notice of the year.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{Datelike, NaiveDate, Weekday};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::{
    model::dates::parse_day,
    shapes::DayOfYear,
    text::{Text, quoted},
};

/// A calendar of working days.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Calendar {
    /// The years with a notice.
    years: BTreeSet<i32>,
    /// Days from Monday to Friday without work (false), and weekend days with work (true).
    exceptions: BTreeMap<NaiveDate, bool>,
}

/// The working days of a year: Monday to Friday, but for the days that are listed.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CalendarYear {
    /// The year; each stands once in a file.
    year: i32,
    /// The notice of the State Council that says so.
    #[schemars(length(min = 1))]
    source: String,
    /// Days from Monday to Friday without work, `MM-DD`.
    #[schemars(with = "Vec<DayOfYear>")]
    off: Vec<String>,
    /// Saturdays and Sundays with work, `MM-DD`.
    #[schemars(with = "Vec<DayOfYear>")]
    work: Vec<String>,
}

impl Calendar {
    /// Makes the calendar of the years of a rules file; adds to the errors.
    pub fn of(years: &[CalendarYear], errors: &mut Vec<Text>) -> Calendar {
        let mut calendar = Calendar::default();
        for CalendarYear { year, source, off, work } in years {
            if !calendar.years.insert(*year) {
                errors.push(text!("calendar {} is there twice", year));
            }
            if source.is_empty() {
                errors.push(text!("calendar {} names no source", year));
            }
            for (days, works) in [(off, false), (work, true)] {
                for text in days {
                    let day = parse_day(&format!("{year}-{text}"));
                    let day = day.filter(|day| is_weekday(*day) != works);
                    let taken = day.and_then(|day| calendar.exceptions.insert(day, works));
                    if day.is_none() || taken.is_some() {
                        let list = if works { "work" } else { "off" };
                        errors.push(text!(
                            "calendar {}: {} day {} is no exception",
                            year,
                            list,
                            quoted(text)
                        ));
                    }
                }
            }
        }
        calendar
    }

    /// Whether a day is a working day.
    pub fn is_working_day(&self, day: NaiveDate) -> bool {
        self.exceptions.get(&day).copied().unwrap_or_else(|| is_weekday(day))
    }

    /// Returns the day that is so many working days after a day, or the last day that the type has.
    pub fn after(&self, day: NaiveDate, working_days: u16) -> NaiveDate {
        let mut left = working_days;
        let mut days = day.iter_days().skip(1);
        let mut last = day;
        while left > 0 {
            let Some(next) = days.next() else { return last };
            left -= u16::from(self.is_working_day(next));
            last = next;
        }
        last
    }

    /// Returns the years between two days that have no notice: Monday to Friday is assumed for them.
    pub fn assumed(&self, from: NaiveDate, to: NaiveDate) -> Vec<i32> {
        (from.year()..=to.year()).filter(|year| !self.years.contains(year)).collect()
    }
}

fn is_weekday(day: NaiveDate) -> bool {
    !matches!(day.weekday(), Weekday::Sat | Weekday::Sun)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::Rules;

    fn day(text: &str) -> NaiveDate {
        text.parse().expect("a day")
    }

    #[test]
    fn holidays_and_make_up_days_count() {
        let rules = Rules::built_in();
        let calendar = &rules.calendar;
        // 2025: the Spring Festival from 28 January to 4 February, made up on 26 January and 8 February.
        assert!(calendar.is_working_day(day("2025-01-26")));
        assert!(!calendar.is_working_day(day("2025-02-04")));
        assert!(calendar.is_working_day(day("2025-02-08")));
        assert_eq!(calendar.after(day("2025-01-26"), 1), day("2025-01-27"));
        assert_eq!(calendar.after(day("2025-01-26"), 2), day("2025-02-05"));
        assert_eq!(calendar.after(day("2025-11-30"), 5), day("2025-12-05"));
        assert_eq!(calendar.after(day("2025-11-30"), 0), day("2025-11-30"));
    }

    #[test]
    fn a_year_without_data_is_monday_to_friday_and_says_so() {
        let rules = Rules::built_in();
        assert!(rules.calendar.is_working_day(day("2031-01-01")));
        assert_eq!(rules.calendar.assumed(day("2026-12-31"), day("2027-01-20")), [2027]);
        assert_eq!(rules.calendar.assumed(day("2025-12-31"), day("2026-01-20")), [0; 0]);
    }
}
