//! Plausibility (contract §3): asks about likely slips of a month end before a period is closed for good.
//!
//! Each slip is a finding that refuses the delivery, unless the operator accepts its code. The manifest lists accepted
//! findings.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
};

use crate::{
    book::Book,
    contract::{near::look_alikes, parts::DeliveryParts},
    diag::{Code, Failure, Finding, Outcome},
    ingest::{
        delivery::{Delivery, FileFacts},
        survey::Survey,
    },
    model::{
        codes::{Month, Side},
        control::{Bucket, Class, Control},
    },
    text::{Text, quoted},
};

/// The codes that may be accepted.
pub const CODES: [Code; 7] =
    [Code::G01, Code::G02, Code::G03, Code::G04, Code::G05, Code::G06, Code::G07];

/// With fewer rows on a side, shares of one half are not judged.
const FEWEST_ROWS: u64 = 10;
/// The most months that are listed one by one.
const MONTHS_SHOWN: usize = 24;
/// The name of the opening quotas in a manifest.
pub const OPENING_QUOTAS: &str = "opening-quotas.csv";

/// Parses a code that may be accepted.
pub fn parse_code(text: &str) -> Result<Code, Text> {
    let code = CODES.into_iter().find(|code| code.id() == text);
    code.ok_or_else(|| {
        text!("{} cannot be accepted; known: {}", quoted(text), ids(CODES).join(", "))
    })
}

fn ids(codes: impl IntoIterator<Item = Code>) -> Vec<String> {
    codes.into_iter().map(|code| code.id().to_owned()).collect()
}

/// Whether the code of a finding may be accepted.
pub fn is_question(finding: &Finding) -> bool {
    CODES.contains(&finding.code)
}

/// The accepted codes of a run, and the findings that they let pass.
#[derive(Debug, Default)]
pub struct Slips {
    codes: BTreeSet<Code>,
    passed: BTreeSet<Finding>,
}

impl Slips {
    /// Accepts findings of these codes. None has passed yet.
    pub fn accepting(codes: &BTreeSet<Code>) -> Slips {
        Slips { codes: codes.clone(), passed: BTreeSet::new() }
    }

    /// Returns the findings that refuse the delivery. Accepted findings are recorded.
    pub fn remove_accepted(&mut self, findings: Vec<Finding>) -> Vec<Finding> {
        let is_accepted = |finding: &Finding| self.codes.contains(&finding.code);
        let (passed, rest): (Vec<_>, Vec<_>) = findings.into_iter().partition(is_accepted);
        self.passed.extend(passed);
        rest
    }

    /// Returns the codes of the accepted findings, for the manifest.
    pub fn codes(&self) -> Vec<String> {
        ids(self.passed.iter().map(|finding| finding.code).collect::<BTreeSet<_>>())
    }

    /// Returns the accepted findings, by code.
    pub fn accepted(&self) -> Vec<Finding> {
        let mut passed: Vec<Finding> = self.passed.iter().cloned().collect();
        passed.sort_by_key(|finding| finding.code);
        passed
    }
}

/// Checks G01, G02 and G04 to G07: all but G03, which needs the register. Without a book G04 and G05 are not checked.
pub fn of_delivery(
    delivery: &Delivery,
    survey: &Survey,
    book: Option<&Book>,
    period: Month,
    opening_quotas: Option<&PathBuf>,
) -> Vec<Finding> {
    let mut findings = look_alikes(&delivery.unread, DeliveryParts::RUN);
    if book.is_some_and(|book| book.periods.is_empty()) && opening_quotas.is_none() {
        let found = text!("a first period without them");
        findings.push(Finding::of_file(Code::G04, OPENING_QUOTAS, found));
    }
    let delivered = book.map(|book| delivered_before(delivery, &survey.files, &book.delivered));
    findings.extend(delivered.into_iter().flatten());
    findings.extend(on_two_sides(delivery, &survey.files, DeliveryParts::RUN));
    findings.extend(Side::BOTH.into_iter().filter_map(|side| other_months(survey, side, period)));
    findings
}

/// Checks G01, G06 and G07 for the three copies of daily reconciliation.
pub fn of_copies(delivery: &Delivery, survey: &Survey) -> Vec<Finding> {
    let mut findings = look_alikes(&delivery.unread, DeliveryParts::DAILY);
    findings.extend(on_two_sides(delivery, &survey.files, DeliveryParts::DAILY));
    findings
}

