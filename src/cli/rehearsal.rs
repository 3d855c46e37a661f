//! A delivery that is looked at before the run, for `check` and `run`: who has sent what, and what would refuse it.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    sync::{Arc, atomic::AtomicBool},
};

use schemars::JsonSchema;
use serde::Serialize;

use super::{
    extensions::Extensions,
    failure::FindingReport,
    files::{PipelinePlace, PipelineSource, read_rules, shown},
    findings,
    lang::said,
    lists::ListLength,
    notes,
    options::Format,
    printer::{report, text},
    progress,
    remote::Remote,
    table::{TextTable, table},
    threads::thread_pool,
    unread,
};
use crate::{
    book::closed_periods,
    contract::walk::Unread,
    diag::{Failure, Finding, Outcome, codes::RowRule},
    ingest::survey::Normalisations,
    model::{
        codes::{Province, Side},
        money::{FenSum, count_grouped, parse_sum, yuan_grouped},
    },
    pipeline::Settings,
    rehearsal::{
        self, BrokenRuleRows, Overview, Rehearsal, RehearsalOptions, SenderTotals, SentFile, Told,
    },
    shapes::FormatNumber,
    text::{Grouped, Text},
};

/// The memory limit in bytes when a pipeline file has none.
pub(super) const DEFAULT_MEMORY: usize = 2 << 30;

/// A delivery that was looked at before the run. Nothing is written, and no settlement is reconciled.
#[derive(Serialize, JsonSchema)]
#[schemars(title = "check DELIVERY --format json")]
pub(super) struct CheckedDelivery<'a> {
    /// The format of the report.
    format: FormatNumber<1>,
    /// Whether a run would be refused by what was found; the exit status is then 3.
    status: DeliveryStatus,
    /// The delivery.
    input: &'a Path,
    /// The pipeline whose settings were taken.
    pipeline: &'a PipelineSource,
    /// Whether the period was not given, but is that of most cost months.
    period_assumed: bool,
    /// What is there.
    check: &'a Overview,
    /// Every finding that would refuse the run, by file.
    findings: Vec<FindingReport<'a>>,
    /// What was asked about and is meant, by code.
    accepted: &'a [Finding],
    /// What lies in the delivery and is not read.
    unread: &'a [Unread],
    /// How many things were taken although they are written differently from the contract.
    normalisations: Normalisations,
    /// What only a run judges: breaks, codes, and groups of codes by their letter.
    not_judged: &'a [&'static str],
}

/// What a check says of a delivery.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum DeliveryStatus {
    /// Nothing was found that would refuse a run.
    Ok,
    /// A run would be refused.
    Refused,
}

/// Drops the opening quotas of a pipeline when its book has a period already, as they are for the first one, and those
/// of a working folder when the file is not there yet: then G04 asks for it.
pub(super) fn quotas_of_first(settings: &mut Settings, source: &PipelineSource) -> Outcome<()> {
    let book = settings.book.as_deref().filter(|book| book.is_dir());
    let has_period = book.map(closed_periods).transpose()?.is_some_and(|all| !all.is_empty());
    let is_needed = |file: &PathBuf| match source.from {
        PipelinePlace::WorkingFolder => !has_period && file.exists(),
        PipelinePlace::BuiltIn | PipelinePlace::File => !has_period,
    };
    settings.opening_quotas = settings.opening_quotas.take().filter(is_needed);
    Ok(())
}

/// Looks at the delivery of a pipeline, and prints what it has.
pub(super) fn rehearse(
    mut settings: Settings,
    (source, quotas_given): (&PipelineSource, bool),
    (format, quiet, list): (Format, bool, ListLength),
    stop: Arc<AtomicBool>,
    extensions: Extensions,
) -> Outcome<()> {
    let Some(named) = settings.input.clone() else {
        let problem = text!("{} missing", "--input");
        let hint = text!("name the folder of the delivery: liangqing check DELIVERY");
        return Err(Failure::Usage(problem.hinting(hint)));
    };
    if settings.needs_period() {
        let hint = text!("give --period, or name the folder of the delivery");
        return Err(Failure::Usage(text!("{} missing", "--period").hinting(hint)));
    }
    let _remote = Remote::download(&mut settings, &stop, extensions)?;
    if !quotas_given {
        quotas_of_first(&mut settings, source)?;
    }
    let options = RehearsalOptions {
        input: settings.input.clone().unwrap_or_default(),
        period: settings.period,
        book: settings.book.clone(),
        opening_quotas: settings.opening_quotas.clone(),
        rules: read_rules(settings.rules.as_deref())?,
        accept: settings.accept.clone(),
        usual_percent: settings.usual_percent.clone(),
        memory: settings.memory.unwrap_or(DEFAULT_MEMORY),
    };
    let monitor = progress::monitor(stop, quiet, None);
    let found = thread_pool(settings.threads)?.install(|| rehearsal::rehearse(&options, &monitor));
    monitor.done();
    let found = found?;
    match format {
        Format::Human => text(&human(&found, &named, settings.book.as_deref(), source, list))?,
        Format::Json => report(&CheckedDelivery {
            format: FormatNumber,
            status: match found.findings.as_slice() {
                [] => DeliveryStatus::Ok,
                _ => DeliveryStatus::Refused,
            },
            input: &named,
            pipeline: source,
            period_assumed: found.assumed,
            check: &found.overview,
            findings: found.findings.iter().map(FindingReport::of).collect(),
            accepted: &found.accepted,
            unread: &found.unread,
            normalisations: found.normalisations,
            not_judged: &found.not_judged,
        })?,
    }
    if found.findings.is_empty() { Ok(()) } else { Err(Failure::Unready) }
}

