//! The small files of a delivery: UTF-8 CSV, columns by name in any order (contract §2.2).

use std::{collections::BTreeSet, fs, path::Path};

use chrono::NaiveDate;

use super::{
    columns::{CONTROL_TOTALS, FileColumns, OPENING_QUOTAS, SMALL_FILES},
    lines::{SmallFileLine, read},
    requests::{RequestLine, RequestReply, reply, request},
};
use crate::{
    bounded,
    columnar::entry::FileEntry,
    diag::{Code, Failure, Finding, Outcome},
    digest::sha256_hex,
    model::{
        codes::{Month, Pair},
        money::{Fen, FenSum},
    },
    place::identity::{Identity, settle},
    rules::Permit,
};

/// The totals that a sender declares for one of its files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeclaredTotals {
    /// Line of control-totals.csv.
    pub line: u64,
    /// Path below the input folder.
    pub file: String,
    /// Rows.
    pub rows: u64,
    /// Sums of medfee_sumamt, fund_pay_sumamt and acct_pay, in fen.
    pub sums: [FenSum; 3],
}

/// A line of `deductions.csv`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeductionLine {
    /// The number of the deduction.
    pub ddct_id: String,
    /// The settlement.
    pub setl_id: String,
    /// The amount to hold back, in fen.
    pub amount: Fen,
}

/// A line of `quota-changes.csv`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QuotaChange {
    /// Line of the file.
    pub line: u64,
    /// The emergency proposal that is answered.
    pub notice_id: String,
    /// The approved amount, in fen.
    pub amount: Fen,
    /// The person who approved it.
    pub approved_by: String,
    /// The day of the approval.
    pub approved_on: NaiveDate,
}

/// A line of `initial-quotas.csv`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InitialQuota {
    /// Line of the file.
    pub line: u64,
    /// Insured and treating province, as they are written.
    pub provinces: [String; 2],
    /// The quota in fen.
    pub quota: Fen,
    /// Who approved it.
    pub approved_by: String,
}

/// A line of `decisions.csv`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DecisionLine {
    /// Line of the file.
    pub line: u64,
    /// The settlement.
    pub setl_id: String,
    /// The word for what was decided.
    pub decision: String,
    /// The person who decided.
    pub decided_by: String,
    /// The person who approved the decision.
    pub approved_by: String,
}

/// A line of `payments.csv`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PaymentLine {
    /// The notice that is paid.
    pub notice_id: String,
    /// The day of the payment.
    pub paid_on: NaiveDate,
    /// The paid amount, in fen.
    pub amount: Fen,
    /// The serial number of the bank.
    pub bank_serial: String,
}

/// A line of `opening-quotas.csv`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpeningQuota {
    /// The pair that has the quota.
    pub pair: Pair,
    /// The quota in fen.
    pub quota: Fen,
}

/// The small files of a delivery.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SmallFiles {
    /// control-totals.csv, if it was delivered.
    pub control_totals: Option<Vec<DeclaredTotals>>,
    /// deductions.csv.
    pub deductions: Vec<DeductionLine>,
    /// decisions.csv.
    pub decisions: Vec<DecisionLine>,
    /// permits.csv.
    pub permits: Vec<Permit>,
    /// quota-changes.csv.
    pub quota_changes: Vec<QuotaChange>,
    /// initial-quotas.csv.
    pub initial_quotas: Vec<InitialQuota>,
    /// payments.csv.
    pub payments: Vec<PaymentLine>,
    /// requests.csv.
    pub requests: Vec<RequestLine>,
    /// replies.csv.
    pub replies: Vec<RequestReply>,
    /// The small files that were delivered.
    pub entries: Vec<FileEntry>,
}

/// Names of the small files, in the order in which they are listed.
pub const NAMES: [&str; SMALL_FILES.len()] = {
    let mut names = [""; SMALL_FILES.len()];
    let mut at = 0;
    while at < names.len() {
        names[at] = SMALL_FILES[at].name;
        at += 1;
    }
    names
};

impl SmallFiles {
    /// Reads the small files of an input folder; adds all findings.
    pub fn read(input: &Path, period: Month, findings: &mut Vec<Finding>) -> Outcome<SmallFiles> {
        SmallFiles::read_some(input, &SMALL_FILES, period, findings)
    }

