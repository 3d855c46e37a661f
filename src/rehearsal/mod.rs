//! Before the run: what a delivery has, and whether a run would refuse it, without reconciling anything.
//!
//! **Purpose.** Say in a short time what a run would say first, and what a person sees at a glance: who has sent what.
//!
//! **In.** A delivery, and the book that it would go into, if it is named.
//!
//! **Out.** [`Rehearsal`]: an [`Overview`], and the findings that would refuse the run.
//!
//! **Invariants.** Nothing is written. Files and rows are judged by the code of a run. No settlement is looked at beside
//! another one, so nothing is said about breaks.

mod last;
mod overview;

use std::{collections::BTreeSet, ops::RangeInclusive, path::PathBuf};

pub use self::{
    last::{LastPeriod, Told},
    overview::{BrokenRuleRows, DeliveredSmallFile, Overview, SenderTotals, SentFile},
};
use crate::{
    book::Book,
    contract::{small_files::OpeningQuotas, walk::Unread},
    diag::{Code, Failure, Finding, Outcome},
    event::Monitor,
    ingest::{
        delivery::Delivery,
        months::CostMonths,
        plan::ReadPlan,
        survey::{Normalisations, ReadPiece, RowSink, SurveySetting, survey},
    },
    model::codes::{Month, Side},
    plausible::{self, Slips},
    rules::Rules,
    system_errors::check_form,
    text::Text,
};

/// The settings of a rehearsal.
#[derive(Debug)]
pub struct RehearsalOptions {
    /// The folder of the delivery.
    pub input: PathBuf,
    /// The period; without it the one that the cost months say.
    pub period: Option<Month>,
    /// The book that the period would be closed in, if it is named.
    pub book: Option<PathBuf>,
    /// The opening quotas of a first period.
    pub opening_quotas: Option<PathBuf>,
    /// The rules.
    pub rules: Rules,
    /// The plausibility codes that are meant.
    pub accept: BTreeSet<Code>,
    /// The rows of a province that are usual, in per cent of the last period.
    pub usual_percent: Option<RangeInclusive<u64>>,
    /// Bytes of memory for reading.
    pub memory: usize,
}

/// The result of a rehearsal.
#[derive(Debug)]
pub struct Rehearsal {
    /// Whether the period was taken from the cost months.
    pub assumed: bool,
    /// What is there.
    pub overview: Overview,
    /// The findings that would refuse the run.
    pub findings: Vec<Finding>,
    /// The findings that are accepted.
    pub accepted: Vec<Finding>,
    /// What lies in the delivery and is not read.
    pub unread: Vec<Unread>,
    /// What was taken although it is written differently from the contract.
    pub normalisations: Normalisations,
    /// The codes that only a run judges, as both sides, the register and the money are needed for them.
    pub not_judged: Vec<&'static str>,
}

/// The codes that need the reconciliation or the money: breaks have words in place of codes.
const OF_A_RUN: [&str; 6] = ["breaks", "G03", "C", "D", "P", "Q"];

/// Nobody takes the rows: they are judged and counted while they are read.
struct Nobody;

impl RowSink for Nobody {
    fn take(&mut self, _: ReadPiece) -> Outcome<()> {
        Ok(())
    }
}

/// Reads and judges a delivery, as far as one side alone can be judged.
pub fn rehearse(options: &RehearsalOptions, monitor: &Monitor) -> Outcome<Rehearsal> {
    let plan = ReadPlan::alone(options.memory as u64);
    let period = match options.period {
        Some(period) => period,
        None => assumed_period(options, plan, monitor)?,
    };
    let policy = options.rules.policy(period).map_err(|error| Failure::Usage(error.text()))?;
    let setting =
        SurveySetting { rules: &options.rules, policy, period, monitor, lists_rejects: false };
    let book = options.book.as_deref().map(|root| Book::ahead(root, period)).transpose()?;
    let mut findings = Vec::new();
    let mut delivery = Delivery::open(&options.input, period, &mut findings)?;
    delivery.forget(&options.input, options.opening_quotas.iter().chain(&options.book));
    let errors = check_form(&options.input, options.rules.int96, monitor, &mut findings)?;
    delivery.small.entries.extend(errors);
    let first = book.as_ref().and_then(|book| book.periods.first()).map(|(first, _)| *first);
    OpeningQuotas::of_first(options.opening_quotas.as_deref(), first, &mut findings)?;
    let rows = Side::BOTH.map(|side| delivery.rows(side));
    monitor.stage(text!("checking"), rows[0].saturating_add(rows[1]))?;
    let sinks = (0..rayon::current_num_threads()).map(|_| Nobody).collect();
    let (survey, _) = survey(&delivery, setting, plan, sinks)?;
    findings.extend(survey.findings.iter().cloned());
    delivery.check_files(&survey.files, &mut findings);
    let quotas = options.opening_quotas.as_ref();
    let asked = plausible::of_delivery(&delivery, &survey, book.as_ref(), period, quotas);
    findings.extend(asked);
    let mut slips = Slips::accepting(&options.accept);
    let findings = match delivery.refused(slips.remove_accepted(findings)) {
        Failure::Refused(findings) => findings,
        failure => return Err(failure),
    };
    let last = book.as_ref().map(LastPeriod::of).transpose()?.flatten();
    let last = last.map(|last| last.with_usual(options.usual_percent.clone()));
    let without_book = book.is_none().then_some(["G04", "G05"]);
    Ok(Rehearsal {
        assumed: options.period.is_none(),
        overview: Overview::of(&delivery, &survey, period, last.as_ref()),
        findings,
        accepted: slips.accepted(),
        unread: std::mem::take(&mut delivery.unread),
        normalisations: survey.normalisations,
        not_judged: OF_A_RUN.into_iter().chain(without_book.into_iter().flatten()).collect(),
    })
}

/// Returns the month of more than half of the rows of each side, or asks for the period.
fn assumed_period(options: &RehearsalOptions, plan: ReadPlan, monitor: &Monitor) -> Outcome<Month> {
    // Nothing that depends on the period is taken from this delivery: it is opened again.
    let delivery = Delivery::open(&options.input, Month::new(2000, 1), &mut Vec::new())?;
    monitor.stage(text!("looking at cost months"), 0)?;
    let sides = CostMonths::of_times(&delivery, options.rules.int96, plan, monitor)?;
    let most: Vec<Option<Month>> =
        sides.iter().filter(|months| months.all() > 0).map(CostMonths::most).collect();
    match most.as_slice() {
        [Some(month)] => Ok(*month),
        [Some(month), Some(other)] if month == other => Ok(*month),
        _ => Err(Failure::Usage(
            text!("the cost months do not say the period: {}", counts(&sides))
                .hinting(text!("give it as --period")),
        )),
    }
}

/// The most months of a side that are named.
const MONTHS_SHOWN: usize = 6;

/// Words the cost months of both sides.
fn counts(sides: &[CostMonths; 2]) -> Text {
    let [treating, insured] = sides.each_ref().map(|months| {
        let mut shown: Vec<String> = months
            .by_month()
            .take(MONTHS_SHOWN)
            .map(|(month, rows)| format!("{month}: {rows}"))
            .collect();
        let more = months.by_month().nth(MONTHS_SHOWN).is_some();
        shown.extend(more.then(|| "…".to_owned()));
        if shown.is_empty() { "–".to_owned() } else { shown.join(", ") }
    });
    text!("treating {}; insured {}", treating, insured)
}
