//! The match: what was claimed to clear, and the entries of all other rows, by key partition.
//!
//! A settlement clears here when nothing but its two copies decides about it: one row on each side, both
//! plain, equal fingerprints, no open item, no decision, not in the register. The window has claimed that
//! of most settlements; here it is known which other rows have their keys. The rows of every other key
//! are doubtful and settled on their values (`settle`).

use std::collections::BTreeMap;

use rayon::prelude::*;

use super::{
    breaks::SideCopy,
    build::Index,
    decisions::Decisions,
    engine::Engine,
    index::{Claim, Cleared, Entry, Key, Keyed},
    store::on_piles,
};
use crate::{
    book::register::{Kind, Register, Registered},
    codes::Side,
    contract::delivery::Delivery,
    diag::Outcome,
    event::{Activity, Monitor},
    ingest::{record::Group, survey::Setting},
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
    /// Their payable, in fen; that of both copies, which are equal.
    pub payable: i128,
    /// Ordinals of the doubtful rows of each side, in order.
    pub doubtful: [Vec<u32>; 2],
    /// The keys of this delivery that are in the register.
    pub registered: BTreeMap<Key, Registered>,
}

/// A partition's match, its registered keys, how many settlements cleared.
type PartitionMatch = (Matched, BTreeMap<Key, Registered>, i64);

/// Matches every partition: what was claimed goes, what cleared comes.
pub fn match_index(
    index: &Index,
    register: &Register,
    watched: &[u64],
    monitor: &Monitor,
) -> Outcome<AllMatched> {
    let partitioning = index.cleared.partitioning();
    let partitions: Vec<Outcome<PartitionMatch>> = (0..partitioning.count())
        .into_par_iter()
        .map(|partition| {
            monitor.check()?;
            monitor
                .stopwatch
                .measure(Activity::Match, || match_one(index, register, watched, partition))
        })
        .collect();
    let mut all = AllMatched::default();
    for partition in partitions {
        let (matched, registered, cleared) = partition?;
        all.cleared += cleared;
        all.payable += matched.payable;
        for (all, more) in all.doubtful.iter_mut().zip(&matched.doubtful) {
            all.extend(more);
        }
        all.registered.extend(registered);
    }
    all.doubtful.iter_mut().for_each(|ordinals| ordinals.sort_unstable());
    Ok(all)
}

/// Matches a partition.
fn match_one(
    index: &Index,
    register: &Register,
    watched: &[u64],
    partition: usize,
) -> Outcome<PartitionMatch> {
    let (first, last) = index.cleared.partitioning().range(partition);
    let claims = in_order(&index.claims.take(partition)?, first, last);
    let mut treating = index.stores[0].take(partition)?;
    let mut insured = index.stores[1].take(partition)?;
    treating.sort_unstable();
    insured.sort_unstable();
    let registered = register.find(&claims, &[&treating[..], &insured[..]])?;
    let revoked = &index.revoked;
    let known = Known {
        watched: between(watched, |hash| *hash, first, last),
        registered: &registered.keys().copied().collect::<Vec<_>>(),
        revoked: between(revoked, |(hash, _)| *hash, first, last),
    };
    let mut matched = match_partition(claims, [&treating, &insured], known);
    let cleared = std::mem::take(&mut matched.cleared);
    let count = i64::try_from(cleared.len()).unwrap_or(i64::MAX);
    index.cleared.put(partition, cleared.iter().map(Cleared::of).collect())?;
    Ok((matched, registered, count))
}

