//! The register (已清算登记): every settlement that ever cleared or was voided, by key.
//!
//! A period keeps its own part in two Parquet files, sorted by key, with the deltas of the keys packed
//! (about 14 bytes a settlement), cut into row groups at the borders of 1/512 of the keys where these
//! are large, so that a partition of a delivery reads few row groups besides its own.
//!
//! `register.parquet`: key, check (96 bits of the hash of setl_id), payable, group, kind.
//! `reversals.parquet`: key and check of each settlement that a cleared reversal reversed.

use std::{collections::BTreeMap, path::Path, sync::Arc};

use arrow_array::{
    ArrayRef, Decimal128Array, Int32Array, RecordBatch, UInt32Array, UInt64Array,
    cast::AsArray,
    types::{Decimal128Type, Int32Type},
};
use arrow_schema::{DataType, Field, Schema};
use parquet::{
    basic::{Compression, Encoding},
    file::properties::WriterProperties,
    schema::types::ColumnPath,
};

use rayon::prelude::*;

use super::keyed_file::KeyedFile;
use crate::{
    book::{familiar::Familiar, manifest::FileEntry, staging::Staging},
    codes::Month,
    diag::{Failure, Outcome},
    event::Monitor,
    ingest::record::Group,
    money::{Fen, FenSum},
    reconcile::{
        build::Stores,
        index::{Cleared, Key, Keyed, Listed},
        proof::Proof,
        settle::Tally,
        store::{Partitioning, Store, Stored},
    },
    statement::table::{Encoder, ParquetFile, RowGroup, reproducible},
};

/// File names below a period's folder.
const SETTLEMENTS: &str = "register.parquet";
const REVERSALS: &str = "reversals.parquet";
/// A row group ends at the border of a partition once it has this many rows.
const GROUP_ROWS: usize = 16 * 1024;

/// What the register knows of a settlement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Registered {
    /// What it is.
    pub kind: Kind,
    /// What was owed, in fen; 0 when voided.
    pub payable: Fen,
    /// Who owed whom, from which fund, for what; none when voided.
    pub group: Option<Group>,
    /// Which of the earlier periods holds it, the oldest is 0; none when this one will.
    pub earlier: Option<u16>,
}

/// What a registered settlement is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A normal settlement that cleared.
    Settlement,
    /// A reversal that cleared.
    Reversal,
    /// Given up by decision.
    Voided,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Kind; 3] = [Kind::Settlement, Kind::Reversal, Kind::Voided];
}

fn schema() -> Arc<Schema> {
    Arc::new(Schema::new(vec![
        Field::new("key", DataType::UInt64, false),
        Field::new("check", DataType::UInt32, false),
        Field::new("payable", DataType::Decimal128(16, 2), false),
        Field::new("group", DataType::Int32, false),
        Field::new("kind", DataType::Int32, false),
    ]))
}

fn properties() -> WriterProperties {
    let mut properties = reproducible().set_compression(Compression::UNCOMPRESSED);
    for (column, encoding) in [
        ("key", Encoding::DELTA_BINARY_PACKED),
        ("check", Encoding::PLAIN),
        ("payable", Encoding::DELTA_BINARY_PACKED),
    ] {
        properties = properties
            .set_column_dictionary_enabled(ColumnPath::from(column), false)
            .set_column_encoding(ColumnPath::from(column), encoding);
    }
    properties.build()
}

/// Rows of the register, column by column.
#[derive(Default)]
struct Rows {
    keys: Vec<u64>,
    checks: Vec<u32>,
    payables: Vec<FenSum>,
    groups: Vec<i32>,
    kinds: Vec<i32>,
}

impl Rows {
    fn push(&mut self, key: Key, payable: Fen, group: Option<u16>, kind: Kind) {
        self.keys.push(key.hash);
        self.checks.push(key.check);
        self.payables.push(payable.into());
        self.groups.push(group.map_or(-1, i32::from));
        self.kinds.push(kind as i32);
    }

