//! Publishes a folder of files for people, with `SHA256SUMS`. It appears in one step.

use std::{collections::BTreeMap, path::Path};

use crate::{diag::Outcome, digest::sha256_hex, place::output::Output};

/// Fails when an output folder must not be made at this path.
pub fn must_be_new(out: &Path) -> Outcome<()> {
    Output::folder(out).map(drop)
}

/// Writes files (path below the folder, bytes) and `SHA256SUMS` into a staging folder and renames it to `out`.
pub fn publish(out: &Path, files: &BTreeMap<String, Vec<u8>>) -> Outcome<()> {
    let mut digests = String::new();
    for (path, bytes) in files {
        digests.extend([&sha256_hex(bytes), "  ", path, "\n"]);
    }
    let mut files: BTreeMap<&str, &[u8]> =
        files.iter().map(|(path, bytes)| (path.as_str(), bytes.as_slice())).collect();
    files.insert("SHA256SUMS", digests.as_bytes());
    Output::folder(out)?.write_all(&files)
}
