//! Walks the input folder of a period: lists the files that are read, and everything else.

use std::{
    collections::{BTreeMap, BTreeSet},
    ffi::OsStr,
    fs::{self, FileType},
    io::{self, ErrorKind},
    os::unix::{ffi::OsStrExt, fs::MetadataExt},
    path::{Path, PathBuf},
};

use rustix::io::Errno;
use schemars::JsonSchema;
use serde::Serialize;

use super::parts::DeliveryParts;
use crate::{
    diag::{Code, Failure, Finding, Outcome},
    model::codes::Side,
    place::identity::{Identities, Identity},
    text::Text,
};

/// The content of an input folder.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct FolderListing {
    /// The Parquet files that are read, treating first, by name as bytes.
    pub parquet: Vec<FoundParquet>,
    /// The small files that are there.
    pub small: Vec<(String, Identity)>,
    /// Everything else, by name as bytes.
    pub unread: Vec<Unread>,
}

/// A Parquet file of a side.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundParquet {
    /// The side whose copies it has; that of a national file says nothing.
    pub side: Side,
    /// Path below the input folder, with `/`.
    pub name: String,
    /// Its path.
    pub path: PathBuf,
    /// Its identity, which changes with every later write.
    pub identity: Identity,
}

impl FolderListing {
    /// Returns the identities of the files that are read.
    pub fn identities(&self) -> Identities {
        let parquet = self.parquet.iter().map(|file| (file.name.clone(), file.identity));
        parquet.chain(self.small.iter().cloned()).collect()
    }
}

/// Something that is not read. A folder that is not read is listed itself, and so is all that is in it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
pub struct Unread {
    /// Path below the input folder, with `/`; bytes that are not UTF-8 as `\xFF`.
    pub name: String,
    /// What it is.
    pub kind: UnreadKind,
    /// Whether its name, or that of a folder around it in the delivery, begins with `.` or `_`.
    pub hidden: bool,
}

/// What something is that is not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "UnreadKind")]
pub enum UnreadKind {
    /// A file.
    File,
    /// A folder.
    Folder,
    /// A link, wherever it leads.
    Link,
    /// A pipe, a socket, a device.
    Special,
}

impl From<FileType> for UnreadKind {
    fn from(of: FileType) -> UnreadKind {
        match of {
            _ if of.is_file() => UnreadKind::File,
            _ if of.is_dir() => UnreadKind::Folder,
            _ if of.is_symlink() => UnreadKind::Link,
            _ => UnreadKind::Special,
        }
    }
}

/// The extension of Parquet files.
pub const SUFFIX: &str = ".parquet";

/// Walks an input folder, of which some parts are read. Ambiguous content is a finding; a folder without read permission
/// is a failure.
pub fn walk(
    input: &Path,
    parts: DeliveryParts,
    findings: &mut Vec<Finding>,
) -> Outcome<FolderListing> {
    let mut walk =
        FolderWalk { input, found: FolderListing::default(), seen: BTreeMap::new(), findings };
    for entry in entries(input).map_err(Failure::io(input))? {
        let name = shown(entry.file_name().unwrap_or_default());
        let folder = parts.folders.iter().find(|folder| folder.name == name);
        match folder.map(|folder| folder.side) {
            _ if parts.small.contains(&name.as_str()) => {
                walk.found.small.extend(Identity::at(&entry).ok().map(|identity| (name, identity)));
            }
            Some(side) if is_folder(&entry)? => walk.side(side, &entry)?,
            _ => walk.leave_out(&entry, is_hidden(&name)),
        }
    }
    let FolderListing { parquet, unread, .. } = &mut walk.found;
    parquet.sort_unstable_by(|a, b| (a.side, &a.name).cmp(&(b.side, &b.name)));
    unread.sort_unstable();
    for folder in parts.folders {
        let is_in = |file: &str| Path::new(file).starts_with(folder.name);
        let is_empty = !parquet.iter().any(|file| is_in(&file.name));
        if is_empty && !walk.findings.iter().any(|finding| is_in(&finding.file)) {
            walk.findings.push(Finding::of_file(Code::F01, folder.name, text!("no Parquet file")));
        }
    }
    Ok(walk.found)
}

