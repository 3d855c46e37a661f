//! The command `check`.

use std::path::{Path, PathBuf};

use clap::Args;
use schemars::JsonSchema;
use serde::Serialize;

use super::{
    files::{read_pipeline, read_rules},
    options::Format,
    printer::{self, text},
};
use crate::{
    diag::{self, Failure, Outcome},
    policy_tests, shapes,
    text::Grouped,
};

/// A pipeline file that is good, and so are the rules that it names.
#[derive(Serialize, JsonSchema)]
#[schemars(title = "check --format json")]
pub(super) struct CheckedPipeline<'a> {
    /// The format of the report.
    format: shapes::FormatNumber<1>,
    /// Always `ok`: a file that is not good is a failure.
    status: CheckStatus,
    /// The pipeline file as the command line names it.
    pipeline: &'a Path,
    /// The number of tests of the rules, all of which passed.
    rules_tests: u64,
}

/// What a check says.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum CheckStatus {
    /// The file is good.
    Ok,
}

#[derive(Debug, Args)]
pub(super) struct CheckArguments {
    /// The pipeline file
    pub(super) pipeline: PathBuf,
    /// How to print the report
    #[arg(long, value_enum, default_value_t)]
    pub(super) format: Format,
}

/// Runs `liangqing check`.
pub(super) fn check(arguments: &CheckArguments) -> Outcome<()> {
    let settings = read_pipeline(Some(&arguments.pipeline))?;
    let rules = read_rules(settings.rules.as_deref())?;
    let file = settings.rules.as_deref().map_or_else(|| "rules.toml".to_owned(), diag::shown);
    let failures = policy_tests::failures(&rules, &file);
    if !failures.is_empty() {
        return Err(Failure::Unfit(text!("the rules are"), failures));
    }
    report(&arguments.pipeline, rules.tests.len() as u64, arguments.format)
}

fn report(pipeline: &Path, tests: u64, format: Format) -> Outcome<()> {
    match format {
        Format::Human => {
            let passed = text!("{} test(s) of the rules passed", Grouped(tests));
            text(&[text!("{}: good", pipeline), passed])
        }
        Format::Json => {
            let (format, status) = (shapes::FormatNumber, CheckStatus::Ok);
            printer::report(&CheckedPipeline { format, status, pipeline, rules_tests: tests })
        }
    }
}
