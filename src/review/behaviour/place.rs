//! Where one can be at once.

use crate::{model::codes::Province, review::row::ReviewedRow};

/// Returns the code of the treating province, and for 66 that of 65: both lie in the same towns.
pub(super) fn region(row: &ReviewedRow) -> u8 {
    match row.treating_province().code() {
        66 => 65,
        code => code,
    }
}

/// Returns the codes of the treating provinces of rows.
pub(super) fn provinces<'a>(
    rows: impl IntoIterator<Item = &'a &'a ReviewedRow<'a>>,
) -> impl Iterator<Item = String> {
    rows.into_iter().map(|row| Province::to_string(&row.treating_province()))
}
