//! Collects the answered lines of a form from the cells of a workbook or of CSV.

use std::{
    fs::File,
    io::{BufReader, Read},
    ops::Range,
    path::Path,
};

use chrono::NaiveDate;
use encoding_rs::GB18030;

use crate::{
    bounded,
    contract::bounds,
    diag::{Code, Failure, Finding, Outcome},
    keyed::key::Key,
    leads::{
        columns::{ANSWERS, DIRECTION, LEAD_ID, OPEN, PACK, PackColumn, SETL_ID},
        direction::PaidDirection,
    },
    model::dates::parse_day,
    statements::{replies::as_written, unguarded},
    text::Text,
    workbook::{CellContent, CellSink, Unreadable, WorkbookBounds, XlsxFile},
};

/// An answered line of a form.
#[derive(Debug, Clone, Default)]
pub(super) struct AnsweredLine {
    /// The sheet, in a workbook.
    pub(super) sheet: String,
    /// The line of the file or sheet, from 1.
    pub(super) number: u64,
    pub(super) lead_id: String,
    /// As it stands there, and as it is meant when it has an apostrophe of our CSV; the likelier one is first.
    pub(super) setl_ids: [String; 2],
    /// The province whose form it is.
    pub(super) pack: String,
    pub(super) verdict: String,
    pub(super) amount: String,
    pub(super) reason: String,
    pub(super) decided_by: String,
    pub(super) approved_by: String,
    /// The day as it stands there, and as a day.
    pub(super) decided_on: (String, Option<NaiveDate>),
    /// Whether a formula without a value, or with an error, stands in each cell of the answer.
    pub(super) unsolved: [bool; 6],
    /// Whether the form says that the fund paid too little.
    pub(super) is_too_little: bool,
}

impl AnsweredLine {
    /// Whether something stands in the cell of the amount.
    pub(super) fn has_amount(&self) -> bool {
        !self.amount.is_empty() || self.unsolved[1]
    }
}

/// The most answered lines of a form, and the most bytes of texts on them.
const MOST_ANSWERS: usize = 1_000_000;
const MOST_BYTES: usize = 256 << 20;
/// The most open lines of a form without any entry.
const MOST_UNANSWERED: usize = 16 << 20;

/// The columns that are read.
const READ: [PackColumn; 11] = [
    LEAD_ID, SETL_ID, ANSWERS[0], ANSWERS[1], ANSWERS[2], ANSWERS[3], ANSWERS[4], ANSWERS[5], PACK,
    OPEN, DIRECTION,
];
/// The columns that a form must have: all but the last two.
const NEEDED: usize = 9;
/// The columns of the answer among them.
const ENTRIES: Range<usize> = 2..8;
/// A line behind the last one of a CSV. Quotes that were never closed swallow it.
const END: &str = "\u{1}end";

/// A form.
#[derive(Debug, Default)]
pub(super) struct LeadForm {
    /// The lines with an answer.
    pub(super) lines: Vec<AnsweredLine>,
    /// The open lines without any entry, by [`line_key`].
    pub(super) unanswered: Vec<Key>,
    /// Whether the headings were found in any sheet.
    found: bool,
    /// Whether a line was found below them.
    has_line: bool,
    /// Whether texts may begin with an apostrophe of our CSV.
    guarded: bool,
    held: usize,
    sheet: FormSheet,
    /// The needed headings of the line that has most of them.
    nearest: [bool; NEEDED],
}

/// A sheet that is being read.
#[derive(Debug, Default)]
struct FormSheet {
    name: String,
    /// The column of each of [`READ`]; none before the headings.
    places: Option<[Option<u32>; 11]>,
    row: u32,
    named: [Option<u32>; 11],
    /// A heading that the row has twice.
    twice: Option<PackColumn>,
    cells: [FormCell; 11],
}

/// A cell that is being read.
#[derive(Debug, Default)]
struct FormCell {
    text: String,
    day: Option<NaiveDate>,
    is_unsolved: bool,
}

impl FormCell {
    fn is_empty(&self) -> bool {
        self.text.trim().is_empty() && !self.is_unsolved
    }
}

impl LeadForm {
    /// Reads a form.
    pub(super) fn read(path: &Path, name: &str) -> Outcome<Result<LeadForm, Finding>> {
        let io = || Failure::io(path);
        let mut file = File::open(path).map_err(|error| io()(error))?;
        let mut begin = Vec::new();
        file.by_ref().take(4).read_to_end(&mut begin).map_err(|error| io()(error))?;
        let mut form = LeadForm::default();
        // XLSX is a ZIP archive. Encrypted workbooks and the old XLS format are not.
        let read = match begin.as_slice() {
            b"PK\x03\x04" => form.workbook(path)?,
            b"\xd0\xcf\x11\xe0" => Err(text!("an encrypted workbook, or one of the old form .xls")),
            _ => {
                let bytes =
                    bounded::read(path, bounded::SMALL_FILE).map_err(|error| io()(error))?;
                match bytes {
                    Some(bytes) => form.any_csv(&bytes),
                    None => Err(bounded::more_than(bounded::SMALL_FILE)),
                }
            }
        };
        let refuse = |found| Finding::of_file(Code::W01, name, found);
        Ok(match read {
            Ok(()) if form.has_line => Ok(form),
            Ok(()) if form.found => Err(refuse(text!("no line below the headings"))),
            Ok(()) => Err(refuse(form.without_headings())),
            Err(found) => Err(refuse(found)),
        })
    }

