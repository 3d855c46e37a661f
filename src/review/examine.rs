//! The review from inputs to sorted leads.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
    sync::{Mutex, atomic::Ordering},
};

use rayon::prelude::*;

use super::{
    account::{InputAccount, ReviewAccount, RowAccount},
    behaviour::{self, CostMean, CostOutlier, CoveredMonths},
    benefit_rules::{self, BenefitCounts},
    benefits::Benefits,
    context::ReviewContext,
    credentials::CredentialUses,
    fields::{FieldMeaning, ReviewField},
    filing::{self, Filing, FilingsSurvey, ProvinceSet},
    found::FoundLead,
    keys::{RowBits, RowKeys, RowStates},
    lead::Lead,
    packed_rows::{PackedRow, PackedStore, PackedWriter, Standing, unpacked},
    reader::{Reading, ReviewInputs},
    registry::ReviewRegistry,
    row::ReviewedRow,
    rule::ReviewRule,
    rules_file::ReviewRules,
    subject::{InstitutionRows, Person},
    thresholds::Thresholds,
};
use crate::{
    diag::{Finding, Outcome},
    event::Monitor,
    ingest::plan::ReadPlan,
    keyed::{
        sorted::{Sorted, Sorter},
        store::locked,
    },
    model::{codes::Month, money::FenSum},
    rules::Rules,
};

/// The settings of a review.
#[derive(Debug)]
pub struct ReviewOptions {
    /// The deliveries, in the order of their numbers.
    pub inputs: Vec<PathBuf>,
    /// The rules of the review.
    pub rules: ReviewRules,
    /// The rules of the month-end run.
    pub policy: Rules,
    /// The rule sets of insured areas.
    pub benefits: Benefits,
    /// The filings.
    pub filings: Option<PathBuf>,
    /// The registry.
    pub registry: Option<PathBuf>,
    /// The book.
    pub book: Option<PathBuf>,
    /// Bytes of memory.
    pub memory: usize,
}

/// The result of a review: its leads in their order, and the account of what was looked at.
pub struct Reviewed {
    /// The inputs, which say where a row stands.
    pub inputs: ReviewInputs,
    /// The leads.
    pub leads: Sorted<FoundLead>,
    /// The account.
    pub account: ReviewAccount,
}

/// Reviews deliveries. Spilled data go to `scratch`, which has to stay as long as the result.
pub fn examine(options: &ReviewOptions, scratch: &Path, monitor: &Monitor) -> Outcome<Reviewed> {
    let book = options.book.as_deref().map(ReviewBook::open).transpose()?;
    let room = Room::of(options.memory);
    let prepared = Prepared::read(options, None, scratch, monitor)?;
    let Prepared { inputs, states, persons, credentials, filings, rows, month, covered, .. } =
        prepared;
    let total = inputs.rows();
    let thresholds = options.rules.thresholds(month);
    let context = options.context(&thresholds, filings.as_ref());
    let shared = match &thresholds.beh18 {
        Some(limits) => Some(credentials.shared(limits.persons, total, &states, monitor)?),
        None => None,
    };
    let leads = Sorter::new(room.eighth(), scratch, "leads");
    let store = |name: &str, bytes: u64, room: usize| {
        PackedStore::new(bytes, room, scratch.join(name))
    };
    let passes = Passes {
        thresholds: &thresholds,
        context: &context,
        states: &states,
        shared: shared.as_ref(),
        covered: &covered,
        leads: &leads,
        institutions: store("institutions", total * PACKED, room.quarter()),
        credentials: store("shared-credentials", 1 << 20, room.eighth() / 4),
        memory: options.memory as u64,
        monitor,
    };
    monitor.stage(text!("looking at persons"), total)?;
    let counts = passes.of_persons(&persons, filings.as_ref().map(|filings| &filings.store))?;
    drop((persons, filings));
    passes.of_credentials()?;
    monitor.stage(text!("looking at institutions"), total)?;
    passes.of_institutions()?;
    drop(passes);
    if let (Some(book), Some(limits)) = (&book, &thresholds.beh20) {
        leads.push(book.deduction_leads(&covered, limits)?)?;
    }
    monitor.stage(text!("sorting leads"), 0)?;
    let leads = leads.finish()?;
    let cleared = match &book {
        Some(book) => Some(book.cleared(&leads, total, room.quarter(), scratch, monitor)?),
        None => None,
    };
    todo!()
}
