//! Cleared settlements by pair.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    cells::{CellId, Cells},
    delivered::DeliveryFigures,
};
use crate::{
    book::ClosedPeriod,
    diag::{Failure, Outcome},
    model::{
        codes::{Pair, Province},
        group::Group,
    },
    register::entries::{RegisterEntries, VOIDED},
    text::Text,
};

/// Cleared settlements by pair, with their sums by province.
pub(super) struct ClearedFigures {
    /// The number of settlements of each pair, reversals included, and its cell.
    pub(super) pairs: BTreeMap<Pair, (u128, CellId)>,
    pub(super) provinces: [BTreeMap<Province, CellId>; 2],
    pub(super) national: CellId,
}

impl ClearedFigures {
    pub(super) fn read(closed: &ClosedPeriod, cells: &mut Cells) -> Outcome<ClearedFigures> {
        let unreadable = |problem: Text| {
            Failure::Book(text!("the register of {} cannot be read: {}", closed.month, problem))
        };
        let entries = RegisterEntries::open(&closed.folder, closed.month).map_err(unreadable)?;
        let mut counts: BTreeMap<Pair, u128> = BTreeMap::new();
        for group in 0..entries.row_groups() {
            let cleared = entries.group(group).map_err(unreadable)?;
            for entry in cleared.into_iter().filter(|entry| entry.kind != VOIDED) {
                let group = u16::try_from(entry.group).ok().and_then(Group::from_number);
                let group =
                    group.ok_or_else(|| unreadable(text!("a group that does not exist")))?;
                *counts.entry(group.pair).or_default() += 1;
            }
        }
        let pairs: BTreeMap<Pair, (u128, CellId)> =
            counts.into_iter().map(|(pair, n)| (pair, (n, cells.count(n)))).collect();
        let cell = |(pair, (_, id)): (&Pair, &(u128, CellId))| (*pair, *id);
        let provinces = margins(pairs.iter().map(cell), cells);
        let national = cells.total(provinces[0].values().copied().collect());
        cells.sum(provinces[1].values().copied().collect(), national);
        Ok(ClearedFigures { pairs, provinces, national })
    }
}

/// Adds the cells of the sums by insured and by treating province.
pub(super) fn margins(
    pairs: impl Iterator<Item = (Pair, CellId)>,
    cells: &mut Cells,
) -> [BTreeMap<Province, CellId>; 2] {
    let mut parts: [BTreeMap<Province, Vec<CellId>>; 2] = Default::default();
    for (pair, cell) in pairs {
        parts[0].entry(pair.insured).or_default().push(cell);
        parts[1].entry(pair.treating).or_default().push(cell);
    }
    parts.map(|of| of.into_iter().map(|(place, parts)| (place, cells.total(parts))).collect())
}

/// Returns the pairs of all sources.
pub(super) fn all_pairs(
    cleared: &ClearedFigures,
    delivered: Option<&DeliveryFigures>,
) -> BTreeSet<Pair> {
    let delivered = delivered.into_iter().flat_map(|delivered| delivered.pairs.keys());
    cleared.pairs.keys().chain(delivered).copied().collect()
}
