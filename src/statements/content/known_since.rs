//! The day since which daily reconciliation knew a break, in the lists of breaks.

use crate::statements::{
    sheet::CellValue,
    style::Style,
    template::{KNOWN_SINCE, RowValues},
};

/// Adds the day to the values of a row; it is empty where nobody knew the settlement.
pub(super) fn with_known(mut values: RowValues, style: &Style, setl_id: &str) -> RowValues {
    let since = style.daily.as_ref().and_then(|daily| daily.since(setl_id));
    let since = since.map_or_else(String::new, |since| since.to_string());
    values.insert(KNOWN_SINCE, CellValue::Text(since));
    values
}

/// Adds the column to those that a list offers, where a result of daily reconciliation was given.
pub(super) fn offered(columns: &[&'static str], style: &Style) -> Vec<&'static str> {
    let known = style.daily.is_some().then_some(KNOWN_SINCE);
    columns.iter().copied().chain(known).collect()
}
