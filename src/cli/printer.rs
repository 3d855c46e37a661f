//! What commands print: reports on stdout, failures on stderr.

use std::{
    io::{self, Write},
    path::Path,
    time::Duration,
};

use rust_decimal::{Decimal, RoundingStrategy};
use serde_json::{Value, json};

use super::{
    args::Format,
    findings, judged,
    lang::{said, word},
    run::shown,
    table::table,
    unread,
};
use crate::{
    clear::pairs::PairSums,
    diag::{self, Failure, Finding, Outcome, printable},
    engine::{RunOptions, RunReport},
    event::{Estimate, Timing},
    independent::ComparedTable,
    model::{
        codes::Side,
        control::{Bucket, Class},
        money::{FenSum, count_grouped, yuan, yuan_grouped},
    },
    reserve::{Level, notices::Kind},
    signing::Signer,
    synth::{Summary, SynthOptions},
};

/// Prints text for people on stdout, in their language.
pub(super) fn text(text: &str) -> Outcome<()> {
    raw(&said(text))
}

/// Prints text on stdout as it is; a reader that goes away is not an error.
pub(super) fn raw(text: &str) -> Outcome<()> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Failure::Io { place: "stdout".to_owned(), error })
        }
        _ => Ok(()),
    }
}

/// Prints a report for programs on stdout.
pub(super) fn json_text(value: &Value) -> Outcome<()> {
    raw(&format!("{value:#}\n"))
}

/// Prints what a command found as a versioned report for programs.
pub(super) fn report(found: &impl serde::Serialize) -> Outcome<()> {
    let mut value =
        serde_json::to_value(found).map_err(|error| Failure::Bug(format!("report: {error}")))?;
    value["format"] = 1.into();
    json_text(&value)
}

/// Says why a command did not succeed.
pub(super) fn failure(failure: &Failure, format: Format) {
    if matches!(failure, Failure::Reported) {
        return;
    }
    if format == Format::Json {
        let mut value = json!({ "status": "failed", "exit": failure.exit_status(), "error": failure.to_string() });
        if !failure.findings().is_empty() {
            let findings: Vec<Value> = failure
                .findings()
                .iter()
                .map(|finding| {
                    json!({
                        "code": finding.code.id(), "file": finding.file, "place": finding.place,
                        "found": finding.found, "expected": finding.code.expected(),
                        "hint": finding.hint(),
                    })
                })
                .collect();
            value["findings"] = findings.into();
        }
        _ = json_text(&value);
        return;
    }
    let mut lines = vec![format!("error: {failure}")];
    match failure {
        Failure::Refused(_) | Failure::Unfit(..) => {
            lines.extend(findings::listed(failure.findings()));
        }
        _ => lines.extend(failure.findings().iter().map(|finding| format!("  {finding}"))),
    }
    let all = counted(failure.findings().len() as u64, "finding");
    match failure {
        Failure::Refused(_) => {
            lines.push(format!("{all} in all; nothing was published and the book is as it was"));
        }
        Failure::Unfit(..) => lines.push(format!("{all} in all; nothing was written")),
        Failure::Differences(_, findings) if !findings.is_empty() => {
            lines.push(format!("{all} in all"));
        }
        _ => {}
    }
    lines.push(String::new());
    _ = io::stderr().lock().write_all(said(&lines.join("\n")).as_bytes());
}

/// Says on stderr what did not stop a command.
pub(super) fn warning(text: &str) {
    _ = writeln!(io::stderr().lock(), "{}", said(&format!("warning: {text}")));
}

/// The report of `check`.
pub(super) fn checked(pipeline: &Path, format: Format) -> Outcome<()> {
    match format {
        Format::Human => text(&format!("{}: good\n", diag::shown(pipeline))),
        Format::Json => json_text(&json!({ "status": "ok", "pipeline": pipeline })),
    }
}

/// The report of `run`, with what the time went into where that is wanted.
pub(super) fn run_report(
    report: &RunReport,
    options: &RunOptions,
    timings: Option<&[Timing]>,
    format: Format,
) -> Outcome<()> {
    match format {
        Format::Human => {
            let timings = timings.map(|timings| format!("\n{}\n", timings_table(timings)));
            text(&format!("{}{}", human(report, options), timings.unwrap_or_default()))
        }
        Format::Json => {
            let mut value = machine(report, options);
            if let Some(timings) = timings {
                value["timings"] = timings.iter().map(timing_value).collect();
            }
            json_text(&value)
        }
    }
}

