//! Cleared amounts by insured division, treating province, fund, care class and cost month.

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
    /// Number of cleared rows.
    pub rows: i64,
    /// Number of visits; a reversal counts −1.
    pub visits: i64,
    /// The compared amounts.
    pub amounts: Amounts<FenSum>,
    /// The amount that the insured province owes.
    pub payable: FenSum,
}

/// All positions of a period, sorted by key; each key has the slot of its counters.
pub struct Positions {
    order: Vec<(PackedKey, CounterSlot)>,
    counted: AllCounted,
    policy: Policy,
    sums: PairFundSums,
}

/// Visits and totals of all positions of a pair and fund.
type PairFundSums = BTreeMap<(Pair, FundClass), (i64, Totals)>;

impl Positions {
    /// Collects the counters of a period and adds them up by the policy.
    pub fn counted(counters: Counters, policy: &Policy) -> Positions {
        let counted = counters.finish();
        let policy = policy.clone();
        let mut all = Positions { order: Vec::new(), counted, policy, sums: PairFundSums::new() };
        let parts: Vec<_> = all.counted.places().map(|slots| all.add_up(slots)).collect();
        for (slots, sums) in parts {
            all.order.extend(slots);
            for (key, (visits, totals)) in sums {
                let (all_visits, all_totals) = all.sums.entry(key).or_default();
                *all_visits += visits;
                *all_totals += totals;
            }
        }
        all.order.par_sort_unstable_by_key(|(key, _)| *key);
        all
    }

    /// Adds up positions by pair and fund, and drops positions without rows.
    fn add_up(
        &self,
        mut slots: Vec<(PackedKey, CounterSlot)>,
    ) -> (Vec<(PackedKey, CounterSlot)>, PairFundSums) {
        let mut sums = PairFundSums::new();
        slots.retain(|(key, slot)| {
            let PositionSums { rows, visits, amounts, payable } = self.sums(*slot);
            if rows != 0 {
                let PositionKey { insured, treating, fund, .. } = key.unpack();
                let of_pair = sums.entry((Pair { insured, treating }, fund)).or_default();
                of_pair.0 += visits;
                of_pair.1 += Totals { rows, medfee: amounts[Field::medfee_sumamt], payable };
            }
            rows != 0
        });
        (slots, sums)
    }

    /// Returns the sums of a position.
    fn sums(&self, slot: CounterSlot) -> PositionSums {
        let PositionCount { rows, reversals, amounts } = self.counted.at(slot);
        let payable = self.policy.payable_sum(&amounts);
        PositionSums { rows, visits: rows - 2 * reversals, amounts, payable }
    }

    /// Returns the totals of all positions.
    pub fn totals(&self) -> Totals {
        self.sums.values().fold(Totals::default(), |mut all, (_, totals)| {
            all += *totals;
            all
        })
    }

    /// Fails unless the totals of all positions equal the totals of all settlements that cleared.
    pub fn prove(&self, expected: Totals) -> Outcome<()> {
        let found = self.totals();
        Failure::unless(found == expected, || {
            text!("positions hold {}, {} cleared", quoted(found), quoted(expected))
        })
    }

    /// Returns all visits.
    pub fn visits(&self) -> i64 {
        self.sums.values().map(|(visits, _)| visits).sum()
    }

    /// Returns the visits and the payable of each pair and fund.
    pub fn by_pair(&self) -> impl Iterator<Item = (Pair, FundClass, i64, FenSum)> {
        let sums = self.sums.iter();
        sums.map(|((pair, fund), (visits, totals))| (*pair, *fund, *visits, totals.payable))
    }

    /// Returns the positions, sorted by key.
    #[cfg(test)]
    pub fn iter(&self) -> impl Iterator<Item = (PositionKey, PositionSums)> {
        self.order.iter().map(|(key, slot)| (key.unpack(), self.sums(*slot)))
    }

    /// Writes the table `positions`.
    pub fn write(&self, folder: &Path) -> Outcome<FileEntry> {
        let with_sums = |(key, slot): &(PackedKey, CounterSlot)| (key.unpack(), self.sums(*slot));
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
