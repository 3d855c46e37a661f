//! Collects the lines of a reply form from the cells of a workbook or of CSV. Only the columns of the form are kept.

use std::io::Cursor;

use chrono::NaiveDate;

use super::ids::{Ids, Meant};
use crate::{
    contract::{bounds, columns::REPLY, small_files::DecisionLine},
    diag::{Code, Finding},
    model::dates::parse_day,
    statements::template::Template,
    text::Text,
    workbook::{CellContent, CellSink, Unreadable, WorkbookBounds, XlsxFile},
};

/// A line of a reply form.
#[derive(Debug, Default)]
pub(super) struct ReplyLine {
    /// The line of the form, from 1.
    pub(super) number: u64,
    pub(super) setl_id: String,
    /// The decision as `decisions.csv` spells it, or the text of the form when it is unknown.
    decision: String,
    pub(super) reason: String,
    pub(super) decided_by: String,
    pub(super) approved_by: String,
    /// The day, if the text is a valid day.
    pub(super) decided_on: Option<NaiveDate>,
}

impl ReplyLine {
    /// Returns the line as a line of `decisions.csv`.
    pub(super) fn decision_line(&self) -> DecisionLine {
        DecisionLine {
            line: self.number,
            setl_id: self.setl_id.clone(),
            decision: self.decision.clone(),
            decided_by: self.decided_by.clone(),
            approved_by: self.approved_by.clone(),
        }
    }

    /// Returns a finding on this line.
    pub(super) fn finding(&self, file: &str, code: Code, found: Text) -> Finding {
        Finding::new(code, file, text!("line {}, setl_id {}", self.number, self.setl_id), found)
    }
}

/// The most answered lines of a form.
const ANSWERS: usize = 1_000_000;
/// The most bytes of the texts on them.
const WRITTEN: usize = 256 << 20;

/// A reply form that is being read.
pub(super) struct ReplyForm<'a> {
    file: &'a str,
    template: &'a Template,
    ids: &'a Ids<'a>,
    headings: [&'a str; 6],
    /// Whether a text may begin with an apostrophe of `no_formula`, as in our CSV.
    guarded: bool,
    /// Whether the headings were found in any sheet.
    found: bool,
    sheet: SheetReading,
    held: usize,
    /// Lines with an answer.
    pub(super) lines: Vec<ReplyLine>,
    /// The number of lines without any entry.
    pub(super) unanswered: u64,
    /// Findings on lines whose setl_id is ambiguous.
    pub(super) findings: Vec<Finding>,
}

/// The state of reading a sheet.
#[derive(Default)]
struct SheetReading {
    /// The columns of the six headings, and the first used column of that row; `None` before the headings.
    places: Option<([u32; 6], u32)>,
    /// Whether the row of sums below the lines was reached.
    done: bool,
    row: u32,
    /// The columns of headings found in this row, and its first used column.
    named: [Option<u32>; 6],
    first: Option<u32>,
    /// The texts and days of this row.
    cells: [(String, Option<NaiveDate>); 6],
}

