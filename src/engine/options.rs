//! Everything that decides about a run.

use crate::{
    columnar::shape::TableForm,
    diag::{Code, Failure, Outcome},
    independent::Recompute,
    known::KnownDifferences,
    model::codes::Month,
    reconcile::reader::Reader,
    rules::{Policy, Rules},
    signing::Signer,
};
use chrono::NaiveDate;
use std::{collections::BTreeSet, ops::RangeInclusive, path::PathBuf, sync::Arc};

/// Everything that decides about a run, and how it is carried out.
#[derive(Debug, Clone)]
pub struct RunOptions {
    /// The period to close.
    pub period: Month,
    /// The delivery.
    pub input: PathBuf,
    /// The book.
    pub book: PathBuf,
    /// Quotas of the first period.
    pub opening_quotas: Option<PathBuf>,
    /// What daily reconciliation knew before the close.
    pub daily: Option<KnownDifferences>,
    /// The policy.
    pub rules: Rules,
    /// Who reads the delivery.
    pub engine: Arc<dyn Reader>,
    /// The plausibility codes that are meant.
    pub accept: BTreeSet<Code>,
    /// Day of issue of the notices; by default the last day of the month after the period.
    pub as_of: Option<NaiveDate>,
    /// Bytes of memory for the index of the delivery; beyond it the disk is used.
    pub memory: usize,
    /// Who signs the manifest.
    pub signer: Option<Signer>,
    /// The form of the tables; an earlier one to audit a period that an earlier program closed.
    pub form: TableForm,
    /// Do everything but publish.
    pub dry_run: bool,
    /// The rows of a province that are usual, in per cent of the last period, for the overview of a dry run.
    pub usual_percent: Option<RangeInclusive<u64>>,
    /// A second implementation that recomputes the period; it is published only if both agree.
    pub independent: Option<Recompute>,
}

impl RunOptions {
    /// The policy of the period.
    pub(super) fn policy(&self) -> Outcome<&Policy> {
        self.rules.policy(self.period).map_err(|error| Failure::Usage(error.text()))
    }

    /// Day of issue of the period's notices.
    pub(super) fn issued_on(&self) -> NaiveDate {
        self.as_of.unwrap_or_else(|| self.period.plus(1).last_day())
    }
}
