//! Reads the cells of a workbook one after the other. None is kept.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{Days, NaiveDate};
use quick_xml::events::{BytesStart, Event};
use rust_decimal::{Decimal, prelude::ToPrimitive};

use super::parts::{Archive, FRAME, PartEvents, TEXTS, Unreadable, attribute};

/// The most sheets of a workbook.
const SHEETS: usize = 64;
/// The last row and column of a sheet, from 0.
const LAST: (u32, u32) = (1_048_575, 16_383);

/// Receives the cells of a workbook, sheet by sheet.
pub(super) trait CellSink {
    /// Called before the cells of a sheet.
    fn begin(&mut self);

    /// Receives a cell. Row and column are counted from 0. Returns whether more cells of the sheet are wanted.
    fn cell(
        &mut self,
        row: u32,
        column: u32,
        text: &str,
        day: Option<NaiveDate>,
    ) -> Result<bool, Unreadable>;

    /// Called after the cells of a sheet.
    fn end(&mut self);
}

/// Sends the cells of every sheet to a form.
pub(super) fn read(bytes: &[u8], form: &mut dyn CellSink) -> Result<(), Unreadable> {
    let mut archive = Archive::open(bytes)?;
    let frame = Frame::read(&mut archive)?;
    let mut shared = WorkbookContext::default();
    if let Some(path) = &frame.texts
        && let Some(part) = archive.part(path, TEXTS)?
    {
        shared.texts = SharedStrings::read(part)?;
    }
    if let Some(path) = &frame.styles
        && let Some(part) = archive.part(path, FRAME)?
    {
        shared.days = days(part)?;
    }
    shared.from_1904 = frame.from_1904;
    for path in &frame.sheets {
        let Some(part) = archive.part(path, u64::MAX)? else {
            return Err(Unreadable::Form(text!("a workbook without its part {}", path)));
        };
        form.begin();
        sheet(part, &shared, form)?;
        form.end();
    }
    Ok(())
}

/// The paths of the parts of a workbook.
#[derive(Default)]
struct Frame {
    sheets: Vec<String>,
    texts: Option<String>,
    styles: Option<String>,
    /// Whether days are counted from 1904.
    from_1904: bool,
}

