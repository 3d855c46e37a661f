//! The program: parses the command line, runs a command, returns its exit status.

use std::process::ExitCode;

use liangqing::cli::{self, Extensions};

/// Batches and pages are allocated and freed by the thousand. This allocator reuses their memory while it is in the
/// cache.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// The packages that this program was built with.
const EXTENSIONS: Extensions = Extensions {
    version: Some(env!("LIANGQING_VERSION")),
    #[cfg(feature = "independent")]
    independent: Some(liangqing_independent::recompute),
    #[cfg(not(feature = "independent"))]
    independent: None,
    #[cfg(feature = "query")]
    query: Some(liangqing_query::answer),
    #[cfg(not(feature = "query"))]
    query: None,
    #[cfg(feature = "cluster")]
    cluster: Some(&liangqing_cluster::BallistaAndS3),
    #[cfg(not(feature = "cluster"))]
    cluster: None,
};

fn main() -> ExitCode {
    cli::main(EXTENSIONS)
}
