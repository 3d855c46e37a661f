//! The arguments.

mod audit;
mod cluster;
mod people;
mod query;

use std::path::PathBuf;

use chrono::NaiveDate;
use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;

pub(super) use self::{
    audit::{DiffArguments, ExplainArguments, KeygenArguments, VerifyArguments},
    cluster::{ClusterCommand, ExecutorArguments, SchedulerArguments},
    people::{
        BulletinArguments, DecisionsCommand, ImportArguments, ReportArguments, StatementsArguments,
    },
    query::{Limit, QueryArguments, RowFormat},
};

use crate::{
    diag::Code,
    model::{
        codes::Month,
        dates::{parse_date, parse_period},
    },
    outlook::stress::Scenario,
    pipeline::{EngineName, Settings, parse_engine, parse_memory, parse_threads},
    plausible::parse_code,
    synth::Order,
};

/// 两清 liangqing: clears cross-province medical-insurance settlements, record by record and to the fen.
#[derive(Debug, Parser)]
#[command(version, arg_required_else_help = true, after_help = EXIT_STATUS)]
pub(super) struct Arguments {
    #[command(subcommand)]
    pub(super) command: Command,
    /// Language of the terminal [default: that of the environment]
    #[arg(long, global = true, value_enum, value_name = "LANG")]
    lang: Option<super::lang::Lang>,
}

const EXIT_STATUS: &str = "\
Exit status:
  0    done; breaks are normal business
  1    our fault
  2    usage or pipeline file
  3    input refused
  4    book refused: order, already closed, damaged
  5    a difference was found
  6    I/O: disk full, permission
  130  interrupted
Whatever is not 0 has published nothing.";

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Close a period: reconcile a delivery, clear it, publish it in the book
    Run(Box<RunArguments>),
    /// Generate deliveries of a national size, with planted breaks and an answer key
    Synth(SynthArguments),
    /// Say where a book stands on a day: deadlines, unpaid notices, utilisation, what is open
    Status(StatusArguments),
    /// Play what-if scenarios on the newest period of a book; nothing is written
    Stress(StressArguments),
    /// Write the statements and notices of a closed period, for each province
    Statements(StatementsArguments),
    /// Write the bulletin of a month or of a quarter, without a word about few persons
    Bulletin(BulletinArguments),
    /// Ask the tables of closed periods in SQL, or list them
    Query(QueryArguments),
    /// Write one HTML page about a closed period, for people: charts and tables, readable offline
    Report(ReportArguments),
    /// Verify a book: every digest, the chain, every figure that follows from others
    Verify(VerifyArguments),
    /// Tell the life of a settlement, or list the settlements behind a figure
    Explain(ExplainArguments),
    /// Say how two runs of a period differ, or two books, and why
    Diff(DiffArguments),
    /// Make a pair of keys to sign manifests with
    Keygen(KeygenArguments),
    /// Decisions on what is open
    #[command(subcommand)]
    Decisions(DecisionsCommand),
    /// Processes of a cluster that reads deliveries for runs
    #[command(subcommand)]
    Cluster(ClusterCommand),
    /// Check a pipeline file and the rules it names, and list every error
    Check(CheckArguments),
    /// Print a completion script for a shell
    Completions {
        /// The shell
        shell: Shell,
    },
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  liangqing run --period 2025-10 --input deliveries/2025-10 --book book --opening-quotas quotas.csv
  liangqing run --period 2025-11 --input deliveries/2025-11 --book book --dry-run
  liangqing run pipelines/month-end.toml --period 2025-11 --format json
  liangqing run pipelines/audit-rerun.toml --period 2025-10 --input deliveries/2025-10 --book book
  liangqing run pipelines/audit-rerun.toml --period 2025-01 --through 2025-12 --input deliveries --book book

