//! The staging folder: a period is built in it, and gets its place in the book by one rename.

use std::{
    fs::{self, File},
    io::{Error, ErrorKind},
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

use crate::{
    diag::{Failure, Outcome},
    digest::sha256_hex,
    model::codes::Month,
    place::{Claimed, FolderClaim, Lock, rename_new},
};

/// The staging folder of a run. It is private and locked, and it is removed when the run ends.
#[derive(Debug)]
pub struct Staging(FolderClaim);

/// The most names that are tried for an audit in the temporary folder, where other users may have taken some.
const MOST_STRANGERS: u32 = 1000;

impl Staging {
    /// Makes the staging folder of a book next to it, in place of leftovers of a killed run. `None` when that place is
    /// on another file system or may not be written.
    pub(crate) fn beside(book: &Path) -> Outcome<Option<Staging>> {
        let (Some(parent), Some(beside)) = (book.parent(), beside(book, "staging")) else {
            return Ok(None);
        };
        let device = |path: &Path| fs::metadata(path).map(|metadata| metadata.dev()).ok();
        // A book that does not exist yet will be on the file system of the folder above it.
        if device(book).is_some_and(|of_book| device(parent) != Some(of_book)) {
            return Ok(None);
        }
        match FolderClaim::take(&beside)? {
            Claimed::Ours(claim) => Ok(Some(Staging::in_claim(claim)?)),
            Claimed::Busy => Err(busy(book)),
            Claimed::Denied(_) => Ok(None),
            Claimed::Strange => Err(strange(&beside)),
        }
    }

    /// Makes the staging folder inside a book, which has to be locked.
    pub(crate) fn inside(book: &Path) -> Outcome<Staging> {
        let inside = book.join(INSIDE);
        match FolderClaim::take(&inside)? {
            Claimed::Ours(claim) => Staging::in_claim(claim),
            Claimed::Busy => Err(busy(book)),
            Claimed::Denied(error) => Err(Failure::io(&inside)(error)),
            Claimed::Strange => Err(strange(&inside)),
        }
    }

    /// Removes the staging folder that a killed run has left inside a book, which has to be locked.
    pub(crate) fn clear_inside(book: &Path) -> Outcome<()> {
        let inside = book.join(INSIDE);
        if inside.is_dir() {
            drop(FolderClaim::take(&inside)?);
        }
        Ok(())
    }

    /// Makes a folder in which an audit works a closed period out again: next to the book, or in the system's temporary
    /// folder when that place may not be written. Nothing in it is ever published.
    pub fn for_audit(book: &Path, period: Month) -> Outcome<Staging> {
        if let Some(beside) = beside(book, &format!("audit-{period}")) {
            match FolderClaim::take(&beside)? {
                Claimed::Ours(claim) => return Staging::in_claim(claim),
                Claimed::Busy => return Err(other_audit(period, &beside)),
                Claimed::Strange => return Err(strange(&beside)),
                Claimed::Denied(_) => {}
            }
        }
        let of_book = sha256_hex(book.as_os_str().as_encoded_bytes());
        let name = format!("liangqing-audit-{}-{period}", &of_book[..16]);
        Staging::in_temporary_folder(&name, |folder| Err(other_audit(period, folder)))
    }

    /// Makes a folder in the system's temporary folder for data that are spilled while something is looked up.
    pub fn for_look_up() -> Outcome<Staging> {
        // Several may be at work at a time; each takes the next name.
        Staging::in_temporary_folder("liangqing-look-up", |_| Ok(()))
    }

    /// Makes a folder in the system's temporary folder. `busy` may refuse when another process works in one.
    fn in_temporary_folder(name: &str, busy: impl Fn(&Path) -> Outcome<()>) -> Outcome<Staging> {
        #[expect(
            clippy::disallowed_methods,
            reason = "an auditor may not be able to write beside the book"
        )]
        let temporary = std::env::temp_dir();
        // Any user may make folders there, of any name: those of others are not touched.
        for number in 0..MOST_STRANGERS {
            let folder = temporary.join(format!("{name}-{number}"));
            match FolderClaim::take_among_strangers(&folder)? {
                Claimed::Ours(claim) => return Staging::in_claim(claim),
                Claimed::Busy => busy(&folder)?,
                Claimed::Denied(error) => return Err(Failure::io(&folder)(error)),
                Claimed::Strange => {}
            }
        }
        let problem =
            Error::new(ErrorKind::AlreadyExists, text!("others have taken every name for it"));
        Err(Failure::io(&temporary.join(name))(problem))
    }

    fn in_claim(claim: FolderClaim) -> Outcome<Staging> {
        let staging = Staging(claim);
        for folder in [staging.period(), staging.period().join("tables"), staging.scratch()] {
            fs::create_dir(&folder).map_err(Failure::io(&folder))?;
        }
        Ok(staging)
    }

    /// Returns the folder that becomes the period.
    pub fn period(&self) -> PathBuf {
        self.0.path().join(PERIOD)
    }

    /// Returns the folder for spill files.
    pub fn scratch(&self) -> PathBuf {
        self.0.path().join("scratch")
    }

    /// Syncs the folder to disk and renames it into the book. After this the period is closed.
    ///
    /// The rename uses the locked folders, not their paths. Both paths must still lead to them.
    pub(crate) fn publish(self, root: &Path, lock: &Lock, period: Month) -> Outcome<()> {
        for folder in [self.period().join("tables"), self.period()] {
            File::open(&folder).and_then(|f| f.sync_all()).map_err(Failure::io(&folder))?;
        }
        let name = PathBuf::from(period.to_string());
        self.0.last_step(|| {
            lock.must_be_there()?;
            self.0.lock().must_be_there()?;
            rename_new((self.0.lock().folder(), PERIOD), (lock.folder(), &name)).map_err(|error| {
                let place = root.join(&name);
                match error.kind() {
                    ErrorKind::AlreadyExists => {
                        let place = crate::diag::shown(&place);
                        Failure::Book(text!("{} came into the book during the run", place))
                    }
                    _ => Failure::io(&place)(error),
                }
            })
        })?;
        lock.folder().sync_all().map_err(Failure::io(root))
    }
}

/// The name of a staging folder inside a book.
const INSIDE: &str = ".staging";
/// The name of the folder that becomes the period.
const PERIOD: &str = "period";

/// Returns a hidden path next to a book.
fn beside(book: &Path, what: &str) -> Option<PathBuf> {
    let name = book.file_name()?.to_string_lossy();
    Some(book.with_file_name(format!(".{name}.{what}")))
}

fn other_audit(period: Month, folder: &Path) -> Failure {
    Failure::Book(text!("another audit of {} is at work in {}", period, folder))
}

fn strange(place: &Path) -> Failure {
    let problem = Error::new(
        ErrorKind::AlreadyExists,
        text!("it is in the way, and is no folder").hinting(text!("move it away")),
    );
    Failure::io(place)(problem)
}

/// Makes the failure of a book on which another run works.
pub(crate) fn busy(book: &Path) -> Failure {
    Failure::Book(text!("another run is at work on the book {}", book))
}
