//! A folder of a known name in which one process works. It is private and locked, and it is removed by this process, or
//! after a crash by the next.

use std::{
    fs::{self, DirBuilder, File},
    io::{Error, ErrorKind},
    os::unix::fs::{DirBuilderExt, MetadataExt},
    path::Path,
};

use super::{lock::Lock, paths::TRIES};
use crate::{
    diag::{Failure, Outcome},
    interrupt::Unfinished,
};

/// A folder of this process, which is removed when the value is dropped.
#[derive(Debug)]
pub(crate) struct FolderClaim {
    // Fields are dropped in this order: the spare files are closed, the folder is removed, the lock is released.
    // Removing a tree opens its folders, and the process may have no other file handles left. Without the lock another
    // process could claim the folder while it is removed.
    _spare: Vec<File>,
    folder: Unfinished,
    lock: Lock,
}

/// The number of spare files: the depth of the folders that are removed.
const SPARE: usize = 6;

/// The result of a claim of a folder.
#[derive(Debug)]
pub(crate) enum Claimed {
    /// The folder is ours.
    Ours(FolderClaim),
    /// Another process works in it.
    Busy,
    /// We have no permission to make it, or to remove what was left there.
    Denied(Error),
    /// At its path is something that is no folder, or a folder of another user.
    Strange,
}

/// The leftovers that may be removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Leftovers {
    /// Those of any user: the name belongs to the book, or to the output.
    Any,
    /// Our own only: any user may make folders in this place.
    Own,
}

/// The state of the path of a folder that could not be made.
enum Obstacle {
    Gone,
    Busy,
    Strange,
}

impl FolderClaim {
    /// Claims a folder in a place of our own, where all leftovers may be removed.
    pub(crate) fn take(folder: &Path) -> Outcome<Claimed> {
        FolderClaim::take_from(folder, Leftovers::Any)
    }

    /// Claims a folder in a place where any user may make folders, such as the system's temporary folder.
    pub(crate) fn take_among_strangers(folder: &Path) -> Outcome<Claimed> {
        FolderClaim::take_from(folder, Leftovers::Own)
    }

    fn take_from(folder: &Path, leftovers: Leftovers) -> Outcome<Claimed> {
        for _ in 0..TRIES {
            let made = Unfinished::tree(folder, || DirBuilder::new().mode(0o700).create(folder));
            match made {
                Ok(made) => match Lock::of(folder) {
                    Ok(Some(lock)) if lock.is_there() => {
                        let spare = (0..SPARE).map(|_| lock.folder().try_clone());
                        let spare_files =
                            spare.collect::<Result<_, _>>().map_err(Failure::io(folder))?;
                        return Ok(Claimed::Ours(FolderClaim {
                            _spare: spare_files,
                            folder: made,
                            lock,
                        }));
                    }
                    // Between creating and locking it, another process took it for a leftover and locked it.
                    Ok(None) => {
                        made.leave();
                        return Ok(Claimed::Busy);
                    }
                    Ok(Some(_)) => made.leave(),
                    Err(error) if error.kind() == ErrorKind::NotFound => made.leave(),
                    Err(error) => return Err(Failure::io(folder)(error)),
                },
                Err(Failure::Io { error, .. }) if error.kind() == ErrorKind::AlreadyExists => {
                    match clear(folder, leftovers) {
                        Ok(Obstacle::Gone) => {}
                        Ok(Obstacle::Busy) => return Ok(Claimed::Busy),
                        Ok(Obstacle::Strange) => return Ok(Claimed::Strange),
                        Err(error) => return denied(folder, error),
                    }
                }
                Err(Failure::Io { error, .. }) => return denied(folder, error),
                Err(failure) => return Err(failure),
            }
        }
        Err(Failure::io(folder)(Error::other(text!("others make and remove it all the time"))))
    }

