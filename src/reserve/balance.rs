//! Reserves: money that the insured province has prepaid to the treating province.

use std::collections::BTreeMap;

use crate::model::{codes::Pair, money::FenSum};

/// The reserve of a pair in a period, in fen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Reserve {
    /// The balance at the beginning of the period.
    pub opening: FenSum,
    /// Payments of the insured province on notices QS, ND, JJ and CS.
    pub paid_in: FenSum,
    /// Payments of the treating province on a lower yearly quota (ND) and on returns (FH).
    pub paid_back: FenSum,
    /// The payable of the period less the returned amount; it may be below 0.
    pub drawn: FenSum,
}

impl Reserve {
    /// Returns the balance at the end of the period; below zero the reserve is overdrawn.
    pub fn closing(&self) -> FenSum {
        self.opening + self.paid_in - self.paid_back - self.drawn
    }
}

/// The reserves of a period by pair.
pub type Reserves = BTreeMap<Pair, Reserve>;
