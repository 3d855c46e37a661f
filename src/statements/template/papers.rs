//! Notices: one paper a province and kind of payment, which lists the other provinces (procedure §20, §24, §47, §51).

use schemars::JsonSchema;
use serde::Deserialize;

use super::{ColumnForm, RowValues, Template};
use crate::{
    diag::Outcome,
    statements::{
        sheet::{Sheet, SheetLayout},
        words::{Filling, filled},
    },
};

/// The kinds of papers, in the order in which they stand in a workbook. Returned money (FH) is in the paper of QS.
pub(in crate::statements) const PAPERS: [&str; 4] = ["QS", "ND", "JJ", "CS"];

/// A payment notice or a receipt notice of one kind.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Paper {
    /// The annex of the procedure, such as 附件15.
    pub(super) annex: String,
    /// The title, with {period} and {province} where they go.
    title: String,
    /// The name of the sheet, up to 31 characters.
    pub(super) name: String,
    /// To whom it goes.
    addressee: String,
    /// The legal basis and what is to be done.
    text: String,
}

/// What all notices have.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::statements) struct NoticeTemplate {
    /// The mark before the name of a province to or from which money comes back.
    pub(in crate::statements) mark: String,
    /// What the mark means; stands below a list that has one.
    marked: String,
    /// The place for the number of the document.
    number: String,
    /// What stands for an account that `--accounts` does not have.
    pub(in crate::statements) no_account: String,
    /// Lines below the list of a payment notice.
    pay_close: Vec<String>,
    /// Lines below the list of a receipt notice.
    receive_close: Vec<String>,
    /// The columns of payment notices: heading, name of the value, width in characters.
    pub(super) pay_columns: Vec<ColumnForm>,
    /// The columns of receipt notices.
    pub(super) receive_columns: Vec<ColumnForm>,
}

/// What a paper is made of.
pub(in crate::statements) struct PaperContent {
    /// Whether the province pays.
    pub(in crate::statements) pays: bool,
    /// The kind, one of `PAPERS`.
    pub(in crate::statements) kind: &'static str,
    /// What is filled into its texts.
    pub(in crate::statements) filling: Filling,
    /// Its lines.
    pub(in crate::statements) rows: Vec<RowValues>,
    /// Whether one of them has the mark.
    pub(in crate::statements) marked: bool,
}

/// The values of a line of a paper.
const OFFERED: [&str; 11] = [
    "province",
    "amount",
    "notice_id",
    "account_name",
    "bank",
    "bank_code",
    "account",
    "file_by",
    "pay_by",
    "confirm_by",
    "business",
];

impl Template {
    /// Makes a notice.
    pub(in crate::statements) fn paper(&self, content: PaperContent) -> Outcome<Sheet> {
        let PaperContent { pays, kind, filling, rows, marked } = content;
        let notice = &self.notice;
        let (papers, place, file, columns, close) = if pays {
            (&self.pay, "notice.pay_columns", "payments", &notice.pay_columns, &notice.pay_close)
        } else {
            let (columns, close) = (&notice.receive_columns, &notice.receive_close);
            (&self.receive, "notice.receive_columns", "receipts", columns, close)
        };
        let paper = &papers[kind];
        let fill = |text: &String| filled(text, &filling);
        let mut sheet = self.plain(place, file, columns, &filling, rows, &OFFERED)?;
        sheet.name.clone_from(&paper.name);
        sheet.annex.clone_from(&paper.annex);
        sheet.title = fill(&paper.title);
        sheet.lead = [&notice.number, &paper.addressee, &paper.text].map(fill).into();
        sheet.close = close.iter().map(fill).collect();
        if marked {
            sheet.close.insert(0, fill(&notice.marked));
        }
        sheet.layout = SheetLayout::Paper;
        Ok(sheet)
    }
}
