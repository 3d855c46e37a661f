//! What cleared, added up by insured division, treating province, fund, care and cost month.

use std::{collections::BTreeMap, path::Path};

use rayon::prelude::*;

use crate::{
    columnar::{entry::FileEntry, shape, table::TableBuilder},
    diag::{Failure, Outcome},
    model::{
        codes::{FundClass, Pair},
        control::Totals,
        fields::{Amounts, COMPARED_AMOUNTS, Field},
        group::PositionKey,
        money::FenSum,
    },
    reconcile::counters::{AllCounted, CounterSlot, Counters, PackedKey, PositionCount},
    rules::Policy,
    text::quoted,
};

/// The sums of a position, in fen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PositionSums {
    /// Rows that went into it.
    pub rows: i64,
    /// Visits: a reversal counts −1.
    pub visits: i64,
    /// The compared amounts.
    pub amounts: Amounts<FenSum>,
    /// What is owed.
    pub payable: FenSum,
}

/// All positions of a period, in order: their keys, and where the sums of each were counted.
pub struct Positions {
    order: Vec<(PackedKey, CounterSlot)>,
    counted: AllCounted,
    policy: Policy,
    sums: PairFundSums,
}

/// What the positions of each pair and fund come to: visits and totals.
type PairFundSums = BTreeMap<(Pair, FundClass), (i64, Totals)>;

impl Positions {
    /// What was counted in a period, by its policy.
    pub fn counted(counters: Counters, policy: &Policy) -> Positions {
        let counted = counters.finish();
        let policy = policy.clone();
        let mut all = Positions { order: Vec::new(), counted, policy, sums: PairFundSums::new() };
        let parts: Vec<_> = all.counted.places().map(|places| all.add_up(places)).collect();
        for (places, sums) in parts {
            all.order.extend(places);
            for (key, (visits, totals)) in sums {
                let (all_visits, all_totals) = all.sums.entry(key).or_default();
                *all_visits += visits;
                *all_totals += totals;
            }
        }
        all.order.par_sort_unstable_by_key(|(key, _)| *key);
        all
    }

    /// Adds up positions; those into which nothing went are none.
    fn add_up(
        &self,
        mut places: Vec<(PackedKey, CounterSlot)>,
    ) -> (Vec<(PackedKey, CounterSlot)>, PairFundSums) {
        let mut sums = PairFundSums::new();
        places.retain(|(key, place)| {
            let PositionSums { rows, visits, amounts, payable } = self.sums(*place);
            if rows != 0 {
                let PositionKey { insured, treating, fund, .. } = key.unpack();
                let of_pair = sums.entry((Pair { insured, treating }, fund)).or_default();
                of_pair.0 += visits;
                of_pair.1 += Totals { rows, medfee: amounts[Field::medfee_sumamt], payable };
            }
            rows != 0
        });
        (places, sums)
    }

    /// The sums of a position.
    fn sums(&self, place: CounterSlot) -> PositionSums {
        let PositionCount { rows, reversals, amounts } = self.counted.at(place);
        let payable = self.policy.payable_sum(&amounts);
        PositionSums { rows, visits: rows - 2 * reversals, amounts, payable }
    }

    /// Their totals.
    pub fn totals(&self) -> Totals {
        self.sums.values().fold(Totals::default(), |mut all, (_, totals)| {
            all += *totals;
            all
        })
    }

    /// Positions hold what cleared by itself, and the copies in doubt that cleared.
    pub fn prove(&self, expected: Totals) -> Outcome<()> {
        let found = self.totals();
        Failure::unless(found == expected, || {
            text!("positions hold {}, {} cleared", quoted(found), quoted(expected))
        })
    }

    /// The visits and the payable of each pair and fund.
    pub fn by_pair(&self) -> impl Iterator<Item = (Pair, FundClass, i64, FenSum)> {
        let sums = self.sums.iter();
        sums.map(|((pair, fund), (visits, totals))| (*pair, *fund, *visits, totals.payable))
    }

    /// The positions in order.
    #[cfg(test)]
    pub fn iter(&self) -> impl Iterator<Item = (PositionKey, PositionSums)> {
        self.order.iter().map(|(key, place)| (key.unpack(), self.sums(*place)))
    }

    /// Writes the table `positions`.
    pub fn write(&self, folder: &Path) -> Outcome<FileEntry> {
        let with_sums = |(key, place): &(PackedKey, CounterSlot)| (key.unpack(), self.sums(*place));
        let rows =
            |part: &[(PackedKey, CounterSlot)]| part.iter().map(with_sums).collect::<Vec<_>>();
        TableBuilder::write_by_parts(&self.order, |part| table(&rows(part)), folder)
    }
}

fn table(positions: &[(PositionKey, PositionSums)]) -> TableBuilder {
    let keys = || positions.iter().map(|(key, _)| key);
    let sums = || positions.iter().map(|(_, sums)| sums);
    let text = |of: fn(&PositionKey) -> String| keys().map(move |key| Some(of(key)));
    let mut table = TableBuilder::new(shape::POSITIONS)
        .text("insuplc_admdvs", text(|key| format!("{:06}", key.insuplc_admdvs)))
        .text("treating_province", text(|key| key.treating.to_string()))
        .text("fund_class", text(|key| key.fund.name().to_owned()))
        .text("care_class", text(|key| key.care.name().to_owned()))
        .text("cost_month", text(|key| key.cost_month.to_string()))
        .count("visits", sums().map(|sums| sums.visits));
    for field in COMPARED_AMOUNTS {
        table = table.sum(field.name(), sums().map(|sums| sums.amounts[field]));
    }
    table.sum("payable", sums().map(|sums| sums.payable))
}
