//! The command `check`: a delivery before the run, a pipeline, benefits, or rules of the review.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::{Arc, atomic::AtomicBool},
};

use clap::Args;
use schemars::JsonSchema;
use serde::Serialize;

use super::{
    extensions::Extensions,
    files::{PipelineFile, PipelineSource, read_pipeline, read_rules, read_text},
    lists::ListLength,
    options::Format,
    printer::{self, text},
    rehearsal,
};
use crate::{
    diag::{self, Code, Failure, Outcome},
    model::{codes::Month, dates::parse_period},
    pipeline::{Settings, is_remote, parse_memory, parse_threads},
    plausible::parse_code,
    policy_tests,
    review::{benefits::Benefits, rule::ReviewRule, rules_file::ReviewRules},
    shapes,
    text::{Grouped, Text},
};

/// A pipeline file that is good, and so are the rules that it names.
#[derive(Serialize, JsonSchema)]
#[schemars(title = "check PIPELINE --format json")]
pub(super) struct CheckedPipeline<'a> {
    /// The format of the report.
    format: shapes::FormatNumber<1>,
    /// Always `ok`: a file that is not good is a failure.
    status: CheckStatus,
    /// The pipeline as the command line names it.
    pipeline: &'a Path,
    /// The number of tests of the rules, all of which passed.
    rules_tests: u64,
}

/// Benefit files that are good: the tests in them passed.
#[derive(Serialize, JsonSchema)]
#[schemars(title = "check BENEFITS --format json")]
pub(super) struct CheckedBenefits<'a> {
    /// The format of the report.
    format: shapes::FormatNumber<1>,
    /// Always `ok`: a file that is not good is a failure.
    status: CheckStatus,
    /// The file or folder as the command line names it.
    benefits: &'a Path,
    /// The number of rule sets.
    sets: u64,
    /// The number of tests, all of which passed.
    tests: u64,
    /// Settlements that no row fits, in English: the set, what they have in common, and an example.
    #[schemars(with = "Vec<String>")]
    holes: Vec<Text>,
}

/// Rules of the review that are good.
#[derive(Serialize, JsonSchema)]
#[schemars(title = "check RULES --format json")]
pub(super) struct CheckedReviewRules<'a> {
    /// The format of the report.
    format: shapes::FormatNumber<1>,
    /// Always `ok`: a file that is not good is a failure.
    status: CheckStatus,
    /// The file as the command line names it.
    rules: &'a Path,
    /// The entries of thresholds, the built-in ones too that the file leaves in force.
    entries: u64,
    /// The rules that do not run.
    off: Vec<&'static str>,
}

/// What a check says.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum CheckStatus {
    /// The file is good.
    Ok,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  liangqing check deliveries/2025-10 --book book
  liangqing check --period 2025-10
  liangqing check month-end
  liangqing check benefits
  liangqing check review.toml

A folder is a delivery: its files and rows are read and judged as a run would, in a fraction of its time. Nothing
is reconciled and nothing is written. Exit status 3: a run would be refused by what was found. With a book the rows of
each province stand beside the visits that cleared in the last period. The other settings are those of liangqing.toml
of the working folder, or else the built-in ones. A file, or the name of a built-in pipeline, is a pipeline: it is
checked, and so are the rules that it names. A file with [[set]], or a folder of such files, holds benefits: they are
checked, and the tests in them are run. A file with [[threshold]], [values] or off holds rules of the review: every
error in it is listed.")]
pub(super) struct CheckArguments {
    /// Folder of a delivery, a pipeline, benefits, or rules of the review [default: the delivery that liangqing.toml here names]
    pub(super) what: Option<PathBuf>,
    /// The period of the delivery, YYYY-MM [default: the one that most cost months say]
    #[arg(long, value_parser = parse_period)]
    pub(super) period: Option<Month>,
    /// Folder of the closed periods, to compare the delivery with
    #[arg(long, value_name = "DIR")]
    pub(super) book: Option<PathBuf>,
    /// Quotas that the first period of a book starts from
    #[arg(long, value_name = "FILE")]
    pub(super) opening_quotas: Option<PathBuf>,
    /// Rules file [default: built in, see liangqing rules]
    #[arg(long, value_name = "FILE")]
    pub(super) rules: Option<PathBuf>,
    /// Let pass what looks like a slip (G01 to G07); repeatable
    #[arg(long, value_name = "CODE", value_parser = parse_code)]
    pub(super) accept: Vec<Code>,
    #[command(flatten)]
    pub(super) shown: ListLength,
    /// Threads [default: all]
    #[arg(long, value_name = "N", value_parser = parse_threads)]
    pub(super) threads: Option<usize>,
    /// Memory for reading, such as 512MiB
    #[arg(long, value_name = "SIZE", value_parser = parse_memory)]
    pub(super) memory: Option<usize>,
    /// How to print the report
    #[arg(long, value_enum, default_value_t)]
    pub(super) format: Format,
    /// Show no progress
    #[arg(long, short)]
    pub(super) quiet: bool,
}

impl CheckArguments {
    /// Returns the settings that the flags give for a delivery.
    fn settings(&self) -> Settings {
        Settings {
            period: self.period,
            input: self.what.clone(),
            book: self.book.clone(),
            opening_quotas: self.opening_quotas.clone(),
            rules: self.rules.clone(),
            accept: self.accept.iter().copied().collect(),
            threads: self.threads,
            memory: self.memory,
            ..Settings::default()
        }
    }

