//! The command `convert`.

use std::{
    path::PathBuf,
    sync::{Arc, atomic::AtomicBool},
};

use clap::{Args, ValueEnum, builder::PossibleValuesParser};

use super::{
    lang::said,
    options::{Format, Working},
    payments,
    printer::{self, report},
    progress,
    statements::read_lists,
    table::table,
    threads::thread_pool,
};
use crate::{
    convert::{
        self, BankParties, ConversionOutcome, ConvertReport, ConvertRequest, Destination,
        GuessReport, PaymentSources,
    },
    diag::{Failure, Outcome},
    model::codes::Side,
    text::{Grouped, Text},
};

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  liangqing convert --guess --side treating --map maps/treating.toml exports/jiuyi-2025-10.csv
  liangqing convert --side treating --map maps/treating.toml --out deliveries/2025-10 exports/jiuyi-2025-10.csv
  liangqing convert --side insured --map maps/insured.toml --out deliveries/2025-10 exports/canbao
  liangqing convert --file deductions --map maps/deductions.toml --out deliveries/2025-11 exports/koukuan.xlsx
  liangqing convert --file payments --book book --map maps/bank.toml --out deliveries/2025-11 exports/bank.xls

Reads CSV (UTF-8, GB18030, UTF-16; any separator), workbooks and Parquet of any columns, and writes Parquet as a delivery
needs it, with control-totals.csv. Nothing is guessed but by --guess, which writes a map to be looked at. Values that
were changed are counted; rows with a value that cannot be read are refused and listed. The lists lie in
DIR/_convert/ (docs/convert.md).

--file makes a small file of the delivery. For payments the exports are bank statements: a line pays the notice that it
names, or the only one whose payer, payee and unpaid amount fit. Whatever is not certain is set aside, with the reason.")]
pub(super) struct ConvertArguments {
    /// Whose copies the exports hold
    #[arg(long, value_enum, required_unless_present = "file", conflicts_with = "file")]
    pub(super) side: Option<SideName>,
    /// The small file that the exports become
    #[arg(long, value_name = "NAME", value_parser = PossibleValuesParser::new(Destination::files()))]
    pub(super) file: Option<String>,
    /// The map: which column becomes which field (TOML)
    #[arg(long, value_name = "FILE")]
    pub(super) map: PathBuf,
    /// Write the map, guessed from the headings of the exports, and convert nothing
    #[arg(long, conflicts_with_all = ["out", "from_float", "strict"])]
    pub(super) guess: bool,
    /// The delivery to add to; a folder that may be new
    #[arg(long, value_name = "DIR", required_unless_present = "guess")]
    pub(super) out: Option<PathBuf>,
    /// Take floating point numbers that stand for whole fen
    #[arg(long)]
    pub(super) from_float: bool,
    /// Convert nothing when a row is refused
    #[arg(long)]
    pub(super) strict: bool,
    /// The book whose notices bank statements pay
    #[arg(long, value_name = "DIR")]
    pub(super) book: Option<PathBuf>,
    /// The accounts of the provinces (accounts.csv), which tell who pays
    #[arg(long, value_name = "FILE", requires = "book")]
    pub(super) accounts: Option<PathBuf>,
    /// Names of divisions (names.csv), which tell who pays
    #[arg(long, value_name = "FILE", requires = "book")]
    pub(super) names: Option<PathBuf>,
    /// Files, or folders of files
    #[arg(value_name = "EXPORT", required = true)]
    pub(super) exports: Vec<PathBuf>,
    #[command(flatten)]
    pub(super) working: Working,
}

/// A side of a delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum SideName {
    /// Of the place that treated.
    Treating,
    /// Of the place that insures.
    Insured,
}

impl From<SideName> for Side {
    fn from(name: SideName) -> Side {
        match name {
            SideName::Treating => Side::Treating,
            SideName::Insured => Side::Insured,
        }
    }
}

