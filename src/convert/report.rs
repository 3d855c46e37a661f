//! The report of a conversion: for programs as JSON, for people as lines.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::Serialize;

use super::{
    account::{Account, SheetAccount},
    tally::AsideKind,
    value::Change,
};
use crate::{
    diag::{Code, Finding},
    model::money::{FenSum, yuan, yuan_grouped},
    text::{Grouped, Text, list},
};

/// The last rows of the sheets of XLS and XLSX.
const FULL: [u64; 2] = [65_536, 1_048_576];

/// What a conversion did.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(title = "The report of liangqing convert")]
pub struct ConvertReport {
    /// Every table that was read.
    pub tables: Vec<ConvertedTable>,
    /// Rows that were read: converted and refused.
    pub rows: u64,
    /// Rows that were converted.
    pub converted: u64,
    /// Rows that were refused.
    pub refused: u64,
    /// Values that were refused, and rows that were refused as a whole.
    pub refused_values: u64,
    /// The first of them; all are in `refused.csv`.
    pub first_refused: Vec<Finding>,
    /// The folder of the lists, below the delivery.
    pub report: String,
}

/// A table that was read.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct ConvertedTable {
    /// The export.
    pub export: String,
    /// The sheet; empty where there are none.
    pub sheet: String,
    /// The encoding of a text file.
    pub encoding: Option<String>,
    /// The separator of a text file.
    pub separator: Option<String>,
    /// The last line of the heading; 0 when there is none.
    pub heading: u64,
    /// Columns that no field is read from.
    pub ignored_columns: Vec<String>,
    /// Rows that were read: converted and refused.
    pub rows: u64,
    /// Rows that were converted.
    pub converted: u64,
    /// Rows that were refused.
    pub refused: u64,
    /// Whether the sheet has as many rows as a sheet can have: rows may have been cut off when it was made.
    pub full: bool,
    /// Rows that are no records, by kind: blank, heading, sum.
    pub aside: BTreeMap<String, u64>,
    /// What looks odd in the table.
    #[schemars(with = "Vec<String>")]
    pub notes: Vec<Text>,
    /// Sum lines whose amounts differ from the rows: line and difference in yuan by field.
    pub differing_sums: Vec<DifferingSum>,
    /// Values that were changed.
    pub changes: Vec<ChangedField>,
    /// Sums of the converted rows in yuan, by field.
    pub sums: BTreeMap<String, String>,
    /// The files of the delivery.
    pub files: Vec<ConvertedFile>,
}

/// A sum line at the end of a table that differs from its rows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct DifferingSum {
    /// The line.
    pub line: u64,
    /// The field.
    pub field: String,
    /// The sum of the line in yuan.
    pub said: String,
    /// The sum of the converted rows in yuan.
    pub found: String,
}

/// How the values of a field were changed.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct ChangedField {
    /// The field.
    pub field: String,
    /// The kind of change.
    pub change: String,
    /// The number of values.
    pub values: u64,
    /// The first of them: line, value before, value after.
    pub examples: Vec<(u64, String, String)>,
    /// What was changed, for people.
    #[serde(skip)]
    said: Text,
}

/// A file of the delivery.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct ConvertedFile {
    /// The path below the delivery.
    pub path: String,
    /// Rows.
    pub rows: u64,
}

impl ConvertReport {
    /// Makes the report of an account.
    pub(super) fn of(account: &Account) -> ConvertReport {
        let total = account.total();
        ConvertReport {
            tables: account.sheets.iter().map(ConvertedTable::of).collect(),
            rows: total.read,
            converted: total.converted,
            refused: total.refused,
            refused_values: account.refused.values,
            first_refused: account.refused.first.clone(),
            report: account.report.clone(),
        }
    }

    /// Returns the lines for people, below the table of counts.
    pub fn lines(&self, out: &str) -> Vec<Text> {
        let files: u64 = self.tables.iter().map(|table| table.files.len() as u64).sum();
        let mut lines = vec![
            Text::labelled(
                "written",
                text!("{}: {} file(s), {} row(s)", out, Grouped(files), Grouped(self.converted)),
            ),
            Text::labelled("lists", text!("{}/{}", out, self.report)),
        ];
        for table in &self.tables {
            lines.extend(table.lines());
        }
        if self.refused > 0 {
            lines.push(text!(""));
            lines.push(text!(
                "refused: {} row(s) with {} value(s)",
                Grouped(self.refused),
                Grouped(self.refused_values)
            ));
            lines.extend(self.first_refused.iter().map(|finding| {
                let Finding { code, file, place, found, .. } = finding;
                text!("  {} {}, {}: {}", code, file, place.clone(), found.clone())
            }));
            let more = self.refused_values.saturating_sub(self.first_refused.len() as u64);
            if more > 0 {
                lines.push(text!(
                    "  {} more in {}",
                    Grouped(more),
                    format!("{out}/{}/refused.csv", self.report)
                ));
            }
            // What to do is said once for each code.
            let codes: BTreeSet<Code> =
                self.first_refused.iter().map(|finding| finding.code).collect();
            lines.extend(codes.into_iter().map(|code| text!("  {}: {}", code, code.hint_text())));
        }
        lines
    }
}

