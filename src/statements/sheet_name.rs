//! Names of worksheets, such as spreadsheets take.

use std::collections::BTreeSet;

use super::plain::shown;
use crate::spelling::beginning;

/// The most UTF-16 units of a name.
const LONGEST_NAME: usize = 31;

/// Returns a valid sheet name that is not in `names`, with a number when it is not 0, and adds it.
pub(crate) fn sheet_name(name: &str, number: usize, names: &mut BTreeSet<String>) -> String {
    let letter = |letter| if "[]:*?/\\".contains(letter) { '_' } else { letter };
    let name: String = shown(name).replace(['\t', '\n', '\r'], " ").chars().map(letter).collect();
    let name = if name.trim_matches(['\'', ' ']).is_empty() { "表" } else { &name };
    let mut free = (number..).filter_map(|number| {
        let end = if number == 0 { String::new() } else { format!(" {number}") };
        let most = LONGEST_NAME - end.len();
        let name = beginning(name.trim_matches('\''), most, char::len_utf16);
        let name = format!("{}{end}", name.trim_end_matches('\''));
        names.insert(name.to_lowercase()).then_some(name)
    });
    free.next().expect("Invariant: numbers go on")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_sheets_are_such_as_spreadsheets_take() {
        let mut names = BTreeSet::from(["history".to_owned()]);
        let long = "省".repeat(40);
        for (name, number, expected) in [
            ("应付", 0, "应付".to_owned()),
            ("应付", 0, "应付 1".to_owned()),
            ("应付", 2, "应付 2".to_owned()),
            ("'a/b[c]:d'", 0, "a_b_c__d".to_owned()),
            ("A_B_C__D", 0, "A_B_C__D 1".to_owned()),
            ("History", 0, "History 1".to_owned()),
            ("''", 0, "表".to_owned()),
            (&long, 0, "省".repeat(31)),
            (&long, 0, "省".repeat(29) + " 1"),
            ("\u{1f4a3}\0", 0, "\u{1f4a3}\u{2400}".to_owned()),
        ] {
            let found = sheet_name(name, number, &mut names);
            assert_eq!(found, expected);
            assert!(rust_xlsxwriter::utility::check_sheet_name(&found).is_ok(), "{found:?}");
        }
    }
}
