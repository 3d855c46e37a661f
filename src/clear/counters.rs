//! Counts plain rows into positions while they are read.
//!
//! A national month has nearly a million positions, and each row of the treating side goes into one that is
//! far from the processor. So what a row touches is kept small: a table of keys, and of each position one
//! line of a processor's cache, with the amounts that most settlements have; the others lie apart. Many
//! rows are looked up together, each step for all of them, so that the memory answers to many at a time.

use std::sync::{Mutex, PoisonError};

use rayon::prelude::*;

use super::positions::PositionKey;
use crate::{
    codes::Month,
    contract::fields::{Field, amount},
    ingest::{batch::Batch, record::Group, rows::Checked},
    money::Fen,
    reconcile::index::Entry,
};

/// A key in 64 bits: division, group, lateness.
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
        usize::try_from(self.0.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32).unwrap_or(0) & mask
    }
}

/// The 13 amounts of a row, or their sums, in fen.
type Amounts = [Fen; 13];

/// The amounts that most settlements have, and the others.
const USUAL: [usize; 7] = [amount::MEDFEE, amount::FUND, 2, 3, 8, amount::ACCOUNT, amount::CASH];
const RARE: [usize; 6] = [4, 5, 6, 7, 9, amount::HOSPITAL];

/// The sums of a position in 64 bits each: one line of a processor's cache.
#[derive(Debug, Clone, Copy, Default)]
#[repr(align(64))]
struct Sums {
    rows: u32,
    /// Position of the rare sums, from 1; 0 while there are none.
    rare: u32,
    usual: [Fen; USUAL.len()],
}

/// Adds up plain rows: those that clear unless the match says otherwise. One for each treating province,
/// shared by the threads: what a province sends lies together.
#[derive(Debug)]
pub struct Counters(Vec<Mutex<Counter>>);

/// The positions of a treating province.
#[derive(Debug)]
struct Counter {
    /// An open table: a key, and the position of its sums from 1; 0 where it is free.
    table: Vec<(Packed, u32)>,
    sums: Vec<Sums>,
    rare: Vec<[Fen; RARE.len()]>,
    /// Parts of positions that are complete: of sums that went beyond 64 bits, of other machines.
    full: Vec<Part>,
}

/// A position, or a part of it, in numbers: its key, its rows, its 13 amounts in fen. Those of one key add up as
/// long as every number fits.
pub type Part = [i64; 15];

fn part(key: Packed, rows: i64, amounts: &Amounts) -> Part {
    let mut part = [0; 15];
    (part[0], part[1]) = (key.0.cast_signed(), rows);
    part[2..].copy_from_slice(amounts);
    part
}

/// What a thread needs to count a batch.
#[derive(Debug, Default)]
pub struct CountScratch {
    /// Row and key of each plain row, by treating province.
    rows: [Vec<(usize, Packed)>; 32],
    divisions: Vec<u32>,
    /// The bits of the rare amounts of each row.
    rare: Vec<Fen>,
}

/// The amounts of a batch, as far as it has them.
struct Columns<'a> {
    amounts: [Option<&'a [Fen]>; 13],
    rare: &'a [Fen],
}

