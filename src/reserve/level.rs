//! Warning levels (预警): the share of a quota that a period used.

use crate::{model::money::FenSum, rules::Policy};

/// The warning level (预警) of a pair: the share of its quota that a period used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// Below the yellow line.
    Green,
    /// From the yellow line on.
    Yellow,
    /// From the red line on; also any payable of a pair without a quota.
    Red,
    /// The pair has no quota and no payable.
    None,
}

impl Level {
    /// Returns the level of a payable, both amounts in fen. Whole numbers are compared, nothing is divided.
    pub fn of(payable: FenSum, quota: FenSum, policy: &Policy) -> Level {
        let reaches = |percent: u16| payable.times(100) >= quota.times(percent);
        match quota {
            FenSum::ZERO if payable.is_positive() => Level::Red,
            FenSum::ZERO => Level::None,
            _ if reaches(policy.red_percent) => Level::Red,
            _ if reaches(policy.yellow_percent) => Level::Yellow,
            _ => Level::Green,
        }
    }

    /// Returns the word that tables use.
    pub const fn name(self) -> &'static str {
        match self {
            Level::Green => "green",
            Level::Yellow => "yellow",
            Level::Red => "red",
            Level::None => "none",
        }
    }
}
