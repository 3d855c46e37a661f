//! Files and folders that commands write at paths of the user.
//!
//! They are made in a folder beside their place, `.<name>.part`, and moved there by one rename.

use super::{
    claim::FolderClaim,
    paths::{make_below, make_folders},
    period::{is_period, month},
    rename_new, resolve,
};
use std::{
    collections::BTreeMap,
    fs::{self, File, OpenOptions},
    io::{ErrorKind, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use rustix::fs::renameat;

use crate::{
    diag::{Failure, Outcome},
    digest::sha256_hex,
    model::codes::Side,
};

/// Whether a file may replace another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Replace {
    /// It may: the user said `--force`.
    Yes,
    /// It may not, as the user did not say `--force`.
    No,
    /// It never may: a private key cannot be made again.
    Never,
}

impl Replace {
    /// Returns the choice of the flag `--force`.
    pub const fn when(forced: bool) -> Replace {
        if forced { Replace::Yes } else { Replace::No }
    }
}

/// The permission to read a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Readers {
    /// As the user's umask allows.
    Usual,
    /// For the owner only.
    Owner,
}

/// The place of a file or a folder that is to be written.
#[derive(Debug)]
pub struct Output {
    /// The path as the user gave it, for messages.
    shown: PathBuf,
    /// The folder above it, which may not exist yet.
    folder: PathBuf,
    name: PathBuf,
    replace: Replace,
}

/// Writes a file, whole or not at all.
pub fn write_file(path: &Path, replace: Replace, readers: Readers, bytes: &[u8]) -> Outcome<()> {
    Output::file(path, replace)?.write(readers, bytes)
}

impl Output {
    /// Checks the place of a file; fails when none may be written there.
    pub fn file(path: &Path, replace: Replace) -> Outcome<Output> {
        if path.as_os_str().as_encoded_bytes().ends_with(b"/") {
            let problem = text!("{} is a folder", path).hinting(text!("name a new file"));
            return Err(Failure::Usage(problem));
        }
        let output = Output::place(path, replace)?;
        output.must_be_free()?;
        Ok(output)
    }

    /// Checks the place of a new folder; fails when none may be made there.
    pub fn folder(path: &Path) -> Outcome<Output> {
        let output = Output::place(path, Replace::No)?;
        match fs::symlink_metadata(output.path()) {
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(output),
            Err(error) => Err(Failure::io(path)(error)),
            Ok(_) => Err(output.folder_taken()),
        }
    }

    /// Checks the place of a folder that is new, or there and empty; fails when none may be made there.
    pub fn new_or_empty_folder(path: &Path) -> Outcome<Output> {
        let output = Output::place(path, Replace::Yes)?;
        let place = output.path();
        match fs::symlink_metadata(&place) {
            Err(error) if error.kind() == ErrorKind::NotFound => {
                Ok(Output { replace: Replace::No, ..output })
            }
            Err(error) => Err(Failure::io(path)(error)),
            Ok(found) if found.is_dir() => {
                let is_empty = fs::read_dir(&place).map_err(Failure::io(path))?.next().is_none();
                if is_empty { Ok(output) } else { Err(output.folder_taken()) }
            }
            Ok(_) => Err(output.folder_taken()),
        }
    }

    fn place(path: &Path, replace: Replace) -> Outcome<Output> {
        let Some(name) = path.file_name() else {
            let problem = text!("{} has no name that something could get", path);
            return Err(Failure::Usage(problem));
        };
        let folder = path.parent().filter(|parent| !parent.as_os_str().is_empty());
        let folder = folder.unwrap_or(Path::new("."));
        let folder = resolve(folder).map_err(Failure::io(folder))?;
        let shown = path.to_owned();
        let output = Output { shown, folder, name: PathBuf::from(name), replace };
        outside_of_books(&output.path())?;
        Ok(output)
    }

    fn path(&self) -> PathBuf {
        self.folder.join(&self.name)
    }

