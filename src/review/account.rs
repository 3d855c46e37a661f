//! What a review has looked at.

use std::collections::{BTreeMap, BTreeSet};

use super::{benefit_rules::BenefitCounts, rule::ReviewRule};
use crate::{model::codes::Month, text::Text};

/// What a review has looked at, besides its leads.
#[derive(Debug)]
pub struct ReviewAccount {
    /// The month of the review; none without a settlement.
    pub month: Option<Month>,
    /// The cost months that are covered.
    pub covered_months: BTreeSet<Month>,
    /// The number of files and of rows of each input.
    pub inputs: Vec<(usize, u64)>,
    /// The rules that have run.
    pub rules_run: BTreeSet<ReviewRule>,
    /// The rules that have not run, each with the reason.
    pub rules_left_out: BTreeMap<ReviewRule, Text>,
    /// The rows.
    pub rows: RowAccount,
    /// The persons who have a settlement.
    pub persons: u64,
    /// The settlements whose benefit was worked out, and the others.
    pub benefits: BenefitCounts,
    /// The values that `values` does not have: field, value, rows.
    pub unknown_values: BTreeMap<(String, String), u64>,
}

/// The rows of all inputs; `read` is the sum of the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RowAccount {
    /// Rows that were read.
    pub read: u64,
    /// Rows that break a row rule.
    pub rejected: u64,
    /// Rows of which an earlier row of the same setl_id is reviewed.
    pub repeated: u64,
    /// Reversals.
    pub reversals: u64,
    /// Settlements that a reversal names.
    pub reversed: u64,
    /// Settlements.
    pub settlements: u64,
}
