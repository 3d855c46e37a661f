//! Compares files of a review with the `SHA256SUMS` that it wrote beside them.

use std::{fs::File, io::ErrorKind, path::Path};

use crate::{
    bounded,
    diag::{Code, Failure, Finding, Outcome, shown},
    digest::sha256_of,
};

/// The file with the digests of all others.
const SUMS: &str = "SHA256SUMS";

/// Fails unless files are as the review wrote them. Replies are compared with them.
pub(super) fn check<'a>(leads: &Path, names: impl Iterator<Item = &'a str>) -> Outcome<()> {
    let finding = |name: &str, found| Finding::of_file(Code::W06, name, found);
    let sums = match bounded::read_text(&leads.join(SUMS), bounded::SETTINGS) {
        Ok(sums) => sums,
        Err(error) => return Err(refused(leads, vec![finding(SUMS, text!("{}", error))])),
    };
    let mut findings = Vec::new();
    for name in names {
        let mut lines = sums.lines().filter_map(|line| line.split_once("  "));
        let Some((sum, _)) = lines.find(|(_, path)| *path == name) else {
            findings.push(finding(SUMS, text!("no line of {}", name)));
            continue;
        };
        let path = leads.join(name);
        match File::open(&path).and_then(sha256_of) {
            Ok(found) if found == sum => {}
            Ok(_) => findings.push(finding(name, text!("other bytes than {} says", SUMS))),
            Err(error) if error.kind() == ErrorKind::NotFound => {
                findings.push(finding(name, text!("no file, although {} names it", SUMS)));
            }
            Err(error) => return Err(Failure::io(&path)(error)),
        }
    }
    if findings.is_empty() { Ok(()) } else { Err(refused(leads, findings)) }
}

pub(super) fn refused(leads: &Path, findings: Vec<Finding>) -> Failure {
    Failure::Unfit(text!("the leads of {} are", shown(leads)), findings)
}
