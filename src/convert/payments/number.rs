//! Numbers of notices in the texts of a bank statement.

use std::collections::BTreeSet;

use unicode_normalization::UnicodeNormalization;

use crate::reserve::notices::NoticeKind;

/// The digits of a number behind its kind: year, month, insured province, treating province.
const PARTS: [usize; 4] = [4, 2, 2, 2];

/// Returns the numbers of notices that a text names, as the book spells them. Width, case, blanks, line breaks and the
/// kind of the dashes do not matter; dashes may be missing.
pub(super) fn notice_numbers(text: &str) -> BTreeSet<String> {
    let letters: Vec<char> = text.nfkc().flat_map(char::to_uppercase).collect();
    (0..letters.len()).filter_map(|at| number_at(&letters, at)).collect()
}

/// Returns the number that begins at a letter.
fn number_at(letters: &[char], start: usize) -> Option<String> {
    let is_first = letters[start].is_ascii_uppercase();
    if !is_first || start > 0 && letters[start - 1].is_ascii_alphanumeric() {
        return None;
    }
    let mut at = start;
    let mut take = |may_dash: bool| {
        while letters
            .get(at)
            .is_some_and(|letter| letter.is_whitespace() || may_dash && is_dash(*letter))
        {
            at += 1;
        }
        let letter = letters.get(at).copied()?;
        at += 1;
        Some(letter)
    };
    let kind: String = [take(false)?, take(false)?].into_iter().collect();
    NoticeKind::from_name(&kind)?;
    let mut number = kind;
    for digits in PARTS {
        number.push('-');
        for digit in 0..digits {
            number.push(take(digit == 0).filter(char::is_ascii_digit)?);
        }
    }
    // A longer row of digits is another number.
    (!letters.get(at).is_some_and(char::is_ascii_digit)).then_some(number)
}

fn is_dash(letter: char) -> bool {
    matches!(
        letter,
        '-' | '_' | '/' | '.' | '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{30fc}' | '\u{ff70}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<String> {
        notice_numbers(text).into_iter().collect()
    }

    #[test]
    fn numbers_are_found_however_they_are_written() {
        for text in [
            "QS-2025-10-34-31",
            "付QS-2025-10-34-31清算款",
            "ｑｓ－２０２５－１０－３４－３１",
            "qs 2025 10 34 31",
            "QS—2025—10—34—31号通知书",
            "QS-2025-10-3\n4-31",
            "QS-2025-10\r\n-34-31",
            "QS2025103431",
            "Q S-2025-10-34-31",
            "QS_2025_10_34_31, QS-2025-10-34-31",
            "QS-2025-10-34-31 100元",
        ] {
            assert_eq!(found(text), ["QS-2025-10-34-31"], "{text}");
        }
        assert_eq!(
            found("QS-2025-10-34-31、FH-2025-10-34-31"),
            ["FH-2025-10-34-31", "QS-2025-10-34-31"]
        );
        for text in [
            "",
            "QS",
            "QS-2025-10-34",
            "XX-2025-10-34-31",
            "AQS-2025-10-34-31",
            "1QS-2025-10-34-31",
            "QS-2025-10-34-311",
            "QS20251034311",
            "QS-25-10-34-31",
            "QS-2025-10-3a-31",
            "清算款2025年10月",
        ] {
            assert!(found(text).is_empty(), "{text}");
        }
    }
}
