//! The match: examines the claims of the window and pairs the entries of all other rows, by key partition.
//!
//! A settlement clears here when only its two copies decide about it: one row on each side, both plain, equal
//! fingerprints, no open item, no decision, not in the register. For most settlements the window has claimed so; the
//! match knows all other rows with their keys. Rows of every other key are doubtful and settled on their values
//! (`settle`).

use std::collections::BTreeMap;

use rayon::prelude::*;

use super::{
    breaks::SideCopy,
    build::{Foreseen, Index, Stores},
    media::MediaCounts,
    reader::Reader,
    run::Run,
};
use crate::{
    diag::Outcome,
    event::Activity,
    ingest::record::Record,
    keyed::{
        entry::{Claim, Cleared, Entry, RegisterMatch},
        key::{Key, Keyed},
        registered::{Registered, RegisteredKind},
        store::counting_sort,
    },
    model::{
        codes::Side,
        group::Group,
        money::{Fen, FenSum},
    },
    register::lookup::Register,
};

/// The result of the match of all partitions. The settlements themselves are in the stores of the index.
#[derive(Debug, Default)]
pub struct AllMatched {
    /// The number of settlements that cleared by themselves.
    pub cleared: i64,
    /// The sum of their payable, in fen; both copies of one have the same.
    pub payable: FenSum,
    /// Ordinals of the doubtful rows of each side that have to be read again, sorted.
    pub missing: [Vec<u32>; 2],
    /// The doubtful rows of each partition.
    pub in_doubt: Vec<InDoubt>,
    /// The settlements that cleared by themselves, by medium; none where the delivery has no media.
    pub media: MediaCounts,
}

/// The doubtful rows of a partition.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct InDoubt {
    /// The number of rows of each side.
    pub rows: [u64; 2],
    /// Ordinals of the rows of each side that cleared although their values were stored as doubtful, sorted.
    cleared: [Vec<u32>; 2],
}

impl InDoubt {
    /// Whether a copy whose values were stored as doubtful has cleared.
    pub fn has_cleared(&self, copy: &SideCopy) -> bool {
        let cleared = &self.cleared[copy.side.index()];
        copy.ordinal.is_some_and(|ordinal| cleared.binary_search(&ordinal).is_ok())
    }
}

/// Matches every partition: replaces its claims and entries by its cleared settlements.
pub fn match_index(run: Run, index: &Index, foreseen: Foreseen) -> Outcome<AllMatched> {
    debug_assert!(foreseen.watched.is_sorted(), "watched hashes are sorted");
    let monitor = run.setting.monitor;
    let partitioning = index.stores.cleared.partitioning();
    let partitions: Vec<Outcome<(Matched, i64, MediaCounts)>> = (0..partitioning.count())
        .into_par_iter()
        .map(|partition| {
            monitor.check()?;
            let stopwatch = &monitor.stopwatch;
            stopwatch.measure(Activity::Match, || match_one(run, index, foreseen, partition))
        })
        .collect();
    let mut all = AllMatched::default();
    for partition in partitions {
        let (matched, cleared, media) = partition?;
        all.media.merge(&media);
        all.cleared += cleared;
        all.payable += matched.payable;
        for (all, more) in all.missing.iter_mut().zip(&matched.missing) {
            all.extend(more);
        }
        all.in_doubt.push(matched.in_doubt);
    }
    all.missing.iter_mut().for_each(|ordinals| ordinals.sort_unstable());
    Ok(all)
}

