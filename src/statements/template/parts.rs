//! The parts of a template: forms of rows, notices, first sheets.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::statements::sheet::CellValue;

/// The values of a row, by name.
pub(crate) type RowValues = BTreeMap<&'static str, CellValue>;

/// A column: heading, name of the value, width in characters.
pub(super) type ColumnForm = (String, String, u16);

/// A form of rows.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::statements) struct RowForm {
    /// The annex of the procedure, such as 附件14-1; none where the form is no annex.
    #[serde(default)]
    pub(super) annex: String,
    /// The title, with {period} and {province} where they go.
    pub(super) title: String,
    /// The name of the sheet, up to 31 characters.
    pub(super) name: String,
    /// Lines of text above the headings.
    #[serde(default)]
    pub(super) lead: Vec<String>,
    /// The columns: heading, name of the value, width in characters.
    pub(super) columns: Vec<ColumnForm>,
}

impl RowForm {
    /// Returns the index of a value among the columns.
    pub(super) fn place(&self, value: &str) -> Option<usize> {
        place(&self.columns, value)
    }

    /// Returns the heading of a value.
    pub(in crate::statements) fn heading(&self, value: &str) -> Option<&str> {
        self.place(value).map(|at| self.columns[at].0.as_str())
    }
}

/// Returns the index of a value among columns.
pub(super) fn place(columns: &[ColumnForm], value: &str) -> Option<usize> {
    columns.iter().position(|(_, name, _)| name == value)
}

/// The kinds of papers, in the order in which they stand in a workbook. Returned money (FH) is in the paper of QS.
pub(in crate::statements) const PAPERS: [&str; 4] = ["QS", "ND", "JJ", "CS"];

/// A payment notice or a receipt notice of one kind.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Paper {
    /// The annex of the procedure, such as 附件15.
    pub(super) annex: String,
    /// The title, with {period} and {province} where they go.
    pub(super) title: String,
    /// The name of the sheet, up to 31 characters.
    pub(super) name: String,
    /// To whom it goes.
    pub(super) addressee: String,
    /// The legal basis and what is to be done.
    pub(super) text: String,
}

/// What all notices have.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::statements) struct NoticeTemplate {
    /// The mark before the name of a province to or from which money comes back.
    pub(in crate::statements) mark: String,
    /// What the mark means; stands below a list that has one.
    pub(super) marked: String,
    /// The place for the number of the document.
    pub(super) number: String,
    /// What stands for an account that `--accounts` does not have.
    pub(in crate::statements) no_account: String,
    /// Lines below the list of a payment notice.
    pub(super) pay_close: Vec<String>,
    /// Lines below the list of a receipt notice.
    pub(super) receive_close: Vec<String>,
    /// The columns of payment notices: heading, name of the value, width in characters.
    pub(super) pay_columns: Vec<ColumnForm>,
    /// The columns of receipt notices.
    pub(super) receive_columns: Vec<ColumnForm>,
}

/// The first sheet of each workbook.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::statements) struct GuideTemplate {
    /// The name of the sheet.
    pub(super) name: String,
    /// The title, with {period}, {province} and {book} where they go.
    pub(super) title: String,
    /// The last lines, such as whom to ask.
    pub(super) contact: Vec<String>,
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
    pub(super) book: String,
    /// Lines of text.
    pub(super) lines: Vec<String>,
}
