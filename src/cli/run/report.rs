//! The report of `run`.

use super::json::RunJson;
use crate::cli::timings::timings_table;
use crate::cli::{
    files::{PipelineSource, shown},
    judged,
    lang::word,
    lists::ListLength,
    notes,
    options::Format,
    printer::{self, text},
    rehearsal, requests,
    table::table,
    unread,
};
use crate::{
    clear::pairs::PairClearing,
    diag::Outcome,
    engine::{RunOptions, RunReport},
    event::ActivityTime,
    figures::{count_shown, cut_off},
    model::{
        codes::Side,
        control::{Bucket, Class},
        money::{FenSum, count_grouped, yuan_grouped},
    },
    reserve::{Level, notices::NoticeKind},
    system_errors::settle::ErrorSummary,
    text::{Grouped, Text, lines},
};

/// Prints the report, with the timings if they are wanted.
pub(super) fn print(
    report: &RunReport,
    (options, source): (&RunOptions, &PipelineSource),
    timings: Option<&[ActivityTime]>,
    format: Format,
) -> Outcome<()> {
    match format {
        Format::Human => {
            let mut lines = human(report, options, source);
            let timings = timings.map(|timings| [text!(""), timings_table(timings)]);
            lines.extend(timings.into_iter().flatten());
            text(&lines)
        }
        Format::Json => printer::report(&RunJson::of(report, (options, source), timings)),
    }
}

fn human(report: &RunReport, options: &RunOptions, source: &PipelineSource) -> Vec<Text> {
    let mut lines = vec![text!("period {}", report.period)];
    lines.extend(source.line());
    lines.push(text!(""));
    if let Some(overview) = &report.overview {
        lines.extend(rehearsal::tables(overview, ListLength::USUAL));
        lines.push(text!(""));
    }
    lines.extend([control_table(report), text!("")]);
    lines.extend(proven(report));
    lines.extend(notes::accepted(&report.accepted));
    lines.extend(judged::lines(&report.deductions, &report.payments));
    lines.extend(requests::lines(&report.requests));
    lines.extend(system_errors(&report.errors));
    lines.extend(known(report).into_iter().flatten());
    let notes = notes(report).into_iter().chain(unread::named(&report.unread));
    lines.extend(notes.map(|note| Text::labelled("note", note)));
    match &report.published {
        Some(folder) => {
            let signed = options.signer.iter().map(|signer| text!("{}", signer.id()));
            lines.push(Text::labelled("closed", text!("{}", shown(folder))));
            lines.push(Text::labelled("manifest", text!("{}", report.manifest_sha256)));
            lines.extend(signed.map(|id| Text::labelled("signed", id)));
        }
        None => lines.push(Text::labelled("dry run", text!("nothing was published"))),
    }
    lines.extend([text!(""), text!("next")]);
    lines.extend(next_steps(report, options).iter().map(|step| text!("  - {}", step)));
    lines
}

/// Returns what cleared, what is payable, and what was proven about both.
fn proven(report: &RunReport) -> Vec<Text> {
    let pairs = &report.money.pairs;
    let sum =
        |of: fn(&PairClearing) -> FenSum| yuan_grouped(pairs.values().map(of).sum::<FenSum>());
    let treating = |bucket| report.control.get(Side::Treating, bucket).rows;
    let came = treating(Bucket::Delivered) + treating(Bucket::Opened);
    let cleared = treating(Bucket::Cleared);
    let proof = text!("delivered + opened = all the others, on both sides, in rows and in fen");
    let share = text!(
        "{} of {} treating rows, delivered and opened: match rate {} %",
        Grouped(cleared.unsigned_abs()),
        Grouped(came.unsigned_abs()),
        cut_off(i128::from(cleared) * 100, came.into()).unwrap_or_else(|| "–".to_owned())
    );
    let payable = text!(
        "{} yuan gross, {} yuan payable, over {}",
        sum(|pair| pair.gross),
        sum(PairClearing::payable),
        text!("{} pair(s)", Grouped(pairs.len() as u64))
    );
    let checked = report.independent.as_ref().map(|compared| {
        let equal = text!(
            "independent recomputation: {}, {}, {} yuan: equal",
            text!("{} table(s)", Grouped(compared.tables.len() as u64)),
            text!("{} row(s)", Grouped(compared.rows())),
            yuan_grouped(compared.payable())
        );
        Text::labelled("checked", equal)
    });
    let visits: i64 = pairs.values().map(|pair| pair.visits).sum();
    let visits = text!("{}, a reversal counts -1", count_shown(visits.into()));
    let lines = [("proof", proof), ("cleared", share), ("visits", visits), ("payable", payable)];
    let mut lines = lines.map(|(label, value)| Text::labelled(label, value)).to_vec();
    // In most months no pair has either.
    let below = |of: fn(&PairClearing) -> FenSum| {
        let over = pairs.values().filter(|pair| !of(pair).is_zero()).count() as u64;
        let value = text!("{} yuan, over {}", sum(of), text!("{} pair(s)", Grouped(over)));
        (over > 0).then_some(value)
    };
    let returned = below(|pair| pair.returned);
    lines.extend(returned.map(|value| Text::labelled("returned", value)));
    let carried_forward = below(|pair| pair.carried_forward);
    lines.extend(carried_forward.map(|value| Text::labelled("forward", value)));
    lines.extend(checked);
    lines
}

