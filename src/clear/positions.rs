//! What cleared, added up by insured division, treating province, fund, care and cost month.

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
};

use rayon::prelude::*;

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

impl Positions {
    /// What was counted in a period, by its policy.
    pub fn counted(counters: &Counters, policy: &Policy, period: Month) -> Positions {
        let mut slots = counters.all();
        slots.par_sort_unstable_by_key(|slot| slot.key.unpack(period));
        let mut positions: Vec<(PositionKey, PositionSums)> = Vec::with_capacity(slots.len());
        for Slot { key, rows, amounts } in slots {
            let amounts = amounts.map(FenSum::from);
            let payable = policy.payable_sum(&amounts);
            let key = key.unpack(period);
            let sums = PositionSums { rows, visits: rows, amounts, payable };
            match positions.last_mut().filter(|(last, _)| *last == key) {
                Some((_, all)) => all.merge(&sums),
                None => positions.push((key, sums)),
            }
        }
        Positions(positions)
    }

    /// Adds settlements, or takes them out again with `times` −1; drops positions into which nothing
    /// went.
    pub fn add<'c>(&mut self, copies: impl Iterator<Item = (&'c Record, &'c Facts, i64)>) {
        let mut new: BTreeMap<PositionKey, PositionSums> = BTreeMap::new();
        for (record, facts, times) in copies {
            let key = PositionKey {
                insuplc_admdvs: division(record.text(Field::insuplc_admdvs)),
                treating: facts.group.pair.treating,
                fund: facts.group.fund,
                care: facts.group.care,
                cost_month: facts.cost_month,
                insured: facts.group.pair.insured,
            };
            let sums = match self.0.binary_search_by_key(&key, |(key, _)| *key) {
                Ok(place) => &mut self.0[place].1,
                Err(_) => new.entry(key).or_default(),
            };
            let visits = if record.reverses().is_some() { -1 } else { 1 };
            let amounts = record.compared_amounts().iter().copied();
            sums.add(times, visits, amounts, facts.payable);
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

    /// The table `positions`.
    pub fn table(&self) -> Table {
        let keys = || self.0.iter().map(|(key, _)| key);
        let sums = || self.0.iter().map(|(_, sums)| sums);
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
}

/// The number of a division code, which has six digits in valid rows.
fn division(code: Option<&str>) -> u32 {
    code.and_then(|code| code.parse().ok()).unwrap_or(0)
}

/// A key in 64 bits: division, group, lateness; never 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
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

    /// Where the search for it begins, in a table of a power of two.
    fn place(self, mask: usize) -> usize {
        usize::try_from(self.0.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40).unwrap_or(0) & mask
    }
}

/// The sums of a position in 64 bits each: two lines of a processor's cache.
#[derive(Debug, Clone, Copy, Default)]
#[repr(align(128))]
struct Slot {
    key: Packed,
    rows: i64,
    amounts: [Fen; 13],
}

/// Adds up plain rows: those that clear unless the match says otherwise. One for each treating province,
/// shared by the threads: what a province sends lies together, and its positions fit a processor's cache.
#[derive(Debug)]
pub struct Counters(Vec<Mutex<Counter>>);

/// The positions of a treating province: an open table of slots.
#[derive(Debug)]
struct Counter {
    slots: Vec<Slot>,
    used: usize,
    /// Parts of positions that are complete: of sums that went beyond 64 bits, of other machines.
    full: Vec<Slot>,
}

/// A position, or a part of it, in numbers: its key, which is never 0, its rows, its 13 amounts in fen. Those of
/// one key add up as long as every number fits.
pub type Part = [i64; 15];

/// What a thread needs to count a batch.
#[derive(Debug, Default)]
pub struct CountScratch {
    /// Row and key of each plain row, by treating province.
    rows: [Vec<(usize, Packed)>; 32],
    divisions: Vec<u32>,
}

/// Rows whose slots are found before their amounts are added, so that the memory can answer to many
/// look-ups at a time.
const ROWS_AT_A_TIME: usize = 64;

impl Default for Counters {
    fn default() -> Counters {
        let counter = || Counter { slots: vec![Slot::default(); 64], used: 0, full: Vec::new() };
        Counters((0..32).map(|_| Mutex::new(counter())).collect())
    }
}

impl Counters {
    /// Adds the plain rows of a batch.
    pub fn count<'e>(
        &self,
        batch: &Batch,
        checked: &Checked,
        rows: impl Iterator<Item = (usize, &'e Entry)>,
        period: Month,
        scratch: &mut CountScratch,
    ) {
        let CountScratch { rows: of_province, divisions } = scratch;
        batch.text(Field::insuplc_admdvs).divisions(batch.rows, divisions);
        for (row, entry) in rows.filter(|(_, entry)| entry.plain) {
            let lateness = checked.month[row].map_or(0, |month| period.since(month));
            let lateness = u16::try_from(lateness).expect("Invariant: the limit fits 16 bits");
            let packed = Packed::new(divisions[row], entry.group, lateness);
            let treating = checked.treating[row].expect("Invariant: a valid row has provinces");
            of_province[treating.index()].push((row, packed));
        }
        let columns: [Option<&[Fen]>; 13] =
            std::array::from_fn(|index| batch.amount(index).map(|column| &column.fen[..]));
        for (counter, rows) in self.0.iter().zip(of_province) {
            if !rows.is_empty() {
                let mut counter = counter.lock().unwrap_or_else(PoisonError::into_inner);
                rows.chunks(ROWS_AT_A_TIME).for_each(|rows| counter.add(rows, &columns));
                rows.clear();
            }
        }
    }

