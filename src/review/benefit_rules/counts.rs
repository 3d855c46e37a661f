//! What the rules on benefit have looked at.

use std::collections::BTreeMap;

use super::judged::JudgedSettlement;
use crate::{model::money::FenSum, review::filing::class::FiledSettlement};

/// The settlements whose benefit was worked out, and the others, with what the basic fund paid for them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BenefitCounts {
    /// Settlements whose range was computed.
    pub reviewed_rows: u64,
    /// What the basic fund paid for them.
    pub reviewed_fen: FenSum,
    /// All other settlements.
    pub other_rows: u64,
    /// What the basic fund paid for them.
    pub other_fen: FenSum,
    /// The other settlements of each insured division that has no rule set, by its digits: how many, and what was paid.
    pub areas_without: BTreeMap<u32, (u64, FenSum)>,
}

impl BenefitCounts {
    /// Counts a settlement without a rule set or an in-scope amount.
    pub(super) fn other(&mut self, settlement: &FiledSettlement<'_>) {
        let paid = FenSum::from(settlement.row.hifp_pay);
        self.other_rows += 1;
        self.other_fen += paid;
        if settlement.set.is_some() {
            return;
        }
        let insured = settlement.row.insured.parse().expect("Invariant: V02 holds divisions");
        let (rows, fen) = self.areas_without.entry(insured).or_default();
        *rows += 1;
        *fen += paid;
    }

    /// Counts a settlement that has both.
    pub(super) fn judged(&mut self, judged: &JudgedSettlement<'_, '_>) {
        let is_reviewed = judged.range.is_some();
        let (rows, fen) = if is_reviewed {
            (&mut self.reviewed_rows, &mut self.reviewed_fen)
        } else {
            (&mut self.other_rows, &mut self.other_fen)
        };
        *rows += 1;
        *fen += FenSum::from(judged.paid());
    }

    /// Adds the counts of other settlements.
    pub fn absorb(&mut self, other: BenefitCounts) {
        self.reviewed_rows += other.reviewed_rows;
        self.reviewed_fen += other.reviewed_fen;
        self.other_rows += other.other_rows;
        self.other_fen += other.other_fen;
        for (area, (rows, fen)) in other.areas_without {
            let sum = self.areas_without.entry(area).or_default();
            sum.0 += rows;
            sum.1 += fen;
        }
    }
}
