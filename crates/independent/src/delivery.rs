//! Lists the Parquet files of a delivery, and reads its small files that affect settlements.

use std::{
    fs,
    path::{Path, PathBuf},
};

use crate::{
    diag::{Failure, Outcome},
    model::{
        codes::{Month, Pair, Province, Side},
        money::parse_yuan,
    },
    text::Text,
};

/// A permit to clear late.
#[derive(Debug, Clone)]
pub(super) struct LatePermit {
    pub(super) pair: Pair,
    pub(super) cost_month: Month,
    pub(super) until_period: Month,
    pub(super) past_year_close: bool,
}

/// A line of `decisions.csv`.
#[derive(Debug, Clone)]
pub(super) struct GivenDecision {
    pub(super) setl_id: String,
    pub(super) decision: String,
}

/// A line of `deductions.csv`.
#[derive(Debug, Clone)]
pub(super) struct GivenDeduction {
    pub(super) ddct_id: String,
    pub(super) setl_id: String,
    pub(super) amount: i64,
}

/// Returns the Parquet files of a side, sorted by path as bytes: the name below the input folder, and the path.
pub(super) fn files(input: &Path, side: Side) -> Outcome<Vec<(String, PathBuf)>> {
    let mut found = Vec::new();
    let mut folders = vec![(side.name().to_owned(), input.join(side.name()))];
    while let Some((name, folder)) = folders.pop() {
        for entry in fs::read_dir(&folder).map_err(Failure::io(&folder))? {
            let path = entry.map_err(Failure::io(&folder))?.path();
            let file = path.file_name().unwrap_or_default().to_string_lossy();
            if file.starts_with(['.', '_']) {
                continue;
            }
            let name = format!("{name}/{file}");
            if path.is_dir() {
                folders.push((name, path));
            } else if name.ends_with(".parquet") {
                found.push((name, path));
            }
        }
    }
    found.sort();
    Ok(found)
}

/// Reads the decisions of a delivery.
pub(super) fn decisions(input: &Path) -> Outcome<Vec<GivenDecision>> {
    lines(input, "decisions.csv", ["setl_id", "decision"], |[setl_id, decision]| {
        Some(GivenDecision { setl_id: setl_id.to_owned(), decision: decision.to_owned() })
    })
}

/// Reads the deductions of a delivery, in the order in which they are judged.
pub(super) fn deductions(input: &Path) -> Outcome<Vec<GivenDeduction>> {
    let columns = ["ddct_id", "setl_id", "amount"];
    let mut deductions = lines(input, "deductions.csv", columns, |[ddct_id, setl_id, amount]| {
        let amount = parse_yuan(amount).ok()?.fen();
        Some(GivenDeduction { ddct_id: ddct_id.to_owned(), setl_id: setl_id.to_owned(), amount })
    })?;
    deductions.sort_by(|a, b| a.ddct_id.cmp(&b.ddct_id));
    Ok(deductions)
}

/// Reads the permits of a delivery.
pub(super) fn permits(input: &Path) -> Outcome<Vec<LatePermit>> {
    let columns =
        ["insured_province", "treating_province", "cost_month", "until_period", "past_year_close"];
    lines(input, "permits.csv", columns, |[insured, treating, cost_month, until, past]| {
        Some(LatePermit {
            pair: Pair {
                insured: Province::from_text(insured)?,
                treating: Province::from_text(treating)?,
            },
            cost_month: Month::from_text(cost_month)?,
            until_period: Month::from_text(until)?,
            past_year_close: past == "1",
        })
    })
}

/// Reads some columns of each line of a small file. Empty when the file does not exist.
#[expect(
    clippy::disallowed_methods,
    reason = "the engine has read the file, which is within bounds"
)]
fn lines<T, const N: usize>(
    input: &Path,
    name: &str,
    columns: [&str; N],
    line: impl Fn([&str; N]) -> Option<T>,
) -> Outcome<Vec<T>> {
    let path = input.join(name);
    if !path.exists() {
        return Ok(Vec::new());
    }
    let bytes = fs::read(&path).map_err(Failure::io(&path))?;
    let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes);
    let wrong = |found: Text| {
        Failure::Usage(text!(
            "the independent recomputation cannot read this file: {}: {}",
            name,
            found
        ))
    };
    let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(text);
    let is_empty = |record: &csv::StringRecord| record.iter().all(|value| value.trim().is_empty());
    let mut records = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|error| wrong(Text::foreign(error)))?;
        if !is_empty(&record) {
            records.push(record);
        }
    }
    let mut records = records.iter();
    let header = records.next().ok_or_else(|| wrong(text!("it has no header")))?;
    let mut places = [0; N];
    for (place, column) in places.iter_mut().zip(columns) {
        let found = header.iter().position(|name| name == column);
        *place = found.ok_or_else(|| wrong(text!("column {} is missing", column)))?;
    }
    let mut found = Vec::new();
    for (at, record) in records.enumerate() {
        if record.len() != header.len() {
            return Err(wrong(text!("record {} has another length", at + 1)));
        }
        let values = places.map(|place| &record[place]);
        found.push(line(values).ok_or_else(|| wrong(text!("record {}", at + 1)))?);
    }
    Ok(found)
}