    /// Reads the control totals alone; adds all findings.
    pub fn control_totals_of(input: &Path, findings: &mut Vec<Finding>) -> Outcome<SmallFiles> {
        // The period decides nothing about this file.
        SmallFiles::read_some(input, &[CONTROL_TOTALS], Month::new(2000, 1), findings)
    }

    fn read_some(
        input: &Path,
        some: &[FileColumns],
        period: Month,
        findings: &mut Vec<Finding>,
    ) -> Outcome<SmallFiles> {
        let mut files = SmallFiles::default();
        for file in some {
            let name = file.name;
            let path = input.join(name);
            // A dangling link is a file that cannot be read. It does not count as not delivered.
            if path.symlink_metadata().is_ok() {
                if !fs::metadata(&path).map_err(Failure::io(&path))?.is_file() {
                    let found = text!("something that is no file");
                    findings.push(Finding::of_file(Code::S02, name, found));
                    continue;
                }
                match bounded::read(&path, bounded::SMALL_FILE).map_err(Failure::io(&path))? {
                    Some(bytes) => files.take(file, &bytes, period, findings),
                    None => findings.push(too_large(name)),
                }
            }
        }
        Ok(files)
    }

    fn take(
        &mut self,
        file: &FileColumns,
        bytes: &[u8],
        period: Month,
        findings: &mut Vec<Finding>,
    ) {
        let FileColumns { name, columns, .. } = *file;
        let lines = match name {
            "control-totals.csv" => {
                let totals = control_totals(bytes, findings);
                let lines = totals.len();
                self.control_totals = Some(totals);
                lines
            }
            "deductions.csv" => {
                self.deductions = read(bytes, name, columns, findings, deduction);
                self.deductions.len()
            }
            "decisions.csv" => {
                self.decisions = read(bytes, name, columns, findings, decision);
                self.decisions.len()
            }
            "permits.csv" => {
                self.permits = read(bytes, name, columns, findings, |line| permit(line, period));
                self.permits.len()
            }
            "quota-changes.csv" => {
                self.quota_changes = read(bytes, name, columns, findings, quota_change);
                self.quota_changes.len()
            }
            "initial-quotas.csv" => {
                self.initial_quotas = read(bytes, name, columns, findings, initial_quota);
                self.initial_quotas.len()
            }
            "requests.csv" => {
                self.requests = read(bytes, name, columns, findings, request);
                self.requests.len()
            }
            "replies.csv" => {
                self.replies = read(bytes, name, columns, findings, reply);
                self.replies.len()
            }
            _ => {
                self.payments = read(bytes, name, columns, findings, payment);
                self.payments.len()
            }
        };
        self.entries.push(entry(name, bytes, lines));
    }
}

/// The quotas that the first period of a book starts from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OpeningQuotas {
    /// The quotas.
    pub quotas: Vec<OpeningQuota>,
    /// The file.
    pub entry: Option<FileEntry>,
}

impl OpeningQuotas {
    /// The name of the file in findings and in the manifest, independent of its path.
    pub const NAME: &str = OPENING_QUOTAS.name;

    /// Reads the opening quotas of a book; `first` is its first period, if it has one already.
    pub fn of_first(
        path: Option<&Path>,
        first: Option<Month>,
        findings: &mut Vec<Finding>,
    ) -> Outcome<OpeningQuotas> {
        let Some(path) = path else { return Ok(OpeningQuotas::default()) };
        if let Some(first) = first {
            let problem = text!("--opening-quotas goes with the first period, which is {}", first);
            return Err(Failure::Usage(problem));
        }
        OpeningQuotas::read(path, findings)
    }

    /// Reads a file of opening quotas.
    pub fn read(path: &Path, findings: &mut Vec<Finding>) -> Outcome<OpeningQuotas> {
        if !path.is_file() {
            let problem = text!("--opening-quotas {} is not a file", path);
            return Err(Failure::Usage(problem));
        }
        let columns = OPENING_QUOTAS.columns;
        let mut seen = BTreeSet::new();
        let before = Identity::at(path).map_err(Failure::io(path))?;
        settle();
        let bytes = bounded::read(path, bounded::SMALL_FILE).map_err(Failure::io(path))?;
        let now = Identity::at(path).map_err(Failure::io(path))?;
        let change = before.difference(&now);
        findings.extend(change.map(|found| Finding::of_file(Code::F13, Self::NAME, found)));
        let Some(bytes) = bytes else {
            findings.push(too_large(Self::NAME));
            return Ok(OpeningQuotas::default());
        };
        let quotas: Vec<OpeningQuota> = read(&bytes, Self::NAME, columns, findings, |line| {
            let [insured, treating] = [line.province(0), line.province(1)];
            let quota = line.amount(2);
            if quota.is_some_and(Fen::is_negative) {
                line.refuse(Code::S09, 2);
            }
            let pair = Pair { insured: insured?, treating: treating? };
            if !seen.insert(pair) {
                line.refuse_line(Code::S08, text!("{} again", pair));
            }
            Some(OpeningQuota { pair, quota: quota? })
        });
        let entry = Some(entry(Self::NAME, &bytes, quotas.len()));
        Ok(OpeningQuotas { quotas, entry })
    }
}

