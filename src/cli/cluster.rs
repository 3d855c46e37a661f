//! The commands of a cluster, and what of a run lies elsewhere.

use std::{
    net::{SocketAddr, ToSocketAddrs},
    path::{Path, PathBuf},
    sync::{Arc, atomic::AtomicBool},
};

use super::{
    args::{ClusterCommand, ExecutorArguments, SchedulerArguments},
    printer::{text, warning},
};
use crate::{
    cluster::{self, ExecutorOptions, Mirror, SchedulerOptions},
    diag::{Failure, Outcome, shown},
    interrupt,
    model::codes::Month,
    pipeline::{EngineName, Settings, is_remote},
    reconcile::reader::{Engine, Native},
};

/// `liangqing cluster`
pub(super) fn serve(command: &ClusterCommand, stop: &AtomicBool) -> Outcome<()> {
    // They serve until somebody ends them: that is no interruption.
    interrupt::settled();
    match command {
        ClusterCommand::Scheduler(arguments) => scheduler(arguments, stop),
        ClusterCommand::Executor(arguments) => executor(arguments, stop),
    }
}

fn scheduler(arguments: &SchedulerArguments, stop: &AtomicBool) -> Outcome<()> {
    let bind = address("--bind", &arguments.bind)?;
    text(&format!("scheduler df://{bind}\n"))?;
    cluster::scheduler(&SchedulerOptions { bind }, stop)
}

fn executor(arguments: &ExecutorArguments, stop: &AtomicBool) -> Outcome<()> {
    let scheduler = cluster::parse_address(&arguments.scheduler)
        .map_err(|problem| Failure::Usage(format!("--scheduler {problem}")))?;
    let options = ExecutorOptions {
        scheduler,
        bind: address("--bind", &arguments.bind)?,
        host: arguments.host.clone(),
        tasks: arguments.tasks,
        memory: arguments.memory,
        work: arguments.work.clone(),
    };
    text(&format!("executor {} for {}\n", options.bind, arguments.scheduler))?;
    cluster::executor(&options, stop)
}

fn address(flag: &str, text: &str) -> Outcome<SocketAddr> {
    let found = text.to_socket_addrs().ok().and_then(|mut addresses| addresses.next());
    found.ok_or_else(|| Failure::Usage(format!("{flag} {text:?}: HOST:PORT is expected")))
}

/// The cluster that is to read a delivery, if one is.
pub(super) fn named_cluster(settings: &Settings) -> Outcome<Option<&str>> {
    match (settings.engine.unwrap_or_default(), settings.cluster.as_deref()) {
        (EngineName::Native, None) => Ok(None),
        (EngineName::Ballista, Some(cluster)) => Ok(Some(cluster)),
        (EngineName::Native, Some(_)) => {
            Err(Failure::Usage("--cluster goes with --engine ballista".to_owned()))
        }
        (EngineName::Ballista, None) => {
            let problem = "--engine ballista needs --cluster df://HOST:PORT";
            Err(Failure::Usage(problem.to_owned()))
        }
    }
}

fn copy_book(address: &Path, stop: &AtomicBool) -> Outcome<(Mirror, PathBuf)> {
    let (book, without) = Mirror::of_book(address, stop)?;
    for period in without {
        warning(&format!(
            "{}/{period} has no manifest: it was never closed, and is not looked at",
            shown(address)
        ));
    }
    Ok((book, address.to_owned()))
}

/// Copies of what a run reads and writes in object stores; they go with the value.
pub(super) struct Remote {
    delivery: Option<Arc<Mirror>>,
    book: Option<(Mirror, PathBuf)>,
    _quotas: Option<Mirror>,
}

impl Remote {
    /// Copies what is elsewhere, and puts the copies in its place.
    pub(super) fn bring(settings: &mut Settings, stop: &AtomicBool) -> Outcome<Remote> {
        let remote = |path: &Option<PathBuf>| path.clone().filter(|path| is_remote(path));
        // Executors read the rows of a delivery themselves.
        let whole = settings.engine != Some(EngineName::Ballista)
            || settings.rerun
            || settings.independent == Some(true);
        let delivery = remote(&settings.input).map(|path| Mirror::of_delivery(&path, whole, stop));
        let delivery = delivery.transpose()?.map(Arc::new);
        let quotas = remote(&settings.opening_quotas).map(|path| Mirror::of_file(&path, stop));
        let quotas = quotas.transpose()?;
        let book = remote(&settings.book).map(|path| copy_book(&path, stop)).transpose()?;
        let path = |mirror: &Mirror| mirror.path().to_owned();
        settings.input = delivery.as_deref().map(path).or(settings.input.take());
        settings.book = book.as_ref().map(|(book, _)| path(book)).or(settings.book.take());
        let file = settings.opening_quotas.as_deref().and_then(Path::file_name);
        let copied = quotas.as_ref().zip(file).map(|(quotas, file)| quotas.path().join(file));
        settings.opening_quotas = copied.or(settings.opening_quotas.take());
        Ok(Remote { delivery, book, _quotas: quotas })
    }

    /// The engine that the settings name.
    pub(super) fn engine(&self, settings: &Settings) -> Outcome<Arc<dyn Engine>> {
        match named_cluster(settings)? {
            Some(cluster) => cluster::engine(cluster, self.delivery.clone()),
            None => Ok(Arc::new(Native)),
        }
    }

    /// Sends a period that was closed to the book, if that is elsewhere; says where it is.
    pub(super) fn send(&self, period: Month) -> Outcome<Option<PathBuf>> {
        let Some((book, address)) = &self.book else { return Ok(None) };
        // What is in the copy is not in the book yet.
        interrupt::unsettle();
        book.send_period(&period.to_string())?;
        Ok(Some(address.join(period.to_string())))
    }
}
