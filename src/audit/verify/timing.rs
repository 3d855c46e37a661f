//! Which cost months a period may clear: the limits of its policy, and the permits in force.

use std::collections::BTreeMap;

use super::files::ReadablePeriod;
use crate::{
    model::codes::{Month, Pair},
    rules::Policy,
};

/// The cost months that may clear in a period.
#[derive(Debug)]
pub(super) struct ClearingWindow {
    period: Month,
    lateness_limit: i32,
    year_close_month: u8,
    /// The pairs and cost months that permits cover, and whether a permit is valid past the close of the year.
    permits: BTreeMap<(Pair, Month), bool>,
}

impl ClearingWindow {
    pub(super) fn of(closed: &ReadablePeriod, policy: &Policy) -> ClearingWindow {
        let mut permits = BTreeMap::new();
        for row in closed.grid("permits").iter() {
            if let Some(covered) = row.pair().zip(row.month("cost_month")) {
                let passes = permits.entry(covered).or_insert(false);
                *passes |= row.flag("past_year_close") == Some(true);
            }
        }
        let Policy { lateness_limit, year_close_month, .. } = *policy;
        ClearingWindow { period: closed.month, lateness_limit, year_close_month, permits }
    }

    /// Returns whether a cost month of a pair may clear.
    pub(super) fn allows(&self, pair: Option<Pair>, cost_month: Month) -> bool {
        let late = self.period.since(cost_month) > self.lateness_limit;
        let year_closed = self.period > Month::new(cost_month.year() + 1, self.year_close_month);
        if !late && !year_closed {
            return true;
        }
        let permit = pair.and_then(|pair| self.permits.get(&(pair, cost_month)));
        permit.is_some_and(|passes| !year_closed || *passes)
    }
}
