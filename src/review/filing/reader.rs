//! Reads a table of filings, CSV or Parquet by its ending, one filing after the other (review §2).

use std::{fs::File, path::Path};

use super::{Filing, ProvinceSet, columns::FILING_COLUMNS, place::filled};
use crate::{
    contract::streamed,
    diag::{Code, Failure, Finding, Outcome},
    ingest::typed_table::{TableCell, TypedForm, TypedKind},
    model::codes::Province,
    review::rules_file::values::{ReviewValues, Worded},
    rules::Int96,
    spelling::short,
    text::{Text, quoted},
};

/// What was read besides the filings.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct FilingsSurvey {
    /// The filings.
    pub rows: u64,
    /// The insured provinces that have some, valid or not.
    pub provinces: ProvinceSet,
}

/// Opens a file of filings.
pub fn must_open(path: &Path) -> Outcome<File> {
    let unread = |error| Failure::Usage(text!("--filings {} cannot be read: {}", path, error));
    File::open(path).map_err(unread)
}

/// Reads every filing of a file, and hands them over in their order. Lines that cannot be read become findings.
pub fn read_filings(
    path: &Path,
    values: &ReviewValues,
    findings: &mut Vec<Finding>,
    each: &mut dyn FnMut(Filing<'_>) -> Outcome<()>,
) -> Outcome<FilingsSurvey> {
    let file = must_open(path)?;
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let mut reader = FilingReader { name: &name, values, each, survey: FilingsSurvey::default() };
    if path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("parquet")) {
        drop(file);
        FORM.read(path, &name, findings, &mut |row, cells, findings| {
            reader.line(&|| text!("row {}", row), cells, findings)
        })?;
    } else {
        streamed::read(file, &name, &FILING_COLUMNS, findings, &mut |line, values, findings| {
            let mut cells = [TableCell::Empty; FILING_COLUMNS.len()];
            for (cell, value) in cells.iter_mut().zip(values) {
                *cell = TableCell::of_text(value);
            }
            reader.line(&|| text!("line {}", line), &cells, findings)
        })?;
    }
    Ok(reader.survey)
}

const FORM: TypedForm<{ FILING_COLUMNS.len() }> = {
    use TypedKind::{Code, Day, Time};
    TypedForm {
        columns: FILING_COLUMNS,
        forms: [Code, Code, Code, Code, Day, Day, Time, Code],
        takes_texts: true,
        int96: Int96::Utc,
    }
};

/// Makes filings of cells.
struct FilingReader<'a> {
    name: &'a str,
    values: &'a ReviewValues,
    each: &'a mut dyn FnMut(Filing<'_>) -> Outcome<()>,
    survey: FilingsSurvey,
}

/// What is wrong with a cell: its place among the columns, the code, what is there.
type WrongCell = (usize, Code, Text);

impl FilingReader<'_> {
    /// Hands over the filing of a line, or adds what is wrong with it.
    fn line(
        &mut self,
        place: &dyn Fn() -> Text,
        cells: &[TableCell<'_>; FILING_COLUMNS.len()],
        findings: &mut Vec<Finding>,
    ) -> Outcome<()> {
        let mut divisions = [[0; 6]; 2];
        let mut wrong = Vec::new();
        let Some(filing) = self.filing(cells, &mut divisions, &mut wrong) else {
            for (column, code, found) in wrong {
                let place = text!("{}, column {}", place(), FILING_COLUMNS[column]);
                findings.push(Finding::new(code, self.name, place, found));
            }
            return Ok(());
        };
        self.survey.rows += 1;
        self.survey.provinces.add(filing.insured_province());
        (self.each)(filing)
    }

    fn filing<'a>(
        &self,
        cells: &[TableCell<'a>; FILING_COLUMNS.len()],
        divisions: &'a mut [[u8; 6]; 2],
        wrong: &mut Vec<WrongCell>,
    ) -> Option<Filing<'a>> {
        let [person, insured, place, kind, begin, end, made, valid] = *cells;
        let psn_no = person.text();
        if psn_no.is_none() {
            wrong.push((0, Code::S13, text!("nothing")));
        }
        for ((column, cell), division) in
            [(1, insured), (2, place)].into_iter().zip(&mut *divisions)
        {
            match cell.text().and_then(filled) {
                Some(filled) => *division = filled,
                None => wrong.push((column, Code::N06, shown(cell))),
            }
        }
        let begin_day = begin.day();
        if begin_day.is_none() {
            let code = if begin == TableCell::Empty { Code::S13 } else { Code::S05 };
            wrong.push((4, code, shown(begin)));
        }
        let mut optional = |column, code, cell, is_read: bool| {
            if cell != TableCell::Empty && !is_read {
                wrong.push((column, code, shown(cell)));
            }
        };
        let (end_day, made_at) = (end.day(), made.time());
        optional(5, Code::S05, end, end_day.is_some());
        optional(6, Code::N07, made, made_at.is_some());
        if !wrong.is_empty() {
            return None;
        }
        let (known_kind, unknown_kind) = match kind.text().map(|kind| self.values.filing_kind(kind))
        {
            None => (None, Some("")),
            Some(Worded::Known(kind)) => (Some(kind), None),
            Some(Worded::Silent) => (None, None),
            Some(Worded::Unknown) => (None, kind.text()),
        };
        let [insured, place] = &*divisions;
        Some(Filing {
            psn_no: psn_no?,
            insured: u8::try_from(Province::of_division(insured)?.index()).ok()?,
            place: std::str::from_utf8(place).ok()?,
            kind: known_kind,
            begin: begin_day?,
            end: end_day,
            made: made_at,
            valid: valid.text() != Some("0"),
            unknown_kind,
        })
    }
}

/// Words a cell for a finding. It may be that of another column, so it is cut.
fn shown(cell: TableCell<'_>) -> Text {
    match cell {
        TableCell::Empty => text!("nothing"),
        TableCell::Text(text) => text!("{}", quoted(short(text, 20))),
        TableCell::Day(day) => text!("day {} from 1970-01-01", day),
        TableCell::Time(time) => text!("{} microseconds from 1970-01-01", time),
    }
}
