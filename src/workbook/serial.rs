//! Days and times of a workbook, which are numbers: days since the beginning of a calendar.

use std::fmt::Write;

use chrono::{Days, NaiveDate};
use rust_decimal::{Decimal, prelude::ToPrimitive};

use super::{cells::CellContent, formats::NumberFormat};

/// The thousandths of a second of a day.
const DAY: u32 = 86_400_000;

/// Appends the day or time of a number in digits. Returns `None` when there is none.
pub(super) fn moment(
    number: &str,
    format: NumberFormat,
    from_1904: bool,
    into: &mut String,
) -> Option<CellContent> {
    let number: Decimal = number.parse().ok()?;
    let mut whole = number.trunc().to_u64().filter(|_| !number.is_sign_negative())?;
    // Half a thousandth is more than the number can hold, whose digits end there.
    let mut thousandths = (number.fract() * Decimal::from(DAY)).round().to_u32()?;
    if thousandths == DAY {
        (whole, thousandths) = (whole + 1, 0);
    }
    let day = day_of_serial(whole, from_1904)?;
    write!(into, "{day}").ok()?;
    if thousandths == 0 && format == NumberFormat::Calendar {
        return Some(CellContent::Day);
    }
    let seconds = thousandths / 1_000;
    let (hour, minute, second) = (seconds / 3_600, seconds / 60 % 60, seconds % 60);
    write!(into, "T{hour:02}:{minute:02}:{second:02}").ok()?;
    if !thousandths.is_multiple_of(1_000) {
        write!(into, ".{:03}", thousandths % 1_000).ok()?;
    }
    Some(CellContent::Time)
}

/// Returns the day of a whole number. Days from 1900 count a 29 February 1900, which did not exist.
pub(crate) fn day_of_serial(number: u64, from_1904: bool) -> Option<NaiveDate> {
    let (year, month, day) = match number {
        _ if from_1904 => (1904, 1, 1),
        60 => return None,
        0..60 => (1899, 12, 31),
        _ => (1899, 12, 30),
    };
    let day = NaiveDate::from_ymd_opt(year, month, day)?.checked_add_days(Days::new(number))?;
    // A year of five digits is a slip, and not written with a plus.
    (day < NaiveDate::from_ymd_opt(10_000, 1, 1)?).then_some(day)
}

#[cfg(test)]
mod tests {
    use super::{NumberFormat::*, *};

    fn shown(number: &str, format: NumberFormat, from_1904: bool) -> Option<(String, CellContent)> {
        let mut into = String::new();
        let content = moment(number, format, from_1904, &mut into)?;
        Some((into, content))
    }

    #[test]
    fn days_and_times_are_those_of_spreadsheets() {
        let day = |text: &str| Some((text.to_owned(), CellContent::Day));
        let time = |text: &str| Some((text.to_owned(), CellContent::Time));
        assert_eq!(shown("45981", Calendar, false), day("2025-11-20"));
        assert_eq!(shown("44519", Calendar, true), day("2025-11-20"));
        assert_eq!(shown("1", Calendar, false), day("1900-01-01"));
        assert_eq!(shown("59", Calendar, false), day("1900-02-28"));
        assert_eq!(shown("61", Calendar, false), day("1900-03-01"));
        assert_eq!(shown("2958465", Calendar, false), day("9999-12-31"));
        // A day with a time of day is a time, however it is shown.
        assert_eq!(shown("45981.5", Calendar, false), time("2025-11-20T12:00:00"));
        assert_eq!(shown("45981", Clock, false), time("2025-11-20T00:00:00"));
        assert_eq!(shown("45931.35416666666", Clock, false), time("2025-10-01T08:30:00"));
        assert_eq!(shown("45931.354166666664", Clock, false), time("2025-10-01T08:30:00"));
        assert_eq!(shown("45931.99999999999", Clock, false), time("2025-10-02T00:00:00"));
        assert_eq!(shown("45931.000005787", Clock, false), time("2025-10-01T00:00:00.500"));
        assert_eq!(shown("0.5", Clock, false), time("1899-12-31T12:00:00"));
        for number in ["60", "-1", "-0.5", "2958466", "1e300", "99999999999", "x", ""] {
            assert_eq!(shown(number, Calendar, false), None, "{number}");
        }
    }
}
