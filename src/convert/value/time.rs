//! Days and times: from the spellings of people, spreadsheets and databases. A text that could name two days is
//! refused.

use chrono::{NaiveDate, NaiveDateTime, NaiveTime, TimeDelta};
use rust_decimal::{Decimal, prelude::ToPrimitive};

use super::{
    change::{Change, ValueChanges},
    plain::{Clock, Raw, SerialDays, ValueRule},
    spelt::{Moment, NO_DATE, micros, spelt},
    unread::{Read, UnreadValue},
};
use crate::{convert::table::CellForm, diag::Code, workbook::day_of_serial};

const SERIAL: UnreadValue = UnreadValue::new(
    Code::K07,
    text!("a number, perhaps a serial number of a spreadsheet; the map does not say it"),
);
const EIGHT: TimeDelta = TimeDelta::hours(8);

/// Reads a time and moves it to UTC+8.
pub(crate) fn time(
    text: &str,
    form: CellForm,
    rule: &ValueRule,
    changes: &mut ValueChanges,
) -> Read<NaiveDateTime> {
    let Some(moment) = read(text, form, rule, changes)? else { return Ok(None) };
    if moment.time.is_none() {
        changes.add(Change::Midnight);
    }
    moment.local(rule, changes).map(Some)
}

/// Reads a day. A time of the day is left out; the day is the day in UTC+8.
pub(crate) fn day(
    text: &str,
    form: CellForm,
    rule: &ValueRule,
    changes: &mut ValueChanges,
) -> Read<NaiveDate> {
    let Some(moment) = read(text, form, rule, changes)? else { return Ok(None) };
    match moment.time {
        None => Ok(Some(moment.day)),
        Some(time) => {
            changes.add_if(time != NaiveTime::MIN, Change::Clock);
            moment.local(rule, changes).map(|time| Some(time.date()))
        }
    }
}

impl Moment {
    fn local(
        &self,
        rule: &ValueRule,
        changes: &mut ValueChanges,
    ) -> Result<NaiveDateTime, UnreadValue> {
        let time = self.day.and_time(self.time.unwrap_or_default());
        let offset = match self.offset {
            Some(offset) => offset,
            None if rule.clock == Some(Clock::Utc) && self.time.is_some() => TimeDelta::zero(),
            None => return Ok(time),
        };
        changes.add_if(offset != EIGHT, Change::Zone);
        let utc = time.checked_sub_signed(offset);
        utc.and_then(|utc| utc.checked_add_signed(EIGHT)).ok_or(NO_DATE)
    }
}

fn read(
    text: &str,
    form: CellForm,
    rule: &ValueRule,
    changes: &mut ValueChanges,
) -> Result<Option<Moment>, UnreadValue> {
    let Some(raw) = Raw::of(text, form, rule, changes) else { return Ok(None) };
    let text = &*raw.text;
    match raw.form {
        CellForm::Error => {
            return Err(UnreadValue::new(Code::K07, text!("a formula without a value")));
        }
        CellForm::Truth => return Err(NO_DATE),
        CellForm::Number
        | CellForm::Decimal
        | CellForm::Whole
        | CellForm::Double
        | CellForm::Single
            if rule.serial.is_some() => {}
        _ => {
            if let Some(format) = &rule.format {
                changes.add(Change::Spelling);
                return of_format(text, format).map(Some);
            }
        }
    }
    let iso = usual(text);
    changes.add_if(has_nanoseconds(text), Change::Precision);
    let mut moment = match iso {
        Some(moment) => moment,
        None if is_number(text) => of_number(text, rule, changes)?,
        None => {
            changes.add(Change::Spelling);
            spelt(text)?
        }
    };
    if matches!(raw.form, CellForm::Day | CellForm::Time) && is_day_0(moment.day) {
        return Err(UnreadValue::new(Code::K07, text!("a time of day without a day")));
    }
    if raw.form == CellForm::Instant && rule.clock != Some(Clock::Local) {
        moment.offset = Some(TimeDelta::zero());
    }
    Ok(Some(moment))
}

