//! The same run on a cluster: deliveries that outgrow one machine, or lie in an object store.
//!
//! **Purpose.** Apache DataFusion Ballista shares the reading and the matching of copies out to the machines
//! of a cluster. Everything after that is the code that every run has.
//!
//! **In.** A delivery in folders that all machines see, or in an object store; the address of a scheduler.
//!
//! **Out.** An [`Engine`]: a survey and an index, equal to those that this machine would have made; the
//! processes of a cluster; copies of what is in an object store.
//!
//! **Invariants.** An executor reads by the rules that the job brings, with the code of [`crate::ingest`]. What
//! meets on the cluster is a claim, which the match examines. Every part of the delivery is reported once.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use crate::{
    diag::{Failure, Outcome},
    reconcile::engine::Engine,
};

#[cfg(feature = "cluster")]
mod ballista;
#[cfg(feature = "cluster")]
mod functions;
#[cfg(feature = "cluster")]
mod job;
#[cfg(feature = "cluster")]
mod parcels;
#[cfg(feature = "cluster")]
mod serve;
#[cfg(feature = "cluster")]
mod storage;
#[cfg(feature = "cluster")]
mod task;

#[cfg(feature = "cluster")]
pub use self::{
    serve::{executor, scheduler},
    storage::Mirror,
};

/// Whether a path is an address of an object store.
pub fn is_remote(path: &Path) -> bool {
    path.to_str().is_some_and(|path| path.starts_with("s3://"))
}

/// Host and port of `df://HOST:PORT`.
pub fn parse_address(text: &str) -> Result<(String, u16), String> {
    let address = text.strip_prefix("df://").and_then(|rest| {
        let (host, port) = rest.trim_end_matches('/').rsplit_once(':')?;
        Some((host.to_owned(), port.parse().ok()?))
    });
    let address = address.filter(|(host, _)| !host.is_empty());
    address.ok_or_else(|| format!("{text:?}: df://HOST:PORT is expected"))
}

/// A scheduler: where it listens.
#[derive(Debug, Clone)]
pub struct SchedulerOptions {
    /// Address and port.
    pub bind: std::net::SocketAddr,
}

/// An executor: where it listens, for whom it works.
#[derive(Debug, Clone)]
pub struct ExecutorOptions {
    /// The scheduler, `HOST:PORT`.
    pub scheduler: (String, u16),
    /// Address and port for results; the next port is for the scheduler's word.
    pub bind: std::net::SocketAddr,
    /// The name under which other machines find it.
    pub host: Option<String>,
    /// Tasks at a time.
    pub tasks: Option<usize>,
    /// Bytes of memory for queries.
    pub memory: Option<usize>,
    /// Folder for what passes between stages.
    pub work: Option<PathBuf>,
}

/// The program, as jobs and executors name it.
#[cfg(feature = "cluster")]
const PROGRAM: &str = concat!("liangqing ", env!("CARGO_PKG_VERSION"));

/// The engine of a cluster, `df://HOST:PORT`; the delivery may be a copy of what is in an object store.
#[cfg(feature = "cluster")]
pub fn engine(cluster: &str, mirror: Option<Arc<Mirror>>) -> Outcome<Arc<dyn Engine>> {
    Ok(Arc::new(ballista::Ballista::new(cluster, mirror)?))
}

/// A runtime for what waits for other machines.
#[cfg(feature = "cluster")]
fn runtime() -> Outcome<&'static tokio::runtime::Runtime> {
    use std::sync::OnceLock;
    static RUNTIME: OnceLock<std::io::Result<tokio::runtime::Runtime>> = OnceLock::new();
    let made =
        RUNTIME.get_or_init(|| tokio::runtime::Builder::new_multi_thread().enable_all().build());
    made.as_ref().map_err(|error| Failure::Bug(format!("no runtime: {error}")))
}

/// Waits for other machines, and gives up when a check says so.
#[cfg(feature = "cluster")]
fn wait_for<T>(work: impl Future<Output = T>, check: impl Fn() -> Outcome<()>) -> Outcome<T> {
    runtime()?.block_on(unless(work, check))
}

/// Waits, and gives up when a check says so.
#[cfg(feature = "cluster")]
async fn unless<T>(work: impl Future<Output = T>, check: impl Fn() -> Outcome<()>) -> Outcome<T> {
    const LOOK: std::time::Duration = std::time::Duration::from_millis(100);
    let mut work = std::pin::pin!(work);
    loop {
        check()?;
        if let Ok(done) = tokio::time::timeout(LOOK, &mut work).await {
            return Ok(done);
        }
    }
}

#[cfg(not(feature = "cluster"))]
mod absent;
#[cfg(not(feature = "cluster"))]
pub use self::absent::{Mirror, engine, executor, scheduler};
