//! The money of a pair that lies in the treating province.

use std::collections::BTreeMap;

use crate::model::{codes::Pair, money::FenSum};

/// The money of a pair that lies in the treating province, in fen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Reserve {
    /// What was there.
    pub opening: FenSum,
    /// Paid to the treating province by notices of the kinds QS, ND, JJ and CS.
    pub paid_in: FenSum,
    /// Paid back by the treating province on a lower yearly quota (ND) or a return (FH).
    pub paid_back: FenSum,
    /// The payable of the period, less what is returned; below 0 when more came back from institutions than was paid.
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