/// Puts the claims of a partition in order, by hash and treating ordinal. Hashes spread evenly between the
/// first and the last, so each claim is near its place once it is on the pile of its next bits.
fn in_order(claims: &[Claim], first: u64, last: u64) -> Vec<Claim> {
    const TOGETHER: usize = 8;
    let piles = (claims.len() / TOGETHER).next_power_of_two();
    // A partition is all hashes that begin with some bits, four at least: others are left to choose a pile.
    let bits_left = (last - first).count_ones() - piles.trailing_zeros();
    let pile_of = |claim: &Claim| usize::try_from((claim.hash() - first) >> bits_left).unwrap_or(0);
    let (mut sorted, begins) = on_piles(claims, piles, pile_of, |claim| *claim);
    for pile in begins.windows(2) {
        sorted[pile[0]..pile[1]].sort_unstable_by_key(|claim| (claim.hash(), claim.ordinals[0]));
    }
    sorted
}

/// The part of a list in the order of hashes that lies between two of them.
fn between<T>(list: &[T], hash: impl Fn(&T) -> u64, first: u64, last: u64) -> &[T] {
    let start = list.partition_point(|item| hash(item) < first);
    let end = list.partition_point(|item| hash(item) <= last);
    &list[start..end.max(start)]
}

/// Bytes that a copy takes until its tables are written, about: its values, its break, its row.
const BYTES_OF_COPY: u64 = 800;

/// The rows that the match could not decide on, with all their fields: those of which the values were at
/// hand, and the others, which are read again.
pub fn doubtful_copies(
    engine: &dyn Engine,
    delivery: &Delivery,
    matched: &AllMatched,
    at_hand: [Vec<SideCopy>; 2],
    setting: Setting,
) -> Outcome<Vec<SideCopy>> {
    let monitor = setting.monitor;
    let rows: usize = matched.doubtful.iter().map(Vec::len).sum();
    monitor.check_memory(rows as u64 * BYTES_OF_COPY, || {
        format!("copies in doubt, {rows} of them,")
    })?;
    let mut copies = Vec::with_capacity(rows);
    let mut missing = [Vec::new(), Vec::new()];
    for (side, at_hand) in at_hand.into_iter().enumerate() {
        let mut at_hand = at_hand.into_iter().peekable();
        for ordinal in &matched.doubtful[side] {
            // What is at hand of rows that cleared after all is not needed.
            while at_hand.next_if(|copy| copy.ordinal < Some(*ordinal)).is_some() {}
            match at_hand.next_if(|copy| copy.ordinal == Some(*ordinal)) {
                Some(copy) => copies.push(copy),
                None => missing[side].push(*ordinal),
            }
        }
    }
    monitor.stage("reading breaks", missing.iter().map(Vec::len).sum::<usize>() as u64)?;
    for side in Side::BOTH {
        copies.extend(engine.fetch(delivery, side, &missing[side.index()], setting)?);
    }
    Ok(copies)
}

/// What is known of the originals of reversals outside the doubtful settlements.
pub fn find_originals(
    index: &Index,
    register: &Register,
    originals: &[Key],
) -> Outcome<BTreeMap<Key, Registered>> {
    // They are spread over the whole register: each thread looks through a part of it.
    let found = in_parts(originals).map(|part| register.find(&[], &[part]));
    let found: Vec<BTreeMap<Key, Registered>> = found.collect::<Outcome<_>>()?;
    let mut known: BTreeMap<Key, Registered> = found.into_iter().flatten().collect();
    let store = &index.cleared;
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

/// Keys, which are in order, in parts to be looked up one beside the other.
pub fn in_parts(keys: &[Key]) -> impl ParallelIterator<Item = &[Key]> {
    keys.par_chunks(keys.len().div_ceil(64).max(1))
}

/// What the register keeps of a settlement that cleared by itself.
pub fn plain_registered(cleared: &Cleared) -> Registered {
    Registered {
        kind: Kind::Settlement,
        payable: cleared.payable().into(),
        group: Group::from_number(cleared.group()),
    }
}

/// What the match of a partition says.
#[derive(Debug, Default)]
pub struct Matched {
    /// The settlements that cleared, in the order of their keys.
    pub cleared: Vec<Claim>,
    /// Their payable, in fen.
    pub payable: i128,
    /// Ordinals of the doubtful rows of each side.
    pub doubtful: [Vec<u32>; 2],
}

/// What is known of keys besides the rows of the delivery; each list is in order.
#[derive(Debug, Clone, Copy, Default)]
pub struct Known<'a> {
    /// Hashes of keys that open items or decisions name.
    pub watched: &'a [u64],
    /// Keys that the register holds.
    pub registered: &'a [Key],
    /// Claims that were taken back, by hash and treating ordinal.
    pub revoked: &'a [(u64, u32)],
}

