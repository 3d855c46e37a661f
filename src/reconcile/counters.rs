//! Counts plain rows into positions while they are read.
//!
//! A national month has nearly a million positions, more than a cache holds, and each row of the treating side adds to
//! one of them. So a row touches little memory: an item of a hash table, and one cache line with the amounts that most
//! settlements have. The rare amounts lie apart. Rows are added in blocks, each step for all rows of the block, so that
//! the loads overlap (prefetch).

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use rayon::prelude::*;
use rustc_hash::FxHashMap;

use crate::{
    ingest::{
        batch::Batch,
        record::{Facts, Record},
        rows::CheckedBatch,
    },
    keyed::entry::Entry,
    model::{
        codes::Month,
        fields::{Amounts, COMPARED, COMPARED_AMOUNTS, Field, amount_position},
        group::{Group, PositionKey},
        money::{Fen, FenSum},
    },
};

/// The key of a position in 64 bits: division (20 bits), group (13), cost month (31), from the high bits. Its order is
/// that of the table `positions`: the insured province, the first part of a group's number, follows from the division.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct PackedKey(u64);

impl PackedKey {
    const MONTH_BITS: u32 = 31;
    const GROUP_BITS: u32 = 13;
    /// The earliest month: there are as many months before year 0 as after it.
    const FIRST: Month = Month::new(0, 1).plus(-(1 << (PackedKey::MONTH_BITS - 1)));

    fn new(division: u32, group: u16, cost_month: Month) -> PackedKey {
        debug_assert!(
            division < 1_000_000 && group < 1 << PackedKey::GROUP_BITS,
            "parts fit their bits"
        );
        let month = cost_month.since(PackedKey::FIRST).cast_unsigned();
        let key = u64::from(division) << PackedKey::GROUP_BITS | u64::from(group);
        PackedKey(key << PackedKey::MONTH_BITS | u64::from(month))
    }

    /// Returns the key of the position.
    #[expect(clippy::cast_possible_truncation, reason = "the parts are cut out again")]
    pub fn unpack(self) -> PositionKey {
        let group = self.group();
        let month = self.0 as u32 & ((1 << PackedKey::MONTH_BITS) - 1);
        PositionKey {
            insuplc_admdvs: (self.0 >> (PackedKey::MONTH_BITS + PackedKey::GROUP_BITS)) as u32,
            treating: group.pair.treating,
            fund: group.fund,
            care: group.care,
            cost_month: PackedKey::FIRST.plus(month.cast_signed()),
            insured: group.pair.insured,
        }
    }

    #[expect(clippy::cast_possible_truncation, reason = "the part is cut out again")]
    fn group(self) -> Group {
        let number = (self.0 >> PackedKey::MONTH_BITS) as u16 & ((1 << PackedKey::GROUP_BITS) - 1);
        Group::from_number(number).expect("Invariant: a group was packed")
    }

    /// Returns where the search for it begins, in a hash table whose length is a power of two.
    fn place(self, mask: usize) -> usize {
        usize::try_from(self.0.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32).unwrap_or(0) & mask
    }
}

/// The compared amounts of a row, or their sums, in fen. They are plain integers here: columns are added as they were
/// decoded, and a sum that overflows moves to [`Counter::full`].
type Lanes = [i64; COMPARED];

/// Indices of the amounts that most settlements have, and of the rare ones.
const USUAL: [usize; 7] = places([
    Field::medfee_sumamt,
    Field::fund_pay_sumamt,
    Field::hifp_pay,
    Field::cvlserv_pay,
    Field::maf_pay,
    Field::acct_pay,
    Field::psn_cash_pay,
]);
const RARE: [usize; 6] = places([
    Field::hifes_pay,
    Field::hifmi_pay,
    Field::hifob_pay,
    Field::hifdm_pay,
    Field::oth_pay,
    Field::hosp_part_amt,
]);

const fn places<const N: usize>(fields: [Field; N]) -> [usize; N] {
    let mut places = [0; N];
    let mut at = 0;
    while at < N {
        places[at] = amount_position(fields[at]);
        at += 1;
    }
    places
}

/// The sums of a position: one cache line, 4 + 4 + 7 · 8 = 64 bytes, aligned. An eighth usual amount would make it two.
#[derive(Debug, Clone, Copy, Default)]
#[repr(align(64))]
struct CounterSums {
    rows: i32,
    /// Index of the rare sums, from 1; 0 while there are none.
    rare: u32,
    usual: [i64; USUAL.len()],
}

