//! The program: parses the command line, runs a command, gives its exit status.

use std::process::ExitCode;

fn main() -> ExitCode {
    liangqing::cli::main()
}
