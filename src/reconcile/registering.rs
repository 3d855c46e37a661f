//! Writes a period's part of the register.

use super::{build::Stores, proof::Proof, tally::DoubtTally};
use crate::{
    columnar::{entry::FileEntry, table::HashedParquet},
    diag::{Failure, Outcome},
    keyed::{
        entry::{Cleared, RegisterMatch},
        key::{Key, Keyed, within},
        registered::RegisteredKind,
        store::{Partitioning, Storable, Store},
    },
    model::money::{Fen, FenSum},
    place::staging::Staging,
    register::format::{RegisterRows, SETTLEMENTS, properties, schema},
};

/// A row group ends at the border of a partition once it has this many rows.
const GROUP_ROWS: usize = 16 * 1024;

/// Writes the register of a period: settlements that cleared in the match, those that were settled, the voided ones.
pub fn write_register(
    staging: &Staging,
    stores: &Stores,
    tally: &DoubtTally,
    proof: &Proof,
) -> Outcome<FileEntry> {
    let rows = Registering { cleared: &stores.cleared, settled: &stores.settled };
    let mut file = HashedParquet::create(&staging.period(), SETTLEMENTS, &schema(), properties())?;
    let encoder = file.encoder();
    let payables = file.append_all(&rows.groups()?, |borders| {
        let rows = rows.between(*borders)?;
        let payable: FenSum = rows.payables.iter().sum();
        Ok((rows.encode(&encoder)?, payable))
    })?;
    let payable: FenSum = payables.into_iter().sum();
    let owed = proof.cleared(tally);
    Failure::unless(payable == owed.payable, || {
        text!("the register holds {} fen of {}", payable.fen(), owed.payable.fen())
    })?;
    let written = file.close()?;
    let expected = owed.rows.cast_unsigned() + tally.voided;
    Failure::unless(written.rows == expected, || {
        text!("the register has {} rows, {} were expected", written.rows, expected)
    })?;
    Ok(written)
}

/// The settlements to be registered: those that cleared in the match, sorted by key, and those that were settled,
/// unsorted.
struct Registering<'a> {
    cleared: &'a Store<Cleared>,
    settled: &'a Store<RegisterMatch>,
}

/// First and last hash of a row group.
type Borders = (u64, u64);

impl Registering<'_> {
    /// Returns the borders of row groups: multiples of 1/512 of the range of hashes, once there are enough rows.
    fn groups(&self) -> Outcome<Vec<Borders>> {
        let mut groups = Vec::new();
        let (mut first, mut rows) = (0, 0);
        let parts = Partitioning::for_rows(u64::MAX);
        for part in 0..parts.count() {
            let (start, end) = parts.range(part);
            rows += self.settled_between((start, end))?.len();
            visit(self.cleared, (start, end), |cleared| {
                rows += within(cleared, start, end).len();
            })?;
            let is_last = part + 1 == parts.count();
            if rows >= GROUP_ROWS || (is_last && rows > 0) {
                groups.push((first, end));
                (first, rows) = (end.wrapping_add(1), 0);
            }
        }
        Ok(groups)
    }

    /// Returns the rows of a range, sorted by key.
    fn between(&self, borders: Borders) -> Outcome<RegisterRows> {
        let settled = self.settled_between(borders)?;
        let mut settled = settled.iter().peekable();
        let mut rows = RegisterRows::default();
        visit(self.cleared, borders, |cleared| {
            for entry in within(cleared, borders.0, borders.1) {
                let key = entry.key();
                while let Some(before) = settled.next_if(|(settled, _)| *settled < key) {
                    rows.push_listed(before);
                }
                rows.push(
                    key,
                    Fen::new(entry.payable().into()),
                    Some(entry.group()),
                    RegisteredKind::Settlement,
                );
            }
        })?;
        settled.for_each(|listed| rows.push_listed(listed));
        Ok(rows)
    }

    /// Returns the settled part of a range, sorted by key.
    fn settled_between(&self, (first, last): Borders) -> Outcome<Vec<RegisterMatch>> {
        let mut settled: Vec<RegisterMatch> = Vec::new();
        visit(self.settled, (first, last), |some| {
            let is_within = |(key, _): &&RegisterMatch| (first..=last).contains(&key.hash);
            settled.extend(some.iter().filter(is_within).copied());
        })?;
        settled.sort_unstable_by_key(|(key, _)| *key);
        Ok(settled)
    }
}

/// Visits the partitions of a store that hold keys of a range.
fn visit<T: Storable>(
    store: &Store<T>,
    (first, last): Borders,
    mut look: impl FnMut(&[T]),
) -> Outcome<()> {
    let of = |hash| store.partitioning().of(Key { hash, check: 0 });
    (of(first)..=of(last)).try_for_each(|partition| store.visit(partition, &mut look))
}
