//! Suppression of counts in a bulletin: counts of few persons (primary suppression), and counts from which these
//! could be computed (secondary suppression).
//!
//! All counts of a bulletin are cells. Every sum that a reader can compute is an equation between cells, over all
//! sheets. A reader knows the shown cells, so the other cells of each equation must have more than one solution.

/// The number of a cell.
pub(super) type CellId = usize;

/// The way in which a cell is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mark {
    /// The count is shown.
    Shown,
    /// The count is suppressed since it is of few persons.
    Few,
    /// The count is suppressed since another one could be computed from it.
    Hidden,
}

/// The counts of a bulletin and the sums among them.
#[derive(Debug, Default)]
pub(super) struct Cells {
    /// The smallest number of persons whose count is shown.
    threshold: u64,
    /// The count of each cell, and whether it is of few persons.
    counts: Vec<(u128, bool)>,
    sums: Vec<(Vec<CellId>, CellId)>,
    /// Cells that are always shown.
    public: Vec<CellId>,
}

impl Cells {
    pub(super) fn new(threshold: u64) -> Cells {
        Cells { threshold, ..Cells::default() }
    }

    /// Adds a count of settlements; fewer settlements than the threshold are also fewer persons.
    pub(super) fn count(&mut self, count: u128) -> CellId {
        self.of_persons(count, count)
    }

    /// Adds a count of settlements of this many persons; from the threshold on, `persons` may be a lower bound.
    pub(super) fn of_persons(&mut self, count: u128, persons: u128) -> CellId {
        let few = count > 0 && persons < u128::from(self.threshold);
        self.counts.push((count, few));
        self.counts.len() - 1
    }

    /// Marks a count as always shown: a national total.
    pub(super) fn publish(&mut self, cell: CellId) {
        self.counts[cell].1 = false;
        self.public.push(cell);
    }

    /// Adds an equation: the parts add up to the total.
    pub(super) fn sum(&mut self, parts: Vec<CellId>, total: CellId) {
        self.sums.push((parts, total));
    }

    /// Adds a cell for the sum of the parts, and its equation.
    pub(super) fn total(&mut self, parts: Vec<CellId>) -> CellId {
        let count = parts.iter().map(|part| self.counts[*part].0).sum();
        let total = self.count(count);
        self.sum(parts, total);
        total
    }

    /// Returns the mark of each cell: hides cells until no equation reveals a count of few persons.
    pub(super) fn marks(&self) -> Vec<Mark> {
        let few = |(_, few): &(u128, bool)| if *few { Mark::Few } else { Mark::Shown };
        let mut marks: Vec<Mark> = self.counts.iter().map(few).collect();
        loop {
            let mut more = false;
            for sum in &self.sums {
                while let Some(cell) = self.to_hide(sum, &marks) {
                    marks[cell] = Mark::Hidden;
                    more = true;
                }
            }
            if !more {
                return marks;
            }
        }
    }

    /// Returns the next cell of an equation to hide: the smallest part above 0, else the total, else a part that is
    /// 0; none if the equation reveals nothing.
    fn to_hide(&self, (parts, total): &(Vec<CellId>, CellId), marks: &[Mark]) -> Option<CellId> {
        if !self.is_given_away((parts, *total), marks) {
            return None;
        }
        let shown = |cell: &&CellId| marks[**cell] == Mark::Shown && !self.public.contains(cell);
        let part = parts.iter().filter(|cell| self.counts[**cell].0 > 0).filter(shown);
        let smallest = part.min_by_key(|cell| self.counts[**cell].0).copied();
        smallest
            .or_else(|| Some(total).filter(shown).copied())
            .or_else(|| parts.iter().find(shown).copied())
    }

