//! What a signal finds: results under construction, which go with the process, and steps that stay whole.
//!
//! A command that is told to stop does so where it next looks at its [monitor](crate::event::Monitor). Where it
//! does not look, because it waits for a pipe or is deep in a file, [`abandon`] clears up in its place.

use std::{
    collections::BTreeMap,
    fs,
    io::ErrorKind,
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

/// What is to be known when the process ends early.
#[derive(Debug)]
struct Standing {
    /// What is under construction, the latest last.
    unfinished: BTreeMap<u64, Leftover>,
    next: u64,
    /// Whether the result of the command is in its place.
    settled: bool,
}

/// Something that goes unless it is finished.
#[derive(Debug)]
enum Leftover {
    /// A file, or a folder with all that is in it.
    Whole(PathBuf),
    /// A folder, unless something was put into it.
    IfEmpty(PathBuf),
}

static STANDING: Mutex<Standing> = Mutex::new(Standing::new());

impl Standing {
    const fn new() -> Standing {
        Standing { unfinished: BTreeMap::new(), next: 0, settled: false }
    }

    fn settle<T, E>(&mut self, step: impl FnOnce() -> Result<T, E>) -> Result<T, E> {
        let done = step();
        self.settled |= done.is_ok();
        done
    }
}

fn standing() -> MutexGuard<'static, Standing> {
    // Nothing in here is half done when a panic passes through.
    STANDING.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A file or folder under construction: while this lives, it is removed when a signal ends the process.
#[derive(Debug)]
#[must_use = "it counts as finished at once otherwise"]
pub struct Unfinished(u64);

impl Unfinished {
    /// A file, or a folder with all that is in it.
    pub fn new(path: &Path) -> Unfinished {
        Unfinished::of(Leftover::Whole(path.to_owned()))
    }

    /// A folder that goes only when it is empty.
    pub fn if_empty(path: &Path) -> Unfinished {
        Unfinished::of(Leftover::IfEmpty(path.to_owned()))
    }

    fn of(leftover: Leftover) -> Unfinished {
        let mut standing = standing();
        let number = standing.next;
        standing.next += 1;
        standing.unfinished.insert(number, leftover);
        Unfinished(number)
    }
}

impl Unfinished {
    /// It is the result, and it is whole: the command has succeeded, whatever comes.
    pub fn finish(self) {
        let mut standing = standing();
        standing.unfinished.remove(&self.0);
        standing.settled = true;
        drop(standing);
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        standing().unfinished.remove(&self.0);
    }
}

/// Gives the result of a command its place: no signal ends the process within this step, and once it is done
/// the command has succeeded, whatever comes.
pub fn settle<T, E>(step: impl FnOnce() -> Result<T, E>) -> Result<T, E> {
    standing().settle(step)
}

/// Says that the result is in its place.
pub fn settled() {
    standing().settled = true;
}

/// Says that the result is not in its place after all: something is left to be done that can be interrupted.
pub fn unsettle() {
    standing().settled = false;
}

/// Whether the result is in its place. Waits for a step that is being done, and for ever once the process is
/// about to end.
pub fn is_settled() -> bool {
    standing().settled
}

/// Removes whatever is under construction, for the process is about to end; nothing is begun or given its place
/// any more. Says whether the result is in its place.
pub fn abandon() -> bool {
    let standing = standing();
    standing.unfinished.values().rev().for_each(remove);
    let settled = standing.settled;
    // Whoever waits for it waits until the process has ended.
    std::mem::forget(standing);
    settled
}

/// Removes what is there, also while others put more into it.
fn remove(leftover: &Leftover) {
    const ATTEMPTS: u32 = 10;
    for _ in 0..ATTEMPTS {
        let removed = match leftover {
            Leftover::Whole(path) => match fs::remove_dir_all(path) {
                Err(error) if error.kind() == ErrorKind::NotADirectory => fs::remove_file(path),
                removed => removed,
            },
            Leftover::IfEmpty(path) => {
                // Something was put into it.
                _ = fs::remove_dir(path);
                return;
            }
        };
        match removed {
            Ok(()) => {}
            Err(error) if error.kind() == ErrorKind::NotFound => return,
            Err(_) => std::thread::sleep(Duration::from_millis(10)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_under_construction_is_removed_and_the_rest_stays() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = |name: &str| folder.path().join(name);
        fs::create_dir_all(path("tree/a/b")).expect("made");
        for file in ["file", "kept", "tree/a/b/c"] {
            fs::write(path(file), "text").expect("written");
        }
        fs::create_dir_all(path("full/x")).expect("made");
        fs::create_dir(path("empty")).expect("made");
        let leftovers = [
            Leftover::Whole(path("tree")),
            Leftover::Whole(path("file")),
            Leftover::Whole(path("gone")),
            Leftover::IfEmpty(path("full")),
            Leftover::IfEmpty(path("empty")),
        ];
        leftovers.iter().for_each(remove);
        let mut names: Vec<_> = fs::read_dir(folder.path())
            .expect("read")
            .map(|entry| entry.expect("an entry").file_name())
            .collect();
        names.sort();
        assert_eq!(names, ["full", "kept"]);
    }

    #[test]
    fn a_step_that_fails_settles_nothing() {
        let mut standing = Standing::new();
        assert!(standing.settle(|| Err::<(), _>("full")).is_err());
        assert!(!standing.settled);
        standing.settle(|| Ok::<_, ()>(())).expect("done");
        assert!(standing.settled);
        assert!(standing.settle(|| Err::<(), _>("late")).is_err());
        assert!(standing.settled, "what is there stays there");
    }
}
