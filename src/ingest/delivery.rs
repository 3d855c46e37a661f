//! The delivery of a period: finds, opens and checks its files (contract §2, §3).

use std::{
    collections::BTreeMap,
    io::ErrorKind,
    path::{Path, PathBuf},
};

use rayon::prelude::*;

use crate::{
    columnar::{entry::FileEntry, shared::SharedFile},
    contract::{
        listed,
        parts::{DeliveryParts, NATIONAL},
        small_files::{DeclaredTotals, SmallFiles},
        walk::{FolderListing, FoundParquet, Unread, walk},
    },
    diag::{Code, Failure, Finding, Outcome},
    ingest::{
        beside::{BesideField, OF_RUN},
        scope::FieldScope,
        senders::Senders,
        source::ParquetSource,
    },
    model::{
        codes::{Month, Side},
        money::{FenSum, yuan},
    },
    place::identity::{Identities, changed, settle},
    text::Text,
};

/// The input folder of a period.
#[derive(Debug, Default)]
pub struct Delivery {
    /// The Parquet files that could be opened, treating first, by path.
    pub sources: Vec<ParquetSource>,
    /// The small files.
    pub small: SmallFiles,
    /// Files and folders there that are not read.
    pub unread: Vec<Unread>,
    /// The input folder, and the identities of its files from before the first read.
    before: Option<(PathBuf, Identities)>,
    /// The part of the folder that is read.
    extent: Extent,
}

/// The part of an input folder that is read.
#[derive(Debug, Clone, Copy, Default)]
enum Extent {
    /// Everything that a run reads.
    #[default]
    Run,
    /// The files of a side, and their control totals.
    OneSide(Side),
    /// The three copies of daily reconciliation, and their control totals.
    Daily,
}

impl Extent {
    const fn parts(self) -> DeliveryParts {
        match self {
            Extent::Run | Extent::OneSide(_) => DeliveryParts::RUN,
            Extent::Daily => DeliveryParts::DAILY,
        }
    }

    /// Returns what is read of a file.
    fn scope(self, file: &FoundParquet) -> FieldScope {
        let is_national = || Path::new(&file.name).starts_with(NATIONAL);
        match self {
            Extent::Run | Extent::OneSide(_) => FieldScope::Record,
            Extent::Daily if is_national() => FieldScope::National,
            Extent::Daily => FieldScope::Daily,
        }
    }
}

/// Totals of a file, to be compared with the declared totals.
#[derive(Debug, Clone, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
pub struct FileFacts {
    /// The number of rows.
    pub rows: u64,
    /// Length in bytes.
    pub bytes: u64,
    /// SHA-256 of the file, in hexadecimal.
    pub sha256: String,
    /// Sums of medfee_sumamt, fund_pay_sumamt and acct_pay, in fen.
    pub sums: [FenSum; 3],
    /// Its rows by sender.
    pub senders: Senders,
}

impl FileFacts {
    /// Adds the totals of another part of the file.
    pub fn absorb(&mut self, other: &FileFacts) {
        self.rows += other.rows;
        self.bytes = self.bytes.max(other.bytes);
        self.sha256.push_str(&other.sha256);
        for (sum, more) in self.sums.iter_mut().zip(other.sums) {
            *sum = sum.saturating_add(more);
        }
        self.senders.absorb(&other.senders);
    }
}

impl Delivery {
    /// Finds and opens the files of a delivery; adds to the findings.
    pub fn open(input: &Path, period: Month, findings: &mut Vec<Finding>) -> Outcome<Delivery> {
        let extent = Extent::Run;
        let found = listing(input, extent, findings)?;
        let before = Some((input.to_owned(), found.identities()));
        let FolderListing { parquet, unread, .. } = found;
        let mut sources = open_files(&parquet, extent, findings)?;
        for source in &mut sources {
            source.read_beside(&OF_RUN, findings);
        }
        let mut small = SmallFiles::read(input, period, findings)?;
        let names: Vec<String> = parquet.into_iter().map(|file| file.name).collect();
        if let Some(totals) = &mut small.control_totals {
            // One list serves a delivery and its daily reconciliation.
            totals.retain(|declared| !listed::is_below(NATIONAL, &declared.file));
            listed::check(totals, &names, findings);
        }
        Ok(Delivery { sources, small, unread, before, extent })
    }

