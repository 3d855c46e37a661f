//! Masks what texts of errors have of numbers of persons, before anything is kept.

use crate::privacy::mask::without_numbers;

/// The most characters that are kept.
const KEPT: usize = 200;

/// Masks every run of eight or more digits, with an X right after it, and cuts the text.
pub(super) fn masked_and_cut(text: &str) -> String {
    cut(&without_numbers(text)).to_owned()
}

/// Cuts a text after so many characters.
pub(super) fn cut(text: &str) -> &str {
    text.char_indices().nth(KEPT).map_or(text, |(end, _)| &text[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn eight_digits_are_masked_and_seven_are_not() {
        for (text, expected) in [
            ("", ""),
            ("1234567", "1234567"),
            ("12345678", "********"),
            ("1234567x", "1234567x"),
            ("号12345678x错", "号*********错"),
            ("11010519491231002Xx", "******************x"),
            ("123456781234567 1234567", "*************** 1234567"),
            ("a12345678b1234567c123456789", "a********b1234567c*********"),
            // Digits of other scripts are no digits 0 to 9.
            ("１２３４５６７８", "１２３４５６７８"),
            ("1234-5678", "1234-5678"),
        ] {
            assert_eq!(masked_and_cut(text), expected, "{text}");
        }
    }

    #[test]
    fn a_text_is_masked_before_it_is_cut() {
        let text = format!("{}12345678", "错".repeat(196));
        assert_eq!(masked_and_cut(&text), format!("{}****", "错".repeat(196)));
        assert_eq!(masked_and_cut(&"x".repeat(200)).len(), 200);
        assert_eq!(masked_and_cut(&"x".repeat(201)).len(), 200);
        assert_eq!(cut(&"错".repeat(201)).chars().count(), 200);
    }
}
