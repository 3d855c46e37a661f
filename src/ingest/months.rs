//! How many rows of a side fall into each cost month.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::rows::CheckedBatch;
use crate::model::codes::Month;

/// Rows by cost month: those that are valid, or only come before their period.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct CostMonths(BTreeMap<Month, u64>);

impl CostMonths {
    /// Counts the rows of a batch. In most files many rows of one month follow each other.
    pub fn count(&mut self, checked: &CheckedBatch) {
        let rows = checked.broken.iter().zip(&checked.month);
        let rows = rows.filter(|(broken, _)| broken.is_valid_but_early());
        let mut months = rows.filter_map(|(_, month)| *month).peekable();
        while let Some(month) = months.next() {
            let mut count = 1;
            while months.next_if_eq(&month).is_some() {
                count += 1;
            }
            self.add(month, count);
        }
    }

    fn add(&mut self, month: Month, rows: u64) {
        let count = self.0.entry(month).or_default();
        *count = count.saturating_add(rows);
    }

    /// Adds what was counted elsewhere.
    pub fn absorb(&mut self, others: &CostMonths) {
        for (month, count) in &others.0 {
            self.add(*month, *count);
        }
    }

    /// Rows of a month.
    pub fn of(&self, month: Month) -> u64 {
        self.0.get(&month).copied().unwrap_or(0)
    }

    /// Rows of all months.
    pub fn all(&self) -> u64 {
        self.0.values().copied().fold(0, u64::saturating_add)
    }

    /// Each month with its rows, oldest first.
    pub fn by_month(&self) -> impl Iterator<Item = (Month, u64)> {
        self.0.iter().map(|(month, count)| (*month, *count))
    }
}