/// Whether a day is one that spreadsheets show for a time of day alone.
fn is_day_0(day: NaiveDate) -> bool {
    [(1899, 12, 30), (1899, 12, 31), (1904, 1, 1)]
        .into_iter()
        .any(|(year, month, of_month)| NaiveDate::from_ymd_opt(year, month, of_month) == Some(day))
}

/// Whether the seconds of a text have more than six decimals that are not 0.
fn has_nanoseconds(text: &str) -> bool {
    let Some((before, after)) = text.rsplit_once('.') else { return false };
    let digits =
        after.len() - after.trim_start_matches(|letter: char| letter.is_ascii_digit()).len();
    before.contains(':') && after[..digits].bytes().skip(6).any(|digit| digit != b'0')
}

fn is_number(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.') && text.matches('.').count() <= 1
}

/// Reads `YYYY-MM-DD`, perhaps with a blank or `T`, a time `HH:MM:SS` and a fraction.
fn usual(text: &str) -> Option<Moment> {
    let bytes = text.as_bytes();
    let number = |range: std::ops::Range<usize>| {
        let digits = bytes.get(range)?;
        digits.iter().try_fold(0_u32, |sum, digit| {
            let digit = digit.wrapping_sub(b'0');
            (digit <= 9).then(|| sum * 10 + u32::from(digit))
        })
    };
    let is = |at: usize, marks: &[u8]| bytes.get(at).is_some_and(|byte| marks.contains(byte));
    if !is(4, b"-") || !is(7, b"-") {
        return None;
    }
    let year = i32::try_from(number(0..4)?).ok()?;
    let day = NaiveDate::from_ymd_opt(year, number(5..7)?, number(8..10)?)?;
    if bytes.len() == 10 {
        return Some(Moment { day, time: None, offset: None });
    }
    if !is(10, b" T") || !is(13, b":") || !is(16, b":") {
        return None;
    }
    let fraction = match bytes.get(19) {
        None => 0,
        Some(b'.') => micros(bytes.get(20..)?)?,
        Some(_) => return None,
    };
    let time =
        NaiveTime::from_hms_micro_opt(number(11..13)?, number(14..16)?, number(17..19)?, fraction)?;
    Some(Moment { day, time: Some(time), offset: None })
}

/// Reads digits alone: YYYYMMDD, with hour and minute, with seconds and milliseconds; or a serial number.
fn of_number(
    text: &str,
    rule: &ValueRule,
    changes: &mut ValueChanges,
) -> Result<Moment, UnreadValue> {
    if let Some(from) = rule.serial {
        changes.add(Change::Serial);
        return of_serial(text, from).ok_or(NO_DATE);
    }
    let (digits, _) = text.split_once('.').unwrap_or((text, ""));
    if !matches!(digits.len(), 8 | 12 | 14 | 17) || digits.len() < text.len() {
        return Err(if text.len() <= 5 || text.contains('.') { SERIAL } else { NO_DATE });
    }
    let part = |from: usize, to: usize| digits.get(from..to).unwrap_or("00");
    let day = format!("{}-{}-{}", part(0, 4), part(4, 6), part(6, 8));
    let clock = format!(" {}:{}:{}", part(8, 10), part(10, 12), part(12, 14));
    let spelt = match digits.len() {
        8 => day,
        17 => format!("{day}{clock}.{}", part(14, 17)),
        _ => day + &clock,
    };
    changes.add(Change::Spelling);
    usual(&spelt).ok_or(NO_DATE)
}

/// Returns the time of a serial number of a spreadsheet, to the second.
fn of_serial(text: &str, from: SerialDays) -> Option<Moment> {
    let number: Decimal = text.parse().ok()?;
    let seconds = number.fract().checked_mul(Decimal::from(86_400))?.round().to_i64()?;
    let days = number.trunc().to_u64()?;
    let day = day_of_serial(days, from == SerialDays::From1904)?;
    if number.fract().is_zero() {
        return Some(Moment { day, time: None, offset: None });
    }
    let time =
        day.and_time(NaiveTime::default()).checked_add_signed(TimeDelta::seconds(seconds))?;
    Some(Moment { day: time.date(), time: Some(time.time()), offset: None })
}