/// Matches a partition: what was claimed to clear, and the entries of all other rows, each in order. A
/// shared hash makes a key doubtful, the values decide.
pub fn match_partition(mut claims: Vec<Claim>, mut sides: [&[Entry]; 2], known: Known) -> Matched {
    let Known { watched, registered, revoked } = known;
    if !revoked.is_empty() {
        let mut taken_back = revoked.iter().peekable();
        claims.retain(|claim| {
            let this = (claim.hash(), claim.ordinals[0]);
            while taken_back.next_if(|other| **other < this).is_some() {}
            taken_back.peek() != Some(&&this)
        });
    }
    let withdrawn = withdraw(&mut claims, sides, known);
    let mut withdrawn = withdrawn.iter().peekable();
    let mut watched = watched.iter().copied().peekable();
    let mut registered = registered.iter().map(|key| key.hash).peekable();
    let mut matched = Matched::default();
    let next_hash = |sides: [&[Entry]; 2], withdrawn: Option<&&Claim>| {
        let of_sides = sides.into_iter().filter_map(|side| side.first()).map(|entry| entry.hash);
        of_sides.chain(withdrawn.map(|claim| claim.hash())).min()
    };
    while let Some(hash) = next_hash(sides, withdrawn.peek()) {
        let [of_treating, of_insured] = sides.each_mut().map(|side| take_hash(side, hash));
        while watched.next_if(|other| *other < hash).is_some() {}
        while registered.next_if(|other| *other < hash).is_some() {}
        let mut free = watched.peek() != Some(&hash) && registered.peek() != Some(&hash);
        while let Some(claim) = withdrawn.next_if(|claim| claim.hash() == hash) {
            for (doubtful, ordinal) in matched.doubtful.iter_mut().zip(claim.ordinals) {
                doubtful.push(ordinal);
            }
            free = false;
        }
        match (of_treating, of_insured) {
            ([one], [other])
                if free && one.plain && other.plain && one.fingerprint == other.fingerprint =>
            {
                matched.cleared.push(Claim::of(one, other.ordinal));
            }
            _ => {
                let rows = [of_treating, of_insured];
                for (doubtful, rows) in matched.doubtful.iter_mut().zip(rows) {
                    doubtful.extend(rows.iter().map(|entry| entry.ordinal));
                }
            }
        }
    }
    matched.cleared = merge(claims, std::mem::take(&mut matched.cleared));
    matched.payable = matched.cleared.iter().map(|cleared| i128::from(cleared.payable)).sum();
    matched
}

/// Takes the claims out about whose hash another claim, row, open item, decision or the register says
/// something.
fn withdraw(claims: &mut Vec<Claim>, sides: [&[Entry]; 2], known: Known) -> Vec<Claim> {
    let mut contested: Vec<u64> = sides.into_iter().flatten().map(|entry| entry.hash).collect();
    contested.extend(known.watched);
    contested.extend(known.registered.iter().map(|key| key.hash));
    let twice = claims.array_windows().filter(|[a, b]| a.hash() == b.hash());
    contested.extend(twice.map(|[a, _]| a.hash()));
    contested.sort_unstable();
    let mut contested = contested.into_iter().peekable();
    claims
        .extract_if(.., |claim| {
            while contested.next_if(|hash| *hash < claim.hash()).is_some() {}
            contested.peek() == Some(&claim.hash())
        })
        .collect()
}

