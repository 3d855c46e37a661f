//! Deductions and pairs. They are few, so they are processed one after the other.

use std::collections::{BTreeMap, BTreeSet};

use polars::prelude::DataFrame;

use super::{
    delivery::GivenDeduction,
    earlier::EarlierDeductions,
    facts::key,
    ledger::{Gross, group_of},
    reversals::Originals,
    stored::failed,
};
use crate::{diag::Outcome, model::codes::Pair, rules::NegativeNet};

/// The state of settlements that deductions or reversals name.
#[derive(Debug, Default)]
pub(super) struct KnownSettlements {
    /// Pair and payable of settlements that cleared, now or earlier.
    pub(super) cleared: BTreeMap<String, (Pair, i128)>,
    /// Settlements that were reversed, now or earlier.
    pub(super) reversed: BTreeSet<String>,
    /// Settlements that were reversed now.
    pub(super) reversed_now: BTreeSet<String>,
}

impl KnownSettlements {
    /// Adds the state of settlements whose keys are in one partition.
    pub(super) fn add(&mut self, setl_ids: &[&str], originals: &Originals) -> Outcome<()> {
        self.reversed.extend(self.reversed_now.iter().cloned());
        let Originals { cleared, registered, reversed } = originals;
        let wanted: BTreeMap<(u64, u32), &str> = setl_ids.iter().map(|id| (key(id), *id)).collect();
        let ids: BTreeSet<&str> = setl_ids.iter().copied().collect();
        let names = cleared.column("setl_id").and_then(|column| column.str()).map_err(failed)?;
        let now = names.iter().zip(numbers(cleared)?).filter_map(|(name, of)| Some((name?, of?)));
        for (name, (group, payable)) in now.filter(|(name, _)| ids.contains(name)) {
            let (pair, _, _) = group_of(group)?;
            self.cleared.insert(name.to_owned(), (pair, payable));
        }
        let kinds = registered.column("kind").and_then(|column| column.i32()).map_err(failed)?;
        let earlier = keys(registered)?.into_iter().zip(numbers(registered)?).zip(kinds.iter());
        for ((key, of), _) in earlier.filter(|(_, kind)| *kind != Some(VOIDED)) {
            let (Some(name), Some((group, payable))) = (wanted.get(&key), of) else { continue };
            let (pair, _, _) = group_of(group)?;
            self.cleared.insert((*name).to_owned(), (pair, payable));
        }
        let names = keys(reversed)?.into_iter().filter_map(|key| wanted.get(&key).copied());
        self.reversed.extend(names.map(str::to_owned));
        Ok(())
    }
}

/// The register's kind for a voided settlement.
const VOIDED: i32 = 2;

/// Returns group and payable of each row.
fn numbers(frame: &DataFrame) -> Outcome<Vec<Option<(i32, i128)>>> {
    let groups = frame.column("group").and_then(|column| column.i32()).map_err(failed)?;
    let payables = frame.column("payable").and_then(|column| column.i64()).map_err(failed)?;
    let rows = groups.iter().zip(payables.iter());
    Ok(rows.map(|(group, payable)| Some((group?, payable?.into()))).collect())
}

fn keys(frame: &DataFrame) -> Outcome<Vec<(u64, u32)>> {
    let high = frame.column("key").and_then(|column| column.u64()).map_err(failed)?;
    let low = frame.column("check").and_then(|column| column.u32()).map_err(failed)?;
    Ok(high.iter().zip(low.iter()).filter_map(|(high, low)| Some((high?, low?))).collect())
}

/// Sums accepted deductions less what is given back, by pair.
pub(super) fn deducted(
    deductions: &[GivenDeduction],
    standing: &KnownSettlements,
    mut accepted: EarlierDeductions,
) -> BTreeMap<Pair, i128> {
    let mut by_pair: BTreeMap<Pair, i128> = BTreeMap::new();
    for setl_id in &standing.reversed_now {
        if let Some((pair, amount)) = accepted.net.get(setl_id) {
            *by_pair.entry(*pair).or_default() -= amount;
        }
    }
    for GivenDeduction { ddct_id, setl_id, amount } in deductions {
        let Some((pair, payable)) = standing.cleared.get(setl_id) else { continue };
        let amount = i128::from(*amount);
        let so_far = accepted.net.get(setl_id).map_or(0, |(_, amount)| *amount);
        let refused = amount <= 0
            || accepted.ids.contains(ddct_id)
            || standing.reversed.contains(setl_id)
            || so_far + amount > *payable;
        if refused {
            continue;
        }
        accepted.ids.insert(ddct_id.clone());
        accepted.net.entry(setl_id.clone()).or_insert((*pair, 0)).1 += amount;
        *by_pair.entry(*pair).or_default() += amount;
    }
    by_pair
}

/// A row of the table `pairs`, without quota and level.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct PairRow {
    pub(super) gross: Gross,
    pub(super) deductions: i128,
    pub(super) brought_forward: i128,
    /// Whether a net below 0 is returned in this period.
    pub(super) returns: bool,
}

impl PairRow {
    /// Visits, gross, its two parts, deductions, brought forward, payable, returned, carried forward.
    pub(super) fn numbers(&self) -> [i128; 9] {
        let [employee, resident] = self.gross.by_fund;
        let net = employee + resident - self.deductions + self.brought_forward;
        [
            self.gross.visits,
            employee + resident,
            employee,
            resident,
            self.deductions,
            self.brought_forward,
            net.max(0),
            if self.returns { (-net).max(0) } else { 0 },
            if self.returns { 0 } else { net.min(0) },
        ]
    }
}

/// Returns every pair with a number other than 0.
pub(super) fn pairs(
    gross: BTreeMap<Pair, Gross>,
    deducted: BTreeMap<Pair, i128>,
    brought_forward: BTreeMap<Pair, i128>,
    negative_net: NegativeNet,
) -> BTreeMap<Pair, PairRow> {
    let mut pairs: BTreeMap<Pair, PairRow> = BTreeMap::new();
    for (pair, gross) in gross {
        pairs.entry(pair).or_default().gross = gross;
    }
    for (pair, amount) in deducted {
        pairs.entry(pair).or_default().deductions = amount;
    }
    for (pair, amount) in brought_forward {
        pairs.entry(pair).or_default().brought_forward = amount;
    }
    let returns = negative_net == NegativeNet::Return;
    for row in pairs.values_mut() {
        row.returns = returns;
    }
    pairs.retain(|_, row| row.numbers().iter().any(|number| *number != 0));
    pairs
}
