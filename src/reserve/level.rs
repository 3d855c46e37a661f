//! How much of a quota a period used.

use crate::{model::money::FenSum, rules::Policy};

/// How much of a quota a period used (预警).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// Below the yellow line.
    Green,
    /// From the yellow line on.
    Yellow,
    /// From the red line on, or anything at all without a quota.
    Red,
    /// Neither quota nor payable.
    None,
}

impl Level {
    /// Compares payable and quota, both in fen, as whole numbers.
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

    /// The word used in tables.
    pub const fn name(self) -> &'static str {
        match self {
            Level::Green => "green",
            Level::Yellow => "yellow",
            Level::Red => "red",
            Level::None => "none",
        }
    }
}
