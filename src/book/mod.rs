//! 7. The book (账套): one folder for each closed period, which never changes again.
//!
//! **Purpose.** Keep what later periods need, and publish a period whole or not at all.
//!
//! **In.** The folder, the period that is to be closed.
//!
//! **Out.** The period before it, the register, a staging folder that becomes the period.
//!
//! **Invariants.** Periods follow each other month by month; each manifest names the digest of the one
//! before; one run at a time.

pub mod grid;
mod locked;
pub mod manifest;
mod standing;
pub mod twins;

use std::{
    collections::BTreeMap,
    fs::{self, File},
    io::ErrorKind,
    path::{Path, PathBuf},
};

use grid::Grid;
use manifest::Manifest;
use rayon::prelude::*;

use self::locked::Locked;
use crate::{
    columnar::{claims, entry::FileEntry, shape},
    diag::{Failure, Outcome},
    digest::sha256_of,
    event::Monitor,
    interrupt::Unfinished,
    model::codes::{Month, Side},
    place::{Lock, staging::Staging},
    text::{Text, Value},
};

/// A book that is open for closing one more period.
#[derive(Debug)]
pub struct Book {
    /// Its folder.
    pub root: PathBuf,
    /// The closed periods with their folders, oldest first.
    pub periods: Vec<(Month, PathBuf)>,
    /// Digest of the newest manifest.
    pub head: Option<String>,
    /// The newest manifest.
    pub newest: Option<Manifest>,
    /// The Parquet files with rows that periods were closed with, by digest: the newest period, and the path.
    pub delivered: BTreeMap<String, (Month, String)>,
    /// Every file that a manifest lists.
    files: Vec<ListedFile>,
    /// Folders that were created for it. Empty ones are removed on drop, while the book is still locked.
    _made: Vec<Unfinished>,
    // Fields are dropped in their order: the lock must come after `_made`, so that it is released last.
    /// The lock of a book that will get a period; the end of the process releases it as well.
    lock: Option<Lock>,
}

impl Book {
    /// Opens a book to close its next period, and checks the chain of its manifests, but not yet the files that they
    /// list. Returns also the staging folder of the period.
    pub fn open(root: &Path, period: Month) -> Outcome<(Book, Staging)> {
        let Locked { root, lock, beside, made } = Locked::acquire(root)?;
        let periods = closed_periods(&root)?;
        check_order(&periods, period)?;
        let Chain { newest, files, delivered } = Chain::of(&periods)?;
        let (head, newest) = newest.unzip();
        let staging = beside.map_or_else(|| Staging::inside(&root), Ok)?;
        let lock = Some(lock);
        let book = Book { root, periods, head, newest, delivered, files, _made: made, lock };
        Ok((book, staging))
    }

    /// Opens a book for reading, in the state before a period was closed, with the checks of `open`.
    pub fn before(root: &Path, period: Month) -> Outcome<Book> {
        let root = root.canonicalize().map_err(Failure::io(root))?;
        let mut periods = closed_periods(&root)?;
        periods.retain(|(month, _)| *month < period);
        Book::unlocked(root, periods, period)
    }

    /// Opens a book for reading, to rehearse the close of a period, with the checks of `open`. Nothing is made: a book
    /// that does not exist yet has no period.
    pub fn ahead(root: &Path, period: Month) -> Outcome<Book> {
        let is_new = root.metadata().is_err_and(|error| error.kind() == ErrorKind::NotFound);
        let periods = if is_new { Vec::new() } else { periods_in(root)? };
        Book::unlocked(root.to_owned(), periods, period)
    }

    fn unlocked(root: PathBuf, periods: Vec<(Month, PathBuf)>, period: Month) -> Outcome<Book> {
        check_order(&periods, period)?;
        let Chain { newest, files, delivered } = Chain::of(&periods)?;
        let (head, newest) = newest.unzip();
        Ok(Book { root, periods, head, newest, delivered, files, _made: Vec::new(), lock: None })
    }

    /// Checks the periods of a book and returns them.
    pub fn look(root: &Path) -> Outcome<Vec<(Month, PathBuf)>> {
        let periods = periods_in(root)?;
        if let Some((last, _)) = periods.last() {
            check_order(&periods, last.plus(1))?;
        }
        check_files(&Chain::of(&periods)?.files, &Monitor::silent())?;
        Ok(periods)
    }

