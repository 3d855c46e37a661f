//! Files that a command adds to a folder, which may be there already.
//!
//! They are made in the hidden folder `.liangqing.part` inside of it, and moved to their places when all are whole.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs::{self, File},
    io::ErrorKind,
    path::{Path, PathBuf},
};

use rustix::fs::renameat;

use super::{
    claim::FolderClaim,
    output::outside_of_books,
    paths::{make_below, make_folders, rename_new, resolve},
};
use crate::diag::{Failure, Outcome};

/// The name of the working folder.
const PART: &str = ".liangqing.part";

/// A folder that gets more files.
#[derive(Debug)]
pub struct Addition {
    /// The path as the user gave it, for messages.
    shown: PathBuf,
    folder: PathBuf,
}

/// A file, or a folder with all that is in it, that was made for a folder.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct AddedFile {
    /// The path below the folder; it is below the working folder as well.
    pub path: String,
    /// Whether it replaces a file that is there.
    pub replaces: bool,
}

impl Addition {
    /// Names the folder; fails when nothing may be added to it.
    pub fn to(folder: &Path) -> Outcome<Addition> {
        let resolved = resolve(folder).map_err(Failure::io(folder))?;
        match fs::metadata(&resolved) {
            Ok(found) if !found.is_dir() => {
                let problem = text!("{} is no folder", folder);
                Err(Failure::Usage(problem.hinting(text!("name a folder"))))
            }
            Err(error) if error.kind() != ErrorKind::NotFound => Err(Failure::io(folder)(error)),
            _ => {
                // A file of it is what must be outside of books and sides.
                outside_of_books(&resolved.join("new"))?;
                Ok(Addition { shown: folder.to_owned(), folder: resolved })
            }
        }
    }

    /// Whether a path below the folder is taken.
    pub fn has(&self, path: &str) -> bool {
        self.folder.join(path).symlink_metadata().is_ok()
    }

    /// Returns the folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Adds files, given as path below the folder and bytes, and folders, whose bytes are none. Nothing that is there is
    /// replaced: every name that is taken is listed, and nothing is written.
    pub fn add_all(&self, entries: &BTreeMap<String, Option<Vec<u8>>>) -> Outcome<()> {
        let tops: BTreeSet<&str> =
            entries.keys().map(|path| path.split('/').next().unwrap_or(path)).collect();
        let taken: Vec<&str> = tops.iter().filter(|name| self.has(name)).copied().collect();
        if !taken.is_empty() {
            let hint = text!("name a new folder, or move them away; nothing was written");
            let problem = text!("{} has already: {}", self.shown, taken.join(", "));
            return Err(Failure::Usage(problem.hinting(hint)));
        }
        let added = |top: &&str| AddedFile { path: (*top).to_owned(), replaces: false };
        self.fill(|part| {
            for (path, bytes) in entries {
                write(part, path, bytes.as_deref())?;
            }
            Ok(((), tops.iter().map(added).collect()))
        })
    }

    /// Lets `fill` make files in a working folder, then moves them to their places, in their order. When one cannot be
    /// moved, the new ones among those before it are taken back.
    pub fn fill<T>(&self, fill: impl FnOnce(&Path) -> Outcome<(T, Vec<AddedFile>)>) -> Outcome<T> {
        let made = make_folders(&self.folder)?;
        let part = FolderClaim::for_output(&self.folder.join(PART), &self.shown)?;
        let (filled, files) = fill(part.path())?;
        for file in &files {
            sync(&part.path().join(&file.path))?;
        }
        part.last_step(|| self.place(part.path(), &files))?;
        drop((part, made));
        Ok(filled)
    }

    fn place(&self, part: &Path, files: &[AddedFile]) -> Outcome<()> {
        for (at, file) in files.iter().enumerate() {
            let moved = self.place_one(part, file);
            if moved.is_err() {
                for earlier in files.iter().take(at).filter(|earlier| !earlier.replaces) {
                    _ = fs::rename(self.folder.join(&earlier.path), part.join(&earlier.path));
                }
                return moved;
            }
        }
        Ok(())
    }

    fn place_one(&self, part: &Path, file: &AddedFile) -> Outcome<()> {
        let (from, to) = (part.join(&file.path), self.folder.join(&file.path));
        let (Some(above), Some(name)) = (to.parent(), to.file_name()) else {
            return Err(Failure::Bug(text!("a file without a name: {}", to)));
        };
        make_below(&self.folder, above)?;
        let from_folder = from.parent().unwrap_or(part);
        let from_folder = File::open(from_folder).map_err(Failure::io(from_folder))?;
        let to_folder = File::open(above).map_err(Failure::io(above))?;
        let name = Path::new(name);
        let moved = if file.replaces {
            renameat(&from_folder, name, &to_folder, name).map_err(Into::into)
        } else {
            rename_new((&from_folder, &name.to_string_lossy()), (&to_folder, name))
        };
        moved.and_then(|()| to_folder.sync_all()).map_err(|error| match error.kind() {
            ErrorKind::AlreadyExists => Failure::Usage(
                text!("{} is there already", to).hinting(text!("name another folder")),
            ),
            _ => Failure::io(&to)(error),
        })
    }
}

