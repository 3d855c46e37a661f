//! Words in forms.

use crate::model::codes::Province;

/// Returns code and full name of a province.
pub(crate) fn province(province: Province) -> String {
    format!("{province} {}", province.full_name())
}