    /// Checks that every file of every closed period has the digest of its manifest.
    pub fn check_files(&self, monitor: &Monitor) -> Outcome<()> {
        check_files(&self.files, monitor)
    }

    /// Returns the lock of a book that will get a period.
    fn lock(&self) -> Outcome<&Lock> {
        self.lock.as_ref().ok_or_else(|| Failure::Bug(text!("a book that is not locked grows")))
    }

    /// Publishes the period of a staging folder by one rename.
    pub fn publish(&self, staging: Staging, period: Month) -> Outcome<()> {
        staging.publish(&self.root, self.lock()?, period)
    }

    /// Returns the cause of a failure: if the book was moved during the run, that is the cause.
    pub fn behind(&self, failure: Failure) -> Failure {
        let moved = self.lock.as_ref().and_then(|lock| lock.must_be_there().err());
        moved.filter(|_| !matches!(failure, Failure::Interrupted)).unwrap_or(failure)
    }

    /// Checks the sizes that page headers of every closed period claim, before a reader trusts them.
    pub fn check_claims(&self) -> Outcome<()> {
        self.periods.iter().try_for_each(|(_, folder)| claims::of_period(folder))
    }

    /// Returns the folder of the period before.
    pub fn previous(&self) -> Option<&Path> {
        self.periods.last().map(|(_, folder)| folder.as_path())
    }
}

/// Returns the closed periods of a book with their folders, oldest first, without checks.
pub fn closed_periods(root: &Path) -> Outcome<Vec<(Month, PathBuf)>> {
    let mut periods = Vec::new();
    for entry in fs::read_dir(root).map_err(Failure::io(root))? {
        let path = entry.map_err(Failure::io(root))?.path();
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned());
        if let Some(month) = name.as_deref().and_then(Month::from_text) {
            periods.push((month, path));
        }
    }
    periods.sort();
    Ok(periods)
}

/// Returns the closed periods like `closed_periods`; fails if the book is not a folder.
pub fn periods_in(root: &Path) -> Outcome<Vec<(Month, PathBuf)>> {
    if !root.is_dir() {
        return Err(Failure::Usage(text!("--book {} is not a folder", root)));
    }
    closed_periods(root)
}

/// A closed period, open for reading.
#[derive(Debug)]
pub struct ClosedPeriod {
    /// The period.
    pub month: Month,
    /// Its folder.
    pub folder: PathBuf,
    /// Its manifest, which its seal confirms.
    pub manifest: Manifest,
}

impl ClosedPeriod {
    /// Opens a closed period of a book.
    pub fn open(root: &Path, period: Month) -> Outcome<ClosedPeriod> {
        ClosedPeriod::read(period, closed_period(root, period)?)
    }

    /// Opens the closed period in a folder.
    pub fn read(month: Month, folder: PathBuf) -> Outcome<ClosedPeriod> {
        let (manifest, _) = Manifest::read(&folder)?;
        Ok(ClosedPeriod { month, folder, manifest })
    }

    /// Reads a table; fails unless its file has the digest of the manifest.
    pub fn table(&self, name: &str) -> Outcome<Grid> {
        let ClosedPeriod { folder, manifest, .. } = self;
        let path = format!("tables/{name}.parquet");
        let digest = File::open(folder.join(&path)).and_then(sha256_of);
        let listed = manifest.outputs.iter().find(|output| output.path == path);
        match (digest, listed) {
            (_, None) if manifest.form() < Some(shape::of(name).since) => {
                Ok(Grid::empty(shape::of(name)))
            }
            (Ok(digest), Some(output)) if digest == output.sha256 => Grid::open(folder, name),
            (Err(error), _) => Err(damaged(folder, text!("{}: {}", path, error))),
            _ => Err(damaged(folder, text!("{} has other bytes", path))),
        }
    }
}

