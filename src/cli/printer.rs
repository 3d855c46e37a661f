//! What commands print: reports on stdout, failures on stderr.

use std::{io::Write, path::Path};

use comfy_table::{CellAlignment, Table, presets::UTF8_HORIZONTAL_ONLY};
use rust_decimal::{Decimal, RoundingStrategy};
use serde_json::{Value, json};

use super::{args::Format, run::shown};
use crate::{
    clear::pairs::PairSums,
    codes::Side,
    control::{Bucket, Class},
    diag::{Failure, Outcome},
    engine::{RunOptions, RunReport},
    money::{FenSum, count_grouped, yuan, yuan_grouped},
};

/// Prints text on stdout; a reader that goes away is not an error.
pub(super) fn text(text: &str) -> Outcome<()> {
    match std::io::stdout().lock().write_all(text.as_bytes()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(Failure::Io { place: "stdout".to_owned(), error })
        }
        _ => Ok(()),
    }
}

fn json_text(value: &Value) -> Outcome<()> {
    text(&format!("{value:#}\n"))
}

/// Says why a command did not succeed.
pub(super) fn failure(failure: &Failure, format: Format) {
    if format == Format::Json {
        let mut value = json!({ "status": "failed", "exit": failure.exit_status(), "error": failure.to_string() });
        if let Failure::Refused(findings) = failure {
            let findings: Vec<Value> = findings
                .iter()
                .map(|finding| {
                    json!({
                        "code": finding.code.id(), "file": finding.file, "place": finding.place,
                        "found": finding.found, "expected": finding.code.expected(),
                        "hint": finding.code.hint(),
                    })
                })
                .collect();
            value["findings"] = findings.into();
        }
        _ = json_text(&value);
        return;
    }
    let mut message = format!("error: {failure}\n");
    if let Failure::Refused(findings) = failure {
        for finding in findings {
            message.push_str(&format!("  {finding}\n"));
        }
        message.push_str(&format!(
            "{} in all; nothing was published and the book is as it was\n",
            counted(findings.len() as u64, "finding")
        ));
    }
    _ = std::io::stderr().lock().write_all(message.as_bytes());
}

/// The report of `check`.
pub(super) fn checked(pipeline: &Path, format: Format) -> Outcome<()> {
    match format {
        Format::Human => text(&format!("{}: good\n", pipeline.display())),
        Format::Json => json_text(&json!({ "status": "ok", "pipeline": pipeline })),
    }
}

/// The report of `run`.
pub(super) fn run_report(report: &RunReport, options: &RunOptions, format: Format) -> Outcome<()> {
    match format {
        Format::Human => text(&human(report, options)),
        Format::Json => json_text(&machine(report, options)),
    }
}

fn machine(report: &RunReport, options: &RunOptions) -> Value {
    let control = |side: Side| {
        let cells = Bucket::all().map(|bucket| {
            let totals = report.control.get(side, bucket);
            let cell = json!({
                "rows": totals.rows,
                "medfee_sumamt": yuan(totals.medfee),
                "payable": yuan(totals.payable),
            });
            (bucket.name().to_owned(), cell)
        });
        Value::Object(cells.collect())
    };
    let sum =
        |of: fn(&PairSums) -> FenSum| yuan(report.money.pairs.values().map(of).sum::<FenSum>());
    json!({
        "format": 1,
        "status": if options.dry_run { "dry run" } else { "closed" },
        "period": report.period.to_string(),
        "published": report.published,
        "manifest_sha256": report.manifest_sha256,
        "control": { "treating": control(Side::Treating), "insured": control(Side::Insured) },
        "rejects": report.rejects,
        "breaks": report.breaks,
        "pairs": report.money.pairs.len(),
        "gross": sum(|pair| pair.gross),
        "payable": sum(PairSums::payable),
        "carried_forward": sum(PairSums::carried_forward),
        "normalisations": report.normalisations,
    })
}