    fn must_be_free(&self) -> Outcome<()> {
        let path = self.path();
        let found = match fs::symlink_metadata(&path) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
            found => found.map_err(Failure::io(&path))?,
        };
        if found.is_file() {
            return if self.replace == Replace::Yes { Ok(()) } else { Err(self.file_taken()) };
        }
        let what = match () {
            () if found.is_symlink() => text!("{} is a link", self.shown),
            () if found.is_dir() => text!("{} is a folder", self.shown),
            () => text!("{} is no regular file", self.shown),
        };
        Err(Failure::Usage(what.hinting(text!("name a new file"))))
    }

    fn file_taken(&self) -> Failure {
        let shown = &self.shown;
        Failure::Usage(match self.replace {
            Replace::Never => text!("{} is there already, and is not replaced", shown)
                .hinting(text!("give another --out")),
            _ => text!("{} is there already", shown)
                .hinting(text!("name another file, or replace it with --force")),
        })
    }

    fn folder_taken(&self) -> Failure {
        let shown = crate::diag::shown(&self.shown);
        Failure::Usage(text!("{} is there already", shown).hinting(text!("name a new folder")))
    }

    /// Claims the folder `.<name>.part` in which it is made.
    fn part(&self) -> Outcome<FolderClaim> {
        let name = self.name.to_string_lossy();
        let long = name.len() > LONGEST_NAME;
        let name = if long { sha256_hex(name.as_bytes()) } else { name.into_owned() };
        let part = self.folder.join(format!(".{name}.part"));
        FolderClaim::for_output(&part, &self.shown)
    }

    /// Writes the file.
    pub fn write(&self, readers: Readers, bytes: &[u8]) -> Outcome<()> {
        let ready = self.prepare(readers, bytes)?;
        ready.part.last_step(|| ready.place())
    }

    /// Makes the missing folders above the file, and writes it.
    pub fn write_below(&self, readers: Readers, bytes: &[u8]) -> Outcome<()> {
        let made = make_folders(&self.folder)?;
        let written = self.write(readers, bytes);
        drop(made);
        written
    }

    /// Writes two files, both or none: neither a signal nor an error leaves one of them. Neither may replace a file.
    pub fn write_pair(files: [(&Output, Readers, &[u8]); 2]) -> Outcome<()> {
        let [first, second] = files.map(|(output, readers, bytes)| output.prepare(readers, bytes));
        let (first, second) = (first?, second?);
        first.part.last_step(|| {
            first.place()?;
            second.place().inspect_err(|_| {
                // The first file is removed; it would block the next try.
                _ = fs::remove_file(first.output.path());
            })
        })
    }

    /// Writes the file beside its place.
    fn prepare(&self, readers: Readers, bytes: &[u8]) -> Outcome<Ready<'_>> {
        let (part, folder) = (self.part()?, opened(&self.folder)?);
        let new = part.path().join(NEW);
        let mode = if readers == Readers::Owner { 0o600 } else { 0o666 };
        let written = OpenOptions::new().write(true).create_new(true).mode(mode).open(&new);
        let written = written.and_then(|mut file| {
            file.write_all(bytes)?;
            file.sync_all()
        });
        written.map_err(Failure::io(&self.shown))?;
        Ok(Ready { output: self, part, folder })
    }

    /// Makes the folder: `fill` writes its content, then it gets its place.
    pub fn fill<T, E: From<Failure>>(
        &self,
        fill: impl FnOnce(&Path) -> Result<T, E>,
    ) -> Result<T, E> {
        let made = make_folders(&self.folder)?;
        let (part, folder) = (self.part()?, opened(&self.folder)?);
        let new = part.path().join(NEW);
        fs::create_dir(&new).map_err(Failure::io(&new))?;
        let filled = fill(&new)?;
        part.last_step(|| {
            let from = part.lock().folder();
            // A folder takes the place of an empty one, and of no other.
            let renamed = match self.replace {
                Replace::Yes => renameat(from, NEW, &folder, &self.name).map_err(Into::into),
                _ => rename_new((from, NEW), (&folder, &self.name)),
            };
            renamed.map_err(|error: std::io::Error| match error.kind() {
                ErrorKind::AlreadyExists
                | ErrorKind::DirectoryNotEmpty
                | ErrorKind::NotADirectory => self.folder_taken(),
                _ => Failure::io(&self.shown)(error),
            })
        })?;
        drop((part, made));
        Ok(filled)
    }

    /// Makes the folder with files, given as path below it and bytes.
    pub fn write_all(&self, files: &BTreeMap<&str, &[u8]>) -> Outcome<()> {
        self.fill(|new| {
            for (path, bytes) in files {
                let place = new.join(path);
                if let Some(folder) = place.parent() {
                    make_below(new, folder)?;
                }
                fs::write(&place, bytes).map_err(Failure::io(&place))?;
            }
            Ok(())
        })
    }
}

/// A written file beside its place.
struct Ready<'a> {
    output: &'a Output,
    part: FolderClaim,
    /// The folder of its place.
    folder: File,
}

