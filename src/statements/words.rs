//! Words for people.

use crate::model::codes::Province;

/// A province for people: code and name.
pub(crate) fn province(province: Province) -> String {
    format!("{province} {}", province.full_name())
}