fn human(report: &RunReport, options: &RunOptions) -> String {
    let mut out = format!("period {}\n\n{}\n", report.period, control_table(report));
    let sum = |of: fn(&PairSums) -> FenSum| report.money.pairs.values().map(of).sum::<FenSum>();
    let delivered = report.control.get(Side::Treating, Bucket::Delivered).rows;
    let cleared = report.control.get(Side::Treating, Bucket::Cleared).rows;
    out.push_str(&format!(
        "\nproof     delivered + opened = all the others, on both sides, in rows and in fen\n\
         cleared   {} of {} treating rows ({})\n\
         payable   {} yuan gross over {}, {} yuan to pay\n",
        count_grouped(cleared.unsigned_abs()),
        count_grouped(delivered.unsigned_abs()),
        percent(cleared, delivered),
        yuan_grouped(sum(|pair| pair.gross)),
        counted(report.money.pairs.len() as u64, "pair"),
        yuan_grouped(sum(PairSums::payable)),
    ));
    for note in notes(report) {
        out.push_str(&format!("note      {note}\n"));
    }
    match &report.published {
        Some(folder) => {
            let manifest = &report.manifest_sha256;
            out.push_str(&format!("closed    {}\nmanifest  {manifest}\n", shown(folder)));
        }
        None => out.push_str("dry run   nothing was published\n"),
    }
    out.push_str("\nnext\n");
    for step in next_steps(report, options) {
        out.push_str(&format!("  - {step}\n"));
    }
    out
}

fn control_table(report: &RunReport) -> String {
    let mut table = Table::new();
    table.load_style(UTF8_HORIZONTAL_ONLY);
    table.set_header(["", "treating rows", "yuan payable", "insured rows", "yuan payable"]);
    for bucket in Bucket::all() {
        let sides = Side::BOTH.map(|side| report.control.get(side, bucket));
        if sides.iter().all(|totals| totals.rows == 0) {
            continue;
        }
        let mut row = vec![bucket.name().to_owned()];
        for totals in sides {
            row.push(count_grouped(totals.rows.unsigned_abs()));
            row.push(yuan_grouped(totals.payable));
        }
        table.add_row(row);
    }
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table.trim_fmt()
}

fn percent(part: i64, whole: i64) -> String {
    let ratio = Decimal::from(part).checked_div(Decimal::from(whole)).unwrap_or_default();
    let percent = ratio * Decimal::ONE_HUNDRED;
    format!("{} %", percent.round_dp_with_strategy(2, RoundingStrategy::ToZero).normalize())
}

fn counted(count: u64, noun: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{} {noun}{plural}", count_grouped(count))
}

/// What an operator should know about the delivery.
fn notes(report: &RunReport) -> Vec<String> {
    let n = report.normalisations;
    let mut notes = Vec::new();
    if n.int96_columns > 0 {
        notes.push(format!(
            "warning: {} of INT96, taken as the rules say (int96); ask the sender for TIMESTAMP",
            counted(n.int96_columns, "timestamp column")
        ));
    }
    let taken: Vec<String> = [
        (n.alias_columns, "column under another name"),
        (n.integer_code_columns, "column of integer codes"),
        (n.null_columns, "column of the null type"),
        (n.rescaled_columns, "decimal column of a scale below 2"),
        (n.utc_time_columns, "timestamp column in UTC"),
        (n.null_amounts, "null amount"),
        (n.empty_texts, "empty text"),
        (n.extra_columns, "further column"),
    ]
    .into_iter()
    .filter(|(count, _)| *count > 0)
    .map(|(count, noun)| match noun.split_once(' ') {
        Some(("column", rest)) => format!("{} {rest}", counted(count, "column")),
        _ => counted(count, noun),
    })
    .collect();
    if !taken.is_empty() {
        notes.push(format!("normalised {}", taken.join(", ")));
    }
    notes
}

fn next_steps(report: &RunReport, options: &RunOptions) -> Vec<String> {
    let mut steps = Vec::new();
    let carried = |class: Class| report.breaks.get(class.name()).copied().unwrap_or(0);
    let open: u64 = Class::ALL.into_iter().filter(|class| class.is_carried()).map(carried).sum();
    if report.rejects > 0 {
        steps.push(format!(
            "send {} back to their senders (tables/rejects.parquet)",
            counted(report.rejects, "rejected row")
        ));
    }
    if open > 0 {
        steps.push(format!(
            "have the provinces explain {} (tables/breaks.parquet); they stay open until {}",
            counted(open, "carried settlement"),
            report.period.plus(1)
        ));
    }
    steps.push(if options.dry_run {
        format!("run again without --dry-run to close {}", report.period)
    } else {
        format!("close {} next", report.period.plus(1))
    });
    steps
}
