//! Arguments of the commands that make what people read, and read what people wrote.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::{Format, Working};
use crate::model::{codes::Month, dates::parse_period};

#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  liangqing statements --book book --period 2025-10 --out statements/2025-10

Writes national/ and one folder a province (31/, 34/ and so on), each with statement.xlsx, notices.xlsx,
verification.xlsx where something is open, the same sheets as CSV and JSON, and SHA256SUMS over all of them. A province's folder holds only rows in which it pays
or is paid. The same period gives the same bytes. Titles, headings and columns come from a template: copy
pipelines/forms.toml and pass the copy with --forms.")]
pub(in crate::cli) struct StatementsArguments {
    /// Folder of the closed periods
    #[arg(long, value_name = "DIR")]
    pub(in crate::cli) book: PathBuf,
    /// The closed period, YYYY-MM
    #[arg(long, value_parser = parse_period)]
    pub(in crate::cli) period: Month,
    /// A new folder
    #[arg(long, value_name = "DIR")]
    pub(in crate::cli) out: PathBuf,
    /// Key for pseudonyms of persons, which `keygen --pseudonyms` makes; masked ends of numbers alone without it
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) pseudonym_key: Option<PathBuf>,
    /// Template file [default: built in]
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) forms: Option<PathBuf>,
    /// How to print the report
    #[arg(long, value_enum, default_value_t)]
    pub(in crate::cli) format: Format,
}

/// What to do with decisions.
#[derive(Debug, Subcommand)]
pub(in crate::cli) enum DecisionsCommand {
    /// Read reply forms that agencies have filled in, and write decisions.csv
    Import(ImportArguments),
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  liangqing decisions import replies/34/verification.xlsx replies/31/reply.csv --book book
  liangqing decisions import replies/*/*.xlsx --book book --out deliveries/2025-11/decisions.csv

Without --out it only shows what the replies would decide. All or nothing: whatever is wrong is listed, and nothing
is written (exit status 3).")]
pub(in crate::cli) struct ImportArguments {
    /// Reply forms, XLSX or CSV
    #[arg(required = true, value_name = "REPLY")]
    pub(in crate::cli) replies: Vec<PathBuf>,
    /// The book whose open items are decided on
    #[arg(long, value_name = "DIR")]
    pub(in crate::cli) book: PathBuf,
    /// The decisions.csv to write
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) out: Option<PathBuf>,
    /// Replace the file when it is there already
    #[arg(long, requires = "out")]
    pub(in crate::cli) force: bool,
    /// The template with which the forms were made
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) forms: Option<PathBuf>,
    /// How to print the report
    #[arg(long, value_enum, default_value_t)]
    pub(in crate::cli) format: Format,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  liangqing report --book book --period 2025-10

Writes one HTML file that needs nothing else: it opens without a network, in Chinese and in English, light and
dark, and prints. What it shows comes from the tables of the period and of the periods before it. It names
settlements and institutions, but no person and no visit. The same book gives the same bytes.")]
pub(in crate::cli) struct ReportArguments {
    /// Folder of the closed periods
    #[arg(long, value_name = "DIR")]
    pub(in crate::cli) book: PathBuf,
    /// The closed period, YYYY-MM
    #[arg(long, value_parser = parse_period)]
    pub(in crate::cli) period: Month,
    /// The page [default: report-<PERIOD>.html]
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) out: Option<PathBuf>,
    /// Replace the page when it is there already
    #[arg(long)]
    pub(in crate::cli) force: bool,
    /// How to print the report
    #[arg(long, value_enum, default_value_t)]
    pub(in crate::cli) format: Format,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  liangqing bulletin --book book --period 2025-10 --out bulletins/2025-10
  liangqing bulletin --book book --period 2025-10 --input deliveries/2025-10 --registry registry.csv --out bulletins/2025-10
  liangqing bulletin --book book --period 2025-12 --quarter --out bulletins/2025-Q4

Writes bulletin.xlsx, the same sheets as CSV and JSON, and SHA256SUMS. Match rates of pairs, errors by province,
institutions and pooling areas need the delivery of the period; shares of counties need the registry. Counts of fewer
than 5 persons are left out, and whatever would give them away (docs/bulletin.md).")]
pub(in crate::cli) struct BulletinArguments {
    /// Folder of the closed periods
    #[arg(long, value_name = "DIR")]
    pub(in crate::cli) book: PathBuf,
    /// The closed period, or the last one of the quarter, YYYY-MM
    #[arg(long, value_parser = parse_period)]
    pub(in crate::cli) period: Month,
    /// Money paid and received in the quarter that ends with the period
    #[arg(long, conflicts_with_all = ["input", "registry"])]
    pub(in crate::cli) quarter: bool,
    /// The delivery that the period was closed with
    #[arg(long, value_name = "DIR")]
    pub(in crate::cli) input: Option<PathBuf>,
    /// Networked institutions: fixmedins_code, county, kind, care_classes, opened_on
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) registry: Option<PathBuf>,
    /// A new folder
    #[arg(long, value_name = "DIR")]
    pub(in crate::cli) out: PathBuf,
    /// Template file [default: built in]
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) forms: Option<PathBuf>,
    #[command(flatten)]
    pub(in crate::cli) working: Working,
}
