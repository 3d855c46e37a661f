//! `names.csv`: names of pooling areas, divisions and institutions.

use std::collections::BTreeMap;

use super::{columns::NAMES, lines::read};
use crate::diag::{Code, Finding};

/// Names by code.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PlaceNames(BTreeMap<String, String>);

impl PlaceNames {
    /// Parses the names; adds all findings.
    pub fn read(bytes: &[u8], name: &str, findings: &mut Vec<Finding>) -> PlaceNames {
        let mut names = BTreeMap::new();
        read(bytes, name, NAMES.columns, findings, |line| {
            for column in [0, 1] {
                if line.values[column].trim().is_empty() {
                    line.refuse(Code::S13, column);
                }
            }
            let [code, shown] = [0, 1].map(|column: usize| line.values[column].trim().to_owned());
            if !code.is_empty() && names.insert(code, shown).is_some() {
                line.refuse(Code::S15, 0);
            }
            Some(())
        });
        PlaceNames(names)
    }

    /// Returns the name of a code, if it has one.
    pub fn name(&self, code: &str) -> Option<&str> {
        self.0.get(code).map(String::as_str)
    }

    /// Returns code and name, or the code alone.
    pub fn of(&self, code: &str) -> String {
        self.0.get(code).map_or_else(|| code.to_owned(), |name| format!("{code} {name}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_has_one_name() {
        let mut findings = Vec::new();
        let text = "name,code\n合肥市,340100\n,340200\n巢湖市,340100\n";
        let names = PlaceNames::read(text.as_bytes(), "names.csv", &mut findings);
        let codes: Vec<Code> = findings.iter().map(|finding| finding.code).collect();
        assert_eq!(codes, [Code::S13, Code::S15]);
        assert_eq!(names.of("340300"), "340300");
        assert!(names.of("340100").starts_with("340100 "));
    }
}
