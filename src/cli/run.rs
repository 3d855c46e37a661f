//! The commands `run` and `check`.

use std::{
    io,
    num::NonZero,
    path::{Path, PathBuf},
    sync::{Arc, atomic::AtomicBool},
    thread,
};

use rustix::process::{Resource, getrlimit};

use super::{
    args::{CheckArguments, RunArguments},
    audit,
    cluster::{Remote, named_cluster},
    printer, progress,
    synth::generated,
};
use crate::{
    bounded,
    diag::{self, Failure, Outcome},
    engine::{self, RunOptions},
    interrupt,
    model::codes::Month,
    pipeline::{Benchmark, MONTH_END, Settings},
    rules::Rules,
    signing::Signer,
    synth::{Breaks, Order, SynthOptions},
};

/// `liangqing run`
pub(super) fn run(arguments: &RunArguments, stop: Arc<AtomicBool>) -> Outcome<()> {
    let file = read_pipeline(arguments.pipeline.as_deref())?;
    let mut settings = arguments.settings().over(file);
    named_cluster(&settings)?;
    required(&settings)?;
    if settings.through.is_some() && !settings.rerun {
        let problem =
            "--through goes with pipelines/audit-rerun.toml: periods are closed one by one";
        return Err(Failure::Usage(problem.to_owned()));
    }
    let remote = Remote::bring(&mut settings, &stop)?;
    let options = options(&settings, &remote)?;
    if options.independent {
        // Polars starts threads of its own, and can only panic when it may not.
        drop(thread_pool(None)?);
    }
    let pool = thread_pool(settings.threads)?;
    if settings.rerun {
        return pool.install(|| audit::rerun(&settings, options, stop, arguments));
    }
    if let Some(benchmark) = settings.benchmark {
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
        (arguments.timings || settings.benchmark.is_some()).then(|| monitor.stopwatch.timings());
    match printer::run_report(&report, &options, timings.as_deref(), arguments.format) {
        // The period is closed, whether its report can be printed or not.
        Err(failure) if report.published.is_some() => {
            printer::warning(&format!("the period is closed, its report is lost: {failure}"));
            Ok(())
        }
        printed => printed,
    }
}

/// Makes the month of a benchmark, unless it is there.
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
        return Err(Failure::Usage(format!("a benchmark's input is a folder {name}, not {input}")));
    };
    let synth = SynthOptions {
        out: out.to_owned(),
        first_period: options.period,
        periods: 1,
        settlements: benchmark.settlements,
        seed: benchmark.seed,
        breaks: Breaks::built_in(),
        order: Order::Time,
    };
    generated(&synth, &options.rules, &progress::monitor(stop, quiet, None))?;
    // The run itself is still to come.
    interrupt::unsettle();
    Ok(())
}

/// `liangqing check`
pub(super) fn check(arguments: &CheckArguments) -> Outcome<()> {
    let settings = read_pipeline(Some(&arguments.pipeline))?;
    read_rules(settings.rules.as_deref())?;
    printer::checked(&arguments.pipeline, arguments.format)
}

/// The threads that do the work; by default as many as the machine has.
pub(super) fn thread_pool(threads: Option<usize>) -> Outcome<rayon::ThreadPool> {
    let all = || thread::available_parallelism().map_or(1, NonZero::get);
    let threads = threads.unwrap_or_else(all);
    let failed = |problem: String| Failure::Io {
        place: format!("{threads} threads"),
        error: io::Error::other(format!(
            "{problem}\n    hint: --threads 1 needs one alone; a limit of processes or of memory may be too low"
        )),
    };
    let (wanted, limit) = (threads as u64 * OF_A_THREAD, getrlimit(Resource::As).current);
    // Memory that is not there when it is needed ends the process.
    if let Some(limit) = limit.filter(|limit| *limit < wanted) {
        let (wanted, limit) = (wanted >> 20, limit >> 20);
        return Err(failed(format!(
            "they may take {wanted} MiB of memory, the limit is {limit} MiB"
        )));
    }
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
    pool.map_err(|error| failed(error.to_string()))
}

/// Bytes of address space that a thread sets aside: its stack, and a segment of the allocator.
const OF_A_THREAD: u64 = 34 << 20;

fn read_pipeline(path: Option<&Path>) -> Outcome<Settings> {
    let (text, folder) = match path {
        None => (MONTH_END.to_owned(), Path::new("")),
        Some(path) => (read_text(path)?, path.parent().unwrap_or(Path::new(""))),
    };
    Settings::parse(&text, folder).map_err(|error| {
        let name = path.map_or("built in".to_owned(), diag::shown);
        Failure::Usage(format!("{name}: {error}"))
    })
}

/// The rules of a file, or the built-in ones.
pub(super) fn read_rules(path: Option<&Path>) -> Outcome<Rules> {
    let Some(path) = path else { return Ok(Rules::built_in()) };
    Rules::parse(&read_text(path)?)
        .map_err(|error| Failure::Usage(format!("{}: {error}", diag::shown(path))))
}

/// A file that the command line names.
pub(super) fn read_text(path: &Path) -> Outcome<String> {
    bounded::read_text(path, bounded::SETTINGS)
        .map_err(|error| Failure::Usage(format!("{} cannot be read: {error}", diag::shown(path))))
}

/// The settings without which there is no run: period, input, book.
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
        format!("{missing} missing\n    hint: give them as flags or in the pipeline file");
    Err(Failure::Usage(problem))
}

fn options(settings: &Settings, remote: &Remote) -> Outcome<RunOptions> {
    let (period, input, book) = required(settings)?;
    Ok(RunOptions {
        period,
        input,
        book,
        opening_quotas: settings.opening_quotas.clone(),
        rules: read_rules(settings.rules.as_deref())?,
        engine: remote.engine(settings)?,
        accept: settings.accept.clone(),
        as_of: settings.as_of,
        memory: settings.memory.unwrap_or(DEFAULT_MEMORY),
        signer: settings.sign_key.as_deref().map(Signer::read).transpose()?,
        dry_run: settings.dry_run.unwrap_or(false),
        independent: settings.independent.unwrap_or(false),
    })
}

/// Bytes of memory when a pipeline file names none.
const DEFAULT_MEMORY: usize = 2 << 30;

/// Where a path leads, as people like to read it.
pub(super) fn shown(path: &Path) -> String {
    let here = std::env::current_dir().unwrap_or_else(|_| PathBuf::new());
    diag::shown(path.strip_prefix(here).unwrap_or(path))
}
