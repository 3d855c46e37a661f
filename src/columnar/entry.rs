//! A file, as a manifest lists it.

use serde::{Deserialize, Serialize};

/// A file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileEntry {
    /// Path, with `/`.
    pub path: String,
    /// Length.
    pub bytes: u64,
    /// Rows.
    pub rows: u64,
    /// SHA-256.
    pub sha256: String,
}
