//! Filings of care in another place (异地就医备案), and the rules that compare them with settlements (review §5).

mod active;
pub(super) mod bytes;
pub mod class;
mod columns;
mod fil01;
mod fil02;
mod fil03;
mod fil04;
pub mod place;
pub mod reader;
pub mod rules;
#[cfg(test)]
pub(super) mod samples;
#[cfg(test)]
mod tests;

use chrono::{DateTime, NaiveDate};
use serde::{Deserialize, Serialize};

use crate::model::codes::Province;

/// A filing of a person.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Filing<'a> {
    /// The person (`psn_no`).
    pub psn_no: &'a str,
    /// The place of its province among all provinces (`insu_admdvs`); [`Filing::insured_province`] is the province.
    pub insured: u8,
    /// The division that it was filed to, six digits (`rloc_admdvs`).
    pub place: &'a str,
    /// The type by `values`; none where it is unknown, or where `values` says that it is none of these (`""`).
    pub kind: Option<FilingKind>,
    /// The first day (`begndate`), from 1970-01-01.
    pub begin: i32,
    /// The last day (`enddate`); none while it is open.
    pub end: Option<i32>,
    /// When it was made (`crte_time`), in microseconds from 1970-01-01 local time.
    pub made: Option<i64>,
    /// Whether it is valid (`vali_flag` is not 0).
    pub valid: bool,
    /// The type as it stands in the table (`rloc_rea`), where `values` does not have it; empty where there is none.
    pub unknown_kind: Option<&'a str>,
}

/// The type of a filing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
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

/// A set of provinces.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ProvinceSet(u32);

impl ProvinceSet {
    /// Adds a province.
    pub fn add(&mut self, province: Province) {
        self.0 |= 1 << province.index();
    }

    /// Whether a province is among them.
    pub fn has(self, province: Province) -> bool {
        self.0 & (1 << province.index()) != 0
    }
}

/// Writes a day as `YYYY-MM-DD`.
pub(super) fn day_text(day: i32) -> String {
    NaiveDate::from_epoch_days(day).map(|day| day.to_string()).unwrap_or_default()
}

/// Writes a time as `YYYY-MM-DD HH:MM:SS`.
pub(super) fn time_text(micros: i64) -> String {
    let time = DateTime::from_timestamp_micros(micros).unwrap_or_default();
    time.format("%Y-%m-%d %H:%M:%S").to_string()
}
