//! The sheets of a workbook as CSV for spreadsheets and as JSON for programs.

use serde_json::{Value as Json, json};

use super::{Renderer, Sheet, Template, Value, Workbook};
use crate::{
    diag::{Failure, Outcome},
    money::yuan,
};

/// Writes each sheet as one CSV and one JSON file; the notices of a workbook together.
pub(super) struct Plain;

impl Renderer for Plain {
    fn render(&self, workbook: &Workbook, _: &Template) -> Outcome<Vec<(String, Vec<u8>)>> {
        let mut files = Vec::new();
        if workbook.name == "notices" {
            files.push(("notices.csv".to_owned(), notices_csv(workbook)?));
            let all: Vec<Json> = workbook.sheets.iter().map(sheet_json).collect();
            files.push(("notices.json".to_owned(), bytes(&json!(all))?));
            return Ok(files);
        }
        for sheet in &workbook.sheets {
            let headings: Vec<String> =
                sheet.columns.iter().map(|(name, _)| name.clone()).collect();
            files.push((format!("{}.csv", sheet.file), csv(&headings, &sheet.rows)?));
            files.push((format!("{}.json", sheet.file), bytes(&sheet_json(sheet))?));
        }
        Ok(files)
    }
}

/// A notice a row: the headings are those of its lines.
fn notices_csv(workbook: &Workbook) -> Outcome<Vec<u8>> {
    let headings = |sheet: &Sheet| sheet.rows.iter().map(|row| shown(&row[0])).collect::<Vec<_>>();
    let Some(first) = workbook.sheets.first() else { return Ok(Vec::new()) };
    let mut names = vec!["通知书".to_owned()];
    names.extend(headings(first));
    let rows: Vec<Vec<Value>> = workbook
        .sheets
        .iter()
        .map(|sheet| {
            let values = sheet.rows.iter().map(|row| row[1].clone());
            [Value::Text(sheet.title.clone())].into_iter().chain(values).collect()
        })
        .collect();
    csv(&names, &rows)
}

/// CSV with the mark by which spreadsheets know UTF-8.
fn csv(headings: &[String], rows: &[Vec<Value>]) -> Outcome<Vec<u8>> {
    let failed = |error: csv::Error| Failure::Bug(format!("CSV: {error}"));
    let mut writer = csv::Writer::from_writer(b"\xef\xbb\xbf".to_vec());
    writer.write_record(headings).map_err(failed)?;
    for row in rows {
        writer.write_record(row.iter().map(shown)).map_err(failed)?;
    }
    writer.into_inner().map_err(|error| Failure::Bug(format!("CSV: {error}")))
}

/// Text that a spreadsheet would take for a formula is kept from being one.
pub(crate) fn no_formula(text: String) -> String {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{text}") } else { text }
}

/// A value as text.
fn shown(value: &Value) -> String {
    match value {
        Value::Text(text) => no_formula(text.clone()),
        Value::Money(fen) => yuan(*fen),
        Value::Count(count) => count.to_string(),
    }
}

fn sheet_json(sheet: &Sheet) -> Json {
    let value = |value: &Value| match value {
        Value::Text(text) => json!(text),
        Value::Money(fen) => json!(yuan(*fen)),
        Value::Count(count) => json!(count.to_string()),
    };
    let rows: Vec<Vec<Json>> =
        sheet.rows.iter().map(|row| row.iter().map(value).collect()).collect();
    let columns: Vec<&String> = sheet.columns.iter().map(|(heading, _)| heading).collect();
    json!({ "title": sheet.title, "subtitle": sheet.subtitle, "columns": columns, "rows": rows })
}

fn bytes(value: &Json) -> Outcome<Vec<u8>> {
    let text = serde_json::to_string_pretty(value);
    let text = text.map_err(|error| Failure::Bug(format!("JSON: {error}")))?;
    Ok(format!("{text}\n").into_bytes())
}
