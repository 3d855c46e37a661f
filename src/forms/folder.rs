//! A folder of files for people, which appears whole, with the digests of its files.

use std::{collections::BTreeMap, fs, path::Path};

use crate::{
    diag::{Failure, Outcome, shown},
    digest::sha256_hex,
    interrupt::{self, Unfinished},
};

/// Fails when something has the place of a folder that is to be made.
pub fn must_be_new(out: &Path) -> Outcome<()> {
    if !out.exists() {
        return Ok(());
    }
    let problem = format!("{} is there already\n    hint: name a new folder", shown(out));
    Err(Failure::Usage(problem))
}

/// Writes files (path below the folder, bytes) and `SHA256SUMS` beside a new folder, and gives them their
/// place in one step.
pub fn publish(out: &Path, files: &BTreeMap<String, Vec<u8>>) -> Outcome<()> {
    let name = out.file_name().unwrap_or_default().to_string_lossy();
    let part = out.with_file_name(format!(".{name}.part"));
    if part.exists() {
        fs::remove_dir_all(&part).map_err(Failure::io(&part))?;
    }
    let _unfinished = Unfinished::new(&part);
    let mut digests = String::new();
    for (path, bytes) in files {
        let place = part.join(path);
        if let Some(folder) = place.parent() {
            fs::create_dir_all(folder).map_err(Failure::io(folder))?;
        }
        fs::write(&place, bytes).map_err(Failure::io(&place))?;
        digests.extend([&sha256_hex(bytes), "  ", path, "\n"]);
    }
    let place = part.join("SHA256SUMS");
    fs::write(&place, digests).map_err(Failure::io(&place))?;
    interrupt::settle(|| fs::rename(&part, out).map_err(Failure::io(out)))
}
