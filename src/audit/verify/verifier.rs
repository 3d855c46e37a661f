//! Verifies a book, period by period.

use std::path::PathBuf;

use super::{
    carry,
    checks::Checks,
    copies, fates, files,
    files::ReadPeriod,
    history::History,
    inputs, money, notices,
    places::place,
    register,
    register::RegisterFile,
    requests, system_errors, tables,
    verified::{Verified, VerifyOptions, VouchedPeriod},
};
use crate::{
    book,
    columnar::guard::guarded,
    diag::{Code, Failure, Finding, Outcome},
    event::Monitor,
    model::{codes::Month, money::yuan},
    signing::{
        SIGNATURE,
        trusted::{SignatureStanding, Signed, TrustedKeys},
    },
    text::Text,
};

/// Verifies a book up to a period; with trusted keys also its signatures.
pub fn verify(
    options: &VerifyOptions,
    trusted: Option<&TrustedKeys>,
    monitor: &Monitor,
) -> Outcome<Verified> {
    let (periods, newest) = periods(options)?;
    let mut checks = Checks::default();
    let mut verified = Verified { newest: newest.to_string(), ..Verified::default() };
    let mut history = History::default();
    let mut signed = Vec::new();
    let read = |at: usize| periods.get(at).map(|(month, folder)| files::read(*month, folder));
    let (mut before, mut next) = (None, read(0).transpose()?);
    for at in 0.. {
        let Some(mut this) = next.take() else { break };
        monitor.stage(text!("verifying"), 0)?;
        checks.merge([std::mem::take(&mut this.checks)]);
        files::check_chain(&this, before.as_ref(), &mut checks);
        // The next period is read while this one is judged.
        let (following, ()) = rayon::join(
            || read(at + 1).transpose(),
            || judge(&this, before.as_ref(), &mut history, &mut checks),
        );
        verified.periods.push(std::mem::take(&mut this.figures));
        signed.push(Signed {
            period: this.month,
            manifest: std::mem::take(&mut this.bytes),
            signature: this.signature.take(),
        });
        before = Some(this);
        next = following?;
    }
    let head = before.and_then(|last| last.digest);
    monitor.stage(text!("verifying register"), 0)?;
    register_laws(&mut history, &mut verified, &mut checks);
    compare_head(options, &periods, head.as_deref(), &mut checks);
    let policies = std::mem::take(&mut history.policies);
    policies.compare(&options.rules, &mut checks);
    (verified.rules, verified.days) = (policies.rules, policies.days);
    verified.rules_given = !options.rules.is_empty();
    if let Some(trusted) = trusted {
        verified.signatures = check_signatures(&signed, trusted, &mut checks);
    } else {
        verified.unchecked =
            signed.iter().filter(|period| period.signature.is_some()).count() as u64;
    }
    verified.head = head.unwrap_or_default();
    verified.head_given = options.head.is_some();
    (verified.laws, verified.figures) = (checks.laws, checks.figures);
    finish(verified, checks)
}

/// Returns the periods to verify, oldest first, and the newest period of the book.
fn periods(options: &VerifyOptions) -> Outcome<(Vec<(Month, PathBuf)>, Month)> {
    let book = &options.book;
    let mut periods = book::periods_in(book)?;
    let nothing = |what: Text| {
        let found = Finding::of_file(Code::B02, crate::diag::shown(book), what);
        Failure::Differences(text!("nothing was verified"), vec![found])
    };
    let Some(newest) = periods.last().map(|(month, _)| *month) else {
        return Err(nothing(text!("no closed period")));
    };
    if let Some(period) = options.period {
        if !periods.iter().any(|(month, _)| *month == period) {
            return Err(nothing(text!("no period {}; the newest is {}", period, newest)));
        }
        periods.retain(|(month, _)| *month <= period);
    }
    Ok((periods, newest))
}