impl ConvertedTable {
    /// Makes the account of a table.
    pub(super) fn of(sheet: &SheetAccount) -> ConvertedTable {
        let tally = &sheet.tally;
        let change =
            |((field, change), changed): (&(&'static str, Change), &super::tally::Changed)| {
                ChangedField {
                    field: (*field).to_owned(),
                    change: change.id().to_owned(),
                    values: changed.count,
                    examples: changed
                        .examples
                        .iter()
                        .map(|example| {
                            (example.line, example.before.clone(), example.after.clone())
                        })
                        .collect(),
                    said: change.said(),
                }
            };
        ConvertedTable {
            export: sheet.export.clone(),
            sheet: sheet.sheet.clone(),
            encoding: sheet.encoding.map(str::to_owned),
            separator: sheet.separator.clone(),
            heading: sheet.heading,
            ignored_columns: sheet.ignored.clone(),
            rows: tally.read,
            converted: tally.converted,
            refused: tally.refused,
            notes: sheet.notes.clone(),
            full: !sheet.sheet.is_empty() && FULL.contains(&tally.last_line),
            aside: tally
                .aside
                .iter()
                .map(|(kind, rows)| (AsideKind::id(*kind).to_owned(), *rows))
                .collect(),
            differing_sums: differing(sheet),
            changes: tally.changes.iter().map(change).collect(),
            sums: tally.sums.iter().map(|(field, sum)| ((*field).to_owned(), yuan(*sum))).collect(),
            files: sheet
                .files
                .iter()
                .map(|file| ConvertedFile { path: file.path.clone(), rows: file.totals.rows })
                .collect(),
        }
    }

    /// Returns what is to be said of the table: what was left out, and what was changed.
    pub fn lines(&self) -> Vec<Text> {
        let mut lines = Vec::new();
        let mut say = |text: Text| lines.push(text!("  - {}", text));
        if !self.ignored_columns.is_empty() {
            say(text!("columns not used: {}", self.ignored_columns.join(", ")));
        }
        let aside: Vec<Text> = self
            .aside
            .iter()
            .map(|(kind, rows)| match kind.as_str() {
                "blank" => text!("{} blank line(s)", Grouped(*rows)),
                "heading" => text!("{} repeated heading(s)", Grouped(*rows)),
                _ => text!("{} sum line(s)", Grouped(*rows)),
            })
            .collect();
        if !aside.is_empty() {
            say(text!("set aside: {}", list(aside)));
        }
        for note in &self.notes {
            say(text!("note: {}", note.clone()));
        }
        if self.full {
            say(text!("the sheet is full: rows may have been cut off when it was exported"));
        }
        for sum in &self.differing_sums {
            say(text!(
                "line {} says {} {}, but its rows have {}",
                sum.line,
                sum.field,
                &sum.said,
                &sum.found
            ));
        }
        for change in &self.changes {
            let example = change.examples.first();
            let example = example
                .map_or_else(String::new, |(_, before, after)| format!("{before} → {after}"));
            say(text!(
                "{}: {} value(s), {}: {}",
                change.field,
                Grouped(change.values),
                change.said.clone(),
                example
            ));
        }
        if lines.is_empty() {
            return lines;
        }
        let name = if self.sheet.is_empty() {
            self.export.clone()
        } else {
            format!("{} [{}]", self.export, self.sheet)
        };
        let mut whole = vec![text!(""), text!("{}", name)];
        whole.append(&mut lines);
        whole
    }
}

/// Compares the last sum line with the rows of the table. Sums of pages come before it, and say less than all rows.
fn differing(sheet: &SheetAccount) -> Vec<DifferingSum> {
    let Some((line, said)) = sheet.tally.sum_lines.last() else { return Vec::new() };
    let found = |field: &str| sheet.tally.sums.get(field).copied().unwrap_or_default();
    let differs =
        said.iter().filter(|(field, said)| **said != FenSum::default() && **said != found(field));
    differs
        .map(|(field, said)| DifferingSum {
            line: *line,
            field: (*field).to_owned(),
            said: yuan_grouped(*said),
            found: yuan_grouped(found(field)),
        })
        .collect()
}
