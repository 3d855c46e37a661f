//! The account of a conversion: changes, refusals, rows set aside, totals.

use std::collections::BTreeMap;

use super::value::Change;
use crate::{diag::Code, model::money::FenSum, text::Text};

/// Examples that are kept of a change of a field.
const EXAMPLES: usize = 3;

/// How often the values of a field were changed in a way, with the first examples.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Changed {
    /// The number of values.
    pub(crate) count: u64,
    /// The first of them.
    pub(crate) examples: Vec<ChangeExample>,
}

/// A changed value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ChangeExample {
    /// The line of the export.
    pub(crate) line: u64,
    /// The value in the export; masked where it belongs to a person.
    pub(crate) before: String,
    /// The value in the delivery; empty for none.
    pub(crate) after: String,
}

/// A value or a row that was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refusal {
    /// The line of the export.
    pub(crate) line: u64,
    /// The name of the column; empty for a whole row.
    pub(crate) column: String,
    /// The field.
    pub(crate) field: &'static str,
    /// The value in the export; masked where it belongs to a person.
    pub(crate) value: String,
    pub(crate) code: Code,
    pub(crate) why: Text,
    /// Whether it holds for every value of the column.
    pub(crate) of_column: bool,
}

/// Why a row that is no record was set aside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum AsideKind {
    /// A row without any value.
    Blank,
    /// The heading once more.
    Heading,
    /// A sum line.
    Sum,
}

impl AsideKind {
    /// Its name in JSON and CSV.
    pub(crate) const fn id(self) -> &'static str {
        match self {
            AsideKind::Blank => "blank",
            AsideKind::Heading => "heading",
            AsideKind::Sum => "sum",
        }
    }
}

/// The account of some rows of an export.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Tally {
    /// Rows that are records, whether they were converted or refused.
    pub(crate) read: u64,
    /// The last line with cells.
    pub(crate) last_line: u64,
    /// Rows that were converted.
    pub(crate) converted: u64,
    /// Rows that were refused.
    pub(crate) refused: u64,
    /// Rows that were set aside.
    pub(crate) aside: BTreeMap<AsideKind, u64>,
    /// Lines of sum lines, each with the sums that it holds, by the name of the field.
    pub(crate) sum_lines: Vec<(u64, BTreeMap<&'static str, FenSum>)>,
    /// Changes by field and kind.
    pub(crate) changes: BTreeMap<(&'static str, Change), Changed>,
    /// The sum of each amount over the converted rows.
    pub(crate) sums: BTreeMap<&'static str, FenSum>,
    /// Rows with a line break inside of a cell.
    pub(crate) with_breaks: u64,
    /// Empty values of required fields.
    pub(crate) empty: BTreeMap<&'static str, u64>,
    /// Whether an amount has a decimal point.
    pub(crate) has_points: bool,
}

impl Tally {
    /// Adds the account of the rows that follow.
    pub(crate) fn add(&mut self, next: Tally) {
        self.read += next.read;
        self.last_line = self.last_line.max(next.last_line);
        self.converted += next.converted;
        self.refused += next.refused;
        for (kind, rows) in next.aside {
            *self.aside.entry(kind).or_default() += rows;
        }
        self.sum_lines.extend(next.sum_lines);
        for (key, changed) in next.changes {
            let all = self.changes.entry(key).or_default();
            all.count += changed.count;
            let room = EXAMPLES.saturating_sub(all.examples.len());
            all.examples.extend(changed.examples.into_iter().take(room));
        }
        self.with_breaks += next.with_breaks;
        self.has_points |= next.has_points;
        for (field, values) in next.empty {
            *self.empty.entry(field).or_default() += values;
        }
        for (field, sum) in next.sums {
            let all = self.sums.entry(field).or_default();
            *all = all.saturating_add(sum);
        }
    }

    /// Counts a change of a value.
    pub(crate) fn change(
        &mut self,
        field: &'static str,
        change: Change,
        example: impl FnOnce() -> ChangeExample,
    ) {
        let changed = self.changes.entry((field, change)).or_default();
        changed.count += 1;
        if changed.examples.len() < EXAMPLES {
            changed.examples.push(example());
        }
    }
}
