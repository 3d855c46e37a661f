//! The command line (contract §7).
//!
//! **Purpose.** Parses arguments, runs a command, prints its report, returns an exit status.
//!
//! **In.** The command line.
//!
//! **Out.** Reports on stdout; progress and errors on stderr.
//!
//! **Invariants.** Nothing here affects a result.
#![allow(
    rustdoc::invalid_html_tags,
    reason = "comments of arguments are the text of --help, not HTML"
)]

mod audit_rerun;
mod bulletin;
mod check;
mod cluster;
mod command;
mod completions;
mod convert;
mod daily;
mod decisions;
#[cfg(test)]
mod dictionary;
mod diff;
mod explain;
mod extensions;
mod failure;
mod files;
mod findings;
mod groups;
mod help_text;
mod init;
mod judged;
mod keygen;
mod lang;
mod lists;
mod man;
#[cfg(test)]
mod markdown;
mod notes;
mod options;
mod page;
mod payments;
mod printer;
mod progress;
mod query;
mod rehearsal;
mod remote;
mod report;
mod requests;
mod review;
mod rules;
mod run;
#[cfg(test)]
mod schemas;
mod signals;
mod statements;
mod status;
mod stress;
mod synth;
mod table;
mod threads;
mod timings;
mod today;
mod unread;
mod verify;

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    process::ExitCode,
    sync::{Arc, atomic::AtomicBool},
};

use clap::CommandFactory;
use tracing_subscriber::{EnvFilter, filter::LevelFilter};

pub use self::extensions::Extensions;
use self::{
    command::{Arguments, Command},
    decisions::DecisionsCommand,
    threads::in_pool,
};
use crate::{
    diag::{Failure, Outcome},
    interrupt,
};

/// Parses the command line, runs the command and returns the exit status.
pub fn main(extensions: Extensions) -> ExitCode {
    crate::columnar::guard::quiet_decoder_panics();
    let program = |help| {
        let program = command::program(help);
        if let Some(version) = extensions.version { program.version(version) } else { program }
    };
    let arguments: Arguments = match lang::parse(program) {
        Ok(arguments) => arguments,
        Err(status) => return status,
    };
    let format = arguments.format();
    let done = catch_unwind(AssertUnwindSafe(|| dispatch(arguments, extensions)));
    let done = done.unwrap_or_else(|_| Err(Failure::Bug(text!("a panic, see above"))));
    match done {
        Ok(()) => {
            // From here on a signal is ignored.
            interrupt::settled();
            ExitCode::SUCCESS
        }
        Err(failure) => {
            // A signal removes unfinished files, which makes other work fail. This waits for the end of the process in
            // that case.
            interrupt::is_settled();
            let failure = failure.or_shortage();
            signals::failure(&failure, format);
            ExitCode::from(failure.exit_status())
        }
    }
}

fn dispatch(arguments: Arguments, extensions: Extensions) -> Outcome<()> {
    // A failure is printed once, at the end. Only a process that serves others logs it.
    let serves = matches!(arguments.command, Command::Cluster(_));
    let level = if serves { LevelFilter::ERROR } else { LevelFilter::OFF };
    let filter =
        EnvFilter::builder().with_env_var("LIANGQING_LOG").with_default_directive(level.into());
    tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .with_env_filter(filter.from_env_lossy())
        .without_time()
        .init();
    // Without a handler this signal would end the process when a file reaches the size limit. With one the write
    // fails.
    _ = signal_hook::flag::register(signal_hook::consts::SIGXFSZ, Arc::default());
    let stop = Arc::new(AtomicBool::new(false));
    signals::listen(Arc::clone(&stop), arguments.format());
    match arguments.command {
        Command::Run(arguments) => run::run(&arguments, stop, extensions),
        Command::Convert(arguments) => convert::convert(&arguments, stop),
        Command::Daily(arguments) => daily::daily(&arguments, stop),
        Command::Synth(arguments) => synth::synth(&arguments, stop),
        Command::Status(arguments) => in_pool(|| status::status(&arguments)),
        Command::Stress(arguments) => in_pool(|| stress::stress(&arguments)),
        Command::Statements(arguments) => in_pool(|| statements::statements(&arguments)),
        Command::Bulletin(arguments) => bulletin::bulletin(&arguments, stop),
        Command::Query(arguments) => in_pool(|| query::query(&arguments, extensions)),
        Command::Report(arguments) => in_pool(|| report::report(&arguments)),
        Command::Keygen(arguments) => keygen::keygen(&arguments),
        Command::Decisions(DecisionsCommand::Import(arguments)) => {
            in_pool(|| decisions::import(&arguments))
        }
        Command::Review(arguments) => review::review(&arguments, stop),
        Command::Verify(arguments) => verify::verify(&arguments, stop),
        Command::Explain(arguments) => explain::explain(&arguments, stop),
        Command::Diff(arguments) => in_pool(|| diff::diff(&arguments)),
        Command::Cluster(command) => cluster::serve(&command, &stop, extensions),
        Command::Check(arguments) => check::check(&arguments, stop, extensions),
        Command::Init(arguments) => init::init(&arguments),
        Command::Rules(arguments) => rules::rules(&arguments),
        Command::Completions(arguments) => {
            completions::completions(&arguments, Arguments::command())
        }
        Command::Man(arguments) => man::man(&arguments, command::program),
    }
}
