//! The delivery of a period: its files, found, opened and checked as files (contract §2, §3).

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use rayon::prelude::*;

use super::small_files::{DeclaredTotals, SmallFiles};
use crate::{
    codes::{Month, Side},
    diag::{Code, Failure, Finding, Outcome, shown},
    ingest::source::Source,
    money::{FenSum, yuan},
};

/// The input folder of a period.
#[derive(Debug)]
pub struct Delivery {
    /// The Parquet files that could be opened, treating first, by path.
    pub sources: Vec<Source>,
    /// The small files.
    pub small: SmallFiles,
}

/// What was found in a file, to be compared with what its sender declared.
#[derive(Debug, Clone, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
pub struct FileFacts {
    /// Rows.
    pub rows: u64,
    /// Length in bytes.
    pub bytes: u64,
    /// SHA-256 of the file, in hexadecimal.
    pub sha256: String,
    /// Sums of medfee_sumamt, fund_pay_sumamt and acct_pay, in fen.
    pub sums: [FenSum; 3],
}

impl FileFacts {
    /// Adds what was found in another part of the file.
    pub fn absorb(&mut self, other: &FileFacts) {
        self.rows += other.rows;
        self.bytes = self.bytes.max(other.bytes);
        self.sha256.push_str(&other.sha256);
        for (sum, more) in self.sums.iter_mut().zip(other.sums) {
            *sum = sum.saturating_add(more);
        }
    }
}

impl Delivery {
    /// Finds and opens the files of a delivery. What is wrong with them is added to the findings.
    pub fn open(input: &Path, period: Month, findings: &mut Vec<Finding>) -> Outcome<Delivery> {
        if !input.is_dir() {
            let problem = format!("--input {} is not a folder", shown(input));
            return Err(Failure::Usage(problem));
        }
        let mut files = Vec::new();
        for side in Side::BOTH {
            let mut of_side = Vec::new();
            let folder = input.join(side.name());
            if folder.is_dir() {
                find_parquet(&folder, side.name(), &[], &mut of_side, findings)?;
            }
            if of_side.is_empty() {
                findings.push(Finding::new(Code::F01, side.name(), "", "no Parquet file"));
            }
            of_side.sort_unstable();
            files.extend(of_side.into_iter().map(|(name, path)| (side, name, path)));
        }
        let opened: Vec<Result<Source, Vec<Finding>>> =
            files.par_iter().map(|(side, name, path)| Source::open(*side, name, path)).collect();
        let mut sources = Vec::new();
        for source in opened {
            match source {
                Ok(source) => sources.push(source),
                Err(of_file) => findings.extend(of_file),
            }
        }
        let small = SmallFiles::read(input, period, findings)?;
        let names: Vec<String> = files.into_iter().map(|(_, name, _)| name).collect();
        if let Some(totals) = &small.control_totals {
            check_list(totals, &names, findings);
        }
        Ok(Delivery { sources, small })
    }

    /// Finds and opens the files of a delivery; anything wrong with them refuses it.
    pub fn open_whole(input: &Path, period: Month) -> Outcome<Delivery> {
        let mut findings = Vec::new();
        let delivery = Delivery::open(input, period, &mut findings)?;
        if findings.is_empty() { Ok(delivery) } else { Err(Failure::Refused(findings)) }
    }

    /// Rows of a side.
    pub fn rows(&self, side: Side) -> u64 {
        let of_side = self.sources.iter().filter(|source| source.side == side);
        of_side.map(Source::rows).fold(0, u64::saturating_add)
    }

    /// Compares what the files hold with what was declared, and with each other.
    pub fn check_files(&self, facts: &[FileFacts], findings: &mut Vec<Finding>) {
        let declared = self.small.control_totals.iter().flatten();
        let declared: BTreeMap<&str, &DeclaredTotals> =
            declared.map(|declared| (declared.file.as_str(), declared)).collect();
        let mut seen: BTreeMap<(Side, &str), &str> = BTreeMap::new();
        for (source, own) in self.sources.iter().zip(facts) {
            if own.rows > 0 {
                let twin = seen.insert((source.side, &own.sha256), &source.name);
                if let Some(twin) = twin {
                    let found = format!("the same bytes as {twin}");
                    findings.push(Finding::new(Code::F11, &source.name, "", found));
                }
            }
            if let Some(declared) = declared.get(source.name.as_str()) {
                compare_totals(&source.name, declared, own, findings);
            }
        }
    }
}

/// Finds the Parquet files below a folder; what cannot be reached is a finding, never left out.
fn find_parquet(
    folder: &Path,
    name: &str,
    above: &[PathBuf],
    found: &mut Vec<(String, PathBuf)>,
    findings: &mut Vec<Finding>,
) -> Outcome<()> {
    let here = folder.canonicalize().map_err(Failure::io(folder))?;
    if above.contains(&here) {
        findings.push(Finding::new(Code::F02, name, "", "a link to a folder above it"));
        return Ok(());
    }
    let above = [above, &[here]].concat();
    for entry in fs::read_dir(folder).map_err(Failure::io(folder))? {
        let path = entry.map_err(Failure::io(folder))?.path();
        let file_name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let name = format!("{name}/{file_name}");
        match fs::metadata(&path) {
            Ok(metadata) if metadata.is_dir() => {
                find_parquet(&path, &name, &above, found, findings)?;
            }
            Ok(metadata) if file_name.ends_with(".parquet") && !metadata.is_file() => {
                findings.push(Finding::new(Code::F02, name, "", "neither a file nor a folder"));
            }
            Ok(_) if file_name.ends_with(".parquet") => found.push((name, path)),
            Ok(_) => {}
            Err(error) => findings.push(Finding::new(Code::F02, name, "", error.to_string())),
        }
    }
    Ok(())
}

/// control-totals.csv lists every Parquet file exactly once, and every file that it lists exists.
fn check_list(totals: &[DeclaredTotals], names: &[String], findings: &mut Vec<Finding>) {
    const LIST: &str = "control-totals.csv";
    let there: BTreeSet<&str> = names.iter().map(String::as_str).collect();
    let mut listed = BTreeSet::new();
    for declared in totals {
        let place = format!("line {}", declared.line);
        if !there.contains(declared.file.as_str()) {
            let found = format!("{}, which is not there", declared.file);
            findings.push(Finding::new(Code::F10, LIST, &place, found));
        }
        if !listed.insert(declared.file.as_str()) {
            let found = format!("{} again", declared.file);
            findings.push(Finding::new(Code::F10, LIST, &place, found));
        }
    }
    for name in names {
        if !listed.contains(name.as_str()) {
            findings.push(Finding::new(Code::F10, name, "", "a file that is not listed"));
        }
    }
}

fn compare_totals(
    name: &str,
    declared: &DeclaredTotals,
    own: &FileFacts,
    findings: &mut Vec<Finding>,
) {
    let mut differ = |column: &str, found: String, declared: String| {
        let found = format!("{found} where {declared} is declared");
        findings.push(Finding::new(Code::F09, name, format!("column {column}"), found));
    };
    if declared.rows != own.rows {
        differ("rows", own.rows.to_string(), declared.rows.to_string());
    }
    let columns = ["medfee_sumamt", "fund_pay_sumamt", "acct_pay"];
    for (column, (own, declared)) in columns.into_iter().zip(own.sums.iter().zip(&declared.sums)) {
        if own != declared {
            differ(column, yuan(*own), yuan(*declared));
        }
    }
}
