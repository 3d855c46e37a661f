//! Stays of rows.

use crate::review::row::ReviewedRow;

/// A stay with its days.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stay<'a> {
    /// The row.
    pub(super) row: &'a ReviewedRow<'a>,
    /// The day of admission.
    pub(super) begin: i32,
    /// The day of discharge, not before it.
    pub(super) end: i32,
}

impl<'a> Stay<'a> {
    /// Returns the stay of a row that is one.
    pub(super) fn of(row: &'a ReviewedRow<'a>) -> Option<Stay<'a>> {
        row.stay().map(|(begin, end)| Stay { row, begin, end })
    }

    /// Returns the days from a day until the discharge; negative when it is earlier.
    pub(super) fn days_from(&self, day: i32) -> i64 {
        i64::from(self.end) - i64::from(day)
    }
}
