//! Codes and numbers of settlements, persons and institutions: texts that must not lose a digit.

use std::borrow::Cow;

use rust_decimal::Decimal;

use super::{
    change::{Change, ValueChanges},
    plain::{Raw, ValueRule},
    unread::{Read, UnreadValue},
};
use crate::{convert::table::CellForm, diag::Code};

/// Digits of a number that a spreadsheet, or a double, keeps.
const KEPT: usize = 15;

/// Reads a text.
pub(crate) fn code<'a>(
    text: &'a str,
    form: CellForm,
    rule: &'a ValueRule,
    changes: &mut ValueChanges,
) -> Read<Cow<'a, str>> {
    let bytes = text.as_bytes();
    let is_usual = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    let has_rule = !rule.values.is_empty() || rule.digits.is_some();
    if form == CellForm::Text
        && !has_rule
        && !bytes.is_empty()
        && bytes.iter().all(is_usual)
        && !rule.is_empty_word(text)
    {
        return Ok(Some(Cow::Borrowed(text)));
    }
    let Some(raw) = Raw::of(text, form, rule, changes) else { return Ok(None) };
    let value = match raw.form {
        CellForm::Text => of_text(raw.text, changes)?,
        CellForm::Number | CellForm::Double | CellForm::Single => {
            changes.add(Change::Number);
            of_number(raw.text, KEPT, changes)?
        }
        CellForm::Decimal => {
            changes.add(Change::Number);
            of_number(raw.text, usize::MAX, changes)?
        }
        CellForm::Whole | CellForm::Truth => {
            changes.add(Change::Number);
            raw.text
        }
        CellForm::Day | CellForm::Time | CellForm::Instant => {
            return Err(UnreadValue::new(
                Code::K04,
                text!("a date, made of a code by a spreadsheet"),
            ));
        }
        CellForm::Error => {
            return Err(UnreadValue::new(Code::K04, text!("a formula without a value")));
        }
    };
    padded(value, rule, changes).map(Some)
}

/// Reads a text that may be the text of a number.
fn of_text<'a>(
    text: Cow<'a, str>,
    changes: &mut ValueChanges,
) -> Result<Cow<'a, str>, UnreadValue> {
    if text.chars().any(char::is_control) {
        return Err(UnreadValue::new(Code::K04, text!("a line break or a control character")));
    }
    if text.contains('\u{fffd}') {
        let why = text!("a character that was lost when the text was decoded before");
        return Err(UnreadValue::new(Code::K04, why));
    }
    let is_digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    // 3.40E+17: a spreadsheet has shown a long number, and its digits are lost.
    if let Some((number, power)) = text.split_once("E+").or_else(|| text.split_once("e+"))
        && is_digits(power)
        && number.split('.').all(is_digits)
    {
        return Err(LOST);
    }
    // 310.0: a number with decimals was made of a code.
    match text.split_once('.') {
        Some((whole, zeros))
            if is_digits(whole) && !zeros.is_empty() && zeros.bytes().all(|b| b == b'0') =>
        {
            of_number(text, KEPT, changes)
        }
        _ => Ok(text),
    }
}

const LOST: UnreadValue =
    UnreadValue::new(Code::K04, text!("a number of which a spreadsheet keeps 15 digits only"));

/// Writes a number of so many digits at the most as a code.
fn of_number<'a>(
    text: Cow<'a, str>,
    most: usize,
    changes: &mut ValueChanges,
) -> Result<Cow<'a, str>, UnreadValue> {
    let written = if text.contains(['e', 'E']) {
        let number = Decimal::from_scientific(&text).map_err(|_| LOST)?;
        changes.add(Change::Exponent);
        Cow::Owned(number.to_string())
    } else {
        text
    };
    let (whole, rest) = written.split_once('.').unwrap_or((&written, ""));
    if whole.is_empty()
        || !whole.bytes().all(|b| b.is_ascii_digit())
        || rest.bytes().any(|b| b != b'0')
    {
        return Err(UnreadValue::new(Code::K04, text!("a number that is no code")));
    }
    if whole.len() > most {
        return Err(LOST);
    }
    if whole.len() == written.len() {
        return Ok(written);
    }
    changes.add(Change::Fraction);
    Ok(Cow::Owned(whole.to_owned()))
}

/// Puts leading zeros back where the map says how many digits there are.
fn padded<'a>(
    value: Cow<'a, str>,
    rule: &ValueRule,
    changes: &mut ValueChanges,
) -> Result<Cow<'a, str>, UnreadValue> {
    let Some(digits) = rule.digits else { return Ok(value) };
    if value.len() > digits {
        return Err(UnreadValue::new(
            Code::K04,
            text!("more than the {} digits of the map", digits),
        ));
    }
    if value.len() == digits || !value.bytes().all(|byte| byte.is_ascii_digit()) {
        return Ok(value);
    }
    changes.add(Change::Zeros);
    Ok(Cow::Owned(format!("{value:0>digits$}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str, form: CellForm, rule: &ValueRule) -> (Result<String, Code>, Vec<Change>) {
        let mut changes = ValueChanges::default();
        let value = code(text, form, rule, &mut changes);
        let value = value.map(|value| value.unwrap_or_default().into_owned());
        (value.map_err(|unread| unread.code), changes.iter().collect())
    }

    #[test]
    fn codes_keep_every_digit() {
        use Change::{Blanks, Exponent, Fraction, FullWidth, Number, Zeros};
        let none = ValueRule::default();
        let digits = ValueRule { digits: Some(6), ..ValueRule::default() };
        for (text, form, rule, value, changes) in [
            ("S0000000000000000000012", CellForm::Text, &none, "S0000000000000000000012", vec![]),
            ("340100000000000000123", CellForm::Text, &none, "340100000000000000123", vec![]),
            (" H34010000001", CellForm::Text, &none, "H34010000001", vec![Blanks]),
            ("Ｈ３４", CellForm::Text, &none, "H34", vec![FullWidth]),
            ("310.0", CellForm::Text, &none, "310", vec![Fraction]),
            ("M03900.1", CellForm::Text, &none, "M03900.1", vec![]),
            ("310", CellForm::Number, &none, "310", vec![Number]),
            ("310", CellForm::Whole, &none, "310", vec![Number]),
            ("310.0", CellForm::Double, &none, "310", vec![Number, Fraction]),
            (
                "34010000000000000012.0000",
                CellForm::Decimal,
                &none,
                "34010000000000000012",
                vec![Number, Fraction],
            ),
            ("3.401E5", CellForm::Number, &none, "340100", vec![Number, Exponent]),
            ("1100", CellForm::Text, &digits, "001100", vec![Zeros]),
            ("340100", CellForm::Text, &digits, "340100", vec![]),
            ("A1", CellForm::Text, &digits, "A1", vec![]),
        ] {
            assert_eq!(read(text, form, rule), (Ok(value.to_owned()), changes), "{text}");
        }
        assert_eq!(read("", CellForm::Text, &none).0, Ok(String::new()));
        for (text, form, rule) in [
            ("3.40E+17", CellForm::Text, &none),
            ("1E+05", CellForm::Text, &none),
            ("1234567890123456", CellForm::Number, &none),
            ("1234567890123456.0", CellForm::Text, &none),
            ("1.5", CellForm::Number, &none),
            ("-310", CellForm::Number, &none),
            ("a\nb", CellForm::Text, &none),
            ("#REF!", CellForm::Error, &none),
            ("2025-10-01", CellForm::Day, &none),
            ("3401000", CellForm::Text, &digits),
        ] {
            assert_eq!(read(text, form, rule).0, Err(Code::K04), "{text}");
        }
    }
}