/// Rows that are looked up together.
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
        checked: &Checked,
        rows: impl Iterator<Item = (usize, &'e Entry)>,
        period: Month,
        scratch: &mut CountScratch,
    ) {
        let CountScratch { rows: of_province, divisions, rare } = scratch;
        batch.text(Field::insuplc_admdvs).divisions(batch.rows, divisions);
        for (row, entry) in rows.filter(|(_, entry)| entry.plain) {
            let lateness = checked.month[row].map_or(0, |month| period.since(month));
            let lateness = u16::try_from(lateness).expect("Invariant: the limit fits 16 bits");
            let packed = Packed::new(divisions[row], entry.group, lateness);
            let treating = checked.treating[row].expect("Invariant: a valid row has provinces");
            of_province[treating.index()].push((row, packed));
        }
        let amounts =
            std::array::from_fn(|index| batch.amount(index).map(|column| &column.fen[..]));
        rare.clear();
        rare.resize(batch.rows, 0);
        for column in RARE.into_iter().filter_map(|index| amounts[index]) {
            rare.iter_mut().zip(column).for_each(|(bits, fen)| *bits |= fen);
        }
        let columns = Columns { amounts, rare };
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
        let parts = |counter: &Mutex<Counter>| {
            let counter = counter.lock().unwrap_or_else(PoisonError::into_inner);
            counter.parts().collect::<Vec<_>>()
        };
        self.0.iter().flat_map(parts)
    }

    /// Takes what another machine counted.
    pub fn take(&mut self, part: &Part) {
        self.0[0].get_mut().unwrap_or_else(PoisonError::into_inner).full.push(*part);
    }

    /// All positions of a period, or parts of them, with rows and amounts, in order.
    pub fn in_order(self, period: Month) -> impl Iterator<Item = (PositionKey, i64, Amounts)> {
        let counters: Vec<Counter> = self
            .0
            .into_iter()
            .map(|counter| counter.into_inner().unwrap_or_else(PoisonError::into_inner))
            .collect();
        let keyed = |(at, (key, place)): (usize, (Packed, Place))| (key.unpack(period), at, place);
        let mut order: Vec<(PositionKey, usize, Place)> = counters
            .iter()
            .enumerate()
            .flat_map(|(at, counter)| counter.places().map(move |place| (at, place)))
            .map(keyed)
            .collect();
        order.par_sort_unstable_by_key(|(key, ..)| *key);
        order.into_iter().map(move |(key, at, place)| {
            let (rows, amounts) = counters[at].at(place);
            (key, rows, amounts)
        })
    }
}

/// Where a position, or a part of it, is in a counter.
#[derive(Debug, Clone, Copy)]
enum Place {
    Sums(u32),
    Full(usize),
}

impl Counter {
    fn new() -> Counter {
        Counter {
            table: vec![Default::default(); 64],
            sums: Vec::new(),
            rare: Vec::new(),
            full: Vec::new(),
        }
    }

    /// The keys and places of all positions and parts.
    fn places(&self) -> impl Iterator<Item = (Packed, Place)> {
        let sums = self.table.iter().filter(|(_, at)| *at != 0);
        let sums = sums.map(|(key, at)| (*key, Place::Sums(at - 1)));
        let full = self.full.iter().enumerate();
        sums.chain(full.map(|(at, part)| (Packed(part[0].cast_unsigned()), Place::Full(at))))
    }

    /// The rows and the amounts of a position.
    fn at(&self, place: Place) -> (i64, Amounts) {
        match place {
            Place::Full(at) => {
                let [_, rows, amounts @ ..] = self.full[at];
                (rows, amounts)
            }
            Place::Sums(at) => {
                let Sums { rows, rare, usual } = &self.sums[at as usize];
                let mut amounts = [0; 13];
                USUAL.into_iter().zip(usual).for_each(|(index, sum)| amounts[index] = *sum);
                if let Some(at) = rare.checked_sub(1) {
                    let rare = &self.rare[at as usize];
                    RARE.into_iter().zip(rare).for_each(|(index, sum)| amounts[index] = *sum);
                }
                (i64::from(*rows), amounts)
            }
        }
    }

    fn parts(&self) -> impl Iterator<Item = Part> {
        self.places().map(|(key, place)| {
            let (rows, amounts) = self.at(place);
            part(key, rows, &amounts)
        })
    }

    /// Adds up to so many rows.
    fn add(&mut self, rows: &[(usize, Packed)], columns: &Columns) {
        while self.sums.len() + rows.len() > self.table.len() / 2 {
            self.grow();
        }
        let mask = self.table.len() - 1;
        let near = |all, (_, key): &(usize, Packed)| all ^ self.table[key.place(mask)].1;
        std::hint::black_box(rows.iter().fold(0, near));
        let mut places = [0; ROWS_AT_A_TIME];
        for (place, (_, key)) in places.iter_mut().zip(rows) {
            *place = self.find(*key);
        }
        let places = &places[..rows.len()];
        let near = |all, place: &usize| all ^ self.sums[*place].rows;
        std::hint::black_box(places.iter().fold(0, near));
        for (place, (row, key)) in places.iter().zip(rows) {
            let amount = |index: usize| columns.amounts[index].map_or(0, |fen| fen[*row]);
            let sums = &mut self.sums[*place];
            let mut beyond = false;
            let mut usual = sums.usual;
            for (sum, index) in usual.iter_mut().zip(USUAL) {
                let (wider, overflow) = sum.overflowing_add(amount(index));
                (*sum, beyond) = (wider, beyond | overflow);
            }
            if beyond || columns.rare[*row] != 0 {
                self.add_all(*place, *key, std::array::from_fn(amount));
            } else {
                sums.rows += 1;
                sums.usual = usual;
            }
        }
    }

