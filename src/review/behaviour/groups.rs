//! Rows by key.

use crate::review::row::ReviewedRow;

/// Calls `look` with the rows of each key, in the order of the keys. Rows of one key stay in their order.
pub(super) fn by_key<'a, K: Ord>(
    rows: &[&'a ReviewedRow<'a>],
    key: impl Fn(&'a ReviewedRow<'a>) -> K,
    mut look: impl FnMut(&[&'a ReviewedRow<'a>]),
) {
    // Most persons have one row, which needs no key.
    match rows {
        [] => return,
        [_] => return look(rows),
        _ => {}
    }
    let keys: Vec<K> = rows.iter().map(|row| key(row)).collect();
    if keys.is_sorted() {
        // Rows are in the order of time, and so are their months and days.
        let mut rest = rows;
        for of_one in keys.chunk_by(|a, b| a == b) {
            let (rows, after) = rest.split_at(of_one.len());
            look(rows);
            rest = after;
        }
        return;
    }
    let mut sorted: Vec<(K, &ReviewedRow)> = keys.into_iter().zip(rows.iter().copied()).collect();
    sorted.sort_by(|(a, _), (b, _)| a.cmp(b));
    for of_one in sorted.chunk_by(|(a, _), (b, _)| a == b) {
        let rows: Vec<&ReviewedRow> = of_one.iter().map(|(_, row)| *row).collect();
        look(&rows);
    }
}

/// Like [`by_key`], with each key that has so many rows, and one at least.
pub(super) fn frequent<'a, K: Ord>(
    rows: &[&'a ReviewedRow<'a>],
    count: u64,
    key: impl Fn(&'a ReviewedRow<'a>) -> K,
    mut look: impl FnMut(&[&'a ReviewedRow<'a>]),
) {
    if number(rows) < count {
        return;
    }
    by_key(rows, key, |of_one| {
        if number(of_one) >= count {
            look(of_one);
        }
    });
}

/// Returns how many there are.
pub(super) fn number<T>(those: &[T]) -> u64 {
    those.len() as u64
}

/// Returns how many different keys rows have.
pub(super) fn distinct<'a, K: Ord>(
    rows: &[&'a ReviewedRow<'a>],
    key: impl Fn(&'a ReviewedRow<'a>) -> K,
) -> u64 {
    let mut keys: Vec<K> = rows.iter().map(|row| key(row)).collect();
    keys.sort_unstable();
    keys.dedup();
    number(&keys)
}
