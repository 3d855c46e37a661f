//! The window by itself.

use super::*;

const HOUR: i64 = 3_600 * 1_000_000;

/// Holds rows of a side, given by hash and fingerprint, at an hour; gives the claims by ordinals.
fn hold(window: &Window, side: Side, first: u32, rows: &[(u64, u64)], hour: i64) -> Vec<[u32; 2]> {
    let entry = |(ordinal, (hash, fingerprint)): (u32, &(u64, u64))| Entry {
        hash: *hash,
        check: 0,
        ordinal,
        fingerprint: *fingerprint,
        payable: 1,
        group: 0,
        plain: true,
    };
    let entries: Vec<Entry> = (first..).zip(rows).map(entry).collect();
    let batch = Batch::of_times(vec![hour * HOUR; rows.len()]);
    let mut claims = Vec::new();
    assert!(window.hold(side, first, batch, &entries, |claim| claims.push(claim.ordinals)));
    claims.sort_unstable();
    claims
}

/// Side and ordinal of the rows that are let go without having cleared.
fn left(window: &Window, frontier: Option<i64>) -> Vec<(Side, u32)> {
    let of = |held: HeldBatch| held.entries.into_iter().map(move |e| (held.side, e.ordinal));
    let mut left: Vec<_> = window.let_go(frontier).into_iter().flat_map(of).collect();
    left.sort_unstable();
    left
}

#[test]
fn equal_copies_clear_and_others_are_left() {
    let window = Window::new(1000);
    assert!(hold(&window, Side::Treating, 0, &[(1, 1), (2, 2), (3, 3)], 0).is_empty());
    let claims = hold(&window, Side::Insured, 10, &[(3, 3), (2, 9), (1, 1), (4, 4)], 0);
    assert_eq!(claims, [[0, 12], [2, 10]]);
    let others = [(Side::Treating, 1), (Side::Insured, 11), (Side::Insured, 13)];
    assert_eq!(left(&window, None), others);
    assert!(window.revoked().is_empty());
}

#[test]
fn a_third_row_takes_a_claim_back() {
    let window = Window::new(1000);
    hold(&window, Side::Treating, 0, &[(7, 7)], 0);
    assert_eq!(hold(&window, Side::Insured, 0, &[(7, 7)], 0), [[0, 0]]);
    assert!(hold(&window, Side::Insured, 1, &[(7, 7)], 0).is_empty());
    assert!(hold(&window, Side::Treating, 1, &[(7, 7)], 0).is_empty());
    let all = [0, 1].map(|ordinal| (Side::Treating, ordinal));
    assert_eq!(left(&window, None), [all, all.map(|(_, n)| (Side::Insured, n))].concat());
    assert_eq!(window.revoked(), [(7, 0)]);
}

#[test]
fn what_the_reading_has_left_behind_finds_no_partner() {
    let window = Window::new(1000);
    hold(&window, Side::Treating, 0, &[(1, 1)], 0);
    hold(&window, Side::Treating, 1, &[(2, 2)], 5);
    assert_eq!(left(&window, Some(HOUR)), []);
    assert_eq!(left(&window, Some(2 * HOUR)), [(Side::Treating, 0)]);
    // The first is gone; the place where it was held is taken again.
    assert!(hold(&window, Side::Insured, 0, &[(1, 1)], 5).is_empty());
    assert_eq!(hold(&window, Side::Insured, 1, &[(2, 2)], 5), [[1, 1]]);
    assert_eq!(left(&window, None), [(Side::Insured, 0)]);
}

#[test]
fn no_more_is_held_than_there_are_seats_for() {
    let window = Window::new(0);
    let batch = Batch::of_times(vec![0]);
    assert!(!window.hold(Side::Treating, 0, batch, &[], |_| ()));
}