/// Matches a partition.
fn match_one(
    run: Run,
    index: &Index,
    Foreseen { watched, register, .. }: Foreseen,
    partition: usize,
) -> Outcome<(Matched, i64, MediaCounts)> {
    let values = run.values;
    let Stores { of_sides, claims, cleared, registered: listed, .. } = &index.stores;
    let (first, last) = cleared.partitioning().range(partition);
    let claims = sort_claims(&claims.take(partition)?, first, last);
    let mut treating = of_sides[0].take(partition)?;
    let mut insured = of_sides[1].take(partition)?;
    treating.sort_unstable();
    insured.sort_unstable();
    let registered = if register.is_empty() {
        BTreeMap::new()
    } else {
        let mut claimed = keys(&claims);
        // Claims of one hash are in the order of their rows, not of `check`.
        claimed.sort_unstable();
        let (treating, insured) = (keys(&treating), keys(&insured));
        register.find(&[&claimed, &treating, &insured, &values.named(partition)?])?
    };
    let revoked = &index.revoked;
    let known = Known {
        watched: between(watched, |hash| *hash, first, last),
        registered: &registered.keys().copied().collect::<Vec<_>>(),
        revoked: between(revoked, |(hash, _)| *hash, first, last),
    };
    let mut matched = match_partition(claims, [&treating, &insured], known);
    let clearing = std::mem::take(&mut matched.cleared);
    let count = i64::try_from(clearing.len()).unwrap_or(i64::MAX);
    let mut media = MediaCounts::default();
    if run.delivery.has_media() {
        for claim in &clearing {
            media.add(claim.group, claim.medium, 1);
        }
    }
    cleared.put(partition, clearing.iter().map(Cleared::of).collect())?;
    listed.put(partition, registered.into_iter().collect())?;
    Ok((matched, count, media))
}

fn keys<K: Keyed>(list: &[K]) -> Vec<Key> {
    list.iter().map(Keyed::key).collect()
}

/// Sorts the claims of a partition by hash and treating ordinal. Hashes are spread evenly between the first and the
/// last, so a counting sort by their next bits leaves about eight claims for each bucket, which are then sorted.
fn sort_claims(claims: &[Claim], first: u64, last: u64) -> Vec<Claim> {
    const OF_BUCKET: usize = 8;
    debug_assert!(claims.iter().all(|claim| (first..=last).contains(&claim.hash())));
    let buckets = (claims.len() / OF_BUCKET).next_power_of_two();
    // All hashes of a partition begin with the same bits, four at least. The next ones choose the bucket: with more
    // claims than 2^60 there would be no bits left.
    let bits_left = (last - first).count_ones() - buckets.trailing_zeros();
    let bucket_of =
        |claim: &Claim| usize::try_from((claim.hash() - first) >> bits_left).unwrap_or(0);
    let (mut sorted, begins) = counting_sort(claims, buckets, bucket_of, |claim| *claim);
    for [begin, end] in begins.array_windows() {
        sorted[*begin..*end].sort_unstable_by_key(|claim| (claim.hash(), claim.ordinals[0]));
    }
    sorted
}

/// Returns the items of a list sorted by hash whose hashes lie between two hashes, both included.
fn between<T>(list: &[T], hash: impl Fn(&T) -> u64, first: u64, last: u64) -> &[T] {
    let start = list.partition_point(|item| hash(item) < first);
    let end = list.partition_point(|item| hash(item) <= last);
    &list[start..end.max(start)]
}

/// Reads the doubtful rows again whose values are not yet stored.
pub fn read_again(run: Run, engine: &dyn Reader, matched: &mut AllMatched) -> Outcome<()> {
    let Run { setting, values, .. } = run;
    let missing = std::mem::take(&mut matched.missing);
    let rows = missing.iter().map(Vec::len).sum::<usize>() as u64;
    setting.monitor.stage(text!("reading breaks"), rows)?;
    Side::BOTH.into_iter().zip(missing).try_for_each(|(side, ordinals)| {
        let store =
            |ordinal, record: Record| values.push(side, Some(ordinal), setting.period, &record);
        engine.fetch(run, side, &ordinals, &store)
    })
}

/// The state of some settlements, as far as it is decided.
#[derive(Debug, Default)]
pub struct MatchState {
    /// The register entries of those that cleared or were voided, in an earlier period or in this one.
    pub registered: BTreeMap<Key, Registered>,
    /// The keys of those that were reversed in an earlier period, sorted.
    pub reversed: Vec<Key>,
}

