//! The command `run`.

mod json;
mod report;

#[cfg(test)]
pub(super) use self::json::RunJson;

use std::{
    path::PathBuf,
    sync::{Arc, atomic::AtomicBool},
};

use chrono::NaiveDate;
use clap::Args;

use super::{
    audit_rerun,
    extensions::Extensions,
    files::{PipelineFile, read_daily, read_pipeline, read_rules},
    lists::ListLength,
    options::Format,
    printer, progress, rehearsal,
    remote::{Remote, named_cluster},
    synth::generated,
    threads::thread_pool,
};
use crate::{
    columnar::shape::TableForm,
    diag::{self, Code, Failure, Outcome},
    engine::{self, RunOptions},
    interrupt,
    model::{
        codes::Month,
        dates::{parse_date, parse_period},
    },
    pipeline::{Benchmark, EngineName, Settings, parse_engine, parse_memory, parse_threads},
    plausible::parse_code,
    signing::Signer,
    synth::{BreakRates, Order, SynthOptions},
};

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  liangqing run --period 2025-10 --input deliveries/2025-10 --book book --opening-quotas quotas.csv
  liangqing run --period 2025-11 --input deliveries/2025-11 --book book --dry-run
  liangqing run --period 2025-11
  liangqing run audit-rerun --period 2025-10 --input deliveries/2025-10 --book book
  liangqing run audit-rerun --period 2025-01 --through 2025-12 --input deliveries --book book

The third takes its settings from liangqing.toml of the working folder, which liangqing init writes; the report says
so. The last two close nothing: they work closed periods out again and compare them with what was published. Built in
are month-end, audit-rerun, national-benchmark and cluster; a file of such a name here goes before them.")]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag")]
pub(super) struct RunArguments {
    /// Pipeline file or built-in pipeline; flags override it [default: liangqing.toml here, or else month-end]
    pub(super) pipeline: Option<PathBuf>,
    /// The period to close, YYYY-MM
    #[arg(long, value_parser = parse_period)]
    period: Option<Month>,
    /// Folder of the delivery: treating/*.parquet, insured/*.parquet and the small files; {period} stands for the period
    #[arg(long, value_name = "DIR")]
    input: Option<PathBuf>,
    /// With audit-rerun, the last of several periods; --input then holds one folder a period
    #[arg(long, value_name = "PERIOD", value_parser = parse_period)]
    through: Option<Month>,
    /// Folder of the closed periods; it is made when it is not there
    #[arg(long, value_name = "DIR")]
    book: Option<PathBuf>,
    /// Quotas that the first period of a book starts from
    #[arg(long, value_name = "FILE")]
    opening_quotas: Option<PathBuf>,
    /// Result of liangqing daily of the period: the report says which breaks were known
    #[arg(long, value_name = "DIR")]
    daily: Option<PathBuf>,
    /// Rules file [default: built in, see liangqing rules]
    #[arg(long, value_name = "FILE")]
    rules: Option<PathBuf>,
    /// Let pass what looks like a slip (G01 to G07); repeatable, the manifest lists it
    #[arg(long, value_name = "CODE", value_parser = parse_code)]
    accept: Vec<Code>,
    /// Day of issue of the notices [default: last day of the month after the period]
    #[arg(long, value_name = "DATE", value_parser = parse_date)]
    as_of: Option<NaiveDate>,
    /// Threads [default: all]
    #[arg(long, value_name = "N", value_parser = parse_threads)]
    threads: Option<usize>,
    /// Memory for reading and matching, such as 512MiB; beyond it the disk is used
    #[arg(long, value_name = "SIZE", value_parser = parse_memory)]
    memory: Option<usize>,
    /// Private key that signs the manifest [default: it is not signed]
    #[arg(long, value_name = "FILE")]
    sign_key: Option<PathBuf>,
    /// Who reads the delivery: this machine, or a cluster [default: native]
    #[arg(long, value_name = "ENGINE", value_parser = parse_engine)]
    engine: Option<EngineName>,
    /// Scheduler of the cluster
    #[arg(long, value_name = "df://HOST:PORT")]
    cluster: Option<String>,
    /// Do everything but publish, and say first what the delivery has
    #[arg(long)]
    dry_run: bool,
    /// Only check the delivery, as liangqing check does
    #[arg(long, conflicts_with_all = ["dry_run", "independent", "timings"])]
    check: bool,
    /// Recompute the period by a second implementation, and publish only if both agree
    #[arg(long)]
    independent: bool,
    /// Say what the time went into: each activity, its rows and bytes a second
    #[arg(long)]
    pub(super) timings: bool,
    /// How to print the report
    #[arg(long, value_enum, default_value_t)]
    pub(super) format: Format,
    /// Show no progress
    #[arg(long, short)]
    pub(super) quiet: bool,
}

impl RunArguments {
    /// Returns the settings that the flags give.
    fn settings(&self) -> Settings {
        Settings {
            period: self.period,
            input: self.input.clone(),
            book: self.book.clone(),
            opening_quotas: self.opening_quotas.clone(),
            daily: self.daily.clone(),
            rules: self.rules.clone(),
            accept: self.accept.iter().copied().collect(),
            usual_percent: None,
            as_of: self.as_of,
            threads: self.threads,
            memory: self.memory,
            sign_key: self.sign_key.clone(),
            engine: self.engine,
            cluster: self.cluster.clone(),
            dry_run: self.dry_run.then_some(true),
            independent: self.independent.then_some(true),
            pipeline: None,
            settlements: None,
            seed: None,
            through: self.through,
        }
    }
}

