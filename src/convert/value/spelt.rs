//! Spellings of days and times by people: other separators, Chinese words, zones, halves of the day.

use chrono::{NaiveDate, NaiveTime, TimeDelta};

use super::unread::UnreadValue;
use crate::diag::Code;

pub(super) const NO_DATE: UnreadValue =
    UnreadValue::new(Code::K07, text!("no date or time that exists"));
pub(super) const TWO_DIGITS: UnreadValue = UnreadValue::new(
    Code::K07,
    text!("a date that could be several; the map does not give its format"),
);

/// A day, perhaps with a time and an offset to UTC.
pub(super) struct Moment {
    pub(super) day: NaiveDate,
    pub(super) time: Option<NaiveTime>,
    /// UTC less the time; none when the text names no zone.
    pub(super) offset: Option<TimeDelta>,
}

/// Reads other spellings: other separators, Chinese words, one digit for a month, a zone, halves of the day.
pub(super) fn spelt(text: &str) -> Result<Moment, UnreadValue> {
    let mut plain = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '年' | '月' | '/' => plain.push('-'),
            '日' | '号' => plain.push(' '),
            'T' | 't' if plain.ends_with(|last: char| last.is_ascii_digit()) => plain.push(' '),
            '时' | '点' | '分' => plain.push(':'),
            '秒' => {}
            other => plain.push(other),
        }
    }
    let (mut rest, half) = without_half(&plain);
    let mut offset = None;
    let date = rest.split_whitespace().next().unwrap_or_default().to_owned();
    let time = rest.split_off(date.len().min(rest.len()));
    let mut time: String = time.split_whitespace().collect();
    if let Some((bare, found)) = zone(&time) {
        (time, offset) = (bare, Some(found));
    }
    let day = of_parts(&date)?;
    let time = time.trim_end_matches(':');
    if time.is_empty() {
        return if half.is_none() && offset.is_none() {
            Ok(Moment { day, time: None, offset: None })
        } else {
            Err(NO_DATE)
        };
    }
    let time = of_clock(time, half).ok_or(NO_DATE)?;
    Ok(Moment { day, time: Some(time), offset })
}

/// Takes the half of the day out of a text: the hours to add, and at which hour the half begins.
fn without_half(text: &str) -> (String, Option<u32>) {
    let upper = text.to_ascii_uppercase();
    for (word, hours) in [("上午", 0), ("下午", 12), ("AM", 0), ("PM", 12)] {
        if let Some(at) = upper.find(word) {
            let (before, after) = (&text[..at], &text[at + word.len()..]);
            return (format!("{} {}", before.trim_end(), after.trim_start()), Some(hours));
        }
    }
    (text.to_owned(), None)
}

/// Takes `Z`, `+08:00`, `+0800` or `+08` off the end of a time.
fn zone(time: &str) -> Option<(String, TimeDelta)> {
    if let Some(bare) = time.strip_suffix(['Z', 'z']) {
        return Some((bare.to_owned(), TimeDelta::zero()));
    }
    let at = time.find(['+', '-'])?;
    let (bare, shown) = time.split_at(at);
    let digits: String = shown.get(1..)?.chars().filter(|letter| *letter != ':').collect();
    if !matches!(digits.len(), 2 | 4) {
        return None;
    }
    let hours: i64 = digits.get(..2)?.parse().ok()?;
    let minutes: i64 =
        digits.get(2..).filter(|rest| !rest.is_empty()).unwrap_or("0").parse().ok()?;
    if hours > 14 || minutes > 59 {
        return None;
    }
    let minutes = hours * 60 + minutes;
    let minutes = if shown.starts_with('-') { -minutes } else { minutes };
    Some((bare.to_owned(), TimeDelta::minutes(minutes)))
}

/// Reads year, month and day with separators, or eight digits.
fn of_parts(date: &str) -> Result<NaiveDate, UnreadValue> {
    let date = date.trim_end_matches('-');
    if date.len() == 8 && date.bytes().all(|byte| byte.is_ascii_digit()) {
        let part = |from: usize, to: usize| date.get(from..to).and_then(|part| part.parse().ok());
        let (year, month, day) = (part(0, 4), part(4, 6), part(6, 8));
        let year = year.and_then(|year: u32| i32::try_from(year).ok());
        return year
            .zip(month)
            .zip(day)
            .and_then(|((year, month), day)| NaiveDate::from_ymd_opt(year, month, day))
            .ok_or(NO_DATE);
    }
    let parts: Vec<&str> = date.split(['-', '.']).collect();
    let first = parts.first().copied().unwrap_or_default();
    let several = if first.len() <= 2 { TWO_DIGITS } else { NO_DATE };
    let [year, month, day] = parts[..] else { return Err(several) };
    let number = |part: &str| part.parse::<u32>().ok().filter(|_| part.len() <= 4);
    let (Some(year), Some(month), Some(day), 4) =
        (number(year), number(month), number(day), year.len())
    else {
        // 01/02/2025, 01-02-25, 01-OCT-25
        return Err(several);
    };
    let year = i32::try_from(year).map_err(|_| NO_DATE)?;
    NaiveDate::from_ymd_opt(year, month, day).ok_or(NO_DATE)
}

/// Reads hours and minutes, perhaps with seconds and a fraction.
fn of_clock(time: &str, half: Option<u32>) -> Option<NaiveTime> {
    let mut parts = time.split(':');
    let number = |part: &str| -> Option<u32> {
        let is_short =
            matches!(part.len(), 1 | 2) && part.bytes().all(|byte| byte.is_ascii_digit());
        is_short.then(|| part.parse().ok()).flatten()
    };
    let mut hour = number(parts.next()?)?;
    let minute = number(parts.next()?)?;
    let (second, micro) = match parts.next() {
        None => (0, 0),
        Some(seconds) => match seconds.split_once('.') {
            None => (number(seconds)?, 0),
            Some((whole, part)) => (number(whole)?, micros(part.as_bytes())?),
        },
    };
    if parts.next().is_some() {
        return None;
    }
    if let Some(hours) = half {
        // 下午 15:00 is written too.
        hour = match hour {
            12 => hours,
            0..12 => hour + hours,
            13.. if hours == 12 => hour,
            _ => return None,
        };
    }
    NaiveTime::from_hms_micro_opt(hour, minute, second, micro)
}

/// Returns the microseconds of the digits behind the point of seconds. Further digits are cut off.
pub(super) fn micros(digits: &[u8]) -> Option<u32> {
    if digits.is_empty() || digits.len() > 9 || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let kept = digits.iter().chain(b"000000").take(6);
    Some(kept.fold(0, |sum, digit| sum * 10 + u32::from(digit - b'0')))
}
