//! A failure as it is printed: on stderr for people, on stdout for programs.

use std::io::{self, Write};

use schemars::JsonSchema;
use serde::Serialize;

use super::{findings, lang::said, options::Format, printer::report};
use crate::{
    diag::{Code, Failure, Finding},
    shapes,
    text::{Grouped, Text},
};

/// Why a command did not succeed: every command prints this on stdout in place of its report.
#[derive(Serialize, JsonSchema)]
#[schemars(title = "A failure with --format json")]
pub(super) struct FailureReport<'a> {
    /// The format of the report.
    format: shapes::FormatNumber<1>,
    /// Always `failed`.
    status: Failed,
    /// The exit status: 1 a fault of the program, 2 usage or a settings file, 3 input refused, 4 book refused, 5 a difference
    /// found, 6 an error of the system, 130 interrupted.
    #[schemars(extend("enum" = [1, 2, 3, 4, 5, 6, 130]))]
    exit: u8,
    /// What went wrong, in English.
    error: String,
    /// Every finding; left out when there is none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    findings: Vec<FindingReport<'a>>,
}

/// The status of a failure.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Failed {
    /// The command did not succeed.
    Failed,
}

/// One reason why a delivery is refused, or what is not in order in a book.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Finding")]
pub(super) struct FindingReport<'a> {
    /// The stable code.
    code: Code,
    /// The file, as its path below the input folder or the book.
    file: &'a str,
    /// The place in the file: a column, a row, a line; empty when the finding is about the whole file.
    #[schemars(with = "String")]
    place: &'a Text,
    /// What is there, in English.
    #[schemars(with = "String")]
    found: &'a Text,
    /// What a good file has there, in English; docs/errors.md has it by code.
    expected: &'static str,
    /// What to do about it, in English.
    #[schemars(with = "String")]
    hint: Text,
}

impl<'a> FindingReport<'a> {
    pub(super) fn of(finding: &'a Finding) -> FindingReport<'a> {
        FindingReport {
            code: finding.code,
            file: &finding.file,
            place: &finding.place,
            found: &finding.found,
            expected: finding.code.expected(),
            hint: finding.hint(),
        }
    }
}

impl<'a> FailureReport<'a> {
    fn of(failure: &'a Failure) -> FailureReport<'a> {
        FailureReport {
            format: shapes::FormatNumber,
            status: Failed::Failed,
            exit: failure.exit_status(),
            error: failure.to_string(),
            findings: failure.findings().iter().map(FindingReport::of).collect(),
        }
    }
}

/// Prints a failure.
pub(super) fn print(failure: &Failure, format: Format) {
    if matches!(failure, Failure::Reported | Failure::Unready) {
        return;
    }
    if format == Format::Json {
        _ = report(&FailureReport::of(failure));
        return;
    }
    let findings = failure.findings();
    let mut lines = vec![text!("error: {}", failure)];
    match failure {
        Failure::Refused(_) | Failure::Unfit(..) => lines.extend(findings::listed(findings)),
        _ => lines.extend(findings.iter().map(|finding| text!("  {}", finding.text()))),
    }
    let all = text!("{} finding(s)", Grouped(findings.len() as u64));
    match failure {
        Failure::Refused(_) => {
            lines.push(text!("{} in all; nothing was published and the book is as it was", all));
        }
        Failure::Unfit(..) => lines.push(text!("{} in all; nothing was written", all)),
        Failure::Differences(..) if !findings.is_empty() => {
            lines.push(text!("{} in all", all));
        }
        _ => {}
    }
    let said: String = lines.iter().map(|line| said(line) + "\n").collect();
    _ = io::stderr().lock().write_all(said.as_bytes());
}
