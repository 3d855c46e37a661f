//! The digests of exports, by which a delivery knows what was converted into it.

use std::{fs, path::Path};

use rayon::prelude::*;

use super::exports::Export;
use crate::{
    bounded,
    diag::{Failure, Outcome},
    digest::sha256_of,
    place::addition::{AddedFile, Addition},
    text::Text,
};

/// The list in the folder of a report, in the form of `sha256sum`.
const LIST: &str = "exports.sha256";

/// Returns the digest of each export.
pub(crate) fn of(exports: &[Export]) -> Outcome<Vec<String>> {
    let digest = |export: &Export| {
        let file = fs::File::open(&export.path).map_err(Failure::io(&export.path))?;
        sha256_of(file).map_err(Failure::io(&export.path))
    };
    exports.par_iter().map(digest).collect()
}

/// Writes the list of a conversion.
pub(crate) fn write(
    part: &Path,
    report: &str,
    exports: &[Export],
    digests: &[String],
) -> Outcome<AddedFile> {
    let mut lines = String::new();
    for (export, digest) in exports.iter().zip(digests) {
        lines.extend([digest, "  ", &export.name, "\n"]);
    }
    let path = format!("{report}/{LIST}");
    let place = part.join(&path);
    fs::write(&place, lines).map_err(Failure::io(&place))?;
    Ok(AddedFile { path, replaces: false })
}

/// Returns for each export the note that an earlier conversion of the delivery has read the same bytes.
pub(crate) fn known(delivery: &Addition, digests: &[String]) -> Vec<Option<Text>> {
    let folder = delivery.folder().join("_convert");
    let mut reports: Vec<_> =
        fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
    reports.sort();
    let earlier: Vec<(String, String)> = reports
        .iter()
        .filter_map(|report| {
            let list = bounded::read_text(&report.join(LIST), bounded::SMALL_FILE).ok()?;
            Some((report.file_name()?.to_string_lossy().into_owned(), list))
        })
        .collect();
    let note = |digest: &String| {
        let (report, _) = earlier
            .iter()
            .find(|(_, list)| list.lines().any(|line| line.starts_with(digest.as_str())))?;
        Some(text!("the same file was converted into this delivery before: _convert/{}", report))
    };
    digests.iter().map(note).collect()
}
