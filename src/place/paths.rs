//! Paths, folders and renames.

use std::{
    fs::{self, File},
    io::{self, ErrorKind},
    path::{Component, Path, PathBuf},
};

use rustix::{
    fs::{RenameFlags, renameat, renameat_with},
    io::Errno,
};

use crate::{
    diag::{Failure, Outcome},
    interrupt::Unfinished,
};

/// How often a step is tried that other processes may disturb.
pub(crate) const TRIES: u32 = 1000;

/// Makes a path absolute and resolves its links. Its end need not exist.
#[expect(clippy::disallowed_methods, reason = "paths that are given start in the working folder")]
pub(crate) fn resolve(path: &Path) -> io::Result<PathBuf> {
    if path.as_os_str().is_empty() {
        return Err(io::Error::new(ErrorKind::NotFound, "the path is empty"));
    }
    let mut resolved = if path.is_absolute() { PathBuf::new() } else { std::env::current_dir()? };
    for component in path.components() {
        resolved.push(component);
        match fs::symlink_metadata(&resolved) {
            Ok(_) => resolved = resolved.canonicalize()?,
            // A missing component is no link, so `..` removes it.
            Err(error) if error.kind() == ErrorKind::NotFound => {
                if component == Component::ParentDir {
                    resolved.pop();
                    resolved.pop();
                }
            }
            Err(error) => return Err(error),
        }
    }
    Ok(resolved)
}

/// Makes a folder and the missing ones above it. They are removed when the values are dropped, unless they have
/// content.
pub(crate) fn make_folders(folder: &Path) -> Outcome<Vec<Unfinished>> {
    let missing: Vec<&Path> =
        folder.ancestors().take_while(|ancestor| ancestor.symlink_metadata().is_err()).collect();
    let mut made = Vec::new();
    for folder in missing.into_iter().rev() {
        match Unfinished::folder(folder, || fs::create_dir(folder)) {
            Ok(new) => made.push(new),
            Err(Failure::Io { error, .. }) if error.kind() == ErrorKind::AlreadyExists => continue,
            Err(failure) => return Err(failure),
        }
        let parent = folder.parent().unwrap_or(Path::new("/"));
        File::open(parent).and_then(|p| p.sync_all()).map_err(Failure::io(parent))?;
    }
    // Innermost first: they are dropped, and so removed, in this order.
    made.reverse();
    Ok(made)
}

/// Makes a folder and the missing ones above it, up to `root`, which has to exist: when a signal has removed it, it
/// must not be made again.
///
/// # Errors
///
/// When a folder cannot be made, or `root` is gone.
pub fn make_below(root: &Path, folder: &Path) -> Outcome<()> {
    let below = folder.ancestors().take_while(|ancestor| *ancestor != root).collect::<Vec<_>>();
    for folder in below.into_iter().rev() {
        match fs::create_dir(folder) {
            Err(error) if error.kind() != ErrorKind::AlreadyExists => {
                return Err(Failure::io(folder)(error));
            }
            _ => {}
        }
    }
    Ok(())
}

/// Renames an entry of a folder to a new name in another folder; fails when the name is taken.
pub(crate) fn rename_new(from: (&File, &str), to: (&File, &Path)) -> io::Result<()> {
    match renameat_with(from.0, from.1, to.0, to.1, RenameFlags::NOREPLACE) {
        // Some file systems do not support NOREPLACE. There is a short gap between this check and the rename.
        Err(Errno::INVAL | Errno::NOSYS | Errno::NOTSUP) => {
            let taken = rustix::fs::statat(to.0, to.1, rustix::fs::AtFlags::SYMLINK_NOFOLLOW);
            match taken {
                Err(Errno::NOENT) => Ok(renameat(from.0, from.1, to.0, to.1)?),
                Err(error) => Err(error.into()),
                Ok(_) => Err(ErrorKind::AlreadyExists.into()),
            }
        }
        renamed => Ok(renamed?),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn a_path_leads_to_one_place_whether_it_is_there_or_not() {
        let folder = tempfile::tempdir().expect("a folder");
        let root = folder.path().canonicalize().expect("there");
        fs::create_dir(root.join("real")).expect("made");
        symlink("real", root.join("link")).expect("linked");
        symlink("nowhere", root.join("dangling")).expect("linked");
        let leads = |path: &str| resolve(&root.join(path)).ok();
        for same in ["real/new", "link/new/", "link/./new", "real/../link/new", "link/x/../new"] {
            assert_eq!(leads(same), Some(root.join("real/new")), "{same}");
        }
        assert_eq!(leads("a/b/../../c"), Some(root.join("c")));
        assert_eq!(leads("dangling/new"), None);
        assert!(resolve(Path::new("")).is_err());
        assert_eq!(resolve(Path::new("/")).ok(), Some(PathBuf::from("/")));
        let here = std::env::current_dir().and_then(|here| here.canonicalize()).expect("here");
        assert_eq!(resolve(Path::new("no-such")).ok(), Some(here.join("no-such")));
        assert_eq!(resolve(Path::new("no-such/..")).ok(), Some(here));
    }

    #[test]
    fn a_folder_that_was_removed_does_not_come_back_with_one_below_it() {
        let folder = tempfile::tempdir().expect("a folder");
        let root = folder.path().join("root");
        let inner = root.join("a/b");
        make_below(&root, &inner).expect_err("the root is not there");
        assert!(!root.exists());
        fs::create_dir(&root).expect("made");
        for _ in 0..2 {
            make_below(&root, &inner).expect("made");
        }
        assert!(inner.is_dir());
        make_below(&root, &root).expect("it is there");
    }

    #[test]
    fn folders_that_were_made_go_again_unless_something_is_in_them() {
        let folder = tempfile::tempdir().expect("a folder");
        let inner = folder.path().join("a/b/c");
        drop(make_folders(&inner).expect("made"));
        assert!(!folder.path().join("a").exists());
        let made = make_folders(&inner).expect("made");
        fs::write(folder.path().join("a/b/file"), "").expect("written");
        drop(made);
        assert!(!inner.exists() && folder.path().join("a/b/file").exists());
    }

    #[test]
    fn a_rename_takes_no_name_that_something_has() {
        let folder = tempfile::tempdir().expect("a folder");
        let at = |name: &str| folder.path().join(name);
        fs::create_dir(at("new")).expect("made");
        fs::create_dir(at("taken")).expect("made");
        let open = File::open(folder.path()).expect("opened");
        let renamed = |to: &str| rename_new((&open, "new"), (&open, Path::new(to)));
        assert_eq!(renamed("taken").map_err(|e| e.kind()), Err(ErrorKind::AlreadyExists));
        renamed("free").expect("renamed");
        assert!(at("free").is_dir() && !at("new").exists());
    }
}
