//! The command `verify`.

use std::{
    path::PathBuf,
    sync::{Arc, atomic::AtomicBool},
};

use clap::Args;

use super::{
    files::read_rules,
    options::{Format, Working},
    printer::{report, text},
    progress,
    table::table,
    threads::thread_pool,
};
use crate::{
    audit::verify::{self, Verified, VerifyOptions},
    diag::Outcome,
    digest,
    model::{codes::Month, dates::parse_period, money::count_grouped},
    signing::trusted::TrustedKeys,
    text::{Grouped, Text},
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
    /// File of rules with which every period has to have been closed; given several times, one of them
    #[arg(long, value_name = "FILE")]
    pub(super) rules: Vec<PathBuf>,
    #[command(flatten)]
    pub(super) working: Working,
}

/// Parses a SHA-256 in hexadecimal.
fn parse_digest(text: &str) -> Result<String, Text> {
    let good = text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    if good { Ok(text.to_ascii_lowercase()) } else { Err(text!("not a SHA-256 in 64 digits")) }
}

/// Runs `liangqing verify`.
pub(super) fn verify(arguments: &VerifyArguments, stop: Arc<AtomicBool>) -> Outcome<()> {
    let digest = |path: &PathBuf| {
        read_rules(Some(path)).map(|rules| digest::sha256_hex(rules.text.as_bytes()))
    };
    let options = VerifyOptions {
        book: arguments.book.clone(),
        period: arguments.period,
        head: arguments.head.clone(),
        rules: arguments.rules.iter().map(digest).collect::<Outcome<_>>()?,
    };
    let trusted = arguments.trusted_keys.as_deref().map(TrustedKeys::read).transpose()?;
    let monitor = progress::monitor(stop, arguments.working.quiet, None);
    let pool = thread_pool(arguments.working.threads)?;
    let verified = pool.install(|| verify::verify(&options, trusted.as_ref(), &monitor));
    monitor.done();
    let verified = verified?;
    match arguments.working.format {
        Format::Human => text(&verified_text(&verified)),
        Format::Json => report(&verified),
    }
}

fn verified_text(verified: &Verified) -> Vec<Text> {
    let last = verified.periods.last().map_or("", |period| &period.period);
    let checked = text!(
        "{} by {}, {} compared",
        text!("{} period(s)", verified.periods.len()),
        text!("{} law(s)", Grouped(verified.laws)),
        text!("{} figure(s)", Grouped(verified.figures))
    );
    let mut lines = vec![
        periods_table(verified),
        text!(""),
        Text::labelled("verified", checked),
        Text::labelled("head", Text::given(format!("{} ({last})", verified.head))),
    ];
    lines.extend(policy_lines(verified));
    let signatures = verified.signatures.iter();
    lines.extend(signatures.map(|signature| Text::labelled("signed", signature.words())));
    let unchecked = (verified.unchecked > 0).then(|| {
        let signatures = text!("{} signature(s)", Grouped(verified.unchecked));
        text!("no --trusted-keys were given: {} not checked", signatures)
    });
    let more = (verified.newest != last).then(|| text!("the book goes on to {}", verified.newest));
    let head = (!verified.head_given)
        .then(|| text!("no --head was given: periods cut off at the end would not be noticed"));
    let notes = [unchecked, more, head].into_iter().flatten();
    lines.extend(notes.map(|note| Text::labelled("note", note)));
    lines
}

fn periods_table(verified: &Verified) -> Text {
    let header = [
        text!("period"),
        text!("files"),
        text!("bytes"),
        text!("rows"),
        text!("settlements cleared"),
        text!("yuan gross"),
    ];
    let mut table = table(header, 1);
    for period in &verified.periods {
        table.add_row([
            period.period.clone(),
            count_grouped(period.files),
            count_grouped(period.bytes),
            count_grouped(period.rows),
            count_grouped(period.settlements),
            period.cleared.clone(),
        ]);
    }
    table.trim_fmt()
}

/// Returns the rules of the periods, and unusual days of issue.
fn policy_lines(verified: &Verified) -> Vec<Text> {
    let rules = verified.rules.iter().map(|rules| {
        let (periods, sha256) = (rules.periods(), &rules.sha256);
        if rules.built_in {
            text!("{}: {}, the rules of this program", periods, sha256)
        } else {
            text!("{}: {}, not the rules of this program", periods, sha256)
        }
    });
    let given = verified.rules_given.then(|| text!("those that were given"));
    let rules = rules.chain(given).map(|rules| Text::labelled("rules", rules));
    let days = verified.days.iter().map(|day| {
        let issued = text!("{}: issued on {}, not on {}", day.period, day.as_of, day.last_day);
        Text::labelled("day", issued)
    });
    rules.chain(days).collect()
}
