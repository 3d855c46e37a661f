//! The window by itself.

use xxhash_rust::xxh3::xxh3_64;

use super::*;

/// An hour of 2000-01-01 or later: of times before it the window knows nothing.
fn at(hour: impl Into<i64>) -> i64 {
    const HOUR: i64 = 3_600 * 1_000_000;
    (10_957 * 24 + hour.into()) * HOUR
}

/// The hash of a key, spread as hashes are.
const fn spread(key: u64) -> u64 {
    key.wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

/// A window, and what it claimed, by ordinals.
struct Tried {
    window: Window,
    claims: Vec<[u32; 2]>,
}

impl Tried {
    fn new(rows: u64) -> Tried {
        Tried { window: Window::new(rows), claims: Vec::new() }
    }

    /// Holds rows of a side, given by key and fingerprint, at an hour.
    fn insert(&mut self, side: Side, first: u32, rows: &[(u64, u64)], hour: i64) {
        let entry = |(ordinal, (key, fingerprint)): (u32, &(u64, u64))| Entry {
            hash: spread(*key),
            ordinal,
            fingerprint: *fingerprint,
            payable: 1,
            plain: Some(crate::model::media::Medium::default()),
            ..Entry::default()
        };
        let entries: Vec<Entry> = (first..).zip(rows).map(entry).collect();
        let batch = Batch::of_times(vec![at(hour); rows.len()]);
        let claim = &mut |claim: Claim| self.claims.push(claim.ordinals);
        assert!(self.window.insert(side, first, batch, &entries, claim));
    }

    /// Side and ordinal of the rows that go without having cleared.
    fn evict(&mut self, frontier: Option<i64>) -> Vec<(Side, u32)> {
        let of = |held: HeldBatch| held.entries.into_iter().map(move |e| (held.side, e.ordinal));
        let claim = &mut |claim: Claim| self.claims.push(claim.ordinals);
        let gone = self.window.evict(frontier, claim);
        let mut left: Vec<_> = gone.into_iter().flat_map(of).collect();
        self.claims.sort_unstable();
        left.sort_unstable();
        left
    }
}

#[test]
fn equal_copies_clear_and_others_are_left() {
    let mut tried = Tried::new(1000);
    tried.insert(Side::Treating, 0, &[(1, 1), (2, 2), (3, 3)], 0);
    tried.insert(Side::Insured, 10, &[(3, 3), (2, 9), (1, 1), (4, 4)], 0);
    let others = [(Side::Treating, 1), (Side::Insured, 11), (Side::Insured, 13)];
    assert_eq!(tried.evict(None), others);
    assert_eq!(tried.claims, [[0, 12], [2, 10]]);
    assert!(tried.window.revoked().is_empty());
}

#[test]
fn a_third_row_takes_a_claim_back() {
    let mut tried = Tried::new(1000);
    tried.insert(Side::Treating, 0, &[(7, 7)], 0);
    tried.insert(Side::Insured, 0, &[(7, 7)], 0);
    tried.insert(Side::Insured, 1, &[(7, 7)], 0);
    tried.insert(Side::Treating, 1, &[(7, 7)], 0);
    let all = [0, 1].map(|ordinal| (Side::Treating, ordinal));
    assert_eq!(tried.evict(None), [all, all.map(|(_, n)| (Side::Insured, n))].concat());
    assert_eq!(tried.claims, [[0, 0]]);
    assert_eq!(tried.window.revoked(), [(spread(7), 0)]);
}

#[test]
fn keys_that_look_alike_are_told_apart() {
    let window = Window::new(1000);
    let rows = |hash: u64, ordinal| Entry { hash, ordinal, fingerprint: hash, ..Entry::default() };
    let mut claims = Vec::new();
    // They differ in the last bits only, which the window does not look at.
    for (side, hash, ordinal) in [
        (Side::Treating, 1, 0),
        (Side::Insured, 1, 0),
        (Side::Treating, 2, 1),
        (Side::Insured, 2, 1),
    ] {
        let batch = Batch::of_times(vec![at(0)]);
        let claim = &mut |claim: Claim| claims.push((claim.hash(), claim.ordinals));
        assert!(window.insert(side, ordinal, batch, &[rows(hash, ordinal)], claim));
    }
    let left = window.evict(None, &mut |claim| claims.push((claim.hash(), claim.ordinals)));
    assert_eq!(claims, [(1, [0, 0])]);
    assert_eq!(left.iter().map(|held| held.entries.len()).sum::<usize>(), 2);
    assert!(window.revoked().is_empty());
}

#[test]
fn what_the_reading_has_left_behind_finds_no_partner() {
    let mut tried = Tried::new(1000);
    let many: Vec<(u64, u64)> = (1..=100).map(|key| (key, key)).collect();
    tried.insert(Side::Treating, 0, &many, 0);
    tried.insert(Side::Treating, 100, &[(101, 1)], 5);
    assert_eq!(tried.evict(Some(at(1))), []);
    assert_eq!(tried.evict(Some(at(2))).len(), 100);
    // The first are gone, and their seat is taken again; the last is held.
    tried.insert(Side::Insured, 0, &many, 5);
    tried.insert(Side::Insured, 100, &[(101, 1)], 5);
    assert_eq!(tried.evict(None), (0..100).map(|row| (Side::Insured, row)).collect::<Vec<_>>());
    assert_eq!(tried.claims, [[100, 100]]);
}

#[test]
fn few_rows_are_evicted_together_with_others() {
    let mut tried = Tried::new(100_000);
    tried.insert(Side::Treating, 0, &[(1, 1)], 0);
    assert_eq!(tried.evict(Some(at(9))), []);
    assert_eq!(tried.evict(None), [(Side::Treating, 0)]);
}

#[test]
fn rows_are_found_however_many_came_since() {
    // Each shard probes its queue long before the end.
    const BATCHES: usize = 100;
    const ROWS: usize = BATCHES * BATCH_ROWS;
    let window = Window::new(2 * ROWS as u64);
    let mut claims = Vec::new();
    for side in Side::BOTH {
        let ordinals: Vec<u32> = (0..).take(ROWS).collect();
        for ordinals in ordinals.chunks(BATCH_ROWS) {
            let entry = |ordinal: &u32| {
                let hash = spread(u64::from(*ordinal) + 1);
                Entry { hash, ordinal: *ordinal, ..Entry::default() }
            };
            let entries: Vec<Entry> = ordinals.iter().map(entry).collect();
            let batch = Batch::of_times(vec![at(0); entries.len()]);
            let claim = &mut |claim: Claim| claims.push(claim.ordinals);
            assert!(window.insert(side, ordinals[0], batch, &entries, claim));
        }
    }
    assert!(claims.len() > ROWS / 2);
    let gone = window.evict(None, &mut |claim| claims.push(claim.ordinals));
    let left: usize = gone.iter().map(|held| held.entries.len()).sum();
    assert!(claims.iter().all(|[treating, insured]| treating == insured));
    claims.sort_unstable();
    claims.dedup();
    // A bucket that is full forgets a row.
    assert!(claims.len() > ROWS / 1000 * 999, "{}", claims.len());
    assert_eq!(left, 2 * (ROWS - claims.len()));
}

#[test]
fn every_row_goes_once_whatever_threads_do() {
    const BATCHES: u32 = 60;
    const ROWS: u32 = 100;
    const THREADS: u32 = 4;
    // So few keys that many come three times and more, on either side, near each other or not.
    const KEYS: u64 = 60_000;
    let window = Window::new(u64::from(2 * THREADS * BATCHES * ROWS) / 8);
    let work = |thread: u32| {
        let (mut claims, mut left) = (Vec::new(), Vec::new());
        let mut claim = |claim: Claim| claims.push((claim.hash(), claim.ordinals));
        for batch in 0..BATCHES {
            for side in Side::BOTH {
                let first = (batch * THREADS + thread) * ROWS;
                let entry = |ordinal: u32| {
                    let near = u64::from(batch) * KEYS / u64::from(BATCHES);
                    let number = u64::from(ordinal) * 2 + side as u64;
                    let key = near + xxh3_64(&number.to_le_bytes()) % 1_400;
                    let hash = spread(key + 1);
                    Entry { hash, ordinal, fingerprint: key % 50 / 49, ..Entry::default() }
                };
                let entries: Vec<Entry> = (first..first + ROWS).map(entry).collect();
                let rows = Batch::of_times(vec![at(batch); entries.len()]);
                assert!(window.insert(side, first, rows, &entries, &mut claim));
                left.extend(window.evict(Some(at(batch)), &mut claim));
            }
        }
        (claims, left)
    };
    let (mut claims, mut left) = (Vec::new(), Vec::new());
    std::thread::scope(|scope| {
        let threads: Vec<_> =
            (0..THREADS).map(|thread| scope.spawn(move || work(thread))).collect();
        for thread in threads {
            let (of_thread, gone) = thread.join().expect("no panic");
            claims.extend(of_thread);
            left.extend(gone);
        }
    });
    left.extend(window.evict(None, &mut |claim| claims.push((claim.hash(), claim.ordinals))));
    let revoked = window.revoked();
    let mut rows: Vec<(Side, u32)> = left
        .iter()
        .flat_map(|held| held.entries.iter().map(|entry| (held.side, entry.ordinal)))
        .collect();
    let all_claims = claims.len();
    claims.retain(|(hash, [treating, _])| !revoked.contains(&(*hash, *treating)));
    assert_eq!(all_claims, claims.len() + revoked.len());
    assert!(claims.len() > 500 && revoked.len() > 50, "{} {}", claims.len(), revoked.len());
    for (_, [treating, insured]) in claims {
        rows.extend([(Side::Treating, treating), (Side::Insured, insured)]);
    }
    rows.sort_unstable();
    let of_side = |side| (0..THREADS * BATCHES * ROWS).map(move |ordinal| (side, ordinal));
    assert!(rows.into_iter().eq(Side::BOTH.into_iter().flat_map(of_side)));
}

#[test]
fn no_more_is_held_than_there_are_seats_for() {
    let window = Window::new(0);
    let batch = Batch::of_times(vec![at(0)]);
    assert!(!window.insert(Side::Treating, 0, batch, &[], &mut |_| ()));
}
