//! The file of system errors of a delivery: CSV or Parquet, of any length, row after row.

use std::{
    fs::{self, File},
    path::Path,
};

use super::row::{COLUMNS, ErrorCells, FORMS, NAMES};
use crate::{
    columnar::entry::FileEntry,
    contract::{parts::SYSTEM_ERRORS, streamed},
    diag::{Code, Failure, Finding, Outcome},
    digest::Digesting,
    event::Monitor,
    ingest::typed_table::{TableCell, TypedForm},
    rules::Int96,
};

/// Rows between two looks whether the run is stopped.
const STEP: u64 = 4096;

/// Takes the cells of a row, with its number from 0.
type TakesError<'a> = dyn FnMut(u64, &ErrorCells<'_>) -> Outcome<()> + 'a;

/// The name of the file of a delivery; none where there is none. Two of them are a finding.
pub(super) fn name(input: &Path, findings: &mut Vec<Finding>) -> Option<&'static str> {
    let is_there = |name: &&str| input.join(name).symlink_metadata().is_ok();
    let there: Vec<&str> = SYSTEM_ERRORS.into_iter().filter(is_there).collect();
    if let [first, second] = there[..] {
        let found = text!("{} beside {}", second, first);
        findings.push(Finding::of_file(Code::F16, first, found));
        return None;
    }
    there.first().copied()
}

/// Hands over every row of a file; returns its entry in the manifest. What breaks its form becomes a finding.
pub(super) fn read(
    input: &Path,
    name: &str,
    int96: Int96,
    monitor: &Monitor,
    findings: &mut Vec<Finding>,
    each: &mut TakesError<'_>,
) -> Outcome<Option<FileEntry>> {
    let path = input.join(name);
    if !fs::metadata(&path).map_err(Failure::io(&path))?.is_file() {
        findings.push(Finding::of_file(Code::S02, name, text!("something that is no file")));
        return Ok(None);
    }
    let mut file = Digesting::new(File::open(&path).map_err(Failure::io(&path))?);
    let mut rows = 0;
    let mut each = |cells: &ErrorCells<'_>| {
        if rows % STEP == 0 {
            monitor.check()?;
        }
        each(rows, cells)?;
        rows += 1;
        Ok(())
    };
    if name == SYSTEM_ERRORS[0] {
        streamed::read(&mut file, name, &NAMES, findings, &mut |_, values, _| {
            let mut cells = [TableCell::Empty; COLUMNS];
            for (cell, value) in cells.iter_mut().zip(values) {
                *cell = TableCell::of_text(value);
            }
            each(&cells)
        })?;
    } else {
        let form = TypedForm { columns: NAMES, forms: FORMS, takes_texts: false, int96 };
        form.read(&path, name, findings, &mut |_, cells, _| each(cells))?;
        std::io::copy(&mut file, &mut std::io::sink()).map_err(Failure::io(&path))?;
    }
    let (bytes, sha256) = file.finish();
    Ok(Some(FileEntry { path: name.to_owned(), bytes, rows, sha256 }))
}

/// Looks whether the file of a delivery has its form; returns its entry. No row is judged.
pub fn check_form(
    input: &Path,
    int96: Int96,
    monitor: &Monitor,
    findings: &mut Vec<Finding>,
) -> Outcome<Option<FileEntry>> {
    match name(input, findings) {
        Some(name) => read(input, name, int96, monitor, findings, &mut |_, _| Ok(())),
        None => Ok(None),
    }
}