/// Applies all laws to a period, and adds its facts to the history.
fn judge(
    this: &ReadPeriod,
    before: Option<&ReadPeriod>,
    history: &mut History,
    checks: &mut Checks,
) {
    let Some(closed) = &this.closed else { return };
    let before = before.and_then(|before| before.closed.as_ref());
    history.policies.add(closed);
    if let Some(policy) = closed.policy(checks) {
        let tables = place(closed.month, "tables");
        checks.apply_all(
            &tables,
            &[
                &|checks| tables::order(closed, checks),
                &|checks| tables::check(closed, policy, checks),
                &|checks| inputs::check(closed, checks),
                &|checks| copies::check(closed, policy, checks),
                &|checks| fates::check(closed, before, policy, checks),
                &|checks| carry::check(closed, before, history, policy, checks),
                &|checks| money::check(closed, before, history, policy, checks),
                &|checks| notices::check(closed, before, history, policy, checks),
                &|checks| requests::check(closed, history, policy, checks),
                &|checks| system_errors::check(closed, before, checks),
            ],
        );
    }
    let gathered = guarded(|| {
        if let Ok(policy) = closed.rules.policy(closed.month) {
            history.expectations.gather(closed, before, policy);
        }
        history.registers.extend(RegisterFile::open(closed, checks));
        history.add(closed);
    });
    if gathered.is_none() {
        let found = text!("figures so large that they cannot be added up");
        checks.report(Code::B07, place(closed.month, "tables"), text!(""), found);
    }
}

/// Applies the laws of the register over all periods.
fn register_laws(history: &mut History, verified: &mut Verified, checks: &mut Checks) {
    let read = guarded(|| {
        if let Some(last) = history.registers.last() {
            history.expectations.finish(last.period);
        }
        let sums = register::check(&history.registers, &mut history.expectations, checks);
        for (file, sums) in history.registers.iter().zip(sums) {
            sums.compare(file, checks);
            let period = file.period.to_string();
            if let Some(figures) = verified.periods.iter_mut().find(|found| found.period == period)
            {
                figures.registered = sums.rows;
                figures.settlements = sums.cleared();
                figures.rows += sums.rows;
                figures.cleared = yuan(sums.payable());
            }
        }
    });
    if read.is_none() {
        let found = text!("figures so large that they cannot be added up");
        checks.report(Code::B09, "register.parquet".to_owned(), text!(""), found);
    }
}

/// Law: the newest manifest has the expected digest, if one is given.
fn compare_head(
    options: &VerifyOptions,
    periods: &[(Month, PathBuf)],
    head: Option<&str>,
    checks: &mut Checks,
) {
    let (Some(expected), Some((month, _))) = (&options.head, periods.last()) else { return };
    checks.count(1);
    if head != Some(expected) {
        let found = if let Some(head) = head {
            text!("{}, given was {}", head, expected)
        } else {
            text!("no manifest, given was {}", expected)
        };
        checks.report(Code::B05, format!("{month}/manifest.json"), text!(""), found);
    }
}

/// Law: a trusted key signed every period or a later one. Returns who vouches for each period.
fn check_signatures(
    signed: &[Signed],
    trusted: &TrustedKeys,
    checks: &mut Checks,
) -> Vec<VouchedPeriod> {
    let mut said = Vec::new();
    for (Signed { period: month, .. }, standing) in signed.iter().zip(trusted.judge(signed)) {
        checks.count(1);
        let problem = match standing {
            SignatureStanding::Signed(name) => {
                let period = month.to_string();
                said.push(VouchedPeriod { period, by: Some(name), through: None });
                continue;
            }
            SignatureStanding::CoveredBy(later) => {
                let (period, through) = (month.to_string(), Some(later.to_string()));
                said.push(VouchedPeriod { period, by: None, through });
                continue;
            }
            SignatureStanding::Unsigned => text!("no signature, and no later period is signed"),
            SignatureStanding::Bad(problem) => problem,
        };
        checks.report(Code::B10, place(*month, SIGNATURE), text!(""), problem);
    }
    said
}

/// Passes if there are no findings and at least one file and one figure were checked.
fn finish(verified: Verified, checks: Checks) -> Outcome<Verified> {
    let files: u64 = verified.periods.iter().map(|period| period.files).sum();
    if checks.findings.is_empty() && files > 0 && checks.figures > 0 {
        return Ok(verified);
    }
    let problem = text!(
        "the book does not verify: {} files of {} periods and {} figures were checked",
        files,
        verified.periods.len(),
        checks.figures
    );
    Err(Failure::Differences(problem, checks.sorted()))
}