    /// Claims the folder in which something at the path `shown` is made; fails when it is not free.
    pub(super) fn for_output(part: &Path, shown: &Path) -> Outcome<FolderClaim> {
        match FolderClaim::take(part)? {
            Claimed::Ours(claim) => Ok(claim),
            Claimed::Denied(error) => Err(Failure::io(part)(error)),
            Claimed::Busy => Err(Failure::Usage(
                text!("another command is writing {}", shown)
                    .hinting(text!("wait for it, or name another place")),
            )),
            Claimed::Strange => Err(Failure::Usage(
                text!("{} is in the way, and is not ours", part)
                    .hinting(text!("move it away, or name another place")),
            )),
        }
    }

    /// Returns the folder.
    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Returns its lock.
    pub(crate) fn lock(&self) -> &Lock {
        &self.lock
    }

    /// Does a last step, which no signal interrupts.
    pub(crate) fn last_step<T>(&self, step: impl FnOnce() -> Outcome<T>) -> Outcome<T> {
        self.folder.last_step(step)
    }
}

fn denied(folder: &Path, error: Error) -> Outcome<Claimed> {
    match error.kind() {
        ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => Ok(Claimed::Denied(error)),
        _ => Err(Failure::io(folder)(error)),
    }
}

/// Removes the folder that a killed process has left; otherwise returns the obstacle.
fn clear(folder: &Path, leftovers: Leftovers) -> std::io::Result<Obstacle> {
    let found = match fs::symlink_metadata(folder) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Obstacle::Gone),
        found => found?,
    };
    let own = || found.uid() == rustix::process::geteuid().as_raw();
    if !found.is_dir() || (leftovers == Leftovers::Own && !own()) {
        return Ok(Obstacle::Strange);
    }
    let lock = match Lock::of(folder) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Obstacle::Gone),
        lock => lock?,
    };
    let Some(lock) = lock else { return Ok(Obstacle::Busy) };
    // Another process may have removed this folder and made a new one at the path since it was locked.
    if lock.is_there() {
        fs::remove_dir_all(folder)?;
    }
    Ok(Obstacle::Gone)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    fn take(path: &Path) -> Claimed {
        FolderClaim::take(path).expect("no failure")
    }

    #[test]
    fn a_claim_is_private_and_goes_and_so_do_leftovers() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("work");
        fs::create_dir_all(path.join("of/a/killed/run")).expect("made");
        let Claimed::Ours(claim) = take(&path) else { panic!("it is free") };
        let mode = fs::metadata(claim.path()).expect("there").permissions().mode();
        assert_eq!(mode & 0o777, 0o700);
        assert!(!path.join("of").exists());
        assert!(matches!(take(&path), Claimed::Busy));
        drop(claim);
        assert!(!path.exists());
    }

    #[test]
    fn what_is_no_folder_of_ours_stays() {
        let folder = tempfile::tempdir().expect("a folder");
        let (path, precious) = (folder.path().join("work"), folder.path().join("precious"));
        fs::create_dir_all(precious.join("period")).expect("made");
        symlink("precious", &path).expect("linked");
        assert!(matches!(take(&path), Claimed::Strange));
        assert!(precious.join("period").exists());
        fs::remove_file(&path).expect("removed");
        fs::write(&path, "mine").expect("written");
        assert!(matches!(take(&path), Claimed::Strange));
    }

    #[test]
    fn of_many_that_want_a_folder_at_once_one_has_it() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("work");
        for round in 0..50 {
            if round % 2 == 0 {
                fs::create_dir_all(path.join("left")).expect("made");
            }
            let wishes: Vec<Claimed> = std::thread::scope(|scope| {
                let threads: Vec<_> = (0..4).map(|_| scope.spawn(|| take(&path))).collect();
                threads.into_iter().map(|thread| thread.join().expect("no panic")).collect()
            });
            let ours = wishes.iter().filter(|wish| matches!(wish, Claimed::Ours(_))).count();
            assert_eq!(ours, 1, "{wishes:?}");
        }
        assert!(!path.exists());
    }
}
