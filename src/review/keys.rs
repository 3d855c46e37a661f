//! Which rows count: of the valid rows of a setl_id the first, and whether a reversal names it.

use std::sync::atomic::{AtomicU64, Ordering};

use rayon::prelude::*;

use crate::{
    diag::Outcome,
    event::Monitor,
    keyed::{
        key::Key,
        store::{Partitioning, Storable, Store},
    },
    model::codes::Month,
};

/// A bit for each row of all inputs.
pub struct RowBits(Vec<AtomicU64>);

impl RowBits {
    /// Makes bits that are not set.
    pub fn new(rows: u64) -> RowBits {
        let words = usize::try_from(rows.div_ceil(64)).unwrap_or(usize::MAX);
        RowBits((0..words).map(|_| AtomicU64::new(0)).collect())
    }

    fn place(&self, ordinal: u64) -> (&AtomicU64, u64) {
        let word = usize::try_from(ordinal / 64).unwrap_or(usize::MAX);
        (&self.0[word], 1 << (ordinal % 64))
    }

    /// Sets a bit; returns whether it was set before.
    pub fn set(&self, ordinal: u64) -> bool {
        let (word, bit) = self.place(ordinal);
        word.fetch_or(bit, Ordering::Relaxed) & bit != 0
    }

    /// Whether a bit is set.
    pub fn has(&self, ordinal: u64) -> bool {
        let (word, bit) = self.place(ordinal);
        word.load(Ordering::Relaxed) & bit != 0
    }
}

/// A row under the key of its setl_id, or a reversal under the key of what it names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct KeyedRow {
    /// The key.
    pub key: Key,
    /// The row.
    pub ordinal: u64,
    /// The cost month, as the number of months since year 0.
    pub month: u16,
    /// What the row is.
    pub state: KeyedState,
}

/// What a row is before other rows are looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum KeyedState {
    /// It passed the row rules, and reverses nothing.
    Valid,
    /// It passed the row rules, and reverses another one.
    Reversal,
    /// It breaks V06 alone, and reverses nothing.
    NoDisease,
    /// It breaks V06 alone, and reverses another one.
    NoDiseaseReversal,
}

impl KeyedState {
    const ALL: [KeyedState; 4] = [
        KeyedState::Valid,
        KeyedState::Reversal,
        KeyedState::NoDisease,
        KeyedState::NoDiseaseReversal,
    ];

    /// Returns the state of a row.
    pub const fn of(is_valid: bool, is_reversal: bool) -> KeyedState {
        match (is_valid, is_reversal) {
            (true, false) => KeyedState::Valid,
            (true, true) => KeyedState::Reversal,
            (false, false) => KeyedState::NoDisease,
            (false, true) => KeyedState::NoDiseaseReversal,
        }
    }

    /// Whether the row passed the row rules.
    pub const fn is_valid(self) -> bool {
        matches!(self, KeyedState::Valid | KeyedState::Reversal)
    }
}

impl Storable for KeyedRow {
    type Bytes = [u8; 23];

    fn to_bytes(self) -> [u8; 23] {
        let mut bytes = [0; 23];
        bytes[..8].copy_from_slice(&self.key.hash.to_le_bytes());
        bytes[8..12].copy_from_slice(&self.key.check.to_le_bytes());
        bytes[12..20].copy_from_slice(&self.ordinal.to_le_bytes());
        bytes[20..22].copy_from_slice(&self.month.to_le_bytes());
        bytes[22] = self.state as u8;
        bytes
    }

    fn from_bytes(bytes: &[u8; 23]) -> KeyedRow {
        let part = |from: usize| -> [u8; 8] { std::array::from_fn(|at| bytes[from + at]) };
        let four = [bytes[8], bytes[9], bytes[10], bytes[11]];
        KeyedRow {
            key: Key { hash: u64::from_le_bytes(part(0)), check: u32::from_le_bytes(four) },
            ordinal: u64::from_le_bytes(part(12)),
            month: u16::from_le_bytes([bytes[20], bytes[21]]),
            state: KeyedState::ALL[usize::from(bytes[22]) % 4],
        }
    }
}

