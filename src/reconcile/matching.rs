//! The match: entries of one key partition, both sides, sorted and merged.
//!
//! A settlement clears here and now when nothing but its two copies decides about it: one entry on each
//! side, both plain, equal fingerprints, no open item, no decision, not in the register. Every other
//! key is doubtful: its rows are read again and settled on their values (`settle`).

use std::collections::BTreeMap;

use rayon::prelude::*;

use super::{
    breaks::SideCopy,
    build::Index,
    decisions::Decisions,
    index::{Entry, Key, Keyed},
};
use crate::{
    book::register::{Kind, Register, Registered},
    codes::Side,
    contract::delivery::Delivery,
    diag::{Failure, Outcome},
    event::Monitor,
    ingest::{
        fetch::fetch,
        record::{Group, Record},
        survey::Setting,
    },
};

/// Hashes of the keys about which an open item or a decision says something, in order.
pub fn watched(open_items: &[SideCopy], decisions: &Decisions) -> Vec<u64> {
    let ids = open_items.iter().map(|copy| copy.record.setl_id()).chain(decisions.settlements());
    let mut hashes: Vec<u64> = ids.map(|setl_id| Key::of(setl_id).hash).collect();
    hashes.sort_unstable();
    hashes.dedup();
    hashes
}

/// What the match of all partitions says.
#[derive(Debug, Default)]
pub struct AllMatched {
    /// Settlements that cleared by themselves.
    pub cleared: i64,
    /// Their payable on each side, in fen.
    pub payable: [i128; 2],
    /// Ordinals of the doubtful rows of each side, in order.
    pub doubtful: [Vec<u32>; 2],
    /// The keys of this delivery that are in the register.
    pub registered: BTreeMap<Key, Registered>,
}

/// A partition's match, its registered keys, how many settlements cleared.
type PartitionMatch = (Matched, BTreeMap<Key, Registered>, i64);

/// Matches every partition; the cleared entries take the place of the treating side's.
pub fn match_index(
    index: &Index,
    register: &Register,
    watched: &[u64],
    monitor: &Monitor,
) -> Outcome<AllMatched> {
    let partitioning = index.stores[0].partitioning();
    let partitions: Vec<Outcome<PartitionMatch>> = (0..partitioning.count())
        .into_par_iter()
        .map(|partition| {
            monitor.check()?;
            let mut treating = index.stores[0].take(partition)?;
            let mut insured = index.stores[1].take(partition)?;
            treating.sort_unstable();
            insured.sort_unstable();
            let registered = register.find(&[&treating[..], &insured[..]])?;
            let (first, last) = partitioning.range(partition);
            let start = watched.partition_point(|hash| *hash < first);
            let end = watched.partition_point(|hash| *hash <= last);
            let keys: Vec<Key> = registered.keys().copied().collect();
            let mut matched = match_partition(&treating, &insured, &watched[start..end], &keys);
            let cleared = std::mem::take(&mut matched.cleared);
            let count = i64::try_from(cleared.len()).unwrap_or(i64::MAX);
            index.stores[0].put(partition, cleared)?;
            Ok((matched, registered, count))
        })
        .collect();
    let mut all = AllMatched::default();
    for partition in partitions {
        let (matched, registered, cleared) = partition?;
        all.cleared += cleared;
        for side in Side::BOTH.map(Side::index) {
            all.payable[side] += matched.payable[side];
            all.doubtful[side].extend(&matched.doubtful[side]);
        }
        all.registered.extend(registered);
    }
    all.doubtful.iter_mut().for_each(|ordinals| ordinals.sort_unstable());
    Ok(all)
}

/// Reads the rows that the match could not decide on.
pub fn read_doubtful(
    delivery: &Delivery,
    matched: &AllMatched,
    setting: Setting,
) -> Outcome<Vec<SideCopy>> {
    let Setting { policy, period, int96, monitor } = setting;
    let rows: usize = matched.doubtful.iter().map(Vec::len).sum();
    monitor.stage("reading breaks", rows as u64)?;
    let mut copies = Vec::with_capacity(rows);
    for side in Side::BOTH {
        let copy = |ordinal, record: Record| {
            let facts = record.facts(policy, period).ok_or_else(|| {
                Failure::Bug(format!("a valid row of the {} side has no class", side.name()))
            })?;
            let ordinal = Some(ordinal);
            Ok(SideCopy { side, ordinal, first_period: period, record, facts })
        };
        let ordinals = &matched.doubtful[side.index()];
        for piece in fetch(delivery, side, ordinals, int96, monitor, copy)? {
            copies.extend(piece);
        }
    }
    Ok(copies)
}