/// Reads a text by the pattern of the map. `%p` stands for 上午 and 下午 as well.
fn of_format(text: &str, format: &str) -> Result<Moment, UnreadValue> {
    let text = &*text.replace("上午", "AM").replace("下午", "PM");
    let no_match =
        || UnreadValue::new(Code::K07, text!("not in the format of the map, {}", format));
    if let Ok(time) = chrono::DateTime::parse_from_str(text, format) {
        let offset = TimeDelta::seconds(time.offset().local_minus_utc().into());
        let time = time.naive_local();
        return Ok(Moment { day: time.date(), time: Some(time.time()), offset: Some(offset) });
    }
    if let Ok(time) = NaiveDateTime::parse_from_str(text, format) {
        return Ok(Moment { day: time.date(), time: Some(time.time()), offset: None });
    }
    let day = NaiveDate::parse_from_str(text, format).map_err(|_| no_match())?;
    Ok(Moment { day, time: None, offset: None })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::convert::value::spelt::TWO_DIGITS;

    fn read_as(
        text: &str,
        form: CellForm,
        rule: &ValueRule,
    ) -> (Result<String, UnreadValue>, Vec<Change>) {
        let mut changes = ValueChanges::default();
        let read = time(text, form, rule, &mut changes);
        let shown = read.map(|time| time.map_or_else(String::new, |time| time.to_string()));
        (shown, changes.iter().collect())
    }

    fn read(text: &str) -> (Result<String, UnreadValue>, Vec<Change>) {
        read_as(text, CellForm::Text, &ValueRule::default())
    }

    #[test]
    fn usual_spellings_are_read() {
        use Change::{Blanks, FullWidth, Midnight, Precision, Spelling, Zone};
        for (text, shown, changes) in [
            ("2025-10-01 08:30:00", "2025-10-01 08:30:00", vec![]),
            ("2025-10-01T08:30:00", "2025-10-01 08:30:00", vec![]),
            ("2025-10-01 08:30:00.123456000", "2025-10-01 08:30:00.123456", vec![]),
            ("2025-10-01 08:30:00.123456789", "2025-10-01 08:30:00.123456", vec![Precision]),
            ("2025-10-01", "2025-10-01 00:00:00", vec![Midnight]),
            ("2025/10/1 8:30", "2025-10-01 08:30:00", vec![Spelling]),
            ("2025.10.01 8:30:05", "2025-10-01 08:30:05", vec![Spelling]),
            ("20251001", "2025-10-01 00:00:00", vec![Spelling, Midnight]),
            ("202510010830", "2025-10-01 08:30:00", vec![Spelling]),
            ("20251001083000", "2025-10-01 08:30:00", vec![Spelling]),
            ("20251001083000250", "2025-10-01 08:30:00.250", vec![Spelling]),
            ("20251001 08:30:00", "2025-10-01 08:30:00", vec![Spelling]),
            ("2025年10月1日 8时30分", "2025-10-01 08:30:00", vec![Spelling]),
            ("2025年10月1日8时30分5秒", "2025-10-01 08:30:05", vec![Spelling]),
            ("2025年10月1日", "2025-10-01 00:00:00", vec![Spelling, Midnight]),
            ("2025/10/1 下午 8:30", "2025-10-01 20:30:00", vec![Spelling]),
            ("2025/10/1 12:05 AM", "2025-10-01 00:05:00", vec![Spelling]),
            ("2025-10-01T08:30:00Z", "2025-10-01 16:30:00", vec![Spelling, Zone]),
            ("2025-09-30T20:30:00-04:00", "2025-10-01 08:30:00", vec![Spelling, Zone]),
            ("2025-10-01T08:30:00.5+08:00", "2025-10-01 08:30:00.500", vec![Spelling]),
            ("２０２５－１０－０１ ", "2025-10-01 00:00:00", vec![Blanks, FullWidth, Midnight]),
        ] {
            assert_eq!(read(text), (Ok(shown.to_owned()), changes), "{text}");
        }
    }

    #[test]
    fn two_meanings_are_none() {
        for text in ["01/02/2025", "01-10-25", "01-OCT-25", "01-10月-25", "1/2/25 8:00"] {
            assert_eq!(read(text).0, Err(TWO_DIGITS), "{text}");
        }
        assert_eq!(read("45931").0, Err(SERIAL));
        assert_eq!(read("45931.354").0, Err(SERIAL));
        for text in [
            "2025-02-30",
            "2025-13-01",
            "20251301",
            "2025-10-01 24:00:00",
            "2025-10-01 8",
            "2025",
            "202510",
            "2025-10",
            "x",
            "2025-10-01 08:30:61",
            "2025-10-01 8:30 下",
            "2025-10-01+08:00",
            "1759278600000",
        ] {
            assert!(read(text).0.is_err(), "{text}");
        }
    }

    #[test]
    fn maps_say_what_a_text_does_not() {
        let oracle = ValueRule { format: Some("%d-%b-%y".to_owned()), ..ValueRule::default() };
        assert_eq!(
            read_as("01-OCT-25", CellForm::Text, &oracle).0,
            Ok("2025-10-01 00:00:00".to_owned())
        );
        let chinese = ValueRule {
            format: Some("%d-%m月-%y %H.%M.%S%.f".to_owned()),
            ..ValueRule::default()
        };
        let shown = read_as("01-10月-25 08.30.00.000000", CellForm::Text, &chinese).0;
        assert_eq!(shown, Ok("2025-10-01 08:30:00".to_owned()));
        let half = ValueRule {
            format: Some("%d-%m月-%y %I.%M.%S%.f %p".to_owned()),
            ..ValueRule::default()
        };
        let shown = read_as("21-10月-25 01.04.52.000000 下午", CellForm::Text, &half).0;
        assert_eq!(shown, Ok("2025-10-21 13:04:52".to_owned()));
        assert!(read_as("1 October", CellForm::Text, &oracle).0.is_err());
        let utc = ValueRule { clock: Some(Clock::Utc), ..ValueRule::default() };
        let shown = read_as("2025-10-31 20:00:00", CellForm::Time, &utc);
        assert_eq!(shown, (Ok("2025-11-01 04:00:00".to_owned()), vec![Change::Zone]));
        assert_eq!(read_as("2025-10-31T20:00:00", CellForm::Instant, &ValueRule::default()), shown);
        // A day has no zone.
        assert_eq!(
            read_as("2025-10-31", CellForm::Day, &utc).0,
            Ok("2025-10-31 00:00:00".to_owned())
        );
        let serial = ValueRule { serial: Some(SerialDays::From1900), ..ValueRule::default() };
        for (text, shown) in [
            ("45931", "2025-10-01 00:00:00"),
            ("45931.354166666664", "2025-10-01 08:30:00"),
            ("45931.999999999", "2025-10-02 00:00:00"),
        ] {
            let (read, changes) = read_as(text, CellForm::Number, &serial);
            assert_eq!(read, Ok(shown.to_owned()), "{text}");
            assert!(changes.contains(&Change::Serial));
        }
        assert!(read_as("60", CellForm::Number, &serial).0.is_err());
        let from_1904 = ValueRule { serial: Some(SerialDays::From1904), ..ValueRule::default() };
        assert_eq!(
            read_as("44469", CellForm::Text, &from_1904).0,
            Ok("2025-10-01 00:00:00".to_owned())
        );
    }

    #[test]
    fn days_leave_times_out() {
        let mut changes = ValueChanges::default();
        let utc = ValueRule { clock: Some(Clock::Utc), ..ValueRule::default() };
        let read = |text, rule, changes: &mut ValueChanges| {
            day(text, CellForm::Text, rule, changes).map(|day| day.map(|day| day.to_string()))
        };
        let none = ValueRule::default();
        assert_eq!(read("2025/10/1", &none, &mut changes), Ok(Some("2025-10-01".to_owned())));
        assert_eq!(
            read("2025-10-01 20:00:00", &utc, &mut changes),
            Ok(Some("2025-10-02".to_owned()))
        );
        assert_eq!(read("2025-10-01", &utc, &mut changes), Ok(Some("2025-10-01".to_owned())));
        assert_eq!(read(" ", &none, &mut changes), Ok(None));
        assert!(changes.iter().any(|change| change == Change::Clock));
        let mut changes = ValueChanges::default();
        assert_eq!(
            read("2025-10-01 00:00:00", &none, &mut changes),
            Ok(Some("2025-10-01".to_owned()))
        );
        assert!(changes.is_none());
    }
}
