//! Verification: every digest, the chain, and every figure of a book that follows from others.
//!
//! **Purpose.** Find whatever was changed in a book since it was published, or never was right.
//!
//! **In.** A book; where they are known, the digest of its head and the keys that sign.
//!
//! **Out.** How much was checked, or every finding with its place.
//!
//! **Invariants.** A figure is compared with what it is made of, in other columns, tables or periods. The
//! engine's own code for clearing and reserves is not called.

mod carry;
mod checks;
mod copies;
mod files;
mod money;
mod notices;
mod register;
mod tables;

pub(super) use self::tables::payable_of;

use std::path::{Path, PathBuf};

use serde::Serialize;

use self::{
    checks::Checks,
    files::Closed,
    register::{Expectations, RegisterFile},
};
use crate::{
    book,
    codes::{Month, Side},
    diag::{Code, Failure, Finding, Outcome},
    event::Monitor,
    ingest::guarded,
    money::yuan,
};

/// What to verify.
#[derive(Debug, Clone)]
pub struct VerifyOptions {
    /// The book.
    pub book: PathBuf,
    /// The last period to verify, with all that it rests on; by default the newest.
    pub period: Option<Month>,
    /// The digest that the manifest of that period has to have.
    pub head: Option<String>,
}

/// What was verified.
#[derive(Debug, Default, Serialize)]
pub struct Verified {
    /// The periods.
    pub periods: Vec<PeriodVerified>,
    /// The newest period of the book.
    pub newest: String,
    /// The digest of the last manifest verified.
    pub head: String,
    /// Whether it was compared with a digest from elsewhere.
    pub head_given: bool,
    /// How many laws were applied.
    pub laws: u64,
    /// How many figures were compared.
    pub figures: u64,
}

/// What was verified of a period.
#[derive(Debug, Default, Serialize)]
pub struct PeriodVerified {
    /// The period.
    pub period: String,
    /// Files whose digest was worked out.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Rows of its tables and its register.
    pub rows: u64,
    /// Settlements that entered the register.
    pub registered: u64,
    /// What cleared in it, in yuan: added up from the register.
    pub cleared: String,
}

/// Verifies a book up to a period.
pub fn verify(options: &VerifyOptions, monitor: &Monitor) -> Outcome<Verified> {
    let (periods, newest) = periods(options)?;
    let mut checks = Checks::default();
    let mut verified = Verified { newest: newest.to_string(), ..Verified::default() };
    let mut history = History::default();
    let mut before: Option<Closed> = None;
    let mut head = None;
    for (month, folder) in &periods {
        monitor.stage("verifying", 0)?;
        if let Some(last) = history.last
            && *month != last.plus(1)
        {
            let found = format!("after {last} comes {month}");
            checks.find(Code::B02, month.to_string(), String::new(), found);
        }
        history.last = Some(*month);
        let (read, figures) = files::read(*month, folder, &mut head, &mut checks)?;
        verified.periods.push(figures);
        if let Some(closed) = &read {
            let judged = guarded(|| {
                period_laws(closed, before.as_ref(), &history, &mut checks);
                history.expectations.gather(closed, before.as_ref());
                history.registers.extend(RegisterFile::open(closed, &mut checks));
            });
            if judged.is_none() {
                let found = "figures so large that they cannot be added up".to_owned();
                checks.find(Code::B07, place(*month, "tables"), String::new(), found);
            }
            history.remember(closed);
        }
        before = read;
    }
    monitor.stage("verifying register", 0)?;
    register_laws(&mut history, &mut verified, &mut checks);
    compare_head(options, &periods, head.as_deref(), &mut checks);
    verified.head = head.unwrap_or_default();
    verified.head_given = options.head.is_some();
    (verified.laws, verified.figures) = (checks.laws, checks.figures);
    finish(verified, checks)
}

/// The periods to verify, oldest first, and the newest of the book.
fn periods(options: &VerifyOptions) -> Outcome<(Vec<(Month, PathBuf)>, Month)> {
    let book = &options.book;
    if !book.is_dir() {
        return Err(Failure::Usage(format!("--book {} is not a folder", book.display())));
    }
    let mut periods = book::closed_periods(book)?;
    let nothing = |what: String| {
        let found = Finding::new(Code::B02, book.display().to_string(), "", what);
        Failure::Differences("nothing was verified".to_owned(), vec![found])
    };
    let Some(newest) = periods.last().map(|(month, _)| *month) else {
        return Err(nothing("no closed period".to_owned()));
    };
    if let Some(period) = options.period {
        if !periods.iter().any(|(month, _)| *month == period) {
            return Err(nothing(format!("no period {period}; the newest is {newest}")));
        }
        periods.retain(|(month, _)| *month <= period);
    }
    Ok((periods, newest))
}

/// What follows from what within a period, and between it and the one before.
fn period_laws(closed: &Closed, before: Option<&Closed>, history: &History, checks: &mut Checks) {
    let Some(policy) = closed.policy(checks) else { return };
    tables::check(closed, policy, checks);
    copies::check(closed, before, checks);
    carry::check(closed, before, checks);
    money::check(closed, before, history, policy, checks);
    notices::check(closed, before, history, policy, checks);
}

/// What the registers of all periods say together.
fn register_laws(history: &mut History, verified: &mut Verified, checks: &mut Checks) {
    let read = guarded(|| {
        let sums = register::check(&history.registers, &mut history.expectations, checks);
        for (file, sums) in history.registers.iter().zip(sums) {
            sums.compare(file, checks);
            let period = file.period.to_string();
            if let Some(figures) = verified.periods.iter_mut().find(|found| found.period == period)
            {
                figures.registered = sums.rows;
                figures.rows += sums.rows;
                figures.cleared = yuan(sums.payable());
            }
        }
    });
    if read.is_none() {
        let found = "figures so large that they cannot be added up".to_owned();
        checks.find(Code::B09, "register.parquet".to_owned(), String::new(), found);
    }
}

fn compare_head(
    options: &VerifyOptions,
    periods: &[(Month, PathBuf)],
    head: Option<&str>,
    checks: &mut Checks,
) {
    let (Some(expected), Some((month, _))) = (&options.head, periods.last()) else { return };
    checks.count(1);
    if head != Some(expected) {
        let found = format!("{}, given was {expected}", head.unwrap_or("no manifest"));
        checks.find(Code::B05, format!("{month}/manifest.json"), String::new(), found);
    }
}

/// Passes when something was checked and nothing was found.
fn finish(verified: Verified, checks: Checks) -> Outcome<Verified> {
    let files: u64 = verified.periods.iter().map(|period| period.files).sum();
    if checks.findings.is_empty() && files > 0 && checks.figures > 0 {
        return Ok(verified);
    }
    let problem = format!(
        "the book does not verify: {files} files of {} periods and {} figures were checked",
        verified.periods.len(),
        checks.figures
    );
    Err(Failure::Differences(problem, checks.sorted()))
}

/// What earlier periods have to do with later ones.
#[derive(Debug, Default)]
struct History {
    last: Option<Month>,
    money: money::Past,
    notices: notices::Past,
    registers: Vec<RegisterFile>,
    expectations: Expectations,
}

impl History {
    fn remember(&mut self, closed: &Closed) {
        self.money.remember(closed);
        self.notices.remember(closed);
    }
}

/// A path of a period, as findings show it.
fn place(month: Month, path: &str) -> String {
    format!("{month}/{path}")
}

/// The folder below which the inputs of a side lie.
fn is_input_of(side: Side, path: &str) -> bool {
    Path::new(path).starts_with(side.name())
}