fn write(root: &Path, path: &str, bytes: Option<&[u8]>) -> Outcome<()> {
    let place = root.join(path);
    let folder = if bytes.is_some() { place.parent() } else { Some(place.as_path()) };
    if let Some(folder) = folder.filter(|folder| *folder != root) {
        make_below(root, folder)?;
    }
    bytes.map_or(Ok(()), |bytes| fs::write(&place, bytes).map_err(Failure::io(&place)))
}

fn sync(path: &Path) -> Outcome<()> {
    File::open(path).and_then(|file| file.sync_all()).map_err(Failure::io(path))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn added(path: &str, replaces: bool) -> AddedFile {
        AddedFile { path: path.to_owned(), replaces }
    }

    fn write(part: &Path, path: &str, text: &str) {
        let place = part.join(path);
        make_below(part, place.parent().expect("a folder")).expect("made");
        fs::write(place, text).expect("written");
    }

    #[test]
    fn files_are_added_all_or_none() {
        let temporary = tempfile::tempdir().expect("a folder");
        let folder = temporary.path().join("new/delivery");
        let addition = Addition::to(&folder).expect("free");
        let add = |addition: &Addition, files: &[(&str, bool)]| {
            addition.fill(|part| {
                for (path, _) in files {
                    write(part, path, path);
                }
                Ok(((), files.iter().map(|(path, replaces)| added(path, *replaces)).collect()))
            })
        };
        add(&addition, &[("totals", true), ("treating/a", false)]).expect("added");
        assert!(addition.has("treating/a") && addition.has("totals"));
        add(&addition, &[("totals", true), ("treating/b", false)]).expect("added");
        // The second file is taken: the first is not left behind.
        add(&addition, &[("treating/c", false), ("treating/b", false)]).expect_err("taken");
        assert!(!addition.has("treating/c") && addition.has("treating/b"));
        assert!(!addition.has(PART));
        let failed = addition.fill::<()>(|part| {
            write(part, "x", "x");
            Err(Failure::Interrupted)
        });
        assert!(failed.is_err() && !addition.has("x") && !addition.has(PART));
    }

    #[test]
    fn sides_and_books_get_no_files() {
        let temporary = tempfile::tempdir().expect("a folder");
        let file = temporary.path().join("file");
        fs::write(&file, "x").expect("written");
        assert_eq!(Addition::to(&file).expect_err("no folder").exit_status(), 2);
        let side = temporary.path().join("delivery/treating");
        fs::create_dir_all(&side).expect("made");
        fs::create_dir_all(side.with_file_name("insured")).expect("made");
        assert!(Addition::to(&side).is_err());
    }

    fn entries(names: &[(&str, Option<&str>)]) -> BTreeMap<String, Option<Vec<u8>>> {
        let entry = |(name, text): &(&str, Option<&str>)| {
            ((*name).to_owned(), text.map(|text| text.as_bytes().to_vec()))
        };
        names.iter().map(entry).collect()
    }

    #[test]
    fn all_is_added_or_nothing() {
        let folder = tempfile::tempdir().expect("a folder");
        let place = folder.path().join("new/place");
        let all = entries(&[("a/b/c.txt", Some("c")), ("d", None), ("e.txt", Some("e"))]);
        Addition::to(&place).and_then(|place| place.add_all(&all)).expect("made");
        assert_eq!(fs::read(place.join("a/b/c.txt")).expect("there"), b"c");
        assert!(place.join("d").is_dir() && place.join("e.txt").is_file());
        let names = |folder: &Path| {
            let names = fs::read_dir(folder).expect("a folder").flatten();
            names.map(|entry| entry.file_name()).collect::<BTreeSet<_>>()
        };
        assert_eq!(names(&place).len(), 3, "no trace of the work");
        fs::remove_file(place.join("e.txt")).expect("removed");
        let failure =
            Addition::to(&place).and_then(|place| place.add_all(&all)).expect_err("taken");
        assert_eq!(failure.exit_status(), 2);
        assert!(failure.to_string().contains("has already: a, d\n"), "{failure}");
        assert_eq!(names(&place).len(), 2, "nothing was written");
        Addition::to(&place)
            .and_then(|place| place.add_all(&entries(&[("f.txt", Some("f"))])))
            .expect("a folder that is there");
        assert_eq!(names(&place).len(), 3);
    }
}
