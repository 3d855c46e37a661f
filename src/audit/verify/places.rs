//! Places, as findings show them.

use std::path::Path;

use crate::model::codes::{Month, Side};

/// A path of a period, as findings show it.
pub(super) fn place(month: Month, path: &str) -> String {
    format!("{month}/{path}")
}

/// The folder below which the inputs of a side lie.
pub(super) fn is_input_of(side: Side, path: &str) -> bool {
    Path::new(path).starts_with(side.name())
}
