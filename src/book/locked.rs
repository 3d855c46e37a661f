//! The exclusive lock of a book.

use std::{
    path::{Path, PathBuf},
    thread,
};

use crate::{
    diag::{Failure, Outcome},
    interrupt::Unfinished,
    place::{
        Lock, TRIES, make_folders,
        period::is_period,
        resolve,
        staging::{Staging, busy},
    },
};

/// A book that is locked.
///
/// Concurrent runs take two locks in the same order: the staging folder beside the book, then the book. So a book
/// that does not exist yet is locked before it is created, and only the holder creates or removes it. If no folder
/// can be created beside it, the book exists already, and its own lock is enough.
pub(super) struct Locked {
    /// Its folder, without links.
    pub(super) root: PathBuf,
    pub(super) lock: Lock,
    /// The staging folder, if there is one beside the book.
    pub(super) beside: Option<Staging>,
    /// Folders that were created.
    pub(super) made: Vec<Unfinished>,
}

impl Locked {
    /// Locks a book, and creates it if it does not exist.
    pub(super) fn acquire(root: &Path) -> Outcome<Locked> {
        let place = resolve(root).map_err(Failure::io(root))?;
        outside_of_periods(&place)?;
        let mut problem = busy(&place);
        for _ in 0..TRIES {
            match Locked::attempt(&place) {
                Ok(Some(locked)) => return Ok(locked),
                Ok(None) => {}
                // Another run has removed a folder that it had created, so this run tries again.
                Err(failure) if failure.is_not_found() => problem = failure,
                Err(failure) => return Err(failure),
            }
            thread::yield_now();
        }
        Err(problem)
    }

    fn attempt(root: &Path) -> Outcome<Option<Locked>> {
        let mut made = match root.parent() {
            Some(parent) => make_folders(parent)?,
            None => Vec::new(),
        };
        let beside = Staging::beside(root)?;
        made.splice(0..0, make_folders(root)?);
        if !root.is_dir() {
            let problem = text!("--book {} is not a folder", root);
            return Err(Failure::Usage(problem));
        }
        let Some(lock) = Lock::of(root).map_err(Failure::io(root))? else {
            // Another run has the lock, so these folders are in its use now and must stay.
            made.into_iter().for_each(Unfinished::leave);
            return Err(busy(root));
        };
        if !lock.is_there() {
            made.into_iter().for_each(Unfinished::leave);
            return Ok(None);
        }
        if beside.is_some() {
            Staging::clear_inside(root)?;
        }
        Ok(Some(Locked { root: root.to_owned(), lock, beside, made }))
    }
}

/// Fails if a book would be in a closed period of another book.
fn outside_of_periods(root: &Path) -> Outcome<()> {
    match root.ancestors().find(|folder| is_period(folder)) {
        None => Ok(()),
        Some(period) => Err(Failure::Usage(
            text!("--book {} is in the closed period {}", root, period)
                .hinting(text!("name the folder that holds the periods")),
        )),
    }
}
