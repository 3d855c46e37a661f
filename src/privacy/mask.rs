//! Masks the numbers of persons and visits in output for people: at most the end is shown, in free text nothing.

/// The number of characters that stay readable if the number is long enough to hide the rest.
const SHOWN: usize = 4;

/// Masks the number of a person or of a visit.
pub fn masked(number: &str) -> String {
    let length = number.chars().count();
    let shown = if length > 2 * SHOWN { SHOWN } else { 0 };
    let end: String = number.chars().skip(length - shown).collect();
    format!("***{end}")
}

/// The digits of a run that is masked in free text, at least.
const LONG_RUN: usize = 8;

/// Masks in free text every run of eight or more digits, with an X right after it.
pub fn without_numbers(text: &str) -> String {
    let mut masked = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find(|c: char| c.is_ascii_digit()) {
        let (before, from) = rest.split_at(start);
        let digits = from.bytes().take_while(u8::is_ascii_digit).count();
        let ends_with_x = digits >= LONG_RUN && from[digits..].starts_with(['x', 'X']);
        let (run, after) = from.split_at(digits + usize::from(ends_with_x));
        masked.push_str(before);
        masked.push_str(&if digits < LONG_RUN { run.to_owned() } else { "*".repeat(run.len()) });
        rest = after;
    }
    masked.push_str(rest);
    masked
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_numbers_show_nothing() {
        assert_eq!(masked("34000000000123456789"), "***6789");
        assert_eq!(masked("人员编号一二三四五"), "***二三四五");
        assert_eq!(masked("12345678"), "***");
        assert_eq!(masked(""), "***");
    }

    #[test]
    fn runs_of_eight_digits_are_masked_and_of_seven_are_not() {
        for (text, expected) in [
            ("", ""),
            ("1234567", "1234567"),
            ("1234567x", "1234567x"),
            ("人员12345678", "人员********"),
            (
                "110105194912310021x 与 11010519491231002X, 7",
                "******************* 与 ******************, 7",
            ),
            ("１２３４５６７８", "１２３４５６７８"),
        ] {
            assert_eq!(without_numbers(text), expected);
        }
    }
}