fn timing_value(timing: &Timing) -> Value {
    json!({
        "activity": timing.activity.name(),
        "busy_milliseconds": u64::try_from(timing.busy.as_millis()).unwrap_or(u64::MAX),
        "rows": timing.rows,
        "rows_per_second": per_second(timing.rows, timing.busy),
        "bytes": timing.bytes,
        "bytes_per_second": per_second(timing.bytes, timing.busy),
    })
}

/// What threads were busy with, added up over all of them.
fn timings_table(timings: &[Timing]) -> String {
    let mut table = table(["busy with", "seconds", "rows", "rows/s", "MB", "MB/s"], 1);
    let number = |number: u64| if number == 0 { String::new() } else { count_grouped(number) };
    for Timing { activity, busy, rows, bytes } in timings {
        table.add_row([
            said(activity.name()).into_owned(),
            format!("{}.{:02}", busy.as_secs(), busy.subsec_millis() / 10),
            number(*rows),
            number(per_second(*rows, *busy)),
            number(bytes / 1_000_000),
            number(per_second(*bytes, *busy) / 1_000_000),
        ]);
    }
    table.trim_fmt()
}

fn per_second(count: u64, busy: Duration) -> u64 {
    let rate = u128::from(count) * 1_000_000_000 / busy.as_nanos().max(1);
    u64::try_from(rate).unwrap_or(u64::MAX)
}