fn human(
    found: &Rehearsal,
    named: &Path,
    book: Option<&Path>,
    source: &PipelineSource,
    list: ListLength,
) -> Vec<Text> {
    let overview = &found.overview;
    let period = &overview.period;
    let period = if found.assumed {
        text!("{}, by most cost months; another one with --period", period)
    } else {
        text!("{}", period)
    };
    let mut lines = vec![
        Text::labelled("delivery", text!("{}", shown(named))),
        Text::labelled("period", period),
    ];
    lines.extend(source.line());
    let compared = match (&overview.last_period, book) {
        (Some(last), _) => text!("visits that cleared in {}", last),
        (None, Some(book)) => text!("nothing: no period is closed in {}", shown(book)),
        (None, None) => text!("nothing: no --book"),
    };
    lines.extend([Text::labelled("compared", compared), text!("")]);
    lines.extend(tables(overview, list));
    lines.push(text!(""));
    lines.extend(notes::accepted(&found.accepted));
    let notes = notes::normalised(&found.normalisations).into_iter();
    lines.extend(notes.chain(unread::named(&found.unread)).map(|n| Text::labelled("note", n)));
    let of_run =
        text!("breaks, G03, decisions (C), deductions (D), payments (P), quotas (Q): a run does");
    lines.push(Text::labelled("unjudged", of_run));
    let of_book = text!("G04 and G05: they need --book");
    lines.extend(book.is_none().then(|| Text::labelled("unjudged", of_book)));
    let count = found.findings.len() as u64;
    if count == 0 {
        lines.push(Text::labelled("ready", text!("nothing was found that would refuse a run")));
    } else {
        let refused = text!("a run would be refused by {}", text!("{} finding(s)", Grouped(count)));
        lines.push(Text::labelled("not ready", refused));
        lines.extend(findings::listed(&found.findings));
    }
    lines
}

/// Returns what a delivery has: senders, files, broken rules, and what is told against the last period.
pub(super) fn tables(overview: &Overview, list: ListLength) -> Vec<Text> {
    let mut lines = Vec::new();
    for side in Side::BOTH {
        lines.extend([senders(overview, side).trim_fmt(), text!("")]);
    }
    lines.extend([sums(overview), text!("")]);
    lines.extend(files(overview, list));
    lines.extend(small_files(overview));
    if !overview.broken.is_empty() {
        lines.push(text!(""));
        lines.extend(broken(&overview.broken, list));
    }
    let told = Side::BOTH.into_iter().flat_map(|side| told(overview, side, list));
    let mut told = told.peekable();
    lines.extend(told.peek().map(|_| text!("")));
    lines.extend(told);
    lines
}

/// Returns a province with its name; rows of none have a dash.
fn province(code: Option<&str>) -> String {
    let Some(code) = code else { return "–".to_owned() };
    match Province::from_text(code) {
        Some(province) => said(&text!("{} {}", code, province.named())),
        None => code.to_owned(),
    }
}

fn senders(overview: &Overview, side: Side) -> TextTable {
    let heading = |last: Text| {
        let side = text!("{}", side);
        [side, text!("rows"), text!("of {}", &overview.period), text!("rejected"), last]
    };
    let mut table = match &overview.last_period {
        None => table(heading(text!("yuan, medfee_sumamt")), 1),
        Some(last) => {
            let [side, rows, own, rejected, last] = heading(text!("in {}", last));
            table([side, rows, own, rejected, last, text!("%"), text!("told")], 1)
        }
    };
    for sender in overview.of_side(side) {
        let SenderTotals { rows, rejected, cost_months, medfee_sumamt, .. } = sender;
        let own = cost_months.get(&overview.period).copied().unwrap_or(0);
        let name = province(sender.province.as_deref());
        let mut row = vec![name];
        row.extend([*rows, own, *rejected].map(count_grouped));
        if overview.last_period.is_none() {
            row.push(grouped(medfee_sumamt));
        } else {
            row.push(sender.last_visits.map_or_else(String::new, count_grouped));
            row.push(sender.percent.map_or_else(String::new, |percent| percent.to_string()));
            row.push(sender.told.map_or_else(String::new, |told| said(&told_word(told))));
        }
        table.add_row(row);
    }
    table
}

fn told_word(told: Told) -> Text {
    match told {
        Told::Missing => text!("missing"),
        Told::Few => text!("few"),
        Told::Many => text!("many"),
        Told::New => text!("new"),
    }
}

fn grouped(yuan: &str) -> String {
    parse_sum(yuan).map_or_else(|_| yuan.to_owned(), yuan_grouped)
}