    /// Says which headings are missing: those of the line that has most of them, or all.
    fn without_headings(&self) -> Text {
        let missing: Vec<String> = READ
            .iter()
            .zip(self.nearest)
            .filter(|(_, is_there)| !is_there)
            .map(|(column, _)| column.heading())
            .collect();
        if missing.len() == NEEDED {
            text!("no line with the headings {}", missing.join(", "))
        } else {
            text!("no column {}", missing.join(", "))
        }
    }

    fn workbook(&mut self, path: &Path) -> Outcome<Result<(), Text>> {
        let file = File::open(path).map_err(Failure::io(path))?;
        let read = || -> Result<(), Unreadable> {
            let mut workbook = XlsxFile::open(BufReader::new(file), WorkbookBounds::EXPORT)?;
            for (at, name) in workbook.sheets().into_iter().enumerate() {
                self.sheet = FormSheet { name, ..FormSheet::default() };
                workbook.read(at, self)?;
                self.end_row()?;
            }
            Ok(())
        };
        Ok(read().map_err(told))
    }

    /// Reads CSV in UTF-8, or in GB18030 as Chinese spreadsheets save it.
    fn any_csv(&mut self, bytes: &[u8]) -> Result<(), Text> {
        if let Some((place, found)) = bounds::breach(bytes) {
            return Err(if place.is_empty() { found } else { text!("{} {}", place, found) });
        }
        let bytes = bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(bytes);
        if let Ok(text) = std::str::from_utf8(bytes) {
            return self.csv(text);
        }
        match GB18030.decode_without_bom_handling_and_without_replacement(bytes) {
            Some(text) => self.csv(&text),
            None => Err(text!("bytes that are neither UTF-8 nor GB18030")),
        }
    }

    /// Reads CSV, separated by commas, semicolons or tabs.
    fn csv(&mut self, text: &str) -> Result<(), Text> {
        self.guarded = true;
        for delimiter in *b",;\t" {
            let is_whole = self.csv_by(text, delimiter)?;
            if self.found && !is_whole {
                return Err(text!("CSV that ends within quotes"));
            }
            if self.found {
                break;
            }
        }
        Ok(())
    }

    /// Reads CSV with a delimiter. Returns whether all quotes are closed.
    fn csv_by(&mut self, text: &str, delimiter: u8) -> Result<bool, Text> {
        let mut builder = csv::ReaderBuilder::new();
        let builder = builder.has_headers(false).flexible(true).delimiter(delimiter);
        let end = format!("\n{END}\n");
        let mut reader = builder.from_reader(text.as_bytes().chain(end.as_bytes()));
        let mut record = csv::StringRecord::new();
        let mut lines = FileLines::new(text.as_bytes());
        let mut is_end = false;
        self.sheet = FormSheet::default();
        while reader.read_record(&mut record).map_err(|_| text!("CSV that is damaged"))? {
            is_end = record.len() == 1 && record.get(0) == Some(END);
            if is_end {
                continue;
            }
            let from = record.position().map_or(0, csv::Position::byte);
            let row = lines.begun_at(usize::try_from(from).unwrap_or(usize::MAX));
            for (column, text) in (0..).zip(&record) {
                self.cell(row, column, text, CellContent::Text).map_err(told)?;
            }
        }
        self.end_row().map_err(told)?;
        Ok(is_end)
    }

    /// Ends a row: it becomes the headings, or a line.
    fn end_row(&mut self) -> Result<(), Unreadable> {
        let sheet = &mut self.sheet;
        if sheet.places.is_none() {
            let (named, twice) = (std::mem::take(&mut sheet.named), sheet.twice.take());
            if named[..NEEDED].iter().all(Option::is_some) {
                if let Some(column) = twice {
                    let found = text!("two columns with the heading {}", column.heading());
                    return Err(Unreadable::Form(found));
                }
                sheet.places = Some(named);
                self.found = true;
            } else {
                let there = std::array::from_fn(|at| named[at].is_some());
                let count = |there: &[bool]| there.iter().filter(|is_there| **is_there).count();
                if count(&there) > count(&self.nearest) {
                    self.nearest = there;
                }
            }
            return Ok(());
        }
        let cells = std::mem::take(&mut sheet.cells);
        self.has_line |= cells.iter().any(|cell| !cell.is_empty());
        let bytes: usize = cells.iter().map(|cell| cell.text.len()).sum();
        if cells[ENTRIES].iter().all(FormCell::is_empty) {
            self.held -= bytes;
            let is_open = !cells[9].text.trim().starts_with('否');
            let [lead_id, setl_id, ..] = &cells;
            if is_open && !lead_id.is_empty() {
                let bare = if self.guarded { unguarded(&setl_id.text) } else { &setl_id.text };
                self.unanswered.push(line_key(&lead_id.text, bare));
            }
            return Ok(());
        }
        let line = self.line(cells);
        self.lines.push(line);
        Ok(())
    }

