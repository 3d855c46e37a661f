//! The account of a conversion, from which reports are made.

use super::{tally::Tally, written::WrittenFile};
use crate::{diag::Finding, text::Text};

/// What a conversion did.
#[derive(Debug, Clone, Default)]
pub(crate) struct Account {
    /// Every table that was read.
    pub(crate) sheets: Vec<SheetAccount>,
    /// The refused values and rows.
    pub(crate) refused: RefusedList,
    /// The folder of the report, below the delivery.
    pub(crate) report: String,
}

/// What became of a table.
#[derive(Debug, Clone)]
pub(crate) struct SheetAccount {
    /// The export.
    pub(crate) export: String,
    /// The sheet; empty where there are none.
    pub(crate) sheet: String,
    /// The encoding of a text file.
    pub(crate) encoding: Option<&'static str>,
    /// The separator of a text file.
    pub(crate) separator: Option<String>,
    /// The last line of the heading; 0 when there is none.
    pub(crate) heading: u64,
    /// Columns that no field is read from.
    pub(crate) ignored: Vec<String>,
    /// The files.
    pub(crate) files: Vec<WrittenFile>,
    /// What looks odd in the table.
    pub(crate) notes: Vec<Text>,
    pub(crate) tally: Tally,
}

impl Account {
    /// Iterates over the files.
    pub(crate) fn files(&self) -> impl Iterator<Item = &WrittenFile> {
        self.sheets.iter().flat_map(|sheet| &sheet.files)
    }

    /// Adds up what became of all tables.
    pub(crate) fn total(&self) -> Tally {
        let mut total = Tally::default();
        for sheet in &self.sheets {
            total.add(sheet.tally.clone());
        }
        total
    }
}

/// The refused values and rows of a conversion.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct RefusedList {
    /// Refused rows.
    pub(crate) rows: u64,
    /// Refused values, and rows that were refused as a whole.
    pub(crate) values: u64,
    /// The first of them.
    pub(crate) first: Vec<Finding>,
}
