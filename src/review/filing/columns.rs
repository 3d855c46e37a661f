//! The columns of a table of filings, and the values of a row.

use crate::contract::columns::FILINGS;

/// The names of the columns, in the order in which their cells are read.
pub(super) const FILING_COLUMNS: [&str; 8] = {
    let mut names = [""; 8];
    let mut at = 0;
    while at < names.len() {
        names[at] = FILINGS.columns[at].name;
        at += 1;
    }
    names
};

/// A value of a filing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum FilingCell<'a> {
    /// Nothing.
    #[default]
    Empty,
    /// A text.
    Text(&'a str),
    /// A day, from 1970-01-01.
    Day(i32),
    /// A time in microseconds, from 1970-01-01 local time.
    Time(i64),
}