/// Runs `liangqing run`.
pub(super) fn run(
    arguments: &RunArguments,
    stop: Arc<AtomicBool>,
    extensions: Extensions,
) -> Outcome<()> {
    let PipelineFile { settings, source } = read_pipeline(arguments.pipeline.as_deref())?;
    let mut settings = arguments.settings().over(settings).in_period();
    if arguments.check {
        let shown = (arguments.format, arguments.quiet, ListLength::USUAL);
        let source = (&source, arguments.opening_quotas.is_some());
        return rehearsal::rehearse(settings, source, shown, stop, extensions);
    }
    named_cluster(&settings)?;
    required(&settings)?;
    if settings.through.is_some() && !settings.is_rerun() {
        let problem = text!("--through goes with audit-rerun: periods are closed one by one");
        return Err(Failure::Usage(problem));
    }
    let remote = Remote::download(&mut settings, &stop, extensions)?;
    if arguments.opening_quotas.is_none() && !settings.is_rerun() {
        rehearsal::quotas_of_first(&mut settings, &source)?;
    }
    let options = options(&settings, &remote, extensions)?;
    if options.independent.is_some() {
        // Polars starts threads of its own and panics when it cannot. This fails earlier, with an error.
        drop(thread_pool(None)?);
    }
    let pool = thread_pool(settings.threads)?;
    if settings.is_rerun() {
        return pool.install(|| {
            audit_rerun::rerun(&settings, options, stop, (arguments.format, arguments.quiet))
        });
    }
    if let Some(benchmark) = settings.benchmark() {
        let stop = Arc::clone(&stop);
        pool.install(|| synthesise(&options, benchmark, stop, arguments.quiet))?;
    }
    let monitor = progress::monitor(stop, arguments.quiet, Some(options.book.clone()));
    let report = pool.install(|| engine::run(&options, &monitor));
    monitor.done();
    let mut report = report?;
    if report.published.is_some() {
        report.published = remote.send(options.period)?.or(report.published);
    }
    let timings =
        (arguments.timings || settings.benchmark().is_some()).then(|| monitor.stopwatch.timings());
    match report::print(&report, (&options, &source), timings.as_deref(), arguments.format) {
        // The period is closed even when its report cannot be printed.
        Err(failure) if report.published.is_some() => {
            printer::warning(text!("the period is closed, its report is lost: {}", failure));
            Ok(())
        }
        printed => printed,
    }
}

/// Generates the month of a benchmark, unless it exists.
fn synthesise(
    options: &RunOptions,
    benchmark: Benchmark,
    stop: Arc<AtomicBool>,
    quiet: bool,
) -> Outcome<()> {
    if options.input.exists() {
        return Ok(());
    }
    let name = options.period.to_string();
    let (Some(out), true) = (options.input.parent(), options.input.ends_with(&name)) else {
        let input = diag::shown(&options.input);
        return Err(Failure::Usage(text!(
            "a benchmark's input is a folder {}, not {}",
            name,
            input
        )));
    };
    let synth = SynthOptions {
        out: out.to_owned(),
        first_period: options.period,
        periods: 1,
        settlements: benchmark.settlements,
        seed: benchmark.seed,
        breaks: BreakRates::built_in(),
        coordination: None,
        order: Order::Time,
    };
    generated(&synth, None, &options.rules, &progress::monitor(stop, quiet, None))?;
    // The run itself has not begun yet.
    interrupt::unsettle();
    Ok(())
}

/// Returns the required settings: period, input, book. Fails when one is missing.
fn required(settings: &Settings) -> Outcome<(Month, PathBuf, PathBuf)> {
    let missing: Vec<&str> = [
        ("--period", settings.period.is_none()),
        ("--input", settings.input.is_none()),
        ("--book", settings.book.is_none()),
    ]
    .into_iter()
    .filter_map(|(flag, missing)| missing.then_some(flag))
    .collect();
    if let (Some(period), Some(input), Some(book)) =
        (settings.period, settings.input.clone(), settings.book.clone())
    {
        return Ok((period, input, book));
    }
    let missing = missing.join(", ");
    let problem =
        text!("{} missing", missing).hinting(text!("give them as flags or in the pipeline file"));
    Err(Failure::Usage(problem))
}

fn options(settings: &Settings, remote: &Remote, extensions: Extensions) -> Outcome<RunOptions> {
    let independent = settings.independent.unwrap_or(false);
    let (period, input, book) = required(settings)?;
    Ok(RunOptions {
        period,
        input,
        book,
        opening_quotas: settings.opening_quotas.clone(),
        daily: read_daily(settings.daily.as_deref(), period)?,
        rules: read_rules(settings.rules.as_deref())?,
        engine: remote.engine(settings, extensions)?,
        accept: settings.accept.clone(),
        usual_percent: settings.usual_percent.clone(),
        as_of: settings.as_of,
        memory: settings.memory.unwrap_or(rehearsal::DEFAULT_MEMORY),
        signer: settings.sign_key.as_deref().map(Signer::read).transpose()?,
        form: TableForm::default(),
        dry_run: settings.dry_run.unwrap_or(false),
        independent: independent.then(|| extensions.independent()).transpose()?,
    })
}
