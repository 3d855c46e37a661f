//! Cleans up when a signal ends the process: removes unfinished folders, and protects steps that must stay whole.
//!
//! A command that must stop does so at the next check of its [monitor](crate::event::Monitor). Where it does not
//! check, because it waits for a pipe or works deep in a file, [`abandon`] cleans up instead.

use std::{
    ffi::OsString,
    fs,
    io::{self, ErrorKind},
    mem,
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard, PoisonError},
    thread,
    time::Duration,
};

use crate::diag::{Failure, Outcome};

/// The number of times that a folder's removal is tried, and the pause before the next.
const TRIES: u32 = 200;
const PAUSE: Duration = Duration::from_millis(1);

/// The unfinished work of the process.
struct All {
    /// Unfinished folders in the order in which they were made.
    made: Vec<Construction>,
    /// The number of folders made so far, which numbers them.
    given: u64,
    /// Whether the command is ending. Then nothing new may begin.
    over: bool,
    /// Whether the result of the command is published.
    settled: bool,
}

#[derive(Clone)]
struct Construction {
    number: u64,
    path: PathBuf,
    /// Whether it is removed with its contents.
    whole: bool,
}

static ALL: Mutex<All> = Mutex::new(All::new());

fn all() -> MutexGuard<'static, All> {
    // A poisoned mutex is safe to use: no change of the list can panic halfway.
    ALL.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Removes all unfinished folders before the process ends. Nothing new begins and nothing is published after it. Waits
/// for a last step in progress. Returns whether the result is published.
pub fn abandon() -> bool {
    let mut all = all();
    all.end();
    let settled = all.settled;
    // The mutex stays locked for ever: a thread that wants it blocks until the process ends, so it can neither make a
    // folder nor publish after the clean-up. Unlocking here would open that gap.
    mem::forget(all);
    settled
}

/// Publishes the result of a command. No signal ends the process within this step. After it the command has succeeded,
/// even if a signal comes.
pub fn settle<T, E>(step: impl FnOnce() -> Result<T, E>) -> Result<T, E> {
    all().settle(step)
}

/// Records that the result is published.
pub fn settled() {
    all().settled = true;
}

/// Records that interruptible work follows.
pub fn unsettle() {
    all().settled = false;
}

/// Whether the result is published. Waits for a step in progress, and for ever once the process is ending.
pub fn is_settled() -> bool {
    all().settled
}

impl All {
    const fn new() -> All {
        All { made: Vec::new(), given: 0, over: false, settled: false }
    }

    fn settle<T, E>(&mut self, step: impl FnOnce() -> Result<T, E>) -> Result<T, E> {
        let done = step();
        self.settled |= done.is_ok();
        done
    }

    fn end(&mut self) {
        self.over = true;
        while let Some(made) = self.made.pop() {
            made.remove();
        }
    }
}

impl Construction {
    fn remove(&self) {
        for _ in 0..TRIES {
            // Removing an empty folder needs no open file.
            let removed = fs::remove_dir(&self.path);
            if removed.is_ok() || !self.whole {
                return;
            }
            self.cut_off();
            if fs::remove_dir_all(&self.path).is_ok() || !self.is_there() {
                return;
            }
            thread::sleep(PAUSE);
        }
        // The next command that works there removes what is left.
    }

    /// Renames all that is in the folder: other threads, which may still make files below it, find their folders no more.
    fn cut_off(&self) {
        let Ok(entries) = fs::read_dir(&self.path) else { return };
        let names: Vec<_> = entries.flatten().map(|entry| entry.file_name()).collect();
        for name in names {
            let mut gone = OsString::from("gone-");
            gone.push(&name);
            _ = fs::rename(self.path.join(&name), self.path.join(gone));
        }
    }

    fn is_there(&self) -> bool {
        !matches!(fs::symlink_metadata(&self.path), Err(error) if error.kind() == ErrorKind::NotFound)
    }
}

/// A folder that is removed when this value is dropped.
#[derive(Debug)]
pub struct Unfinished {
    number: u64,
    path: PathBuf,
}

