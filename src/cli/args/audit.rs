//! Arguments of the commands for auditors.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::{Format, Working};
use crate::{
    model::{
        codes::{CareClass, FundClass, Month, Pair, Province},
        dates::parse_period,
    },
    signing::Algorithm,
};

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  liangqing verify --book book
  liangqing verify --book book --trusted-keys trusted.toml
  liangqing verify --book book --rules rules.toml
  liangqing verify --book book --period 2025-11 --head 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08

Everything is worked out from something else: pairs from positions, reserves from pairs and payments, what
is opened from what was carried, the register from all of them. --head is the digest that `run` printed when
it closed the period; without it, periods that were cut off at the end are not noticed. The report names the
rules of each period, and days of issue that are not the last of the next month. docs/audit.md says what only
the inputs vouch for, and how to check a month without this program.")]
pub(in crate::cli) struct VerifyArguments {
    /// Folder of the closed periods
    #[arg(long, value_name = "DIR")]
    pub(in crate::cli) book: PathBuf,
    /// Verify up to this period, YYYY-MM [default: the newest]
    #[arg(long, value_parser = parse_period)]
    pub(in crate::cli) period: Option<Month>,
    /// Digest that the manifest of the last verified period has to have
    #[arg(long, value_name = "DIGEST", value_parser = parse_digest)]
    pub(in crate::cli) head: Option<String>,
    /// File of the keys that are trusted: every period has to be signed by one, or to come before one that is
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) trusted_keys: Option<PathBuf>,
    /// File of rules with which every period has to have been closed; given several times, one of them
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) rules: Vec<PathBuf>,
    #[command(flatten)]
    pub(in crate::cli) working: Working,
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
pub(in crate::cli) struct DiffArguments {
    /// A closed period, or a book
    pub(in crate::cli) first: PathBuf,
    /// The same period, or book, otherwise
    pub(in crate::cli) second: PathBuf,
    /// How to print the report
    #[arg(long, value_enum, default_value_t)]
    pub(in crate::cli) format: Format,
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
pub(in crate::cli) struct ExplainArguments {
    /// The settlement
    pub(in crate::cli) setl_id: Option<String>,
    /// The settlements that a pair cleared: insured and treating province, such as 34-31
    #[arg(long, value_name = "PAIR", value_parser = parse_pair, requires_all = ["period", "input"])]
    pub(in crate::cli) pair: Option<Pair>,
    /// In this period, YYYY-MM
    #[arg(long, value_parser = parse_period, requires = "pair")]
    pub(in crate::cli) period: Option<Month>,
    /// Of one fund: employee or resident
    #[arg(long, value_name = "FUND", value_parser = parse_fund, requires = "pair")]
    pub(in crate::cli) fund: Option<FundClass>,
    /// Of one kind of care: chronic, inpatient, outpatient or pharmacy
    #[arg(long, value_name = "CARE", value_parser = parse_care, requires = "pair")]
    pub(in crate::cli) care: Option<CareClass>,
    /// Write all rows of a figure into this CSV file
    #[arg(long, value_name = "FILE", requires = "pair")]
    pub(in crate::cli) out: Option<PathBuf>,
    /// Replace the file when it is there already
    #[arg(long, requires = "out")]
    pub(in crate::cli) force: bool,
    /// Folder of the closed periods
    #[arg(long, value_name = "DIR")]
    pub(in crate::cli) book: PathBuf,
    /// Delivery to search; may be given several times
    #[arg(long, value_name = "DIR")]
    pub(in crate::cli) input: Vec<PathBuf>,
    #[command(flatten)]
    pub(in crate::cli) working: Working,
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
Examples:
  liangqing keygen --out keys/agency.pem
  liangqing keygen --out keys/agency.pem --algorithm sm2
  liangqing keygen --out keys/persons.toml --pseudonyms 2025-1

Writes the private key to FILE, readable by its owner alone, and the public key to FILE.pub, both as OpenSSL has
them. Neither file is ever replaced: exit status 2. The id that it prints goes into the file of trusted keys
(docs/audit.md).")]
pub(in crate::cli) struct KeygenArguments {
    /// The private key's file; the public key goes to FILE.pub
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) out: PathBuf,
    /// The kind of key
    #[arg(long, value_enum, default_value_t)]
    pub(in crate::cli) algorithm: KeyAlgorithm,
    /// Make a key for pseudonyms of persons instead, with a version that is written beside them
    #[arg(long, value_name = "VERSION", conflicts_with = "algorithm")]
    pub(in crate::cli) pseudonyms: Option<String>,
    /// How to print the report
    #[arg(long, value_enum, default_value_t)]
    pub(in crate::cli) format: Format,
}

/// The kind of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(in crate::cli) enum KeyAlgorithm {
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
