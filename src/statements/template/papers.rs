//! Notices: one paper a province and kind of payment, which lists the other provinces (procedure §20, procedure §24,
//! procedure §47, procedure §51).

use super::{Template, parts::RowValues};
use crate::{
    diag::Outcome,
    statements::{
        sheet::{Sheet, SheetLayout},
        words::{Filling, filled},
    },
};

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
