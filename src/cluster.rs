//! The interface of a run to a cluster and to object stores.
//!
//! The command line calls them through [`Cluster`]. The package `crates/cluster` implements it.

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

/// Other machines: a cluster that reads deliveries, and stores that keep deliveries and books.
///
/// Every call that waits ends with [`Failure::Interrupted`](crate::diag::Failure::Interrupted) when the flag is set.
pub trait Cluster: fmt::Debug + Sync {
    /// Returns the reader of a cluster `df://HOST:PORT`. `delivery` is the local copy if the delivery is in a store.
    fn engine(&self, cluster: &str, delivery: Option<Arc<dyn Mirror>>) -> Outcome<Arc<dyn Reader>>;

    /// Runs a scheduler until the flag is set.
    fn scheduler(&self, options: &SchedulerOptions, stop: &AtomicBool) -> Outcome<()>;

    /// Runs an executor until the flag is set.
    fn executor(&self, options: &ExecutorOptions, stop: &AtomicBool) -> Outcome<()>;

    /// Downloads a delivery: its small files, and its Parquet files (`whole`) or only their footers.
    fn delivery(&self, address: &Path, whole: bool, stop: &AtomicBool) -> Outcome<Arc<dyn Mirror>>;

    /// Downloads a file. The copy keeps its name.
    fn file(&self, address: &Path, stop: &AtomicBool) -> Outcome<Arc<dyn Mirror>>;

    /// Downloads a book: every period that has a manifest. Returns the periods without one, too.
    fn book(&self, address: &Path, stop: &AtomicBool) -> Outcome<(Arc<dyn Mirror>, Vec<String>)>;
}

/// A local copy of data in an object store. Dropping the value removes it.
pub trait Mirror: fmt::Debug + Send + Sync {
    /// Returns the path of the copy.
    fn path(&self) -> &Path;

    /// Returns the address from which a path was copied.
    fn origin(&self, path: &Path) -> Option<String>;

    /// Uploads a closed period to the book, with its manifest last. Fails if another run has uploaded the period.
    fn send_period(&self, period: &str) -> Outcome<()>;
}

/// Parses host and port of `df://HOST:PORT`.
pub fn parse_address(text: &str) -> Result<(String, u16), Text> {
    let address = text.strip_prefix("df://").and_then(|rest| {
        let (host, port) = rest.trim_end_matches('/').rsplit_once(':')?;
        Some((host.to_owned(), port.parse().ok()?))
    });
    let address = address.filter(|(host, _)| !host.is_empty());
    address.ok_or_else(|| text!("{}: df://HOST:PORT is expected", quoted(text)))
}

/// The options of a scheduler.
#[derive(Debug, Clone)]
pub struct SchedulerOptions {
    /// Address and port.
    pub bind: std::net::SocketAddr,
}

/// The options of an executor.
#[derive(Debug, Clone)]
pub struct ExecutorOptions {
    /// The scheduler, `HOST:PORT`.
    pub scheduler: (String, u16),
    /// Address and port for results. The next port receives the messages of the scheduler.
    pub bind: std::net::SocketAddr,
    /// The name under which other machines find it.
    pub host: Option<String>,
    /// The most tasks at a time.
    pub tasks: Option<usize>,
    /// Bytes of memory for queries.
    pub memory: Option<usize>,
    /// Folder for data that passes between stages.
    pub work: Option<PathBuf>,
}
