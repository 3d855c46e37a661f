//! Rules of the money between two provinces.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::model::money::FenSum;

/// What becomes of a pair whose deductions and earlier debts are more than what it clears.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum NegativeNet {
    /// The treating province returns it in the same period, by a notice of its own (procedure §51).
    Return,
    /// It is carried forward, and lowers what the insured province pays later.
    Carry,
}

impl NegativeNet {
    /// What is returned (0 or more) and what is carried forward (0 or less) of a net, in fen.
    pub fn of(self, net: FenSum) -> (FenSum, FenSum) {
        let below = net.min(FenSum::ZERO);
        match self {
            NegativeNet::Return => (-below, FenSum::ZERO),
            NegativeNet::Carry => (FenSum::ZERO, below),
        }
    }
}

/// How the yearly quota follows from the payables of a year's end.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct YearlyQuota {
    /// The first month of the year that counts.
    #[schemars(range(min = 1, max = 12))]
    pub from_month: u8,
    /// The last month that counts; its period sets the quota.
    #[schemars(range(min = 1, max = 12))]
    pub to_month: u8,
    /// The quota is this many monthly averages.
    pub months: u16,
}

impl YearlyQuota {
    /// Returns the number of averaged months.
    pub fn span(self) -> u8 {
        self.to_month - self.from_month + 1
    }
}
