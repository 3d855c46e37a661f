//! The command `cluster`.

use std::{
    net::{SocketAddr, ToSocketAddrs},
    path::PathBuf,
    sync::atomic::AtomicBool,
};

use clap::{Args, Subcommand};

use super::{extensions::Extensions, printer::text};
use crate::{
    cluster::{Cluster, ExecutorOptions, SchedulerOptions, parse_address},
    diag::{Failure, Outcome},
    interrupt,
    pipeline::{parse_memory, parse_threads},
    text::quoted,
};

/// A process of a cluster.
#[derive(Debug, Subcommand)]
pub(super) enum ClusterCommand {
    /// Run the scheduler of a cluster, to which runs give their work
    Scheduler(SchedulerArguments),
    /// Run an executor of a cluster, which reads deliveries
    Executor(ExecutorArguments),
}

#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  liangqing cluster scheduler --bind 10.0.0.1:50050

It asks nobody who they are: let no other network reach it.")]
pub(super) struct SchedulerArguments {
    /// Address and port to listen at
    #[arg(long, value_name = "HOST:PORT", default_value = "127.0.0.1:50050")]
    pub(super) bind: String,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  liangqing cluster executor --scheduler df://10.0.0.1:50050 --bind 10.0.0.2:50051 --host 10.0.0.2 --work /data/work

It asks nobody who they are: let no other network reach it. It needs to see the deliveries under the paths under
which runs see them, or in an object store.")]
pub(super) struct ExecutorArguments {
    /// The scheduler for which it works
    #[arg(long, value_name = "df://HOST:PORT", default_value = "df://127.0.0.1:50050")]
    pub(super) scheduler: String,
    /// Address and port to listen at; the port after it is taken too
    #[arg(long, value_name = "HOST:PORT", default_value = "127.0.0.1:50051")]
    pub(super) bind: String,
    /// Name or address under which other machines reach it [default: that of the connection]
    #[arg(long, value_name = "HOST")]
    pub(super) host: Option<String>,
    /// Tasks at a time [default: as many as it has processor cores]
    #[arg(long, value_name = "N", value_parser = parse_threads)]
    pub(super) tasks: Option<usize>,
    /// Memory for copies that meet, such as 8GiB; beyond it the disk is used [default: 70 % of what there is]
    #[arg(long, value_name = "SIZE", value_parser = parse_memory)]
    pub(super) memory: Option<usize>,
    /// Folder for what passes from one stage to the next [default: a temporary one]
    #[arg(long, value_name = "DIR")]
    pub(super) work: Option<PathBuf>,
}

/// Runs `liangqing cluster`.
pub(super) fn serve(
    command: &ClusterCommand,
    stop: &AtomicBool,
    extensions: Extensions,
) -> Outcome<()> {
    let cluster = extensions.cluster()?;
    // These processes serve until they are ended, which is no interruption.
    interrupt::settled();
    match command {
        ClusterCommand::Scheduler(arguments) => scheduler(arguments, stop, cluster),
        ClusterCommand::Executor(arguments) => executor(arguments, stop, cluster),
    }
}

fn scheduler(
    arguments: &SchedulerArguments,
    stop: &AtomicBool,
    cluster: &dyn Cluster,
) -> Outcome<()> {
    let bind = address("--bind", &arguments.bind)?;
    text(&[text!("scheduler {}", format!("df://{bind}"))])?;
    cluster.scheduler(&SchedulerOptions { bind }, stop)
}

fn executor(
    arguments: &ExecutorArguments,
    stop: &AtomicBool,
    cluster: &dyn Cluster,
) -> Outcome<()> {
    let scheduler = parse_address(&arguments.scheduler)
        .map_err(|problem| Failure::Usage(text!("--scheduler {}", problem)))?;
    let options = ExecutorOptions {
        scheduler,
        bind: address("--bind", &arguments.bind)?,
        host: arguments.host.clone(),
        tasks: arguments.tasks,
        memory: arguments.memory,
        work: arguments.work.clone(),
    };
    text(&[text!("executor {} for {}", options.bind, arguments.scheduler)])?;
    cluster.executor(&options, stop)
}

fn address(flag: &str, text: &str) -> Outcome<SocketAddr> {
    let found = text.to_socket_addrs().ok().and_then(|mut addresses| addresses.next());
    found.ok_or_else(|| Failure::Usage(text!("{} {}: HOST:PORT is expected", flag, quoted(text))))
}
