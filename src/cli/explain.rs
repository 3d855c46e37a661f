//! The command `explain`.

use std::{
    path::{Path, PathBuf},
    sync::{Arc, atomic::AtomicBool},
};

use clap::Args;

use super::{
    files::shown,
    lang::said,
    options::{Format, Working},
    printer::{report, text},
    progress,
    table::table,
    threads::thread_pool,
};
use crate::{
    audit::explain::{
        self, Life,
        figure::{ClearedFigure, Explained, Figure, PairTotals, explain_figure},
    },
    diag::{Failure, Outcome},
    event::Monitor,
    model::{
        codes::{CareClass, FundClass, Month, Pair, Province},
        dates::parse_period,
    },
    place::output::{Output, Readers, Replace},
    statements::no_formula,
    text::{Grouped, Text, list},
};

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  liangqing explain S16 --book book
  liangqing explain S16 --book book --input deliveries/2025-10 --input deliveries/2025-11
  liangqing explain --pair 34-31 --period 2025-10 --book book --input deliveries/2025-10 --out rows.csv

The book knows a cleared settlement by the hash of its setl_id; files and rows that it came from are found in
the deliveries, whose digests are compared with the manifests. Numbers of persons and visits are masked.")]
#[command(group = clap::ArgGroup::new("subject").required(true).args(["setl_id", "pair"]))]
pub(super) struct ExplainArguments {
    /// The settlement
    pub(super) setl_id: Option<String>,
    /// The settlements that a pair cleared: insured and treating province, such as 34-31
    #[arg(long, value_name = "PAIR", value_parser = parse_pair, requires_all = ["period", "input"])]
    pub(super) pair: Option<Pair>,
    /// In this period, YYYY-MM
    #[arg(long, value_parser = parse_period, requires = "pair")]
    pub(super) period: Option<Month>,
    /// Of one fund: employee or resident
    #[arg(long, value_name = "FUND", value_parser = parse_fund, requires = "pair")]
    pub(super) fund: Option<FundClass>,
    /// Of one kind of care: chronic, inpatient, outpatient or pharmacy
    #[arg(long, value_name = "CARE", value_parser = parse_care, requires = "pair")]
    pub(super) care: Option<CareClass>,
    /// Write all rows of a figure into this CSV file
    #[arg(long, value_name = "FILE", requires = "pair")]
    pub(super) out: Option<PathBuf>,
    /// Replace the file when it is there already
    #[arg(long, requires = "out")]
    pub(super) force: bool,
    /// Folder of the closed periods
    #[arg(long, value_name = "DIR")]
    pub(super) book: PathBuf,
    /// Delivery to search; may be given several times
    #[arg(long, value_name = "DIR")]
    pub(super) input: Vec<PathBuf>,
    #[command(flatten)]
    pub(super) working: Working,
}

/// Parses a pair such as `34-31`.
fn parse_pair(text: &str) -> Result<Pair, Text> {
    let pair = text.split_once('-').and_then(|(insured, treating)| {
        let (insured, treating) = (Province::from_text(insured)?, Province::from_text(treating)?);
        Some(Pair { insured, treating })
    });
    pair.ok_or_else(|| text!("not two provinces such as 34-31"))
}

fn parse_fund(text: &str) -> Result<FundClass, Text> {
    FundClass::from_name(text).ok_or_else(|| text!("not employee or resident"))
}

fn parse_care(text: &str) -> Result<CareClass, Text> {
    let known = text!("not chronic, inpatient, outpatient or pharmacy");
    CareClass::from_name(text).ok_or_else(|| known.clone())
}

/// The most rows of a figure that are shown when they are not written to a file.
const SHOWN: usize = 20;

/// Runs `liangqing explain`.
pub(super) fn explain(arguments: &ExplainArguments, stop: Arc<AtomicBool>) -> Outcome<()> {
    let replace = Replace::when(arguments.force);
    let out = arguments.out.as_deref().map(|out| Output::file(out, replace)).transpose()?;
    let monitor = progress::monitor(stop, arguments.working.quiet, None);
    let pool = thread_pool(arguments.working.threads)?;
    if let Some(setl_id) = &arguments.setl_id {
        let life =
            pool.install(|| explain::explain(setl_id, &arguments.book, &arguments.input, &monitor));
        monitor.done();
        let life = life?;
        return match arguments.working.format {
            Format::Human => text(&life_text(&life)),
            Format::Json => report(&life),
        };
    }
    let explained = pool.install(|| figure(arguments, &monitor));
    monitor.done();
    let explained = explained?;
    if let Some(out) = out {
        out.write(Readers::Usual, &csv_of(&explained)?)?;
    }
    match arguments.working.format {
        Format::Human => text(&figure_text(&explained, arguments.out.as_deref())),
        Format::Json => report(&explained),
    }
}

