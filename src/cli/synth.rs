//! The command `synth`.

use std::{
    collections::BTreeMap,
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
    synth::{
        BreakRates, CoordinationRates, OPENING_QUOTAS, Order, Summary, SynthError, SynthOptions,
        generate, generate_review,
    },
    text::{Grouped, Text, list, word},
};

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  liangqing synth --out national --period 2025-10 --settlements 2000000 --periods 3
  liangqing synth --out clean --period 2025-10 --settlements 100000 --breaks none --order shuffled
  liangqing synth --review --out quiet --period 2025-10 --settlements 100000 --periods 3
  liangqing synth --coordination --out together --period 2025-10 --settlements 100000 --periods 3

Writes DIR/<period>/ with a delivery, and DIR/<period>/truth.parquet with the breaks (setl_id, class) that
the engine has to find in it. DIR/opening-quotas.csv has the quotas with which a book of these deliveries begins.
From the second period on a delivery has payments of notices of earlier periods, approved top-ups and initial
quotas, as fits the notices of a book that began so. The same seed gives the same bytes, whatever the threads.

With --review the months are quiet and have no breaks. DIR, which must be new, also has filings.parquet, registry.csv,
the rules review.toml, and truth-review.parquet (rule, setl_id, lead): the leads of a review of all periods.

With --coordination a period also has national/, requests.csv, replies.csv and system-errors.csv. Beside them stand
truth-daily.parquet (setl_id, class) with what `daily` has to find, and the states at a close with the usual --as-of:
truth-coordination.parquet (request_id, row, state) and truth-errors.parquet (err_id, state).")]
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
    /// Quiet months with planted leads for the review, in place of breaks
    #[arg(long, conflicts_with = "breaks")]
    pub(super) review: bool,
    /// Planted cases of each rule for a million settlements; each kind of case is there at least once
    #[arg(long, value_name = "N", default_value_t = 20, requires = "review", value_parser = clap::value_parser!(u64).range(..=MOST_CASES))]
    pub(super) review_rate: u64,
    /// Besides, national copies, requests with replies, and system errors, with their answer keys
    #[arg(long, conflicts_with = "review")]
    pub(super) coordination: bool,
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

/// The most cases of a rule for a million settlements. Planted rows are held in memory.
const MOST_CASES: u64 = 1_000;

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
        coordination: arguments.coordination.then(CoordinationRates::built_in),
        order: arguments.order.into(),
    };
    let rules = read_rules(arguments.rules.as_deref())?;
    let pool = thread_pool(arguments.threads)?;
    let monitor = progress::monitor(stop, arguments.quiet, None);
    let rate = arguments.review.then_some(arguments.review_rate);
    let summary = pool.install(|| generated(&options, rate, &rules, &monitor))?;
    if arguments.review && arguments.format == Format::Human {
        return print_review(&summary, &options);
    }
    print(&summary, &options, arguments.format)
}

/// Generates deliveries: with breaks, or for the review with this rate of cases.
pub(super) fn generated(
    options: &SynthOptions,
    review: Option<u64>,
    rules: &Rules,
    monitor: &Monitor,
) -> Outcome<Summary> {
    let copies = 2 + u64::from(options.coordination.is_some());
    let rows = options.settlements.saturating_mul(copies * u64::from(options.periods));
    monitor.stage(text!("generating"), rows)?;
    let advance = |rows| monitor.advance(rows).is_ok();
    let made = match review {
        Some(rate) => generate_review(options, rate, rules, &advance),
        None => generate(options, rules, &advance),
    };
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

/// Prints what was made for the review, and how to review it.
fn print_review(summary: &Summary, options: &SynthOptions) -> Outcome<()> {
    let mut measures = table([text!("what"), text!("made")], 2);
    for measure in &summary.measures {
        measures.add_row([&measure.measure, &measure.made].map(said));
    }
    let leads = summary.leads.iter();
    let leads: Vec<Text> =
        leads.map(|(rule, leads)| text!("{} {}", rule, Grouped(*leads))).collect();
    let beside = |name: &str| shown(&options.out.join(name));
    let inputs: Vec<String> = (0..options.periods)
        .map(|n| beside(&options.first_period.plus(n.cast_signed()).to_string()))
        .collect();
    let next = format!(
        "liangqing review --input {} --rules {} --filings {} --registry {} --out DIR",
        inputs.join(" "),
        beside("review.toml"),
        beside("filings.parquet"),
        beside("registry.csv"),
    );
    printer::text(&[
        measures.trim_fmt(),
        text!(""),
        Text::labelled("made", made(summary, options)),
        Text::labelled("cases", text!("{}", list(leads))),
        text!(""),
        text!("next"),
        text!("  - {}", next),
    ])
}

/// Returns the rows, settlements and periods that were made.
fn made(summary: &Summary, options: &SynthOptions) -> Text {
    text!(
        "{} of {} in {}",
        text!("{} row(s)", Grouped(summary.rows)),
        text!("{} settlement(s)", Grouped(summary.settlements)),
        text!("{} period(s)", options.periods)
    )
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
    let mut lines = vec![
        table.trim_fmt(),
        text!(""),
        Text::labelled("made", made(summary, options)),
        Text::labelled("planted", planted),
        Text::labelled("paid", paid),
        Text::labelled("pairs", text!("{}", list(levels))),
    ];
    let next = text!("  - {}", next);
    if options.coordination.is_none() {
        lines.extend([text!(""), text!("next"), next]);
    } else {
        let daily = format!("liangqing daily --period {period} --input {input} --out DIR");
        lines.extend([
            Text::labelled("daily", counted(&summary.daily)),
            Text::labelled("requests", counted(&summary.requests)),
            Text::labelled("errors", counted(&summary.system_errors)),
        ]);
        lines.extend([text!(""), text!("next"), next, text!("  - {}", daily)]);
    }
    printer::text(&lines)
}

/// Lists what an answer key holds, by its names there.
fn counted(numbers: &BTreeMap<String, u64>) -> Text {
    let numbers = numbers.iter();
    let numbers: Vec<Text> =
        numbers.map(|(name, number)| text!("{} {}", name, Grouped(*number))).collect();
    text!("{}", list(numbers))
}
