//! The command `bulletin`.

use std::{
    path::PathBuf,
    sync::{Arc, atomic::AtomicBool},
};

use clap::Args;

use super::{
    args::Format,
    printer::{counted, report, text},
    progress,
    run::{shown, thread_pool},
    statements::template,
};
use crate::{
    bulletin::{self, Request},
    codes::Month,
    diag::Outcome,
    pipeline::{parse_period, parse_threads},
};

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  liangqing bulletin --book book --period 2025-10 --out bulletins/2025-10
  liangqing bulletin --book book --period 2025-10 --input deliveries/2025-10 --registry registry.csv --out bulletins/2025-10
  liangqing bulletin --book book --period 2025-12 --quarter --out bulletins/2025-Q4

Writes bulletin.xlsx, the same sheets as CSV and JSON, and SHA256SUMS. Match rates of pairs, errors by province,
institutions and pooling areas need the delivery of the period; shares of counties need the registry. Counts of fewer
than 5 persons are left out, and whatever would give them away (docs/bulletin.md).")]
pub(super) struct BulletinArguments {
    /// Folder of the closed periods
    #[arg(long, value_name = "DIR")]
    book: PathBuf,
    /// The closed period, or the last one of the quarter, YYYY-MM
    #[arg(long, value_parser = parse_period)]
    period: Month,
    /// Money paid and received in the quarter that ends with the period
    #[arg(long, conflicts_with_all = ["input", "registry"])]
    quarter: bool,
    /// The delivery that the period was closed with
    #[arg(long, value_name = "DIR")]
    input: Option<PathBuf>,
    /// Networked institutions: fixmedins_code, county, kind, care_classes, opened_on
    #[arg(long, value_name = "FILE")]
    registry: Option<PathBuf>,
    /// A new folder
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Template file [default: built in]
    #[arg(long, value_name = "FILE")]
    forms: Option<PathBuf>,
    /// Threads [default: all]
    #[arg(long, value_name = "N", value_parser = parse_threads)]
    threads: Option<usize>,
    /// How to print the report
    #[arg(long, value_enum, default_value_t)]
    pub(super) format: Format,
    /// Show no progress
    #[arg(long, short)]
    quiet: bool,
}

/// `liangqing bulletin`
pub(super) fn bulletin(arguments: &BulletinArguments, stop: Arc<AtomicBool>) -> Outcome<()> {
    let template = template(arguments.forms.as_deref())?;
    let monitor = progress::monitor(stop, arguments.quiet, None);
    let request = Request {
        book: &arguments.book,
        period: arguments.period,
        quarterly: arguments.quarter,
        input: arguments.input.as_deref(),
        registry: arguments.registry.as_deref(),
        out: &arguments.out,
        template: &template,
    };
    let pool = thread_pool(arguments.threads)?;
    let written = pool.install(|| bulletin::write(&request, &monitor));
    monitor.done();
    let written = written?;
    match arguments.format {
        Format::Json => report(&written),
        Format::Human => text(&format!(
            "written   {}\nbulletin  {}, {} in {}\nleft out  {} about few persons\n",
            shown(&arguments.out),
            written.period,
            counted(written.sheets, "sheet"),
            counted(written.files, "file"),
            counted(written.left_out, "value"),
        )),
    }
}
