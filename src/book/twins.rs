//! Finds missing copies of both sides whose setl_ids differ only in blanks, case or width. They are probably one
//! settlement. This decides nothing; it tells people where to look.

use xxhash_rust::xxh3::xxh3_128;

use super::grid::{Grid, GridRow};
use crate::{
    model::control::Class,
    spelling::{bare, is_unseen},
};

/// Pairs of missing copies that are probably one settlement.
#[derive(Debug)]
pub struct Twins {
    /// The rows of a copy and of its twin, sorted; each twin comes in both directions.
    pairs: Vec<(usize, usize)>,
}

impl Twins {
    /// Finds the twins among the missing copies of the table `breaks`.
    pub fn of(breaks: &Grid) -> Twins {
        let missing = breaks.iter().enumerate().filter_map(|(at, row)| {
            let of_treating = match Class::from_name(row.text("class"))? {
                Class::MissingInsured => true,
                Class::MissingTreating => false,
                _ => return None,
            };
            let key = format!("{} {}", row.pair()?, bare(row.text("setl_id")));
            Some((xxh3_128(key.as_bytes()), of_treating, at))
        });
        let mut missing: Vec<(u128, bool, usize)> = missing.collect();
        missing.sort_unstable();
        let mut pairs = Vec::new();
        for same in missing.chunk_by(|a, b| a.0 == b.0) {
            let (insured, treating) =
                same.split_at(same.partition_point(|(_, of_treating, _)| !of_treating));
            if let ([one, ..], [other, ..]) = (insured, treating) {
                pairs.extend(insured.iter().map(|row| (row.2, other.2)));
                pairs.extend(treating.iter().map(|row| (row.2, one.2)));
            }
        }
        pairs.sort_unstable();
        Twins { pairs }
    }

    /// Returns the twin of a missing copy, by the row of its break.
    pub fn other<'a>(&self, row: &GridRow<'a>) -> Option<GridRow<'a>> {
        let at = self.pairs.binary_search_by_key(&row.place(), |(row, _)| *row).ok()?;
        Some(row.grid().row(self.pairs[at].1))
    }

    /// Returns every copy of the treating side that has a twin, and the twin.
    pub fn of_treating<'a>(
        &self,
        breaks: &'a Grid,
    ) -> impl Iterator<Item = (GridRow<'a>, GridRow<'a>)> {
        let rows = self.pairs.iter().map(|(one, other)| [*one, *other].map(|at| breaks.row(at)));
        rows.filter(|[one, _]| one.text("class") == Class::MissingInsured.name())
            .map(|[one, other]| (one, other))
    }
}

/// Returns a setl_id in brackets with invisible characters escaped, so that blanks at its ends are visible.
pub fn visible(setl_id: &str) -> String {
    let mut shown = String::from("「");
    for letter in setl_id.chars() {
        if letter != ' ' && is_unseen(letter) {
            shown.extend(letter.escape_unicode());
        } else {
            shown.push(letter);
        }
    }
    shown + "」"
}