/// What is known of the originals of reversals outside the doubtful settlements.
pub fn find_originals(
    index: &Index,
    register: &Register,
    originals: &[Key],
) -> Outcome<BTreeMap<Key, Registered>> {
    let mut known = register.find(&[originals])?;
    let store = &index.stores[0];
    for wanted in
        originals.chunk_by(|a, b| store.partitioning().of(*a) == store.partitioning().of(*b))
    {
        let partition = store.partitioning().of(wanted[0]);
        store.visit(partition, |cleared| {
            for key in wanted {
                if let Ok(at) = cleared.binary_search_by_key(key, Keyed::key) {
                    known.insert(*key, plain_registered(&cleared[at]));
                }
            }
        })?;
    }
    Ok(known)
}

/// What the register keeps of an entry that cleared by itself.
pub fn plain_registered(entry: &Entry) -> Registered {
    Registered {
        kind: Kind::Settlement,
        payable: entry.payable.into(),
        group: Group::from_number(entry.group),
    }
}

/// What the match of a partition says.
#[derive(Debug, Default)]
pub struct Matched {
    /// Treating entries of the settlements that cleared, in the order of their keys.
    pub cleared: Vec<Entry>,
    /// Payable of the cleared entries of each side, in fen.
    pub payable: [i128; 2],
    /// Ordinals of the doubtful rows of each side.
    pub doubtful: [Vec<u32>; 2],
}

/// Matches the entries of a partition, which are in order. `watched` are hashes, in order, of keys that open items or
/// decisions name, `registered` those that the register holds: a shared hash makes a key doubtful, the
/// values decide.
pub fn match_partition(
    treating: &[Entry],
    insured: &[Entry],
    watched: &[u64],
    registered: &[Key],
) -> Matched {
    let mut matched = Matched::default();
    let mut sides = [treating, insured];
    let mut watched = watched.iter().copied().peekable();
    let mut registered = registered.iter().map(|key| key.hash).peekable();
    matched.cleared.reserve(treating.len());
    while let Some(hash) = next_hash(sides) {
        let [of_treating, of_insured] = sides.each_mut().map(|side| take_hash(side, hash));
        while watched.next_if(|other| *other < hash).is_some() {}
        while registered.next_if(|other| *other < hash).is_some() {}
        let free = watched.peek() != Some(&hash) && registered.peek() != Some(&hash);
        match (of_treating, of_insured) {
            ([one], [other])
                if free && one.plain && other.plain && one.fingerprint == other.fingerprint =>
            {
                matched.payable[Side::Treating.index()] += i128::from(one.payable);
                matched.payable[Side::Insured.index()] += i128::from(other.payable);
                matched.cleared.push(*one);
            }
            _ => {
                let rows = [of_treating, of_insured];
                for (doubtful, rows) in matched.doubtful.iter_mut().zip(rows) {
                    doubtful.extend(rows.iter().map(|entry| entry.ordinal));
                }
            }
        }
    }
    matched
}

fn next_hash(sides: [&[Entry]; 2]) -> Option<u64> {
    sides.into_iter().filter_map(|side| side.first()).map(|entry| entry.hash).min()
}

/// Takes the entries of a hash off the front of a side.
fn take_hash<'a>(side: &mut &'a [Entry], hash: u64) -> &'a [Entry] {
    let count = side.iter().take_while(|entry| entry.hash == hash).count();
    let (taken, rest) = side.split_at(count);
    *side = rest;
    taken
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(hash: u64, ordinal: u32, fingerprint: u64) -> Entry {
        Entry { hash, check: 0, ordinal, fingerprint, payable: 3, group: 0, plain: true }
    }

    #[test]
    fn only_undoubted_pairs_clear() {
        let mut treating = vec![
            entry(9, 0, 1), // equal pair
            entry(2, 1, 1), // watched
            entry(3, 2, 1), // registered
            entry(4, 3, 1), // differs
            entry(5, 4, 1), // twice
            entry(5, 5, 1),
            entry(6, 6, 1), // alone
            Entry { plain: false, ..entry(7, 7, 1) },
        ];
        let mut insured = vec![
            entry(4, 0, 2),
            entry(9, 1, 1),
            entry(2, 2, 1),
            entry(3, 3, 1),
            entry(5, 4, 1),
            entry(7, 5, 1),
            entry(8, 6, 1), // alone
        ];
        treating.sort_unstable();
        insured.sort_unstable();
        let matched =
            match_partition(&treating, &insured, &[0, 2, 20], &[Key { hash: 3, check: 5 }]);
        assert_eq!(matched.cleared, vec![entry(9, 0, 1)]);
        assert_eq!(matched.payable, [3, 3]);
        assert_eq!(matched.doubtful, [vec![1, 2, 3, 4, 5, 6, 7], vec![2, 3, 0, 4, 5, 6]]);
    }

    #[test]
    fn nothing_matches_nothing() {
        let matched = match_partition(&[], &[], &[], &[]);
        assert!(matched.cleared.is_empty() && matched.doubtful.iter().all(Vec::is_empty));
    }
}
