//! The commands of the auditor.

use std::{
    path::PathBuf,
    sync::{Arc, atomic::AtomicBool},
};

use serde_json::json;

use super::{
    args::{DiffArguments, Format, KeygenArguments, RunArguments, VerifyArguments},
    printer::{counted, report, text},
    progress,
    run::{read_rules, thread_pool},
    table::table,
};
use crate::{
    audit::{
        diff::{self, Differences, Payable, PeriodDifference},
        rerun::{self, Rerun, RerunOptions},
        verify::{self, Verified, VerifyOptions},
    },
    diag::{Failure, Outcome, printable, shown},
    digest,
    engine::RunOptions,
    model::money::count_grouped,
    pipeline::Settings,
    privacy::pseudonym,
    signing::{self, trusted::TrustedKeys},
};

/// `liangqing verify`
pub(super) fn verify(arguments: &VerifyArguments, stop: Arc<AtomicBool>) -> Outcome<()> {
    let digest = |path: &PathBuf| {
        read_rules(Some(path)).map(|rules| digest::sha256_hex(rules.text.as_bytes()))
    };
    let options = VerifyOptions {
        book: arguments.book.clone(),
        period: arguments.period,
        head: arguments.head.clone(),
        rules: arguments.rules.iter().map(digest).collect::<Outcome<_>>()?,
    };
    let trusted = arguments.trusted_keys.as_deref().map(TrustedKeys::read).transpose()?;
    let monitor = progress::monitor(stop, arguments.working.quiet, None);
    let pool = thread_pool(arguments.working.threads)?;
    let verified = pool.install(|| verify::verify(&options, trusted.as_ref(), &monitor));
    monitor.done();
    let verified = verified?;
    match arguments.working.format {
        Format::Human => text(&verified_text(&verified)),
        Format::Json => report(&verified),
    }
}

/// `liangqing keygen`
pub(super) fn keygen(arguments: &KeygenArguments) -> Outcome<()> {
    let out = &arguments.out;
    if let Some(version) = &arguments.pseudonyms {
        pseudonym::keygen(out, version)?;
        return match arguments.format {
            Format::Human => text(&format!(
                "private   {}, for its owner alone\nversion   {version}\n",
                shown(out)
            )),
            Format::Json => report(&json!({ "version": version, "private": out })),
        };
    }
    let (id, public) = signing::keygen(&arguments.out, arguments.algorithm.into())?;
    match arguments.format {
        Format::Human => text(&format!(
            "private   {}, for its owner alone\npublic    {}\nid        {id}\n",
            shown(&arguments.out),
            shown(&public)
        )),
        Format::Json => report(&json!({ "id": id, "private": arguments.out, "public": public })),
    }
}

/// `liangqing run pipelines/audit-rerun.toml`
pub(super) fn rerun(
    settings: &Settings,
    options: RunOptions,
    stop: Arc<AtomicBool>,
    arguments: &RunArguments,
) -> Outcome<()> {
    let rules = settings.rules.as_ref().map(|_| options.rules.clone());
    let monitor = progress::monitor(stop, arguments.quiet, None);
    let options = RerunOptions { run: options, rules };
    let rerun = match settings.through {
        None => rerun::rerun(&options, &monitor).map(|rerun| vec![rerun]),
        Some(through) => rerun::rerun_range(&options, through, &monitor),
    };
    monitor.done();
    let rerun = rerun?;
    match (arguments.format, rerun.as_slice()) {
        (Format::Human, all) => text(&all.iter().map(rerun_text).collect::<Vec<_>>().join("\n")),
        (Format::Json, [one]) if settings.through.is_none() => report(one),
        (Format::Json, all) => report(&json!({ "periods": all })),
    }
}

/// `liangqing diff`
pub(super) fn diff(arguments: &DiffArguments) -> Outcome<()> {
    let found = diff::diff(&arguments.first, &arguments.second)?;
    match arguments.format {
        Format::Human => text(&diff_text(&found))?,
        Format::Json => report(&found)?,
    }
    let whole = found.only_first.is_empty() && found.only_second.is_empty();
    let same = whole && found.periods.iter().all(PeriodDifference::is_none);
    if same { Ok(()) } else { Err(Failure::Reported) }
}

