//! Numbers of a workbook as decimal text. A workbook has no other numbers than binary ones of double precision.
#![expect(clippy::disallowed_types, reason = "the numbers of workbooks are binary")]

use std::fmt::Write;

/// The most digits that every number of double precision keeps.
const KEPT: usize = 15;
/// The most digits of the decimal text of a number.
const WRITTEN: usize = 40;

/// Appends a number in digits, without exponent and without zeros behind its end; `None` when a text is no number.
///
/// Programs write the binary number nearest to 0.1 as `0.10000000000000001`: the shortest text that names the same
/// number is meant. A whole number without exponent is exact, as no spreadsheet program has written it.
pub(super) fn plain(text: &str, into: &mut String) -> Option<()> {
    let text = text.trim();
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    let (whole, rest) = unsigned.split_once('.').unwrap_or((unsigned, ""));
    let digits = |text: &str| text.bytes().all(|letter| letter.is_ascii_digit());
    if !digits(whole) || !digits(rest) || whole.len() + rest.len() == 0 {
        return double(text.parse().ok()?, into);
    }
    let rest = rest.trim_end_matches('0');
    let whole = whole.trim_start_matches('0');
    let significant = if whole.is_empty() { rest.trim_start_matches('0') } else { rest };
    if !rest.is_empty() && whole.len() + significant.len() > KEPT {
        return double(text.parse().ok()?, into);
    }
    if unsigned.len() < text.len() && whole.len() + rest.len() > 0 {
        into.push('-');
    }
    into.push_str(if whole.is_empty() { "0" } else { whole });
    if !rest.is_empty() {
        into.push('.');
        into.push_str(rest);
    }
    Some(())
}

/// Appends a number of double precision as the shortest decimal text that names it.
pub(super) fn double(number: f64, into: &mut String) -> Option<()> {
    let length = into.len();
    number.is_finite().then_some(())?;
    write!(into, "{number}").ok()?;
    if into[length..] == *"-0" {
        into.remove(length);
    } else if into.len() - length > WRITTEN {
        into.truncate(length);
        write!(into, "{number:e}").ok()?;
    }
    Some(())
}

/// Appends the number that eight bytes hold.
pub(super) fn of_bytes(bytes: [u8; 8], into: &mut String) -> Option<()> {
    double(f64::from_le_bytes(bytes), into)
}

/// Appends the hundredth part of the number that eight bytes hold.
#[expect(clippy::float_arithmetic, reason = "the format divides")]
pub(super) fn hundredth_of_bytes(bytes: [u8; 8], into: &mut String) -> Option<()> {
    double(f64::from_le_bytes(bytes) / 100.0, into)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> Option<String> {
        let mut into = String::new();
        plain(text, &mut into).map(|()| into)
    }

    #[test]
    fn numbers_are_the_shortest_decimal_text() {
        for (text, is) in [
            ("0.10000000000000001", "0.1"),
            ("1234.5599999999999", "1234.56"),
            ("-0.10000000000000001", "-0.1"),
            ("0.30000000000000004", "0.30000000000000004"),
            ("1.50", "1.5"),
            ("1.00", "1"),
            ("-12.50", "-12.5"),
            (".5", "0.5"),
            ("007", "7"),
            ("-0", "0"),
            ("-0.0", "0"),
            ("0", "0"),
            ("1E5", "100000"),
            ("4.5981E4", "45981"),
            ("1.0999999999999999E-2", "0.011"),
            ("1e300", "1e300"),
            ("340123198001011234", "340123198001011234"),
            ("3.4012319800101123E17", "340123198001011200"),
            ("99999999999999.9", "99999999999999.9"),
            ("0.000012345678901234", "0.000012345678901234"),
            (" 5 ", "5"),
        ] {
            assert_eq!(shown(text).as_deref(), Some(is), "{text}");
        }
        for text in ["", ".", "-", "x", "1,5", "1.2.3", "NaN", "inf", "1e999", "0x10"] {
            assert_eq!(shown(text), None, "{text}");
        }
    }

    #[test]
    fn bytes_are_the_numbers_that_they_hold() {
        let shown = |take: fn([u8; 8], &mut String) -> Option<()>, number: f64| {
            let mut into = String::new();
            take(number.to_le_bytes(), &mut into).map(|()| into)
        };
        assert_eq!(shown(of_bytes, 12.1).as_deref(), Some("12.1"));
        assert_eq!(shown(of_bytes, f64::NAN), None);
        assert_eq!(shown(hundredth_of_bytes, 1_210.0).as_deref(), Some("12.1"));
    }
}
