//! Identities of files, which show every change of a file during a run. So a manifest never lists other bytes than
//! those that were cleared.

use std::{
    collections::BTreeMap,
    fs::{self, Metadata},
    io,
    os::unix::fs::MetadataExt,
    path::Path,
    thread,
    time::Duration,
};

use crate::diag::{Code, Finding};
use crate::text::Text;

/// The metadata of a file that change with every write. No user can set the time of the last change (ctime), so no
/// write is missed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Identity {
    file: (u64, u64),
    bytes: u64,
    modified: (i64, i64),
    changed: (i64, i64),
}

impl Identity {
    /// Makes the identity of a file's metadata.
    pub fn of(metadata: &Metadata) -> Identity {
        Identity {
            file: (metadata.dev(), metadata.ino()),
            bytes: metadata.len(),
            modified: (metadata.mtime(), metadata.mtime_nsec()),
            changed: (metadata.ctime(), metadata.ctime_nsec()),
        }
    }

    /// Reads the identity of the file at a path.
    pub fn at(path: &Path) -> io::Result<Identity> {
        fs::metadata(path).map(|metadata| Identity::of(&metadata))
    }

    /// Says how the file has changed; `None` when it has not.
    pub fn difference(&self, now: &Identity) -> Option<Text> {
        if self.file != now.file {
            Some(text!("another file in its place than at the beginning of the run"))
        } else if self.bytes != now.bytes {
            Some(text!("{} bytes, {} at the beginning of the run", now.bytes, self.bytes))
        } else if self.modified != now.modified {
            Some(text!("a file that was written to during the run"))
        } else {
            let changed = text!("a file that was changed, renamed or linked during the run");
            (self.changed != now.changed).then_some(changed)
        }
    }
}

/// Waits until every later write has another time: the times of files advance in steps of up to 10 milliseconds, and
/// two writes within one step have the same time. To be called after identities were taken and before a byte is read.
pub fn settle() {
    thread::sleep(Duration::from_millis(20));
}

/// The identities of files, by name.
pub type Identities = BTreeMap<String, Identity>;

/// Returns findings for files that changed, came or are gone.
pub fn changed(before: &Identities, now: &Identities) -> Vec<Finding> {
    let gone = before.keys().filter(|name| !now.contains_key(*name));
    let gone = gone.map(|name| (name, text!("a file that is gone")));
    let others = now.iter().filter_map(|(name, now)| match before.get(name) {
        None => Some((name, text!("a file that came during the run"))),
        Some(before) => before.difference(now).map(|found| (name, found)),
    });
    let finding = |(name, found): (&String, Text)| Finding::of_file(Code::F13, name, found);
    gone.chain(others).map(finding).collect()
}

#[cfg(test)]
mod tests {
    use std::fs::File;

    use super::*;

    #[test]
    fn whatever_happens_to_a_file_shows() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("f");
        let happens = |what: &dyn Fn(&Path)| {
            fs::write(&path, "before").expect("written");
            let before = Identity::at(&path).expect("there");
            settle();
            what(&path);
            let difference = before.difference(&Identity::at(&path).expect("there"));
            difference.map(|text| text.to_string()).unwrap_or_default()
        };
        let write = |path: &Path, text: &str| fs::write(path, text).expect("written");
        assert_eq!(happens(&|_| {}), "");
        assert!(happens(&|path| write(path, "behind")).contains("written to"));
        assert!(happens(&|path| write(path, "longer than before")).starts_with("18 bytes"));
        let replace = |path: &Path| {
            write(&path.with_extension("new"), "before");
            fs::rename(path.with_extension("new"), path).expect("renamed");
        };
        assert!(happens(&replace).starts_with("another file"));
        // Setting the time of the last write back does not hide the change.
        let hide = |path: &Path| {
            let time = fs::metadata(path).and_then(|metadata| metadata.modified()).expect("a time");
            write(path, "behind");
            let file = File::options().append(true).open(path).expect("opened");
            file.set_modified(time).expect("set");
        };
        assert!(happens(&hide).starts_with("a file that was changed"));
    }
}
