//! Looks keys up in the register.

use super::{
    format::{REVERSALS, SETTLEMENTS},
    keyed_file::KeyedFile,
};
use std::collections::BTreeMap;

use arrow_array::{
    RecordBatch,
    cast::AsArray,
    types::{Decimal128Type, Int32Type},
};

use rayon::prelude::*;

use crate::{
    diag::Outcome,
    event::Monitor,
    keyed::{
        bloom::BloomFilter,
        key::Key,
        registered::{Registered, RegisteredKind},
    },
    model::{codes::Month, group::Group, money::Fen},
};

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

    /// Looks up the keys of lists, each of which is sorted; returns those that are registered, with their entries.
    pub fn find(&self, lists: &[&[Key]]) -> Outcome<BTreeMap<Key, Registered>> {
        let mut found = BTreeMap::new();
        for (earlier, file) in (0..).zip(&self.settlements) {
            file.search(lists, |key, columns, row| {
                let registered = registered(columns, row, earlier);
                let registered =
                    registered.ok_or_else(|| file.damaged(text!("column {}", "kind")))?;
                let twice = found.insert(key, registered).is_some();
                if twice {
                    Err(file.damaged(text!("a settlement of an earlier period again")))
                } else {
                    Ok(())
                }
            })?;
        }
        Ok(found)
    }

    /// Builds a Bloom filter of the keys of the newest periods: of as many as fit 1/16 of `memory`.
    pub fn filter(&self, memory: usize, monitor: &Monitor) -> Outcome<BloomFilter> {
        let bytes = memory as u64 / FOR_FILTER;
        let mut keys = 0;
        let fits = |file: &&KeyedFile| {
            keys = file.rows().saturating_add(keys);
            BloomFilter::bytes(keys) <= bytes
        };
        let files: Vec<&KeyedFile> = self.settlements.iter().rev().take_while(fits).collect();
        let filter = BloomFilter::with_capacity(files.iter().map(|file| file.rows()).sum());
        let groups = files.iter().flat_map(|file| (0..file.ranges.len()).map(move |g| (file, g)));
        groups.collect::<Vec<_>>().into_par_iter().try_for_each(|(file, group)| {
            monitor.check()?;
            file.hashes(group)?.iter().for_each(|hash| filter.add(*hash));
            Ok(())
        })?;
        Ok(filter)
    }

    /// Returns those of some sorted keys that have been reversed, sorted.
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
        kind: *RegisteredKind::ALL.get(usize::try_from(kind).ok()?)?,
        payable: Fen::new(i64::try_from(payable).ok()?),
        group: u16::try_from(group).ok().and_then(Group::from_number),
        earlier: Some(earlier),
    })
}

/// The filter may take 1/16 of the memory.
const FOR_FILTER: u64 = 16;

#[cfg(test)]
mod tests {
    use super::{
        super::format::{RegisterRows, properties, schema, write_reversals},
        *,
    };
    use crate::{
        columnar::table::{EncodedRowGroup, Encoder, HashedParquet},
        keyed::entry::RegisterMatch,
    };

    fn encode(encoder: &Encoder, listed: &[RegisterMatch]) -> Outcome<EncodedRowGroup> {
        let mut rows = RegisterRows::default();
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
                kind: RegisteredKind::ALL[usize::try_from(n % 3).expect("small")],
                payable: Fen::new(100 + n.cast_signed()),
                group: Group::from_number(u16::try_from(n % 8192).expect("small")),
                earlier: Some(0),
            };
            (key, registered)
        };
        let all: BTreeMap<Key, Registered> = (0..50_000).map(entry).collect();
        let rows: Vec<(Key, Registered)> = all.iter().map(|(key, r)| (*key, *r)).collect();
        let mut file = HashedParquet::create(folder.path(), SETTLEMENTS, &schema(), properties())
            .expect("made");
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
        let file = HashedParquet::create(folder.path(), SETTLEMENTS, &schema(), properties());
        let encoder = file.expect("made").encoder();
        let key = Key { hash: 1, check: 1 };
        let entry = Registered {
            kind: RegisteredKind::Voided,
            payable: Fen::ZERO,
            group: None,
            earlier: None,
        };
        assert!(encode(&encoder, &[(key, entry)]).is_ok());
        assert!(encode(&encoder, &[(key, entry), (key, entry)]).is_err());
    }
}
