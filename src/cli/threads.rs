//! The thread pool of a command.

use std::{num::NonZero, thread};

use rustix::process::{Resource, getrlimit};

use crate::diag::{Failure, Outcome};
use crate::text::Text;

/// Makes a thread pool, by default with as many threads as the machine has processors.
pub(super) fn thread_pool(threads: Option<usize>) -> Outcome<rayon::ThreadPool> {
    #[expect(clippy::disallowed_methods, reason = "the command line decides about threads")]
    let all = || thread::available_parallelism().map_or(1, NonZero::get);
    let threads = threads.unwrap_or_else(all);
    let failed = |problem: Text| Failure::Io {
        place: text!("{} thread(s)", threads),
        error: problem
            .hinting(text!(
                "--threads 1 needs one alone; a limit of processes or of memory may be too low"
            ))
            .into(),
    };
    let (wanted, limit) = (threads as u64 * OF_A_THREAD, getrlimit(Resource::As).current);
    // Memory that is missing later would end the process, so a limit of the address space is checked first.
    if let Some(limit) = limit.filter(|limit| *limit < wanted) {
        let (wanted, limit) = (wanted >> 20, limit >> 20);
        return Err(failed(text!(
            "they may take {} MiB of memory, the limit is {} MiB",
            wanted,
            limit
        )));
    }
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
    pool.map_err(|error| failed(Text::foreign(error)))
}

/// The address space of a thread: its stack, and an arena of the allocator.
const OF_A_THREAD: u64 = 34 << 20;

/// Runs a command in a pool made here. The global pool of rayon would panic when threads are missing.
pub(super) fn in_pool(command: impl FnOnce() -> Outcome<()> + Send) -> Outcome<()> {
    thread_pool(None)?.install(command)
}