impl Ready<'_> {
    /// Renames the file to its place.
    fn place(&self) -> Outcome<()> {
        let output = self.output;
        output.must_be_free()?;
        let (from, to) = (self.part.lock().folder(), &self.folder);
        let renamed = match output.replace {
            Replace::Yes => renameat(from, NEW, to, &output.name).map_err(Into::into),
            _ => rename_new((from, NEW), (to, &output.name)),
        };
        renamed.map_err(|error| match error.kind() {
            ErrorKind::AlreadyExists => output.file_taken(),
            _ => Failure::io(&output.shown)(error),
        })
    }
}

/// The most bytes of a name to which a prefix and a suffix are added; longer names are replaced by a digest.
const LONGEST_NAME: usize = 200;
/// The name of the file or folder in `.<name>.part`.
const NEW: &str = "new";

fn opened(folder: &Path) -> Outcome<File> {
    File::open(folder).map_err(Failure::io(folder))
}

/// Fails when a path, whose links are resolved, is in a book or in a side of a delivery.
pub fn outside_of_books(path: &Path) -> Outcome<()> {
    for folder in path.ancestors().skip(1) {
        let problem = if is_period(folder) {
            text!("{} is in {}: a closed period, which never changes", path, folder)
        } else if is_book(folder)? {
            text!("{} is in {}: a book, in which nothing but closed periods belongs", path, folder)
        } else if is_side(folder) {
            text!("{} is in {}: a side of a delivery, all of which is read", path, folder)
        } else {
            continue;
        };
        return Err(Failure::Usage(problem.hinting(text!("name a place outside of it"))));
    }
    Ok(())
}

