//! Rows by key.

use crate::review::row::ReviewedRow;

/// Calls `look` with the rows of each key, in the order of the keys. Rows of one key stay in their order.
pub(super) fn by_key<'a, K: Ord>(
    rows: &[&'a ReviewedRow<'a>],
    key: impl Fn(&'a ReviewedRow<'a>) -> K,
    mut look: impl FnMut(&[&'a ReviewedRow<'a>]),
) {
    let mut sorted = rows.to_vec();
    // Rows are in the order of time as a rule, and then nothing moves.
    sorted.sort_by_key(|row| key(row));
    for of_one in sorted.chunk_by(|a, b| key(a) == key(b)) {
        look(of_one);
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