    fn push_listed(&mut self, (key, registered): &Listed) {
        let Registered { kind, payable, group, .. } = registered;
        self.push(*key, *payable, group.map(Group::number), *kind);
    }

    /// A row group of settlements in the order of their keys.
    fn encode(self, encoder: &Encoder) -> Outcome<RowGroup> {
        let keys = self.keys.iter().zip(&self.checks);
        Failure::unless(keys.is_sorted_by(|a, b| a < b), || {
            "register: a settlement twice".to_owned()
        })?;
        let payables = Decimal128Array::from(self.payables).with_precision_and_scale(16, 2);
        let columns: Vec<ArrayRef> = vec![
            Arc::new(UInt64Array::from(self.keys)),
            Arc::new(UInt32Array::from(self.checks)),
            Arc::new(payables.map_err(bug)?),
            Arc::new(Int32Array::from(self.groups)),
            Arc::new(Int32Array::from(self.kinds)),
        ];
        encoder.encode(&columns)
    }
}

fn bug(error: impl std::fmt::Display) -> Failure {
    Failure::Bug(format!("register: {error}"))
}

/// Writes everything that a period registers: what cleared by itself, the settled rest, the voided.
pub fn write_register(
    staging: &Staging,
    stores: &Stores,
    tally: &Tally,
    proof: &Proof,
) -> Outcome<FileEntry> {
    let rows = Registering { cleared: &stores.cleared, settled: &stores.settled };
    let mut file = ParquetFile::create(&staging.period(), SETTLEMENTS, &schema(), properties())?;
    let encoder = file.encoder();
    let payables = file.append_all(&rows.groups()?, |borders| {
        let rows = rows.between(*borders)?;
        let payable: FenSum = rows.payables.iter().sum();
        Ok((rows.encode(&encoder)?, payable))
    })?;
    let payable: FenSum = payables.into_iter().sum();
    let mut owed = proof.plain[0];
    owed += tally.cleared;
    Failure::unless(payable == owed.payable, || {
        format!("the register holds {payable} fen of {}", owed.payable)
    })?;
    let written = file.close()?;
    let expected = owed.rows.cast_unsigned() + tally.voided;
    Failure::unless(written.rows == expected, || {
        format!("the register has {} rows, {expected} were expected", written.rows)
    })?;
    Ok(written)
}

/// What is to be registered: what cleared by itself, in the order of keys, and what was settled, in none.
struct Registering<'a> {
    cleared: &'a Store<Cleared>,
    settled: &'a Store<Listed>,
}

/// First and last hash of a row group.
type Borders = (u64, u64);

impl Registering<'_> {
    /// Where row groups begin and end: at borders of 1/512 of the keys, once there are enough rows.
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

    /// What is to be registered of a range, in order.
    fn between(&self, borders: Borders) -> Outcome<Rows> {
        let settled = self.settled_between(borders)?;
        let mut settled = settled.iter().peekable();
        let mut rows = Rows::default();
        visit(self.cleared, borders, |cleared| {
            for entry in within(cleared, borders.0, borders.1) {
                let key = entry.key();
                while let Some(before) = settled.next_if(|(settled, _)| *settled < key) {
                    rows.push_listed(before);
                }
                rows.push(key, entry.payable().into(), Some(entry.group()), Kind::Settlement);
            }
        })?;
        settled.for_each(|listed| rows.push_listed(listed));
        Ok(rows)
    }

    /// What was settled of a range, in order.
    fn settled_between(&self, (first, last): Borders) -> Outcome<Vec<Listed>> {
        let mut settled: Vec<Listed> = Vec::new();
        visit(self.settled, (first, last), |some| {
            let is_within = |(key, _): &&Listed| (first..=last).contains(&key.hash);
            settled.extend(some.iter().filter(is_within).copied());
        })?;
        settled.sort_unstable_by_key(|(key, _)| *key);
        Ok(settled)
    }
}

