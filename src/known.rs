//! Differences that daily reconciliation had found before the close (coordination, 1.5).

use std::{
    fs,
    io::{self, ErrorKind},
    path::Path,
    sync::Arc,
};

use chrono::NaiveDate;
use serde::Deserialize;

use crate::{
    bounded,
    columnar::entry::FileEntry,
    diag::{Failure, Outcome},
    digest::sha256_hex,
    ingest::typed_table::{TypedForm, TypedKind},
    keyed::key::Key,
    model::codes::Month,
    rules::Int96,
    text::{Text, quoted},
};

/// The summary of a result of daily reconciliation, and its name among the inputs of a period.
const SUMMARY: &str = "summary.json";
const INPUT: &str = "daily/summary.json";

/// The settlements that a result of daily reconciliation lists, open or mended, by the hash of their setl_id.
#[derive(Debug, Clone)]
pub struct KnownDifferences {
    /// Its summary, as the manifest lists it.
    pub entry: FileEntry,
    /// Keys of settlements, sorted, each with the day since which it was known.
    since: Arc<[(Key, i32)]>,
}

/// What is read of a summary.
#[derive(Deserialize)]
struct KnownSummary {
    format: u64,
    period: String,
    differences: u64,
    mended: u64,
}

const TABLE: TypedForm<2> = TypedForm {
    columns: ["setl_id", "since"],
    forms: [TypedKind::Code, TypedKind::Day],
    takes_texts: false,
    int96: Int96::Local,
};

impl KnownDifferences {
    /// Reads the result of a daily run of a period.
    pub fn read(folder: &Path, period: Month) -> Outcome<KnownDifferences> {
        let path = folder.join(SUMMARY);
        let bytes = bounded::read(&path, bounded::MANIFEST)
            .map_err(|error| unreadable(&path, error, |why| no_result(folder, why)))?
            .ok_or_else(|| no_result(folder, &text!("{} is too long", SUMMARY)))?;
        let summary: KnownSummary = serde_json::from_slice(&bytes)
            .map_err(|error| no_result(folder, &text!("{}: {}", SUMMARY, Text::foreign(error))))?;
        if summary.format != 1 {
            return Err(no_result(folder, &text!("{}: {}", SUMMARY, text!("another format"))));
        }
        if summary.period != period.to_string() {
            let other = quoted(&summary.period);
            let problem = text!("--daily {} is of {}, and the period is {}", folder, other, period);
            return Err(Failure::Usage(problem.hinting(text!("name a result of the same month"))));
        }
        let mut since = Vec::new();
        for (name, rows) in
            [("differences.parquet", summary.differences), ("mended.parquet", summary.mended)]
        {
            let before = since.len();
            read_table(folder, name, &mut since)?;
            let found = (since.len() - before) as u64;
            if found != rows {
                let why = text!("{} rows where {} says {}", found, SUMMARY, rows);
                return Err(no_result(folder, &text!("{}: {}", name, why)));
            }
        }
        since.sort_unstable();
        since.dedup_by_key(|(key, _)| *key);
        let entry = FileEntry {
            path: INPUT.to_owned(),
            bytes: bytes.len() as u64,
            rows: 0,
            sha256: sha256_hex(&bytes),
        };
        Ok(KnownDifferences { entry, since: since.into() })
    }

    /// Returns what a manifest says of a result, if it lists one. What it knew is not in the book.
    pub fn of_inputs(inputs: &[FileEntry]) -> Option<KnownDifferences> {
        let entry = inputs.iter().find(|input| input.path == INPUT)?.clone();
        Some(KnownDifferences { entry, since: Arc::new([]) })
    }

    /// Whether a path is that of a result among the inputs of a period.
    pub fn is_input(path: &str) -> bool {
        path == INPUT
    }

    /// Returns the day since which a settlement was known; none when it was not.
    pub fn since(&self, setl_id: &str) -> Option<NaiveDate> {
        let key = Key::of(setl_id);
        let at = self.since.binary_search_by_key(&key, |(key, _)| *key).ok()?;
        NaiveDate::from_epoch_days(self.since[at].1)
    }
}

fn read_table(folder: &Path, name: &str, since: &mut Vec<(Key, i32)>) -> Outcome<()> {
    let path = folder.join(name);
    fs::File::open(&path)
        .map_err(|error| unreadable(&path, error, |why| no_result(folder, why)))?;
    let mut findings = Vec::new();
    TABLE.read(&path, name, &mut findings, &mut |row, [setl_id, day], _| {
        let known = setl_id.text().map(Key::of).zip(day.day());
        let why = || text!("row {} is no difference", row);
        since.push(known.ok_or_else(|| no_result(folder, &text!("{}: {}", name, why())))?);
        Ok(())
    })?;
    match findings.into_iter().next() {
        Some(finding) => Err(no_result(folder, &text!("{}: {}", name, finding.found))),
        None => Ok(()),
    }
}

/// Makes the failure of a file of a result that cannot be read: a folder without it is no result.
pub fn unreadable(
    path: &Path,
    error: io::Error,
    no_result: impl FnOnce(&Text) -> Failure,
) -> Failure {
    match error.kind() {
        ErrorKind::NotFound | ErrorKind::NotADirectory | ErrorKind::IsADirectory => {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            no_result(&text!("{}: {}", name.as_ref(), error))
        }
        _ => Failure::io(path)(error),
    }
}

fn no_result(folder: &Path, why: &Text) -> Failure {
    let problem = text!("--daily {} is no result of liangqing daily: {}", folder, why);
    Failure::Usage(problem.hinting(text!("name the --out of a daily run of the same month")))
}
