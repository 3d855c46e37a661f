//! The catalogue of a language.

use std::collections::BTreeMap;

/// The wordings of a language by their English wording, the labels, the meanings of words, and the system errors by
/// number.
#[derive(Debug, Default)]
pub struct Catalogue {
    /// Wordings. Their holes are `{}` in the order of the English, or `{0}`, `{1}` where the order changes.
    pub wordings: BTreeMap<String, String>,
    /// Labels at the beginning of lines of reports.
    pub labels: BTreeMap<String, String>,
    /// Words of the tables.
    pub words: BTreeMap<String, String>,
    /// Errors of the operating system.
    pub system: BTreeMap<i32, String>,
}