/// Runs `liangqing convert`.
pub(super) fn convert(arguments: &ConvertArguments, stop: Arc<AtomicBool>) -> Outcome<()> {
    let into = destination(arguments)?;
    let request = ConvertRequest {
        into,
        map: &arguments.map,
        out: arguments.out.as_deref(),
        exports: &arguments.exports,
        from_float: arguments.from_float,
        strict: arguments.strict,
        say: said,
    };
    if arguments.guess {
        return guessed(&convert::guess(&request)?, arguments);
    }
    let monitor = progress::monitor(stop, arguments.working.quiet, None);
    let pool = thread_pool(arguments.working.threads)?;
    let (accounts, names) = read_lists(arguments.accounts.as_deref(), arguments.names.as_deref())?;
    let parties = BankParties::of(&accounts.unwrap_or_default(), &names);
    let sources = arguments.book.as_deref().map(|book| PaymentSources { book, parties: &parties });
    let converted = pool.install(|| convert::convert(&request, sources.as_ref(), &monitor));
    monitor.done();
    match (converted?, arguments.working.format) {
        (ConversionOutcome::Rows(rows), Format::Json) => report(&*rows),
        (ConversionOutcome::Rows(rows), Format::Human) => print(&rows, arguments),
        (ConversionOutcome::Payments(payments), Format::Json) => report(&*payments),
        (ConversionOutcome::Payments(payments), Format::Human) => {
            printer::text(&payments::lines(&payments, arguments.out.as_deref()))
        }
    }
}

/// Returns what the exports become.
fn destination(arguments: &ConvertArguments) -> Outcome<Destination> {
    let file = arguments.file.as_deref().and_then(Destination::file);
    let into = match (arguments.side, file) {
        (_, Some(file)) => file,
        (Some(side), None) => Destination::Copies(side.into()),
        (None, None) => return Err(Failure::Usage(text!("--side or --file is missing"))),
    };
    let is_statement = matches!(into, Destination::Payments);
    if arguments.book.is_some() && !is_statement {
        return Err(Failure::Usage(text!("--book goes with --file payments")));
    }
    if arguments.book.is_none() && is_statement && !arguments.guess {
        let hint = text!("--book names the book whose notices are paid");
        return Err(Failure::Usage(text!("--file payments needs --book").hinting(hint)));
    }
    Ok(into)
}

/// Prints what a map was guessed from.
fn guessed(guess: &GuessReport, arguments: &ConvertArguments) -> Outcome<()> {
    if arguments.working.format == Format::Json {
        return report(guess);
    }
    let pairs = |pairs: &std::collections::BTreeMap<String, String>| {
        let pairs: Vec<String> =
            pairs.iter().map(|(field, name)| format!("{field} = {name}")).collect();
        Text::given(pairs.join(", "))
    };
    let next = if guess.missing.is_empty() && guess.guessed.is_empty() {
        text!("look at the map, then convert")
    } else {
        text!("complete the map, then convert")
    };
    let mut lines = vec![
        Text::labelled("written", text!("{}", super::files::shown(&arguments.map))),
        Text::labelled("sure", text!("{}", text!("{} field(s)", Grouped(guess.sure.len() as u64)))),
    ];
    let listed = [
        ("guessed", pairs(&guess.guessed)),
        ("missing", Text::given(guess.missing.join(", "))),
        (
            "in some",
            Text::given(
                guess
                    .lacking
                    .iter()
                    .map(|(export, fields)| format!("{export}: {}", fields.join(", ")))
                    .collect::<Vec<_>>()
                    .join("; "),
            ),
        ),
        ("not used", Text::given(guess.unused.join(", "))),
    ];
    lines.extend(
        listed
            .into_iter()
            .filter(|(_, list)| !list.is_empty())
            .map(|(name, list)| Text::labelled(name, list)),
    );
    lines.extend([text!(""), text!("next"), text!("  - {}", next)]);
    printer::text(&lines)
}

/// Prints the account of a conversion.
fn print(converted: &ConvertReport, arguments: &ConvertArguments) -> Outcome<()> {
    let header =
        [text!("export"), text!("rows"), text!("converted"), text!("refused"), text!("set aside")];
    let mut rows = table(header, 1);
    for sheet in &converted.tables {
        let name = if sheet.sheet.is_empty() {
            sheet.export.clone()
        } else {
            format!("{} [{}]", sheet.export, sheet.sheet)
        };
        let counts = [sheet.rows, sheet.converted, sheet.refused, sheet.aside.values().sum()];
        let counts = counts.map(|count| said(&text!("{}", Grouped(count))));
        rows.add_row([name].into_iter().chain(counts));
    }
    let mut lines = vec![rows.trim_fmt(), text!("")];
    lines.extend(
        converted.lines(&super::files::shown(arguments.out.as_deref().unwrap_or(&arguments.map))),
    );
    printer::text(&lines)
}