/// The sums of positions: of plain rows, which are subtracted again if they are in doubt, and of settlements that clear
/// when they are settled. There is a counter for each treating province, shared by all threads: rows of a province lie
/// together in files, so a batch locks few counters.
#[derive(Debug)]
pub struct Counters(Vec<Mutex<Counter>>);

/// The positions of a treating province.
#[derive(Debug)]
struct Counter {
    /// A hash table with linear probing: a key, and the index of its sums from 1; 0 where it is free.
    table: Vec<(PackedKey, u32)>,
    sums: Vec<CounterSums>,
    rare: Vec<[i64; RARE.len()]>,
    /// The number of reversals among the rows, by index of the sums.
    reversals: FxHashMap<u32, i64>,
    /// Parts of positions that overflowed their sums. They are no longer contained in them.
    full: Vec<PartialPosition>,
}

/// The sums of a position.
#[derive(Debug, Clone, Copy)]
pub struct PositionCount {
    /// The number of rows.
    pub rows: i64,
    /// The number of reversals among them.
    pub reversals: i64,
    /// The compared amounts.
    pub amounts: Amounts<FenSum>,
}

/// A position, or a part of it, as numbers: packed key, rows, 13 amounts in fen. The parts of one key add up to it.
pub type PartialPosition = [i64; 15];

fn part(key: PackedKey, rows: i64, amounts: &Lanes) -> PartialPosition {
    let mut part = [0; 15];
    (part[0], part[1]) = (key.0.cast_signed(), rows);
    part[2..].copy_from_slice(amounts);
    part
}

/// Buffers of a thread, used again for each batch.
#[derive(Debug, Default)]
pub struct CountScratch {
    /// Row and key of each plain row, by treating province.
    rows: [Vec<(usize, PackedKey)>; 32],
    divisions: Vec<u32>,
    /// All rare amounts of each row, joined by OR: 0 if and only if the row has none.
    rare: Vec<i64>,
}

/// The columns of amounts of a batch; none where the file has no such column.
struct AmountColumns<'a> {
    amounts: [Option<&'a [i64]>; COMPARED],
    rare: &'a [i64],
}

/// Rows of a block, which are added together.
const ROWS_AT_A_TIME: usize = 64;

impl Default for Counters {
    fn default() -> Counters {
        Counters((0..32).map(|_| Mutex::new(Counter::new())).collect())
    }
}

impl Counters {
    /// Adds the plain rows of a batch.
    pub fn count<'e>(
        &self,
        batch: &Batch,
        checked: &CheckedBatch,
        rows: impl Iterator<Item = (usize, &'e Entry)>,
        scratch: &mut CountScratch,
    ) {
        let CountScratch { rows: of_province, divisions, rare } = scratch;
        batch.text(Field::insuplc_admdvs).divisions(batch.rows, divisions);
        for (row, entry) in rows.filter(|(_, entry)| entry.plain.is_some()) {
            let month = checked.month[row].expect("Invariant: a valid row has a cost month");
            let packed = PackedKey::new(divisions[row], entry.group, month);
            let treating = checked.treating[row].expect("Invariant: a valid row has provinces");
            of_province[treating.index()].push((row, packed));
        }
        let amounts =
            COMPARED_AMOUNTS.map(|field| batch.amount(field).map(|column| &column.fen[..]));
        rare.clear();
        rare.resize(batch.rows, 0);
        for column in RARE.into_iter().filter_map(|index| amounts[index]) {
            // Column by column, without a branch: this loop vectorises.
            rare.iter_mut().zip(column).for_each(|(bits, fen)| *bits |= fen);
        }
        let columns = AmountColumns { amounts, rare };
        for (counter, rows) in self.0.iter().zip(of_province) {
            if !rows.is_empty() {
                let mut counter = counter.lock().unwrap_or_else(PoisonError::into_inner);
                rows.chunks(ROWS_AT_A_TIME).for_each(|rows| counter.add(rows, &columns));
                rows.clear();
            }
        }
    }

    /// Returns all sums as parts, to be sent to another machine.
    pub fn parts(&self) -> impl Iterator<Item = PartialPosition> {
        let parts = |counter: &Mutex<Counter>| {
            let counter = counter.lock().unwrap_or_else(PoisonError::into_inner);
            counter.parts().collect::<Vec<_>>()
        };
        self.0.iter().flat_map(parts)
    }

    /// Adds a part that another machine counted.
    pub fn add_part(&self, part: &PartialPosition) {
        let [key, rows, amounts @ ..] = part;
        let key = PackedKey(key.cast_unsigned());
        self.counter_of(key).add_all(key, *rows, amounts);
    }