/// What a run will need, on stderr; quietly, only what will not do.
pub(super) fn estimate(estimate: &Estimate, book: &Path, quiet: bool) {
    let megabytes = |bytes: u64| count_grouped(bytes.div_ceil(1_000_000));
    let Estimate { rows, input_bytes, memory_bytes, disk_bytes, core_seconds, .. } = *estimate;
    if !quiet {
        let [least, most] = core_seconds;
        let line = format!(
            "estimate  {} in {} MB; {} MB of memory, {} MB of disk, {} to {} core seconds",
            counted(rows, "row"),
            megabytes(input_bytes),
            megabytes(memory_bytes),
            megabytes(disk_bytes),
            least,
            most
        );
        _ = writeln!(io::stderr().lock(), "{}", said(&line));
    }
    // The folder is there: the run has opened its book.
    if let Ok(disk) = rustix::fs::statvfs(book) {
        let free = disk.f_bavail.saturating_mul(disk.f_frsize);
        if free < disk_bytes {
            warning(&format!(
                "{} MB are free at {}, about {} MB are needed",
                megabytes(free),
                shown(book),
                megabytes(disk_bytes)
            ));
        }
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
    let independent = report.independent.as_ref().map(|compared| {
        let table = |table: &ComparedTable| {
            (table.name.to_owned(), json!({ "rows": table.rows, "yuan": yuan(table.fen) }))
        };
        json!({
            "equal": true,
            "rows": compared.rows(),
            "tables": Value::Object(compared.tables.iter().map(table).collect()),
        })
    });
    json!({
        "format": 1,
        "status": if options.dry_run { "dry run" } else { "closed" },
        "period": report.period.to_string(),
        "published": report.published,
        "manifest_sha256": report.manifest_sha256,
        "signed_by": options.signer.as_ref().map(Signer::id),
        "control": { "treating": control(Side::Treating), "insured": control(Side::Insured) },
        "rejects": report.rejects,
        "breaks": report.breaks,
        "pairs": report.money.pairs.len(),
        "gross": sum(|pair| pair.gross),
        "payable": sum(PairSums::payable),
        "carried_forward": sum(PairSums::carried_forward),
        "deductions": report.deductions,
        "payments": report.payments,
        "normalisations": report.normalisations,
        "accepted": report.accepted,
        "unread": report.unread,
        "independent": independent,
    })
}

fn human(report: &RunReport, options: &RunOptions) -> String {
    let pairs = &report.money.pairs;
    let sum = |of: fn(&PairSums) -> FenSum| yuan_grouped(pairs.values().map(of).sum::<FenSum>());
    let treating = |bucket| report.control.get(Side::Treating, bucket).rows;
    let came = treating(Bucket::Delivered) + treating(Bucket::Opened);
    let cleared = treating(Bucket::Cleared);
    let rows = |rows: i64| count_grouped(rows.unsigned_abs());
    let mut lines = vec![
        format!("period {}", report.period),
        String::new(),
        control_table(report),
        String::new(),
        "proof     delivered + opened = all the others, on both sides, in rows and in fen"
            .to_owned(),
        format!(
            "cleared   {} of {} treating rows, delivered and opened ({})",
            rows(cleared),
            rows(came),
            percent(cleared, came)
        ),
        format!(
            "payable   {} yuan gross, {} yuan to pay, {} yuan carried forward, over {}",
            sum(|pair| pair.gross),
            sum(PairSums::payable),
            sum(PairSums::carried_forward),
            counted(pairs.len() as u64, "pair")
        ),
    ];
    lines.extend(report.independent.as_ref().map(|compared| {
        format!(
            "checked   independent recomputation: {}, {}, {} yuan: equal",
            counted(compared.tables.len() as u64, "table"),
            counted(compared.rows(), "row"),
            yuan_grouped(compared.payable())
        )
    }));
    lines.extend(accepted(report));
    lines.extend(judged::lines(&report.deductions, &report.payments));
    let notes = notes(report).into_iter().chain(unread::named(&report.unread));
    lines.extend(notes.map(|note| format!("note      {note}")));
    match &report.published {
        Some(folder) => {
            lines.push(format!("closed    {}", shown(folder)));
            lines.push(format!("manifest  {}", report.manifest_sha256));
            lines.extend(options.signer.iter().map(|signer| format!("signed    {}", signer.id())));
        }
        None => lines.push("dry run   nothing was published".to_owned()),
    }
    lines.extend([String::new(), "next".to_owned()]);
    lines.extend(next_steps(report, options).iter().map(|step| format!("  - {step}")));
    lines.push(String::new());
    lines.join("\n")
}

/// The report of `synth`.
pub(super) fn synth_summary(
    summary: &Summary,
    options: &SynthOptions,
    format: Format,
) -> Outcome<()> {
    if format == Format::Json {
        let measures: Vec<Value> = summary
            .measures
            .iter()
            .map(|m| json!({ "measure": m.measure, "target": m.target, "made": m.made }))
            .collect();
        return json_text(&json!({
            "format": 1, "status": "made", "rows": summary.rows, "settlements": summary.settlements,
            "breaks": summary.breaks, "measures": measures,
        }));
    }
    let mut table = table(["measure", "published or asked for", "made"], 3);
    for measure in &summary.measures {
        table.add_row([said(&measure.measure), said(&measure.target), said(&measure.made)]);
    }
    let breaks: Vec<String> =
        summary.breaks.iter().map(|(class, rows)| format!("{class} {rows}")).collect();
    text(&format!(
        "{}\n\nmade      {} of {} in {}\nplanted   {}\n\nnext\n  - liangqing run --period {} \
         --input {} --book DIR --accept G04\n",
        table.trim_fmt(),
        counted(summary.rows, "row"),
        counted(summary.settlements, "settlement"),
        counted(options.periods.into(), "period"),
        if breaks.is_empty() { "nothing".to_owned() } else { breaks.join(", ") },
        options.first_period,
        shown(&options.out.join(options.first_period.to_string())),
    ))
}

fn control_table(report: &RunReport) -> String {
    let mut both = table(["", "treating rows", "yuan payable", "insured rows", "yuan payable"], 1);
    let mut sides = [
        table(["", "treating rows", "yuan payable"], 1),
        table(["", "insured rows", "yuan payable"], 1),
    ];
    for bucket in Bucket::all() {
        let totals = Side::BOTH.map(|side| report.control.get(side, bucket));
        if totals.iter().all(|totals| totals.rows == 0) {
            continue;
        }
        let name = word(bucket.name()).into_owned();
        let cells =
            totals.map(|of| [count_grouped(of.rows.unsigned_abs()), yuan_grouped(of.payable)]);
        for (side, [rows, payable]) in sides.iter_mut().zip(&cells) {
            side.add_row([&name, rows, payable]);
        }
        let [[treating, owed], [insured, owes]] = cells;
        both.add_row([name, treating, owed, insured, owes]);
    }
    if both.is_wide() { sides.map(|side| side.trim_fmt()).join("\n\n") } else { both.trim_fmt() }
}

fn percent(part: i64, whole: i64) -> String {
    let ratio = Decimal::from(part).checked_div(Decimal::from(whole)).unwrap_or_default();
    let percent = ratio * Decimal::ONE_HUNDRED;
    format!("{} %", percent.round_dp_with_strategy(2, RoundingStrategy::ToZero).normalize())
}

/// A number of things, in words.
pub(super) fn counted(count: u64, noun: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{} {noun}{plural}", count_grouped(count))
}

/// What an operator should know about the delivery and the money.
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
        (n.alias_columns, "column", " under another name"),
        (n.respelled_columns, "column", " in another spelling"),
        (n.integer_code_columns, "column", " of integer codes"),
        (n.null_columns, "column", " of the null type"),
        (n.rescaled_columns, "decimal column", " of another scale"),
        (n.utc_time_columns, "timestamp column", " in UTC"),
        (n.null_amounts, "null amount", ""),
        (n.empty_texts, "empty text", ""),
        (n.padded_flags, "flag", " with blanks"),
        (n.extra_columns, "further column", ""),
    ]
    .into_iter()
    .filter(|(count, _, _)| *count > 0)
    .map(|(count, noun, rest)| format!("{}{rest}", counted(count, noun)))
    .collect();
    if !taken.is_empty() {
        notes.push(format!("normalised {}", taken.join(", ")));
    }
    let money = &report.money;
    let level = |level| money.at_level(level) as u64;
    let (red, yellow) = (level(Level::Red), level(Level::Yellow));
    if red + yellow > 0 {
        notes.push(format!("utilisation: {} red, {} yellow", counted(red, "pair"), yellow));
    }
    let overdrawn = money.reserves.values().filter(|reserve| reserve.closing() < 0).count();
    if overdrawn > 0 {
        notes.push(format!("warning: {} overdrawn", counted(overdrawn as u64, "reserve")));
    }
    for year in &money.assumed_years {
        notes.push(format!(
            "warning: no calendar of {year}: Monday to Friday are taken as working days"
        ));
    }
    notes
}

