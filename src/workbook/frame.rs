//! How the parts of XLSX belong together: its sheets in their order, shared texts, styles.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::{Read, Seek},
};

use quick_xml::events::Event;

use super::{
    cells::Unreadable,
    parts::{Archive, FRAME, attribute},
};

/// The paths of the parts of a workbook.
#[derive(Default)]
pub(super) struct Frame {
    /// The name and the path of each sheet.
    pub(super) sheets: Vec<(String, String)>,
    pub(super) texts: Option<String>,
    pub(super) styles: Option<String>,
    /// Whether days are counted from 1904.
    pub(super) from_1904: bool,
}

impl Frame {
    /// Reads the frame of a workbook of at most `most` sheets.
    pub(super) fn read<R: Read + Seek>(
        archive: &mut Archive<R>,
        most: usize,
    ) -> Result<Frame, Unreadable> {
        let none = || Unreadable::Form(text!("an archive that is no workbook"));
        let package = relations(archive, "_rels/.rels")?;
        let main = package.into_values().find(|(kind, _)| kind.ends_with("/officeDocument"));
        let path = below("", &main.ok_or_else(none)?.1);
        if path.to_lowercase().rsplit_once('.').is_some_and(|(_, ending)| ending == "bin") {
            return Err(Unreadable::Form(text!("a binary workbook (XLSB)")));
        }
        let (folder, name) = path.rsplit_once('/').unwrap_or(("", &path));
        let relations = relations(archive, &below(folder, &format!("_rels/{name}.rels")))?;
        let of_kind = |end: &str| {
            let mut found = relations.values().filter(|(kind, _)| kind.ends_with(end));
            found.next().map(|(_, target)| below(folder, target))
        };
        let mut frame = Frame {
            texts: of_kind("/sharedStrings"),
            styles: of_kind("/styles"),
            ..Frame::default()
        };
        let (mut seen, mut buffer) = (BTreeSet::new(), Vec::new());
        let mut part = archive.part(&path, FRAME)?.ok_or_else(none)?;
        while let Some(event) = part.next(&mut buffer)? {
            let Event::Start(of) = event else { continue };
            match of.local_name().as_ref() {
                "sheet" => {
                    let target = attribute(&of, "id").and_then(|id| relations.get(&id));
                    // Two sheets may name one part, which must be read once.
                    if let Some((_, target)) =
                        target.filter(|(kind, _)| kind.ends_with("/worksheet"))
                        && seen.insert(target)
                    {
                        let name = attribute(&of, "name").unwrap_or_default();
                        frame.sheets.push((name, below(folder, target)));
                    }
                }
                "workbookPr" => {
                    let set = attribute(&of, "date1904");
                    frame.from_1904 |= set.is_some_and(|set| ["1", "true"].contains(&&*set));
                }
                _ => {}
            }
            if frame.sheets.len() > most {
                return Err(Unreadable::Bounds(text!("a workbook of more than {} sheets", most)));
            }
        }
        Ok(frame)
    }
}

/// Returns the path of a target, which is relative to the root of the archive or to a folder.
fn below(folder: &str, target: &str) -> String {
    match target.strip_prefix('/') {
        Some(whole) => whole.to_owned(),
        None if folder.is_empty() => target.to_owned(),
        None => format!("{folder}/{target}"),
    }
}

/// Reads the relations of a part: kind and target, by id.
fn relations<R: Read + Seek>(
    archive: &mut Archive<R>,
    path: &str,
) -> Result<BTreeMap<String, (String, String)>, Unreadable> {
    let (mut found, mut buffer) = (BTreeMap::new(), Vec::new());
    let Some(mut part) = archive.part(path, FRAME)? else { return Ok(found) };
    while let Some(event) = part.next(&mut buffer)? {
        let Event::Start(of) = event else { continue };
        if of.local_name().as_ref() == "Relationship"
            && let (Some(id), Some(kind), Some(target)) =
                (attribute(&of, "Id"), attribute(&of, "Type"), attribute(&of, "Target"))
        {
            found.insert(id, (kind, target));
        }
    }
    Ok(found)
}
