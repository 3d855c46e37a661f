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
    /// Its code.
    pub code: String,
    /// Its county, six digits.
    pub county: String,
    /// The province of the county.
    pub province: Province,
    /// The care classes that it settles across provinces.
    pub care_classes: BTreeSet<CareClass>,
    /// The first day of networking; none if the institution is not networked.
    pub opened_on: Option<NaiveDate>,
    /// Its level, a value of `hosp_lv`; none where it is not known.
    pub level: Option<String>,
    /// Whether it is in the network; none where it is not known.
    pub networked: Option<bool>,
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
    let networked = if line.values[6].is_empty() { Some(None) } else { line.flag(6).map(Some) };
    if !codes.insert(code.clone()) {
        line.refuse(Code::N05, 0);
    }
    let county = line.values[1].clone();
    Some(Institution {
        code,
        county,
        province: province?,
        care_classes: care_classes?,
        opened_on: opened_on?,
        level: Some(line.values[5].clone()).filter(|level| !level.is_empty()),
        networked: networked?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> (Vec<Institution>, Vec<String>) {
        let mut findings = Vec::new();
        let institutions = read_registry(text.as_bytes(), "registry.csv", &mut findings);
        let said =
            |finding: &Finding| format!("{} {}: {}", finding.code, finding.place, finding.found);
        (institutions, findings.iter().map(said).collect())
    }

    #[test]
    fn level_and_network_may_be_missing() {
        let (plain, findings) = read(
            "fixmedins_code,county,kind,care_classes,opened_on\nH61010000001,610102,H,inpatient,\n",
        );
        assert_eq!(findings, [""; 0]);
        assert_eq!((plain[0].level.as_deref(), plain[0].networked), (None, None));
        assert_eq!(plain[0].code, "H61010000001");
    }

    #[test]
    fn level_and_network_stand_in_any_column() {
        let (all, findings) = read(
            "networked,fixmedins_code,county,kind,care_classes,level,opened_on\n\
             1,H61010000001,610102,H,inpatient,3A,\n\
             0,H61010000002,610102,H,inpatient,,\n\
             ,H61010000003,610102,H,inpatient,x,\n\
             yes,H61010000004,610102,H,inpatient,x,\n",
        );
        let known = all.iter().map(|one| (one.level.as_deref(), one.networked));
        assert_eq!(
            known.collect::<Vec<_>>(),
            [(Some("3A"), Some(true)), (None, Some(false)), (Some("x"), None)]
        );
        assert_eq!(findings, ["S06 line 5, column networked: \"yes\""]);
        let twice = "level,fixmedins_code,county,kind,care_classes,level,opened_on\n";
        assert!(read(twice).1[0].starts_with("S02 line 1"), "{:?}", read(twice).1);
    }
}