    /// Returns whether any flag is for a delivery alone.
    fn is_for_delivery(&self) -> bool {
        let Settings { period, book, opening_quotas, accept, .. } = self.settings();
        period.is_some() || book.is_some() || opening_quotas.is_some() || !accept.is_empty()
    }
}

/// Runs `liangqing check`.
pub(super) fn check(
    arguments: &CheckArguments,
    stop: Arc<AtomicBool>,
    extensions: Extensions,
) -> Outcome<()> {
    if let Some(benefits) = arguments.what.as_deref().filter(|path| holds_benefits(path)) {
        return check_benefits(benefits, arguments.format);
    }
    if let Some(rules) = arguments.what.as_deref().filter(|path| holds_review_rules(path)) {
        return check_review_rules(rules, arguments.format);
    }
    let is_delivery = |path: &Path| path.is_dir() || is_remote(path);
    let pipeline = arguments.what.as_deref().filter(|path| !is_delivery(path));
    if let Some(pipeline) = pipeline {
        if !pipeline.exists() && arguments.is_for_delivery() {
            let hint = text!("name the folder of a delivery");
            return Err(Failure::Usage(text!("{} is no folder", pipeline).hinting(hint)));
        }
        return check_pipeline(pipeline, arguments.format);
    }
    let PipelineFile { settings, source } = read_pipeline(None)?;
    let settings = arguments.settings().over(settings).in_period();
    let shown = (arguments.format, arguments.quiet, arguments.shown);
    let source = (&source, arguments.opening_quotas.is_some());
    rehearsal::rehearse(settings, source, shown, stop, extensions)
}

/// Whether a file has a rule set, or a folder that is no delivery has such a file.
fn holds_benefits(path: &Path) -> bool {
    if path.is_dir() {
        let is_delivery = ["treating", "insured"].iter().any(|side| path.join(side).exists());
        let files = fs::read_dir(path).into_iter().flatten().flatten().map(|entry| entry.path());
        let mut files =
            files.filter(|file| file.extension().is_some_and(|ending| ending == "toml"));
        return !is_delivery && files.any(|file| file.is_file() && holds_benefits(&file));
    }
    let starts_set = |line: &str| line.trim_start().starts_with("[[set]]");
    path.is_file() && read_text(path).is_ok_and(|text| text.lines().any(starts_set))
}

/// Checks benefits, and runs the tests in them.
fn check_benefits(path: &Path, format: Format) -> Outcome<()> {
    let benefits = Benefits::read(path)?;
    let sets = benefits.sets.iter();
    benefits.tested()?;
    let tests = sets.clone().map(|set| set.tests.len() as u64).sum();
    let holes = sets.flat_map(|set| {
        let holes = set.holes().into_iter();
        holes.map(|hole| text!("{} line {}: {}", &set.file, set.line, hole.text()))
    });
    let (holes, sets) = (holes.collect::<Vec<Text>>(), benefits.sets.len() as u64);
    match format {
        Format::Human => {
            let passed = text!("{} rule set(s), {} test(s) passed", Grouped(sets), Grouped(tests));
            let mut lines = vec![text!("{}: good", path), passed];
            lines.extend(holes.into_iter().map(|hole| Text::labelled("note", hole)));
            text(&lines)
        }
        Format::Json => {
            let (format, status) = (shapes::FormatNumber, CheckStatus::Ok);
            let report = CheckedBenefits { format, status, benefits: path, sets, tests, holes };
            printer::report(&report)
        }
    }
}

/// Whether a file has rules of the review.
fn holds_review_rules(path: &Path) -> bool {
    path.is_file() && read_text(path).is_ok_and(|text| ReviewRules::are_in(&text))
}

/// Checks rules of the review.
fn check_review_rules(path: &Path, format: Format) -> Outcome<()> {
    let rules = ReviewRules::read(path)?;
    let entries = rules.entries().len() as u64;
    let off: Vec<&str> = rules.off().map(ReviewRule::id).collect();
    match format {
        Format::Human => {
            let mut lines = vec![text!("{}: good", path)];
            lines.push(text!("{} entries of thresholds", Grouped(entries)));
            if !off.is_empty() {
                lines.push(text!("do not run: {}", off.join(", ")));
            }
            text(&lines)
        }
        Format::Json => {
            let (format, status) = (shapes::FormatNumber, CheckStatus::Ok);
            printer::report(&CheckedReviewRules { format, status, rules: path, entries, off })
        }
    }
}

/// Checks a pipeline, and the tests of the rules that it names.
fn check_pipeline(pipeline: &Path, format: Format) -> Outcome<()> {
    let PipelineFile { settings, source } = read_pipeline(Some(pipeline))?;
    let rules = read_rules(settings.rules.as_deref())?;
    let file = settings.rules.as_deref().map_or_else(|| "rules.toml".to_owned(), diag::shown);
    let failures = policy_tests::failures(&rules, &file);
    if !failures.is_empty() {
        return Err(Failure::Unfit(text!("the rules are"), failures));
    }
    report(pipeline, &source, rules.tests.len() as u64, format)
}

fn report(pipeline: &Path, source: &PipelineSource, tests: u64, format: Format) -> Outcome<()> {
    match format {
        Format::Human => {
            let passed = text!("{} test(s) of the rules passed", Grouped(tests));
            let mut lines = vec![text!("{}: good", pipeline), passed];
            lines.extend(source.line());
            text(&lines)
        }
        Format::Json => {
            let (format, status) = (shapes::FormatNumber, CheckStatus::Ok);
            printer::report(&CheckedPipeline { format, status, pipeline, rules_tests: tests })
        }
    }
}
