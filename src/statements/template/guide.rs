//! The first sheet of a workbook: what is in it, how much, until when, whom to ask.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use super::{ColumnForm, RowValues, Template, place};
use crate::{
    diag::Outcome,
    statements::{
        sheet::{CellValue, Sheet, SheetLayout},
        words::{Filling, filled},
    },
};

/// The first sheet of each workbook.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::statements) struct GuideTemplate {
    /// The name of the sheet.
    pub(super) name: String,
    /// The title, with {period}, {province} and {book} where they go.
    title: String,
    /// The last lines, such as whom to ask.
    contact: Vec<String>,
    /// The line on payees without an account, with {missing}.
    pub(in crate::statements) missing: String,
    /// The line where nobody gave accounts.
    pub(in crate::statements) no_accounts: String,
    /// The columns of the list of sheets: heading, name of the value, width in characters.
    pub(super) columns: Vec<ColumnForm>,
    /// What is said of each workbook.
    #[schemars(extend("required" = GUIDED))]
    pub(super) books: BTreeMap<String, GuidedBook>,
}

/// The workbooks that have a first sheet.
pub(super) const GUIDED: [&str; 6] =
    ["national", "statement", "notices", "suggestions", "returned", "verification"];

/// What is said of a workbook.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct GuidedBook {
    /// What it is called.
    book: String,
    /// Lines of text.
    lines: Vec<String>,
}

impl Template {
    /// Makes the first sheet of a workbook.
    pub(in crate::statements) fn guide(
        &self,
        book: &str,
        filling: &Filling,
        more: &[String],
        sheets: &[Sheet],
    ) -> Outcome<Sheet> {
        const OFFERED: [&str; 5] = ["sheet", "annex", "title", "rows", "amount"];
        let (guide, of_book) = (&self.guide, &self.guide.books[book]);
        let rows = sheets.iter().map(|sheet| {
            let text = |text: &String| CellValue::Text(text.clone());
            let mut values = RowValues::from([
                ("sheet", text(&sheet.name)),
                ("annex", text(&sheet.annex)),
                ("title", text(&sheet.title)),
                ("rows", CellValue::Count(sheet.rows.len() as i128)),
            ]);
            values.extend(sheet.total.map(|total| ("amount", CellValue::Money(total))));
            values
        });
        let mut filling = filling.clone();
        filling.push(("book", of_book.book.clone()));
        let fill = |text: &String| filled(text, &filling);
        let (columns, rows) = (&guide.columns, rows.collect());
        let file = format!("guide-{book}");
        let mut made = self.plain("guide", &file, columns, &filling, rows, &OFFERED)?;
        made.name.clone_from(&guide.name);
        made.title = fill(&guide.title);
        made.lead = of_book.lines.iter().chain(more).chain(&guide.contact).map(fill).collect();
        made.total = None;
        let column = place(columns, "sheet").and_then(|at| u16::try_from(at).ok());
        made.layout = SheetLayout::Index(column);
        Ok(made)
    }
}
