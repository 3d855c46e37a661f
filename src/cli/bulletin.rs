//! The command `bulletin`.

use std::{
    path::PathBuf,
    sync::{Arc, atomic::AtomicBool},
};

use clap::Args;

use super::{
    files::{read_sentences, read_template, shown},
    options::{Format, Working},
    printer::{report, text},
    progress,
    threads::thread_pool,
};
use crate::{
    bulletin::{self, Request},
    diag::Outcome,
    model::{codes::Month, dates::parse_period},
    text::{Grouped, Text},
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
    pub(super) book: PathBuf,
    /// The closed period, or the last one of the quarter, YYYY-MM
    #[arg(long, value_parser = parse_period)]
    pub(super) period: Month,
    /// Money paid and received in the quarter that ends with the period
    #[arg(long, conflicts_with_all = ["input", "registry"])]
    pub(super) quarter: bool,
    /// The delivery that the period was closed with
    #[arg(long, value_name = "DIR")]
    pub(super) input: Option<PathBuf>,
    /// Networked institutions: fixmedins_code, county, kind, care_classes, opened_on
    #[arg(long, value_name = "FILE")]
    pub(super) registry: Option<PathBuf>,
    /// A new folder
    #[arg(long, value_name = "DIR")]
    pub(super) out: PathBuf,
    /// Template file [default: built in, see liangqing rules forms]
    #[arg(long, value_name = "FILE")]
    pub(super) forms: Option<PathBuf>,
    /// Sentences file [default: built in, see liangqing rules sentences]
    #[arg(long, value_name = "FILE")]
    pub(super) sentences: Option<PathBuf>,
    #[command(flatten)]
    pub(super) working: Working,
}

/// Runs `liangqing bulletin`.
pub(super) fn bulletin(arguments: &BulletinArguments, stop: Arc<AtomicBool>) -> Outcome<()> {
    let template = read_template(arguments.forms.as_deref())?;
    let sentences = read_sentences(arguments.sentences.as_deref())?;
    let monitor = progress::monitor(stop, arguments.working.quiet, None);
    let request = Request {
        book: &arguments.book,
        period: arguments.period,
        quarterly: arguments.quarter,
        input: arguments.input.as_deref(),
        registry: arguments.registry.as_deref(),
        out: &arguments.out,
        template: &template,
        sentences: &sentences,
    };
    let pool = thread_pool(arguments.working.threads)?;
    let written = pool.install(|| bulletin::write(&request, &monitor));
    monitor.done();
    let written = written?;
    match arguments.working.format {
        Format::Json => report(&written),
        Format::Human => text(&[
            Text::labelled("written", text!("{}", shown(&arguments.out))),
            Text::labelled(
                "bulletin",
                text!(
                    "{}, {} sheet(s) in {} file(s)",
                    written.period,
                    Grouped(written.sheets),
                    Grouped(written.files)
                ),
            ),
            Text::labelled(
                "left out",
                text!("{} value(s) about few persons", Grouped(written.left_out)),
            ),
        ]),
    }
}
