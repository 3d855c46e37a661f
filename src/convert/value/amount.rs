//! Amounts: from the spellings of people, spreadsheets and databases to whole fen.

use std::borrow::Cow;

use rust_decimal::{Decimal, prelude::ToPrimitive};

use super::{
    change::{Change, ValueChanges},
    plain::{Raw, ValueRule},
    unread::{Read, UnreadValue},
};
use crate::{convert::table::CellForm, diag::Code, model::money::Fen};

/// Decimal digits that a floating point number of double precision holds for sure.
const HELD: u32 = 15;
/// The most digits before the point with which floating point numbers of double and of single precision tell every fen
/// from the next one, with a digit to spare for what sums have lost.
const TOLD: (usize, usize) = (12, 4);

/// Reads an amount in yuan. It must be a whole number of fen that fits `DECIMAL(16,2)`.
pub(crate) fn amount(
    text: &str,
    form: CellForm,
    rule: &ValueRule,
    changes: &mut ValueChanges,
) -> Read<Fen> {
    if matches!(form, CellForm::Text | CellForm::Number)
        && rule.in_fen != Some(true)
        && let Some(fen) = plain(text.as_bytes())
    {
        return Ok(Some(fen));
    }
    let Some(raw) = Raw::of(text, form, rule, changes) else { return Ok(None) };
    let most = match raw.form {
        CellForm::Whole if rule.in_fen.is_none() => return Err(ASKED),
        CellForm::Text | CellForm::Number | CellForm::Decimal | CellForm::Whole => usize::MAX,
        CellForm::Double | CellForm::Single if !rule.from_float => return Err(FLOAT),
        CellForm::Double => TOLD.0,
        CellForm::Single => TOLD.1,
        CellForm::Truth | CellForm::Day | CellForm::Time | CellForm::Instant => {
            return Err(NO_AMOUNT);
        }
        CellForm::Error => return Err(FORMULA),
    };
    let (negative, digits) = bare(&raw.text, changes).ok_or(NO_AMOUNT)?;
    if raw.form == CellForm::Text && digits.contains(['e', 'E']) {
        return Err(SHORTENED);
    }
    let digits = written_out(digits, changes)?;
    if whole_digits(&digits) > most {
        return Err(COARSE);
    }
    let magnitude = fen_of(&digits, rule, changes)?;
    let fen = Fen::new(if negative { -magnitude } else { magnitude });
    if fen.fits() { Ok(Some(fen)) } else { Err(LARGE) }
}

const ASKED: UnreadValue = UnreadValue::of_column(
    Code::K05,
    text!("a column of whole numbers: the map does not say whether they are yuan or fen"),
);
const FLOAT: UnreadValue =
    UnreadValue::of_column(Code::K06, text!("a column of floating point numbers"));
const NO_AMOUNT: UnreadValue = UnreadValue::new(Code::K05, text!("no amount"));
const FORMULA: UnreadValue = UnreadValue::new(Code::K05, text!("a formula without a value"));
const LARGE: UnreadValue = UnreadValue::new(Code::K05, text!("larger than DECIMAL(16,2) holds"));
const PART: UnreadValue = UnreadValue::new(Code::K05, text!("no whole number of fen"));
const NOISE: UnreadValue =
    UnreadValue::new(Code::K06, text!("no whole number of fen, perhaps a floating point number"));

const SHORTENED: UnreadValue = UnreadValue::new(
    Code::K05,
    text!("an amount with an exponent, as a spreadsheet shows long ones: digits may be lost"),
);
const COARSE: UnreadValue =
    UnreadValue::new(Code::K06, text!("a floating point number too large to tell every fen"));

/// Returns the number of digits before the point.
fn whole_digits(digits: &str) -> usize {
    let (whole, _) = digits.split_once('.').unwrap_or((digits, ""));
    whole.trim_start_matches('0').len()
}

/// Reads the usual spelling: an optional minus, digits, a point and two digits.
fn plain(text: &[u8]) -> Option<Fen> {
    let (negative, digits) = match text {
        [b'-', digits @ ..] => (true, digits),
        digits => (false, digits),
    };
    let (yuan, [b'.', cents @ ..]) = digits.split_at_checked(digits.len().checked_sub(3)?)? else {
        return None;
    };
    if yuan.is_empty() || yuan.len() > 14 {
        return None;
    }
    let mut fen = 0_i64;
    for digit in yuan.iter().chain(cents) {
        let digit = digit.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        fen = fen * 10 + i64::from(digit);
    }
    Some(Fen::new(if negative { -fen } else { fen }))
}

