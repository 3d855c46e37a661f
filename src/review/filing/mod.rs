//! Filings of care in another place (异地就医备案), and the rules that compare them with settlements (review §5).

use serde::{Deserialize, Serialize};

use crate::model::codes::Province;

/// A filing of a person.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Filing<'a> {
    /// The person (`psn_no`).
    pub psn_no: &'a str,
    /// The place of its province among all provinces (`insu_admdvs`); [`Filing::insured_province`] is the province.
    pub insured: u8,
    /// The division that it was filed to, six digits (`rloc_admdvs`).
    pub place: &'a str,
    /// The type by `values`; none where `values` does not have it.
    pub kind: Option<FilingKind>,
    /// The first day (`begndate`), from 1970-01-01.
    pub begin: i32,
    /// The last day (`enddate`); none while it is open.
    pub end: Option<i32>,
    /// When it was made (`crte_time`), in microseconds from 1970-01-01 local time.
    pub made: Option<i64>,
    /// Whether it is valid (`vali_flag` is not 0).
    pub valid: bool,
}

/// The type of a filing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum FilingKind {
    /// Long residence (异地安置退休、异地长期居住、常驻异地工作).
    LongTerm,
    /// A transfer (异地转诊).
    Transfer,
    /// Another temporary filing (其他临时外出就医).
    Temporary,
}

impl Filing<'_> {
    /// Returns the insured province.
    pub fn insured_province(&self) -> Province {
        Province::from_index(self.insured.into()).expect("Invariant: made of a province")
    }
}
