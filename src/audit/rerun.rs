//! The audit rerun: computes a closed period again from its inputs and the book before it, and compares the
//! result with the published period byte by byte.

use std::{collections::BTreeSet, fs::File, path::Path};

use rayon::prelude::*;
use schemars::JsonSchema;
use serde::Serialize;

use super::{
    compare::{self, TableDifference},
    scan::{RowJudge, scan},
};
use crate::{
    book::{Book, grid::Grid, manifest::Manifest},
    columnar::{
        entry::FileEntry,
        shape::{self, TableForm},
    },
    diag::{Code, Failure, Finding, Outcome},
    digest::{sha256_hex, sha256_of},
    engine::{self, RunOptions},
    event::Monitor,
    ingest::{delivery::Delivery, source::ParquetSource},
    keyed::key::Key,
    known::KnownDifferences,
    model::{
        codes::Month,
        dates::parse_day,
        money::{FenSum, yuan},
    },
    place::{period::MANIFEST, staging::Staging},
    plausible::{OPENING_QUOTAS, parse_code},
    rules::Rules,
    shapes::{FormatNumber, Period, Sha256, Yuan},
    text::{Text, indented, lines},
};

/// A period that came out as it was published.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(title = "run pipelines/audit-rerun.toml --format json")]
pub struct Rerun {
    /// The format of the report.
    format: FormatNumber<1>,
    /// The period.
    #[schemars(with = "Period")]
    pub period: String,
    /// The number of inputs whose digest was compared.
    pub inputs: u64,
    /// The number of outputs that were compared byte by byte.
    pub files: u64,
    /// The length of the outputs in bytes.
    pub bytes: u64,
    /// The number of rows of the outputs.
    pub rows: u64,
    /// What cleared, in yuan.
    #[schemars(with = "Yuan")]
    pub cleared: String,
    /// The SHA-256 of the manifest.
    #[schemars(with = "Sha256")]
    pub manifest_sha256: String,
    /// The program that closed the period; null when it was this one.
    pub closed_by: Option<String>,
}

/// The options of a rerun. Rules and day of issue come from the closed period unless they are given.
#[derive(Debug, Clone)]
pub struct RerunOptions {
    /// The closed period, its delivery and its book; `rules` and `as_of` are replaced.
    pub run: RunOptions,
    /// Rules that replace the rules of the closed period.
    pub rules: Option<Rules>,
}

/// Reruns a closed period.
pub fn rerun(options: &RerunOptions, monitor: &Monitor) -> Outcome<Rerun> {
    let period = options.run.period;
    let book = Book::before(&options.run.book, period)?;
    let closed = book.root.join(period.to_string());
    if !closed.is_dir() {
        let problem = text!("period {} is not closed in {}", period, book.root);
        return Err(Failure::Book(problem));
    }
    let (manifest, digest) = Manifest::parse_sealed(&closed).map_err(|problem| {
        let found = Finding::of_file(Code::B01, format!("{period}/{MANIFEST}"), problem);
        Failure::Differences(text!("period {} cannot be rerun", period), vec![found])
    })?;
    let mut run = settings(options, &manifest)?;
    let is_old = Grid::read(&closed, shape::PAIRS).is_ok_and(|pairs| pairs.is_old);
    run.form = if is_old { TableForm::Version2 } else { manifest.form().unwrap_or_default() };
    let mut findings = other_settings(&run, &manifest);
    let staging = Staging::for_audit(&book.root, period)?;
    match engine::close(&run, &book, &staging, monitor) {
        Ok(_) => {
            let (again, _) = Manifest::parse_sealed(&staging.period()).map_err(Failure::Bug)?;
            findings.extend(differences(&run, &closed, &staging, [&manifest, &again], monitor)?);
            if findings.is_empty() {
                return same(&closed, &manifest, digest, &again);
            }
        }
        // Files that change while they are read say nothing about the period.
        Err(Failure::Refused(refused)) if refused.iter().all(|found| found.code == Code::F13) => {
            return Err(Failure::Refused(refused));
        }
        Err(Failure::Refused(refused)) => {
            let inputs = listed_inputs(&run, &manifest);
            findings.extend(changed(&manifest.inputs, &inputs).into_iter().map(|(_, found)| found));
            let found = text!("{} findings, which follow", refused.len());
            findings.push(Finding::of_file(Code::A03, "delivery", found));
            findings.extend(refused);
        }
        Err(other) => return Err(other),
    }
    let problem = text!("period {} does not come out as it was published", period);
    Err(Failure::Differences(problem, findings))
}