The last two close nothing: they work closed periods out again and compare them with what was published.")]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag")]
pub(super) struct RunArguments {
    /// Pipeline file; flags override it [default: the built-in pipelines/month-end.toml]
    pub(super) pipeline: Option<PathBuf>,
    /// The period to close, YYYY-MM
    #[arg(long, value_parser = parse_period)]
    period: Option<Month>,
    /// Folder of the delivery: treating/*.parquet, insured/*.parquet and the small files
    #[arg(long, value_name = "DIR")]
    input: Option<PathBuf>,
    /// With pipelines/audit-rerun.toml, the last of several periods; --input then holds one folder a period
    #[arg(long, value_name = "PERIOD", value_parser = parse_period)]
    through: Option<Month>,
    /// Folder of the closed periods; it is made when it is not there
    #[arg(long, value_name = "DIR")]
    book: Option<PathBuf>,
    /// Quotas that the first period of a book starts from
    #[arg(long, value_name = "FILE")]
    opening_quotas: Option<PathBuf>,
    /// Rules file [default: built in]
    #[arg(long, value_name = "FILE")]
    rules: Option<PathBuf>,
    /// Let pass what looks like a slip (G01 to G07); repeatable, the manifest lists it
    #[arg(long, value_name = "CODE", value_parser = parse_code)]
    accept: Vec<Code>,
    /// Day of issue of the notices [default: last day of the month after the period]
    #[arg(long, value_name = "DATE", value_parser = parse_date)]
    as_of: Option<NaiveDate>,
    /// Threads [default: all]
    #[arg(long, value_name = "N", value_parser = parse_threads)]
    threads: Option<usize>,
    /// Memory for reading and matching, such as 512MiB; beyond it the disk is used
    #[arg(long, value_name = "SIZE", value_parser = parse_memory)]
    memory: Option<usize>,
    /// Private key that signs the manifest [default: it is not signed]
    #[arg(long, value_name = "FILE")]
    sign_key: Option<PathBuf>,
    /// Who reads the delivery: this machine, or a cluster [default: native]
    #[arg(long, value_name = "ENGINE", value_parser = parse_engine)]
    engine: Option<EngineName>,
    /// Scheduler of the cluster
    #[arg(long, value_name = "df://HOST:PORT")]
    cluster: Option<String>,
    /// Do everything but publish
    #[arg(long)]
    dry_run: bool,
    /// Recompute the period by a second implementation, and publish only if both agree
    #[arg(long)]
    independent: bool,
    /// Say what the time went into: each activity, its rows and bytes a second
    #[arg(long)]
    pub(super) timings: bool,
    /// How to print the report
    #[arg(long, value_enum, default_value_t)]
    pub(super) format: Format,
    /// Show no progress
    #[arg(long, short)]
    pub(super) quiet: bool,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  liangqing synth --out national --period 2025-10 --settlements 2000000 --periods 3
  liangqing synth --out clean --period 2025-10 --settlements 100000 --breaks none --order shuffled

Writes DIR/<period>/ with a delivery, and DIR/<period>/truth.parquet with the breaks (setl_id, class) that
the engine has to find in it. The same seed gives the same bytes, whatever the threads.")]
pub(super) struct SynthArguments {
    /// Folder for the deliveries
    #[arg(long, value_name = "DIR")]
    pub(super) out: PathBuf,
    /// The first period, YYYY-MM
    #[arg(long, value_parser = parse_period)]
    pub(super) period: Month,
    /// Settlements a period, each with two copies
    #[arg(long, value_name = "N")]
    pub(super) settlements: u64,
    /// Periods in a row
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(super) periods: u32,
    /// Another seed, another month
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(super) seed: u64,
    /// TOML file with the rates of planted breaks, or none [default: built in]
    #[arg(long, value_name = "FILE|none")]
    pub(super) breaks: Option<PathBuf>,
    /// In which order rows lie in the files
    #[arg(long, value_enum, default_value_t)]
    pub(super) order: RowOrder,
    /// Rules file [default: built in]
    #[arg(long, value_name = "FILE")]
    pub(super) rules: Option<PathBuf>,
    /// Threads [default: all]
    #[arg(long, value_name = "N", value_parser = parse_threads)]
    pub(super) threads: Option<usize>,
    /// How to print the calibration table
    #[arg(long, value_enum, default_value_t)]
    pub(super) format: Format,
    /// Show no progress
    #[arg(long, short)]
    pub(super) quiet: bool,
}

/// In which order rows lie in the files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(super) enum RowOrder {
    /// By time of settlement, a file a province.
    #[default]
    Time,
    /// Spread over all files of a side.
    Shuffled,
}

