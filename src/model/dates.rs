//! Reads days and periods from text.

use std::ops::RangeInclusive;

use chrono::{Datelike, NaiveDate};

use super::codes::Month;

use crate::text::{Text, quoted};

/// Reads a day `YYYY-MM-DD`.
pub fn parse_day(text: &str) -> Option<NaiveDate> {
    let shaped = text.len() == 10
        && text.bytes().enumerate().all(|(at, byte)| match at {
            4 | 7 => byte == b'-',
            _ => byte.is_ascii_digit(),
        });
    shaped.then(|| NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()).flatten()
}

/// The allowed years of periods and days, as of settlements.
const YEARS: RangeInclusive<i32> = 2000..=2099;

/// Reads a period `YYYY-MM`.
pub fn parse_period(text: &str) -> Result<Month, Text> {
    let month =
        Month::from_text(text).ok_or_else(|| text!("{} is not a month YYYY-MM", quoted(text)))?;
    if YEARS.contains(&month.year()) { Ok(month) } else { Err(out_of_range(text)) }
}

/// Reads a day `YYYY-MM-DD`.
pub fn parse_date(text: &str) -> Result<NaiveDate, Text> {
    let day = parse_day(text).ok_or_else(|| text!("{} is not a day YYYY-MM-DD", quoted(text)))?;
    if YEARS.contains(&day.year()) { Ok(day) } else { Err(out_of_range(text)) }
}

fn out_of_range(text: &str) -> Text {
    text!("{} is not in the years {} to {}", quoted(text), YEARS.start(), YEARS.end())
}