impl Frame {
    fn read(archive: &mut Archive) -> Result<Frame, Unreadable> {
        let none = || Unreadable::Form(text!("an archive that is no workbook"));
        let package = relations(archive, "_rels/.rels")?;
        let main = package.into_values().find(|(kind, _)| kind.ends_with("/officeDocument"));
        let path = below("", &main.ok_or_else(none)?.1);
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
                        frame.sheets.push(below(folder, target));
                    }
                }
                "workbookPr" => {
                    let set = attribute(&of, "date1904");
                    frame.from_1904 |= set.is_some_and(|set| ["1", "true"].contains(&&*set));
                }
                _ => {}
            }
            if frame.sheets.len() > SHEETS {
                return Err(Unreadable::Bounds(text!("a workbook of more than {} sheets", SHEETS)));
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
fn relations(
    archive: &mut Archive,
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

/// Data that the sheets of a workbook share.
#[derive(Default)]
struct WorkbookContext {
    texts: SharedStrings,
    /// For each style, whether it shows a number as a day.
    days: Vec<bool>,
    from_1904: bool,
}

/// The shared strings, concatenated. `ends[i]` is the end of string `i`.
#[derive(Default)]
struct SharedStrings {
    all: String,
    ends: Vec<u32>,
}

impl SharedStrings {
    fn read(mut part: PartEvents) -> Result<SharedStrings, Unreadable> {
        let mut texts = SharedStrings::default();
        let (mut text, mut buffer) = (String::new(), Vec::new());
        while let Some(event) = part.next(&mut buffer)? {
            let Event::Start(of) = event else { continue };
            if of.local_name().as_ref() == "si" {
                text.clear();
                part.text("si", &mut text)?;
                unescape(&text, &mut texts.all);
                texts.ends.push(u32::try_from(texts.all.len()).map_err(|_| part.damage())?);
            }
        }
        Ok(texts)
    }

    fn get(&self, number: &str) -> Option<&str> {
        let number: usize = number.trim().parse().ok()?;
        let end = *self.ends.get(number)? as usize;
        let start = if number == 0 { 0 } else { self.ends[number - 1] as usize };
        Some(&self.all[start..end])
    }
}

/// Appends a text of a workbook. `_x000D_` stands for a character that XML cannot hold.
fn unescape(text: &str, into: &mut String) {
    let mut rest = text;
    while let Some(at) = rest.find("_x") {
        let (before, from) = rest.split_at(at);
        into.push_str(before);
        let digits = from.get(2..6).filter(|_| from.get(6..7) == Some("_"));
        let hex = digits.filter(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit()));
        let letter = hex.and_then(|hex| u32::from_str_radix(hex, 16).ok()).and_then(char::from_u32);
        let (letter, taken) = letter.map_or(('_', 1), |letter| (letter, 7));
        into.push(letter);
        rest = &from[taken..];
    }
    into.push_str(rest);
}

/// Reads which styles show a number as a day.
fn days(mut part: PartEvents) -> Result<Vec<bool>, Unreadable> {
    let mut formats: BTreeMap<String, bool> = BTreeMap::new();
    let (mut styles, mut of_cells, mut buffer) = (Vec::new(), false, Vec::new());
    while let Some(event) = part.next(&mut buffer)? {
        match event {
            Event::Start(of) => match of.local_name().as_ref() {
                "numFmt" => {
                    if let (Some(id), Some(code)) =
                        (attribute(&of, "numFmtId"), attribute(&of, "formatCode"))
                    {
                        formats.insert(id, is_day(&code));
                    }
                }
                "cellXfs" => of_cells = true,
                "xf" if of_cells => {
                    let id = attribute(&of, "numFmtId").unwrap_or_default();
                    let known = formats.get(&id).copied();
                    styles.push(known.unwrap_or_else(|| is_built_in_day(&id)));
                }
                _ => {}
            },
            Event::End(of) if of.local_name().as_ref() == "cellXfs" => of_cells = false,
            _ => {}
        }
    }
    Ok(styles)
}

/// Whether a built-in number format shows a day; 27 to 31 and from 50 on do so in East Asia.
fn is_built_in_day(id: &str) -> bool {
    id.parse().is_ok_and(|id: u32| matches!(id, 14..=17 | 22 | 27..=31 | 36 | 50..=54 | 57 | 58))
}

/// Whether a format code shows a year or a day, outside of quotes, brackets and escapes.
fn is_day(code: &str) -> bool {
    let mut letters = code.chars();
    while let Some(letter) = letters.next() {
        let closing = match letter {
            '"' => '"',
            '[' => ']',
            '\\' | '_' | '*' => {
                letters.next();
                continue;
            }
            'y' | 'Y' | 'd' | 'D' => return true,
            _ => continue,
        };
        letters.by_ref().find(|letter| *letter == closing);
    }
    false
}

/// Sends the cells of a sheet to a form.
fn sheet(
    mut part: PartEvents,
    shared: &WorkbookContext,
    form: &mut dyn CellSink,
) -> Result<(), Unreadable> {
    let (mut row, mut column, mut inside) = (0, 0, false);
    let (mut value, mut buffer) = (String::new(), Vec::new());
    while let Some(event) = part.next(&mut buffer)? {
        match event {
            Event::Start(of) => match of.local_name().as_ref() {
                "sheetData" => inside = true,
                "row" if inside => {
                    if let Some(number) = attribute(&of, "r") {
                        let number = number.parse().ok().and_then(|n: u32| n.checked_sub(1));
                        row = number.ok_or_else(|| part.damage())?;
                    }
                }
                "c" if inside => {
                    let head = Head::read(&of);
                    if let Some(place) = &head.place {
                        (row, column) = parse_cell_reference(place).ok_or_else(|| part.damage())?;
                    }
                    if row > LAST.0 || column > LAST.1 {
                        return Err(part.damage());
                    }
                    value.clear();
                    cell(&mut part, &mut value)?;
                    let (text, day) = head.meaning(&value, shared).ok_or_else(|| part.damage())?;
                    if !form.cell(row, column, text.as_ref(), day)? {
                        return Ok(());
                    }
                    column += 1;
                }
                _ => {}
            },
            Event::End(of) => match of.local_name().as_ref() {
                "sheetData" => return Ok(()),
                "row" if inside => (row, column) = (row.saturating_add(1), 0),
                _ => {}
            },
            _ => {}
        }
    }
    Err(part.damage())
}

/// Reads the value of a cell: its content, or the result of its formula.
fn cell(part: &mut PartEvents, value: &mut String) -> Result<(), Unreadable> {
    let mut buffer = Vec::new();
    while let Some(event) = part.next(&mut buffer)? {
        match event {
            Event::Start(of) => match of.local_name().as_ref() {
                "v" => part.text("v", value)?,
                "is" => part.text("is", value)?,
                _ => {}
            },
            Event::End(of) if of.local_name().as_ref() == "c" => return Ok(()),
            _ => {}
        }
    }
    Err(part.damage())
}

/// The attributes of a cell element.
struct Head {
    place: Option<String>,
    style: Option<String>,
    kind: Option<String>,
}

impl Head {
    fn read(of: &BytesStart) -> Head {
        Head { place: attribute(of, "r"), style: attribute(of, "s"), kind: attribute(of, "t") }
    }

    /// Returns a value as text and as a day, or `None` when it names a shared string that does not exist.
    fn meaning<'a>(
        &self,
        value: &'a str,
        shared: &'a WorkbookContext,
    ) -> Option<(std::borrow::Cow<'a, str>, Option<NaiveDate>)> {
        let escaped = || {
            let mut text = String::new();
            unescape(value, &mut text);
            text.into()
        };
        Some(match self.kind.as_deref() {
            Some("s") if value.is_empty() => ("".into(), None),
            Some("s") => (shared.texts.get(value)?.into(), None),
            Some("str" | "inlineStr") => (escaped(), None),
            Some("d") => {
                let day = value.get(..10).and_then(crate::model::dates::parse_day);
                (value.into(), day)
            }
            Some("b" | "e") => (value.into(), None),
            _ => {
                let style = self.style.as_ref().and_then(|style| style.parse::<usize>().ok());
                let is_day = style.is_some_and(|style| shared.days.get(style) == Some(&true));
                let day = is_day.then(|| day(value, shared.from_1904)).flatten();
                (number(value).map_or(value.into(), Into::into), day)
            }
        })
    }
}