/// Reruns all closed periods from the one in the options through another, several in parallel; the input has
/// one folder for each period. Returns the reports in order, or all differences of all periods.
pub fn rerun_range(
    options: &RerunOptions,
    through: Month,
    monitor: &Monitor,
) -> Outcome<Vec<Rerun>> {
    let first = options.run.period;
    let periods: Vec<Month> = (0..=through.since(first)).map(|after| first.plus(after)).collect();
    if periods.is_empty() {
        return Err(Failure::Usage(text!("--through {} comes before {}", through, first)));
    }
    monitor.stage(text!("rerunning"), 0)?;
    let at_a_time = rayon::current_num_threads().min(periods.len());
    let of_period = |period: &Month| {
        let mut options = options.clone();
        let run = &mut options.run;
        run.period = *period;
        run.input = run.input.join(period.to_string());
        run.opening_quotas = run.opening_quotas.take().filter(|_| *period == first);
        run.memory /= at_a_time;
        rerun(&options, &monitor.of_part())
    };
    let reruns: Vec<Outcome<Rerun>> = periods.par_iter().with_max_len(1).map(of_period).collect();
    let (mut same, mut problems, mut findings) = (Vec::new(), Vec::new(), Vec::new());
    for (period, rerun) in periods.iter().zip(reruns) {
        match rerun {
            Ok(rerun) => same.push(rerun),
            Err(Failure::Differences(problem, found)) => {
                problems.push(problem);
                findings.extend(found.into_iter().map(|found| found.below(&period.to_string())));
            }
            Err(other) => return Err(other),
        }
    }
    if problems.is_empty() {
        return Ok(same);
    }
    Err(Failure::Differences(text!("{}", lines(indented(problems))), findings))
}

/// Returns the settings that the period was closed with; settings that are given replace them.
fn settings(options: &RerunOptions, manifest: &Manifest) -> Outcome<RunOptions> {
    // A signature is on the manifest, and changes nothing in it.
    let mut run = RunOptions { signer: None, ..options.run.clone() };
    let unreadable = |what: Text| Failure::Book(text!("the manifest of {}: {}", run.period, what));
    run.rules = match &options.rules {
        Some(rules) => rules.clone(),
        None => Rules::parse(&manifest.rules.text).map_err(|e| unreadable(e.text()))?,
    };
    let as_of = parse_day(&manifest.as_of).ok_or_else(|| unreadable(text!("as_of")))?;
    run.as_of = run.as_of.or(Some(as_of));
    // Nothing but the manifest depends on it, and it is not in the book: unless it is given, it is taken on trust.
    run.daily = run.daily.or_else(|| KnownDifferences::of_inputs(&manifest.inputs));
    // Codes that are given are for periods from before codes were asked about.
    for code in &manifest.accepted {
        run.accept.insert(parse_code(code).map_err(unreadable)?);
    }
    let quotas = manifest.inputs.iter().any(|input| input.path == OPENING_QUOTAS);
    if quotas && run.opening_quotas.is_none() {
        let problem = text!("period {} was closed with opening quotas", run.period)
            .hinting(text!("give --opening-quotas FILE"));
        return Err(Failure::Usage(problem));
    }
    Ok(run)
}

