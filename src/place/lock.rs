//! Locks on folders, which the system releases when the process ends.

use std::{
    fs::{self, File, TryLockError},
    io,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

use rustix::fs::{Mode, OFlags};

use crate::diag::{Failure, Outcome};

/// A locked folder.
///
/// A lock is on a folder, not on its path: another folder may be at the path by now. Before code relies on the path, it
/// calls [`Lock::must_be_there`].
#[derive(Debug)]
pub(crate) struct Lock {
    file: File,
    path: PathBuf,
}

impl Lock {
    /// Locks a folder; `None` when another process has locked it. Fails for a symbolic link.
    pub(crate) fn of(folder: &Path) -> io::Result<Option<Lock>> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let file = File::from(rustix::fs::open(folder, flags, Mode::empty())?);
        match file.try_lock() {
            Ok(()) => Ok(Some(Lock { file, path: folder.to_owned() })),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }

    /// Whether the path still leads to the locked folder.
    pub(crate) fn is_there(&self) -> bool {
        let identity = |metadata: fs::Metadata| (metadata.dev(), metadata.ino());
        let there = fs::symlink_metadata(&self.path).map(identity);
        there.is_ok_and(|there| self.file.metadata().is_ok_and(|locked| identity(locked) == there))
    }

    /// Fails when the path leads to another folder, or to none.
    pub(crate) fn must_be_there(&self) -> Outcome<()> {
        if self.is_there() {
            return Ok(());
        }
        let place = crate::diag::shown(&self.path);
        Err(Failure::Book(
            text!("{} was moved, removed or replaced during the run", place)
                .hinting(text!("nothing was published; run again when nobody moves it")),
        ))
    }

    /// Returns the folder, open.
    pub(crate) fn folder(&self) -> &File {
        &self.file
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // Closing the file does not release the lock while a forked child still has a copy of the handle.
        _ = self.file.unlock();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_knows_when_its_path_leads_elsewhere() {
        let folder = tempfile::tempdir().expect("a folder");
        let (path, away) = (folder.path().join("a"), folder.path().join("b"));
        fs::create_dir(&path).expect("made");
        let lock = Lock::of(&path).expect("opened").expect("free");
        assert!(lock.is_there() && Lock::of(&path).expect("opened").is_none());
        fs::rename(&path, &away).expect("moved");
        assert!(!lock.is_there());
        fs::create_dir(&path).expect("made");
        assert_eq!(lock.must_be_there().expect_err("another").exit_status(), 4);
        assert!(Lock::of(&path).expect("opened").is_some());
        fs::remove_dir(&path).expect("removed");
        std::os::unix::fs::symlink("b", &path).expect("linked");
        assert!(Lock::of(&path).is_err() && !lock.is_there());
    }
}