/// Takes away currency, sign and separators of thousands. Returns whether the amount is below 0, and its digits.
fn bare<'a>(text: &'a str, changes: &mut ValueChanges) -> Option<(bool, Cow<'a, str>)> {
    let mut negative = false;
    let mut rest = text;
    // Sign, brackets and currency stand in any order: -¥5, ¥-5, (5.00), 5.00-.
    loop {
        let before = rest;
        for mark in ["¥", "￥", "CNY", "RMB", "元"] {
            let bare = rest.strip_prefix(mark).or_else(|| rest.strip_suffix(mark));
            if let Some(bare) = bare {
                changes.add(Change::Currency);
                rest = bare.trim();
            }
        }
        let signed = match rest.as_bytes() {
            [b'-', ..] => Some((true, rest.get(1..)?)),
            [b'+', ..] => Some((false, rest.get(1..)?)),
            [.., b'-'] => Some((true, rest.get(..rest.len() - 1)?)),
            [b'(', .., b')'] => Some((true, rest.get(1..rest.len() - 1)?)),
            _ => None,
        };
        if let Some((minus, bare)) = signed {
            if negative {
                return None;
            }
            changes.add_if(!minus || !rest.starts_with('-'), Change::Sign);
            negative |= minus;
            rest = bare.trim();
        }
        if rest.len() == before.len() {
            return without_separators(rest, changes).map(|digits| (negative, digits));
        }
    }
}

/// Takes separators away where they stand between groups of three digits.
fn without_separators<'a>(text: &'a str, changes: &mut ValueChanges) -> Option<Cow<'a, str>> {
    let Some(separator) = [',', ' ', '\''].into_iter().find(|letter| text.contains(*letter)) else {
        return Some(Cow::Borrowed(text));
    };
    let (whole, cents) = text.split_once('.').map_or((text, None), |(w, c)| (w, Some(c)));
    let mut groups = whole.split(separator);
    let is_group = |group: &str| group.len() == 3 && group.bytes().all(|b| b.is_ascii_digit());
    let first = groups.next()?;
    let starts = matches!(first.len(), 1..=3) && first.bytes().all(|b| b.is_ascii_digit());
    if !starts || !groups.all(is_group) {
        return None;
    }
    changes.add(Change::Separators);
    let whole: String = whole.split(separator).collect();
    Some(Cow::Owned(match cents {
        Some(cents) => format!("{whole}.{cents}"),
        None => whole,
    }))
}

/// Writes an exponent out.
fn written_out<'a>(
    digits: Cow<'a, str>,
    changes: &mut ValueChanges,
) -> Result<Cow<'a, str>, UnreadValue> {
    if !digits.contains(['e', 'E']) {
        return Ok(digits);
    }
    let number = Decimal::from_scientific(&digits).map_err(|_| NO_AMOUNT)?;
    if number.is_sign_negative() {
        return Err(NO_AMOUNT);
    }
    changes.add(Change::Exponent);
    Ok(Cow::Owned(number.to_string()))
}

/// Returns the fen of digits with a point.
fn fen_of(digits: &str, rule: &ValueRule, changes: &mut ValueChanges) -> Result<i64, UnreadValue> {
    let (whole, cents) = digits.split_once('.').unwrap_or((digits, ""));
    let all_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if whole.len() + cents.len() == 0 || !all_digits(whole) || !all_digits(cents) {
        return Err(NO_AMOUNT);
    }
    changes.add_if(whole.is_empty() || digits.ends_with('.'), Change::Point);
    let places = if rule.in_fen == Some(true) { 0 } else { 2 };
    changes.add_if(places == 0, Change::Fen);
    let (kept, cut) = cents.split_at(cents.len().min(places));
    if cut.bytes().any(|digit| digit != b'0') {
        return rounded(digits, places, rule, changes);
    }
    changes.add_if(!cut.is_empty(), Change::Fraction);
    let fen = format!("{whole}{kept:0<places$}");
    let fen = fen.trim_start_matches('0');
    if fen.is_empty() { Ok(0) } else { fen.parse().map_err(|_| LARGE) }
}

