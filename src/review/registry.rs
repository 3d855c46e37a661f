//! The institutions of the registry, for the review.

use super::benefits::words::HospitalLevel;
use rustc_hash::FxHashMap;

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
pub struct ReviewRegistry(FxHashMap<Box<str>, ListedInstitution>);

impl ReviewRegistry {
    /// Returns what it says of an institution.
    pub fn get(&self, institution: &str) -> Option<&ListedInstitution> {
        self.0.get(institution)
    }
}