fn figure(arguments: &ExplainArguments, monitor: &Monitor) -> Outcome<Explained> {
    let (Some(pair), Some(period), [input]) =
        (arguments.pair, arguments.period, arguments.input.as_slice())
    else {
        let problem = text!("--pair goes with one --period and the one --input of that period");
        return Err(Failure::Usage(problem));
    };
    let figure = Figure { pair, period, fund: arguments.fund, care: arguments.care };
    explain_figure(figure, &arguments.book, input, monitor)
}

fn life_text(life: &Life) -> Vec<Text> {
    let mut lines = vec![text!("{}: {}", life.setl_id, life.standing_in_words())];
    let after = life.after().map(|(period, event)| {
        text!("  {}  {}", period, Text::labelled(event.kind(), event.words()))
    });
    lines.extend(after);
    for chapter in &life.periods {
        lines.extend([text!(""), chapter.period_in_words()]);
        for event in &chapter.events {
            lines.push(text!("  {}", Text::labelled(event.kind(), event.words())));
            let details = event.details().into_iter();
            let details = details.map(|(name, value)| (format!("{name:<18}"), value));
            lines.extend(details.map(|(name, value)| text!("            {} {}", name, value)));
        }
    }
    lines
}

fn figure_text(explained: &Explained, out: Option<&Path>) -> Vec<Text> {
    let rows = &explained.settlements;
    let mut lines = vec![text!(
        "{} in {}: {} yuan, {}",
        explained.pair,
        explained.period,
        explained.gross,
        text!("{} settlement(s)", Grouped(rows.len() as u64))
    )];
    if let Some(out) = out {
        lines.push(text!("written to {}", shown(out)));
    } else {
        lines.push(rows_table(rows));
        if rows.len() > SHOWN {
            let more = Grouped((rows.len() - SHOWN) as u64);
            lines.push(text!(" and {} more: --out FILE writes all of them", more));
        }
    }
    let totals = explained.pair_totals.iter().flat_map(PairTotals::named);
    let totals = totals.map(|(name, yuan)| total(name, yuan));
    lines.push(text!("the pair: {}", list(totals)));
    lines
}

/// Returns the first rows of a figure as a table.
fn rows_table(rows: &[ClearedFigure]) -> Text {
    let header = [
        text!("setl_id"),
        text!("copy"),
        text!("from"),
        text!("line"),
        text!("fund"),
        text!("care"),
        text!("month"),
        text!("yuan"),
    ];
    let mut table = table(header, 7);
    for row in rows.iter().take(SHOWN) {
        let words =
            [text!("{}", row.side), text!("{}", row.fund_class), text!("{}", row.care_class)];
        let [side, fund, care] = words.map(|word| said(&word));
        table.add_row([
            row.setl_id.clone(),
            side,
            said(&row.origin()),
            row.line.map_or(String::new(), |line| line.to_string()),
            fund,
            care,
            row.cost_month.clone(),
            row.payable.clone(),
        ]);
    }
    table.trim_fmt()
}

/// Words a figure of a pair by the name of its column.
fn total(name: &str, yuan: &str) -> Text {
    match name {
        "gross" => text!("gross {}", yuan),
        "deductions" => text!("deductions {}", yuan),
        "brought_forward" => text!("brought_forward {}", yuan),
        "returned" => text!("returned {}", yuan),
        "carried_forward" => text!("carried_forward {}", yuan),
        "payable" => text!("payable {}", yuan),
        other => text!("{} {}", other, yuan),
    }
}

/// Returns the rows of a figure as CSV with a byte-order mark, by which spreadsheets know UTF-8.
fn csv_of(explained: &Explained) -> Outcome<Vec<u8>> {
    let mut writer = csv::Writer::from_writer(b"\xef\xbb\xbf".to_vec());
    let failed =
        |error: csv::Error| Failure::Bug(text!("rows of a figure: {}", Text::foreign(error)));
    let names = [
        "setl_id",
        "side",
        "from",
        "row",
        "line",
        "insuplc_admdvs",
        "fixmedins_code",
        "fund_class",
        "care_class",
        "cost_month",
        "payable",
    ];
    if !explained.settlements.is_empty() {
        writer.write_record(names).map_err(failed)?;
    }
    for row in &explained.settlements {
        let number = |number: Option<u64>| number.map_or_else(String::new, |n| n.to_string());
        let values = [
            // The sender of the delivery chose this text.
            &no_formula(&row.setl_id),
            row.side.name(),
            &no_formula(&row.origin().to_string()),
            &number(row.row),
            &number(row.line),
            &row.insuplc_admdvs,
            &row.fixmedins_code,
            row.fund_class.name(),
            row.care_class.name(),
            &row.cost_month,
            &row.payable,
        ];
        writer.write_record(values).map_err(failed)?;
    }
    writer.into_inner().map_err(|error| Failure::Bug(Text::foreign(error)))
}