    fn line(&self, cells: [FormCell; 11]) -> AnsweredLine {
        let unsolved = std::array::from_fn(|at| cells[ENTRIES.start + at].is_unsolved);
        let [lead_id, setl_id, verdict, amount, reason, by, approved, on, pack, _, direction] =
            cells;
        let trimmed = |cell: FormCell| cell.text.trim().to_owned();
        let written = on.text.trim().to_owned();
        let day = on.day.or_else(|| as_written(&written));
        let bare = |text: String| if self.guarded { unguarded(&text).to_owned() } else { text };
        let bare_id = unguarded(&setl_id.text).to_owned();
        AnsweredLine {
            sheet: self.sheet.name.clone(),
            number: u64::from(self.sheet.row) + 1,
            lead_id: trimmed(lead_id),
            setl_ids: if self.guarded { [bare_id, setl_id.text] } else { [setl_id.text, bare_id] },
            pack: trimmed(pack),
            verdict: trimmed(verdict),
            amount: trimmed(amount),
            reason: bare(trimmed(reason)),
            decided_by: bare(trimmed(by)),
            approved_by: bare(trimmed(approved)),
            decided_on: (written, day),
            unsolved,
            is_too_little: PaidDirection::is_too_little(direction.text.trim()),
        }
    }
}

/// Returns the key of a line, by which it is counted once although several forms have it.
pub(super) fn line_key(lead_id: &str, setl_id: &str) -> Key {
    Key::of(&format!("{}\n{}", lead_id.trim(), setl_id.trim()))
}

/// Counts the lines of a file, which end with LF, CR or both.
struct FileLines<'a> {
    bytes: &'a [u8],
    at: usize,
    line: u32,
}

impl FileLines<'_> {
    fn new(bytes: &[u8]) -> FileLines<'_> {
        FileLines { bytes, at: 0, line: 0 }
    }

    /// Returns the line, from 0, of the first text at a place or behind it. Places rise.
    fn begun_at(&mut self, place: usize) -> u32 {
        while let Some(&byte) = self.bytes.get(self.at) {
            let is_break = matches!(byte, b'\n' | b'\r');
            if self.at >= place && !is_break {
                break;
            }
            self.at += 1;
            let has_more = byte == b'\r' && self.bytes.get(self.at) == Some(&b'\n');
            self.line += u32::from(is_break && !has_more);
        }
        self.line
    }
}

/// Returns why a form cannot be read.
fn told(unreadable: Unreadable) -> Text {
    match unreadable {
        Unreadable::Form(found) | Unreadable::Bounds(found) => found,
    }
}

impl CellSink for LeadForm {
    fn cell(
        &mut self,
        row: u32,
        column: u32,
        text: &str,
        content: CellContent,
    ) -> Result<bool, Unreadable> {
        if row > self.sheet.row {
            self.end_row()?;
            self.sheet.row = row;
        }
        let is_unsolved = content == CellContent::Error;
        if text.is_empty() && !is_unsolved {
            return Ok(true);
        }
        let Some(places) = self.sheet.places else {
            for (named, of) in self.sheet.named.iter_mut().zip(READ) {
                if of.is_named(&text.replace('\n', " ")) {
                    if named.is_some() {
                        self.sheet.twice = Some(of);
                    }
                    *named = named.or(Some(column));
                }
            }
            return Ok(true);
        };
        for (cell, place) in self.sheet.cells.iter_mut().zip(places) {
            if place == Some(column) {
                self.held += text.len();
                let is_day = matches!(content, CellContent::Day | CellContent::Time);
                let day = text.get(..10).filter(|_| is_day).and_then(parse_day);
                *cell = FormCell { text: text.to_owned(), day, is_unsolved };
            }
        }
        if self.held > MOST_BYTES || self.lines.len() > MOST_ANSWERS {
            return Err(Unreadable::Bounds(text!(
                "more than {} answers, or 256 MiB of them",
                MOST_ANSWERS
            )));
        }
        if self.unanswered.len() > MOST_UNANSWERED {
            return Err(Unreadable::Bounds(text!("more than {} lines", MOST_UNANSWERED)));
        }
        Ok(true)
    }
}
