//! The command `convert`.

use std::{
    path::PathBuf,
    sync::{Arc, atomic::AtomicBool},
};

use clap::{Args, ValueEnum};

use super::{
    lang::said,
    options::{Format, Working},
    printer::{self, report},
    progress,
    table::table,
    threads::thread_pool,
};
use crate::{
    convert::{self, ConvertReport, ConvertRequest, Destination, GuessReport},
    diag::Outcome,
    model::codes::Side,
    text::{Grouped, Text},
};

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  liangqing convert --guess --side treating --map maps/treating.toml exports/jiuyi-2025-10.csv
  liangqing convert --side treating --map maps/treating.toml --out deliveries/2025-10 exports/jiuyi-2025-10.csv
  liangqing convert --side insured --map maps/insured.toml --out deliveries/2025-10 exports/canbao

Reads CSV (UTF-8, GB18030, UTF-16; any separator), workbooks and Parquet of any columns, and writes Parquet as a delivery
needs it, with control-totals.csv. Nothing is guessed but by --guess, which writes a map to be looked at. Values that
were changed are counted; rows with a value that cannot be read are refused and listed. The lists lie in
DIR/_convert/ (docs/convert.md).")]
pub(super) struct ConvertArguments {
    /// Whose copies the exports hold
    #[arg(long, value_enum)]
    pub(super) side: SideName,
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
    let request = ConvertRequest {
        into: Destination::Copies(arguments.side.into()),
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
    let converted = pool.install(|| convert::convert(&request, &monitor));
    monitor.done();
    let converted = converted?;
    match arguments.working.format {
        Format::Json => report(&converted),
        Format::Human => print(&converted, arguments),
    }
}

/// Prints what a map was guessed from.
fn guessed(guess: &GuessReport, arguments: &ConvertArguments) -> Outcome<()> {
    if arguments.working.format == Format::Json {
        return report(guess);
    }
    let named = |count: usize, what: Text| text!("{}: {}", Grouped(count as u64), what);
    let pairs = |pairs: &std::collections::BTreeMap<String, String>| {
        let pairs: Vec<String> =
            pairs.iter().map(|(field, name)| format!("{field} = {name}")).collect();
        Text::given(pairs.join(", "))
    };
    let next = match guess.missing.is_empty() && guess.guessed.is_empty() {
        true => text!("look at the map, then convert"),
        false => text!("complete the map, then convert"),
    };
    printer::text(&[
        Text::labelled("written", text!("{}", super::files::shown(&arguments.map))),
        Text::labelled("sure", text!("{}", text!("{} field(s)", Grouped(guess.sure.len() as u64)))),
        Text::labelled("guessed", named(guess.guessed.len(), pairs(&guess.guessed))),
        Text::labelled(
            "missing",
            named(guess.missing.len(), Text::given(guess.missing.join(", "))),
        ),
        Text::labelled("not used", named(guess.unused.len(), Text::given(guess.unused.join(", ")))),
        text!(""),
        text!("next"),
        text!("  - {}", next),
    ])
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
