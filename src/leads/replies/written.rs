//! Deductions that an earlier import wrote: what replaces them has to hold them too, so that no answer is lost.

use std::{collections::BTreeSet, fs, io::ErrorKind, path::Path};

use crate::{
    bounded,
    diag::{Failure, Outcome},
    text::{Grouped, Text},
};

/// Fails when a file that is to be replaced has a line that the new one, `csv`, would not have.
pub fn must_keep(out: &Path, csv: &[u8]) -> Outcome<()> {
    match fs::symlink_metadata(out) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        found => found.map_err(Failure::io(out))?,
    };
    let old = bounded::read_text(out, bounded::SMALL_FILE).map_err(Failure::io(out))?;
    let records = |text: &str| -> Result<Vec<csv::StringRecord>, csv::Error> {
        let text = text.trim_start_matches('\u{feff}');
        csv::ReaderBuilder::new().flexible(true).from_reader(text.as_bytes()).records().collect()
    };
    let failed = |error: csv::Error| {
        let hint = text!("name another file");
        Failure::Usage(text!("{}: {}", out, Text::foreign(error)).hinting(hint))
    };
    let new = std::str::from_utf8(csv).map_err(|error| Failure::Bug(Text::foreign(error)))?;
    let new = records(new).map_err(failed)?;
    let new: BTreeSet<Vec<&str>> = new.iter().map(|line| line.iter().collect()).collect();
    let old = records(&old).map_err(failed)?;
    let is_lost = |line: &&csv::StringRecord| !new.contains(&line.iter().collect::<Vec<_>>());
    let lost: Vec<&csv::StringRecord> = old.iter().filter(is_lost).collect();
    let Some(first) = lost.first() else { return Ok(()) };
    let first = first.get(0).unwrap_or_default();
    let problem = if lost.len() == 1 {
        text!("{} has {}, which these replies do not give", out, first)
    } else {
        let more = Grouped(lost.len() as u64 - 1);
        text!("{} has {} and {} more that these replies do not give", out, first, more)
    };
    Err(Failure::Usage(problem.hinting(text!(
        "name all replies so far in one command; if the file is to be lost, remove it first"
    ))))
}
