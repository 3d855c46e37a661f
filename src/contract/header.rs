//! The header of a small file: finds the columns, or guesses what is wrong.

use crate::{
    diag::{Code, Finding},
    spelling::{bare, short},
    text::{Text, quoted},
};

/// The maximum number of characters of a header in a finding.
const SHOWN: usize = 120;

/// Separators that are used by mistake in place of commas, with their names.
static SEPARATORS: [(char, Text); 6] = [
    (';', text!("semicolons")),
    ('\t', text!("tabs")),
    ('，', text!("full-width commas")),
    ('；', text!("full-width semicolons")),
    ('、', text!("enumeration commas")),
    ('|', text!("bars")),
];

/// Returns the position of each column in a header that begins at the byte `start` of a file, or the finding.
pub(super) fn positions(
    header: &[String],
    columns: &[&str],
    text: &str,
    start: u64,
    file: &str,
) -> Result<Vec<usize>, Finding> {
    let places = |column: &&str| (0..header.len()).filter(|at| header[*at] == **column).count();
    let of_count = |wrong: fn(usize) -> bool| -> Vec<&str> {
        columns.iter().copied().filter(|column| wrong(places(column))).collect()
    };
    let (missing, twice) = (of_count(|places| places == 0), of_count(|places| places > 1));
    if missing.is_empty() && twice.is_empty() {
        let place = |column: &&str| header.iter().position(|name| name == column);
        return Ok(columns.iter().filter_map(place).collect());
    }
    // `start` is the end of the line before the header, as the CSV reader reports it.
    let start = usize::try_from(start).unwrap_or(0);
    let before = text.get(..start).unwrap_or_default();
    let rest = text.get(start..).unwrap_or_default();
    let text = rest.trim_start_matches(['\r', '\n']);
    let skipped = rest[..rest.len() - text.len()].matches('\n').count();
    let line = before.matches('\n').count() + skipped + 1;
    let text = text.lines().next().unwrap_or_default();
    let (shown, without, again) =
        (quoted(short(text, SHOWN)), missing.join(", "), twice.join(", "));
    let found = match (missing.is_empty(), twice.is_empty()) {
        (false, false) => text!("{}, without {}; twice {}", shown, without, again),
        (false, true) => text!("{}, without {}", shown, without),
        (true, _) => text!("{}, twice {}", shown, again),
    };
    let finding = Finding::new(Code::S02, file, text!("line {}", line), found);
    Err(match guess(text, header, columns) {
        Some(hint) => finding.hinting(hint),
        None => finding,
    })
}

/// Returns a hint for a wrong header, if its mistake is a known one.
fn guess(text: &str, header: &[String], columns: &[&str]) -> Option<Text> {
    if text.contains('\0') {
        return Some(text!("save the file as CSV UTF-8; this looks like UTF-16"));
    }
    if text.trim_start().to_ascii_lowercase().starts_with("sep=") {
        return Some(text!(
            "remove this line, which Excel alone reads, and separate columns by commas"
        ));
    }
    let is_column = |name: &str| columns.contains(&name.trim().trim_matches('"'));
    let separator = SEPARATORS
        .iter()
        .find(|(separator, _)| text.contains(*separator) && text.split(*separator).any(is_column));
    if let Some((_, name)) = separator {
        return Some(text!("separate columns by commas, not by {}", name));
    }
    let near = |column: &&&str| {
        let is_near = |name: &&String| name != column && plain(name) == plain(column);
        !header.iter().any(|name| name == **column) && header.iter().any(|name| is_near(&name))
    };
    let near: Vec<&str> = columns.iter().filter(near).copied().collect();
    if !near.is_empty() {
        let near = near.join(", ");
        return Some(text!("write the names without blanks and in this way: {}", near));
    }
    let has_none = !header.iter().any(|name| columns.contains(&name.as_str()));
    (has_none && header.len() >= columns.len())
        .then(|| text!("put a header before the lines: {}", columns.join(",")))
}

/// Returns a name without differences of spelling.
fn plain(name: &str) -> String {
    bare(name).replace('-', "_")
}

#[cfg(test)]
mod tests {
    use super::*;

    const COLUMNS: [&str; 2] = ["notice_id", "amount"];

    fn hint(text: &str) -> String {
        let header: Vec<String> = text.split(',').map(str::to_owned).collect();
        let refused = positions(&header, &COLUMNS, text, 0, "f.csv").expect_err("refused");
        refused.own_hint.map(|hint| hint.to_string()).unwrap_or_default()
    }

    #[test]
    fn a_header_of_another_kind_is_guessed() {
        assert!(hint("notice_id;amount").ends_with("not by semicolons"));
        assert!(hint("notice_id\tamount\tx,y").ends_with("not by tabs"));
        assert!(hint("notice_id，amount").ends_with("not by full-width commas"));
        assert!(hint("sep=;").starts_with("remove this line"));
        assert!(hint("n\0o\0t\0").ends_with("UTF-16"));
        assert!(hint("Notice_ID, amount").ends_with("notice_id, amount"));
        assert!(hint("notice－id,ａmount").ends_with("notice_id, amount"));
        assert!(hint("QS-2025-10-34-31,5.00").ends_with("notice_id,amount"));
        assert_eq!(hint("notice_id,sum"), "");
    }

    #[test]
    fn one_finding_names_all_columns_and_shows_the_header() {
        let header = ["amount", "amount"].map(str::to_owned);
        let refused = positions(&header, &COLUMNS, " ,\n\namount,amount\nx,y\n", 3, "f.csv");
        let Finding { place, found, .. } = refused.expect_err("refused");
        assert_eq!(place.to_string(), "line 3");
        assert_eq!(found.to_string(), "\"amount,amount\", without notice_id; twice amount");
    }
}
