//! The sheets of a workbook as CSV for spreadsheets and as JSON for programs.

use schemars::JsonSchema;
use serde::{Serialize, Serializer};
use unicode_normalization::UnicodeNormalization;

use super::{
    renderer::Renderer,
    sheet::{CellValue, Sheet, SheetLayout, Workbook},
    template::Template,
};
use crate::{
    diag::{Failure, Outcome},
    model::money::yuan,
    spelling::is_unseen,
    text::Text,
};

/// Writes each sheet as one CSV and one JSON file. Notices of one direction share one CSV file, and all notices of a
/// workbook one JSON file.
pub(super) struct Plain;

impl Renderer for Plain {
    fn render(&self, workbook: &Workbook, _: &Template) -> Outcome<Vec<(String, Vec<u8>)>> {
        let mut files = Vec::new();
        let is_paper = |sheet: &&Sheet| sheet.layout == SheetLayout::Paper;
        let papers: Vec<&Sheet> = workbook.sheets.iter().filter(is_paper).collect();
        if !papers.is_empty() {
            let all: Vec<SheetFile> = papers.iter().map(|sheet| SheetFile::of(sheet)).collect();
            files.push((format!("{}.json", workbook.name), bytes(&all)?));
            for papers in papers.chunk_by(|one, other| one.file == other.file) {
                files.push((format!("{}.csv", papers[0].file), papers_csv(papers)?));
            }
        }
        for sheet in workbook.sheets.iter().filter(|sheet| !is_paper(sheet)) {
            files.push((format!("{}.csv", sheet.file), csv(&headings(sheet), &sheet.rows)?));
            files.push((format!("{}.json", sheet.file), bytes(&SheetFile::of(sheet))?));
        }
        Ok(files)
    }
}

fn headings(sheet: &Sheet) -> Vec<String> {
    sheet.columns.iter().map(|(heading, _)| heading.clone()).collect()
}

/// Returns the lines of notices as CSV, behind the annex and the title of each.
fn papers_csv(papers: &[&Sheet]) -> Outcome<Vec<u8>> {
    let mut names = vec!["附件".to_owned(), "通知书".to_owned()];
    names.extend(headings(papers[0]));
    let rows = papers.iter().flat_map(|sheet| {
        let named = [&sheet.annex, &sheet.title].map(|text| CellValue::Text(text.clone()));
        sheet.rows.iter().map(move |row| [&named[..], row].concat())
    });
    csv(&names, &rows.collect::<Vec<_>>())
}

/// Returns CSV with a byte-order mark, by which spreadsheets know UTF-8.
fn csv(headings: &[String], rows: &[Vec<CellValue>]) -> Outcome<Vec<u8>> {
    let failed = |error: csv::Error| Failure::Bug(text!("CSV: {}", Text::foreign(error)));
    let mut writer = csv::Writer::from_writer(b"\xef\xbb\xbf".to_vec());
    writer.write_record(headings).map_err(failed)?;
    for row in rows {
        writer.write_record(row.iter().map(cell)).map_err(failed)?;
    }
    writer.into_inner().map_err(|error| Failure::Bug(text!("CSV: {}", Text::foreign(error))))
}

/// Replaces characters that a workbook does not take, or that control a terminal, by visible pictures.
pub(crate) fn shown(text: &str) -> String {
    let letter = |letter: char| match letter {
        '\t' | '\n' | '\r' => letter,
        '\0'..='\u{1f}' => char::from_u32(0x2400 + u32::from(letter)).unwrap_or('\u{fffd}'),
        '\u{7f}' => '\u{2421}',
        // Some readers of CSV end a line at these characters.
        '\u{2028}' | '\u{2029}' => '\u{2424}',
        '\u{80}'..='\u{9f}' | '\u{fffe}' | '\u{ffff}' => '\u{fffd}',
        letter => letter,
    };
    text.chars().map(letter).collect()
}

