//! The command `statements`.

use std::path::PathBuf;

use clap::Args;

use super::{
    files::{read_template, shown},
    judged,
    options::Format,
    printer::{report, text},
};
use crate::{
    diag::Outcome,
    model::{codes::Month, dates::parse_period},
    privacy::pseudonym::Pseudonyms,
    statements::{self, Style},
    text::{Grouped, Text},
};

#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  liangqing statements --book book --period 2025-10 --out statements/2025-10

Writes national/ and one folder a province (31/, 34/ and so on), each with statement.xlsx, notices.xlsx,
verification.xlsx where something is open, the same sheets as CSV and JSON, and SHA256SUMS over all of them. A province's folder holds only rows in which it pays
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
    /// Key for pseudonyms of persons, which `keygen --pseudonyms` makes; masked ends of numbers alone without it
    #[arg(long, value_name = "FILE")]
    pub(super) pseudonym_key: Option<PathBuf>,
    /// Template file [default: built in]
    #[arg(long, value_name = "FILE")]
    pub(super) forms: Option<PathBuf>,
    /// How to print the report
    #[arg(long, value_enum, default_value_t)]
    pub(super) format: Format,
}

/// Runs `liangqing statements`.
pub(super) fn statements(arguments: &StatementsArguments) -> Outcome<()> {
    let style = Style {
        template: read_template(arguments.forms.as_deref())?,
        pseudonyms: arguments.pseudonym_key.as_deref().map(Pseudonyms::read).transpose()?,
    };
    let written = statements::write(&arguments.book, arguments.period, &arguments.out, &style)?;
    match arguments.format {
        Format::Json => report(&written),
        Format::Human => {
            let made = text!(
                "{} in {} for {}",
                text!("{} file(s)", Grouped(written.files)),
                written.period,
                text!("{} province(s)", Grouped(written.provinces))
            );
            let payable = text!(
                "{} yuan, which {} tell payers and payees",
                written.payable,
                text!("{} notice(s)", Grouped(written.notices))
            );
            let mut lines = vec![
                Text::labelled("written", text!("{}", shown(&arguments.out))),
                Text::labelled("forms", made),
                Text::labelled("payable", payable),
            ];
            lines.extend(judged::lines(&written.deductions, &written.payments));
            text(&lines)
        }
    }
}
