//! What was verified of a period.

use serde::Serialize;

/// What was verified of a period.
#[derive(Debug, Default, Serialize)]
pub struct PeriodVerified {
    /// The period.
    pub period: String,
    /// Files whose digest was worked out.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Rows of its tables and its register.
    pub rows: u64,
    /// Settlements that entered the register.
    pub registered: u64,
    /// What cleared in it, in yuan: added up from the register.
    pub cleared: String,
}
