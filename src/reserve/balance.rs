//! The money of a pair that lies in the treating province.

use std::collections::BTreeMap;

use crate::model::{codes::Pair, money::FenSum};

/// The money of a pair that lies in the treating province, in fen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Reserve {
    /// What was there.
    pub opening: FenSum,
    /// Paid notices of the three kinds.
    pub paid_in: FenSum,
    /// Paid back on a lower yearly quota.
    pub paid_back: FenSum,
    /// The payable of the period.
    pub drawn: FenSum,
}

impl Reserve {
    /// What is there now; below zero it is overdrawn.
    pub fn closing(&self) -> FenSum {
        self.opening + self.paid_in - self.paid_back - self.drawn
    }
}

/// The reserves of a period by pair.
pub type Reserves = BTreeMap<Pair, Reserve>;
