//! Counts the rows of a side by cost month.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::rows::CheckedBatch;
use crate::model::codes::Month;

/// Numbers of rows by cost month: of valid rows, and of those that break V10 only.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct CostMonths(BTreeMap<Month, u64>);

impl CostMonths {
    /// Counts the rows of a batch.
    pub fn count(&mut self, checked: &CheckedBatch) {
        let rows = checked.broken.iter().zip(&checked.month);
        let rows = rows.filter(|(broken, _)| broken.is_valid_but_early());
        // Neighbouring rows mostly have one month, so the map is asked once for each run of them.
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

    /// Adds other counts.
    pub fn absorb(&mut self, others: &CostMonths) {
        for (month, count) in &others.0 {
            self.add(*month, *count);
        }
    }

    /// Returns the number of rows of a month.
    pub fn of(&self, month: Month) -> u64 {
        self.0.get(&month).copied().unwrap_or(0)
    }

    /// Returns the number of rows of all months.
    pub fn all(&self) -> u64 {
        self.0.values().copied().fold(0, u64::saturating_add)
    }

    /// Returns each month with its number of rows, oldest first.
    pub fn by_month(&self) -> impl Iterator<Item = (Month, u64)> {
        self.0.iter().map(|(month, count)| (*month, *count))
    }
}