    /// Returns whether the shown cells of an equation leave one solution for the others.
    fn is_given_away(&self, (parts, total): (&[CellId], CellId), marks: &[Mark]) -> bool {
        let unknown: Vec<CellId> =
            parts.iter().copied().filter(|cell| marks[*cell] != Mark::Shown).collect();
        if marks[total] != Mark::Shown {
            return unknown.is_empty();
        }
        let few = unknown.iter().filter(|cell| marks[**cell] == Mark::Few).count() as u128;
        let hidden = unknown.len() as u128 - few;
        let left: u128 = unknown.iter().map(|cell| self.counts[*cell].0).sum();
        let threshold = u128::from(self.threshold);
        // A cell of few persons is 1 to threshold − 1, a hidden cell at least the threshold. So a sum at the lower or
        // the upper bound has one solution.
        let least = few + hidden * threshold;
        let most = if hidden == 0 { few * (threshold - 1) } else { u128::MAX };
        unknown.len() == 1 || (few > 0 && (left <= least || left >= most))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Makes a table with both margins: the last cell of each row and the last row are totals.
    fn table(counts: &[Vec<u128>]) -> (Cells, Vec<Vec<CellId>>) {
        let mut cells = Cells::new(5);
        let mut ids: Vec<Vec<CellId>> = counts
            .iter()
            .map(|row| row.iter().map(|count| cells.count(*count)).collect())
            .collect();
        for row in &mut ids {
            row.push(cells.total(row.clone()));
        }
        let columns = ids[0].len();
        let column = |at: usize| ids.iter().map(|row| row[at]).collect::<Vec<_>>();
        let totals: Vec<CellId> = (0..columns - 1).map(|at| cells.total(column(at))).collect();
        let last = cells.total(column(columns - 1));
        cells.sum(totals.clone(), last);
        ids.push([totals, vec![last]].concat());
        (cells, ids)
    }

    fn shown(counts: &[Vec<u128>]) -> Vec<String> {
        let (cells, ids) = table(counts);
        let marks = cells.marks();
        let shown = |id: &CellId| match marks[*id] {
            Mark::Shown => cells.counts[*id].0.to_string(),
            Mark::Few => "<5".to_owned(),
            Mark::Hidden => "*".to_owned(),
        };
        ids.iter().map(|row| row.iter().map(shown).collect::<Vec<_>>().join(" ")).collect()
    }

    #[test]
    fn a_small_cell_takes_others_with_it() {
        assert_eq!(shown(&[vec![10, 20], vec![30, 40]]), ["10 20 30", "30 40 70", "40 60 100"]);
        assert_eq!(shown(&[vec![3, 20], vec![30, 40]]), ["<5 * 23", "* * 70", "33 60 93"]);
        // 1 and 1 are all that 2 can be.
        assert_eq!(shown(&[vec![1, 1, 9]]), ["<5 <5 * 11", "<5 <5 * 11"]);
        // 1 and 5 are all that 6 can be.
        assert_eq!(shown(&[vec![1, 5, 9]]), ["<5 * * 15", "<5 * * 15"]);
        // Only the total can still be hidden.
        assert_eq!(shown(&[vec![0, 3]]), ["0 <5 <5", "0 <5 <5"]);
    }

    proptest! {
        /// In no line of a table a cell of few persons has one solution.
        #[test]
        fn no_line_gives_a_small_cell_away(
            counts in prop::collection::vec(prop::collection::vec(0u128..12, 4), 1..6),
        ) {
            let (cells, ids) = table(&counts);
            let marks = cells.marks();
            let columns = (0..5).map(|at| ids.iter().map(|row| row[at]).collect::<Vec<_>>());
            for line in ids.iter().cloned().chain(columns) {
                let unknown: Vec<CellId> =
                    line.iter().copied().filter(|id| marks[*id] != Mark::Shown).collect();
                prop_assert!(unknown.len() != 1, "{:?}", shown(&counts));
            }
            for (id, (count, few)) in cells.counts.iter().enumerate() {
                prop_assert_eq!(*few, (1..5).contains(count));
                prop_assert!(!few || marks[id] == Mark::Few);
                prop_assert!(marks[id] != Mark::Hidden || !few);
            }
            for (parts, total) in &cells.sums {
                if marks[*total] != Mark::Shown { continue; }
                let unknown: Vec<CellId> =
                    parts.iter().copied().filter(|id| marks[*id] != Mark::Shown).collect();
                let left: u128 = unknown.iter().map(|id| cells.counts[*id].0).sum();
                let few = unknown.iter().filter(|id| marks[**id] == Mark::Few).count() as u128;
                let hidden = unknown.len() as u128 - few;
                // The values that a cell of few persons can have, for all values of the others that their marks allow.
                let ways = (1..5u128).filter(|value| {
                    let others = left.checked_sub(*value);
                    others.is_some_and(|others| {
                        let least = (few - 1) + hidden * 5;
                        others >= least && (hidden > 0 || others <= (few - 1) * 4)
                    })
                });
                prop_assert!(few == 0 || ways.count() > 1, "{:?}", shown(&counts));
            }
        }
    }
}
