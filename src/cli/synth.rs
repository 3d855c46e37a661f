//! The command `synth`.

use std::{
    io,
    path::Path,
    sync::{Arc, atomic::AtomicBool},
};

use parquet::errors::ParquetError;

use super::{
    args::SynthArguments,
    printer, progress,
    run::{read_rules, read_text, thread_pool},
};
use crate::{
    diag::{Failure, Outcome, shown},
    event::Monitor,
    rules::Rules,
    synth::{Breaks, Summary, SynthError, SynthOptions, generate},
};

/// `liangqing synth`
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
    printer::synth_summary(&summary, &options, arguments.format)
}

/// Generates deliveries.
pub(super) fn generated(
    options: &SynthOptions,
    rules: &Rules,
    monitor: &Monitor,
) -> Outcome<Summary> {
    let rows = options.settlements.saturating_mul(2 * u64::from(options.periods));
    monitor.stage("generating", rows)?;
    let made = generate(options, rules, &|rows| monitor.advance(rows).is_ok());
    monitor.done();
    made.map_err(|error| match error {
        SynthError::Options(_) | SynthError::Rules(_) | SynthError::Exists(_) => {
            Failure::Usage(error.to_string())
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
        SynthError::Parquet { .. } => Failure::Bug(error.to_string()),
        SynthError::Place(failure) => failure,
        SynthError::Stopped => Failure::Interrupted,
    })
}

/// The rates of planted breaks: built in, none, or a file's.
fn breaks(argument: Option<&Path>) -> Outcome<Breaks> {
    match argument {
        None => Ok(Breaks::built_in()),
        Some(none) if none.as_os_str() == "none" => Ok(Breaks::none()),
        Some(path) => Breaks::parse(&read_text(path)?)
            .map_err(|error| Failure::Usage(format!("{}: {error}", shown(path)))),
    }
}
