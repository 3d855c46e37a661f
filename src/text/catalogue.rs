//! The wordings of another language.

use std::collections::BTreeMap;

/// The wordings of a language by their English, the meanings of words, and the errors of the system by number.
#[derive(Debug, Default)]
pub struct Catalogue {
    /// Wordings: their holes are `{}` in the order of the English, or `{0}`, `{1}` where the order changes.
    pub wordings: BTreeMap<String, String>,
    /// What begins lines of reports.
    pub labels: BTreeMap<String, String>,
    /// Words of the tables.
    pub words: BTreeMap<String, String>,
    /// Errors of the system.
    pub system: BTreeMap<i32, String>,
}