/// Whether closed periods are in a folder.
fn is_book(folder: &Path) -> Outcome<bool> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        // Folders that do not exist yet, or that we may not read.
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::PermissionDenied) => {
            return Ok(false);
        }
        Err(error) => return Err(Failure::io(folder)(error)),
    };
    for entry in entries {
        let entry = entry.map_err(Failure::io(folder))?;
        if month(Some(&entry.file_name())).is_some() && is_period(&entry.path()) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Whether a folder is a side of a delivery: `treating` or `insured`, with the other one beside it, or `national` with
/// both.
fn is_side(folder: &Path) -> bool {
    let named = |name: &str| folder.file_name().is_some_and(|own| own == name);
    let both = || Side::BOTH.iter().all(|side| folder.with_file_name(side.name()).is_dir());
    (named("national") || Side::BOTH.iter().any(|side| named(side.name()))) && both()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    fn refused(path: &Path, replace: Replace) {
        let failure = Output::file(path, replace).expect_err("refused");
        assert_eq!(failure.exit_status(), 2, "{failure}");
    }

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).expect("a folder").flatten();
        let mut names: Vec<String> =
            entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }

    #[test]
    fn a_file_takes_no_place_but_a_free_one_or_that_of_a_file_that_was_given_up() {
        let folder = tempfile::tempdir().expect("a folder");
        let at = |name: &str| folder.path().join(name);
        fs::write(at("file"), "precious").expect("written");
        symlink("file", at("link")).expect("linked");
        symlink("nowhere", at("dangling")).expect("linked");
        for name in ["link", "dangling", ".", ".."] {
            refused(&at(name), Replace::Yes);
            refused(&at(name), Replace::No);
        }
        refused(Path::new("/dev/null"), Replace::Yes);
        refused(Path::new(""), Replace::Yes);
        refused(&at("new/"), Replace::No);
        refused(&at("file"), Replace::No);
        refused(&at("file"), Replace::Never);
        let twin = at("twin");
        fs::hard_link(at("file"), &twin).expect("linked");
        write_file(&at("file"), Replace::Yes, Readers::Owner, b"new").expect("written");
        assert_eq!(fs::read(at("file")).expect("read"), b"new");
        assert_eq!(fs::read(twin).expect("read"), b"precious");
        let mode = fs::metadata(at("file")).expect("there").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        write_file(&at(&"n".repeat(255)), Replace::No, Readers::Usual, b"").expect("written");
        assert!(names(folder.path()).iter().all(|name| !name.contains("part")));
    }

    #[test]
    fn a_place_that_was_taken_meanwhile_is_refused() {
        let folder = tempfile::tempdir().expect("a folder");
        let (file, made) = (folder.path().join("file"), folder.path().join("made"));
        let output = Output::file(&file, Replace::No).expect("free");
        fs::write(&file, "precious").expect("written");
        assert_eq!(output.write(Readers::Usual, b"new").expect_err("taken").exit_status(), 2);
        assert_eq!(fs::read(&file).expect("read"), b"precious");
        let output = Output::folder(&made).expect("free");
        let files = [("a/b", &b"b"[..])].into();
        fs::create_dir(&made).expect("made");
        assert_eq!(output.write_all(&files).expect_err("taken").exit_status(), 2);
        fs::remove_dir(&made).expect("removed");
        output.write_all(&files).expect("written");
        assert_eq!(fs::read(made.join("a/b")).expect("read"), b"b");
        assert_eq!(names(folder.path()), ["file", "made"]);
    }

    #[test]
    fn of_a_pair_of_files_there_are_both_or_none() {
        let folder = tempfile::tempdir().expect("a folder");
        let [key, public] = ["key", "key.pub"].map(|name| folder.path().join(name));
        let place = |path| Output::file(path, Replace::Never).expect("free");
        let (first, second) = (place(&key), place(&public));
        let pair = || {
            Output::write_pair([
                (&first, Readers::Owner, b"private"),
                (&second, Readers::Usual, b"public"),
            ])
        };
        fs::write(&public, "precious").expect("written");
        assert_eq!(pair().expect_err("taken").exit_status(), 2);
        assert_eq!(names(folder.path()), ["key.pub"]);
        assert_eq!(fs::read(&public).expect("read"), b"precious");
        fs::remove_file(&public).expect("removed");
        pair().expect("written");
        assert_eq!(names(folder.path()), ["key", "key.pub"]);
        assert_eq!(fs::read(&public).expect("read"), b"public");
        let mode = fs::metadata(&key).expect("there").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn folders_above_a_new_one_are_made_and_go_again_with_it() {
        let folder = tempfile::tempdir().expect("a folder");
        let out = folder.path().join("a/b/out");
        let output = Output::folder(&out).expect("free");
        let failed: Outcome<()> = output.fill(|_| Err(Failure::Interrupted));
        assert!(failed.is_err() && names(folder.path()).is_empty());
        output.fill(|new| fs::write(new.join("x"), "").map_err(Failure::io(new))).expect("made");
        assert!(out.join("x").exists());
    }

    #[test]
    fn a_folder_takes_the_place_of_an_empty_one_only() {
        let folder = tempfile::tempdir().expect("a folder");
        let out = folder.path().join("out");
        let fill = |new: &Path| fs::write(new.join("x"), "").map_err(Failure::io(new));
        Output::new_or_empty_folder(&out).and_then(|output| output.fill(fill)).expect("made");
        let refused = |failure: Failure| assert_eq!(failure.exit_status(), 2, "{failure}");
        refused(Output::new_or_empty_folder(&out).expect_err("it holds a file"));
        refused(Output::new_or_empty_folder(&out.join("x")).expect_err("a file"));
        fs::remove_file(out.join("x")).expect("removed");
        let output = Output::new_or_empty_folder(&out).expect("empty");
        fs::write(out.join("precious"), "").expect("written");
        refused(output.fill(fill).expect_err("filled meanwhile"));
        fs::remove_file(out.join("precious")).expect("removed");
        output.fill(fill).expect("made");
        assert_eq!(names(&out), ["x"]);
        assert_eq!(names(folder.path()), ["out"]);
    }

    #[test]
    fn nothing_is_written_into_books_and_deliveries() {
        let folder = tempfile::tempdir().expect("a folder");
        let at = |name: &str| folder.path().join(name);
        for file in ["book/2025-10/manifest.json", "copy/manifest.json", "copy/manifest.sha256"] {
            fs::create_dir_all(at(file).parent().expect("a folder")).expect("made");
            fs::write(at(file), "").expect("written");
        }
        for inner in [
            "book/2025-10/tables",
            "book/notes",
            "in/treating",
            "in/insured",
            "in/national",
            "other/treating",
        ] {
            fs::create_dir_all(at(inner)).expect("made");
        }
        symlink("book/notes", at("link")).expect("linked");
        let within =
            ["book/x", "book/2025-10/x", "book/2025-10/tables/x", "book/notes/x", "link/x"];
        for path in within.into_iter().chain([
            "copy/x",
            "link/../x",
            "in/treating/x",
            "in/national/x",
            "in/../book/x",
        ]) {
            refused(&at(path), Replace::Yes);
            assert_eq!(Output::folder(&at(path)).expect_err(path).exit_status(), 2);
        }
        for path in ["x", "in/decisions.csv", "other/treating/x"] {
            Output::file(&at(path), Replace::No).expect(path);
        }
    }
}
