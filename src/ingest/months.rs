//! Counts the rows of a side by cost month.

use std::collections::BTreeMap;

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::{
    batch::{Batches, DAY},
    buffers::Tools,
    delivery::Delivery,
    plan::{ROWS_ALONE, ReadPlan},
    rows::CheckedBatch,
    source::ParquetSource,
};
use crate::{
    diag::Outcome,
    event::Monitor,
    model::{
        codes::{Month, Side},
        fields::Field,
    },
    rules::Int96,
};

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

    /// Counts the rows of a delivery by their times alone, for each side. What cannot be read is left out: the survey
    /// has the findings.
    pub fn of_times(
        delivery: &Delivery,
        int96: Int96,
        plan: ReadPlan,
        monitor: &Monitor,
    ) -> Outcome<[CostMonths; 2]> {
        let tools = Tools::planned(&monitor.stopwatch, plan);
        let groups = delivery.sources.iter().flat_map(|source| {
            (0..source.metadata.num_row_groups()).map(move |row_group| (source, row_group))
        });
        let groups: Vec<(&ParquetSource, usize)> = groups.collect();
        let counted = groups.into_par_iter().map(|(source, row_group)| {
            monitor.check()?;
            let mut months = CostMonths::default();
            let time = source.columns.iter().find(|column| column.field == Field::setl_time);
            let Some(time) = time else { return Ok((source.side, months)) };
            let alone = source.alone(vec![*time], vec![]);
            let batches = Batches::open(&alone, row_group, int96, ROWS_ALONE, None, &tools);
            for batch in batches.into_iter().flatten().map_while(Result::ok) {
                let times = batch.time();
                let allowed = (0..batch.rows).filter_map(|row| times.allowed(row));
                months.add_each(allowed.map(|time| time.div_euclid(DAY)));
            }
            Ok((source.side, months))
        });
        let mut sides = [CostMonths::default(), CostMonths::default()];
        for (side, months) in counted.collect::<Outcome<Vec<(Side, CostMonths)>>>()? {
            sides[side.index()].absorb(&months);
        }
        Ok(sides)
    }

    /// Adds a row of each day. Neighbouring rows mostly have one day.
    fn add_each(&mut self, days: impl Iterator<Item = i64>) {
        let mut days = days.peekable();
        while let Some(day) = days.next() {
            let mut count = 1;
            while days.next_if_eq(&day).is_some() {
                count += 1;
            }
            self.add(Month::of_day(day), count);
        }
    }

    /// Returns the month of more than half of the rows.
    pub fn most(&self) -> Option<Month> {
        self.by_month().find(|(_, rows)| *rows > self.all() - rows).map(|(month, _)| month)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn most_is_more_than_half() {
        let most = |counts: &[(u8, u64)]| {
            let mut months = CostMonths::default();
            for (month, rows) in counts {
                months.add(Month::new(2025, *month), *rows);
            }
            months.most()
        };
        assert_eq!(most(&[]), None);
        assert_eq!(most(&[(9, 1), (10, 1)]), None);
        assert_eq!(most(&[(9, 1), (10, 2), (11, 0)]), Some(Month::new(2025, 10)));
        assert_eq!(most(&[(8, 1), (9, 1), (10, 2)]), None);
        let mut days = CostMonths::default();
        days.add_each([20_361, 20_361, 20_392, 20_361].into_iter());
        let counted: Vec<(Month, u64)> = days.by_month().collect();
        assert_eq!(counted, [(Month::new(2025, 9), 3), (Month::new(2025, 10), 1)]);
    }
}
