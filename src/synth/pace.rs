//! How busy each pair is in a month, and what its settlements cost on average.

use crate::model::{codes::Month, money::FenSum};

use super::{
    draw::{Draw, below, hash_at},
    profile::{self, Costs},
};

/// A sum in fen for each pair, by index.
pub(super) type PairSums = Vec<FenSum>;

/// Returns sums of 0.
pub(super) fn no_sums() -> PairSums {
    vec![FenSum::ZERO; 1024]
}

/// A pair that has more than one settlement in so many does not double within a few months.
pub(super) const LARGE: u64 = 400;
/// The number of months for which a pair keeps its pace.
const KEPT: u64 = 4;

/// Returns the pace of a pair in a month, in per mille of its usual flow. Of 100 pairs some 90 are near the usual, 7 are
/// busy, and 3 have twice their settlements and more. A pair keeps its pace for four months.
pub(super) fn pace(seed: u64, month: Month, pair: usize, large: bool) -> u64 {
    let own = hash_at(hash_at(seed, 1 << 52), pair as u64);
    let months = u64::from(month.since(Month::new(0, 1)).unsigned_abs());
    let hash = hash_at(own, (months + own % KEPT) / KEPT);
    let (part, within) = (below(hash >> 32, 1000), hash & 0xFFFF_FFFF);
    match (part, large) {
        (0..60, true) => 1450 + below(within, 200),
        (_, true) => 900 + below(within, 200),
        (0..30, false) => 2050 + below(within, 550),
        (30..100, false) => 1560 + below(within, 240),
        (_, false) => 850 + below(within, 300),
    }
}

/// Returns the mean payable of a settlement in fen, from a sample. `owed` has the positions of the payable amounts.
pub(super) fn mean_payable(costs: &Costs, owed: &[usize]) -> u64 {
    const SAMPLE: u64 = 16_384;
    let payable = |number: u64| -> i128 {
        let mut draw = Draw::new(hash_at(0x5A_3B1E, number));
        let (care, employee) = profile::care(draw.bits(), draw.bits());
        let amounts = costs.amounts(care, employee, &mut draw);
        owed.iter().map(|position| i128::from(amounts[*position])).sum()
    };
    let sum: i128 = (0..SAMPLE).map(payable).sum();
    u64::try_from(sum / i128::from(SAMPLE)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn most_pairs_are_near_their_usual_flow_and_keep_their_pace() {
        let paces = |month| -> Vec<u64> {
            (0..1024).map(|pair| pace(3, Month::new(2025, month), pair, false)).collect()
        };
        let january = paces(1);
        let busy = january.iter().filter(|pace| **pace >= 1500).count();
        assert!((60..150).contains(&busy), "{busy}");
        let twice = january.iter().filter(|pace| **pace >= 2000).count();
        assert!((15..60).contains(&twice), "{twice}");
        let kept = january.iter().zip(paces(2)).filter(|(a, b)| **a == *b).count();
        assert!((700..850).contains(&kept), "{kept}");
        assert!((1..=12).all(|month| pace(3, Month::new(2025, month), 7, true) <= 1650));
    }
}
