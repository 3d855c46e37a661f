//! Recognises folders of closed periods.

use std::{ffi::OsStr, path::Path};

use crate::model::codes::Month;

/// Name of the file in a period's folder.
pub const MANIFEST: &str = "manifest.json";

/// Name of the file beside it with its digest, as `sha256sum` writes and checks it. It shows damage of the newest
/// manifest, whose digest is not yet in a later manifest.
pub const SEAL: &str = "manifest.sha256";

/// Whether a folder is a closed period, also under another name.
pub(crate) fn is_period(folder: &Path) -> bool {
    let has = |name: &str| folder.join(name).is_file();
    has(MANIFEST) && (has(SEAL) || month(folder.file_name()).is_some())
}

pub(super) fn month(name: Option<&OsStr>) -> Option<Month> {
    Month::from_text(name?.to_str()?)
}