impl<'a> ReplyForm<'a> {
    /// Reads a form: the lines below the headings, in every sheet that has them.
    pub(super) fn read(
        bytes: &[u8],
        file: &'a str,
        template: &'a Template,
        ids: &'a Ids<'a>,
    ) -> Result<ReplyForm<'a>, Finding> {
        let headings = std::array::from_fn(|at| {
            let value = REPLY.columns[at].name;
            template.reply.heading(value).unwrap_or(value)
        });
        let mut form = ReplyForm {
            file,
            template,
            ids,
            headings,
            guarded: false,
            found: false,
            sheet: SheetReading::default(),
            held: 0,
            lines: Vec::new(),
            unanswered: 0,
            findings: Vec::new(),
        };
        let refuse = |code, found: Text| Finding::of_file(code, file, found);
        // XLSX is a ZIP archive. Encrypted workbooks and the old XLS format are not.
        let read = if bytes.starts_with(b"PK") {
            form.workbook(bytes)
        } else if bytes.starts_with(b"\xd0\xcf\x11\xe0") {
            Err(Unreadable::Form(text!("an encrypted workbook, or one of the old form .xls")))
        } else {
            let Ok(text) = std::str::from_utf8(bytes) else {
                return Err(refuse(Code::S01, text!("bytes that are not UTF-8")));
            };
            form.csv(text.strip_prefix('\u{feff}').unwrap_or(text))
        };
        match read {
            Ok(()) if form.found => Ok(form),
            Ok(()) => {
                let headings = headings.join(", ");
                Err(refuse(Code::T01, text!("no line with the headings {}", headings)))
            }
            Err(Unreadable::Form(found)) => Err(refuse(Code::T01, found)),
            Err(Unreadable::Bounds(found)) => Err(refuse(Code::T03, found)),
        }
    }

    /// Reads every sheet of a workbook.
    fn workbook(&mut self, bytes: &[u8]) -> Result<(), Unreadable> {
        let mut workbook = XlsxFile::open(Cursor::new(bytes), WorkbookBounds::FORM)?;
        for sheet in 0..workbook.sheets().len() {
            self.begin();
            workbook.read(sheet, self)?;
            self.end();
        }
        Ok(())
    }

    /// Reads CSV, separated by commas, semicolons or tabs. Spreadsheets write semicolons where the comma is the
    /// decimal sign.
    fn csv(&mut self, text: &str) -> Result<(), Unreadable> {
        if let Some((place, found)) = bounds::breach(text.as_bytes()) {
            return Err(Unreadable::Bounds(if place.is_empty() {
                found
            } else {
                text!("{} {}", place, found)
            }));
        }
        self.guarded = true;
        for delimiter in *b",;\t" {
            let mut builder = csv::ReaderBuilder::new();
            let builder = builder.has_headers(false).flexible(true).delimiter(delimiter);
            let mut reader = builder.from_reader(text.as_bytes());
            let mut record = csv::StringRecord::new();
            self.begin();
            for row in 0.. {
                let more = reader.read_record(&mut record);
                if !more.map_err(|_| Unreadable::Form(text!("CSV that is damaged")))? {
                    break;
                }
                let mut cells = (0..).zip(&record);
                if !cells.try_fold(true, |on, (column, text)| {
                    Ok(on && self.cell(row, column, text, CellContent::Text)?)
                })? {
                    break;
                }
            }
            self.end();
            if self.found {
                break;
            }
        }
        Ok(())
    }

    /// Begins a sheet.
    fn begin(&mut self) {
        self.sheet = SheetReading::default();
    }

    /// Ends a sheet.
    fn end(&mut self) {
        if !self.sheet.done {
            self.end_row();
        }
    }

    /// Ends a row: it becomes the headings or a line of the form.
    fn end_row(&mut self) {
        let sheet = &mut self.sheet;
        if sheet.places.is_none() {
            let mut places = [0; 6];
            let named = std::mem::take(&mut sheet.named);
            let all = places.iter_mut().zip(named).all(|(place, named)| {
                *place = named.unwrap_or_default();
                named.is_some()
            });
            let first = sheet.first.take();
            if let Some(first) = first.filter(|_| all) {
                sheet.places = Some((places, first));
                self.found = true;
            }
            return;
        }
        let cells = std::mem::take(&mut sheet.cells);
        let number = u64::from(sheet.row) + 1;
        let [id, decision, reason, by, approved, on] = cells;
        let entries = [&decision, &reason, &by, &approved, &on];
        if entries.iter().all(|(text, _)| text.trim().is_empty()) {
            self.held -= id.0.len() + entries.iter().map(|(text, _)| text.len()).sum::<usize>();
            self.unanswered += u64::from(!id.0.trim().is_empty());
            return;
        }
        let setl_id = match self.ids.resolve(&id.0, self.guarded) {
            Meant::One(setl_id) => setl_id.to_owned(),
            Meant::Nobody(written) => written,
            Meant::Several(ids) => {
                let place = text!("line {}, setl_id {}", number, id.0);
                let found = text!("one that may be any of {}", ids);
                self.findings.push(Finding::new(Code::T02, self.file, place, found));
                return;
            }
        };
        let word = decision.0.trim();
        let mut verdicts = self.template.verdicts();
        let verdict = verdicts.find(|(verdict, name)| [verdict.name(), name].contains(&word));
        self.lines.push(ReplyLine {
            number,
            setl_id,
            decision: verdict.map_or(word, |(verdict, _)| verdict.name()).to_owned(),
            reason: reason.0.trim().to_owned(),
            decided_by: by.0.trim().to_owned(),
            approved_by: approved.0.trim().to_owned(),
            decided_on: on.1.or_else(|| as_written(on.0.trim())),
        });
    }
}

impl CellSink for ReplyForm<'_> {
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
        let sheet = &mut self.sheet;
        if sheet.done || text.is_empty() {
            return Ok(!sheet.done);
        }
        let Some((places, first)) = sheet.places else {
            for (named, heading) in sheet.named.iter_mut().zip(self.headings) {
                if named.is_none() && text.trim() == heading {
                    *named = Some(column);
                }
            }
            sheet.first = Some(sheet.first.map_or(column, |first| first.min(column)));
            return Ok(true);
        };
        if column == first && text.trim() == self.template.total {
            sheet.done = true;
            return Ok(false);
        }
        for (cell, place) in sheet.cells.iter_mut().zip(places) {
            if place == column {
                self.held += text.len();
                let is_day = matches!(content, CellContent::Day | CellContent::Time);
                let day = text.get(..10).filter(|_| is_day).and_then(parse_day);
                *cell = (text.to_owned(), day);
            }
        }
        if self.held > WRITTEN || self.lines.len() > ANSWERS {
            return Err(Unreadable::Bounds(text!(
                "more than {} answers, or 256 MiB of them",
                ANSWERS
            )));
        }
        Ok(true)
    }
}

/// Parses a day in the usual spellings.
pub(crate) fn as_written(text: &str) -> Option<NaiveDate> {
    // `parse_day` refuses years of five digits: chrono parses them, but on a form they are slips.
    let parse = |form| NaiveDate::parse_from_str(text, form).ok();
    let found = ["%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "%Y年%m月%d日"].into_iter().find_map(parse)?;
    parse_day(&found.to_string())
}