/// Merges two lists in the order of their keys.
fn merge(first: Vec<Claim>, second: Vec<Claim>) -> Vec<Claim> {
    if second.is_empty() {
        return first;
    }
    let mut merged = first;
    merged.extend(second);
    // Two sorted runs: a stable sort merges them.
    merged.sort();
    merged
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
    use crate::reconcile::store::Partitioning;

    fn entry(hash: u64, ordinal: u32, fingerprint: u64) -> Entry {
        Entry { hash, check: 0, ordinal, fingerprint, payable: 3, group: 0, plain: true }
    }

    /// The claim that a treating and an insured row clear.
    fn claim(hash: u64, treating: u32, insured: u32) -> Claim {
        Claim::of(&entry(hash, treating, 1), insured)
    }

    #[test]
    fn claims_are_put_in_order_by_hash_and_treating_row() {
        let partitioning = Partitioning::for_rows(0);
        for (count, spread) in [(0, 1), (1, 1), (7, 1), (10_000, 1), (5_000, 1 << 40)] {
            for partition in [0, 3, partitioning.count() - 1] {
                let (first, last) = partitioning.range(partition);
                let claims: Vec<Claim> = (0..count)
                    .map(|n: u32| {
                        let spread =
                            u64::from(n / 2).wrapping_mul(spread).wrapping_mul(0x9e37_79b9_7f4a);
                        let hash = first + spread % (last - first);
                        claim(hash, n.reverse_bits(), n)
                    })
                    .collect();
                let mut expected = claims.clone();
                expected.sort_by_key(|claim| (claim.hash(), claim.ordinals[0]));
                assert_eq!(in_order(&claims, first, last), expected);
            }
        }
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
        let known = Known {
            watched: &[0, 2, 20],
            registered: &[Key { hash: 3, check: 5 }],
            ..Known::default()
        };
        let matched = match_partition(vec![claim(1, 9, 9)], [&treating, &insured], known);
        assert_eq!(matched.cleared, vec![claim(1, 9, 9), claim(9, 0, 1)]);
        assert_eq!(matched.payable, 6);
        assert_eq!(matched.doubtful, [vec![1, 2, 3, 4, 5, 6, 7], vec![2, 3, 0, 4, 5, 6]]);
    }

    #[test]
    fn a_claim_stands_while_nothing_else_has_its_hash() {
        let claims = vec![
            claim(1, 0, 0), // stands
            claim(2, 1, 1), // a further row
            claim(3, 2, 2), // watched
            claim(4, 3, 3), // registered
            claim(5, 4, 4), // claimed twice
            claim(5, 5, 5),
            claim(6, 6, 6), // taken back: its rows are among the entries
            claim(7, 7, 7), // taken back, and claimed again with other rows
            claim(7, 8, 8),
        ];
        let treating = [entry(6, 6, 1), entry(6, 9, 1), entry(7, 7, 1)];
        let insured = [entry(2, 10, 1), entry(6, 6, 1), entry(7, 7, 1)];
        let known = Known {
            watched: &[3],
            registered: &[Key { hash: 4, check: 0 }],
            revoked: &[(6, 6), (7, 7)],
        };
        let matched = match_partition(claims, [&treating, &insured], known);
        assert_eq!(matched.cleared, vec![claim(1, 0, 0)]);
        let all_others = vec![1, 2, 3, 4, 5, 6, 7, 8, 9];
        let mut doubtful = matched.doubtful;
        for ordinals in &mut doubtful {
            ordinals.sort_unstable();
        }
        assert_eq!(doubtful, [all_others, vec![1, 2, 3, 4, 5, 6, 7, 8, 10]]);
    }

    #[test]
    fn nothing_matches_nothing() {
        let matched = match_partition(Vec::new(), [&[], &[]], Known::default());
        assert!(matched.cleared.is_empty() && matched.doubtful.iter().all(Vec::is_empty));
    }
}