struct FolderWalk<'a> {
    input: &'a Path,
    found: FolderListing,
    /// The visited folders of a side, by device and inode.
    seen: BTreeMap<(u64, u64), PathBuf>,
    findings: &'a mut Vec<Finding>,
}

impl FolderWalk<'_> {
    fn side(&mut self, side: Side, folder: &Path) -> Outcome<()> {
        self.seen.clear();
        self.folder(side, folder)
    }

    fn folder(&mut self, side: Side, folder: &Path) -> Outcome<()> {
        let failed = Failure::io(folder);
        let here = fs::metadata(folder).map_err(Failure::io(folder))?;
        if let Some(first) = self.seen.insert((here.dev(), here.ino()), folder.to_owned()) {
            self.refuse_visited(folder, &first);
            return Ok(());
        }
        for path in entries(folder).map_err(failed)? {
            let name = path.file_name().unwrap_or_default();
            let is_parquet = name.as_bytes().ends_with(SUFFIX.as_bytes());
            if is_hidden(&shown(name)) {
                self.leave_out(&path, true);
                continue;
            }
            match fs::metadata(&path) {
                Ok(metadata) if metadata.is_dir() => self.folder(side, &path)?,
                Ok(metadata) if is_parquet && metadata.is_file() => {
                    self.add_parquet(side, path, Identity::of(&metadata));
                }
                Ok(_) if is_parquet => {
                    let hint = text!("remove it, or put the file itself in its place");
                    self.refuse(Code::F02, &path, text!("neither a file nor a folder"), hint);
                }
                Ok(_) => self.leave_out(&path, false),
                // The file was removed during the walk.
                Err(error) if path.symlink_metadata().is_err() && leads_nowhere(&error) => {
                    if is_parquet {
                        self.refuse(
                            Code::F13,
                            &path,
                            text!("a file that is gone"),
                            Code::F13.hint_text(),
                        );
                    }
                }
                Err(error) if leads_nowhere(&error) && is_parquet => {
                    let hint = text!("remove the link, or put the file itself in its place");
                    self.refuse(Code::F02, &path, text!("a link that leads nowhere"), hint);
                }
                // Editors and office programs create dangling links beside open files.
                Err(error) if leads_nowhere(&error) => self.leave_out(&path, false),
                Err(error) => return Err(Failure::io(&path)(error)),
            }
        }
        Ok(())
    }

    /// Refuses a folder that was visited under another name, since its rows would count twice.
    fn refuse_visited(&mut self, folder: &Path, first: &Path) {
        if folder.starts_with(first) {
            let hint = text!("remove the link");
            self.refuse(Code::F02, folder, text!("a link to a folder above it"), hint);
        } else {
            let found = text!("the same folder as {}", self.name_of(first));
            self.refuse(Code::F11, folder, found, Code::F11.hint_text());
        }
    }

    /// Lists a Parquet file of a side.
    fn add_parquet(&mut self, side: Side, path: PathBuf, identity: Identity) {
        let below = path.strip_prefix(self.input).unwrap_or(&path);
        if let Some(name) = below.to_str() {
            let name = name.to_owned();
            self.found.parquet.push(FoundParquet { side, name, path, identity });
        } else {
            self.refuse(Code::F14, &path, text!("a name that is not UTF-8"), Code::F14.hint_text());
        }
    }

    /// Lists something that is not read, with everything in it.
    fn leave_out(&mut self, path: &Path, hidden: bool) {
        let kind =
            path.symlink_metadata().map_or(UnreadKind::Special, |found| found.file_type().into());
        self.found.unread.push(Unread { name: self.name_of(path), kind, hidden });
        if kind == UnreadKind::Folder {
            // A folder without read permission is only named; it is not read anyway.
            for entry in entries(path).into_iter().flatten() {
                let name = shown(entry.file_name().unwrap_or_default());
                self.leave_out(&entry, hidden || is_hidden(&name));
            }
        }
    }

    fn refuse(&mut self, code: Code, path: &Path, found: Text, hint: Text) {
        self.findings.push(Finding::of_file(code, self.name_of(path), found).hinting(hint));
    }

    fn name_of(&self, path: &Path) -> String {
        shown(path.strip_prefix(self.input).unwrap_or(path).as_os_str())
    }
}