impl MatchState {
    /// Looks up sorted keys. Entries of earlier periods are found only for keys that were named before the match.
    /// Reversals that are settled at the same time may be found or not.
    pub fn of(keys: &[Key], index: &Index, register: &Register) -> Outcome<MatchState> {
        debug_assert!(keys.is_sorted(), "keys are sorted");
        let mut registered = BTreeMap::new();
        let Stores { cleared, registered: earlier, settled, .. } = &index.stores;
        let partitioning = cleared.partitioning();
        for wanted in keys.chunk_by(|a, b| partitioning.of(*a) == partitioning.of(*b)) {
            let partition = partitioning.of(wanted[0]);
            let mut add = |listed: &[RegisterMatch]| {
                let is_wanted = |(key, _): &&RegisterMatch| wanted.binary_search(key).is_ok();
                registered.extend(listed.iter().filter(is_wanted).copied());
            };
            earlier.visit(partition, &mut add)?;
            settled.visit(partition, &mut add)?;
            cleared.visit(partition, |cleared| {
                let found = wanted.iter().filter_map(|key| {
                    let at = cleared.binary_search_by_key(key, Keyed::key).ok()?;
                    Some((*key, plain_registered(&cleared[at])))
                });
                registered.extend(found);
            })?;
        }
        Ok(MatchState { registered, reversed: register.reversed(keys)? })
    }

    /// Looks up many sorted keys on all threads.
    pub fn of_many(keys: &[Key], index: &Index, register: &Register) -> Outcome<MatchState> {
        // The keys are spread over the whole register, so each thread searches a part of it.
        let parts = keys.par_chunks(keys.len().div_ceil(64).max(1));
        let parts: Vec<Outcome<MatchState>> =
            parts.map(|part| MatchState::of(part, index, register)).collect();
        parts.into_iter().try_fold(MatchState::default(), |mut all, part| {
            let MatchState { registered, reversed } = part?;
            all.registered.extend(registered);
            all.reversed.extend(reversed);
            Ok(all)
        })
    }
}

/// Returns the register entry of a settlement that cleared by itself.
fn plain_registered(cleared: &Cleared) -> Registered {
    Registered {
        kind: RegisteredKind::Settlement,
        payable: Fen::new(cleared.payable().into()),
        group: Group::from_number(cleared.group()),
        earlier: None,
    }
}

/// The result of the match of a partition.
#[derive(Debug, Default)]
pub struct Matched {
    /// The settlements that cleared, sorted by key.
    pub cleared: Vec<Claim>,
    /// The sum of their payable, in fen.
    pub payable: FenSum,
    /// Ordinals of the doubtful rows of each side whose values are not yet stored.
    pub missing: [Vec<u32>; 2],
    /// The doubtful rows.
    pub in_doubt: InDoubt,
}

impl Matched {
    /// Counts a doubtful row, and lists it as missing when its values are not stored.
    fn add_doubtful(&mut self, side: usize, ordinal: u32, valued: bool) {
        self.in_doubt.rows[side] += 1;
        if !valued {
            self.missing[side].push(ordinal);
        }
    }
}

/// Facts about keys besides the rows of the delivery. Each list is sorted.
#[derive(Debug, Clone, Copy, Default)]
pub struct Known<'a> {
    /// Hashes of keys that open items or decisions name.
    pub watched: &'a [u64],
    /// Keys that the register holds.
    pub registered: &'a [Key],
    /// Claims that the window withdrew, by hash and treating ordinal.
    pub revoked: &'a [(u64, u32)],
}