/// Returns the files that have rows, with their folders and digests.
fn with_rows<'a>(
    delivery: &'a Delivery,
    files: &'a [FileFacts],
) -> impl Iterator<Item = (&'a str, &'a str, &'a str)> {
    let read = delivery.sources.iter().zip(files).filter(|(_, facts)| facts.rows > 0);
    read.map(|(source, facts)| (source.folder(), source.name.as_str(), facts.sha256.as_str()))
}

/// Checks G05: files of an earlier period.
fn delivered_before(
    delivery: &Delivery,
    files: &[FileFacts],
    earlier: &BTreeMap<String, (Month, String)>,
) -> Vec<Finding> {
    let again = with_rows(delivery, files).filter_map(|(_, name, sha256)| {
        let (period, path) = earlier.get(sha256)?;
        let found = text!("the same bytes as {} of {}", path, period);
        Some(Finding::of_file(Code::G05, name, found))
    });
    again.collect()
}

/// Checks G06: equal files on two sides. The later side has the finding.
fn on_two_sides(delivery: &Delivery, files: &[FileFacts], parts: DeliveryParts) -> Vec<Finding> {
    let mut earlier: BTreeMap<&str, &str> = BTreeMap::new();
    let mut findings = Vec::new();
    for folder in parts.folders {
        let of_side = || with_rows(delivery, files).filter(|(side, ..)| *side == folder.name);
        findings.extend(of_side().filter_map(|(_, name, sha256)| {
            let found = text!("the same bytes as {}", earlier.get(sha256)?);
            Some(Finding::of_file(Code::G06, name, found))
        }));
        for (_, name, sha256) in of_side() {
            earlier.entry(sha256).or_insert(name);
        }
    }
    findings
}

/// Checks G02: most rows of a side are of other months. A side with an unreadable row group is not judged, because the
/// rows read before it are no fair sample.
fn other_months(survey: &Survey, side: Side, period: Month) -> Option<Finding> {
    let of_side = |finding: &Finding| finding.file.starts_with(side.name());
    if survey.findings.iter().any(of_side) {
        return None;
    }
    let months = &survey.cost_months[side.index()];
    let (all, ordinary) = (months.all(), months.of(period));
    if all < FEWEST_ROWS || ordinary >= all - ordinary {
        return None;
    }
    let shown = months.by_month().take(MONTHS_SHOWN);
    let mut counts: Vec<String> = shown.map(|(month, rows)| format!("{month}: {rows}")).collect();
    let rest: u64 = months.by_month().skip(MONTHS_SHOWN).map(|(_, rows)| rows).sum();
    counts.extend((rest > 0).then(|| format!("…: {rest}")));
    let found =
        text!("{} of {} rows of {}, by month: {}", ordinary, all, period, counts.join(", "));
    Some(Finding::of_file(Code::G02, side.name(), found))
}

/// Checks G03: an earlier period has cleared half or more of the valid rows of a side. Refuses the delivery unless G03
/// is accepted.
pub fn cleared_before(
    control: &Control,
    cleared: &BTreeMap<(Side, Option<u16>), u64>,
    book: &Book,
    slips: &mut Slips,
) -> Outcome<()> {
    let rows = |side, bucket| control.get(side, bucket).rows.unsigned_abs();
    let of_side = |side: Side| {
        let valid = rows(side, Bucket::Delivered) - rows(side, Bucket::Rejected);
        let again = rows(side, Bucket::Break(Class::AlreadyCleared));
        if valid < FEWEST_ROWS || again < valid - again {
            return None;
        }
        let by_period = cleared.iter().filter(|((of, _), _)| *of == side);
        let counts = by_period.filter_map(|((_, earlier), rows)| {
            let (period, _) = book.periods.get(usize::from((*earlier)?))?;
            Some(format!("{period}: {rows}"))
        });
        let counts = counts.collect::<Vec<_>>().join(", ");
        let found =
            text!("{} of {} valid rows cleared already, by period: {}", again, valid, counts);
        Some(Finding::of_file(Code::G03, side.name(), found))
    };
    let findings = slips.remove_accepted(Side::BOTH.into_iter().filter_map(of_side).collect());
    if findings.is_empty() { Ok(()) } else { Err(Failure::Refused(findings)) }
}