    /// Finds and opens the files of daily reconciliation, and their control totals; adds to the findings.
    pub fn open_daily(input: &Path, findings: &mut Vec<Finding>) -> Outcome<Delivery> {
        let extent = Extent::Daily;
        let found = listing(input, extent, findings)?;
        let before = Some((input.to_owned(), found.identities()));
        let sources = open_files(&found.parquet, extent, findings)?;
        let mut small = SmallFiles::control_totals_of(input, findings)?;
        let names: Vec<String> = found.parquet.into_iter().map(|file| file.name).collect();
        if let Some(totals) = &mut small.control_totals {
            listed::check(totals, &names, findings);
        }
        Ok(Delivery { sources, small, unread: found.unread, before, extent })
    }

    /// Finds and opens the files of one side alone, with fields beside the record, and the control totals of these
    /// files; adds to the findings.
    pub fn open_side(
        input: &Path,
        side: Side,
        beside: &[BesideField],
        findings: &mut Vec<Finding>,
    ) -> Outcome<Delivery> {
        let extent = Extent::OneSide(side);
        let found = listing(input, extent, findings)?;
        let before = Some((input.to_owned(), found.identities()));
        let mut sources = open_files(&found.parquet, extent, findings)?;
        for source in &mut sources {
            source.read_beside(beside, findings);
        }
        let mut small = SmallFiles::control_totals_of(input, findings)?;
        let names: Vec<String> = found.parquet.into_iter().map(|file| file.name).collect();
        if let Some(totals) = &mut small.control_totals {
            totals.retain(|declared| {
                [side.other().name(), NATIONAL]
                    .iter()
                    .all(|folder| !listed::is_below(folder, &declared.file))
            });
            listed::check(totals, &names, findings);
        }
        Ok(Delivery { sources, small, unread: found.unread, before, extent })
    }

    /// Finds and opens the files of a delivery; fails when there are findings.
    pub fn open_whole(input: &Path, period: Month) -> Outcome<Delivery> {
        let mut findings = Vec::new();
        let delivery = Delivery::open(input, period, &mut findings)?;
        if findings.is_empty() { Ok(delivery) } else { Err(delivery.refused(findings)) }
    }

    /// Makes a delivery of one file. The caller has to check that the file does not change.
    pub fn of_file(mut source: ParquetSource) -> Delivery {
        // Whoever has found the delivery's files has told what is wrong with the column.
        source.read_beside(&OF_RUN, &mut Vec::new());
        Delivery { sources: vec![source], ..Delivery::default() }
    }

    /// Finds files that were changed since the delivery was opened: parts were read before the change, parts after it.
    fn changes(&self) -> Outcome<Vec<Finding>> {
        let Some((input, before)) = &self.before else { return Ok(Vec::new()) };
        let now = walked(input, self.extent, &mut Vec::new())?.identities();
        Ok(changed(before, &now))
    }

    /// Fails when the delivery was changed since it was opened.
    pub fn unchanged(&self) -> Outcome<()> {
        let changes = self.changes()?;
        if changes.is_empty() { Ok(()) } else { Err(Failure::Refused(changes)) }
    }

    /// Makes the failure of a refused delivery: findings in the order of files. A file that was changed meanwhile has
    /// this finding only.
    pub fn refused(&self, mut findings: Vec<Finding>) -> Failure {
        match self.changes() {
            Ok(changes) => {
                findings.retain(|found| changes.iter().all(|change| change.file != found.file));
                findings.extend(changes);
            }
            Err(failure) => return failure,
        }
        // The sort is stable: within a file findings stay in order.
        findings.sort_by(|a, b| a.file.cmp(&b.file));
        Failure::Refused(findings)
    }

