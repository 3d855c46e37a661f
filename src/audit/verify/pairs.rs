//! Sums by pair.

use std::collections::BTreeMap;

use super::files::ReadablePeriod;
use crate::model::{codes::Pair, money::FenSum};

/// Sums by pair, in fen.
pub(super) type ByPair = BTreeMap<Pair, FenSum>;

/// Returns a column of a table by pair, without zeros.
pub(super) fn by_pair(closed: &ReadablePeriod, table: &str, column: &str) -> ByPair {
    let rows = closed.grid(table).iter();
    let sums = rows.filter_map(|row| Some((row.pair()?, row.fen(column))));
    sums.filter(|(_, fen)| !fen.is_zero()).collect()
}