impl From<RowOrder> for Order {
    fn from(order: RowOrder) -> Order {
        match order {
            RowOrder::Time => Order::Time,
            RowOrder::Shuffled => Order::Shuffled,
        }
    }
}

#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  liangqing status --book book --as-of 2025-12-10")]
pub(super) struct StatusArguments {
    /// Folder of the closed periods
    #[arg(long, value_name = "DIR")]
    pub(super) book: PathBuf,
    /// The day to look from, YYYY-MM-DD
    #[arg(long, value_name = "DATE", value_parser = parse_date)]
    pub(super) as_of: NaiveDate,
    /// Rules file [default: built in]
    #[arg(long, value_name = "FILE")]
    pub(super) rules: Option<PathBuf>,
    /// How to print the report
    #[arg(long, value_enum, default_value_t)]
    pub(super) format: Format,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  liangqing stress --book book --scenario volume=20 --scenario late=34:45

The next period draws what the last one drew, times the volume. Open notices of payers that are in time
are paid before it closes; those of late payers stay open, and each begun 30 days of delay draw the pair's
reserve once more. Reserves are pooled by treating province.")]
pub(super) struct StressArguments {
    /// Folder of the closed periods
    #[arg(long, value_name = "DIR")]
    pub(super) book: PathBuf,
    /// volume=PERCENT: volume rises so much; late=PROVINCE:DAYS: a province pays so late
    #[arg(long = "scenario", value_name = "SCENARIO", required = true)]
    pub(super) scenarios: Vec<Scenario>,
    /// Rules file [default: built in]
    #[arg(long, value_name = "FILE")]
    pub(super) rules: Option<PathBuf>,
    /// How to print the report
    #[arg(long, value_enum, default_value_t)]
    pub(super) format: Format,
}

#[derive(Debug, Args)]
pub(super) struct CheckArguments {
    /// The pipeline file
    pub(super) pipeline: PathBuf,
    /// How to print the report
    #[arg(long, value_enum, default_value_t)]
    pub(super) format: Format,
}

/// How a longer command works and reports.
#[derive(Debug, Args)]
pub(super) struct Working {
    /// Threads [default: all]
    #[arg(long, value_name = "N", value_parser = parse_threads)]
    pub(super) threads: Option<usize>,
    /// How to print the report
    #[arg(long, value_enum, default_value_t)]
    pub(super) format: Format,
    /// Show no progress
    #[arg(long, short)]
    pub(super) quiet: bool,
}

/// How a report is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(super) enum Format {
    /// For people.
    #[default]
    Human,
    /// For programs; money as text in yuan.
    Json,
}

impl Arguments {
    pub(super) fn format(&self) -> Format {
        match &self.command {
            Command::Run(arguments) => arguments.format,
            Command::Check(arguments) => arguments.format,
            Command::Synth(arguments) => arguments.format,
            Command::Status(arguments) => arguments.format,
            Command::Stress(arguments) => arguments.format,
            Command::Statements(arguments) => arguments.format,
            Command::Bulletin(arguments) => arguments.working.format,
            Command::Query(arguments) => arguments.format.of_failures(),
            Command::Report(arguments) => arguments.format,
            Command::Keygen(arguments) => arguments.format,
            Command::Decisions(DecisionsCommand::Import(arguments)) => arguments.format,
            Command::Verify(arguments) => arguments.working.format,
            Command::Explain(arguments) => arguments.working.format,
            Command::Diff(arguments) => arguments.format,
            Command::Cluster(_) | Command::Completions { .. } => Format::Human,
        }
    }
}

impl RunArguments {
    /// What the flags say.
    pub(super) fn settings(&self) -> Settings {
        Settings {
            period: self.period,
            input: self.input.clone(),
            book: self.book.clone(),
            opening_quotas: self.opening_quotas.clone(),
            rules: self.rules.clone(),
            accept: self.accept.iter().copied().collect(),
            as_of: self.as_of,
            threads: self.threads,
            memory: self.memory,
            sign_key: self.sign_key.clone(),
            engine: self.engine,
            cluster: self.cluster.clone(),
            dry_run: self.dry_run.then_some(true),
            independent: self.independent.then_some(true),
            benchmark: None,
            rerun: false,
            through: self.through,
        }
    }
}
