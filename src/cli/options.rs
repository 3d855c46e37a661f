//! Options that several commands have.

use clap::{Args, ValueEnum};

use crate::pipeline::parse_threads;

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