/// Returns the folder of a closed period.
pub fn closed_period(root: &Path, period: Month) -> Outcome<PathBuf> {
    let periods = if root.is_dir() { closed_periods(root)? } else { Vec::new() };
    let found = periods.into_iter().find(|(month, _)| *month == period);
    found
        .map(|(_, folder)| folder)
        .ok_or_else(|| Failure::Book(text!("period {} is not closed in {}", period, root)))
}

fn check_order(periods: &[(Month, PathBuf)], period: Month) -> Outcome<()> {
    if periods.iter().any(|(closed, _)| *closed == period) {
        let problem = text!("period {} is closed already, and closed periods never change", period)
            .hinting(text!("corrections enter a later period"));
        return Err(Failure::Book(problem));
    }
    for pair in periods.windows(2) {
        if pair[1].0 != pair[0].0.plus(1) {
            let missing = pair[0].0.plus(1);
            return Err(Failure::Book(text!(
                "the book is damaged: period {} is not there",
                missing
            )));
        }
    }
    match periods.last() {
        Some((last, _)) if last.plus(1) != period => {
            let next = last.plus(1);
            let problem = text!("period {} does not follow {}, the last one closed", period, last)
                .hinting(text!("close {} next", next));
            Err(Failure::Book(problem))
        }
        _ => Ok(()),
    }
}

/// The chain of manifests: each has the digest of the manifest before.
struct Chain {
    /// The digest of the newest manifest, and the manifest.
    newest: Option<(String, Manifest)>,
    /// The files that they list.
    files: Vec<ListedFile>,
    /// Their inputs of both sides that have rows, by digest.
    delivered: BTreeMap<String, (Month, String)>,
}

/// The folder of a period, and a file that its manifest lists.
type ListedFile = (PathBuf, FileEntry);

impl Chain {
    fn of(periods: &[(Month, PathBuf)]) -> Outcome<Chain> {
        let mut chain = Chain { newest: None, files: Vec::new(), delivered: BTreeMap::new() };
        for (period, folder) in periods {
            let (manifest, digest) = Manifest::read(folder)?;
            if manifest.period != period.to_string() {
                return Err(damaged(folder, text!("manifest.json is that of another period")));
            }
            let before = chain.newest.as_ref().map(|(digest, _)| digest);
            if manifest.previous_manifest_sha256.as_ref() != before {
                return Err(damaged(folder, text!("manifest.json does not continue the chain")));
            }
            let form = manifest.form();
            if form.is_none() {
                return Err(damaged(
                    folder,
                    text!("manifest.json does not list the files of a period"),
                ));
            }
            if form < chain.newest.as_ref().and_then(|(_, newest)| newest.form()) {
                return Err(damaged(
                    folder,
                    text!("manifest.json lacks tables that the period before has"),
                ));
            }
            chain.files.extend(manifest.outputs.iter().map(|o| (folder.clone(), o.clone())));
            let of_sides = manifest.inputs.iter().filter(|input| {
                let side =
                    Side::BOTH.into_iter().find(|s| Path::new(&input.path).starts_with(s.name()));
                side.is_some() && input.rows > 0
            });
            let of_sides = of_sides.map(|i| (i.sha256.clone(), (*period, i.path.clone())));
            chain.delivered.extend(of_sides);
            chain.newest = Some((digest, manifest));
        }
        Ok(chain)
    }
}

/// Checks that files have the digests of their manifests.
fn check_files(files: &[ListedFile], monitor: &Monitor) -> Outcome<()> {
    let check = |(folder, output): &ListedFile| {
        monitor.check()?;
        let digest = File::open(folder.join(&output.path)).and_then(sha256_of);
        match digest {
            Ok(digest) if digest == output.sha256 => Ok(()),
            Ok(_) => Err(damaged(folder, text!("{} has other bytes", output.path))),
            Err(error) => Err(damaged(folder, text!("{}: {}", output.path, error))),
        }
    };
    // All files are checked in parallel, and the first damaged file in order is reported.
    let checked: Vec<Outcome<()>> = files.par_iter().map(check).collect();
    checked.into_iter().collect()
}

fn damaged(folder: &Path, what: Text) -> Failure {
    Failure::Book(
        text!("the book is damaged: {}: {}", folder, Value::Text(what))
            .hinting(text!("restore this period from a copy")),
    )
}
