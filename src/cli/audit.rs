//! The commands of the auditor.

use std::sync::{Arc, atomic::AtomicBool};

use comfy_table::{CellAlignment, Table, presets::NOTHING};

use super::{
    args::{Format, RunArguments, VerifyArguments},
    printer::{counted, report, text},
    progress,
    run::thread_pool,
};
use crate::{
    audit::{
        rerun::{self, Rerun, RerunOptions},
        verify::{self, Verified, VerifyOptions},
    },
    diag::Outcome,
    engine::RunOptions,
    money::count_grouped,
    pipeline::Settings,
};

/// `liangqing verify`
pub(super) fn verify(arguments: &VerifyArguments, stop: Arc<AtomicBool>) -> Outcome<()> {
    let options = VerifyOptions {
        book: arguments.book.clone(),
        period: arguments.period,
        head: arguments.head.clone(),
    };
    let monitor = progress::monitor(stop, arguments.quiet, None);
    let pool = thread_pool(arguments.threads)?;
    let verified = pool.install(|| verify::verify(&options, &monitor));
    monitor.done();
    let verified = verified?;
    match arguments.format {
        Format::Human => text(&verified_text(&verified)),
        Format::Json => report(&verified),
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
    let rerun = rerun::rerun(&RerunOptions { run: options, rules }, &monitor);
    monitor.done();
    let rerun = rerun?;
    match arguments.format {
        Format::Human => text(&rerun_text(&rerun)),
        Format::Json => report(&rerun),
    }
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
        lines.push(format!("note      the period was closed by {program}"));
    }
    lines.push(String::new());
    lines.join("\n")
}

fn verified_text(verified: &Verified) -> String {
    let mut table = Table::new();
    table.load_style(NOTHING);
    table.set_header(["period", "files", "bytes", "rows", "settlements", "yuan cleared"]);
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
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
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
