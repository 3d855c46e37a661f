//! Lists the unread files of a delivery for people: folder by folder, with a few names each.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    contract::walk::{SUFFIX, Unread, UnreadKind},
    text::{Grouped, Text},
};

/// The most folders that are named, and the most names in each. The report for programs has all.
const MOST: [usize; 2] = [10, 3];

/// A folder with unread files.
#[derive(Default)]
struct UnreadFolder<'a> {
    /// Whether the whole folder was not read.
    whole: bool,
    files: Vec<&'a str>,
    parquet: u64,
}

/// Lists the unread files.
pub(super) fn named(unread: &[Unread]) -> Vec<Text> {
    let folders = unread.iter().filter(|unread| unread.kind == UnreadKind::Folder);
    let folders: BTreeSet<&str> = folders.map(|unread| unread.name.as_str()).collect();
    let mut groups: BTreeMap<&str, UnreadFolder> = BTreeMap::new();
    for Unread { name, kind, .. } in unread {
        let ends = name.match_indices('/').map(|(at, _)| at).chain([name.len()]);
        let outermost = ends.map(|end| &name[..end]).find(|above| folders.contains(above));
        let around =
            outermost.unwrap_or_else(|| name.rsplit_once('/').map_or("", |(above, _)| above));
        let group = groups.entry(around).or_default();
        group.whole = outermost.is_some();
        if *kind != UnreadKind::Folder {
            group.files.push(name);
            group.parquet += u64::from(name.ends_with(SUFFIX));
        }
    }
    let line = |(folder, group): (&&str, &UnreadFolder)| group.line(folder);
    let shown = groups.iter().take(MOST[0]).map(line);
    let more = groups.len().saturating_sub(MOST[0]) as u64;
    let more = (more > 0).then(|| text!("not read: {} folder(s) more", Grouped(more)));
    shown.chain(more).collect()
}

impl UnreadFolder<'_> {
    fn line(&self, folder: &str) -> Text {
        let UnreadFolder { whole, files, parquet } = self;
        if *whole {
            let files = Grouped(files.len() as u64);
            return text!("not read: {}/ ({} file(s), {} of Parquet)", folder, files, parquet);
        }
        let names = files.iter().take(MOST[1]).copied().collect::<Vec<_>>().join(", ");
        match files.len().saturating_sub(MOST[1]) as u64 {
            0 => text!("not read: {}", names),
            more => text!("not read: {}, {} file(s) more", names, Grouped(more)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unread(names: &[&str]) -> Vec<Unread> {
        let unread = names.iter().map(|name| Unread {
            name: name.trim_end_matches('/').to_owned(),
            kind: if name.ends_with('/') { UnreadKind::Folder } else { UnreadKind::File },
            hidden: false,
        });
        let mut unread: Vec<Unread> = unread.collect();
        unread.sort_unstable();
        unread
    }

    #[test]
    fn folders_are_counted_and_the_first_files_named() {
        let unread = unread(&[
            "notes.txt",
            "treating/1.csv",
            "treating/2.csv",
            "treating/3.csv",
            "treating/4.csv",
            "treating/_tmp/",
            "treating/_tmp.crc",
            "treating/_tmp/0/",
            "treating/_tmp/0/a.parquet",
            "treating/_tmp/b.txt",
        ]);
        assert_eq!(
            named(&unread).iter().map(Text::to_string).collect::<Vec<_>>(),
            [
                "not read: notes.txt",
                "not read: treating/1.csv, treating/2.csv, treating/3.csv, 2 files more",
                "not read: treating/_tmp/ (2 files, 1 of Parquet)",
            ]
        );
    }

    #[test]
    fn a_long_list_is_cut() {
        let names: Vec<String> = (0..13).map(|folder| format!("{folder:02}/")).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let lines = named(&unread(&names));
        assert_eq!(lines.len(), 11);
        assert_eq!(lines[10].to_string(), "not read: 3 folders more");
    }
}