/// Returns the entries of a folder, sorted.
fn entries(folder: &Path) -> io::Result<BTreeSet<PathBuf>> {
    fs::read_dir(folder)?.map(|entry| entry.map(|entry| entry.path())).collect()
}

/// Returns whether a path is a folder or a link to one; fails without permission.
fn is_folder(path: &Path) -> Outcome<bool> {
    match fs::metadata(path) {
        Ok(metadata) => Ok(metadata.is_dir()),
        Err(error) if leads_nowhere(&error) => Ok(false),
        Err(error) => Err(Failure::io(path)(error)),
    }
}

/// Returns whether an error means that nothing exists there, and not that permission is missing.
fn leads_nowhere(error: &io::Error) -> bool {
    let is_loop = error.raw_os_error() == Some(Errno::LOOP.raw_os_error());
    is_loop || matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory)
}

/// Returns whether a name is hidden. Readers of data lakes skip such names, and so does the program.
fn is_hidden(name: &str) -> bool {
    name.starts_with(['.', '_'])
}

/// Returns a name as text. Bytes that are not UTF-8 become `\xFF`, so different names stay different.
fn shown(name: &OsStr) -> String {
    if let Some(name) = name.to_str() {
        return name.to_owned();
    }
    let mut text = String::new();
    for chunk in name.as_bytes().utf8_chunks() {
        text.push_str(&chunk.valid().replace('\\', "\\\\"));
        text.extend(chunk.invalid().iter().map(|byte| format!("\\x{byte:02X}")));
    }
    text
}

#[cfg(test)]
mod tests {
    use std::{
        ffi::OsString,
        os::unix::{ffi::OsStringExt, fs::symlink},
    };

    use super::*;

    /// Makes a delivery with these files of one byte each.
    fn delivery(files: &[&str]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().expect("a folder");
        for file in files {
            let path = folder.path().join(file);
            fs::create_dir_all(path.parent().expect("a folder")).expect("made");
            fs::write(path, "x").expect("written");
        }
        folder
    }

    fn looked_through(folder: &Path) -> (FolderListing, Vec<String>) {
        let mut findings = Vec::new();
        let found = walk(folder, DeliveryParts::RUN, &mut findings).expect("looked through");
        (found, findings.iter().map(|f| format!("{} {}: {}", f.code, f.file, f.found)).collect())
    }

