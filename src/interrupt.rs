//! What a signal finds: what is under construction, which goes with the process, and steps that stay whole.
//!
//! A command that is told to stop does so where it next looks at its [monitor](crate::event::Monitor). Where it
//! does not look, because it waits for a pipe or is deep in a file, [`abandon`] clears up in its place.

use std::{
    fs, io, mem,
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard, PoisonError},
};

use crate::diag::{Failure, Outcome};

/// What is not finished yet.
struct All {
    /// In the order in which they were made.
    made: Vec<Construction>,
    /// Numbers that were given.
    given: u64,
    /// Whether the command is being ended: nothing may begin any more.
    over: bool,
    /// Whether the result of the command is in its place.
    settled: bool,
}

#[derive(Clone)]
struct Construction {
    number: u64,
    path: PathBuf,
    /// Whether it goes with what is in it.
    whole: bool,
}

static ALL: Mutex<All> = Mutex::new(All::new());

fn all() -> MutexGuard<'static, All> {
    // A thread that panicked has left no half of a change in it.
    ALL.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Removes whatever is under construction, for the process is about to end; nothing is begun or gets its place any
/// more. Waits for a last step that is under way. Says whether the result is in its place.
pub fn abandon() -> bool {
    let mut all = all();
    all.end();
    let settled = all.settled;
    // Whoever waits for it waits until the process has ended.
    mem::forget(all);
    settled
}

/// Gives the result of a command its place: no signal ends the process within this step, and once it is done the
/// command has succeeded, whatever comes.
pub fn settle<T, E>(step: impl FnOnce() -> Result<T, E>) -> Result<T, E> {
    all().settle(step)
}

/// Says that the result is in its place.
pub fn settled() {
    all().settled = true;
}

/// Says that something is left to be done that can be interrupted.
pub fn unsettle() {
    all().settled = false;
}

/// Whether the result is in its place. Waits for a step that is being done, and for ever once the process is about
/// to end.
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
        // Other threads may still make files in it while it goes.
        for _ in 0..10 {
            // An empty folder goes without any open file.
            let removed = fs::remove_dir(&self.path);
            // What cannot be removed now is removed by whoever works there next.
            if removed.is_ok() || !self.whole || fs::remove_dir_all(&self.path).is_ok() {
                return;
            }
        }
    }
}

/// A folder that was made, and goes with this value.
#[derive(Debug)]
pub struct Unfinished {
    number: u64,
    path: PathBuf,
}

impl Unfinished {
    /// Makes a folder that goes with all that is in it.
    pub fn tree(path: &Path, make: impl FnOnce() -> io::Result<()>) -> Outcome<Unfinished> {
        Unfinished::made(path, true, make)
    }

    /// Makes a folder that goes unless something is in it.
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

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Takes the last step, in the middle of which the command is not ended and after which it has succeeded.
    pub(crate) fn last_step<T>(&self, step: impl FnOnce() -> Outcome<T>) -> Outcome<T> {
        let mut all = all();
        if !all.made.iter().any(|made| made.number == self.number) {
            return Err(Failure::Interrupted);
        }
        all.settle(step)
    }

    /// Lets it be: it is somebody else's.
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
        // It is known until it is gone: whoever ends the process meanwhile removes what is left of it.
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
    fn a_step_that_fails_settles_nothing() {
        let mut all = All::new();
        assert!(all.settle(|| Err::<(), _>("full")).is_err());
        assert!(!all.settled);
        all.settle(|| Ok::<_, ()>(())).expect("done");
        assert!(all.settle(|| Err::<(), _>("late")).is_err());
        assert!(all.settled, "what is there stays there");
    }
}
