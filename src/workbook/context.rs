//! What the sheets of a workbook share.

use super::{formats::NumberFormat, strings::SharedStrings};

/// Data that the sheets of a workbook share.
#[derive(Default)]
pub(super) struct WorkbookContext {
    pub(super) texts: SharedStrings,
    /// The number format of each style.
    pub(super) formats: Vec<NumberFormat>,
    /// Whether days are counted from 1904.
    pub(super) from_1904: bool,
}