impl Unfinished {
    /// Makes a folder that is removed with its contents.
    pub fn tree(path: &Path, make: impl FnOnce() -> io::Result<()>) -> Outcome<Unfinished> {
        Unfinished::made(path, true, make)
    }

    /// Makes a folder that is removed only when it is empty.
    pub(crate) fn folder(
        path: &Path,
        make: impl FnOnce() -> io::Result<()>,
    ) -> Outcome<Unfinished> {
        Unfinished::made(path, false, make)
    }

    fn made(
        path: &Path,
        whole: bool,
        make: impl FnOnce() -> io::Result<()>,
    ) -> Outcome<Unfinished> {
        let mut all = all();
        if all.over {
            return Err(Failure::Interrupted);
        }
        make().map_err(Failure::io(path))?;
        all.given += 1;
        let number = all.given;
        all.made.push(Construction { number, path: path.to_owned(), whole });
        Ok(Unfinished { number, path: path.to_owned() })
    }

    /// Returns the path.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Runs the last step. No signal ends the command within it, and after it the command has succeeded.
    pub(crate) fn last_step<T>(&self, step: impl FnOnce() -> Outcome<T>) -> Outcome<T> {
        let mut all = all();
        if !all.made.iter().any(|made| made.number == self.number) {
            return Err(Failure::Interrupted);
        }
        all.settle(step)
    }

    /// Keeps the folder: it belongs to somebody else.
    pub(crate) fn leave(self) {
        drop(self.forget());
    }

    fn forget(&self) -> Option<Construction> {
        let mut all = all();
        let at = all.made.iter().position(|made| made.number == self.number)?;
        Some(all.made.remove(at))
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        // The folder stays in the list until it is removed, so that `abandon` can finish an interrupted removal.
        let known = all().made.iter().find(|made| made.number == self.number).cloned();
        if let Some(made) = known {
            made.remove();
            drop(self.forget());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_that_is_unfinished_goes_innermost_first_and_what_is_kept_stays() {
        let folder = tempfile::tempdir().expect("a folder");
        let made = |number, name: &str, whole| {
            let path = folder.path().join(name);
            fs::create_dir_all(&path).expect("made");
            Construction { number, path, whole }
        };
        let made = vec![made(1, "new", false), made(2, "new/.part", true), made(3, "other", false)];
        fs::create_dir_all(folder.path().join("new/.part/period/tables")).expect("made");
        fs::write(folder.path().join("other/published"), "").expect("written");
        let mut all = All { made, ..All::new() };
        all.end();
        assert!(all.over && all.made.is_empty());
        assert!(!folder.path().join("new").exists());
        assert!(folder.path().join("other/published").exists());
    }

    #[test]
    fn a_folder_goes_although_others_still_write_into_it_and_remove_it() {
        let folder = tempfile::tempdir().expect("a folder");
        for round in 0..20 {
            let path = folder.path().join(format!("part{round}"));
            fs::create_dir_all(path.join("new/tables")).expect("made");
            let writers: Vec<_> = (0..4)
                .map(|writer| {
                    let tables = path.join("new/tables");
                    thread::spawn(move || {
                        let name = |file: u32| tables.join(format!("{writer}-{file}"));
                        (0..u32::MAX).take_while(|&file| fs::write(name(file), "").is_ok()).count()
                    })
                })
                .collect();
            thread::sleep(Duration::from_millis(5));
            let made = Construction { number: 1, path: path.clone(), whole: true };
            let other = made.clone();
            let removal = thread::spawn(move || other.remove());
            made.remove();
            assert!(!path.exists(), "round {round}");
            removal.join().expect("removed");
            let written = writers.into_iter().map(|writer| writer.join().expect("ended"));
            assert!(written.sum::<usize>() > 0, "nobody wrote");
        }
    }

    #[test]
    fn a_step_that_fails_settles_nothing() {
        let mut all = All::new();
        assert!(all.settle(|| Err::<(), _>("full")).is_err());
        assert!(!all.settled);
        all.settle(|| Ok::<_, ()>(())).expect("done");
        assert!(all.settle(|| Err::<(), _>("late")).is_err());
        assert!(all.settled, "what is there stays there");
    }
}
