//! The command `explain`.

use std::{
    path::Path,
    sync::{Arc, atomic::AtomicBool},
};

use super::{
    args::{ExplainArguments, Format},
    lang::said,
    printer::{counted, report, text},
    progress,
    run::{shown, thread_pool},
    table::table,
};
use crate::{
    audit::explain::{
        self, Life,
        figure::{Explained, Figure, Settlement, explain_figure},
    },
    diag::{Failure, Outcome, printable},
    event::Monitor,
    model::money::count_grouped,
    place::output::{Output, Readers, Replace},
    statements::no_formula,
};

/// Rows of a figure that are shown when they are not written into a file.
const SHOWN: usize = 20;

/// `liangqing explain`
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
        let problem = "--pair goes with one --period and the one --input of that period";
        return Err(Failure::Usage(problem.to_owned()));
    };
    let figure = Figure { pair, period, fund: arguments.fund, care: arguments.care };
    explain_figure(figure, &arguments.book, input, monitor)
}

fn life_text(life: &Life) -> String {
    let mut lines = vec![format!("{}: {}", printable(&life.setl_id), printable(&life.standing))];
    for chapter in &life.periods {
        lines.push(String::new());
        lines.push(printable(&chapter.period));
        for event in &chapter.events {
            lines.push(format!("  {:<10}{}", event.kind, printable(&event.what)));
            lines.extend(
                event
                    .details
                    .iter()
                    .map(|(name, value)| format!("            {name:<18} {}", printable(value))),
            );
        }
    }
    lines.push(String::new());
    lines.join("\n")
}

fn figure_text(explained: &Explained, out: Option<&Path>) -> String {
    let rows = &explained.settlements;
    let mut lines = vec![format!(
        "{} in {}: {} yuan, {}",
        explained.pair,
        explained.period,
        explained.gross,
        counted(rows.len() as u64, "settlement")
    )];
    if let Some(out) = out {
        lines.push(format!("written to {}", shown(out)));
    } else {
        let header = ["setl_id", "copy", "from", "line", "fund", "care", "month", "yuan"];
        let mut table = table(header, 7);
        for row in rows.iter().take(SHOWN) {
            table.add_row([
                row.setl_id.as_str().into(),
                said(row.side),
                said(&row.from),
                row.line.map_or(String::new(), |line| line.to_string()).into(),
                said(row.fund_class),
                said(row.care_class),
                row.cost_month.as_str().into(),
                row.payable.as_str().into(),
            ]);
        }
        lines.push(table.trim_fmt());
        if rows.len() > SHOWN {
            let more = count_grouped((rows.len() - SHOWN) as u64);
            lines.push(format!(" and {more} more: --out FILE writes all of them"));
        }
    }
    let totals = explained.pair_totals.iter().map(|(name, yuan)| format!("{name} {yuan}"));
    lines.push(format!("the pair: {}", totals.collect::<Vec<_>>().join(", ")));
    lines.push(String::new());
    lines.join("\n")
}

/// The rows of a figure as CSV, which spreadsheets know as UTF-8 by its first bytes.
fn csv_of(explained: &Explained) -> Outcome<Vec<u8>> {
    let mut writer = csv::Writer::from_writer(b"\xef\xbb\xbf".to_vec());
    let failed = |error: csv::Error| Failure::Bug(format!("rows of a figure: {error}"));
    for row in &explained.settlements {
        // What a delivery's writer chose.
        let (setl_id, from) = (no_formula(&row.setl_id), no_formula(&row.from));
        writer.serialize(Settlement { setl_id, from, ..row.clone() }).map_err(failed)?;
    }
    writer.into_inner().map_err(|error| Failure::Bug(error.to_string()))
}
