//! A book of which nobody else may make, change or remove anything.

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
/// Runs at once take the same two steps in the same order: the staging folder beside the book, then the book. So a
/// book that is not there yet has a lock before it is made, and nobody but its holder makes or removes it. Where no
/// folder may be made beside it, the book is there already, and its own lock is enough.
pub(super) struct Locked {
    /// Its folder, without links.
    pub(super) root: PathBuf,
    pub(super) lock: Lock,
    /// The staging folder, where there is one beside the book.
    pub(super) beside: Option<Staging>,
    /// Folders that were made.
    pub(super) made: Vec<Unfinished>,
}

impl Locked {
    /// Locks a book, which is made when it is not there.
    pub(super) fn take(root: &Path) -> Outcome<Locked> {
        let place = resolve(root).map_err(Failure::io(root))?;
        outside_of_periods(&place)?;
        let mut problem = busy(&place);
        for _ in 0..TRIES {
            match Locked::attempt(&place) {
                Ok(Some(locked)) => return Ok(locked),
                Ok(None) => {}
                // Others have removed a folder that they had made.
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
            // It is somebody else's now, whoever has made it.
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

/// Fails when a book would be in a closed period of another one.
fn outside_of_periods(root: &Path) -> Outcome<()> {
    match root.ancestors().find(|folder| is_period(folder)) {
        None => Ok(()),
        Some(period) => Err(Failure::Usage(
            text!("--book {} is in the closed period {}", root, period)
                .hinting(text!("name the folder that holds the periods")),
        )),
    }
}
