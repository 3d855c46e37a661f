//! The command `diff`.

use std::path::PathBuf;

use clap::Args;

use super::{
    options::Format,
    printer::{report, text},
    table::table,
};
use crate::{
    audit::diff::{self, Differences, Payable, PeriodDifference},
    diag::{Failure, Outcome},
    text::{Grouped, Text},
};

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  liangqing diff book/2025-10 other-book/2025-10
  liangqing diff book restated-book

Amounts are those of the second without those of the first. What cleared differently is split by cause;
causes that the results alone cannot tell apart are named together: run once more with one of them changed.
Two books show what a changed period does to every later one (docs/audit.md). Exit status 5: they differ.")]
pub(super) struct DiffArguments {
    /// A closed period, or a book
    pub(super) first: PathBuf,
    /// The same period, or book, otherwise
    pub(super) second: PathBuf,
    /// How to print the report
    #[arg(long, value_enum, default_value_t)]
    pub(super) format: Format,
}

/// Runs `liangqing diff`.
pub(super) fn diff(arguments: &DiffArguments) -> Outcome<()> {
    let found = diff::diff(&arguments.first, &arguments.second)?;
    match arguments.format {
        Format::Human => text(&diff_text(&found))?,
        Format::Json => report(&found)?,
    }
    let whole = found.only_first.is_empty() && found.only_second.is_empty();
    let same = whole && found.periods.iter().all(PeriodDifference::is_none);
    if same { Ok(()) } else { Err(Failure::Reported) }
}

fn diff_text(found: &Differences) -> Vec<Text> {
    let mut lines = Vec::new();
    let only = [(&found.only_first, text!("first")), (&found.only_second, text!("second"))];
    for (periods, which) in only {
        if !periods.is_empty() {
            lines.push(text!("only in the {}: {}", which, periods.join(", ")));
        }
    }
    if found.periods.len() > 1 {
        let header = [
            text!("period"),
            text!("payable"),
            text!("carried forward"),
            text!("closing reserves"),
            text!("tables"),
        ];
        let mut all = table(header, 1);
        for period in &found.periods {
            let Payable { payable, carried_forward, reserves, .. } = &period.payable;
            let tables = period.tables.len().to_string();
            all.add_row([&period.period, payable, carried_forward, reserves, &tables]);
        }
        lines.extend([text!("the second without the first, in yuan"), all.trim_fmt()]);
    }
    for period in &found.periods {
        lines.extend((!lines.is_empty()).then(|| text!("")));
        lines.extend(period_lines(period));
    }
    lines
}

fn period_lines(period: &PeriodDifference) -> Vec<Text> {
    if period.is_none() && period.given.is_empty() {
        return vec![Text::labelled("period", text!("{}: the same", period.period))];
    }
    let mut lines = vec![Text::labelled("period", text!("{}", period.period))];
    lines.extend(period.given.iter().map(|given| Text::labelled("given", given.words())));
    if period.is_none() {
        lines.push(Text::labelled("results", text!("the same")));
        return lines;
    }
    for cause in &period.causes {
        let settlements = text!("{} settlement(s)", Grouped(cause.settlements));
        let said = text!("{} yuan, {}, by {}", cause.gross, settlements, cause.words());
        lines.push(Text::labelled("cleared", said));
    }
    let Payable { payable, gross, deductions, brought_forward, returned, carried_forward, .. } =
        &period.payable;
    let said = text!(
        "{} = gross {} - deductions {} + brought forward {} + returned {} - carried forward {}",
        payable,
        gross,
        deductions,
        brought_forward,
        returned,
        carried_forward
    );
    lines.push(Text::labelled("payable", said));
    for table in &period.tables {
        lines.push(Text::labelled("table", text!("{}: {}", table.table, table.summary())));
        let examples = table.examples_in_words();
        lines.extend(examples.map(|example| text!("          {}", example)));
        let more = table.rows_that_differ() - table.examples.len() as u64;
        lines.extend((more > 0).then(|| text!("          and {} more", Grouped(more))));
    }
    lines
}