/// The rows of all inputs by the keys of their setl_ids.
pub struct RowKeys {
    /// Every row that passed the row rules or breaks V06 alone.
    rows: Store<KeyedRow>,
    /// Every reversal among them, under the key of the settlement that it names.
    names: Store<KeyedRow>,
}

/// Which rows count.
pub struct RowStates {
    /// Rows that are not looked at: another row of their setl_id is, or they break V06 and a row that does not is there.
    pub dropped: RowBits,
    /// Settlements that a reversal names.
    pub reversed: RowBits,
    /// The settlements by cost month.
    pub months: std::collections::BTreeMap<Month, u64>,
    /// The rows that passed the row rules and are not the first of their setl_id.
    pub repeated: u64,
}

impl RowKeys {
    /// Makes empty stores for so many rows, within `bytes` of memory, with spill files in a folder.
    pub fn new(rows: u64, bytes: usize, scratch: &std::path::Path) -> RowKeys {
        let partitioning = Partitioning::for_rows(rows);
        let store =
            |items, bytes, name: &str| Store::new(partitioning, items, bytes, scratch.join(name));
        RowKeys {
            rows: store(rows, bytes / 8 * 7, "row-keys"),
            names: store(rows / 64, bytes / 8, "reversal-keys"),
        }
    }

    /// Returns how keys are cut into partitions.
    pub fn partitioning(&self) -> Partitioning {
        self.rows.partitioning()
    }

    /// Adds rows of a partition.
    pub fn push_rows(&self, partition: usize, rows: &[KeyedRow]) -> Outcome<()> {
        self.rows.push(partition, rows)
    }

    /// Adds reversals of a partition, under the keys that they name.
    pub fn push_names(&self, partition: usize, rows: &[KeyedRow]) -> Outcome<()> {
        self.names.push(partition, rows)
    }

    /// Works out which rows count, of `rows` rows.
    pub fn states(self, rows: u64, monitor: &Monitor) -> Outcome<RowStates> {
        let (dropped, reversed) = (RowBits::new(rows), RowBits::new(rows));
        let partitions = || (0..self.partitioning().count()).into_par_iter();
        let repeated: Vec<u64> = partitions()
            .map(|partition| {
                monitor.check()?;
                self.rows.visit(partition, |rows| drop_repeated(rows, &dropped))
            })
            .collect::<Outcome<_>>()?;
        let months: Vec<[u64; MONTHS]> = partitions()
            .map(|partition| {
                monitor.check()?;
                let mut named = self.names.take(partition)?;
                named.retain(|one| !dropped.has(one.ordinal));
                named.sort_unstable();
                Ok(mark_reversed(&self.rows.take(partition)?, &named, &dropped, &reversed))
            })
            .collect::<Outcome<_>>()?;
        let count = |month: usize| months.iter().map(|counts| counts[month]).sum::<u64>();
        let months = (0..MONTHS).map(|month| (month_of(month), count(month)));
        let months = months.filter(|(_, count)| *count > 0).collect();
        Ok(RowStates { dropped, reversed, months, repeated: repeated.iter().sum() })
    }
}

/// Drops rows of one partition of which another one counts; returns how many valid ones were dropped.
fn drop_repeated(rows: &[KeyedRow], dropped: &RowBits) -> u64 {
    let mut sorted = rows.to_vec();
    // Of a setl_id the valid rows come first, in their order.
    sorted.sort_unstable_by_key(|row| (row.key, !row.state.is_valid(), row.ordinal));
    let mut repeated = 0;
    for same in sorted.chunk_by(|a, b| a.key == b.key) {
        for row in &same[1..] {
            dropped.set(row.ordinal);
            repeated += u64::from(row.state.is_valid());
        }
    }
    repeated
}

/// The months of the years 2000 to 2099, which V17 allows.
const MONTHS: usize = 1200;

/// Returns the number of an allowed month.
pub fn number_of(month: Month) -> u16 {
    let number = month.since(Month::new(2000, 1));
    u16::try_from(number).expect("Invariant: V17 holds the years")
}

