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
    institutions: FxHashMap<String, ListedInstitution>,
    /// The levels that `values` does not have, with their institutions.
    pub unknown_levels: UnknownValues,
}

impl ReviewRegistry {
    /// Reads a registry; adds all findings. A level that `values` does not have counts as none, and is told.
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
                    registry.unknown_levels.add("level", level, 1);
                    None
                }
            });
            let listed = ListedInstitution { level, networked: one.networked };
            registry.institutions.insert(one.code, listed);
        }
        Ok(registry)
    }

    /// Returns what it says of an institution.
    pub fn get(&self, institution: &str) -> Option<&ListedInstitution> {
        self.institutions.get(institution)
    }
}
