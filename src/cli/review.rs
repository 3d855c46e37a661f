//! The command `review`.

use std::{
    path::PathBuf,
    sync::{Arc, atomic::AtomicBool},
};

use clap::{Args, Subcommand};

use super::{
    files::{read_rules, shown},
    lang::said,
    options::{Format, Working},
    printer::{report, text},
    progress,
    rehearsal::DEFAULT_MEMORY,
    threads::thread_pool,
};
use crate::{
    diag::{Failure, Outcome},
    leads,
    pipeline::parse_memory,
    place::output::{Output, Readers, Replace},
    privacy::pseudonym::Pseudonyms,
    review::{
        benefits::Benefits,
        examine::{ReviewOptions, examine},
        rules_file::ReviewRules,
    },
    text::{Grouped, Text},
};

#[derive(Debug, Args)]
#[command(
    args_conflicts_with_subcommands = true,
    subcommand_negates_reqs = true,
    after_help = "\
Examples:
  liangqing review --input deliveries/2025-10 --out leads/2025-10
  liangqing review --input deliveries/2025-* --filings filings.csv --registry registry.csv --book book --out leads/2025
  liangqing review import replies/31/leads.xlsx --leads leads/2025-10 --out deliveries/2025-11/deductions.csv
  liangqing review explain S16 --input deliveries/2025-10 --filings filings.csv

Looks for leads in the records themselves: what both copies may have wrong. A lead is a question to the province that
treated; nothing in a book changes. DIR gets leads.parquet, lead_settlements.parquet, summary.json, review.html and a
pack for each province, whose replies become deductions (docs/review.md)."
)]
pub(super) struct ReviewArguments {
    /// What to do in place of a review
    #[command(subcommand)]
    pub(super) command: Option<ReviewCommand>,
    #[command(flatten)]
    pub(super) sources: ReviewSources,
    /// A new folder
    #[arg(long, value_name = "DIR", required = true)]
    pub(super) out: Option<PathBuf>,
    /// Key for pseudonyms of persons, which `keygen --pseudonyms` makes; masked ends of numbers alone without it
    #[arg(long, value_name = "FILE")]
    pub(super) pseudonym_key: Option<PathBuf>,
    /// Say what the time was spent on
    #[arg(long)]
    pub(super) timings: bool,
    #[command(flatten)]
    pub(super) working: Working,
}

/// What to do with leads.
#[derive(Debug, Subcommand)]
pub(super) enum ReviewCommand {
    /// Read packs that provinces have filled in, and write deductions.csv
    Import(LeadReplies),
    /// Say step by step what the insured place should have paid for a settlement
    Explain(Box<ExplainedSettlement>),
}

/// What a review reads.
#[derive(Debug, Args)]
pub(super) struct ReviewSources {
    /// Delivery of a month; may be given several times
    #[arg(long, value_name = "DIR", required = true, num_args = 1..)]
    pub(super) input: Vec<PathBuf>,
    /// Rules of the review [default: built in, see liangqing rules review]
    #[arg(long, value_name = "FILE")]
    pub(super) rules: Option<PathBuf>,
    /// Rules of the month-end run: classes, chronic list, payable fields [default: built in]
    #[arg(long, value_name = "FILE")]
    pub(super) policy: Option<PathBuf>,
    /// Folder of benefit files [default: those built in]
    #[arg(long, value_name = "DIR")]
    pub(super) benefits: Option<PathBuf>,
    /// Filings of care in another place, CSV or Parquet
    #[arg(long, value_name = "FILE")]
    pub(super) filings: Option<PathBuf>,
    /// Institutions and their levels (registry.csv)
    #[arg(long, value_name = "FILE")]
    pub(super) registry: Option<PathBuf>,
    /// Folder of the closed periods: says what is cleared
    #[arg(long, value_name = "DIR")]
    pub(super) book: Option<PathBuf>,
    /// Memory limit, such as 2GiB [default: 2GiB]
    #[arg(long, value_name = "SIZE", value_parser = parse_memory)]
    pub(super) memory: Option<usize>,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  liangqing review import replies/31/leads.xlsx replies/34/leads.csv --leads leads/2025-10
  liangqing review import replies/*/leads.xlsx --leads leads/2025-10 --book book --out deliveries/2025-11/deductions.csv

Without --out it only shows what the replies would deduct. All or nothing: whatever is wrong is listed, and nothing is
written (exit status 3).")]
pub(super) struct LeadReplies {
    /// Packs, XLSX or CSV
    #[arg(required = true, value_name = "REPLY")]
    pub(super) replies: Vec<PathBuf>,
    /// The folder that the review has written
    #[arg(long, value_name = "DIR")]
    pub(super) leads: PathBuf,
    /// The book that the deductions are for
    #[arg(long, value_name = "DIR")]
    pub(super) book: Option<PathBuf>,
    /// The deductions.csv to write
    #[arg(long, value_name = "FILE")]
    pub(super) out: Option<PathBuf>,
    /// Replace the file when it is there already
    #[arg(long, requires = "out")]
    pub(super) force: bool,
    /// How to print the report
    #[arg(long, value_enum, default_value_t)]
    pub(super) format: Format,
}

#[derive(Debug, Args)]
pub(super) struct ExplainedSettlement {
    /// The settlement
    pub(super) setl_id: String,
    #[command(flatten)]
    pub(super) sources: ReviewSources,
    #[command(flatten)]
    pub(super) working: Working,
}

impl ReviewSources {
    /// Reads the rules, and checks what is named.
    fn options(&self) -> Outcome<ReviewOptions> {
        for (at, input) in self.input.iter().enumerate() {
            let same = |other: &PathBuf| match (other.canonicalize(), input.canonicalize()) {
                (Ok(other), Ok(input)) => other == input,
                _ => other == input,
            };
            if self.input[..at].iter().any(same) {
                return Err(Failure::Usage(text!("--input {} again", input)));
            }
        }
        let rules = self.rules.as_deref().map(ReviewRules::read).transpose()?;
        let benefits = self.benefits.as_deref().map(benefits).transpose()?;
        Ok(ReviewOptions {
            inputs: self.input.clone(),
            rules: rules.unwrap_or_else(ReviewRules::built_in),
            policy: read_rules(self.policy.as_deref())?,
            benefits: benefits.unwrap_or_else(Benefits::built_in),
            filings: self.filings.clone(),
            registry: self.registry.clone(),
            book: self.book.clone(),
            memory: self.memory.unwrap_or(DEFAULT_MEMORY),
        })
    }
}
