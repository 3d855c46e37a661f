//! The same run on a cluster: deliveries that outgrow one machine, or lie in an object store.
//!
//! **Purpose.** Apache DataFusion Ballista shares the reading and the matching of copies out to the machines
//! of a cluster. Everything after that is the code that every run has.
//!
//! **In.** A delivery in folders that all machines see, or in an object store; the address of a scheduler.
//!
//! **Out.** An [`Engine`](crate::reconcile::reader::Engine): a survey and an index, equal to those that this
//! machine would have made; the processes of a cluster; copies of what is in an object store.
//!
//! **Invariants.** An executor reads by the rules that the job brings, with the code of [`crate::ingest`]. What
//! meets on the cluster is a claim, which the match examines. Every part of the delivery is reported once.

use std::path::PathBuf;

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
mod waiting;

#[cfg(feature = "cluster")]
pub use self::{
    ballista::engine,
    serve::{executor, scheduler},
    storage::Mirror,
};

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

#[cfg(not(feature = "cluster"))]
mod absent;
#[cfg(not(feature = "cluster"))]
pub use self::absent::{Mirror, engine, executor, scheduler};
