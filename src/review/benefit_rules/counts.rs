//! What the rules on benefit have looked at.

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
    pub areas_without: AreaCounts,
}

/// Settlements and what was paid for them, by division. Each settlement looks its division up, so a city is one step.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AreaCounts(Vec<Vec<(u64, FenSum)>>);

/// Divisions of a city: those with the same first four of six digits.
const OF_CITY: usize = 100;

impl AreaCounts {
    /// Adds settlements of a division, given by its digits.
    fn add(&mut self, division: u32, rows: u64, paid: FenSum) {
        let division = usize::try_from(division).expect("Invariant: a division has six digits");
        let (city, own) = (division / OF_CITY, division % OF_CITY);
        if self.0.len() <= city {
            self.0.resize(city + 1, Vec::new());
        }
        let of_city = &mut self.0[city];
        if of_city.is_empty() {
            of_city.resize(OF_CITY, (0, FenSum::ZERO));
        }
        let count = &mut of_city[own];
        count.0 += rows;
        count.1 += paid;
    }

    /// Returns the divisions that have settlements, in order: how many, and what was paid.
    pub fn iter(&self) -> impl Iterator<Item = (u32, (u64, FenSum))> {
        let divisions = self.0.iter().enumerate().flat_map(|(city, of_city)| {
            (city * OF_CITY..).zip(of_city).filter(|(_, (rows, _))| *rows > 0)
        });
        divisions.filter_map(|(division, count)| Some((u32::try_from(division).ok()?, *count)))
    }

    /// Returns the number of divisions that have settlements.
    pub fn count(&self) -> usize {
        self.iter().count()
    }
}

impl FromIterator<(u32, (u64, FenSum))> for AreaCounts {
    fn from_iter<I: IntoIterator<Item = (u32, (u64, FenSum))>>(counts: I) -> AreaCounts {
        let mut all = AreaCounts::default();
        counts.into_iter().for_each(|(division, (rows, paid))| all.add(division, rows, paid));
        all
    }
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
        self.areas_without.add(insured, 1, paid);
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
    pub fn absorb(&mut self, other: &BenefitCounts) {
        self.reviewed_rows += other.reviewed_rows;
        self.reviewed_fen += other.reviewed_fen;
        self.other_rows += other.other_rows;
        self.other_fen += other.other_fen;
        for (area, (rows, paid)) in other.areas_without.iter() {
            self.areas_without.add(area, rows, paid);
        }
    }
}