/// What was asked about and is meant: of each code the first finding, and how many there are.
fn accepted(report: &RunReport) -> Vec<String> {
    let by_code = report.accepted.chunk_by(|a, b| a.code == b.code);
    let line = |of_code: &[Finding]| {
        let Finding { code, file, found, .. } = &of_code[0];
        let first = format!("accepted  {code} at {}: {}", printable(file), printable(found));
        let more = of_code.len() - 1;
        if more == 0 { first } else { format!("{first}, and {more} more") }
    };
    by_code.map(line).collect()
}

fn next_steps(report: &RunReport, options: &RunOptions) -> Vec<String> {
    let mut steps = Vec::new();
    let breaks = |class: Class| report.breaks.get(class.name()).copied().unwrap_or(0);
    let open: u64 = Class::ALL.into_iter().filter(|class| class.is_carried()).map(breaks).sum();
    if report.rejects > 0 {
        steps.push(format!(
            "send {} back to their senders (tables/rejects.parquet)",
            counted(report.rejects, "rejected row")
        ));
    }
    if open > 0 {
        steps.push(format!(
            "have the provinces explain {} (tables/breaks.parquet), which {} will look at again",
            counted(open, "carried settlement"),
            report.period.plus(1)
        ));
    }
    steps.extend(judged::next_steps(&report.deductions, &report.payments));
    let notices = |kind| report.money.notices.values().filter(|n| n.kind == kind).count() as u64;
    let (clearing, yearly) = (notices(Kind::Clearing), notices(Kind::Yearly));
    if clearing + yearly > 0 {
        steps.push(format!(
            "issue {}, to be paid by {} (tables/notices.parquet)",
            counted(clearing + yearly, "notice"),
            report.money.dates.pay_by
        ));
    }
    if notices(Kind::Emergency) > 0 {
        steps.push(format!(
            "submit {} to the national agency",
            counted(notices(Kind::Emergency), "emergency proposal")
        ));
    }
    steps.push(if options.dry_run {
        format!("run again without --dry-run to close {}", report.period)
    } else {
        format!("close {} next", report.period.plus(1))
    });
    steps
}
