//! What cleared, added up by insured division, treating province, fund, care and cost month.

use std::collections::BTreeMap;

use rustc_hash::FxHashMap;

use crate::{
    codes::{CareClass, FundClass, Month, Province},
    contract::fields::{AMOUNT_FIELDS, Field},
    control::Totals,
    ingest::{
        batch::Batch,
        record::{Facts, Group, Record},
        rows::Checked,
    },
    money::{Fen, FenSum},
    reconcile::index::Entry,
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

/// All positions of a period.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Positions(BTreeMap<PositionKey, PositionSums>);

impl Positions {
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

    /// Adds what a thread has counted.
    pub fn absorb(&mut self, counter: &Counter, period: Month) {
        for (key, sums) in counter.keys.iter().zip(&counter.sums) {
            self.0.entry(key.unpack(period)).or_default().merge(sums);
        }
    }

    /// Drops positions into which nothing went.
    pub fn settle(&mut self) {
        self.0.retain(|_, sums| sums.rows != 0);
    }

    /// Their totals.
    pub fn totals(&self) -> Totals {
        let mut totals = Totals::default();
        for sums in self.0.values() {
            totals += Totals { rows: sums.rows, medfee: sums.amounts[0], payable: sums.payable };
        }
        totals
    }

    /// The positions in order.
    pub fn iter(&self) -> impl Iterator<Item = (&PositionKey, &PositionSums)> {
        self.0.iter()
    }

    /// The table `positions`.
    pub fn table(&self) -> Table {
        let keys = || self.0.keys();
        let text = |of: fn(&PositionKey) -> String| keys().map(move |key| Some(of(key)));
        let mut table = Table::new("positions")
            .text("insuplc_admdvs", text(|key| format!("{:06}", key.insuplc_admdvs)))
            .text("treating_province", text(|key| key.treating.to_string()))
            .text("fund_class", text(|key| key.fund.name().to_owned()))
            .text("care_class", text(|key| key.care.name().to_owned()))
            .text("cost_month", text(|key| key.cost_month.to_string()))
            .count("visits", self.0.values().map(|sums| sums.visits));
        for (index, field) in AMOUNT_FIELDS[..13].iter().enumerate() {
            table = table.sum(field.name(), self.0.values().map(|sums| sums.amounts[index]));
        }
        table.sum("payable", self.0.values().map(|sums| sums.payable))
    }
}

/// The number of a division code, which has six digits in valid rows.
fn division(code: Option<&str>) -> u32 {
    code.and_then(|code| code.parse().ok()).unwrap_or(0)
}

/// A key in 64 bits: division, group, lateness.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Packed(u64);

impl Packed {
    fn new(division: u32, group: u16, lateness: u16) -> Packed {
        Packed(u64::from(division) << 32 | u64::from(group) << 16 | u64::from(lateness))
    }

    #[expect(clippy::cast_possible_truncation, reason = "the parts are cut out again")]
    fn unpack(self, period: Month) -> PositionKey {
        let group = Group::from_number((self.0 >> 16) as u16);
        let group = group.expect("Invariant: a group was packed");
        PositionKey {
            insuplc_admdvs: (self.0 >> 32) as u32,
            treating: group.pair.treating,
            fund: group.fund,
            care: group.care,
            cost_month: period.plus(-i32::from(self.0 as u16)),
            insured: group.pair.insured,
        }
    }
}

/// Adds up the plain rows of a thread: those that clear unless the match says otherwise.
#[derive(Debug, Default)]
pub struct Counter {
    slots: FxHashMap<Packed, usize>,
    keys: Vec<Packed>,
    sums: Vec<PositionSums>,
}

impl Counter {
    /// Adds the plain rows of a batch.
    pub fn count(
        &mut self,
        batch: &Batch,
        checked: &Checked,
        rows: &[(usize, Entry)],
        period: Month,
    ) {
        let divisions = batch.text(Field::insuplc_admdvs).map(batch.rows, division);
        let columns: [Option<&[Fen]>; 13] =
            std::array::from_fn(|index| batch.amount(index).map(|column| &column.fen[..]));
        for (row, entry) in rows.iter().filter(|(_, entry)| entry.plain) {
            let lateness = checked.month[*row].map_or(0, |month| period.since(month));
            let lateness = u16::try_from(lateness).expect("Invariant: the limit fits 16 bits");
            let packed = Packed::new(divisions[*row], entry.group, lateness);
            let slot = *self.slots.entry(packed).or_insert_with(|| {
                self.keys.push(packed);
                self.sums.push(PositionSums::default());
                self.sums.len() - 1
            });
            let amounts = columns.iter().map(|column| column.map_or(0, |fen| fen[*row]));
            self.sums[slot].add(1, 1, amounts, entry.payable.into());
        }
    }
}