/// Formats a number as people write it.
fn number(value: &str) -> Option<String> {
    decimal(value).map(|number| number.normalize().to_string())
}

fn decimal(value: &str) -> Option<Decimal> {
    value.parse().or_else(|_| Decimal::from_scientific(value)).ok()
}

/// Returns the day of a spreadsheet's number. Serial days from 1900 count a 29 February 1900, which did not exist.
fn day(value: &str, from_1904: bool) -> Option<NaiveDate> {
    let number = decimal(value)?.trunc().to_u64()?;
    let (year, month, day) = match number {
        _ if from_1904 => (1904, 1, 1),
        60 => return None,
        0..60 => (1899, 12, 31),
        _ => (1899, 12, 30),
    };
    NaiveDate::from_ymd_opt(year, month, day)?.checked_add_days(Days::new(number))
}

/// Parses a cell reference like `B12` into row and column, from 0.
fn parse_cell_reference(place: &str) -> Option<(u32, u32)> {
    let digits = place.find(|letter: char| letter.is_ascii_digit())?;
    let (letters, row) = place.split_at(digits);
    let column = letters.bytes().try_fold(0_u32, |column, letter| {
        let letter = letter.to_ascii_uppercase();
        let value = letter.is_ascii_uppercase().then(|| u32::from(letter - b'A') + 1)?;
        column.checked_mul(26)?.checked_add(value)
    })?;
    Some((row.parse::<u32>().ok()?.checked_sub(1)?, column.checked_sub(1)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_texts_and_days_are_those_of_spreadsheets() {
        assert_eq!(parse_cell_reference("A1"), Some((0, 0)));
        assert_eq!(parse_cell_reference("xfd1048576"), Some((1_048_575, 16_383)));
        for place in ["A0", "1", "A", "", "A-1", "ZZZZZZZZZZZZ1", "A99999999999", "é1"] {
            assert_eq!(parse_cell_reference(place), None, "{place}");
        }
        let plain = |text: &str| {
            let mut plain = String::new();
            unescape(text, &mut plain);
            plain
        };
        assert_eq!(plain("a_x000D_b_x005F_x000D_"), "a\rb_x000D_");
        assert_eq!(plain("_x00_ _xD800_ _x12é_x0041_"), "_x00_ _xD800_ _x12éA");
        let shown = |value, from_1904| day(value, from_1904).map(|day| day.to_string());
        assert_eq!(shown("45981.5", false).as_deref(), Some("2025-11-20"));
        assert_eq!(shown("44519", true).as_deref(), Some("2025-11-20"));
        assert_eq!(shown("4.5981E4", false).as_deref(), Some("2025-11-20"));
        assert_eq!(shown("1", false).as_deref(), Some("1900-01-01"));
        for value in ["60", "-1", "1e300", "99999999999", "x"] {
            assert_eq!(shown(value, false), None, "{value}");
        }
        assert_eq!(number("1.50"), Some("1.5".to_owned()));
        assert_eq!(number("1E5"), Some("100000".to_owned()));
        for (code, is) in [
            ("yyyy-mm-dd", true),
            ("[$-804]yyyy\"年\"m\"月\"d\"日\"", true),
            ("#,##0.00", false),
            ("[Red]0", false),
            ("0\"day\"", false),
            ("h:mm", false),
        ] {
            assert_eq!(is_day(code), is, "{code}");
        }
    }
}
