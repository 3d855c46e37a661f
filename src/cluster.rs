//! What a run asks of a cluster and of object stores.
//!
//! The command line calls them through [`Cluster`]. The package `crates/cluster` is the one that there is.

use std::{
    fmt,
    path::{Path, PathBuf},
    sync::{Arc, atomic::AtomicBool},
};

use crate::{
    diag::Outcome,
    reconcile::reader::Reader,
    text::{Text, quoted},
};

/// Other machines: those that read a delivery, and those that keep deliveries and books.
///
/// Everything that waits ends with [`Failure::Interrupted`](crate::diag::Failure::Interrupted) when the flag is set.
pub trait Cluster: fmt::Debug + Sync {
    /// The engine of a cluster, `df://HOST:PORT`; the delivery may be a copy of what is in an object store.
    fn engine(&self, cluster: &str, delivery: Option<Arc<dyn Mirror>>) -> Outcome<Arc<dyn Reader>>;

    /// Runs a scheduler until the flag is set.
    fn scheduler(&self, options: &SchedulerOptions, stop: &AtomicBool) -> Outcome<()>;

    /// Runs an executor until the flag is set.
    fn executor(&self, options: &ExecutorOptions, stop: &AtomicBool) -> Outcome<()>;

    /// Copies a delivery: its small files, and of its Parquet files all or the footers alone.
    fn delivery(&self, address: &Path, whole: bool, stop: &AtomicBool) -> Outcome<Arc<dyn Mirror>>;

    /// Copies a file, under its own name.
    fn file(&self, address: &Path, stop: &AtomicBool) -> Outcome<Arc<dyn Mirror>>;

    /// Copies a book: every period whose manifest is there; says which are without.
    fn book(&self, address: &Path, stop: &AtomicBool) -> Outcome<(Arc<dyn Mirror>, Vec<String>)>;
}

/// A copy on this machine of what is in an object store; it goes with the value.
pub trait Mirror: fmt::Debug + Send + Sync {
    /// The copy.
    fn path(&self) -> &Path;

    /// The address of what a path is a copy of.
    fn origin(&self, path: &Path) -> Option<String>;

    /// Sends a closed period to the book: its manifest last, and only if no other run has sent one.
    fn send_period(&self, period: &str) -> Outcome<()>;
}

/// Host and port of `df://HOST:PORT`.
pub fn parse_address(text: &str) -> Result<(String, u16), Text> {
    let address = text.strip_prefix("df://").and_then(|rest| {
        let (host, port) = rest.trim_end_matches('/').rsplit_once(':')?;
        Some((host.to_owned(), port.parse().ok()?))
    });
    let address = address.filter(|(host, _)| !host.is_empty());
    address.ok_or_else(|| text!("{}: df://HOST:PORT is expected", quoted(text)))
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
