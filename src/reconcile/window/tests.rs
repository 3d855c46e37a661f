//! The window by itself.

use super::*;

const HOUR: i64 = 3_600 * 1_000_000;

/// The hash of a key, spread as hashes are.
const fn spread(key: u64) -> u64 {
    key.wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

/// Holds rows of a side, given by key and fingerprint, at an hour.
fn hold(window: &Window, side: Side, first: u32, rows: &[(u64, u64)], hour: i64) {
    let entry = |(ordinal, (key, fingerprint)): (u32, &(u64, u64))| Entry {
        hash: spread(*key),
        ordinal,
        fingerprint: *fingerprint,
        payable: 1,
        plain: true,
        ..Entry::default()
    };
    let entries: Vec<Entry> = (first..).zip(rows).map(entry).collect();
    let batch = Batch::of_times(vec![hour * HOUR; rows.len()]);
    assert!(window.hold(side, first, batch, &entries, |_| panic!("too few rows to look at")));
}

/// What is claimed when batches are let go, by ordinals; side and ordinal of the rows that go without having
/// cleared.
fn let_go(window: &Window, frontier: Option<i64>) -> (Vec<[u32; 2]>, Vec<(Side, u32)>) {
    let mut claims = Vec::new();
    let of = |held: HeldBatch| held.entries.into_iter().map(move |e| (held.side, e.ordinal));
    let gone = window.let_go(frontier, |claim| claims.push(claim.ordinals));
    let mut left: Vec<_> = gone.into_iter().flat_map(of).collect();
    claims.sort_unstable();
    left.sort_unstable();
    (claims, left)
}

#[test]
fn equal_copies_clear_and_others_are_left() {
    let window = Window::new(1000);
    hold(&window, Side::Treating, 0, &[(1, 1), (2, 2), (3, 3)], 0);
    hold(&window, Side::Insured, 10, &[(3, 3), (2, 9), (1, 1), (4, 4)], 0);
    let others = vec![(Side::Treating, 1), (Side::Insured, 11), (Side::Insured, 13)];
    assert_eq!(let_go(&window, None), (vec![[0, 12], [2, 10]], others));
    assert!(window.revoked().is_empty());
}

#[test]
fn a_third_row_takes_a_claim_back() {
    let window = Window::new(1000);
    hold(&window, Side::Treating, 0, &[(7, 7)], 0);
    hold(&window, Side::Insured, 0, &[(7, 7)], 0);
    hold(&window, Side::Insured, 1, &[(7, 7)], 0);
    hold(&window, Side::Treating, 1, &[(7, 7)], 0);
    let all = [0, 1].map(|ordinal| (Side::Treating, ordinal));
    let all = [all, all.map(|(_, n)| (Side::Insured, n))].concat();
    assert_eq!(let_go(&window, None), (vec![[0, 0]], all));
    assert_eq!(window.revoked(), [(spread(7), 0)]);
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
        let batch = Batch::of_times(vec![0]);
        let held = window.hold(side, ordinal, batch, &[rows(hash, ordinal)], |_| ());
        assert!(held);
    }
    let left = window.let_go(None, |claim| claims.push((claim.hash(), claim.ordinals)));
    assert_eq!(claims, [(1, [0, 0])]);
    assert_eq!(left.iter().map(|held| held.entries.len()).sum::<usize>(), 2);
    assert!(window.revoked().is_empty());
}

#[test]
fn what_the_reading_has_left_behind_finds_no_partner() {
    const BATCHES: usize = LET_GO_ROWS / BATCH_ROWS;
    let window = Window::new(2 * LET_GO_ROWS as u64);
    let rows = |number: usize| {
        let numbers = (1..).skip(number * BATCH_ROWS).take(BATCH_ROWS);
        numbers.map(|n: u64| (n, n)).collect::<Vec<_>>()
    };
    let mut claims = Vec::new();
    for (number, first) in (0..=BATCHES).zip((0..).step_by(BATCH_ROWS)) {
        let rows = rows(number);
        let entries = rows.iter().zip(first..).map(|((key, fingerprint), ordinal)| Entry {
            hash: spread(*key),
            fingerprint: *fingerprint,
            ordinal,
            ..Entry::default()
        });
        // The last comes later.
        let hour = if number == BATCHES { 5 } else { 0 };
        let batch = Batch::of_times(vec![hour * HOUR; rows.len()]);
        let entries: Vec<Entry> = entries.collect();
        assert!(window.hold(Side::Treating, first, batch, &entries, |c| claims.push(c)));
    }
    assert!(claims.is_empty());
    assert_eq!(let_go(&window, Some(HOUR)), (vec![], vec![]));
    let (claims, left) = let_go(&window, Some(2 * HOUR));
    assert_eq!((claims.len(), left.len()), (0, LET_GO_ROWS));
    // The first are gone, and their seats are taken again; the last is held.
    hold(&window, Side::Insured, 0, &rows(0)[..10], 5);
    hold(&window, Side::Insured, 10, &rows(BATCHES)[..10], 5);
    let (claims, left) = let_go(&window, None);
    let first = u32::try_from(LET_GO_ROWS).expect("few");
    assert_eq!(claims, (0..10).map(|n| [first + n, 10 + n]).collect::<Vec<_>>());
    assert_eq!(left.len(), BATCH_ROWS - 10 + 10);
    assert!(left[left.len() - 10..].iter().all(|(side, row)| *side == Side::Insured && *row < 10));
}

#[test]
fn rows_are_found_however_many_came_since() {
    // Each shard looks at what gathered long before the end.
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
            let batch = Batch::of_times(vec![0; entries.len()]);
            let claim = |claim: Claim| claims.push(claim.ordinals);
            assert!(window.hold(side, ordinals[0], batch, &entries, claim));
        }
    }
    assert!(claims.len() > ROWS / 2);
    let gone = window.let_go(None, |claim| claims.push(claim.ordinals));
    let left: usize = gone.iter().map(|held| held.entries.len()).sum();
    assert!(claims.iter().all(|[treating, insured]| treating == insured));
    claims.sort_unstable();
    claims.dedup();
    // A bucket that is full forgets a row.
    assert!(claims.len() > ROWS / 1000 * 999, "{}", claims.len());
    assert_eq!(left, 2 * (ROWS - claims.len()));
}

#[test]
fn no_more_is_held_than_there_are_seats_for() {
    let window = Window::new(0);
    let batch = Batch::of_times(vec![0]);
    assert!(!window.hold(Side::Treating, 0, batch, &[], |_| ()));
}
