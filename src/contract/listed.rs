//! Compares the list of files in control-totals.csv with the delivered files.

use std::collections::{BTreeMap, BTreeSet};

use unicode_normalization::UnicodeNormalization;

use super::small_files::DeclaredTotals;
use crate::{
    diag::{Code, Finding},
    spelling::bare,
};

/// The name of the list.
pub(crate) const LIST: &str = "control-totals.csv";

/// Checks that control-totals.csv lists every Parquet file exactly once, and no other file. A name in another
/// spelling is replaced by the name of its file.
pub(crate) fn check(totals: &mut [DeclaredTotals], names: &[String], findings: &mut Vec<Finding>) {
    let there: BTreeSet<&str> = names.iter().map(String::as_str).collect();
    let by_path = unique(names, path);
    let mut listed = BTreeSet::new();
    for declared in totals {
        let place = text!("line {}", declared.line);
        if !there.contains(declared.file.as_str()) {
            if let Some(name) = by_path.get(&path(&declared.file)) {
                (*name).clone_into(&mut declared.file);
            } else {
                let near = near(&declared.file, names);
                let found = if let Some(near) = near {
                    text!("{}, which is not there; there is {}", declared.file, near)
                } else {
                    text!("{}, which is not there", declared.file)
                };
                findings.push(Finding::new(Code::F10, LIST, place.clone(), found));
                // One mistake gives one finding: the file that was probably meant counts as listed.
                listed.extend(near.map(str::to_owned));
            }
        }
        if !listed.insert(declared.file.clone()) {
            let found = text!("{} again", declared.file);
            findings.push(Finding::new(Code::F10, LIST, place, found));
        }
    }
    for name in names {
        if !listed.contains(name) {
            findings.push(Finding::of_file(Code::F10, name, text!("a file that is not listed")));
        }
    }
}

/// Whether a declared file lies in a folder of the delivery.
pub(crate) fn is_below(folder: &str, declared: &str) -> bool {
    path(declared).split('/').next().is_some_and(|first| first == folder)
}

/// Normalises a path of Windows, a shell or macOS: `/` as separator, relative to the input folder, characters
/// composed (NFC).
fn path(name: &str) -> String {
    let name = name.replace('\\', "/");
    let mut rest = name.as_str();
    while let Some(shorter) = rest.strip_prefix("./").or_else(|| rest.strip_prefix('/')) {
        rest = shorter;
    }
    rest.nfc().collect()
}

/// Returns the one file that a name in the list can mean, although its spelling differs.
fn near<'a>(declared: &str, names: &'a [String]) -> Option<&'a str> {
    let folded = |name: &str| bare(&path(name));
    let file = |name: &str| folded(name.rsplit(['/', '\\']).next().unwrap_or(name));
    let by_case = unique(names, |name| folded(name));
    let by_file = unique(names, |name| file(name));
    let found = by_case.get(&folded(declared)).or_else(|| by_file.get(&file(declared)));
    found.copied()
}

/// Returns the names by a key, without keys that several names share.
fn unique(names: &[String], of: impl Fn(&str) -> String) -> BTreeMap<String, &str> {
    let mut found: BTreeMap<String, Option<&str>> = BTreeMap::new();
    for name in names {
        found.entry(of(name)).and_modify(|name| *name = None).or_insert(Some(name));
    }
    found.into_iter().filter_map(|(key, name)| Some((key, name?))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checked(declared: &[&str], names: &[&str]) -> (Vec<String>, Vec<String>) {
        let totals = declared.iter().zip(2..).map(|(file, line)| DeclaredTotals {
            line,
            file: (*file).to_owned(),
            rows: 0,
            sums: Default::default(),
        });
        let mut totals: Vec<DeclaredTotals> = totals.collect();
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let mut findings = Vec::new();
        check(&mut totals, &names, &mut findings);
        let found = findings.iter().map(|f| format!("{} {}: {}", f.file, f.place, f.found));
        (totals.into_iter().map(|declared| declared.file).collect(), found.collect())
    }

    #[test]
    fn files_are_known_by_other_ways_of_writing_their_path() {
        let there = ["insured/a.parquet", "insured/caf\u{e9}.parquet", "treating/x/31.parquet"];
        let declared =
            ["/insured/a.parquet", "./insured/cafe\u{301}.parquet", ".\\treating\\x\\31.parquet"];
        let (names, found) = checked(&declared, &there);
        assert_eq!(names, there);
        assert_eq!(found, [""; 0]);
        // A name with a backslash is a name.
        let (names, found) = checked(&["insured\\a.parquet"], &["insured\\a.parquet"]);
        assert_eq!((names, found), (vec!["insured\\a.parquet".to_owned()], Vec::new()));
    }

    #[test]
    fn the_near_name_is_pointed_at_and_a_mistake_is_one_finding() {
        let (_, found) = checked(&["Treating/A.parquet"], &["treating/a.parquet"]);
        assert_eq!(
            found,
            [
                "control-totals.csv line 2: Treating/A.parquet, which is not there; there is treating/a.parquet"
            ]
        );
        let (_, found) = checked(&["a.parquet"], &["insured/b.parquet", "treating/a.parquet"]);
        assert_eq!(
            found,
            [
                "control-totals.csv line 2: a.parquet, which is not there; there is treating/a.parquet",
                "insured/b.parquet : a file that is not listed",
            ]
        );
        let (_, found) = checked(&["a.parquet"], &["insured/a.parquet", "treating/a.parquet"]);
        assert_eq!(found.len(), 3, "it may mean either: {found:?}");
        let (_, found) = checked(&["x/a", "x\\a"], &["x/a"]);
        assert_eq!(found, ["control-totals.csv line 3: x/a again"]);
    }
}