fn files(overview: &Overview, list: ListLength) -> Vec<Text> {
    let (file, rows, declared) = (text!("file"), text!("rows"), text!("as declared"));
    let amounts = ["medfee_sumamt", "fund_pay_sumamt", "acct_pay"].map(|name| text!("{}", name));
    let [medfee, fund, account] = amounts;
    let header = [file.clone(), rows.clone(), medfee.clone(), fund, account, declared.clone()];
    let mut full = table(header, 1);
    // Where three sums are too wide for a terminal, one has to do; the report for programs has all.
    let mut short = table([file, rows, medfee, declared], 1);
    // Files that are not as they are declared come first.
    let mut order: Vec<&SentFile> = overview.files.iter().collect();
    order.sort_by_key(|file| file.as_declared != Some(false));
    for of in order.into_iter().take(list.most()) {
        let declared = said(&match of.as_declared {
            Some(true) => text!("yes"),
            Some(false) => text!("no"),
            None => text!("–"),
        });
        let (name, rows) = (of.file.clone(), count_grouped(of.rows));
        let [medfee, fund, account] =
            [&of.medfee_sumamt, &of.fund_pay_sumamt, &of.acct_pay].map(|yuan| grouped(yuan));
        short.add_row([&name, &rows, &medfee, &declared]);
        full.add_row([name, rows, medfee, fund, account, declared]);
    }
    let table = if full.is_wide() { short } else { full };
    list.table(&table, overview.files.len())
}

fn broken(all: &[BrokenRuleRows], list: ListLength) -> Vec<Text> {
    let header =
        [text!("broken"), text!("side"), text!("sender"), text!("rows"), text!("first row")];
    let mut table = table(header, 5);
    // The most rows first; of equal ones in the order of sides, provinces and rules.
    let mut order: Vec<&BrokenRuleRows> = all.iter().collect();
    order.sort_by_key(|broken| std::cmp::Reverse(broken.rows));
    order.truncate(list.most());
    let rules: BTreeSet<RowRule> = order.iter().map(|broken| broken.code).collect();
    for broken in order {
        let BrokenRuleRows { side, code, rows, file, row, .. } = broken;
        let first = said(&text!("{}, row {}", file, row));
        table.add_row([
            code.id().to_owned(),
            said(&text!("{}", *side)),
            province(broken.province.as_deref()),
            count_grouped(*rows),
            first,
        ]);
    }
    let mut lines = list.table(&table, all.len());
    lines.extend(rules.into_iter().map(|rule| {
        let [english, chinese] = rule.meaning();
        text!(" {}: {}", rule.id(), Text::named(english, chinese))
    }));
    lines
}

/// Names the provinces of a side that are told about, by what is told.
fn told(overview: &Overview, side: Side, list: ListLength) -> Vec<Text> {
    let of = |wanted: Told| {
        let told = overview.of_side(side).filter(|sender| sender.told == Some(wanted));
        let names: Vec<String> = told.map(|sender| province(sender.province.as_deref())).collect();
        let mut shown = names.iter().take(list.most()).cloned().collect::<Vec<_>>().join(", ");
        if names.len() > list.most() {
            shown.push_str(", …");
        }
        let named = text!("{}: {}", side, shown);
        (!names.is_empty()).then(|| match wanted {
            Told::Missing => Text::labelled("missing", named),
            Told::Few => Text::labelled("few", named),
            Told::Many => Text::labelled("many", named),
            Told::New => Text::labelled("new", named),
        })
    };
    [Told::Missing, Told::Few, Told::Many, Told::New].into_iter().filter_map(of).collect()
}

fn small_files(overview: &Overview) -> Vec<Text> {
    let mut table = table([text!("small file"), text!("lines")], 1);
    for of in &overview.small_files {
        table.add_row([of.file.clone(), count_grouped(of.lines)]);
    }
    let all = [text!(""), table.trim_fmt()];
    if overview.small_files.is_empty() { Vec::new() } else { all.into() }
}

/// Returns the sums of each side, as control totals have them.
fn sums(overview: &Overview) -> Text {
    let header = [
        text!("sum of"),
        text!("rows"),
        text!("{}", "medfee_sumamt"),
        text!("{}", "fund_pay_sumamt"),
        text!("{}", "acct_pay"),
    ];
    let mut table = table(header, 1);
    for side in Side::BOTH {
        let sum = |of: fn(&SentFile) -> &str| {
            let files = overview.files.iter().filter(|file| file.side == side);
            let sums = files.filter_map(|file| parse_sum(of(file)).ok());
            yuan_grouped(sums.fold(FenSum::ZERO, FenSum::saturating_add))
        };
        let rows = overview.files.iter().filter(|file| file.side == side).map(|file| file.rows);
        table.add_row([
            said(&text!("{}", side)),
            count_grouped(rows.fold(0, u64::saturating_add)),
            sum(|file| &file.medfee_sumamt),
            sum(|file| &file.fund_pay_sumamt),
            sum(|file| &file.acct_pay),
        ]);
    }
    table.trim_fmt()
}