/// Returns a finding for rules, and for a day of issue, that differ from the closed period.
fn other_settings(run: &RunOptions, manifest: &Manifest) -> Vec<Finding> {
    let digest = sha256_hex(run.rules.text.as_bytes());
    let day = run.as_of.map(|day| day.to_string()).unwrap_or_default();
    let compared = [("rules", digest, &manifest.rules.sha256), ("as_of", day, &manifest.as_of)];
    let other = compared.into_iter().filter(|(_, given, closed)| given != *closed);
    other
        .map(|(what, given, closed)| {
            let found = text!("{}, the period was closed with {}", given, closed);
            Finding::new(Code::A02, format!("{}/{MANIFEST}", run.period), Text::given(what), found)
        })
        .collect()
}

/// Hashes the inputs that a manifest lists as they are now; leaves out inputs that cannot be read.
fn listed_inputs(run: &RunOptions, manifest: &Manifest) -> Vec<FileEntry> {
    let path = |input: &FileEntry| match &run.opening_quotas {
        Some(quotas) if input.path == OPENING_QUOTAS => quotas.clone(),
        _ => run.input.join(&input.path),
    };
    let read = |input: &FileEntry| {
        if let Some(daily) = run.daily.as_ref().filter(|daily| daily.entry.path == input.path) {
            return Some(daily.entry.clone());
        }
        let file = File::open(path(input)).ok()?;
        let bytes = file.metadata().ok()?.len();
        Some(FileEntry { bytes, sha256: sha256_of(file).ok()?, ..input.clone() })
    };
    manifest.inputs.iter().filter_map(read).collect()
}

/// Returns a finding for each input that has changed, appeared or disappeared, by path.
fn changed(closed: &[FileEntry], now: &[FileEntry]) -> Vec<(String, Finding)> {
    let paths: BTreeSet<&String> = closed.iter().chain(now).map(|input| &input.path).collect();
    let of = |inputs: &[FileEntry], path: &String| {
        let input = inputs.iter().find(|input| input.path == *path);
        input.map(|input| (input.bytes, input.sha256.clone()))
    };
    let shown = |input: Option<(u64, String)>| {
        input.map_or(text!("no file"), |(bytes, digest)| text!("{} bytes, {}", bytes, digest))
    };
    let changed = paths.into_iter().filter(|path| of(closed, path) != of(now, path));
    changed
        .map(|path| {
            let (was, is) = (shown(of(closed, path)), shown(of(now, path)));
            let found = text!("{}; the period was closed with {}", is, was);
            (path.clone(), Finding::of_file(Code::A01, path.clone(), found))
        })
        .collect()
}

/// Returns all differences between the two results, and the changed inputs that contain their settlements.
fn differences(
    run: &RunOptions,
    closed: &Path,
    staging: &Staging,
    [manifest, again]: [&Manifest; 2],
    monitor: &Monitor,
) -> Outcome<Vec<Finding>> {
    let is_same = |output: &FileEntry| {
        let digest = File::open(closed.join(&output.path)).and_then(sha256_of);
        digest.is_ok_and(|digest| digest == output.sha256)
    };
    let differ: Vec<&FileEntry> = again.outputs.iter().filter(|output| !is_same(output)).collect();
    let mut changed = changed(&manifest.inputs, &again.inputs);
    let mut findings = Vec::new();
    if !differ.is_empty() {
        let compared = compare::compare(closed, &staging.period());
        let settlements = compared.iter().flatten().flat_map(|found| &found.settlements);
        let settlements: BTreeSet<Key> = settlements.copied().collect();
        trace(run, &mut changed, &settlements, monitor)?;
        for output in differ {
            let file = format!("{}/{}", run.period, output.path);
            let found = match &compared {
                Ok(compared) => rows_of(compared, &output.path),
                Err(failure) => failure.text(),
            };
            findings.push(Finding::of_file(Code::A04, file, found));
        }
    }
    let rest = [
        (
            "previous_manifest_sha256",
            manifest.previous_manifest_sha256 == again.previous_manifest_sha256,
        ),
        ("control", manifest.control == again.control),
        ("accepted", accepted_alike(run, manifest, again)),
        ("outputs", manifest.outputs == again.outputs || !findings.is_empty()),
        ("period", manifest.period == again.period),
    ];
    let file = format!("{}/{MANIFEST}", run.period);
    let rest = rest.into_iter().filter(|(_, same)| !same);
    findings.extend(rest.map(|(what, _)| {
        Finding::new(Code::A04, file.clone(), Text::given(what), text!("another"))
    }));
    Ok(changed.into_iter().map(|(_, found)| found).chain(findings).collect())
}