fn diff_text(found: &Differences) -> String {
    let mut lines = Vec::new();
    for (periods, which) in [(&found.only_first, "first"), (&found.only_second, "second")] {
        if !periods.is_empty() {
            lines.push(format!("only in the {which}: {}", periods.join(", ")));
        }
    }
    if found.periods.len() > 1 {
        let mut all =
            table(["period", "payable", "carried forward", "closing reserves", "tables"], 1);
        for period in &found.periods {
            let Payable { payable, carried_forward, reserves, .. } = &period.payable;
            let tables = period.tables.len().to_string();
            all.add_row([&period.period, payable, carried_forward, reserves, &tables]);
        }
        lines.extend(["the second without the first, in yuan".to_owned(), all.trim_fmt()]);
    }
    for period in &found.periods {
        lines.push(String::new());
        lines.extend(period_lines(period));
    }
    lines.push(String::new());
    lines.join("\n").trim_start().to_owned()
}

fn period_lines(period: &PeriodDifference) -> Vec<String> {
    if period.is_none() && period.given.is_empty() {
        return vec![format!("period    {}: the same", period.period)];
    }
    let mut lines = vec![format!("period    {}", period.period)];
    lines.extend(period.given.iter().map(|given| format!("given     {}", printable(given))));
    if period.is_none() {
        lines.push("results   the same".to_owned());
        return lines;
    }
    for cause in &period.causes {
        let settlements = counted(cause.settlements, "settlement");
        lines.push(format!("cleared   {} yuan, {settlements}, by {}", cause.gross, cause.cause));
    }
    let Payable { payable, gross, deductions, brought_forward, carried_forward, .. } =
        &period.payable;
    lines.push(format!(
        "payable   {payable} = gross {gross} - deductions {deductions} + brought forward \
         {brought_forward} - carried forward {carried_forward}"
    ));
    for table in &period.tables {
        lines.push(format!("table     {}: {}", table.table, table.summary()));
        lines.extend(
            table.examples.iter().map(|example| format!("          {}", printable(example))),
        );
        let more = table.rows_that_differ() - table.examples.len() as u64;
        if more > 0 {
            lines.push(format!("          and {} more", count_grouped(more)));
        }
    }
    lines
}

fn rerun_text(rerun: &Rerun) -> String {
    let mut lines = vec![
        format!(
            "period    {}, worked out again from {}",
            rerun.period,
            counted(rerun.inputs, "input")
        ),
        format!(
            "same      {} of {} bytes and {}, {} yuan cleared",
            counted(rerun.files, "file"),
            count_grouped(rerun.bytes),
            counted(rerun.rows, "row"),
            rerun.cleared
        ),
        format!("manifest  {}", rerun.manifest_sha256),
    ];
    if let Some(program) = &rerun.closed_by {
        lines.push(format!("note      the period was closed by {}", printable(program)));
    }
    lines.push(String::new());
    lines.join("\n")
}

fn verified_text(verified: &Verified) -> String {
    let mut table = table(["period", "files", "bytes", "rows", "settlements", "yuan cleared"], 1);
    for period in &verified.periods {
        table.add_row([
            period.period.clone(),
            count_grouped(period.files),
            count_grouped(period.bytes),
            count_grouped(period.rows),
            count_grouped(period.registered),
            period.cleared.clone(),
        ]);
    }
    let last = verified.periods.last().map_or("", |period| &period.period);
    let mut lines = vec![
        table.trim_fmt(),
        String::new(),
        format!(
            "verified  {} by {}, {} compared",
            counted(verified.periods.len() as u64, "period"),
            counted(verified.laws, "law"),
            counted(verified.figures, "figure")
        ),
        format!("head      {} ({last})", verified.head),
    ];
    lines.extend(policy_lines(verified));
    lines.extend(verified.signatures.iter().map(|signature| format!("signed    {signature}")));
    if verified.unchecked > 0 {
        let signatures = counted(verified.unchecked, "signature");
        lines.push(format!("note      no --trusted-keys were given: {signatures} not checked"));
    }
    if verified.newest != last {
        lines.push(format!("note      the book goes on to {}", verified.newest));
    }
    if !verified.head_given {
        lines.push(
            "note      no --head was given: periods cut off at the end would not be noticed"
                .to_owned(),
        );
    }
    lines.push(String::new());
    lines.join("\n")
}

/// The rules of the periods, and days of issue that nobody would expect.
fn policy_lines(verified: &Verified) -> Vec<String> {
    let rules = verified.rules.iter().map(|rules| {
        let (periods, sha256) = (rules.periods(), &rules.sha256);
        if rules.built_in {
            format!("rules     {periods}: {sha256}, the rules of this program")
        } else {
            format!("rules     {periods}: {sha256}, not the rules of this program")
        }
    });
    let days = verified.days.iter().map(|day| {
        format!("day       {}: issued on {}, not on {}", day.period, day.as_of, day.last_day)
    });
    let given = verified.rules_given.then(|| "rules     those that were given".to_owned());
    rules.chain(given).chain(days).collect()
}
