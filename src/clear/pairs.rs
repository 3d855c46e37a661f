//! Who pays whom (contract §5): gross, deductions, brought and carried forward.

use std::collections::BTreeMap;

use crate::{
    clear::positions::Positions,
    model::{
        codes::{FundClass, Pair},
        money::FenSum,
    },
};

/// What a directed pair clears in a period, in fen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PairClearing {
    /// Visits: a reversal counts −1.
    pub visits: i64,
    /// Payable of the cleared rows.
    pub gross: FenSum,
    /// Of that, the employees' fund.
    pub gross_employee: FenSum,
    /// Of that, the residents' fund.
    pub gross_resident: FenSum,
    /// Accepted deductions.
    pub deductions: FenSum,
    /// Carried forward by the period before; 0 or negative.
    pub brought_forward: FenSum,
}

impl PairClearing {
    /// Gross − deductions + brought forward.
    pub fn net(&self) -> FenSum {
        self.gross - self.deductions + self.brought_forward
    }

    /// What the insured province pays: never negative.
    pub fn payable(&self) -> FenSum {
        self.net().max(FenSum::ZERO)
    }

    /// What is left for the next period: never positive.
    pub fn carried_forward(&self) -> FenSum {
        self.net().min(FenSum::ZERO)
    }

    /// Whether any money or visit is in it.
    pub fn is_empty(&self) -> bool {
        *self == PairClearing::default()
    }
}

/// Every pair of a period with anything in it.
pub type Pairs = BTreeMap<Pair, PairClearing>;

/// Adds up positions, accepted deductions and what was carried forward.
pub fn pairs(
    positions: &Positions,
    deductions: &BTreeMap<Pair, FenSum>,
    brought_forward: &BTreeMap<Pair, FenSum>,
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
    pairs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pair_never_flips_its_payer() {
        let settled = |deductions: i128| {
            let [gross, deductions, brought_forward] = [100, deductions, -20].map(FenSum::new);
            let sums =
                PairClearing { gross, deductions, brought_forward, ..PairClearing::default() };
            (sums.payable().fen(), sums.carried_forward().fen())
        };
        assert_eq!(settled(150), (0, -70));
        assert_eq!(settled(0), (80, 0));
    }
}
