//! What cleared, added up by insured division, treating province, fund, care and cost month.

use std::{collections::BTreeMap, path::Path};

use super::counters::Counters;
use crate::{
    book::manifest::FileEntry,
    codes::{CareClass, FundClass, Month, Province},
    contract::fields::{AMOUNT_FIELDS, Field},
    control::Totals,
    diag::Outcome,
    ingest::record::{Facts, Record},
    money::{Fen, FenSum},
    rules::Policy,
    statement::table::Table,
};

/// What a position is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PositionKey {
    /// The insured division, six digits as a number.
    pub insuplc_admdvs: u32,
    /// The province that is owed.
    pub treating: Province,
    /// From which fund.
    pub fund: FundClass,
    /// For what kind of care.
    pub care: CareClass,
    /// The cost month.
    pub cost_month: Month,
    /// The province that owes; the division decides it.
    pub insured: Province,
}

/// The sums of a position, in fen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PositionSums {
    /// Rows that went into it.
    pub rows: i64,
    /// Visits: a reversal counts −1.
    pub visits: i64,
    /// The 13 amounts.
    pub amounts: [FenSum; 13],
    /// What is owed.
    pub payable: FenSum,
}

impl PositionSums {
    /// Adds a settlement `times` times: 1, or −1 to take it out again.
    fn add(&mut self, times: i64, visits: i64, amounts: impl Iterator<Item = Fen>, payable: Fen) {
        self.rows += times;
        self.visits += times * visits;
        for (sum, fen) in self.amounts.iter_mut().zip(amounts) {
            *sum += FenSum::from(fen) * FenSum::from(times);
        }
        self.payable += FenSum::from(payable) * FenSum::from(times);
    }

    fn merge(&mut self, other: &PositionSums) {
        self.rows += other.rows;
        self.visits += other.visits;
        for (sum, more) in self.amounts.iter_mut().zip(other.amounts) {
            *sum += more;
        }
        self.payable += other.payable;
    }
}

/// All positions of a period, in order.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Positions(Vec<(PositionKey, PositionSums)>);

/// What is added to positions, and what is taken out of them.
#[derive(Debug, Default)]
pub struct Changes(BTreeMap<PositionKey, PositionSums>);

impl Changes {
    /// Adds a settlement, or takes it out again with `times` −1.
    pub fn add(&mut self, record: &Record, facts: &Facts, times: i64) {
        let key = PositionKey {
            insuplc_admdvs: division(record.text(Field::insuplc_admdvs)),
            treating: facts.group.pair.treating,
            fund: facts.group.fund,
            care: facts.group.care,
            cost_month: facts.cost_month,
            insured: facts.group.pair.insured,
        };
        let visits = if record.reverses().is_some() { -1 } else { 1 };
        let amounts = record.compared_amounts().iter().copied();
        self.0.entry(key).or_default().add(times, visits, amounts, facts.payable);
    }
}

impl Positions {
    /// What was counted in a period, by its policy.
    pub fn counted(counters: Counters, policy: &Policy, period: Month) -> Positions {
        let counted = counters.in_order(period);
        let mut positions: Vec<(PositionKey, PositionSums)> =
            Vec::with_capacity(counted.size_hint().0);
        for (key, rows, amounts) in counted {
            let amounts = amounts.map(FenSum::from);
            let payable = policy.payable_sum(&amounts);
            let sums = PositionSums { rows, visits: rows, amounts, payable };
            match positions.last_mut().filter(|(last, _)| *last == key) {
                Some((_, all)) => all.merge(&sums),
                None => positions.push((key, sums)),
            }
        }
        Positions(positions)
    }

    /// Makes changes; drops positions into which nothing went.
    pub fn change(&mut self, Changes(changes): Changes) {
        let mut new = Vec::new();
        for (key, sums) in changes {
            match self.0.binary_search_by_key(&key, |(key, _)| *key) {
                Ok(place) => self.0[place].1.merge(&sums),
                Err(_) => new.push((key, sums)),
            }
        }
        if !new.is_empty() {
            self.0.extend(new);
            // Two runs in order: a stable sort merges them.
            self.0.sort_by_key(|(key, _)| *key);
        }
        self.0.retain(|(_, sums)| sums.rows != 0);
    }

    /// Their totals.
    pub fn totals(&self) -> Totals {
        let mut totals = Totals::default();
        for (_, sums) in &self.0 {
            totals += Totals { rows: sums.rows, medfee: sums.amounts[0], payable: sums.payable };
        }
        totals
    }

    /// The positions in order.
    pub fn iter(&self) -> impl Iterator<Item = (&PositionKey, &PositionSums)> {
        self.0.iter().map(|(key, sums)| (key, sums))
    }

    /// Writes the table `positions`.
    pub fn write(&self, folder: &Path) -> Outcome<FileEntry> {
        Table::write_by_parts(&self.0, table, folder)
    }
}

fn table(positions: &[(PositionKey, PositionSums)]) -> Table {
    let keys = || positions.iter().map(|(key, _)| key);
    let sums = || positions.iter().map(|(_, sums)| sums);
    let text = |of: fn(&PositionKey) -> String| keys().map(move |key| Some(of(key)));
    let mut table = Table::new("positions")
        .text("insuplc_admdvs", text(|key| format!("{:06}", key.insuplc_admdvs)))
        .text("treating_province", text(|key| key.treating.to_string()))
        .text("fund_class", text(|key| key.fund.name().to_owned()))
        .text("care_class", text(|key| key.care.name().to_owned()))
        .text("cost_month", text(|key| key.cost_month.to_string()))
        .count("visits", sums().map(|sums| sums.visits));
    for (index, field) in AMOUNT_FIELDS[..13].iter().enumerate() {
        table = table.sum(field.name(), sums().map(|sums| sums.amounts[index]));
    }
    table.sum("payable", sums().map(|sums| sums.payable))
}

/// The number of a division code, which has six digits in valid rows.
fn division(code: Option<&str>) -> u32 {
    code.and_then(|code| code.parse().ok()).unwrap_or(0)
}