    /// Removes files and folders of the run itself from `unread`: the book, its staging folder, opening quotas.
    pub fn forget<'a>(&mut self, input: &Path, own: impl Iterator<Item = &'a PathBuf>) {
        let Ok(input) = input.canonicalize() else { return };
        for own in own.filter_map(|own| own.canonicalize().ok()) {
            let Ok(own) = own.strip_prefix(&input) else { continue };
            let beside = own.with_file_name(format!(
                ".{}.staging",
                own.file_name().unwrap_or_default().to_string_lossy()
            ));
            let is_own = |unread: &Unread| {
                let name = Path::new(&unread.name);
                name.starts_with(own) || name.starts_with(&beside)
            };
            self.unread.retain(|unread| !is_own(unread));
        }
    }

    /// Returns the files as a manifest lists them.
    pub fn entries(&self, facts: &[FileFacts]) -> Vec<FileEntry> {
        let entry = |(source, facts): (&ParquetSource, &FileFacts)| FileEntry {
            path: source.name.clone(),
            bytes: facts.bytes,
            rows: facts.rows,
            sha256: facts.sha256.clone(),
        };
        let sources = self.sources.iter().zip(facts).map(entry);
        sources.chain(self.small.entries.iter().cloned()).collect()
    }

    /// Whether a file of a run says the medium of its rows.
    pub fn has_media(&self) -> bool {
        self.sources.iter().any(|source| !source.beside.is_empty())
    }

    /// Returns the number of rows of a side.
    pub fn rows(&self, side: Side) -> u64 {
        let of_side = self.sources.iter().filter(|source| source.side == side);
        of_side.map(ParquetSource::rows).fold(0, u64::saturating_add)
    }

    /// Compares the totals of files with the declared totals, and their digests with each other.
    pub fn check_files(&self, facts: &[FileFacts], findings: &mut Vec<Finding>) {
        let declared = self.small.control_totals.iter().flatten();
        let declared: BTreeMap<&str, &DeclaredTotals> =
            declared.map(|declared| (declared.file.as_str(), declared)).collect();
        let mut seen: BTreeMap<(&str, &str), &str> = BTreeMap::new();
        for (source, own) in self.sources.iter().zip(facts) {
            if own.rows > 0 {
                let twin = seen.insert((source.folder(), &own.sha256), &source.name);
                if let Some(twin) = twin {
                    let found = text!("the same bytes as {}", twin);
                    findings.push(Finding::of_file(Code::F11, &source.name, found));
                }
            }
            if let Some(declared) = declared.get(source.name.as_str()) {
                compare_totals(&source.name, declared, own, findings);
            }
        }
    }
}

/// Walks the input folder, and waits until a later change of a file shows.
fn listing(input: &Path, extent: Extent, findings: &mut Vec<Finding>) -> Outcome<FolderListing> {
    if let Err(error) = input.metadata()
        && error.kind() == ErrorKind::PermissionDenied
    {
        return Err(Failure::io(input)(error));
    }
    if !input.is_dir() {
        let problem = text!("--input {} is not a folder", input);
        return Err(Failure::Usage(problem));
    }
    let found = walked(input, extent, findings)?;
    settle();
    Ok(found)
}

/// Walks the input folder; of one side alone, only its files and the control totals are found.
fn walked(input: &Path, extent: Extent, findings: &mut Vec<Finding>) -> Outcome<FolderListing> {
    let Extent::OneSide(side) = extent else { return walk(input, extent.parts(), findings) };
    let mut of_all = Vec::new();
    let mut found = walk(input, extent.parts(), &mut of_all)?;
    let other = side.other().name();
    findings.extend(of_all.into_iter().filter(|one| !Path::new(&one.file).starts_with(other)));
    found.parquet.retain(|file| file.side == side);
    found.small.retain(|(name, _)| name == listed::LIST);
    Ok(found)
}

fn open_files(
    parquet: &[FoundParquet],
    extent: Extent,
    findings: &mut Vec<Finding>,
) -> Outcome<Vec<ParquetSource>> {
    let opened: Vec<Outcome<Result<ParquetSource, Vec<Finding>>>> =
        parquet.par_iter().map(|file| open_file(file, extent.scope(file))).collect();
    let mut sources = Vec::new();
    for source in opened {
        match source? {
            Ok(source) => sources.push(source),
            Err(of_file) => findings.extend(of_file),
        }
    }
    Ok(sources)
}

/// Opens a Parquet file of the walk. Findings are returned; a file without permission to read is a failure.
fn open_file(
    file: &FoundParquet,
    scope: FieldScope,
) -> Outcome<Result<ParquetSource, Vec<Finding>>> {
    let FoundParquet { side, name, path, identity } = file;
    let changed = |found: Text| Ok(Err(vec![Finding::of_file(Code::F13, name, found)]));
    let shared = match SharedFile::open(path) {
        Ok(shared) => shared,
        Err(error) if error.kind() == ErrorKind::NotFound => {
            return changed(text!("a file that is gone"));
        }
        Err(error) => return Err(Failure::io(path)(error)),
    };
    match identity.difference(&shared.identity) {
        Some(found) => changed(found),
        None => Ok(ParquetSource::of(*side, scope, name, path, &shared)),
    }
}

fn compare_totals(
    name: &str,
    declared: &DeclaredTotals,
    own: &FileFacts,
    findings: &mut Vec<Finding>,
) {
    let mut differ = |column: &str, found: String, declared: String| {
        let found = text!("{} where {} is declared", found, declared);
        findings.push(Finding::new(Code::F09, name, text!("column {}", column), found));
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
