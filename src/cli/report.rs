//! The command `report`.

use std::path::PathBuf;

use clap::Args;

use super::{
    files::{read_daily, read_sentences, shown},
    judged,
    options::Format,
    printer::{report as print, text},
};
use crate::{
    diag::Outcome,
    model::{codes::Month, dates::parse_period},
    report,
    text::Text,
};

#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  liangqing report --book book --period 2025-10

Writes one HTML file that needs nothing else: it opens without a network, in Chinese and in English, light and
dark, and prints. What it shows comes from the tables of the period and of the periods before it. It names
settlements and institutions, but no person and no visit. The same book gives the same bytes.")]
pub(super) struct ReportArguments {
    /// Folder of the closed periods
    #[arg(long, value_name = "DIR")]
    pub(super) book: PathBuf,
    /// The closed period, YYYY-MM
    #[arg(long, value_parser = parse_period)]
    pub(super) period: Month,
    /// The page [default: report-<PERIOD>.html]
    #[arg(long, value_name = "FILE")]
    pub(super) out: Option<PathBuf>,
    /// Replace the page when it is there already
    #[arg(long)]
    pub(super) force: bool,
    /// Result of liangqing daily of the period: lists of breaks say since when each was known
    #[arg(long, value_name = "DIR")]
    pub(super) daily: Option<PathBuf>,
    /// Sentences file [default: built in, see liangqing rules sentences]
    #[arg(long, value_name = "FILE")]
    pub(super) sentences: Option<PathBuf>,
    /// How to print the report
    #[arg(long, value_enum, default_value_t)]
    pub(super) format: Format,
}

/// Runs `liangqing report`.
pub(super) fn report(arguments: &ReportArguments) -> Outcome<()> {
    let period = arguments.period;
    let out =
        arguments.out.clone().unwrap_or_else(|| PathBuf::from(format!("report-{period}.html")));
    let sentences = read_sentences(arguments.sentences.as_deref())?;
    let daily = read_daily(arguments.daily.as_deref(), period)?;
    let page = (&*out, arguments.force);
    let written = report::write(&arguments.book, period, page, &sentences, daily)?;
    match arguments.format {
        Format::Json => print(&written),
        Format::Human => {
            let through = text!("{} through {}", written.first_period, written.period);
            let proof = if written.balanced { text!("balanced") } else { text!("NOT balanced") };
            let mut lines = vec![
                Text::labelled("written", text!("{}", shown(&out))),
                Text::labelled("periods", through),
                Text::labelled("payable", text!("{} yuan", written.payable)),
                Text::labelled("returned", text!("{} yuan", written.returned)),
                Text::labelled("proof", proof),
            ];
            lines.extend(judged::lines(&written.deductions, &written.payments));
            text(&lines)
        }
    }
}
