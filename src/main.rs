//! The program: parses the command line, runs a command, gives its exit status.

use std::process::ExitCode;

/// Batches and pages come and go by the thousand: it gives their memory out again, still warm.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    liangqing::cli::main()
}