/// Shows the partitions of a store that hold keys of a range.
fn visit<T: Stored>(
    store: &Store<T>,
    (first, last): Borders,
    mut look: impl FnMut(&[T]),
) -> Outcome<()> {
    let of = |hash| store.partitioning().of(Key { hash, check: 0 });
    (of(first)..=of(last)).try_for_each(|partition| store.visit(partition, &mut look))
}

/// Writes the settlements that this period's cleared reversals reversed.
pub fn write_reversals(folder: &Path, originals: &[Key]) -> Outcome<FileEntry> {
    Failure::unless(originals.is_sorted_by(|a, b| a < b), || "a reversal twice".to_owned())?;
    let schema = Arc::new(Schema::new(schema().fields()[..2].to_vec()));
    let mut file = ParquetFile::create(folder, REVERSALS, &schema, properties())?;
    let columns: Vec<ArrayRef> = vec![
        Arc::new(originals.iter().map(|key| Some(key.hash)).collect::<UInt64Array>()),
        Arc::new(originals.iter().map(|key| Some(key.check)).collect::<UInt32Array>()),
    ];
    if !originals.is_empty() {
        file.append(file.encoder().encode(&columns)?)?;
    }
    file.close()
}

/// The register of every earlier period.
pub struct Register {
    settlements: Vec<KeyedFile>,
    reversals: Vec<KeyedFile>,
}

impl Register {
    /// Opens the register files of closed periods.
    pub fn open(folders: &[(Month, std::path::PathBuf)]) -> Outcome<Register> {
        let open = |name: &str| -> Outcome<Vec<KeyedFile>> {
            folders.iter().map(|(_, folder)| KeyedFile::open(&folder.join(name))).collect()
        };
        Ok(Register { settlements: open(SETTLEMENTS)?, reversals: open(REVERSALS)? })
    }

    /// Whether there are no earlier periods.
    pub fn is_empty(&self) -> bool {
        self.settlements.is_empty()
    }

    /// Which keys of some lists, each in order, are registered, and how.
    pub fn find(&self, lists: &[&[Key]]) -> Outcome<BTreeMap<Key, Registered>> {
        let mut found = BTreeMap::new();
        for (earlier, file) in (0..).zip(&self.settlements) {
            file.search(lists, |key, columns, row| {
                let registered = registered(columns, row, earlier);
                let registered = registered.ok_or_else(|| file.damaged("kind"))?;
                let twice = found.insert(key, registered).is_some();
                if twice {
                    Err(file.damaged("a settlement of an earlier period again"))
                } else {
                    Ok(())
                }
            })?;
        }
        Ok(found)
    }

    /// Which keys the newest periods may hold: of as many periods as a part of some bytes of memory has
    /// room for.
    pub fn familiar(&self, memory: usize, monitor: &Monitor) -> Outcome<Familiar> {
        let bytes = memory as u64 / FOR_FAMILIAR;
        let mut keys = 0;
        let fits = |file: &&KeyedFile| {
            keys = file.rows().saturating_add(keys);
            Familiar::bytes(keys) <= bytes
        };
        let files: Vec<&KeyedFile> = self.settlements.iter().rev().take_while(fits).collect();
        let familiar = Familiar::with_room(files.iter().map(|file| file.rows()).sum());
        let groups = files.iter().flat_map(|file| (0..file.ranges.len()).map(move |g| (file, g)));
        groups.collect::<Vec<_>>().into_par_iter().try_for_each(|(file, group)| {
            monitor.check()?;
            file.hashes(group)?.iter().for_each(|hash| familiar.add(*hash));
            Ok(())
        })?;
        Ok(familiar)
    }

    /// Which of some keys, in order, have been reversed.
    pub fn reversed(&self, keys: &[Key]) -> Outcome<Vec<Key>> {
        let mut found = Vec::new();
        for file in &self.reversals {
            file.search(&[keys], |key, _, _| {
                found.push(key);
                Ok(())
            })?;
        }
        found.sort_unstable();
        Ok(found)
    }
}