    #[test]
    fn everything_is_either_read_or_named() {
        let folder = delivery(&[
            "treating/b.parquet",
            "treating/a/z.parquet",
            "treating/a.parquet",
            "treating/x.parquet/part-0.parquet",
            "treating/31.PARQUET",
            "treating/_delta_log/0.json",
            "treating/_temporary/0/p.parquet",
            "treating/deep/.hidden/p.parquet",
            "treating/._a.parquet",
            "insured/a.parquet",
            "insured/notes.txt",
            "payments.csv",
            ".DS_Store",
            "Treating/a.parquet",
        ]);
        let (found, findings) = looked_through(folder.path());
        assert_eq!(findings, [""; 0]);
        let read: Vec<&str> = found.parquet.iter().map(|file| file.name.as_str()).collect();
        assert_eq!(
            read,
            [
                "treating/a.parquet",
                "treating/a/z.parquet",
                "treating/b.parquet",
                "treating/x.parquet/part-0.parquet",
                "insured/a.parquet"
            ]
        );
        let unread = found.unread.iter().map(|unread| {
            format!(
                "{} {:?}{}",
                unread.name,
                unread.kind,
                if unread.hidden { " hidden" } else { "" }
            )
        });
        assert_eq!(
            unread.collect::<Vec<_>>(),
            [
                ".DS_Store File hidden",
                "Treating Folder",
                "Treating/a.parquet File",
                "insured/notes.txt File",
                "treating/._a.parquet File hidden",
                "treating/31.PARQUET File",
                "treating/_delta_log Folder hidden",
                "treating/_delta_log/0.json File hidden",
                "treating/_temporary Folder hidden",
                "treating/_temporary/0 Folder hidden",
                "treating/_temporary/0/p.parquet File hidden",
                "treating/deep/.hidden Folder hidden",
                "treating/deep/.hidden/p.parquet File hidden",
            ]
        );
    }

    #[test]
    fn links_that_lead_nowhere_matter_only_where_a_file_should_be() {
        let folder = delivery(&["treating/a.parquet", "insured/a.parquet"]);
        for name in ["treating/lost.parquet", "treating/.#a.parquet", "treating/.~lock.a.parquet#"]
        {
            symlink("operator@host.4711", folder.path().join(name)).expect("linked");
        }
        symlink("lock", folder.path().join("insured/lock")).expect("linked");
        let (found, findings) = looked_through(folder.path());
        assert_eq!(findings, ["F02 treating/lost.parquet: a link that leads nowhere"]);
        let unread: Vec<&str> = found.unread.iter().map(|unread| unread.name.as_str()).collect();
        assert_eq!(unread, ["insured/lock", "treating/.#a.parquet", "treating/.~lock.a.parquet#"]);
        assert!(found.unread.iter().all(|unread| unread.kind == UnreadKind::Link));
    }

    #[test]
    fn a_folder_is_looked_through_once_a_side() {
        let folder = delivery(&["treating/a/a.parquet", "insured/a.parquet"]);
        symlink("a", folder.path().join("treating/b")).expect("linked");
        symlink("../treating/a", folder.path().join("insured/other")).expect("linked");
        let (found, findings) = looked_through(folder.path());
        assert_eq!(findings, ["F11 treating/b: the same folder as treating/a"]);
        assert!(found.parquet.iter().any(|file| file.name == "insured/other/a.parquet"));
        fs::remove_file(folder.path().join("treating/b")).expect("removed");
        fs::remove_file(folder.path().join("insured/other")).expect("removed");
        symlink("..", folder.path().join("treating/a/up")).expect("linked");
        let (_, findings) = looked_through(folder.path());
        assert_eq!(findings, ["F02 treating/a/up: a link to a folder above it"]);
    }

    #[test]
    fn names_that_are_no_text_are_told_apart() {
        let folder = delivery(&["treating/a.parquet", "insured/a.parquet"]);
        for byte in [0xfe, 0xff] {
            let name = |end: &[u8]| OsString::from_vec([b"\xe4\xba", &[byte][..], end].concat());
            fs::write(folder.path().join("treating").join(name(b".parquet")), "x")
                .expect("written");
            fs::write(folder.path().join(name(b"\\")), "x").expect("written");
        }
        let (found, findings) = looked_through(folder.path());
        assert_eq!(
            findings,
            [
                r"F14 treating/\xE4\xBA\xFE.parquet: a name that is not UTF-8",
                r"F14 treating/\xE4\xBA\xFF.parquet: a name that is not UTF-8"
            ]
        );
        let unread: Vec<&str> = found.unread.iter().map(|unread| unread.name.as_str()).collect();
        assert_eq!(unread, [r"\xE4\xBA\xFE\\", r"\xE4\xBA\xFF\\"]);
    }
}