fn month_of(number: usize) -> Month {
    Month::new(2000, 1).plus(i32::try_from(number).unwrap_or_default())
}

/// Marks the rows of one partition that reversals name; returns the settlements by month.
fn mark_reversed(
    rows: &[KeyedRow],
    named: &[KeyedRow],
    dropped: &RowBits,
    reversed: &RowBits,
) -> [u64; MONTHS] {
    let mut months = [0; MONTHS];
    for row in rows.iter().filter(|row| !dropped.has(row.ordinal)) {
        let first = named.partition_point(|name| name.key < row.key);
        let mut names = named[first..].iter().take_while(|name| name.key == row.key);
        // A reversal that breaks V06 has not passed the row rules: it reverses no row that has.
        let is_named = names.any(|name| name.state.is_valid() || !row.state.is_valid());
        match row.state {
            KeyedState::Valid if !is_named => months[usize::from(row.month)] += 1,
            KeyedState::Valid | KeyedState::NoDisease if is_named => {
                reversed.set(row.ordinal);
            }
            _ => {}
        }
    }
    months
}

#[cfg(test)]
mod tests {
    use super::*;

    const MONTH: Month = Month::new(2025, 10);

    /// Rows as (setl_id, the id that it reverses, whether it is valid).
    fn states(rows: &[(&str, Option<&str>, bool)]) -> RowStates {
        let folder = tempfile::tempdir().expect("a folder");
        let keys = RowKeys::new(rows.len() as u64, 0, folder.path());
        for (ordinal, (setl_id, reverses, is_valid)) in (0..).zip(rows) {
            let state = KeyedState::of(*is_valid, reverses.is_some());
            let keyed =
                |id: &str| KeyedRow { key: Key::of(id), ordinal, month: number_of(MONTH), state };
            let push = |id: &str| (keys.partitioning().of(Key::of(id)), [keyed(id)]);
            let (partition, row) = push(setl_id);
            keys.push_rows(partition, &row).expect("pushed");
            if let Some(named) = reverses {
                let (partition, row) = push(named);
                keys.push_names(partition, &row).expect("pushed");
            }
        }
        keys.states(rows.len() as u64, &Monitor::silent()).expect("worked out")
    }

    fn set(bits: &RowBits, rows: u64) -> Vec<u64> {
        (0..rows).filter(|row| bits.has(*row)).collect()
    }

    #[test]
    fn of_a_setl_id_the_first_valid_row_counts() {
        let found = states(&[
            ("A", None, false),
            ("A", None, true),
            ("A", None, true),
            ("B", None, false),
            ("B", None, false),
            ("C", None, true),
        ]);
        assert_eq!(set(&found.dropped, 6), [0, 2, 4]);
        assert_eq!(found.repeated, 1);
        assert_eq!(found.months, [(MONTH, 2)].into());
    }

    #[test]
    fn what_a_reviewed_reversal_names_is_reversed() {
        let found = states(&[
            ("A", None, true),
            ("R", Some("A"), true),
            // A second row of R is not reviewed, so it reverses nothing.
            ("R", Some("B"), true),
            ("B", None, true),
            // A reversal that breaks V06 reverses no row that breaks nothing.
            ("S", Some("C"), false),
            ("C", None, true),
            ("T", Some("D"), false),
            ("D", None, false),
            // A reversal stays one, also where another one names it.
            ("U", Some("R"), true),
            ("V", Some("nowhere"), true),
        ]);
        assert_eq!(set(&found.dropped, 10), [2]);
        assert_eq!(set(&found.reversed, 10), [0, 7]);
        assert_eq!(found.months, [(MONTH, 2)].into());
    }

    #[test]
    fn a_row_comes_back_from_disk() {
        let row = KeyedRow {
            key: Key { hash: u64::MAX - 7, check: 0x0102_0304 },
            ordinal: 1 << 40,
            month: 1199,
            state: KeyedState::NoDiseaseReversal,
        };
        assert_eq!(KeyedRow::from_bytes(&row.to_bytes()), row);
    }
}
