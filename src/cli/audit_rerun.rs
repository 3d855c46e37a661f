//! The rerun for an auditor: `run pipelines/audit-rerun.toml`.

use std::sync::{Arc, atomic::AtomicBool};

use schemars::JsonSchema;
use serde::Serialize;

use super::{
    options::Format,
    printer::{report, text},
    progress,
};
use crate::{
    audit::rerun::{self, Rerun, RerunOptions},
    diag::Outcome,
    engine::RunOptions,
    pipeline::Settings,
    shapes,
    text::{Grouped, Text},
};

/// Periods that all came out as they were published.
#[derive(Serialize, JsonSchema)]
#[schemars(title = "run pipelines/audit-rerun.toml --through --format json")]
pub(super) struct Reruns<'a> {
    /// The format of the report.
    format: shapes::FormatNumber<1>,
    /// The periods in their order.
    periods: &'a [Rerun],
}

/// Runs `liangqing run pipelines/audit-rerun.toml`.
pub(super) fn rerun(
    settings: &Settings,
    options: RunOptions,
    stop: Arc<AtomicBool>,
    (format, quiet): (Format, bool),
) -> Outcome<()> {
    let rules = settings.rules.as_ref().map(|_| options.rules.clone());
    let monitor = progress::monitor(stop, quiet, None);
    let options = RerunOptions { run: options, rules };
    let rerun = match settings.through {
        None => rerun::rerun(&options, &monitor).map(|rerun| vec![rerun]),
        Some(through) => rerun::rerun_range(&options, through, &monitor),
    };
    monitor.done();
    let rerun = rerun?;
    match (format, rerun.as_slice()) {
        (Format::Human, all) => text(&reruns(all)),
        (Format::Json, [one]) if settings.through.is_none() => report(one),
        (Format::Json, all) => report(&Reruns { format: shapes::FormatNumber, periods: all }),
    }
}

fn reruns(all: &[Rerun]) -> Vec<Text> {
    let mut lines = Vec::new();
    for (at, rerun) in all.iter().enumerate() {
        lines.extend((at > 0).then(|| text!("")));
        lines.extend(of_rerun(rerun));
    }
    lines
}

fn of_rerun(rerun: &Rerun) -> Vec<Text> {
    let Rerun { period, inputs, files, bytes, rows, cleared, manifest_sha256, closed_by, .. } =
        rerun;
    let mut lines = vec![
        Text::labelled(
            "period",
            text!("{}, worked out again from {} input(s)", period, Grouped(*inputs)),
        ),
        Text::labelled(
            "same",
            text!(
                "{} of {} bytes and {}, {} yuan cleared",
                text!("{} file(s)", Grouped(*files)),
                Grouped(*bytes),
                text!("{} row(s)", Grouped(*rows)),
                cleared
            ),
        ),
        Text::labelled("manifest", text!("{}", manifest_sha256)),
    ];
    let closed_by = closed_by.iter().map(|program| text!("the period was closed by {}", program));
    lines.extend(closed_by.map(|note| Text::labelled("note", note)));
    lines
}