/// Rounds a number to the digits that its floating point form holds for sure. A whole number of fen must come out.
fn rounded(
    digits: &str,
    places: usize,
    rule: &ValueRule,
    changes: &mut ValueChanges,
) -> Result<i64, UnreadValue> {
    let number: Decimal = digits.parse().map_err(|_| PART)?;
    let number = Some(number).filter(|_| whole_digits(digits) <= TOLD.0);
    let fen = number
        .and_then(|number| number.round_sf(HELD))
        .and_then(|number| number.checked_mul(Decimal::from(if places == 0 { 1 } else { 100 })))
        .filter(Decimal::is_integer)
        .and_then(|fen| fen.to_i64());
    match fen {
        Some(fen) if rule.from_float => {
            changes.add(Change::Rounded);
            Ok(fen)
        }
        Some(_) => Err(NOISE),
        None => Err(PART),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_as(
        text: &str,
        form: CellForm,
        rule: &ValueRule,
    ) -> (Result<i64, UnreadValue>, Vec<Change>) {
        let mut changes = ValueChanges::default();
        let read = amount(text, form, rule, &mut changes);
        let fen = read.map(|fen| fen.map_or(i64::MIN, Fen::fen));
        (fen, changes.iter().collect())
    }

    fn read(text: &str) -> (Result<i64, UnreadValue>, Vec<Change>) {
        read_as(text, CellForm::Text, &ValueRule::default())
    }

    #[test]
    fn spellings_of_people_and_databases_are_read() {
        use Change::{Blanks, Currency, Fraction, FullWidth, Point, Separators, Sign};
        for (text, fen, changes) in [
            ("1234.56", 123_456, vec![]),
            ("-0.05", -5, vec![]),
            ("12", 1200, vec![]),
            ("12.3", 1230, vec![]),
            (".5", 50, vec![Point]),
            ("-.5", -50, vec![Point]),
            ("5.", 500, vec![Point]),
            ("12.3000000000", 1230, vec![Fraction]),
            ("1,234,567.80", 123_456_780, vec![Separators]),
            ("1 234.50", 123_450, vec![Separators]),
            (" 12.00 ", 1200, vec![Blanks]),
            ("１，２３４．５０", 123_450, vec![FullWidth, Separators]),
            ("¥1,234.50", 123_450, vec![Currency, Separators]),
            ("￥5.00元", 500, vec![Currency]),
            ("-¥5", -500, vec![Currency]),
            ("¥-5", -500, vec![Currency]),
            ("+5.00", 500, vec![Sign]),
            ("5.00-", -500, vec![Sign]),
            ("(5.00)", -500, vec![Sign]),
            ("0", 0, vec![]),
            ("00012.10", 1210, vec![]),
            ("99999999999999.99", 9_999_999_999_999_999, vec![]),
        ] {
            assert_eq!(read(text), (Ok(fen), changes), "{text}");
        }
        assert_eq!(read("").0, Ok(i64::MIN));
        let number = read_as("1.2E3", CellForm::Number, &ValueRule::default());
        assert_eq!(number, (Ok(120_000), vec![Change::Exponent]));
        assert_eq!(read("1.2E3").0, Err(SHORTENED));
    }

    #[test]
    fn nothing_is_guessed() {
        for text in [
            "12,34",
            "1,23.00",
            "1,2345.00",
            ",123.00",
            "1.234,56",
            "1.2.3",
            "--5",
            "-(5)",
            "-5-",
            "五",
            "5万元",
            "5元5角",
            ".",
            "-",
            "1e",
            "0x10",
            "NaN",
            "1 2",
            "1,234,56",
            "#N/A",
            "NULL",
        ] {
            let (read, _) = read(text);
            assert_eq!(read.map_err(|unread| unread.code), Err(Code::K05), "{text}");
        }
        assert_eq!(read("100000000000000.00").0, Err(LARGE));
        assert_eq!(read("99999999999999999999999999").0, Err(LARGE));
        assert_eq!(read("1.005").0, Err(PART));
        assert_eq!(read("1.2299999999999999").0, Err(NOISE));
        assert_eq!(read("0.0000000000000000001").0, Err(PART));
    }

    #[test]
    fn floating_point_numbers_are_taken_for_the_fen_that_they_stand_for() {
        let rule = ValueRule { from_float: true, ..ValueRule::default() };
        let double = |text: &str| read_as(text, CellForm::Double, &rule);
        assert_eq!(double("1234.5599999999999"), (Ok(123_456), vec![Change::Rounded]));
        assert_eq!(double("0.30000000000000004"), (Ok(30), vec![Change::Rounded]));
        assert_eq!(double("1234.56"), (Ok(123_456), vec![]));
        assert_eq!(double("1234.567").0, Err(PART));
        assert_eq!(double("1234.5600001").0, Err(PART));
        assert_eq!(double("123456789012.34").0, Ok(12_345_678_901_234));
        assert_eq!(double("123456789012.344").0, Err(PART));
        // At this size the next double is some fen away.
        assert_eq!(double("1234567890123.34").0, Err(COARSE));
        assert_eq!(read_as("1234.56", CellForm::Double, &ValueRule::default()).0, Err(FLOAT));
        let single = |text: &str| read_as(text, CellForm::Single, &rule);
        assert_eq!(single("1234.56").0, Ok(123_456));
        assert_eq!(single("1234.5601").0, Err(PART));
        assert_eq!(single("12345.67").0, Err(COARSE));
    }

    #[test]
    fn whole_numbers_need_a_unit() {
        let fen = ValueRule { in_fen: Some(true), ..ValueRule::default() };
        let yuan = ValueRule { in_fen: Some(false), ..ValueRule::default() };
        assert_eq!(read_as("1234", CellForm::Whole, &ValueRule::default()).0, Err(ASKED));
        assert_eq!(read_as("1234", CellForm::Whole, &yuan).0, Ok(123_400));
        assert_eq!(read_as("1234", CellForm::Whole, &fen), (Ok(1234), vec![Change::Fen]));
        assert_eq!(read_as("1234.00", CellForm::Text, &fen).0, Ok(1234));
        assert_eq!(read_as("12.34", CellForm::Text, &fen).0, Err(PART));
    }
}
