//! The arguments.

use std::path::PathBuf;

use chrono::NaiveDate;
use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;

use super::report::ReportArguments;
use crate::{
    book::stress::Scenario,
    codes::{CareClass, FundClass, Month, Pair, Province},
    pipeline::{Settings, parse_date, parse_memory, parse_period, parse_threads},
    signing::Algorithm,
    synth::Order,
};

/// 两清 liangqing: clears cross-province medical-insurance settlements, record by record and to the fen.
#[derive(Debug, Parser)]
#[command(version, arg_required_else_help = true, after_help = EXIT_STATUS)]
pub(super) struct Arguments {
    #[command(subcommand)]
    pub(super) command: Command,
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

The last one closes nothing: it works a closed period out again and compares it with what was published.")]
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
    /// Folder of the closed periods; it is made when it is not there
    #[arg(long, value_name = "DIR")]
    book: Option<PathBuf>,
    /// Quotas that the first period of a book starts from
    #[arg(long, value_name = "FILE")]
    opening_quotas: Option<PathBuf>,
    /// Rules file [default: built in]
    #[arg(long, value_name = "FILE")]
    rules: Option<PathBuf>,
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
#[command(after_help = "\
Examples:
  liangqing verify --book book
  liangqing verify --book book --trusted-keys trusted.toml
  liangqing verify --book book --period 2025-11 --head 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08

Everything is worked out from something else: pairs from positions, reserves from pairs and payments, what
is opened from what was carried, the register from all of them. --head is the digest that `run` printed when
it closed the period; without it, periods that were cut off at the end are not noticed. docs/audit.md says
how to check a month without this program.")]
pub(super) struct VerifyArguments {
    /// Folder of the closed periods
    #[arg(long, value_name = "DIR")]
    pub(super) book: PathBuf,
    /// Verify up to this period, YYYY-MM [default: the newest]
    #[arg(long, value_parser = parse_period)]
    pub(super) period: Option<Month>,
    /// Digest that the manifest of the last verified period has to have
    #[arg(long, value_name = "DIGEST", value_parser = parse_digest)]
    pub(super) head: Option<String>,
    /// File of the keys that are trusted: every period has to be signed by one, or to come before one that is
    #[arg(long, value_name = "FILE")]
    pub(super) trusted_keys: Option<PathBuf>,
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

/// Reads a SHA-256 in hexadecimal.
fn parse_digest(text: &str) -> Result<String, String> {
    let good = text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    if good { Ok(text.to_ascii_lowercase()) } else { Err("not a SHA-256 in 64 digits".to_owned()) }
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  liangqing diff book/2025-10 other-book/2025-10
  liangqing diff book restated-book

Amounts are those of the second without those of the first. What cleared differently is split by cause;
causes that the results alone cannot tell apart are named together: run once more with one of them changed.
Two books show what a changed period does to every later one (docs/audit.md). Exit status 5: they differ.")]
pub(super) struct DiffArguments {
    /// A closed period, or a book
    pub(super) first: PathBuf,
    /// The same period, or book, otherwise
    pub(super) second: PathBuf,
    /// How to print the report
    #[arg(long, value_enum, default_value_t)]
    pub(super) format: Format,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  liangqing explain S16 --book book
  liangqing explain S16 --book book --input deliveries/2025-10 --input deliveries/2025-11
  liangqing explain --pair 34-31 --period 2025-10 --book book --input deliveries/2025-10 --out rows.csv

The book knows a cleared settlement by the hash of its setl_id; files and rows that it came from are found in
the deliveries, whose digests are compared with the manifests. Numbers of persons and visits are masked.")]
#[command(group = clap::ArgGroup::new("subject").required(true).args(["setl_id", "pair"]))]
pub(super) struct ExplainArguments {
    /// The settlement
    pub(super) setl_id: Option<String>,
    /// The settlements that a pair cleared: insured and treating province, such as 34-31
    #[arg(long, value_name = "PAIR", value_parser = parse_pair, requires_all = ["period", "input"])]
    pub(super) pair: Option<Pair>,
    /// In this period, YYYY-MM
    #[arg(long, value_parser = parse_period, requires = "pair")]
    pub(super) period: Option<Month>,
    /// Of one fund: employee or resident
    #[arg(long, value_name = "FUND", value_parser = parse_fund, requires = "pair")]
    pub(super) fund: Option<FundClass>,
    /// Of one kind of care: chronic, inpatient, outpatient or pharmacy
    #[arg(long, value_name = "CARE", value_parser = parse_care, requires = "pair")]
    pub(super) care: Option<CareClass>,
    /// Write all rows of a figure into this CSV file
    #[arg(long, value_name = "FILE", requires = "pair")]
    pub(super) out: Option<PathBuf>,
    /// Folder of the closed periods
    #[arg(long, value_name = "DIR")]
    pub(super) book: PathBuf,
    /// Delivery to search; may be given several times
    #[arg(long, value_name = "DIR")]
    pub(super) input: Vec<PathBuf>,
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

/// Reads a pair such as `34-31`.
fn parse_pair(text: &str) -> Result<Pair, String> {
    let pair = text.split_once('-').and_then(|(insured, treating)| {
        let (insured, treating) = (Province::from_text(insured)?, Province::from_text(treating)?);
        Some(Pair { insured, treating })
    });
    pair.ok_or_else(|| "not two provinces such as 34-31".to_owned())
}

fn parse_fund(text: &str) -> Result<FundClass, String> {
    FundClass::from_name(text).ok_or_else(|| "not employee or resident".to_owned())
}

fn parse_care(text: &str) -> Result<CareClass, String> {
    let known = "not chronic, inpatient, outpatient or pharmacy";
    CareClass::from_name(text).ok_or_else(|| known.to_owned())
}

#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  liangqing statements --book book --period 2025-10 --out statements/2025-10

Writes national/ and one folder a province (31/, 34/ and so on), each with statement.xlsx, notices.xlsx and the
same sheets as CSV and JSON, and SHA256SUMS over all of them. A province's folder holds only rows in which it pays
or is paid. The same period gives the same bytes. Titles, headings and columns come from a template: copy
pipelines/forms.toml and pass the copy with --forms.")]
pub(super) struct StatementsArguments {
    /// Folder of the closed periods
    #[arg(long, value_name = "DIR")]
    pub(super) book: PathBuf,
    /// The closed period, YYYY-MM
    #[arg(long, value_parser = parse_period)]
    pub(super) period: Month,
    /// A new folder
    #[arg(long, value_name = "DIR")]
    pub(super) out: PathBuf,
    /// Template file [default: built in]
    #[arg(long, value_name = "FILE")]
    pub(super) forms: Option<PathBuf>,
    /// How to print the report
    #[arg(long, value_enum, default_value_t)]
    pub(super) format: Format,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  liangqing keygen --out keys/agency.pem
  liangqing keygen --out keys/agency.pem --algorithm sm2

Writes the private key to FILE, readable by its owner alone, and the public key to FILE.pub, both as OpenSSL has
them. Neither file is ever replaced: exit status 2. The id that it prints goes into the file of trusted keys
(docs/audit.md).")]
pub(super) struct KeygenArguments {
    /// The private key's file; the public key goes to FILE.pub
    #[arg(long, value_name = "FILE")]
    pub(super) out: PathBuf,
    /// The kind of key
    #[arg(long, value_enum, default_value_t)]
    pub(super) algorithm: KeyAlgorithm,
    /// How to print the report
    #[arg(long, value_enum, default_value_t)]
    pub(super) format: Format,
}

/// The kind of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(super) enum KeyAlgorithm {
    /// Ed25519.
    #[default]
    Ed25519,
    /// SM2 with SM3, which public bodies in China use.
    Sm2,
}

impl From<KeyAlgorithm> for Algorithm {
    fn from(algorithm: KeyAlgorithm) -> Algorithm {
        match algorithm {
            KeyAlgorithm::Ed25519 => Algorithm::Ed25519,
            KeyAlgorithm::Sm2 => Algorithm::Sm2,
        }
    }
}

#[derive(Debug, Args)]
pub(super) struct CheckArguments {
    /// The pipeline file
    pub(super) pipeline: PathBuf,
    /// How to print the report
    #[arg(long, value_enum, default_value_t)]
    pub(super) format: Format,
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
            Command::Report(arguments) => arguments.format,
            Command::Keygen(arguments) => arguments.format,
            Command::Verify(arguments) => arguments.format,
            Command::Explain(arguments) => arguments.format,
            Command::Diff(arguments) => arguments.format,
            Command::Completions { .. } => Format::Human,
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
            as_of: self.as_of,
            threads: self.threads,
            memory: self.memory,
            sign_key: self.sign_key.clone(),
            dry_run: self.dry_run.then_some(true),
            independent: self.independent.then_some(true),
            benchmark: None,
            rerun: false,
        }
    }
}
