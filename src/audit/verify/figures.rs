//! Counts of a verified period.

use schemars::JsonSchema;
use serde::Serialize;

use crate::shapes::{Period, Yuan};

/// What was verified of a period.
#[derive(Debug, Default, Serialize, JsonSchema)]
pub struct PeriodVerified {
    /// The period.
    #[schemars(with = "Period")]
    pub period: String,
    /// The number of files whose digest was worked out.
    pub files: u64,
    /// Their length in bytes.
    pub bytes: u64,
    /// The number of rows of its tables and its register.
    pub rows: u64,
    /// The number of settlements that entered the register.
    pub registered: u64,
    /// The number of settlements that cleared, reversals included: registered and not voided.
    pub settlements: u64,
    /// The gross in yuan: what cleared in it, added up from the register.
    #[schemars(with = "Yuan")]
    pub cleared: String,
}
