//! The lines of a reply form, as a workbook or as CSV.

use std::io::Cursor;

use calamine::{Data, DataType, Reader, Xlsx};
use chrono::NaiveDate;

use crate::{
    diag::{Code, Finding},
    forms::Template,
    reconcile::decisions::DecisionLine,
};

/// What a reply says of a settlement.
#[derive(Debug, Default)]
pub(super) struct Line {
    /// The line of the form, from 1.
    pub(super) number: u64,
    pub(super) setl_id: String,
    /// The word of `decisions.csv` where the form's word is known.
    decision: String,
    pub(super) reason: String,
    pub(super) decided_by: String,
    pub(super) approved_by: String,
    /// The day, where it is one.
    pub(super) decided_on: Option<NaiveDate>,
    has_day: bool,
}

impl Line {
    /// Whether nothing was entered.
    pub(super) fn is_blank(&self) -> bool {
        let entries = [&self.decision, &self.reason, &self.decided_by, &self.approved_by];
        entries.into_iter().all(String::is_empty) && !self.has_day
    }

    /// As a delivery would have it.
    pub(super) fn decision_line(&self) -> DecisionLine {
        DecisionLine {
            line: self.number,
            setl_id: self.setl_id.clone(),
            decision: self.decision.clone(),
            decided_by: self.decided_by.clone(),
            approved_by: self.approved_by.clone(),
        }
    }

    /// Something wrong with the line.
    pub(super) fn finding(&self, file: &str, code: Code, found: &str) -> Finding {
        Finding::new(code, file, format!("line {}, setl_id {}", self.number, self.setl_id), found)
    }
}

/// What a reply form has to have: setl_id and the five entries.
const VALUES: [&str; 6] =
    ["setl_id", "decision", "reason", "decided_by", "approved_by", "decided_on"];

/// Reads a form: the lines below the headings, of every sheet that has them.
pub(super) fn read(
    bytes: &[u8],
    name: &str,
    template: &Template,
    is_open: impl Fn(&str) -> bool,
) -> Result<Vec<Line>, Vec<Finding>> {
    let refuse = |(code, found)| vec![Finding::new(code, name, "", found)];
    // XLSX is a ZIP archive.
    let sheets = if bytes.starts_with(b"PK") {
        workbook(bytes).map_err(|found| refuse((Code::R01, found)))?
    } else {
        vec![text(bytes).map_err(refuse)?]
    };
    let headings: Vec<&str> =
        VALUES.into_iter().map(|value| template.reply.heading(value).unwrap_or(value)).collect();
    let places = |row: &Vec<Entry>| {
        let place = |heading: &&str| row.iter().position(|cell| cell.text() == *heading);
        headings.iter().map(place).collect::<Option<Vec<usize>>>()
    };
    let (mut lines, mut found) = (Vec::new(), false);
    for sheet in sheets {
        let mut rows = (1..).zip(&sheet);
        let Some(places) = rows.find_map(|(_, row)| places(row)) else { continue };
        found = true;
        let of_form = rows.take_while(|(_, row)| !is_total(row, template));
        let read = of_form.map(|(number, row)| line(number, row, &places, template, &is_open));
        lines.extend(read.filter(|line| !line.setl_id.is_empty() || !line.is_blank()));
    }
    if found {
        return Ok(lines);
    }
    Err(refuse((Code::R01, format!("no line with the headings {}", headings.join(", ")))))
}

/// Whether a row is the one below the lines.
fn is_total(row: &[Entry], template: &Template) -> bool {
    row.first().is_some_and(|cell| cell.text() == template.total)
}

/// A line, by the places of what it has to have. A setl_id that spreadsheets were kept from taking for a
/// formula has an apostrophe before it.
fn line(
    number: u64,
    row: &[Entry],
    places: &[usize],
    template: &Template,
    is_open: &impl Fn(&str) -> bool,
) -> Line {
    let [id, decision, reason, by, approved, on] =
        std::array::from_fn(|at| row.get(places[at]).cloned().unwrap_or_default());
    let setl_id = match id.text() {
        guarded if is_open(&guarded) => guarded,
        guarded => guarded.strip_prefix('\'').unwrap_or(&guarded).to_owned(),
    };
    let word = decision.text();
    let mut verdicts = template.verdicts();
    let verdict = verdicts.find(|(verdict, name)| [verdict.name(), name].contains(&&*word));
    Line {
        number,
        setl_id,
        decision: verdict.map_or(word, |(verdict, _)| verdict.name().to_owned()),
        reason: reason.text(),
        decided_by: by.text(),
        approved_by: approved.text(),
        decided_on: on.day(),
        has_day: !on.text().is_empty(),
    }
}

/// A cell of a form.
#[derive(Debug, Clone, Default)]
struct Entry(Data);

impl Entry {
    fn text(&self) -> String {
        let text = match &self.0 {
            Data::Empty => String::new(),
            data => data.as_string().unwrap_or_default(),
        };
        text.trim().to_owned()
    }

    /// A day, as spreadsheets keep it or as people write it.
    fn day(&self) -> Option<NaiveDate> {
        if let Data::DateTime(_) | Data::DateTimeIso(_) = &self.0 {
            return self.0.as_date();
        }
        let text = self.text();
        ["%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "%Y年%m月%d日"]
            .into_iter()
            .find_map(|form| NaiveDate::parse_from_str(&text, form).ok())
    }
}

/// The cells of every sheet.
fn workbook(bytes: &[u8]) -> Result<Vec<Vec<Vec<Entry>>>, String> {
    let mut book: Xlsx<_> =
        Xlsx::new(Cursor::new(bytes)).map_err(|error| format!("no workbook: {error}"))?;
    let mut sheets = Vec::new();
    for name in book.sheet_names() {
        let range = book.worksheet_range(&name).map_err(|error| error.to_string())?;
        let cells = range.rows().map(|row| row.iter().cloned().map(Entry).collect());
        // Lines are numbered as the sheet has them.
        let above = range.start().map_or(0, |(row, _)| row as usize);
        sheets.push(std::iter::repeat_n(Vec::new(), above).chain(cells).collect());
    }
    Ok(sheets)
}

fn text(bytes: &[u8]) -> Result<Vec<Vec<Entry>>, (Code, String)> {
    let text = std::str::from_utf8(bytes);
    let text = text.map_err(|_| (Code::S01, "bytes that are not UTF-8".to_owned()))?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut reader =
        csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(text.as_bytes());
    let record = |record: Result<csv::StringRecord, csv::Error>| {
        let record = record.map_err(|error| (Code::S03, error.to_string()))?;
        Ok(record.iter().map(|value| Entry(Data::String(value.to_owned()))).collect())
    };
    reader.records().map(record).collect()
}
