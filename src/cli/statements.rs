//! The command `statements`.

use std::path::{Path, PathBuf};

use clap::Args;

use super::{
    files::{read_daily, read_template, shown},
    judged,
    options::Format,
    printer::{report, text},
};
use crate::{
    bounded,
    contract::{accounts::ReceivingAccounts, names::PlaceNames},
    diag::{Failure, Outcome},
    model::{codes::Month, dates::parse_period},
    privacy::pseudonym::Pseudonyms,
    statements::{self, Style},
    text::{Grouped, Text, list},
};

#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  liangqing statements --book book --period 2025-10 --out statements/2025-10
  liangqing statements --book book --period 2025-10 --accounts accounts.csv --names names.csv --zip --out packs/2025-10

Writes national/ and one folder a province (31/, 34/ and so on), each with statement.xlsx, notices.xlsx,
verification.xlsx, returned.xlsx, suggestions.xlsx and requests.xlsx where there is something for them, the same sheets as CSV and
JSON, and SHA256SUMS over all of them. Each kind of payment has one payment notice and one receipt notice a province,
which list the other provinces. A province's folder holds only rows in which it pays or is paid. The same period gives
the same bytes. Titles, headings and columns come from a template: copy pipelines/forms.toml and pass the copy with
--forms.")]
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
    /// Accounts that receive payments: province, name, bank, bank_code, account, from
    #[arg(long, value_name = "FILE")]
    pub(super) accounts: Option<PathBuf>,
    /// Names of pooling areas, divisions and institutions: code, name
    #[arg(long, value_name = "FILE")]
    pub(super) names: Option<PathBuf>,
    /// Write an archive a province in place of a folder
    #[arg(long)]
    pub(super) zip: bool,
    /// Result of liangqing daily of the period: lists of breaks say since when each was known
    #[arg(long, value_name = "DIR")]
    pub(super) daily: Option<PathBuf>,
    /// Template file [default: built in, see liangqing rules forms]
    #[arg(long, value_name = "FILE")]
    pub(super) forms: Option<PathBuf>,
    /// How to print the report
    #[arg(long, value_enum, default_value_t)]
    pub(super) format: Format,
}

/// Runs `liangqing statements`.
pub(super) fn statements(arguments: &StatementsArguments) -> Outcome<()> {
    let mut style = Style::of(read_template(arguments.forms.as_deref())?);
    style.pseudonyms = arguments.pseudonym_key.as_deref().map(Pseudonyms::read).transpose()?;
    style.archives = arguments.zip;
    style.daily = read_daily(arguments.daily.as_deref(), arguments.period)?;
    (style.accounts, style.names) =
        read_lists(arguments.accounts.as_deref(), arguments.names.as_deref())?;
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
            let listed = |yuan: &str, notices: u64| {
                let notices = text!("{} notice(s)", Grouped(notices));
                text!("{} yuan, listed on {}", yuan, notices)
            };
            let payable = listed(&written.payable, written.notices);
            let mut lines = vec![
                Text::labelled("written", text!("{}", shown(&arguments.out))),
                Text::labelled("forms", made),
                Text::labelled("payable", payable),
            ];
            if written.return_notices > 0 {
                let returned = listed(&written.returned, written.return_notices);
                lines.push(Text::labelled("returned", returned));
            }
            if !written.missing_accounts.is_empty() {
                let missing = text!(
                    "no account in force on the day of issue: {}",
                    list(written.missing_accounts.iter().map(|code| text!("{}", code)))
                );
                lines.push(Text::labelled("note", missing));
            }
            lines.extend(judged::lines(&written.deductions, &written.payments));
            text(&lines)
        }
    }
}

/// Reads accounts and names. All findings of both files are told.
pub(super) fn read_lists(
    accounts: Option<&Path>,
    names: Option<&Path>,
) -> Outcome<(Option<ReceivingAccounts>, PlaceNames)> {
    let mut findings = Vec::new();
    let mut lists = (None, PlaceNames::default());
    if let Some(path) = accounts {
        let (bytes, name) = small_file("--accounts", path)?;
        lists.0 = Some(ReceivingAccounts::read(&bytes, &name, &mut findings));
    }
    if let Some(path) = names {
        let (bytes, name) = small_file("--names", path)?;
        lists.1 = PlaceNames::read(&bytes, &name, &mut findings);
    }
    if findings.is_empty() {
        return Ok(lists);
    }
    Err(Failure::Unfit(text!("the lists are"), findings))
}

/// Returns the bytes of a file and its name.
fn small_file(option: &'static str, path: &Path) -> Outcome<(Vec<u8>, String)> {
    let bytes = bounded::read_all(path, bounded::SMALL_FILE)
        .map_err(|error| Failure::Usage(text!("{} {} cannot be read: {}", option, path, error)))?;
    Ok((bytes, path.file_name().unwrap_or_default().to_string_lossy().into_owned()))
}
