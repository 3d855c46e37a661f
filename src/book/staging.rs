//! A period under construction: a folder of its own that becomes the period in one step.

use std::{
    fs::{self, File},
    io::ErrorKind,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

use super::Lock;
use crate::{
    codes::Month,
    diag::{Failure, Outcome},
    digest::sha256_hex,
    interrupt::{self, Unfinished},
};

/// The staging folder of a run; it goes when the run does, unless it was published.
#[derive(Debug)]
pub struct Staging {
    folder: PathBuf,
    /// What keeps two audits of a period apart; it dies with the process.
    _lock: Option<Lock>,
    _unfinished: Unfinished,
}

impl Staging {
    /// Makes the staging folder of a book, after removing what a killed run has left.
    ///
    /// It lies next to the book, so that the book's own folder is untouched until the end; when that
    /// place is on another file system or may not be written, it lies in the book.
    pub fn create(book: &Path) -> Outcome<Staging> {
        let name = book.file_name().unwrap_or_default().to_string_lossy();
        let beside = book.parent().map(|parent| parent.join(format!(".{name}.staging")));
        let inside = book.join(".staging");
        for leftover in beside.iter().chain([&inside]) {
            match fs::remove_dir_all(leftover) {
                Ok(()) => {}
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                Err(error) => return Err(Failure::io(leftover)(error)),
            }
        }
        let device = |path: &Path| fs::metadata(path).map(|metadata| metadata.dev()).ok();
        let same_device = |path: &PathBuf| path.parent().and_then(device) == device(book);
        if let Some(beside) = beside.filter(same_device) {
            match fs::create_dir(&beside) {
                Ok(()) => return Staging::new(beside, None).with_folders(),
                Err(error)
                    if matches!(
                        error.kind(),
                        ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem
                    ) => {}
                Err(error) => return Err(Failure::io(&beside)(error)),
            }
        }
        fs::create_dir(&inside).map_err(Failure::io(&inside))?;
        Staging::new(inside, None).with_folders()
    }

    /// Makes a folder in which a closed period is worked out again: next to the book, or among the system's
    /// temporary folders when that place may not be written. Nothing in it is ever published.
    pub fn for_audit(book: &Path, period: Month) -> Outcome<Staging> {
        let name = book.file_name().unwrap_or_default().to_string_lossy();
        let beside = book.parent().map(|parent| parent.join(format!(".{name}.audit-{period}")));
        let of_book = sha256_hex(book.as_os_str().as_encoded_bytes());
        let elsewhere =
            std::env::temp_dir().join(format!("liangqing-audit-{}-{period}", &of_book[..16]));
        let mut refused = None;
        for folder in beside.into_iter().chain([elsewhere]) {
            match fs::create_dir_all(&folder) {
                Ok(()) => return Staging::locked(folder, period),
                Err(error) => refused = Some(Failure::io(&folder)(error)),
            }
        }
        Err(refused.expect("Invariant: there is at least one place"))
    }

    /// Takes a folder over, with what a killed audit has left in it.
    fn locked(folder: PathBuf, period: Month) -> Outcome<Staging> {
        let taken = || format!("another audit of {period} is at work in {}", folder.display());
        let lock = Lock::of(&folder, taken)?;
        let staging = Staging::new(folder, Some(lock));
        for leftover in [staging.period(), staging.scratch()] {
            match fs::remove_dir_all(&leftover) {
                Err(error) if error.kind() != ErrorKind::NotFound => {
                    return Err(Failure::io(&leftover)(error));
                }
                _ => {}
            }
        }
        staging.with_folders()
    }

    fn new(folder: PathBuf, lock: Option<Lock>) -> Staging {
        let unfinished = Unfinished::new(&folder);
        Staging { folder, _lock: lock, _unfinished: unfinished }
    }

    fn with_folders(self) -> Outcome<Staging> {
        for folder in [self.period(), self.period().join("tables"), self.scratch()] {
            fs::create_dir(&folder).map_err(Failure::io(&folder))?;
        }
        Ok(self)
    }

    /// The folder that becomes the period.
    pub fn period(&self) -> PathBuf {
        self.folder.join("period")
    }

    /// A folder for what does not fit into memory.
    pub fn scratch(&self) -> PathBuf {
        self.folder.join("scratch")
    }

    /// Makes the folder durable and gives it its name in the book. After this the period is closed.
    pub fn publish(self, book: &Path, period: Month) -> Outcome<()> {
        let from = self.period();
        for folder in [from.join("tables"), from.clone()] {
            sync(&folder)?;
        }
        let to = book.join(period.to_string());
        interrupt::settle(|| {
            fs::rename(&from, &to).map_err(Failure::io(&to))?;
            sync(book)
        })
    }
}

impl Drop for Staging {
    fn drop(&mut self) {
        // What cannot be removed now is removed by the next run.
        _ = fs::remove_dir_all(&self.folder);
    }
}

fn sync(folder: &Path) -> Outcome<()> {
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(Failure::io(folder))
}
