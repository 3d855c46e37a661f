//! The values that rows tell apart.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    predicates::Predicates,
    words::{HospitalLevel, PersonKind},
};

/// The most cases that the rows of a care class may tell apart for one class by filing.
pub(super) const MOST_CASES: usize = 1 << 17;

/// The values that rows tell apart, one for each group of values that fit the same rows.
#[derive(Debug, Clone, Default)]
pub(super) struct NamedValues {
    pub(super) levels: Vec<HospitalLevel>,
    pub(super) persons: Vec<PersonKind>,
    pub(super) ages: Vec<u16>,
    pub(super) grades: Vec<String>,
    pub(super) stays: Vec<u32>,
    pub(super) diseases: Vec<String>,
    pub(super) institutions: Vec<String>,
    pub(super) networked: Vec<bool>,
    pub(super) months: Vec<u16>,
}

impl NamedValues {
    /// Collects the values of rows.
    pub(super) fn of<'a>(rows: impl Iterator<Item = &'a Predicates>) -> NamedValues {
        let rows: Vec<&Predicates> = rows.collect();
        let ages = rows.iter().flat_map(|row| row.age_from.into_iter().chain(row.age_below));
        let ages: BTreeSet<u16> = ages.chain([0]).collect();
        let months: BTreeSet<u16> =
            rows.iter().filter_map(|row| row.months_insured_from).chain([0]).collect();
        let cells = rows.iter().filter_map(|row| row.stay.as_ref()).flatten();
        let stays: BTreeSet<u32> =
            cells.flat_map(|cell| [cell.first, cell.first + 1]).chain([1]).collect();
        let asks_network = rows.iter().any(|row| row.networked.is_some());
        NamedValues {
            levels: words(rows.iter().filter_map(|row| row.level.as_ref())),
            persons: words(rows.iter().filter_map(|row| row.person.as_ref())),
            ages: ages.into_iter().collect(),
            grades: codes(rows.iter().map(|row| row.grade.as_ref())),
            stays: stays.into_iter().collect(),
            diseases: codes(rows.iter().map(|row| row.disease.as_ref())),
            institutions: codes(rows.iter().map(|row| row.institutions.as_ref())),
            networked: if asks_network { vec![false, true] } else { vec![false] },
            months: months.into_iter().collect(),
        }
    }

    /// Returns the number of cases of a settlement of which nothing is known.
    pub(super) fn cases(&self) -> usize {
        let lengths = [
            self.levels.len() + 1,
            self.persons.len() + 1,
            self.ages.len(),
            self.grades.len() + 1,
            self.stays.len(),
            self.diseases.len() + 1,
            self.institutions.len() + 1,
            self.networked.len(),
            self.months.len(),
        ];
        lengths.into_iter().fold(1, usize::saturating_mul)
    }
}

/// Returns the words of cells, each once.
fn words<'a, T: Ord + Copy + 'a>(cells: impl Iterator<Item = &'a Vec<T>>) -> Vec<T> {
    let words: BTreeSet<T> = cells.flatten().copied().collect();
    words.into_iter().collect()
}

/// Returns one code for each group of codes that the same rows name.
fn codes<'a>(cells: impl Iterator<Item = Option<&'a Vec<String>>>) -> Vec<String> {
    let mut rows_of: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (row, codes) in cells.enumerate() {
        for code in codes.into_iter().flatten() {
            rows_of.entry(code).or_default().push(row);
        }
    }
    let mut groups = BTreeMap::new();
    for (code, mut rows) in rows_of {
        rows.dedup();
        groups.entry(rows).or_insert(code);
    }
    groups.into_values().map(str::to_owned).collect()
}
