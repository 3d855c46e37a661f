//! The command line (contract §7).
//!
//! **Purpose.** Arguments in, a command run, its report printed, an exit status out.
//!
//! **In.** The command line.
//!
//! **Out.** Reports on stdout; progress and errors on stderr.
//!
//! **Invariants.** Nothing here decides about a result.

mod args;
mod audit;
mod bulletin;
mod cluster;
mod explain;
mod findings;
mod judged;
mod lang;
mod printer;
mod progress;
mod query;
mod report;
mod run;
mod signals;
mod statements;
mod status;
mod synth;
mod table;
mod unread;

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    process::ExitCode,
    sync::{Arc, atomic::AtomicBool},
};

use clap::CommandFactory;
use tracing_subscriber::{EnvFilter, filter::LevelFilter};

use crate::{
    diag::{Failure, Outcome},
    interrupt,
};

/// Parses the command line, runs the command, gives the exit status.
pub fn main() -> ExitCode {
    crate::columnar::guard::quiet_decoder_panics();
    let arguments = match lang::parse() {
        Ok(arguments) => arguments,
        Err(status) => return status,
    };
    let format = arguments.format();
    let done = catch_unwind(AssertUnwindSafe(|| dispatch(arguments)));
    let done = done.unwrap_or_else(|_| Err(Failure::Bug("a panic, see above".to_owned())));
    match done {
        Ok(()) => {
            // A signal that comes now is too late.
            interrupt::settled();
            ExitCode::SUCCESS
        }
        Err(failure) => {
            // What failed because everything was removed is no failure: this waits for the end then.
            interrupt::is_settled();
            let failure = failure.or_shortage();
            signals::failure(&failure, format);
            ExitCode::from(failure.exit_status())
        }
    }
}

fn dispatch(arguments: args::Arguments) -> Outcome<()> {
    // What fails is told once, at the end; processes that serve others have no end.
    let serves = matches!(arguments.command, args::Command::Cluster(_));
    let level = if serves { LevelFilter::ERROR } else { LevelFilter::OFF };
    let filter =
        EnvFilter::builder().with_env_var("LIANGQING_LOG").with_default_directive(level.into());
    tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .with_env_filter(filter.from_env_lossy())
        .without_time()
        .init();
    // A file that reaches the limit of its length is an error of whoever writes it.
    _ = signal_hook::flag::register(signal_hook::consts::SIGXFSZ, Arc::default());
    let stop = Arc::new(AtomicBool::new(false));
    signals::listen(Arc::clone(&stop), arguments.format());
    match arguments.command {
        args::Command::Run(arguments) => run::run(&arguments, stop),
        args::Command::Synth(arguments) => synth::synth(&arguments, stop),
        args::Command::Status(arguments) => in_pool(|| status::status(&arguments)),
        args::Command::Stress(arguments) => in_pool(|| status::stress(&arguments)),
        args::Command::Statements(arguments) => in_pool(|| statements::statements(&arguments)),
        args::Command::Bulletin(arguments) => bulletin::bulletin(&arguments, stop),
        args::Command::Query(arguments) => in_pool(|| query::query(&arguments)),
        args::Command::Report(arguments) => in_pool(|| report::report(&arguments)),
        args::Command::Keygen(arguments) => audit::keygen(&arguments),
        args::Command::Decisions(args::DecisionsCommand::Import(arguments)) => {
            in_pool(|| statements::import(&arguments))
        }
        args::Command::Verify(arguments) => audit::verify(&arguments, stop),
        args::Command::Explain(arguments) => explain::explain(&arguments, stop),
        args::Command::Diff(arguments) => in_pool(|| audit::diff(&arguments)),
        args::Command::Cluster(command) => cluster::serve(&command, &stop),
        args::Command::Check(arguments) => run::check(&arguments),
        args::Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(
                shell,
                &mut args::Arguments::command(),
                "liangqing",
                &mut script,
            );
            printer::raw(&String::from_utf8_lossy(&script))
        }
    }
}

/// Runs a command on threads that were asked for: those that come unasked can only panic when there are none.
fn in_pool(command: impl FnOnce() -> Outcome<()> + Send) -> Outcome<()> {
    run::thread_pool(None)?.install(command)
}
