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
    /// Settlements that have a rule set, whether it was computed or not.
    pub rows_with_set: u64,
    /// The other settlements of each insured division that has no rule set: how many, and what was paid.
    pub areas_without: BTreeMap<String, (u64, FenSum)>,
}

impl BenefitCounts {
    /// Counts a settlement without a rule set or an in-scope amount.
    pub(super) fn other(&mut self, settlement: &FiledSettlement<'_>) {
        let paid = FenSum::from(settlement.row.hifp_pay);
        self.other_rows += 1;
        self.other_fen += paid;
        if settlement.set.is_some() {
            self.rows_with_set += 1;
            return;
        }
        let insured = settlement.row.insured;
        if !self.areas_without.contains_key(insured) {
            self.areas_without.insert(insured.to_owned(), (0, FenSum::ZERO));
        }
        if let Some((rows, fen)) = self.areas_without.get_mut(insured) {
            *rows += 1;
            *fen += paid;
        }
    }

    /// Counts a settlement that has both.
    pub(super) fn judged(&mut self, judged: &JudgedSettlement<'_, '_>) {
        self.rows_with_set += 1;
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
        self.rows_with_set += other.rows_with_set;
        for (area, (rows, fen)) in other.areas_without {
            let sum = self.areas_without.entry(area).or_default();
            sum.0 += rows;
            sum.1 += fen;
        }
    }
}
