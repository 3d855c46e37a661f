//! The command `synth`.

use std::{
    io,
    path::{Path, PathBuf},
    sync::{Arc, atomic::AtomicBool},
};

use clap::{Args, ValueEnum};
use parquet::errors::ParquetError;

use super::{
    files::{read_rules, read_text, shown},
    lang::said,
    options::Format,
    printer::{self, report},
    progress,
    status::level_named,
    table::table,
    threads::thread_pool,
};
use crate::{
    diag::{Failure, Outcome},
    event::Monitor,
    model::{codes::Month, dates::parse_period},
    pipeline::parse_threads,
    rules::Rules,
    synth::{BreakRates, OPENING_QUOTAS, Order, Summary, SynthError, SynthOptions, generate},
    text::{Grouped, Text, list, word},
};

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  liangqing synth --out national --period 2025-10 --settlements 2000000 --periods 3
  liangqing synth --out clean --period 2025-10 --settlements 100000 --breaks none --order shuffled

Writes DIR/<period>/ with a delivery, and DIR/<period>/truth.parquet with the breaks (setl_id, class) that
the engine has to find in it. DIR/opening-quotas.csv has the quotas with which a book of these deliveries begins.
From the second period on a delivery has payments of notices of earlier periods, approved top-ups and initial
quotas, as fits the notices of a book that began so. The same seed gives the same bytes, whatever the threads.")]
pub(super) struct SynthArguments {
    /// Folder for the deliveries
    #[arg(long, value_name = "DIR")]
    pub(super) out: PathBuf,
    /// The first period, YYYY-MM
    #[arg(long, value_parser = parse_period)]
    pub(super) period: Month,
    /// Settlements a period, each with two copies
    #[arg(long, value_name = "N")]
    pub(super) settlements: u64,
    /// Periods in a row
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(super) periods: u32,
    /// Another seed, another month
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(super) seed: u64,
    /// TOML file with the rates of planted breaks, or none [default: built in, see liangqing rules breaks]
    #[arg(long, value_name = "FILE|none")]
    pub(super) breaks: Option<PathBuf>,
    /// In which order rows lie in the files
    #[arg(long, value_enum, default_value_t)]
    pub(super) order: RowOrder,
    /// Rules file [default: built in, see liangqing rules]
    #[arg(long, value_name = "FILE")]
    pub(super) rules: Option<PathBuf>,
    /// Threads [default: all]
    #[arg(long, value_name = "N", value_parser = parse_threads)]
    pub(super) threads: Option<usize>,
    /// How to print the calibration table
    #[arg(long, value_enum, default_value_t)]
    pub(super) format: Format,
    /// Show no progress
    #[arg(long, short)]
    pub(super) quiet: bool,
}

/// In which order rows lie in the files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(super) enum RowOrder {
    /// By time of settlement, a file a province.
    #[default]
    Time,
    /// Spread over all files of a side.
    Shuffled,
}

impl From<RowOrder> for Order {
    fn from(order: RowOrder) -> Order {
        match order {
            RowOrder::Time => Order::Time,
            RowOrder::Shuffled => Order::Shuffled,
        }
    }
}

/// Runs `liangqing synth`.
pub(super) fn synth(arguments: &SynthArguments, stop: Arc<AtomicBool>) -> Outcome<()> {
    let options = SynthOptions {
        out: arguments.out.clone(),
        first_period: arguments.period,
        periods: arguments.periods,
        settlements: arguments.settlements,
        seed: arguments.seed,
        breaks: breaks(arguments.breaks.as_deref())?,
        order: arguments.order.into(),
    };
    let rules = read_rules(arguments.rules.as_deref())?;
    let pool = thread_pool(arguments.threads)?;
    let monitor = progress::monitor(stop, arguments.quiet, None);
    let summary = pool.install(|| generated(&options, &rules, &monitor))?;
    print(&summary, &options, arguments.format)
}

/// Generates deliveries.
pub(super) fn generated(
    options: &SynthOptions,
    rules: &Rules,
    monitor: &Monitor,
) -> Outcome<Summary> {
    let rows = options.settlements.saturating_mul(2 * u64::from(options.periods));
    monitor.stage(text!("generating"), rows)?;
    let made = generate(options, rules, &|rows| monitor.advance(rows).is_ok());
    monitor.done();
    made.map_err(|error| match error {
        SynthError::Options(_) | SynthError::Rules(_) | SynthError::Exists(_) => {
            Failure::Usage(error.text())
        }
        SynthError::Io { path, source } => Failure::io(&path)(source),
        SynthError::Parquet { path, source: ParquetError::External(source) }
            if source.is::<io::Error>() =>
        {
            let shown = source.to_string();
            let io =
                source.downcast::<io::Error>().map_or_else(|_| io::Error::other(shown), |io| *io);
            Failure::io(&path)(io)
        }
        SynthError::Parquet { .. } => Failure::Bug(error.text()),
        SynthError::Place(failure) => failure,
        SynthError::Stopped => Failure::Interrupted,
    })
}

/// Returns the rates of planted breaks: built in, none, or from a file.
fn breaks(argument: Option<&Path>) -> Outcome<BreakRates> {
    match argument {
        None => Ok(BreakRates::built_in()),
        Some(none) if none.as_os_str() == "none" => Ok(BreakRates::none()),
        Some(path) => BreakRates::parse(&read_text(path)?)
            .map_err(|error| Failure::Usage(text!("{}: {}", path, error))),
    }
}

/// Prints the calibration table and the totals.
fn print(summary: &Summary, options: &SynthOptions, format: Format) -> Outcome<()> {
    if format == Format::Json {
        return report(summary);
    }
    let header = [text!("measure"), text!("published or asked for"), text!("made")];
    let mut table = table(header, 3);
    for measure in &summary.measures {
        table.add_row([&measure.measure, &measure.target, &measure.made].map(said));
    }
    let breaks: Vec<Text> = summary
        .breaks
        .iter()
        .map(|(class, rows)| text!("{} {}", word(class), Grouped(*rows)))
        .collect();
    let made = text!(
        "{} of {} in {}",
        text!("{} row(s)", Grouped(summary.rows)),
        text!("{} settlement(s)", Grouped(summary.settlements)),
        text!("{} period(s)", options.periods)
    );
    let planted = if breaks.is_empty() { text!("nothing") } else { text!("{}", list(breaks)) };
    let period = options.first_period;
    let input = shown(&options.out.join(period.to_string()));
    let quotas = shown(&options.out.join(OPENING_QUOTAS));
    let next = format!(
        "liangqing run --period {period} --input {input} --book DIR --opening-quotas {quotas}"
    );
    let refused: Vec<Text> = summary
        .payments_refused
        .iter()
        .map(|(code, n)| text!("{} {}", code, Grouped(*n)))
        .collect();
    let refused = if refused.is_empty() { text!("none") } else { text!("{}", list(refused)) };
    let paid = text!("{} payment(s), to be refused: {}", Grouped(summary.payments), refused);
    let levels = summary.levels.iter();
    let levels: Vec<Text> =
        levels.map(|(level, pairs)| text!("{} {}", level_named(level), Grouped(*pairs))).collect();
    printer::text(&[
        table.trim_fmt(),
        text!(""),
        Text::labelled("made", made),
        Text::labelled("planted", planted),
        Text::labelled("paid", paid),
        Text::labelled("pairs", text!("{}", list(levels))),
        text!(""),
        text!("next"),
        text!("  - {}", next),
    ])
}