    /// Adds a settlement that was settled on its values (`times` is 1), or subtracts a row that was counted (−1).
    pub fn change(&self, record: &Record, facts: &Facts, times: i64) {
        // The division of a valid row has six digits.
        let division = record.text(Field::insuplc_admdvs).and_then(|code| code.parse().ok());
        let key = PackedKey::new(division.unwrap_or(0), facts.group.number(), facts.cost_month);
        let amounts = COMPARED_AMOUNTS.map(|field| record.amounts[field].fen() * times);
        let mut counter = self.counter_of(key);
        let place = counter.add_all(key, times, &amounts);
        if record.reverses().is_some() {
            *counter.reversals.entry(place).or_default() += times;
        }
    }

    /// Locks the counter of a key.
    fn counter_of(&self, key: PackedKey) -> MutexGuard<'_, Counter> {
        let counter = &self.0[key.group().pair.treating.index()];
        counter.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Ends the counting; returns all sums to be read.
    pub fn finish(self) -> AllCounted {
        let counters = self.0.into_iter();
        let counters = counters.map(|c| c.into_inner().unwrap_or_else(PoisonError::into_inner));
        let mut all = AllCounted { counters: counters.collect(), beyond: BTreeMap::new() };
        for (number, counter) in (0..).zip(&mut all.counters) {
            for [key, rows, amounts @ ..] in std::mem::take(&mut counter.full) {
                let at = counter.find(PackedKey(key.cast_unsigned()));
                let (all_rows, sums) =
                    all.beyond.entry(CounterSlot { counter: number, at }).or_default();
                *all_rows += rows;
                sums.iter_mut().zip(amounts).for_each(|(sum, fen)| *sum += Fen::new(fen).into());
            }
        }
        all
    }
}

/// The sums of all positions, when the counting has ended.
#[derive(Debug)]
pub struct AllCounted {
    counters: Vec<Counter>,
    /// Rows and amounts of positions that overflowed 64 bits, besides their sums.
    beyond: BTreeMap<CounterSlot, (i64, [FenSum; COMPARED])>,
}

/// The place of a position in [`AllCounted`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct CounterSlot {
    counter: u8,
    at: u32,
}

impl AllCounted {
    /// Returns the positions of each treating province, unsorted.
    pub fn places(&self) -> impl ParallelIterator<Item = Vec<(PackedKey, CounterSlot)>> {
        (0..self.counters.len()).into_par_iter().map(|number| {
            let counter = u8::try_from(number).expect("Invariant: there are 32 counters");
            let keys = self.counters[number].table.iter().filter(|(_, at)| *at != 0);
            keys.map(|(key, at)| (*key, CounterSlot { counter, at: at - 1 })).collect()
        })
    }

    /// Returns the sums of a position.
    pub fn at(&self, place: CounterSlot) -> PositionCount {
        let counter = &self.counters[usize::from(place.counter)];
        let (rows, amounts) = counter.at(place.at);
        let reversals = counter.reversals.get(&place.at).copied().unwrap_or(0);
        let mut rows = i64::from(rows);
        let mut amounts = amounts.map(|sum| FenSum::new(sum.into()));
        if let Some((more_rows, more)) = self.beyond.get(&place) {
            rows += more_rows;
            amounts.iter_mut().zip(more).for_each(|(sum, more)| *sum += *more);
        }
        PositionCount { rows, reversals, amounts: Amounts::from_array(amounts) }
    }
}

impl Counter {
    fn new() -> Counter {
        Counter {
            table: vec![Default::default(); 64],
            sums: Vec::new(),
            rare: Vec::new(),
            reversals: FxHashMap::default(),
            full: Vec::new(),
        }
    }

    /// Reads the rows and the amounts of the sums at an index.
    fn at(&self, place: u32) -> (i32, Lanes) {
        let CounterSums { rows, rare, usual } = &self.sums[place as usize];
        let mut amounts = [0; COMPARED];
        USUAL.into_iter().zip(usual).for_each(|(index, sum)| amounts[index] = *sum);
        if let Some(at) = rare.checked_sub(1) {
            let rare = &self.rare[at as usize];
            RARE.into_iter().zip(rare).for_each(|(index, sum)| amounts[index] = *sum);
        }
        (*rows, amounts)
    }

    /// Overwrites the rows and the amounts of the sums at an index.
    fn put(&mut self, place: u32, rows: i32, amounts: &Lanes) {
        let sums = &mut self.sums[place as usize];
        (sums.rows, sums.usual) = (rows, USUAL.map(|index| amounts[index]));
        let rare = RARE.map(|index| amounts[index]);
        if sums.rare == 0 && rare != [0; RARE.len()] {
            self.rare.push(rare);
            sums.rare = u32::try_from(self.rare.len()).expect(FEWER);
        } else if let Some(at) = sums.rare.checked_sub(1) {
            self.rare[at as usize] = rare;
        }
    }

