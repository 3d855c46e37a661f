//! Waits for other machines.

use std::{io, sync::OnceLock, time::Duration};

use tokio::runtime::{Builder, Runtime};

use crate::diag::{Failure, Outcome};

/// The interval between checks while something is awaited.
const LOOK: Duration = Duration::from_millis(100);

/// Returns the async runtime of the process.
pub(super) fn runtime() -> Outcome<&'static Runtime> {
    static RUNTIME: OnceLock<io::Result<Runtime>> = OnceLock::new();
    let made = RUNTIME.get_or_init(|| Builder::new_multi_thread().enable_all().build());
    made.as_ref().map_err(|error| Failure::Io {
        place: text!("threads for the cluster"),
        error: io::Error::new(error.kind(), error.to_string()),
    })
}

/// Waits for a future, and gives up when a check fails.
pub(super) fn wait_for<T>(
    work: impl Future<Output = T>,
    check: impl Fn() -> Outcome<()>,
) -> Outcome<T> {
    runtime()?.block_on(unless(work, check))
}

/// Like [`wait_for`], for callers that are async themselves.
pub(super) async fn unless<T>(
    work: impl Future<Output = T>,
    check: impl Fn() -> Outcome<()>,
) -> Outcome<T> {
    let mut work = std::pin::pin!(work);
    loop {
        check()?;
        if let Ok(done) = tokio::time::timeout(LOOK, &mut work).await {
            return Ok(done);
        }
    }
}
