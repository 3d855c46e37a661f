//! What a closed period looks like from outside.

use std::{ffi::OsStr, path::Path};

use crate::model::codes::Month;

/// Name of the file in a period's folder.
pub const MANIFEST: &str = "manifest.json";

/// Name of the file beside it that holds its digest, as `sha256sum` writes and checks it: a bit that flips
/// in the newest manifest is noticed, which no later manifest vouches for yet.
pub const SEAL: &str = "manifest.sha256";

/// Whether a folder is a closed period, by whatever name.
pub(crate) fn is_period(folder: &Path) -> bool {
    let has = |name: &str| folder.join(name).is_file();
    has(MANIFEST) && (has(SEAL) || month(folder.file_name()).is_some())
}

pub(super) fn month(name: Option<&OsStr>) -> Option<Month> {
    Month::from_text(name?.to_str()?)
}
