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
    build::{Foreseen, Index, Stores},
    reader::Reader,
    run::Run,
    values::DoubtfulCopies,
};
use crate::{
    diag::Outcome,
    event::Activity,
    ingest::record::Record,
    keyed::{
        entry::{Claim, Cleared, Entry, RegisterMatch},
        key::{Key, Keyed},
        registered::{Registered, RegisteredKind},
        store::on_piles,
    },
    model::{
        codes::Side,
        group::Group,
        money::{Fen, FenSum},
    },
    register::lookup::Register,
};

/// What the match of all partitions says; the index has what cleared, and which keys are in the register.
#[derive(Debug, Default)]
pub struct AllMatched {
    /// Settlements that cleared by themselves.
    pub cleared: i64,
    /// Their payable, in fen; that of both copies, which are equal.
    pub payable: FenSum,
    /// Ordinals of the doubtful rows of each side that have to be read again, in order.
    pub missing: [Vec<u32>; 2],
    /// The doubtful rows of each partition.
    pub in_doubt: Vec<InDoubt>,
}

/// The rows of a partition that the match could not decide on.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct InDoubt {
    /// How many there are of each side.
    pub rows: [u64; 2],
    /// Ordinals of rows of each side that cleared although their values are at hand, in order.
    cleared: [Vec<u32>; 2],
}

impl InDoubt {
    /// Whether a copy of which the values are at hand is not in doubt any more.
    pub fn has_cleared(&self, copy: &SideCopy) -> bool {
        let cleared = &self.cleared[copy.side.index()];
        copy.ordinal.is_some_and(|ordinal| cleared.binary_search(&ordinal).is_ok())
    }
}

