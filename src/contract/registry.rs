//! `registry.csv`: counties and their networked institutions.

use std::collections::BTreeSet;

use chrono::NaiveDate;

use super::{
    columns::REGISTRY,
    lines::{SmallFileLine, read},
};
use crate::{
    diag::{Code, Finding},
    model::{
        codes::{CareClass, Province},
        dates::parse_day,
        institution::is_institution,
    },
};

/// An institution of the registry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Institution {
    /// Its county, six digits.
    pub county: String,
    /// The province of the county.
    pub province: Province,
    /// The care classes that it settles across provinces.
    pub care_classes: BTreeSet<CareClass>,
    /// The first day of networking; none if the institution is not networked.
    pub opened_on: Option<NaiveDate>,
}

/// Parses a registry; adds all findings.
pub fn read_registry(bytes: &[u8], name: &str, findings: &mut Vec<Finding>) -> Vec<Institution> {
    let mut codes = BTreeSet::new();
    read(bytes, name, REGISTRY.columns, findings, |line| institution(line, &mut codes))
}

fn institution(line: &mut SmallFileLine, codes: &mut BTreeSet<String>) -> Option<Institution> {
    let code = line.values[0].clone();
    if !is_institution(code.as_bytes()) {
        line.refuse(Code::N01, 0);
    }
    let province = Province::of_division(line.values[1].as_bytes());
    if province.is_none() {
        line.refuse(Code::N02, 1);
    }
    if !matches!(line.values[2].as_str(), "H" | "P") || !code.starts_with(&line.values[2]) {
        line.refuse(Code::N03, 2);
    }
    let care_classes: Option<BTreeSet<CareClass>> =
        line.values[3].split(';').map(CareClass::from_name).collect();
    if care_classes.is_none() {
        line.refuse(Code::N04, 3);
    }
    let opened_on = match line.values[4].as_str() {
        "" => Some(None),
        day => parse_day(day).map(Some),
    };
    if opened_on.is_none() {
        line.refuse(Code::S05, 4);
    }
    if !codes.insert(code) {
        line.refuse(Code::N05, 0);
    }
    let county = line.values[1].clone();
    Some(Institution {
        county,
        province: province?,
        care_classes: care_classes?,
        opened_on: opened_on?,
    })
}
