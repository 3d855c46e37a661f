//! The arguments of the commands of a cluster.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use crate::pipeline::{parse_memory, parse_threads};

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum ClusterCommand {
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
pub(in crate::cli) struct SchedulerArguments {
    /// Address and port to listen at
    #[arg(long, value_name = "HOST:PORT", default_value = "127.0.0.1:50050")]
    pub(in crate::cli) bind: String,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  liangqing cluster executor --scheduler df://10.0.0.1:50050 --bind 10.0.0.2:50051 --host 10.0.0.2 --work /data/work

It asks nobody who they are: let no other network reach it. It needs to see the deliveries under the paths under
which runs see them, or in an object store.")]
pub(in crate::cli) struct ExecutorArguments {
    /// The scheduler for which it works
    #[arg(long, value_name = "df://HOST:PORT", default_value = "df://127.0.0.1:50050")]
    pub(in crate::cli) scheduler: String,
    /// Address and port to listen at; the port after it is taken too
    #[arg(long, value_name = "HOST:PORT", default_value = "127.0.0.1:50051")]
    pub(in crate::cli) bind: String,
    /// Name or address under which other machines reach it [default: that of the connection]
    #[arg(long, value_name = "HOST")]
    pub(in crate::cli) host: Option<String>,
    /// Tasks at a time [default: as many as it has processor cores]
    #[arg(long, value_name = "N", value_parser = parse_threads)]
    pub(in crate::cli) tasks: Option<usize>,
    /// Memory for copies that meet, such as 8GiB; beyond it the disk is used [default: 70 % of what there is]
    #[arg(long, value_name = "SIZE", value_parser = parse_memory)]
    pub(in crate::cli) memory: Option<usize>,
    /// Folder for what passes from one stage to the next [default: a temporary one]
    #[arg(long, value_name = "DIR")]
    pub(in crate::cli) work: Option<PathBuf>,
}
