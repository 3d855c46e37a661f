//! Arguments of `query`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::Format;
use crate::model::{codes::Month, dates::parse_period};

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  liangqing query --list --book book
  liangqing query \"SELECT insured_province, SUM(payable) AS owed FROM pairs GROUP BY 1 ORDER BY owed DESC\" --book book
  liangqing query \"SELECT * FROM breaks WHERE carried\" --book book --period 2025-11 --format csv --out breaks.csv

Every table of a period has its name, all closed periods of the book and a first column `period`. One SELECT, WITH
included; nothing but the book is read and nothing in it is written. docs/query.md has the questions of a month's
end, and the same for DuckDB, pandas and Excel.")]
#[command(group = clap::ArgGroup::new("question").required(true).args(["sql", "list"]))]
pub(in crate::cli) struct QueryArguments {
    /// One SELECT
    pub(in crate::cli) sql: Option<String>,
    /// Show tables, columns, types and rows
    #[arg(long)]
    pub(in crate::cli) list: bool,
    /// Folder of the closed periods
    #[arg(long, value_name = "DIR")]
    pub(in crate::cli) book: PathBuf,
    /// A period to ask, YYYY-MM; may be given several times [default: all]
    #[arg(long = "period", value_name = "PERIOD", value_parser = parse_period)]
    pub(in crate::cli) periods: Vec<Month>,
    /// How to show the rows
    #[arg(long, value_enum, default_value_t)]
    pub(in crate::cli) format: RowFormat,
    /// A new file for the rows
    #[arg(long, value_name = "FILE", conflicts_with = "list")]
    pub(in crate::cli) out: Option<PathBuf>,
    /// Replace the file when it is there already
    #[arg(long, requires = "out")]
    pub(in crate::cli) force: bool,
    /// Most rows to show, or all [default: 100 in a table, else all]
    #[arg(long, value_name = "N|all", conflicts_with = "list")]
    pub(in crate::cli) limit: Option<Limit>,
    /// Show the numbers of persons and visits as they are
    #[arg(long, conflicts_with = "list")]
    pub(in crate::cli) unmasked: bool,
}

/// How rows are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(in crate::cli) enum RowFormat {
    /// For people.
    #[default]
    Table,
    /// For spreadsheets.
    Csv,
    /// For programs: one object a row, money as text.
    Json,
    /// For tools of data; needs --out.
    Parquet,
}

impl RowFormat {
    /// How a failure is told.
    pub(in crate::cli) fn of_failures(self) -> Format {
        if self == RowFormat::Json { Format::Json } else { Format::Human }
    }
}

/// Most rows of an answer.
#[derive(Debug, Clone, Copy)]
pub(in crate::cli) struct Limit(pub(in crate::cli) usize);

impl std::str::FromStr for Limit {
    type Err = String;

    fn from_str(text: &str) -> Result<Limit, String> {
        match text {
            "all" => Ok(Limit(usize::MAX)),
            text => text.parse().map(Limit).map_err(|_| "not a number or `all`".to_owned()),
        }
    }
}
