//! What became of the requests and replies of a delivery, in short.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;

use super::rows::{CoordinationRow, ReplyRow};
use crate::{diag::codes::RequestCode, model::requests::RequestState};

/// What became of the requests and replies of a delivery.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct RequestTotals {
    /// The accepted requests that the period lists.
    pub listed: u64,
    /// Of these, those that this delivery brought.
    pub new: u64,
    /// Of these, those that are late without a reply.
    pub overdue: u64,
    /// Of these, those that end with this close.
    pub ended: u64,
    /// The accepted lines of `replies.csv`.
    pub replies: u64,
    /// The refused lines of both files, by code.
    pub refused: BTreeMap<RequestCode, u64>,
}

impl RequestTotals {
    /// Counts the rows of both tables.
    pub fn of(requests: &[CoordinationRow], replies: &[ReplyRow]) -> RequestTotals {
        let mut totals = RequestTotals::default();
        for row in requests.iter().filter(|row| row.code.is_none()) {
            totals.listed += 1;
            totals.new += u64::from(row.row.is_some());
            totals.overdue += u64::from(row.state() == RequestState::Overdue);
            totals.ended += u64::from(row.state().is_end());
        }
        totals.replies = replies.iter().filter(|row| row.code.is_none()).count() as u64;
        let codes = requests.iter().map(|row| row.code).chain(replies.iter().map(|row| row.code));
        codes.flatten().for_each(|code| *totals.refused.entry(code).or_default() += 1);
        totals
    }

    /// Returns the number of refused lines.
    pub fn all_refused(&self) -> u64 {
        self.refused.values().sum()
    }
}
