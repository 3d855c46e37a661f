//! The result of a run.

use std::{collections::BTreeMap, path::PathBuf};

use crate::{
    contract::walk::Unread,
    coordination::totals::RequestTotals,
    diag::Finding,
    independent::Compared,
    ingest::survey::Normalisations,
    judged::Judged,
    model::{codes::Month, control::Control},
    rehearsal::Overview,
    reserve::Movements,
    system_errors::settle::ErrorSummary,
};

/// The result of a run.
#[derive(Debug)]
pub struct RunReport {
    /// The period.
    pub period: Month,
    /// The control table: rows and sums by bucket.
    pub control: Control,
    /// The number of rows that broke a row rule.
    pub rejects: u64,
    /// Breaks by class.
    pub breaks: BTreeMap<&'static str, u64>,
    /// Breaks that daily reconciliation knew, by class; none where nobody gave its result.
    pub known: Option<BTreeMap<&'static str, u64>>,
    /// Pairs, quotas, reserves, notices and payments.
    pub money: Movements,
    /// The outcome of the deductions.
    pub deductions: Judged,
    /// The outcome of the payments.
    pub payments: Judged,
    /// The outcome of the requests and replies.
    pub requests: RequestTotals,
    /// The outcome of the system errors.
    pub errors: ErrorSummary,
    /// Counts of values that were read in another form than the contract's.
    pub normalisations: Normalisations,
    /// The accepted findings, by code.
    pub accepted: Vec<Finding>,
    /// The files of the delivery that were not read.
    pub unread: Vec<Unread>,
    /// The tables that a second implementation confirmed, or `None` when it was not asked.
    pub independent: Option<Compared>,
    /// What the delivery has, on a dry run.
    pub overview: Option<Overview>,
    /// The folder of the closed period, or `None` on a dry run.
    pub published: Option<PathBuf>,
    /// The digest of the manifest.
    pub manifest_sha256: String,
}