/// Returns text for a spreadsheet's CSV. An apostrophe is put before text that a spreadsheet would take for a formula,
/// also after it has dropped blanks or made characters narrow. Text that begins with an apostrophe gets another one,
/// so that removing one apostrophe always restores the text ([`unguarded`]).
pub(crate) fn no_formula(text: &str) -> String {
    let shown = shown(text);
    if is_formula(text) { format!("'{shown}") } else { shown }
}

fn is_formula(text: &str) -> bool {
    let Some(first) = text.chars().next() else { return false };
    let begins = text.trim_start_matches(is_unseen).chars().next();
    let sign = begins.and_then(|letter| letter.nfkc().next());
    first == '\''
        || first != ' ' && is_unseen(first)
        || sign.is_some_and(|sign| ['=', '+', '-', '@'].contains(&sign))
}

/// Removes the apostrophe that [`no_formula`] puts before a text.
pub(crate) fn unguarded(text: &str) -> &str {
    text.strip_prefix('\'').unwrap_or(text)
}

/// Returns a value as text.
fn cell(value: &CellValue) -> String {
    match value {
        CellValue::Text(text) => no_formula(text),
        CellValue::Money(fen) => yuan(*fen),
        CellValue::Count(count) => count.to_string(),
    }
}

/// A sheet as JSON, for programs; `notices.json` is a list of such sheets.
#[derive(Serialize, JsonSchema)]
#[schemars(title = "A sheet of statements or of a bulletin", rename = "Sheet")]
pub(crate) struct SheetFile<'a> {
    /// The annex of the procedure that it is; empty where it is none.
    annex: &'a str,
    /// The lines of text below the rows.
    close: &'a [String],
    /// The headings.
    columns: Vec<&'a str>,
    /// The lines of text above the headings.
    lead: &'a [String],
    /// The rows, as many values as there are columns: texts, amounts in yuan with two decimals, whole numbers.
    #[schemars(with = "Vec<Vec<String>>")]
    rows: &'a [Vec<CellValue>],
    /// The lines below the title.
    subtitle: &'a str,
    /// The title.
    title: &'a str,
}

impl<'a> SheetFile<'a> {
    fn of(sheet: &'a Sheet) -> SheetFile<'a> {
        SheetFile {
            annex: &sheet.annex,
            close: &sheet.close,
            lead: &sheet.lead,
            columns: sheet.columns.iter().map(|(heading, _)| heading.as_str()).collect(),
            rows: &sheet.rows,
            subtitle: &sheet.subtitle,
            title: &sheet.title,
        }
    }
}

impl Serialize for CellValue {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            CellValue::Text(text) => serializer.serialize_str(text),
            CellValue::Money(fen) => serializer.serialize_str(&yuan(*fen)),
            CellValue::Count(count) => serializer.collect_str(count),
        }
    }
}

fn bytes(value: &impl Serialize) -> Outcome<Vec<u8>> {
    let text = serde_json::to_string_pretty(value);
    let text = text.map_err(|error| Failure::Bug(text!("JSON: {}", Text::foreign(error))))?;
    Ok(format!("{text}\n").into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_become_a_formula_has_an_apostrophe_which_comes_off_again() {
        for text in [
            "=1",
            "+1",
            "-1",
            "@A",
            "\t=1",
            "\r=1",
            "\n=1",
            "\u{b}=1",
            " =1",
            "  -1",
            "\u{a0}=1",
            "\u{feff}=1",
            "\u{3000}＝1",
            "＝1",
            "＋1",
            "－1",
            "＠A",
            "\u{fe66}1",
            "\u{200b}=1",
            "\n",
            "\u{85}x",
            "\u{2028}=1",
            "'=1",
            "'x",
            "\u{202e}x",
        ] {
            let guarded = no_formula(text);
            assert_eq!(unguarded(&guarded), shown(text), "{text:?}");
            assert!(guarded.starts_with('\''), "{text:?}");
        }
        for text in ["", "A=1", "0012", " A", "31 上海市", "1E5", "\"=1", "a\tb"] {
            assert_eq!(no_formula(text), text);
        }
        assert_eq!(no_formula("x\0y\u{1b}[2J"), "x\u{2400}y\u{241b}[2J");
    }
}
