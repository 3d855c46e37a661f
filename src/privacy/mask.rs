//! Masks the numbers of persons and visits in output for people: at most the end is shown.

/// The number of characters that stay readable if the number is long enough to hide the rest.
const SHOWN: usize = 4;

/// Masks the number of a person or of a visit.
pub fn masked(number: &str) -> String {
    let length = number.chars().count();
    let shown = if length > 2 * SHOWN { SHOWN } else { 0 };
    let end: String = number.chars().skip(length - shown).collect();
    format!("***{end}")
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
}
