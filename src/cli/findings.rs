//! Prints the findings of a refused delivery. Equal findings of many files are printed once, of many similar ones the
//! first.

use std::collections::BTreeMap;

use crate::{
    diag::{Code, Finding},
    text::{Grouped, Text},
};

/// The most files that are named beside the first one of a finding.
const FILES: usize = 3;
/// The most findings of one kind in one file that are listed.
const ALIKE: usize = 1_000;

/// Lists findings, each with the other files that have the same one.
pub(super) fn listed(findings: &[Finding]) -> Vec<Text> {
    let mut places: BTreeMap<Finding, usize> = BTreeMap::new();
    let mut groups: Vec<(&Finding, Vec<&str>)> = Vec::new();
    for finding in findings {
        let same = Finding { file: String::new(), ..finding.clone() };
        let place = *places.entry(same).or_insert(groups.len());
        match groups.get_mut(place) {
            Some((_, others)) => others.push(&finding.file),
            None => groups.push((finding, Vec::new())),
        }
    }
    let mut all: BTreeMap<(Code, &str), usize> = BTreeMap::new();
    for (first, _) in &groups {
        *all.entry((first.code, &first.file)).or_default() += 1;
    }
    let mut seen: BTreeMap<(Code, &str), usize> = BTreeMap::new();
    let mut lines = Vec::new();
    for (first, others) in &groups {
        let kind = (first.code, first.file.as_str());
        let number = seen.entry(kind).or_default();
        *number += 1;
        // A finding about a whole file is always listed.
        if *number <= ALIKE || first.place.is_empty() {
            lines.push(text!("  {}", first.text()));
            lines.extend(also_in(others));
        } else if *number == all[&kind] {
            let (code, file) = kind;
            let more = Grouped((*number - ALIKE) as u64);
            lines.push(text!("  {} {}: {} finding(s) more", code, file, more));
        }
    }
    lines
}

/// Names the other files with the same finding.
fn also_in(files: &[&str]) -> Option<Text> {
    let mut names = files.iter().take(FILES).copied().collect::<Vec<_>>().join(", ");
    if files.len() > FILES {
        names.push_str(", …");
    }
    let count = Grouped(files.len() as u64);
    (!files.is_empty()).then(|| text!("    the same in {} file(s) more: {}", count, names))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_true_of_many_files_is_said_once() {
        let file =
            |n: u32| Finding::of_file(Code::F02, format!("treating/{n}.parquet"), text!("text"));
        let mut findings: Vec<Finding> = (10..15).map(file).collect();
        let place = text!("column {}", "psn_no");
        findings.push(Finding::new(Code::F03, "treating/10.parquet", place, text!("none")));
        let lines: Vec<String> = listed(&findings).iter().map(Text::to_string).collect();
        assert_eq!(lines.len(), 3, "{lines:?}");
        assert!(lines[0].starts_with("  F02 treating/10.parquet: found text"));
        assert_eq!(
            lines[1],
            "    the same in 4 files more: treating/11.parquet, treating/12.parquet, \
             treating/13.parquet, …"
        );
        assert!(lines[2].starts_with("  F03 treating/10.parquet, column psn_no"));
    }

    #[test]
    fn thousands_of_lines_alike_are_a_count() {
        let line = |n: u32| {
            Finding::new(Code::S05, "payments.csv", text!("line {}", n), Text::given("\"x\""))
        };
        let mut findings: Vec<Finding> = (0..2000).map(line).collect();
        findings.push(Finding::new(
            Code::S04,
            "payments.csv",
            text!("line {}", 7),
            Text::given("\"y\""),
        ));
        let lines: Vec<String> = listed(&findings).iter().map(Text::to_string).collect();
        assert_eq!(lines.len(), 1002);
        assert_eq!(lines[1000], "  S05 payments.csv: 1,000 findings more");
        assert!(lines[1001].starts_with("  S04 payments.csv, line 7"));
    }
}