/// Returns whether the rerun raised every code that the closed period accepted, and no further code except
/// codes given to the rerun.
fn accepted_alike(run: &RunOptions, manifest: &Manifest, again: &Manifest) -> bool {
    let listed = |code: &String| manifest.accepted.contains(code);
    let given = |code: &String| run.accept.iter().any(|given| given.id() == *code);
    manifest.accepted.iter().all(|code| again.accepted.contains(code))
        && again.accepted.iter().all(|code| listed(code) || given(code))
}

/// Describes how the rows of an output differ: counts, money, and the first rows in words.
fn rows_of(compared: &[TableDifference], path: &str) -> Text {
    let name = path.trim_start_matches("tables/").trim_end_matches(".parquet");
    let Some(found) = compared.iter().find(|found| found.table == name) else {
        return text!("other bytes");
    };
    if found.rows_that_differ() == 0 {
        return text!("other bytes, but the same rows");
    }
    let both = |one: Text, other: Text| text!("{}; {}", one, other);
    found.examples_in_words().fold(found.summary(), both)
}

/// Adds to each changed Parquet file how many of its rows belong to settlements with another result.
fn trace(
    run: &RunOptions,
    changed: &mut [(String, Finding)],
    settlements: &BTreeSet<Key>,
    monitor: &Monitor,
) -> Outcome<()> {
    let delivery = Delivery::open(&run.input, run.period, &mut Vec::new())?;
    let is_changed = |source: &&ParquetSource| changed.iter().any(|(path, _)| *path == source.name);
    let sources: Vec<&ParquetSource> = delivery.sources.iter().filter(is_changed).collect();
    let policy = run.rules.policy(run.period).map_err(|e| Failure::Usage(e.text()))?;
    let judge = RowJudge { int96: run.rules.int96, policy, period: run.period };
    let rows = scan(&sources, judge, |key| settlements.contains(&key), monitor)?;
    for (at, source) in sources.iter().enumerate() {
        let of_file = || rows.iter().filter(|row| row.source == at);
        let payable = of_file().filter_map(|row| policy.payable(&row.record.amounts));
        let payable: FenSum = payable.map(FenSum::from).sum();
        let found = changed.iter_mut().find(|(path, _)| *path == source.name);
        if let Some((_, finding)) = found {
            finding.found = text!(
                "{}; {} of its rows, {} yuan, are of settlements that come out differently",
                finding.found,
                of_file().count(),
                yuan(payable)
            );
        }
    }
    Ok(())
}

/// Makes the report of a period whose rerun equals the published period.
fn same(closed: &Path, manifest: &Manifest, digest: String, again: &Manifest) -> Outcome<Rerun> {
    let of = |count: fn(&FileEntry) -> u64| again.outputs.iter().map(count).sum();
    Ok(Rerun {
        format: FormatNumber,
        period: manifest.period.clone(),
        inputs: again.inputs.len() as u64,
        files: again.outputs.len() as u64,
        bytes: of(|output| output.bytes),
        rows: of(|output| output.rows),
        cleared: yuan(Grid::open(closed, "pairs")?.sum("gross")),
        manifest_sha256: digest,
        closed_by: (manifest.program != again.program).then(|| manifest.program.clone()),
    })
}
