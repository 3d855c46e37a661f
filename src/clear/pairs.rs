//! The payable of each directed pair (contract §5): gross, deductions, brought and carried forward.

use std::collections::BTreeMap;

use crate::{
    clear::positions::Positions,
    model::{
        codes::{FundClass, Pair},
        money::FenSum,
    },
    rules::NegativeNet,
};

/// The sums of a directed pair in a period, in fen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PairClearing {
    /// Number of visits; a reversal counts −1.
    pub visits: i64,
    /// Payable of all cleared rows.
    pub gross: FenSum,
    /// The part of the gross that the employees' fund bears.
    pub gross_employee: FenSum,
    /// The part of the gross that the residents' fund bears.
    pub gross_resident: FenSum,
    /// Accepted deductions.
    pub deductions: FenSum,
    /// The amount that the period before carried forward; 0 or negative.
    pub brought_forward: FenSum,
    /// What the treating province returns in this period; never negative.
    pub returned: FenSum,
    /// What is left for the next period; never positive.
    pub carried_forward: FenSum,
}

impl PairClearing {
    /// Returns gross − deductions + brought forward.
    pub fn net(&self) -> FenSum {
        self.gross - self.deductions + self.brought_forward
    }

    /// Returns the amount that the insured province pays; 0 or more.
    pub fn payable(&self) -> FenSum {
        self.net().max(FenSum::ZERO)
    }

    /// Returns the amount that leaves the reserve: the payable less the returned amount.
    pub fn drawn(&self) -> FenSum {
        self.payable() - self.returned
    }

    /// Returns or carries a net below 0 (procedure §51).
    fn settle(&mut self, negative_net: NegativeNet) {
        (self.returned, self.carried_forward) = negative_net.of(self.net());
    }

    /// Returns whether all sums are zero.
    pub fn is_empty(&self) -> bool {
        *self == PairClearing::default()
    }
}

/// The pairs of a period; pairs whose sums are all zero are left out.
pub type Pairs = BTreeMap<Pair, PairClearing>;

/// Adds up positions, accepted deductions and amounts brought forward, pair by pair; returns or carries a net below 0.
pub fn pairs(
    positions: &Positions,
    deductions: &BTreeMap<Pair, FenSum>,
    brought_forward: &BTreeMap<Pair, FenSum>,
    negative_net: NegativeNet,
) -> Pairs {
    let mut pairs = Pairs::new();
    for (pair, fund, visits, payable) in positions.by_pair() {
        let pair = pairs.entry(pair).or_default();
        pair.visits += visits;
        pair.gross += payable;
        match fund {
            FundClass::Employee => pair.gross_employee += payable,
            FundClass::Resident => pair.gross_resident += payable,
        }
    }
    for (pair, held_back) in deductions {
        pairs.entry(*pair).or_default().deductions += *held_back;
    }
    for (pair, brought) in brought_forward {
        pairs.entry(*pair).or_default().brought_forward += *brought;
    }
    for pair in pairs.values_mut() {
        pair.settle(negative_net);
    }
    pairs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_net_below_0_is_returned_or_carried() {
        let settled = |deductions: i128, negative_net| {
            let [gross, deductions, brought_forward] = [100, deductions, -20].map(FenSum::new);
            let mut sums =
                PairClearing { gross, deductions, brought_forward, ..PairClearing::default() };
            sums.settle(negative_net);
            [sums.payable(), sums.returned, sums.carried_forward, sums.drawn()].map(FenSum::fen)
        };
        assert_eq!(settled(150, NegativeNet::Carry), [0, 0, -70, 0]);
        assert_eq!(settled(150, NegativeNet::Return), [0, 70, 0, -70]);
        for negative_net in [NegativeNet::Carry, NegativeNet::Return] {
            assert_eq!(settled(80, negative_net), [0, 0, 0, 0]);
            assert_eq!(settled(0, negative_net), [80, 0, 0, 80]);
        }
    }
}