    /// Adds a row with rare amounts, or to sums that go beyond their bits.
    fn add_all(&mut self, place: usize, key: Packed, amounts: Amounts) {
        let (rows, sums) = self.at(Place::Sums(u32::try_from(place).expect(FEWER)));
        let both = || sums.iter().zip(amounts);
        let added: Option<Vec<Fen>> = both().map(|(sum, fen)| sum.checked_add(fen)).collect();
        let (rows, sums) = if let Some(added) = added {
            let rows = u32::try_from(rows + 1).expect(FEWER);
            (rows, std::array::from_fn(|index| added[index]))
        } else {
            self.full.push(part(key, rows, &sums));
            (1, amounts)
        };
        let of_position = &mut self.sums[place];
        if of_position.rare == 0 {
            self.rare.push([0; RARE.len()]);
            of_position.rare = u32::try_from(self.rare.len()).expect(FEWER);
        }
        (of_position.rows, of_position.usual) = (rows, USUAL.map(|index| sums[index]));
        self.rare[of_position.rare as usize - 1] = RARE.map(|index| sums[index]);
    }

    /// Where the sums of a key are; there is room for one more.
    fn find(&mut self, key: Packed) -> usize {
        let at = self.item(key);
        if self.table[at].1 == 0 {
            self.sums.push(Sums::default());
            self.table[at] = (key, u32::try_from(self.sums.len()).expect(FEWER));
        }
        self.table[at].1 as usize - 1
    }

    /// The item of a key, or a free one for it.
    fn item(&self, key: Packed) -> usize {
        let mask = self.table.len() - 1;
        let mut at = key.place(mask);
        while self.table[at].1 != 0 && self.table[at].0 != key {
            at = (at + 1) & mask;
        }
        at
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
mod tests {
    use super::*;
    use crate::{
        clear::positions::{PositionSums, Positions},
        money::{FEN_LIMIT, FenSum},
        rules::Rules,
    };

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
        let columns = Columns { amounts: [Some(&fen); 13], rare: &fen };
        for rows in rows.chunks(ROWS_AT_A_TIME) {
            counters.0[0].lock().expect("alone").add(rows, &columns);
        }
        let positions = Positions::counted(counters, policy, period);
        let rows = i64::try_from(ROWS).expect("few");
        let sum = FenSum::from(FEN_LIMIT - 1) * FenSum::from(rows);
        let found: Vec<_> = positions.iter().collect();
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].0.insuplc_admdvs, found[0].0.cost_month), (340_100, period.plus(-1)));
        // Eight funds and the account are payable.
        let expected = PositionSums { rows, visits: rows, amounts: [sum; 13], payable: 9 * sum };
        assert_eq!(*found[0].1, expected);
    }

    #[test]
    fn parts_are_what_was_counted() {
        let period = Month::new(2025, 10);
        let columns: Vec<Vec<Fen>> = (0..13).map(|index| vec![index, 0, 100 * index]).collect();
        let rare = [1, 0, 1];
        let counters = Counters::default();
        {
            let amounts = std::array::from_fn(|index| Some(&columns[index][..]));
            let mut counter = counters.0[3].lock().expect("alone");
            // Enough keys for the table to grow, each three times.
            for division in 110_000..110_500 {
                let key = Packed::new(division, 77, 2);
                let columns = Columns { amounts, rare: &rare };
                counter.add(&[(0, key), (1, key), (2, key)], &columns);
            }
        }
        let expected: Amounts = std::array::from_fn(|index| 101 * columns[index][0]);
        let mut others = Counters::default();
        assert_eq!(counters.parts().count(), 500);
        counters.parts().for_each(|part| others.take(&part));
        for counters in [counters, others] {
            let all: Vec<_> = counters.in_order(period).collect();
            assert_eq!(all.len(), 500);
            for ((key, rows, amounts), division) in all.into_iter().zip(110_000..) {
                assert_eq!((key.insuplc_admdvs, key.cost_month), (division, period.plus(-2)));
                assert_eq!((rows, amounts), (3, expected));
            }
        }
    }

    #[test]
    fn every_amount_is_usual_or_rare() {
        let mut all = [USUAL.as_slice(), &RARE].concat();
        all.sort_unstable();
        assert_eq!(all, (0..13).collect::<Vec<_>>());
    }
}
