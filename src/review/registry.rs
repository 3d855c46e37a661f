//! The institutions of the registry, for the review.

use std::path::Path;

use rustc_hash::FxHashMap;

use super::{
    account::UnknownValues,
    benefits::words::HospitalLevel,
    rules_file::values::{ReviewValues, Worded},
};
use crate::{
    bounded,
    contract::registry::read_registry,
    diag::{Failure, Finding, Outcome},
};

/// What the registry says of an institution.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ListedInstitution {
    /// Its level.
    pub level: Option<HospitalLevel>,
    /// Whether it is in the network.
    pub networked: Option<bool>,
}

/// The institutions of the registry by their codes.
#[derive(Debug, Default)]
pub struct ReviewRegistry {
    listed: FxHashMap<String, ListedInstitution>,
    /// Levels that `values` does not have, with the number of their institutions.
    pub(super) unknown: UnknownValues,
}

impl ReviewRegistry {
    /// Reads a registry; adds all findings. A level that `values` does not have counts as none, and is noted.
    pub fn read(
        path: &Path,
        values: &ReviewValues,
        findings: &mut Vec<Finding>,
    ) -> Outcome<ReviewRegistry> {
        let bytes = bounded::read_all(path, bounded::SMALL_FILE).map_err(|error| {
            Failure::Usage(text!("--registry {} cannot be read: {}", path, error))
        })?;
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let mut registry = ReviewRegistry::default();
        for one in read_registry(&bytes, &name, findings) {
            let level = one.level.as_deref().and_then(|level| match values.level(level) {
                Worded::Known(level) => Some(level),
                Worded::Silent => None,
                Worded::Unknown => {
                    registry.unknown.add("level", level, 1);
                    None
                }
            });
            registry.listed.insert(one.code, ListedInstitution { level, networked: one.networked });
        }
        Ok(registry)
    }

    /// Returns what it says of an institution.
    pub fn get(&self, institution: &str) -> Option<&ListedInstitution> {
        self.listed.get(institution)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::review::rules_file::ReviewRules;

    #[test]
    fn a_level_that_values_does_not_have_is_none_and_is_noted() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("registry.csv");
        let line =
            |code: u8, level: &str| format!("H6101000000{code},610102,H,inpatient,,{level},\n");
        let lines = [
            "fixmedins_code,county,kind,care_classes,opened_on,level,networked\n".to_owned(),
            line(1, "3"),
            line(2, "三级"),
            line(3, "三级"),
            line(4, ""),
        ];
        std::fs::write(&path, lines.concat()).expect("written");
        let mut findings = Vec::new();
        let rules = ReviewRules::built_in();
        let registry = ReviewRegistry::read(&path, &rules.values, &mut findings).expect("read");
        assert_eq!(findings, []);
        let level = |code: u8| registry.get(&format!("H6101000000{code}")).expect("listed").level;
        assert_eq!([1, 2, 3, 4].map(level), [Some(HospitalLevel::Three), None, None, None]);
        let unknown: Vec<_> = registry.unknown.iter().collect();
        assert_eq!(unknown, [("level", "三级", 2)]);
    }
}
