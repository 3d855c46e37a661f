//! Words for people.

use crate::model::codes::{CareClass, Province};

/// A province for people: code and name.
pub(crate) fn province(province: Province) -> String {
    format!("{province} {}", province.full_name())
}

/// A kind of care for people.
pub(crate) const fn care(care: CareClass) -> &'static str {
    match care {
        CareClass::Inpatient => "住院",
        CareClass::Outpatient => "普通门诊",
        CareClass::Chronic => "门诊慢特病",
        CareClass::Pharmacy => "药店购药",
    }
}
