//! Covered months: those that the inputs have enough of.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::codes::Month;

/// A month is covered by at least one part in so many of the largest month's settlements.
const PART: u128 = 10;

/// The covered months of a review: cost months with at least a tenth as many settlements as the largest one has.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CoveredMonths(BTreeSet<Month>);

impl CoveredMonths {
    /// Works them out of the number of settlements of each cost month.
    pub fn of(settlements: &BTreeMap<Month, u64>) -> CoveredMonths {
        let largest = settlements.values().max().copied().unwrap_or(0);
        let is_covered = |count: u64| count > 0 && u128::from(count) * PART >= largest.into();
        let covered = settlements.iter().filter(|(_, count)| is_covered(**count));
        CoveredMonths(covered.map(|(month, _)| *month).collect())
    }

    /// Whether a month is covered.
    pub fn has(&self, month: Month) -> bool {
        self.0.contains(&month)
    }

    /// Returns the last one: the month of the review.
    pub fn last(&self) -> Option<Month> {
        self.0.last().copied()
    }

    /// Returns them in order.
    pub fn iter(&self) -> impl Iterator<Item = Month> {
        self.0.iter().copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn covered(counts: &[u64]) -> Vec<u8> {
        let months = (1..).map(|month| Month::new(2025, month));
        let counts = months.zip(counts.iter().copied()).collect();
        CoveredMonths::of(&counts).iter().map(Month::of_year).collect()
    }

    #[test]
    fn a_tenth_of_the_largest_month_covers() {
        assert_eq!(covered(&[1, 10, 100, 9]), [2, 3]);
        assert_eq!(covered(&[1]), [1]);
        assert_eq!(covered(&[0]), [0; 0]);
        assert_eq!(covered(&[]), [0; 0]);
        assert_eq!(covered(&[u64::MAX, u64::MAX / 10 + 1, u64::MAX / 10]), [1, 2]);
    }

    #[test]
    fn the_last_one_is_the_month_of_the_review() {
        let counts = [(Month::new(2026, 1), 1), (Month::new(2025, 12), 20)].into();
        let covered = CoveredMonths::of(&counts);
        assert_eq!(covered.last(), Some(Month::new(2025, 12)));
        assert!(!covered.has(Month::new(2026, 1)) && covered.has(Month::new(2025, 12)));
        assert_eq!(CoveredMonths::default().last(), None);
    }
}