    fn parts(&self) -> impl Iterator<Item = PartialPosition> {
        let keys = self.table.iter().filter(|(_, at)| *at != 0);
        let sums = keys.map(|(key, at)| {
            let (rows, amounts) = self.at(at - 1);
            part(*key, rows.into(), &amounts)
        });
        sums.chain(self.full.iter().copied())
    }

    /// Adds a block of rows, [`ROWS_AT_A_TIME`] at the most.
    fn add(&mut self, rows: &[(usize, PackedKey)], columns: &AmountColumns) {
        self.make_room(rows.len());
        let mask = self.table.len() - 1;
        // Prefetches the items, and below the sums: no load depends on another, so they overlap. Room was made first,
        // as a table that grows moves.
        let item = |all, (_, key): &(usize, PackedKey)| all ^ self.table[key.place(mask)].1;
        std::hint::black_box(rows.iter().fold(0, item));
        let mut places = [0; ROWS_AT_A_TIME];
        for (place, (_, key)) in places.iter_mut().zip(rows) {
            *place = self.find(*key);
        }
        let places = &places[..rows.len()];
        let sums = |all, place: &u32| all ^ self.sums[*place as usize].rows;
        std::hint::black_box(places.iter().fold(0, sums));
        for (place, (row, key)) in places.iter().zip(rows) {
            let amount = |index: usize| columns.amounts[index].map_or(0, |fen| fen[*row]);
            let sums = &mut self.sums[*place as usize];
            let (more, mut beyond) = sums.rows.overflowing_add(1);
            let mut usual = sums.usual;
            for (sum, index) in usual.iter_mut().zip(USUAL) {
                let (wider, overflow) = sum.overflowing_add(amount(index));
                (*sum, beyond) = (wider, beyond | overflow);
            }
            if beyond || columns.rare[*row] != 0 {
                self.add_all(*key, 1, &std::array::from_fn(amount));
            } else {
                (sums.rows, sums.usual) = (more, usual);
            }
        }
    }

    /// Adds any rows and amounts to a position; returns the index of its sums. Parts that overflow move to `full`.
    fn add_all(&mut self, key: PackedKey, rows: i64, amounts: &Lanes) -> u32 {
        self.make_room(1);
        let place = self.find(key);
        let (rows_before, sums) = self.at(place);
        let all_rows = i32::try_from(i64::from(rows_before).saturating_add(rows)).ok();
        let mut added = [0; COMPARED];
        let fit = added.iter_mut().zip(sums.iter().zip(amounts)).all(|(added, (sum, fen))| {
            let sum = sum.checked_add(*fen);
            *added = sum.unwrap_or(0);
            sum.is_some()
        });
        if let Some(rows) = all_rows.filter(|_| fit) {
            self.put(place, rows, &added);
        } else {
            self.full.push(part(key, rows_before.into(), &sums));
            self.full.push(part(key, rows, amounts));
            self.put(place, 0, &[0; COMPARED]);
        }
        place
    }

    /// Returns the index of the sums of a key, which are added if it is new: the table needs room for one more.
    fn find(&mut self, key: PackedKey) -> u32 {
        let at = self.item(key);
        if self.table[at].1 == 0 {
            self.sums.push(CounterSums::default());
            self.table[at] = (key, u32::try_from(self.sums.len()).expect(FEWER));
        }
        self.table[at].1 - 1
    }

    /// Returns the index of the item of a key, or of a free one for it. The table is never more than half full, so
    /// there is a free one.
    fn item(&self, key: PackedKey) -> usize {
        let mask = self.table.len() - 1;
        let mut at = key.place(mask);
        while self.table[at].1 != 0 && self.table[at].0 != key {
            at = (at + 1) & mask;
        }
        at
    }

    /// Makes the table large enough for `keys` more.
    fn make_room(&mut self, keys: usize) {
        while self.sums.len() + keys > self.table.len() / 2 {
            self.grow();
        }
    }

    fn grow(&mut self) {
        let larger = vec![Default::default(); self.table.len() * 2];
        let table = std::mem::replace(&mut self.table, larger);
        for item in table.into_iter().filter(|(_, place)| *place != 0) {
            let at = self.item(item.0);
            self.table[at] = item;
        }
    }
}

const FEWER: &str = "Invariant: a side has fewer rows than 2^32";

#[cfg(test)]
mod tests;
