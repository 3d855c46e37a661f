//! Notes about a delivery that `run` and `check` share: values in other forms, findings that are accepted.

use crate::{
    diag::Finding,
    ingest::survey::Normalisations,
    text::{Grouped, Text, list},
};

/// Words a number of things.
type CountWord = fn(Grouped<u64>) -> Text;

/// Notes what was read in another form than the contract's.
pub(super) fn normalised(n: &Normalisations) -> Vec<Text> {
    let mut notes = Vec::new();
    if n.int96_columns > 0 {
        let columns = text!("{} timestamp column(s)", Grouped(n.int96_columns));
        notes.push(text!(
            "warning: {} of INT96, taken as the rules say (int96); ask the sender for TIMESTAMP",
            columns
        ));
    }
    let all: [(u64, CountWord); 10] = [
        (n.alias_columns, |n| text!("{} column(s) under another name", n)),
        (n.respelled_columns, |n| text!("{} column(s) in another spelling", n)),
        (n.integer_code_columns, |n| text!("{} column(s) of integer codes", n)),
        (n.null_columns, |n| text!("{} column(s) of the null type", n)),
        (n.rescaled_columns, |n| text!("{} decimal column(s) of another scale", n)),
        (n.utc_time_columns, |n| text!("{} timestamp column(s) in UTC", n)),
        (n.null_amounts, |n| text!("{} null amount(s)", n)),
        (n.empty_texts, |n| text!("{} empty text(s)", n)),
        (n.padded_flags, |n| text!("{} flag(s) with blanks", n)),
        (n.extra_columns, |n| text!("{} further column(s)", n)),
    ];
    let there = all.into_iter().filter(|(count, _)| *count > 0);
    let taken: Vec<Text> = there.map(|(count, said)| said(Grouped(count))).collect();
    notes.extend((!taken.is_empty()).then(|| text!("normalised {}", list(taken))));
    notes
}

/// Returns the accepted findings: the first of each code, and their number.
pub(super) fn accepted(findings: &[Finding]) -> Vec<Text> {
    debug_assert!(findings.is_sorted_by_key(|finding| finding.code));
    let by_code = findings.chunk_by(|a, b| a.code == b.code);
    let line = |of_code: &[Finding]| {
        let Finding { code, file, found, .. } = &of_code[0];
        Text::labelled(
            "accepted",
            match of_code.len() - 1 {
                0 => text!("{} at {}: {}", code, file, found),
                more => text!("{} at {}: {}, and {} more", code, file, found, more),
            },
        )
    };
    by_code.map(line).collect()
}
