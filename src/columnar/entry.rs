//! A file, as a manifest lists it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::shapes::Sha256;

/// A file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FileEntry {
    /// The path, with `/`.
    pub path: String,
    /// The length in bytes.
    pub bytes: u64,
    /// The number of rows.
    pub rows: u64,
    /// The SHA-256 of the bytes.
    #[schemars(with = "Sha256")]
    pub sha256: String,
}
