//! The rows of a file by the province that sends them: the treating one on the treating side, the insured one on the
//! other.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{
    diag::codes::RowRule,
    model::{
        codes::{Month, Province},
        fields::Field,
        money::FenSum,
    },
};

/// The amounts that control totals declare.
pub const TOTALS: [Field; 3] = [Field::medfee_sumamt, Field::fund_pay_sumamt, Field::acct_pay];

/// The number of senders: 32 provinces, and rows whose division is of none.
pub(super) const SENDERS: usize = 33;

/// The rows of a file by sender.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Senders(BTreeMap<u8, SenderRows>);

/// The rows of one sender in a file.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct SenderRows {
    /// The number of rows.
    pub rows: u64,
    /// The number of rows that break a rule.
    pub rejected: u64,
    /// The sums of [`TOTALS`], in fen.
    pub sums: [FenSum; 3],
    /// The rows with an allowed time (V17), by cost month.
    pub months: BTreeMap<Month, u64>,
    /// The rows that break a rule, by the place of the rule in [`RowRule::ALL`].
    broken: BTreeMap<u8, BrokenRows>,
}

/// The rows that break a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct BrokenRows {
    /// Their number.
    pub rows: u64,
    /// The first of them, counted from 0 in its file.
    pub first: u64,
}

impl BrokenRows {
    fn absorb(&mut self, other: BrokenRows) {
        self.rows += other.rows;
        self.first = self.first.min(other.first);
    }
}

impl SenderRows {
    /// Counts a row that breaks rules; `row` is counted from 0 in its file.
    pub(super) fn reject(&mut self, rules: impl Iterator<Item = RowRule>, row: u64) {
        self.rejected += 1;
        let found = BrokenRows { rows: 1, first: row };
        for rule in rules {
            let rows = self.broken.entry(rule as u8);
            rows.and_modify(|rows| rows.absorb(found)).or_insert(found);
        }
    }

    /// Returns the rows that break each rule, in the order of the rules.
    pub fn broken(&self) -> impl Iterator<Item = (RowRule, BrokenRows)> {
        let rule = |place: u8| RowRule::ALL.get(usize::from(place)).copied();
        self.broken.iter().filter_map(move |(place, rows)| Some((rule(*place)?, *rows)))
    }

    /// Adds other rows.
    pub fn absorb(&mut self, other: &SenderRows) {
        self.rows += other.rows;
        self.rejected += other.rejected;
        for (sum, more) in self.sums.iter_mut().zip(other.sums) {
            *sum = sum.saturating_add(more);
        }
        for (month, rows) in &other.months {
            *self.months.entry(*month).or_default() += rows;
        }
        for (rule, rows) in &other.broken {
            self.broken.entry(*rule).and_modify(|own| own.absorb(*rows)).or_insert(*rows);
        }
    }
}

impl Senders {
    /// Returns the rows of each sender, by province; the last one has none.
    pub fn by_province(&self) -> impl Iterator<Item = (Option<Province>, &SenderRows)> {
        self.0.iter().map(|(sender, rows)| (Province::from_index(usize::from(*sender)), rows))
    }

    /// Adds the rows of another part of the file.
    pub fn absorb(&mut self, other: &Senders) {
        for (sender, rows) in &other.0 {
            self.0.entry(*sender).or_default().absorb(rows);
        }
    }

    /// Returns the rows of a sender by its number.
    pub(super) fn of(&mut self, sender: usize) -> &mut SenderRows {
        self.0.entry(u8::try_from(sender).unwrap_or(u8::MAX)).or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn month(month: u8) -> Month {
        Month::new(2025, month)
    }

    fn rows(rows: u64, of: u8, first: u64) -> SenderRows {
        SenderRows {
            rows,
            rejected: 1,
            sums: [FenSum::new(100), FenSum::new(-5), FenSum::ZERO],
            months: [(month(of), rows)].into(),
            broken: [(RowRule::V06 as u8, BrokenRows { rows: 1, first })].into(),
        }
    }

    #[test]
    fn parts_of_a_file_add_up_and_the_first_broken_row_stays() {
        let mut senders = Senders([(8, rows(3, 10, 7))].into());
        senders.absorb(&Senders([(8, rows(2, 9, 4)), (32, rows(1, 10, 0))].into()));
        let all: Vec<(Option<Province>, &SenderRows)> = senders.by_province().collect();
        assert_eq!(all[0].0, Province::from_code(31));
        assert_eq!(all[1], (None, &rows(1, 10, 0)));
        let shanghai = all[0].1;
        assert_eq!((shanghai.rows, shanghai.rejected), (5, 2));
        assert_eq!(shanghai.sums, [FenSum::new(200), FenSum::new(-10), FenSum::ZERO]);
        assert_eq!(shanghai.months, [(month(9), 2), (month(10), 3)].into());
        let broken: Vec<_> = shanghai.broken().collect();
        assert_eq!(broken, [(RowRule::V06, BrokenRows { rows: 2, first: 4 })]);
    }
}
