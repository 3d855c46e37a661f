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
pub fn examine(
    options: &ReviewOptions,
    scratch: &Path,
    monitor: &Monitor,
) -> Outcome<Reviewed> {
    let mut findings = Vec::new();
    let mut inputs = ReviewInputs::open(&options.inputs)?;
    let book = options.book.as_deref().map(|root| Book::open(root, monitor)).transpose()?;
    let registry = options.registry.as_deref();
    let registry = registry
        .map(|path| ReviewRegistry::read(path, &options.rules.values, &mut findings))
        .transpose()?;
    let room = Room::of(options.memory);
    let rows = inputs.rows();
    let filings = Filings::read(options, room, scratch, rows, &mut findings, monitor)?;
    let reading = Reading {
        policy: &options.policy,
        meaning: FieldMeaning { values: &options.rules.values, registry: registry.as_ref() },
        keys: RowKeys::new(rows, room.eighth(), scratch),
        persons: PackedStore::new(rows * PACKED, room.quarter(), scratch.join("persons")),
        credentials: CredentialUses::new(rows, room.eighth() / 2, scratch),
        counts: Default::default(),
    };
    monitor.stage(text!("reading"), rows)?;
    inputs.read(&reading, ReadPlan::alone(room.quarter() as u64), findings, monitor)?;
    let Reading { keys, persons, credentials, counts, .. } = reading;
    monitor.stage(text!("comparing setl_ids"), 0)?;
    let states = keys.states(rows, monitor)?;
    let covered = CoveredMonths::of(&states.months);
    let month = covered.last();
    let thresholds = options.rules.thresholds(month);
    let off = ReviewRule::ALL.iter().copied().filter(|rule| options.rules.is_off(*rule)).collect();
    let filed = filings.as_ref().map(|filings| filings.survey.provinces);
    let context = ReviewContext::new(&thresholds, off, &options.benefits, filed);
    let shared = match &thresholds.beh18 {
        Some(limits) => Some(credentials.shared(limits.persons, rows, &states, monitor)?),
        None => None,
    };
    let leads = Sorter::new(room.eighth(), scratch, "leads");
    let stage = Passes {
        thresholds: &thresholds,
        context: &context,
        states: &states,
        shared: shared.as_ref(),
        covered: &covered,
        leads: &leads,
        institutions: PackedStore::new(rows * PACKED, room.quarter(), scratch.join("institutions")),
        credentials: PackedStore::new(1 << 20, room.eighth() / 4, scratch.join("shared-credentials")),
        memory: options.memory as u64,
        monitor,
    };
    monitor.stage(text!("looking at persons"), rows)?;
    let counts_of_persons = stage.persons(&persons, filings.as_ref().map(|f| &f.store))?;
    drop(persons);
    stage.of_credentials()?;
    monitor.stage(text!("looking at institutions"), rows)?;
    stage.of_institutions()?;
    if let (Some(book), Some(limits)) = (&book, &thresholds.beh20) {
        leads.push(book.deduction_leads(&covered, limits)?)?;
    }
    monitor.stage(text!("sorting leads"), 0)?;
    let [read, rejected] = counts.map(|count| count.into_inner());
    let account = account(/* … */);
    Ok(Reviewed { inputs, leads: leads.finish()?, account })
}