/// Returns how many breaks daily reconciliation knew, in all and of each class.
fn known(report: &RunReport) -> Option<Vec<Text>> {
    let known = report.known.as_ref()?;
    let [all, breaks] = [known, &report.breaks].map(|classes| classes.values().sum::<u64>());
    let told = text!(
        "{} of {} break(s) were known to daily reconciliation: mended in time, they would have been spared",
        Grouped(all),
        Grouped(breaks)
    );
    let mut lines = vec![Text::labelled("known", told)];
    let of_class = |(class, known): (&&'static str, &u64)| {
        let breaks = report.breaks.get(class).copied().unwrap_or_default();
        text!("  {}: {} of {}", word(class), Grouped(*known), Grouped(breaks))
    };
    lines.extend(known.iter().map(of_class));
    Some(lines)
}

/// Returns what became of the system errors, if there are any.
fn system_errors(errors: &ErrorSummary) -> Option<Text> {
    let ErrorSummary { brought_in, new, resolved, struck_off, open, refused } = *errors;
    let told = text!(
        "{} new and {} brought in: {} resolved, {} struck off, {} open; {} row(s) refused",
        Grouped(new),
        Grouped(brought_in),
        Grouped(resolved),
        Grouped(struck_off),
        Grouped(open),
        Grouped(refused)
    );
    (*errors != ErrorSummary::default()).then(|| Text::labelled("errors", told))
}

fn control_table(report: &RunReport) -> Text {
    let (rows, yuan) = ([text!("treating rows"), text!("insured rows")], text!("yuan payable"));
    let [treating, insured] = rows;
    let header = [text!(""), treating.clone(), yuan.clone(), insured.clone(), yuan.clone()];
    let mut both = table(header, 1);
    let mut sides =
        [table([text!(""), treating, yuan.clone()], 1), table([text!(""), insured, yuan], 1)];
    for bucket in Bucket::all() {
        let totals = Side::BOTH.map(|side| report.control.get(side, bucket));
        if totals.iter().all(|totals| totals.rows == 0) {
            continue;
        }
        let name = word(bucket.name());
        let cells =
            totals.map(|of| [count_grouped(of.rows.unsigned_abs()), yuan_grouped(of.payable)]);
        for (side, [rows, payable]) in sides.iter_mut().zip(&cells) {
            side.add_row([&name, rows, payable]);
        }
        let [[treating, owed], [insured, owes]] = cells;
        both.add_row([name, treating, owed, insured, owes]);
    }
    if !both.is_wide() {
        return both.trim_fmt();
    }
    let [treating, insured] = sides.map(|side| side.trim_fmt());
    text!("{}", lines([treating, text!(""), insured]))
}

/// Returns what an operator should know about the delivery and the money.
fn notes(report: &RunReport) -> Vec<Text> {
    let mut notes = notes::normalised(&report.normalisations);
    let money = &report.money;
    let level = |level| money.at_level(level) as u64;
    let (red, yellow) = (level(Level::Red), level(Level::Yellow));
    if red + yellow > 0 {
        notes.push(text!("utilisation: {} pair(s) red, {} yellow", Grouped(red), yellow));
    }
    let overdrawn =
        money.reserves.values().filter(|reserve| reserve.closing().is_negative()).count();
    if overdrawn > 0 {
        let reserves = text!("{} reserve(s)", Grouped(overdrawn as u64));
        notes.push(text!("warning: {} overdrawn", reserves));
    }
    for year in &money.assumed_years {
        notes.push(text!(
            "warning: no calendar of {}: Monday to Friday are taken as working days",
            year
        ));
    }
    notes
}

fn next_steps(report: &RunReport, options: &RunOptions) -> Vec<Text> {
    let mut steps = Vec::new();
    let breaks = |class: Class| report.breaks.get(class.name()).copied().unwrap_or(0);
    let open: u64 = Class::ALL.into_iter().filter(|class| class.is_carried()).map(breaks).sum();
    if report.rejects > 0 {
        steps.push(text!(
            "send {} rejected row(s) back to their senders (tables/rejects.parquet)",
            Grouped(report.rejects)
        ));
    }
    if open > 0 {
        steps.push(text!(
            "have the provinces explain {} carried break(s) (tables/breaks.parquet), which {} \
             will look at again",
            Grouped(open),
            report.period.plus(1)
        ));
    }
    steps.extend(judged::next_steps(&report.deductions, &report.payments));
    steps.extend(requests::next_step(&report.requests));
    if report.errors.refused > 0 {
        steps.push(text!(
            "send {} refused row(s) of system errors back to their senders (tables/errors_refused.parquet)",
            Grouped(report.errors.refused)
        ));
    }
    let notices = |kind| report.money.notices.values().filter(|n| n.kind == kind).count() as u64;
    let kinds = NoticeKind::ALL.map(|kind| (kind, notices(kind)));
    let mut dated = kinds.to_vec();
    dated.retain(|(kind, count)| *kind != NoticeKind::Emergency && *count > 0);
    if !dated.is_empty() {
        let by_kind: Vec<String> = dated
            .iter()
            .map(|(kind, count)| format!("{} {}", kind.name(), count_grouped(*count)))
            .collect();
        let all: u64 = dated.iter().map(|(_, count)| count).sum();
        steps.push(text!(
            "issue {} ({}), to be paid by {} (tables/notices.parquet)",
            text!("{} notice(s)", Grouped(all)),
            by_kind.join(", "),
            report.money.dates.pay_by
        ));
    }
    let suggested = notices(NoticeKind::Emergency);
    if suggested > 0 {
        steps.push(text!(
            "have the treating provinces decide whether to apply for {} suggested emergency increase(s)",
            Grouped(suggested)
        ));
    }
    steps.push(if options.dry_run {
        text!("run again without --dry-run to close {}", report.period)
    } else {
        text!("close {} next", report.period.plus(1))
    });
    steps
}