fn registered(columns: &RecordBatch, row: usize, earlier: u16) -> Option<Registered> {
    let payable = columns.column(2).as_primitive_opt::<Decimal128Type>()?.value(row);
    let group = columns.column(3).as_primitive_opt::<Int32Type>()?.value(row);
    let kind = columns.column(4).as_primitive_opt::<Int32Type>()?.value(row);
    Some(Registered {
        kind: *Kind::ALL.get(usize::try_from(kind).ok()?)?,
        payable: Fen::try_from(payable).ok()?,
        group: u16::try_from(group).ok().and_then(Group::from_number),
        earlier: Some(earlier),
    })
}

/// One of so many bytes of memory is for the keys of earlier periods.
const FOR_FAMILIAR: u64 = 16;

/// The part of a list, which is in order, between two hashes.
pub(super) fn within<K: Keyed>(list: &[K], first: u64, last: u64) -> &[K] {
    let start = list.partition_point(|keyed| keyed.key().hash < first);
    let end = list.partition_point(|keyed| keyed.key().hash <= last);
    &list[start..end.max(start)]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encode(encoder: &Encoder, listed: &[Listed]) -> Outcome<RowGroup> {
        let mut rows = Rows::default();
        for one in listed {
            rows.push_listed(one);
        }
        rows.encode(encoder)
    }

    #[test]
    fn what_is_registered_is_found_again() {
        let folder = tempfile::tempdir().expect("a folder");
        let entry = |n: u64| {
            let key = Key { hash: n.wrapping_mul(0x9e37_79b9_7f4a_7c15), check: 7 };
            let registered = Registered {
                kind: Kind::ALL[usize::try_from(n % 3).expect("small")],
                payable: 100 + n.cast_signed(),
                group: Group::from_number(u16::try_from(n % 8192).expect("small")),
                earlier: Some(0),
            };
            (key, registered)
        };
        let all: BTreeMap<Key, Registered> = (0..50_000).map(entry).collect();
        let rows: Vec<(Key, Registered)> = all.iter().map(|(key, r)| (*key, *r)).collect();
        let mut file =
            ParquetFile::create(folder.path(), SETTLEMENTS, &schema(), properties()).expect("made");
        let encoder = file.encoder();
        let parts: Vec<&[(Key, Registered)]> = rows.chunks(20_000).collect();
        file.append_all(&parts, |part| Ok((encode(&encoder, part)?, ()))).expect("written");
        assert_eq!(file.close().expect("closed").rows, 50_000);
        let reversed: Vec<Key> = all.keys().copied().step_by(100).collect();
        write_reversals(folder.path(), &reversed).expect("written");

        let folders = [(Month::new(2025, 1), folder.path().to_owned())];
        let register = Register::open(&folders).expect("opened");
        let mut wanted: Vec<Key> = all.keys().copied().step_by(7).collect();
        wanted.extend(wanted.clone().into_iter().map(|key| Key { check: 8, ..key }));
        wanted.sort_unstable();
        let found = register.find(&[&wanted[..]]).expect("searched");
        let expected: BTreeMap<Key, Registered> =
            all.iter().step_by(7).map(|(key, r)| (*key, *r)).collect();
        assert_eq!(found, expected);
        assert_eq!(register.reversed(&reversed).expect("searched"), reversed);
        assert!(register.reversed(&[]).expect("searched").is_empty());
    }

    #[test]
    fn a_key_twice_is_our_fault() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = ParquetFile::create(folder.path(), SETTLEMENTS, &schema(), properties());
        let encoder = file.expect("made").encoder();
        let key = Key { hash: 1, check: 1 };
        let entry = Registered { kind: Kind::Voided, payable: 0, group: None, earlier: None };
        assert!(encode(&encoder, &[(key, entry)]).is_ok());
        assert!(encode(&encoder, &[(key, entry), (key, entry)]).is_err());
    }
}