    /// What was counted, to be handed to another machine.
    pub fn parts(&self) -> impl Iterator<Item = Part> {
        self.all().into_iter().map(|Slot { key, rows, amounts }| {
            let mut part = [0; 15];
            (part[0], part[1]) = (key.0.cast_signed(), rows);
            part[2..].copy_from_slice(&amounts);
            part
        })
    }

    /// Takes what another machine counted.
    pub fn take(&mut self, part: &Part) {
        let [key, rows, amounts @ ..] = *part;
        let slot = Slot { key: Packed(key.cast_unsigned()), rows, amounts };
        let first = self.0[0].get_mut().unwrap_or_else(PoisonError::into_inner);
        first.full.push(slot);
    }

    /// All positions that were counted.
    fn all(&self) -> Vec<Slot> {
        let of = |counter: &Mutex<Counter>| {
            let counter = counter.lock().unwrap_or_else(PoisonError::into_inner);
            let slots = counter.slots.iter().filter(|slot| slot.key != Packed::default());
            slots.chain(&counter.full).copied().collect::<Vec<_>>()
        };
        self.0.par_iter().flat_map_iter(of).collect()
    }
}

impl Counter {
    /// Adds up to so many rows.
    fn add(&mut self, rows: &[(usize, Packed)], columns: &[Option<&[Fen]>; 13]) {
        while self.used + rows.len() > self.slots.len() / 4 * 3 {
            self.grow();
        }
        let mask = self.slots.len() - 1;
        let near = |all, (_, key): &(usize, Packed)| {
            let slot = &self.slots[key.place(mask)];
            all ^ slot.key.0 ^ slot.amounts[12].cast_unsigned()
        };
        std::hint::black_box(rows.iter().fold(0, near));
        let mut slots = [0; ROWS_AT_A_TIME];
        for (slot, (_, key)) in slots.iter_mut().zip(rows) {
            *slot = self.find(*key);
        }
        for (slot, (row, _)) in slots.into_iter().zip(rows) {
            let amounts = columns.map(|column| column.map_or(0, |fen| fen[*row]));
            let slot = &mut self.slots[slot];
            let mut sums = slot.amounts;
            let mut beyond = false;
            for (sum, fen) in sums.iter_mut().zip(amounts) {
                let (wider, overflow) = sum.overflowing_add(fen);
                (*sum, beyond) = (wider, beyond | overflow);
            }
            if beyond {
                self.full.push(*slot);
                (slot.rows, sums) = (0, amounts);
            }
            slot.rows += 1;
            slot.amounts = sums;
        }
    }

    /// The slot of a key; there is one free.
    fn find(&mut self, key: Packed) -> usize {
        let mask = self.slots.len() - 1;
        let mut at = key.place(mask);
        while self.slots[at].key != key {
            if self.slots[at].key == Packed::default() {
                self.slots[at].key = key;
                self.used += 1;
                break;
            }
            at = (at + 1) & mask;
        }
        at
    }

    fn grow(&mut self) {
        let larger = vec![Slot::default(); self.slots.len() * 2];
        let slots = std::mem::replace(&mut self.slots, larger);
        self.used = 0;
        for slot in slots.into_iter().filter(|slot| slot.key != Packed::default()) {
            let at = self.find(slot.key);
            self.slots[at] = slot;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{money::FEN_LIMIT, rules::Rules};

    #[test]
    fn a_position_beyond_64_bits_is_one_position() {
        const ROWS: usize = 2_000;
        let period = Month::new(2025, 10);
        let rules = Rules::built_in();
        let policy = rules.policy(period).expect("in force");
        let fen = vec![FEN_LIMIT - 1; ROWS];
        let rows: Vec<(usize, Packed)> =
            (0..ROWS).map(|row| (row, Packed::new(340_100, 0, 1))).collect();
        let counters = Counters::default();
        for rows in rows.chunks(ROWS_AT_A_TIME) {
            counters.0[0].lock().expect("alone").add(rows, &[Some(&fen); 13]);
        }
        let positions = Positions::counted(&counters, policy, period);
        let rows = i64::try_from(ROWS).expect("few");
        let sum = FenSum::from(FEN_LIMIT - 1) * FenSum::from(rows);
        let found: Vec<_> = positions.iter().collect();
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].0.insuplc_admdvs, found[0].0.cost_month), (340_100, period.plus(-1)));
        // Eight funds and the account are payable.
        let expected = PositionSums { rows, visits: rows, amounts: [sum; 13], payable: 9 * sum };
        assert_eq!(*found[0].1, expected);
    }
}
