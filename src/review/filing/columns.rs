//! The columns of a table of filings.

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
