//! Paths of periods and inputs, as findings show them.

use std::path::Path;

use crate::model::codes::{Month, Side};

/// Returns a path below the folder of a period.
pub(super) fn place(month: Month, path: &str) -> String {
    format!("{month}/{path}")
}

/// Returns whether a path is in the input folder of a side.
pub(super) fn is_input_of(side: Side, path: &str) -> bool {
    Path::new(path).starts_with(side.name())
}