/// Matches every partition: what was claimed goes, what cleared comes.
pub fn match_index(run: Run, index: &Index, foreseen: Foreseen) -> Outcome<AllMatched> {
    let monitor = run.setting.monitor;
    let partitioning = index.stores.cleared.partitioning();
    let partitions: Vec<Outcome<(Matched, i64)>> = (0..partitioning.count())
        .into_par_iter()
        .map(|partition| {
            monitor.check()?;
            let stopwatch = &monitor.stopwatch;
            stopwatch.measure(Activity::Match, || match_one(index, foreseen, run.values, partition))
        })
        .collect();
    let mut all = AllMatched::default();
    for partition in partitions {
        let (matched, cleared) = partition?;
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
    index: &Index,
    Foreseen { watched, register }: Foreseen,
    values: &DoubtfulCopies,
    partition: usize,
) -> Outcome<(Matched, i64)> {
    let Stores { of_sides, claims, cleared, registered: listed, .. } = &index.stores;
    let (first, last) = cleared.partitioning().range(partition);
    let claims = in_order(&claims.take(partition)?, first, last);
    let mut treating = of_sides[0].take(partition)?;
    let mut insured = of_sides[1].take(partition)?;
    treating.sort_unstable();
    insured.sort_unstable();
    let registered = if register.is_empty() {
        BTreeMap::new()
    } else {
        let mut claimed = keys(&claims);
        // Those of equal hashes are in the order of their rows.
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
    let now = std::mem::take(&mut matched.cleared);
    let count = i64::try_from(now.len()).unwrap_or(i64::MAX);
    cleared.put(partition, now.iter().map(Cleared::of).collect())?;
    listed.put(partition, registered.into_iter().collect())?;
    Ok((matched, count))
}

fn keys<K: Keyed>(list: &[K]) -> Vec<Key> {
    list.iter().map(Keyed::key).collect()
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

/// Reads the rows again that the match could not decide on and of which the values are not at hand.
pub fn read_again(run: Run, engine: &dyn Reader, matched: &mut AllMatched) -> Outcome<()> {
    let Run { setting, values, .. } = run;
    let missing = std::mem::take(&mut matched.missing);
    let rows = missing.iter().map(Vec::len).sum::<usize>() as u64;
    setting.monitor.stage(text!("reading breaks"), rows)?;
    Side::BOTH.into_iter().zip(missing).try_for_each(|(side, ordinals)| {
        let keep =
            |ordinal, record: Record| values.push(side, Some(ordinal), setting.period, &record);
        engine.fetch(run, side, &ordinals, &keep)
    })
}

/// How some settlements stand, as far as nothing is in doubt about them any more.
#[derive(Debug, Default)]
pub struct MatchState {
    /// What the register says, or will say, of those that cleared or were voided, earlier or now.
    pub registered: BTreeMap<Key, Registered>,
    /// Those that were reversed earlier, in order.
    pub reversed: Vec<Key>,
}

impl MatchState {
    /// Of keys, which are in order; what the register says of those that were named before the match. What is
    /// settled at the same time may be there or not: reversals.
    pub fn of(keys: &[Key], index: &Index, register: &Register) -> Outcome<MatchState> {
        let mut registered = BTreeMap::new();
        let Stores { cleared, registered: earlier, settled, .. } = &index.stores;
        let partitioning = cleared.partitioning();
        for wanted in keys.chunk_by(|a, b| partitioning.of(*a) == partitioning.of(*b)) {
            let partition = partitioning.of(wanted[0]);
            let mut take = |listed: &[RegisterMatch]| {
                let is_wanted = |(key, _): &&RegisterMatch| wanted.binary_search(key).is_ok();
                registered.extend(listed.iter().filter(is_wanted).copied());
            };
            earlier.visit(partition, &mut take)?;
            settled.visit(partition, &mut take)?;
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

    /// Of many keys, which are in order: those of each part on any thread.
    pub fn of_many(keys: &[Key], index: &Index, register: &Register) -> Outcome<MatchState> {
        // They are spread over the whole register: each thread looks through a part of it.
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

/// What the register keeps of a settlement that cleared by itself.
fn plain_registered(cleared: &Cleared) -> Registered {
    Registered {
        kind: RegisteredKind::Settlement,
        payable: Fen::new(cleared.payable().into()),
        group: Group::from_number(cleared.group()),
        earlier: None,
    }
}

/// What the match of a partition says.
#[derive(Debug, Default)]
pub struct Matched {
    /// The settlements that cleared, in the order of their keys.
    pub cleared: Vec<Claim>,
    /// Their payable, in fen.
    pub payable: FenSum,
    /// Ordinals of the doubtful rows of each side of which the values are not at hand.
    pub missing: [Vec<u32>; 2],
    /// The doubtful rows.
    pub in_doubt: InDoubt,
}

impl Matched {
    /// A row is in doubt.
    fn doubt(&mut self, side: usize, ordinal: u32, valued: bool) {
        self.in_doubt.rows[side] += 1;
        if !valued {
            self.missing[side].push(ordinal);
        }
    }
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
            for (side, ordinal) in claim.ordinals.into_iter().enumerate() {
                matched.doubt(side, ordinal, false);
            }
            free = false;
        }
        match (of_treating, of_insured) {
            ([one], [other])
                if free && one.plain && other.plain && one.fingerprint == other.fingerprint =>
            {
                matched.cleared.push(Claim::of(one, other.ordinal));
                for (cleared, row) in matched.in_doubt.cleared.iter_mut().zip([one, other]) {
                    cleared.extend(row.valued.then_some(row.ordinal));
                }
            }
            _ => {
                for (side, rows) in [of_treating, of_insured].into_iter().enumerate() {
                    for row in rows {
                        matched.doubt(side, row.ordinal, row.valued);
                    }
                }
            }
        }
    }
    matched.in_doubt.cleared.iter_mut().for_each(|ordinals| ordinals.sort_unstable());
    matched.cleared = merge(claims, std::mem::take(&mut matched.cleared));
    matched.payable = matched.cleared.iter().map(|cleared| Fen::new(cleared.payable.into())).sum();
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
    use crate::keyed::store::Partitioning;

    fn entry(hash: u64, ordinal: u32, fingerprint: u64) -> Entry {
        let (check, group, plain, valued) = (0, 0, true, ordinal % 2 == 1);
        Entry { hash, check, ordinal, fingerprint, payable: 3, group, plain, valued }
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
        assert_eq!(matched.payable, FenSum::new(6));
        // Of doubtful rows 1 to 7 and 0, 2 to 6; values of those with odd numbers are at hand.
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