fn too_large(name: &str) -> Finding {
    Finding::of_file(Code::S11, name, bounded::more_than(bounded::SMALL_FILE))
}

/// Makes the entry of a small file for the manifest.
fn entry(name: &str, bytes: &[u8], rows: usize) -> FileEntry {
    FileEntry {
        path: name.to_owned(),
        bytes: bytes.len() as u64,
        rows: rows as u64,
        sha256: sha256_hex(bytes),
    }
}

/// Reads control-totals.csv alone; adds all findings.
pub(crate) fn control_totals(bytes: &[u8], findings: &mut Vec<Finding>) -> Vec<DeclaredTotals> {
    let FileColumns { name, columns, .. } = CONTROL_TOTALS;
    read(bytes, name, columns, findings, declared_totals)
}

fn declared_totals(line: &mut SmallFileLine) -> Option<DeclaredTotals> {
    let rows = line.count(1);
    let sums = [line.total(2), line.total(3), line.total(4)];
    let [medfee, fund, account] = sums;
    Some(DeclaredTotals {
        line: line.number,
        file: line.values[0].clone(),
        rows: rows?,
        sums: [medfee?, fund?, account?],
    })
}

fn deduction(line: &mut SmallFileLine) -> Option<DeductionLine> {
    let amount = line.amount(2);
    let day = line.day(4);
    let [ddct_id, setl_id] = [0, 1].map(|column: usize| line.values[column].clone());
    day.and(amount).map(|amount| DeductionLine { ddct_id, setl_id, amount })
}

fn decision(line: &mut SmallFileLine) -> Option<DecisionLine> {
    line.day(5)?;
    Some(DecisionLine {
        line: line.number,
        setl_id: line.values[0].clone(),
        decision: line.values[1].clone(),
        decided_by: line.values[3].clone(),
        approved_by: line.values[4].clone(),
    })
}

fn permit(line: &mut SmallFileLine, period: Month) -> Option<Permit> {
    let [insured, treating] = [line.province(1), line.province(2)];
    let [cost_month, until_period] = [line.month(3), line.month(4)];
    let past_year_close = line.flag(5);
    Some(Permit {
        permit_id: line.values[0].clone(),
        pair: Pair { insured: insured?, treating: treating? },
        cost_month: cost_month?,
        until_period: until_period?,
        past_year_close: past_year_close?,
        reason: line.values[6].clone(),
        first_period: period,
    })
}

fn quota_change(line: &mut SmallFileLine) -> Option<QuotaChange> {
    let amount = line.amount(1);
    let approved_on = line.day(3);
    let [notice_id, approved_by] = [0, 2].map(|column: usize| line.values[column].clone());
    Some(QuotaChange {
        line: line.number,
        notice_id,
        amount: amount?,
        approved_by,
        approved_on: approved_on?,
    })
}

fn initial_quota(line: &mut SmallFileLine) -> Option<InitialQuota> {
    let quota = line.amount(2);
    let approved_on = line.day(4);
    let [insured, treating, approved_by] =
        [0, 1, 3].map(|column: usize| line.values[column].clone());
    approved_on.and(quota).map(|quota| InitialQuota {
        line: line.number,
        provinces: [insured, treating],
        quota,
        approved_by,
    })
}

fn payment(line: &mut SmallFileLine) -> Option<PaymentLine> {
    let paid_on = line.day(1);
    let amount = line.amount(2);
    let [notice_id, bank_serial] = [0, 4].map(|column: usize| line.values[column].clone());
    Some(PaymentLine { notice_id, paid_on: paid_on?, amount: amount?, bank_serial })
}

#[cfg(test)]
mod tests;
