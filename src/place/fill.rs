//! Files and folders that are added to a folder, which may be there already: all of them or none.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs::{self, File},
    path::Path,
};

use super::{
    claim::{Claimed, FolderClaim},
    output::outside_of_books,
    paths::{make_below, make_folders, rename_new, resolve},
};
use crate::diag::{Failure, Outcome, shown};

/// Adds files, given as path below a folder and bytes, and folders, whose bytes are none. The folder is made if it is
/// not there. Nothing that is there is replaced: every name that is taken is listed, and nothing is written.
pub fn add_all(folder: &Path, entries: &BTreeMap<String, Option<Vec<u8>>>) -> Outcome<()> {
    let place = resolve(folder).map_err(Failure::io(folder))?;
    outside_of_books(&place.join("name"))?;
    let tops: BTreeSet<&str> =
        entries.keys().map(|path| path.split('/').next().unwrap_or(path)).collect();
    let is_taken = |name: &&&str| place.join(name).symlink_metadata().is_ok();
    let taken: Vec<&str> = tops.iter().filter(is_taken).copied().collect();
    if !taken.is_empty() {
        let hint = text!("name a new folder, or move them away; nothing was written");
        let problem = text!("{} has already: {}", shown(folder), taken.join(", "));
        return Err(Failure::Usage(problem.hinting(hint)));
    }
    let made = make_folders(&place)?;
    let part = match FolderClaim::take(&place.join(".liangqing.part"))? {
        Claimed::Ours(part) => part,
        Claimed::Denied(error) => return Err(Failure::io(folder)(error)),
        Claimed::Busy | Claimed::Strange => {
            let problem = text!("{} is in the way, and is not ours", place.join(".liangqing.part"));
            let hint = text!("move it away, or name another place");
            return Err(Failure::Usage(problem.hinting(hint)));
        }
    };
    for (path, bytes) in entries {
        write(part.path(), path, bytes.as_deref())?;
    }
    let into = File::open(&place).map_err(Failure::io(&place))?;
    part.last_step(|| {
        let from = part.lock().folder();
        for (at, name) in tops.iter().enumerate() {
            let placed = rename_new((from, name), (&into, Path::new(name)));
            placed.map_err(|error| {
                // What got its place before goes back, and away with the folder it came from.
                for earlier in tops.iter().take(at) {
                    _ = rename_new((&into, earlier), (from, Path::new(earlier)));
                }
                Failure::io(&place.join(name))(error)
            })?;
        }
        Ok(())
    })?;
    drop((part, made));
    Ok(())
}

fn write(root: &Path, path: &str, bytes: Option<&[u8]>) -> Outcome<()> {
    let place = root.join(path);
    let folder = if bytes.is_some() { place.parent() } else { Some(place.as_path()) };
    if let Some(folder) = folder.filter(|folder| *folder != root) {
        make_below(root, folder)?;
    }
    bytes.map_or(Ok(()), |bytes| fs::write(&place, bytes).map_err(Failure::io(&place)))
}

#[cfg(test)]
mod tests {
    use super::*;

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
        add_all(&place, &all).expect("made");
        assert_eq!(fs::read(place.join("a/b/c.txt")).expect("there"), b"c");
        assert!(place.join("d").is_dir() && place.join("e.txt").is_file());
        let names = |folder: &Path| {
            let names = fs::read_dir(folder).expect("a folder").flatten();
            names.map(|entry| entry.file_name()).collect::<BTreeSet<_>>()
        };
        assert_eq!(names(&place).len(), 3, "no trace of the work");
        fs::remove_file(place.join("e.txt")).expect("removed");
        let failure = add_all(&place, &all).expect_err("taken");
        assert_eq!(failure.exit_status(), 2);
        assert!(failure.to_string().contains("has already: a, d\n"), "{failure}");
        assert_eq!(names(&place).len(), 2, "nothing was written");
        add_all(&place, &entries(&[("f.txt", Some("f"))])).expect("a folder that is there");
        assert_eq!(names(&place).len(), 3);
    }

    #[test]
    fn a_book_gets_nothing_but_periods() {
        let folder = tempfile::tempdir().expect("a folder");
        let sides = ["treating", "insured"].map(|side| folder.path().join(side));
        for side in &sides {
            fs::create_dir(side).expect("made");
        }
        let failure = add_all(&sides[0], &entries(&[("a", None)])).expect_err("a side");
        assert_eq!(failure.exit_status(), 2);
    }
}
