//! The command `daily`.

use std::{
    collections::BTreeSet,
    path::PathBuf,
    sync::{Arc, atomic::AtomicBool},
};

use chrono::NaiveDate;
use clap::Args;

use super::{
    files::{read_rules, shown},
    options::{Format, Working},
    printer::{report, text},
    progress, rehearsal,
    threads::thread_pool,
    timings::timings_table,
};
use crate::{
    daily::{self, DailyRequest, DailySummary},
    diag::{Code, Outcome},
    model::{
        codes::Month,
        dates::{parse_date, parse_period},
    },
    pipeline::parse_memory,
    plausible::parse_code,
    text::{Grouped, Text},
};

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  liangqing daily --input daily/2025-10-07 --period 2025-10 --day 2025-10-07 --before result/06 --out result/07
  liangqing daily --input deliveries/2025-10 --period 2025-10 --out result/2025-10

The input holds treating/, insured/ and national/ with Parquet files of one day, or of all days of the month so far.
Nothing goes into a book. The result is a folder of tables, summary.json and a page, daily.html (docs/daily.md).")]
pub(super) struct DailyArguments {
    /// Folder of the three copies: treating/*.parquet, insured/*.parquet, national/*.parquet
    #[arg(long, value_name = "DIR")]
    pub(super) input: PathBuf,
    /// The month, YYYY-MM
    #[arg(long, value_parser = parse_period)]
    pub(super) period: Month,
    /// The day to reconcile [default: every day of the month]
    #[arg(long, value_name = "DATE", value_parser = parse_date)]
    pub(super) day: Option<NaiveDate>,
    /// The day up to which differences age [default: the day, or the last one that has a row]
    #[arg(long, value_name = "DATE", value_parser = parse_date)]
    pub(super) as_of: Option<NaiveDate>,
    /// Result of an earlier run of the month, whose open differences are followed
    #[arg(long, value_name = "DIR")]
    pub(super) before: Option<PathBuf>,
    /// Folder of the result, new or empty
    #[arg(long, value_name = "DIR")]
    pub(super) out: PathBuf,
    /// Rules file [default: built in, see liangqing rules]
    #[arg(long, value_name = "FILE")]
    pub(super) rules: Option<PathBuf>,
    /// Let pass what looks like a slip (G01, G06, G07); repeatable, the summary lists it
    #[arg(long, value_name = "CODE", value_parser = parse_code)]
    pub(super) accept: Vec<Code>,
    /// Memory for reading and matching, such as 512MiB; beyond it the disk is used
    #[arg(long, value_name = "SIZE", value_parser = parse_memory)]
    pub(super) memory: Option<usize>,
    /// Say what the time went into: each activity, its rows and bytes a second
    #[arg(long)]
    pub(super) timings: bool,
    #[command(flatten)]
    pub(super) working: Working,
}

/// Runs `liangqing daily`.
pub(super) fn daily(arguments: &DailyArguments, stop: Arc<AtomicBool>) -> Outcome<()> {
    let rules = read_rules(arguments.rules.as_deref())?;
    let accept: BTreeSet<Code> = arguments.accept.iter().copied().collect();
    let request = DailyRequest {
        input: &arguments.input,
        period: arguments.period,
        day: arguments.day,
        as_of: arguments.as_of,
        before: arguments.before.as_deref(),
        out: &arguments.out,
        rules: &rules,
        accept: &accept,
        memory: arguments.memory.unwrap_or(rehearsal::DEFAULT_MEMORY),
    };
    let monitor = progress::monitor(stop, arguments.working.quiet, None);
    let pool = thread_pool(arguments.working.threads)?;
    let found = pool.install(|| daily::run(&request, &monitor));
    monitor.done();
    let found = found?;
    match arguments.working.format {
        Format::Json => report(&found),
        Format::Human => {
            let mut lines = lines(arguments, &found);
            if arguments.timings {
                lines.extend([text!(""), timings_table(&monitor.stopwatch.timings())]);
            }
            text(&lines)
        }
    }
}

fn lines(arguments: &DailyArguments, found: &DailySummary) -> Vec<Text> {
    let settlements: u64 = found.classes.values().sum();
    let agree = found.classes.get("agrees").copied().unwrap_or(0);
    let rows: u64 = found.rows.values().map(|side| side.read).sum();
    let days = found.days_done.len() as u64;
    let mut lines = vec![
        Text::labelled("written", text!("{}", shown(&arguments.out))),
        Text::labelled("days", text!("{} done, up to {}", Grouped(days), &found.reference_day)),
        Text::labelled("rows", text!("{}, {} rejected", Grouped(rows), Grouped(found.rejects))),
        Text::labelled(
            "compared",
            text!("{}, {} agree", text!("{} settlement(s)", Grouped(settlements)), Grouped(agree)),
        ),
        Text::labelled("open", text!("{} difference(s)", Grouped(found.differences))),
        Text::labelled("mended", text!("{} difference(s)", Grouped(found.mended))),
    ];
    if found.outside > 0 {
        let outside = text!("{} settlement(s) of other months", Grouped(found.outside));
        lines.push(Text::labelled("outside", outside));
    }
    if !found.accepted.is_empty() {
        lines.push(Text::labelled("accepted", Text::given(found.accepted.join(", "))));
    }
    lines.push(Text::labelled("page", text!("{}", shown(&arguments.out.join("daily.html")))));
    lines
}