/// Matches a partition: its claims, sorted by hash and treating ordinal, and the sorted entries of all other rows of
/// each side. Keys that share a hash are doubtful, the values decide.
pub fn match_partition(mut claims: Vec<Claim>, mut sides: [&[Entry]; 2], known: Known) -> Matched {
    let Known { watched, registered, revoked } = known;
    debug_assert!(claims.is_sorted_by_key(|claim| (claim.hash(), claim.ordinals[0])));
    debug_assert!(sides.into_iter().all(<[Entry]>::is_sorted));
    debug_assert!(watched.is_sorted() && registered.is_sorted() && revoked.is_sorted());
    if !revoked.is_empty() {
        let mut revoked = revoked.iter().peekable();
        claims.retain(|claim| {
            let this = (claim.hash(), claim.ordinals[0]);
            while revoked.next_if(|other| **other < this).is_some() {}
            revoked.peek() != Some(&&this)
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
            for (side, ordinal) in claim.ordinals.into_iter().enumerate() {
                matched.add_doubtful(side, ordinal, false);
            }
            free = false;
        }
        match (of_treating, of_insured) {
            ([one], [other])
                if free
                    && one.plain.is_some()
                    && other.plain.is_some()
                    && one.fingerprint == other.fingerprint =>
            {
                matched.cleared.push(Claim::of(one, other));
                for (cleared, row) in matched.in_doubt.cleared.iter_mut().zip([one, other]) {
                    cleared.extend(row.valued.then_some(row.ordinal));
                }
            }
            _ => {
                for (side, rows) in [of_treating, of_insured].into_iter().enumerate() {
                    for row in rows {
                        matched.add_doubtful(side, row.ordinal, row.valued);
                    }
                }
            }
        }
    }
    matched.in_doubt.cleared.iter_mut().for_each(|ordinals| ordinals.sort_unstable());
    matched.cleared = merge(claims, std::mem::take(&mut matched.cleared));
    // No hash clears twice: claims whose hash has an entry or another claim were withdrawn.
    debug_assert!(matched.cleared.is_sorted_by(|a, b| a.hash() < b.hash()));
    matched.payable = matched.cleared.iter().map(|cleared| Fen::new(cleared.payable.into())).sum();
    matched
}

/// Removes and returns the claims whose hash another claim, an entry, an open item, a decision or the register has.
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

/// Merges two lists that are sorted by key.
fn merge(first: Vec<Claim>, second: Vec<Claim>) -> Vec<Claim> {
    if second.is_empty() {
        return first;
    }
    let mut merged = first;
    merged.extend(second);
    // The stable sort finds the two sorted runs and merges them in linear time.
    merged.sort();
    merged
}

/// Removes the entries of a hash from the front of a side and returns them.
fn take_hash<'a>(side: &mut &'a [Entry], hash: u64) -> &'a [Entry] {
    let count = side.iter().take_while(|entry| entry.hash == hash).count();
    let (taken, rest) = side.split_at(count);
    *side = rest;
    taken
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keyed::store::Partitioning;

    fn entry(hash: u64, ordinal: u32, fingerprint: u64) -> Entry {
        let (check, group, plain) = (0, 0, Some(crate::model::media::Medium::None));
        let valued = ordinal % 2 == 1;
        Entry { hash, check, ordinal, fingerprint, payable: 3, group, plain, valued }
    }

    /// The claim that a treating and an insured row clear.
    fn claim(hash: u64, treating: u32, insured: u32) -> Claim {
        Claim::of(&entry(hash, treating, 1), &entry(hash, insured, 1))
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
                assert_eq!(sort_claims(&claims, first, last), expected);
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
            Entry { plain: None, ..entry(7, 7, 1) },
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
        assert_eq!(matched.payable, FenSum::new(6));
        // The doubtful rows are 1 to 7, and 0 and 2 to 6. Values of rows with odd numbers are stored.
        assert_eq!(matched.in_doubt.rows, [7, 6]);
        assert_eq!(matched.missing, [vec![2, 4, 6], vec![2, 0, 4, 6]]);
        assert_eq!(matched.in_doubt.cleared, [vec![], vec![1]]);
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
        // All others are in doubt. Rows that were claimed are read again, odd ones among the entries are not.
        assert_eq!(matched.in_doubt.rows, [9, 9]);
        let mut missing = matched.missing;
        for ordinals in &mut missing {
            ordinals.sort_unstable();
        }
        assert_eq!(missing, [vec![1, 2, 3, 4, 5, 6, 8], vec![1, 2, 3, 4, 5, 6, 8, 10]]);
    }

    #[test]
    fn nothing_matches_nothing() {
        let matched = match_partition(Vec::new(), [&[], &[]], Known::default());
        assert!(matched.cleared.is_empty() && matched.in_doubt == InDoubt::default());
    }
}
