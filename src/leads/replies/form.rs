//! Collects the answered lines of a form from the cells of a workbook or of CSV.

use std::{
    fs::File,
    io::{BufReader, Read},
    path::Path,
};

use chrono::NaiveDate;
use encoding_rs::GB18030;

use crate::{
    bounded,
    contract::bounds,
    diag::{Code, Failure, Finding, Outcome},
    leads::columns::{ANSWERS, LEAD_ID, OPEN, PACK, PackColumn, SETL_ID},
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
    /// The province whose form it is, if the form says so.
    pub(super) pack: String,
    pub(super) verdict: String,
    pub(super) amount: String,
    pub(super) reason: String,
    pub(super) decided_by: String,
    pub(super) approved_by: String,
    /// The day as it stands there, and as a day.
    pub(super) decided_on: (String, Option<NaiveDate>),
}

/// The most answered lines of a form, and the most bytes of texts on them.
const MOST_ANSWERS: usize = 1_000_000;
const MOST_BYTES: usize = 256 << 20;

/// The columns that are read. Those from the third on may be missing.
const READ: [PackColumn; 10] = [
    LEAD_ID, SETL_ID, ANSWERS[0], ANSWERS[1], ANSWERS[2], ANSWERS[3], ANSWERS[4], ANSWERS[5], PACK,
    OPEN,
];
/// The columns that a form must have: all but the last two.
const NEEDED: usize = 8;

/// A form.
#[derive(Debug, Default)]
pub(super) struct LeadForm {
    /// The lines with an answer.
    pub(super) lines: Vec<AnsweredLine>,
    /// The number of open lines without any entry.
    pub(super) unanswered: u64,
    /// Whether the headings were found in any sheet.
    found: bool,
    /// Whether texts may begin with an apostrophe of our CSV.
    guarded: bool,
    held: usize,
    sheet: FormSheet,
}

/// A sheet that is being read.
#[derive(Debug, Default)]
struct FormSheet {
    name: String,
    /// The column of each of [`READ`]; none before the headings.
    places: Option<[Option<u32>; 10]>,
    row: u32,
    named: [Option<u32>; 10],
    cells: [(String, Option<NaiveDate>); 10],
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
            Ok(()) if form.found => Ok(form),
            Ok(()) => {
                let needed: Vec<String> =
                    READ[..NEEDED].iter().map(|column| column.heading()).collect();
                Err(refuse(text!("no line with the headings {}", needed.join(", "))))
            }
            Err(found) => Err(refuse(found)),
        })
    }

    fn workbook(&mut self, path: &Path) -> Outcome<Result<(), Text>> {
        let file = File::open(path).map_err(Failure::io(path))?;
        let read = || -> Result<(), Unreadable> {
            let mut workbook = XlsxFile::open(BufReader::new(file), WorkbookBounds::EXPORT)?;
            for (at, name) in workbook.sheets().into_iter().enumerate() {
                self.sheet = FormSheet { name, ..FormSheet::default() };
                workbook.read(at, self)?;
                self.end_row();
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
            let mut builder = csv::ReaderBuilder::new();
            let builder = builder.has_headers(false).flexible(true).delimiter(delimiter);
            let mut reader = builder.from_reader(text.as_bytes());
            let mut record = csv::StringRecord::new();
            self.sheet = FormSheet::default();
            loop {
                let more = reader.read_record(&mut record);
                if !more.map_err(|_| text!("CSV that is damaged"))? {
                    break;
                }
                // The line where it ends: texts in quotes may have line breaks.
                let line = record.position().map_or(1, csv::Position::line);
                let row = u32::try_from(line.saturating_sub(1)).unwrap_or(u32::MAX);
                for (column, text) in (0..).zip(&record) {
                    self.cell(row, column, text, CellContent::Text).map_err(told)?;
                }
            }
            self.end_row();
            if self.found {
                break;
            }
        }
        Ok(())
    }

    /// Ends a row: it becomes the headings, or a line.
    fn end_row(&mut self) {
        let sheet = &mut self.sheet;
        if sheet.places.is_none() {
            let named = std::mem::take(&mut sheet.named);
            if named[..NEEDED].iter().all(Option::is_some) {
                sheet.places = Some(named);
                self.found = true;
            }
            return;
        }
        let cells = std::mem::take(&mut sheet.cells);
        let bytes: usize = cells.iter().map(|(text, _)| text.len()).sum();
        if cells[2..NEEDED].iter().all(|(text, _)| text.trim().is_empty()) {
            self.held -= bytes;
            let is_open = !cells[9].0.trim().starts_with('否');
            self.unanswered += u64::from(is_open && !cells[0].0.trim().is_empty());
            return;
        }
        let [lead_id, setl_id, verdict, amount, reason, by, approved, on, pack, _] = cells;
        let trimmed = |(text, _): (String, _)| text.trim().to_owned();
        let day = on.1.or_else(|| as_written(on.0.trim()));
        let bare = |text: String| if self.guarded { unguarded(&text).to_owned() } else { text };
        self.lines.push(AnsweredLine {
            sheet: sheet.name.clone(),
            number: u64::from(sheet.row) + 1,
            lead_id: trimmed(lead_id),
            setl_ids: if self.guarded {
                [unguarded(&setl_id.0).to_owned(), setl_id.0]
            } else {
                [setl_id.0.clone(), unguarded(&setl_id.0).to_owned()]
            },
            pack: trimmed(pack),
            verdict: trimmed(verdict),
            amount: trimmed(amount),
            reason: bare(trimmed(reason)),
            decided_by: bare(trimmed(by)),
            approved_by: bare(trimmed(approved)),
            decided_on: (on.0.trim().to_owned(), day),
        });
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
            self.end_row();
            self.sheet.row = row;
        }
        if text.is_empty() {
            return Ok(true);
        }
        let Some(places) = self.sheet.places else {
            for (named, of) in self.sheet.named.iter_mut().zip(READ) {
                if named.is_none() && of.is_named(&text.replace('\n', " ")) {
                    *named = Some(column);
                }
            }
            return Ok(true);
        };
        for (cell, place) in self.sheet.cells.iter_mut().zip(places) {
            if place == Some(column) {
                self.held += text.len();
                let is_day = matches!(content, CellContent::Day | CellContent::Time);
                let day = text.get(..10).filter(|_| is_day).and_then(parse_day);
                *cell = (text.to_owned(), day);
            }
        }
        if self.held > MOST_BYTES || self.lines.len() > MOST_ANSWERS {
            return Err(Unreadable::Bounds(text!(
                "more than {} answers, or 256 MiB of them",
                MOST_ANSWERS
            )));
        }
        Ok(true)
    }
}
