//! The command `completions`.

use clap::{Args, Command};
use clap_complete::{Shell, generate};

use super::printer::raw;
use crate::diag::Outcome;

#[derive(Debug, Args)]
pub(super) struct CompletionsArguments {
    /// The shell
    shell: Shell,
}

/// Runs `liangqing completions` for the commands of a program.
pub(super) fn completions(arguments: &CompletionsArguments, mut program: Command) -> Outcome<()> {
    let mut script = Vec::new();
    generate(arguments.shell, &mut program, "liangqing", &mut script);
    raw(&String::from_utf8_lossy(&script))
}
