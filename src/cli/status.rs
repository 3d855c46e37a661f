//! The command `status`.

use std::path::{Path, PathBuf};

use chrono::NaiveDate;
use clap::Args;

use super::{
    files::{PipelineFile, PipelineSource, read_pipeline, read_rules, shown},
    judged,
    lang::said,
    lists::ListLength,
    options::Format,
    printer::{report, text},
    table::{TextTable, table},
    today::today,
};
use crate::{
    diag::{Failure, Outcome},
    model::{
        codes::Province,
        dates::{parse_date, parse_day},
        money::{count_grouped, parse_sum, yuan_grouped},
        requests::RequestKind,
    },
    outlook::{
        icalendar::{CalendarDay, icalendar},
        levels::{LevelCounts, UsedQuota},
        status::{self, BookStatus, PendingRequest},
    },
    place::output::{Output, Readers, Replace},
    text::{Grouped, Text},
};

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  liangqing status
  liangqing status --book book --as-of 2025-12-10
  liangqing status --book book --province 31 --all
  liangqing status --book book --ics deadlines.ics

Each deadline has the article of the procedure that sets it. Pairs have a level, and so have treating provinces,
which may draw on all reserves they hold as one pool. Emergency top-ups are suggestions: the procedure has no
formula for them.")]
pub(super) struct StatusArguments {
    /// Folder of the closed periods [default: the one that liangqing.toml here names]
    #[arg(long, value_name = "DIR")]
    pub(super) book: Option<PathBuf>,
    /// The day to look from, YYYY-MM-DD [default: today]
    #[arg(long, value_name = "DATE", value_parser = parse_date)]
    pub(super) as_of: Option<NaiveDate>,
    /// Only what concerns a province, by its two digits
    #[arg(long, value_name = "CODE", value_parser = parse_province)]
    pub(super) province: Option<Province>,
    #[command(flatten)]
    pub(super) shown: ListLength,
    /// Write the deadlines as a calendar (iCalendar)
    #[arg(long, value_name = "FILE")]
    pub(super) ics: Option<PathBuf>,
    /// Replace the calendar when it is there already
    #[arg(long, requires = "ics")]
    pub(super) force: bool,
    /// Rules file [default: built in, see liangqing rules]
    #[arg(long, value_name = "FILE")]
    pub(super) rules: Option<PathBuf>,
    /// How to print the report
    #[arg(long, value_enum, default_value_t)]
    pub(super) format: Format,
}

/// Reads the code of a province.
pub(super) fn parse_province(text: &str) -> Result<Province, Text> {
    let unknown = || text!("{} is no province; they have two digits, such as {}", text, 31);
    Province::from_text(text).ok_or_else(unknown)
}

/// Runs `liangqing status`.
pub(super) fn status(arguments: &StatusArguments) -> Outcome<()> {
    let (book, rules, source) = place(arguments)?;
    let rules = read_rules(rules.as_deref())?;
    let replace = Replace::when(arguments.force);
    let ics = arguments.ics.as_deref();
    let output = ics.map(|path| Output::file(path, replace)).transpose()?;
    let as_of = arguments.as_of.unwrap_or_else(today);
    let status = status::status(&book, &rules, as_of, arguments.province)?;
    if let Some(output) = output {
        output.write(Readers::Usual, calendar(&status)?.as_bytes())?;
    }
    match arguments.format {
        Format::Human => {
            let mut lines: Vec<Text> = source.iter().filter_map(PipelineSource::line).collect();
            lines.extend(status_text(&status, arguments.province, arguments.shown, ics));
            text(&lines)
        }
        Format::Json => report(&status),
    }
}

/// The book, the rules file, and the pipeline that names them.
type StatusPlace = (PathBuf, Option<PathBuf>, Option<PipelineSource>);

/// Returns the book of the command line, or else that of the working folder with its rules.
fn place(arguments: &StatusArguments) -> Outcome<StatusPlace> {
    let rules = arguments.rules.clone();
    if let Some(book) = &arguments.book {
        return Ok((book.clone(), rules, None));
    }
    let PipelineFile { settings, source } = read_pipeline(None)?;
    let Some(book) = settings.book else {
        let hint = text!(
            "name the folder of the closed periods, or make a working place: liangqing init DIR"
        );
        return Err(Failure::Usage(text!("{} missing", "--book").hinting(hint)));
    };
    if !book.exists() {
        let problem = text!("no period is closed in {}", &book);
        let hint = text!("the first one makes it: liangqing run --period YYYY-MM");
        return Err(Failure::Usage(problem.hinting(hint)));
    }
    Ok((book, rules.or(settings.rules), Some(source)))
}

/// Returns the deadlines as a calendar. Its bytes follow from the book and the language, not from the day of the status.
fn calendar(status: &BookStatus) -> Outcome<String> {
    let day = |text: &str| {
        parse_day(text).ok_or_else(|| Failure::Bug(text!("{} is no day", text.to_owned())))
    };
    let days = status.deadlines.iter().map(|deadline| {
        Ok(CalendarDay {
            uid: deadline.uid(),
            on: day(&deadline.on)?,
            summary: said(&deadline.words()),
            description: said(&text!("procedure §{}", deadline.article)),
        })
    });
    let mut days = days.collect::<Outcome<Vec<_>>>()?;
    // One event for all that is due on a day: a province may have many requests.
    let due = |a: &PendingRequest, b: &PendingRequest| (&a.on, a.duty) == (&b.on, b.duty);
    let mut requests: Vec<&PendingRequest> = status.requests.iter().collect();
    requests.sort_by_key(|request| (&request.on, request.duty));
    for requests in requests.chunk_by(|a, b| due(a, b)) {
        let PendingRequest { on, duty, .. } = requests[0];
        let count = Grouped(requests.len() as u64);
        let summary = if *duty == "reply" {
            text!("{} request(s) to answer", count)
        } else {
            text!("{} request(s) to confirm", count)
        };
        let ids: Vec<&str> = requests.iter().map(|request| request.request_id.as_str()).collect();
        days.push(CalendarDay {
            uid: format!("requests-{duty}-{on}@liangqing"),
            on: day(on)?,
            summary: said(&summary),
            description: ids.join(" "),
        });
    }
    Ok(icalendar(&days, day(&status.issued_on)?))
}

fn status_text(
    status: &BookStatus,
    province: Option<Province>,
    list: ListLength,
    ics: Option<&Path>,
) -> Vec<Text> {
    let [late, open, suggested] = status.sums().map(yuan_grouped);
    let count = Grouped(status.late() as u64);
    let notices = text!("{} notice(s) of {}", count, count_grouped(status.unpaid.len() as u64));
    let (newest, older) = status.suggested();
    let top_ups = text!("{} top-up(s)", Grouped(newest as u64));
    let suggestions = match older {
        0 => text!("{}, {} yuan", top_ups, suggested),
        older => text!("{}, {} yuan; {} older", top_ups, suggested, count_grouped(older as u64)),
    };
    let mut lines = vec![
        Text::labelled("as of", text!("{}", status.as_of)),
        Text::labelled("closed", text!("{}, next is {}", status.closed, status.next)),
    ];
    if let Some(province) = province {
        let named = text!("{} {}", province.to_string(), province.named());
        lines.push(Text::labelled("province", named));
    }
    lines.extend([
        Text::labelled("pairs", counted(&status.levels.pairs)),
        Text::labelled("pools", counted(&status.levels.pool_counts())),
        Text::labelled("suggested", suggestions),
        Text::labelled("late", text!("{}, {} yuan of {}", notices, late, open)),
    ]);
    if province.is_none() {
        lines.extend(judged::lines(&status.deductions, &status.payments));
    }
    lines.extend(ics.map(|path| Text::labelled("written", text!("{}", shown(path)))));
    let tables = [
        Some(deadlines(status)),
        unpaid(status, list),
        pairs(status, list),
        pools(status, list),
        suggested_top_ups(status, list),
        open_copies(status),
        requests(status, list),
    ];
    for table in tables.into_iter().flatten() {
        lines.push(text!(""));
        lines.extend(table);
    }
    lines
}

fn counted(counts: &LevelCounts) -> Text {
    let LevelCounts { red, yellow, green, none } = counts;
    let [red, yellow, green, none] = [red, yellow, green, none].map(|n| count_grouped(*n as u64));
    text!("{} red, {} yellow, {} green, {} without a quota", red, yellow, green, none)
}

/// The lines of a table; none when it is empty.
type Lines = Option<Vec<Text>>;

fn deadlines(status: &BookStatus) -> Vec<Text> {
    let mut table = table([text!("due"), text!("days"), text!("procedure §"), text!("what")], 4);
    for deadline in &status.deadlines {
        let days = deadline.days_left.to_string();
        let article = deadline.article.to_string();
        table.add_row([deadline.on.clone(), days, article, said(&deadline.words())]);
    }
    vec![table.trim_fmt()]
}

fn unpaid(status: &BookStatus, list: ListLength) -> Lines {
    let header = [
        text!("to pay by"),
        text!("days"),
        text!("notice"),
        text!("payer"),
        text!("payee"),
        text!("yuan open"),
    ];
    let mut table = table(header, 5);
    for notice in status.unpaid.iter().take(list.most()) {
        let days = notice.days_left.map_or(String::new(), |days| days.to_string());
        let pay_by = notice.pay_by.clone().unwrap_or_default();
        let [payer, payee] = [&notice.payer, &notice.payee].map(ToOwned::to_owned);
        table.add_row([
            pay_by,
            days,
            notice.notice_id.clone(),
            payer,
            payee,
            grouped(&notice.open),
        ]);
    }
    filled(&table, list, status.unpaid.len())
}

fn pairs(status: &BookStatus, list: ListLength) -> Lines {
    let header =
        [text!("level"), text!("pair"), text!("payable"), text!("quota"), text!("used, %")];
    let mut table = table(header, 2);
    let all = || status.levels.red.iter().chain(&status.levels.yellow);
    for pair in all().take(list.most()) {
        table.add_row(used(pair.pair.clone(), &pair.quota));
    }
    filled(&table, list, all().count())
}

fn pools(status: &BookStatus, list: ListLength) -> Lines {
    let header =
        [text!("level"), text!("pool of"), text!("payable"), text!("quota"), text!("used, %")];
    let mut table = table(header, 2);
    for pool in status.levels.pools.iter().take(list.most()) {
        let code = &pool.treating_province;
        let named = Province::from_text(code).map_or_else(|| text!(""), Province::named);
        table.add_row(used(said(&text!("{} {}", code, named)), &pool.quota));
    }
    filled(&table, list, status.levels.pools.len())
}

fn used(whose: String, quota: &UsedQuota) -> [String; 5] {
    let level = said(&level_named(quota.level));
    let used = quota.used.clone().unwrap_or_default();
    [level, whose, grouped(&quota.payable), grouped(&quota.quota), used]
}

/// Returns a warning level in words.
pub(super) fn level_named(level: &str) -> Text {
    match level {
        "red" => text!("red"),
        "yellow" => text!("yellow"),
        "green" => text!("green"),
        _ => text!("no quota"),
    }
}

/// Returns an amount for people.
fn grouped(yuan: &str) -> String {
    parse_sum(yuan).map_or_else(|_| yuan.to_owned(), yuan_grouped)
}

fn suggested_top_ups(status: &BookStatus, list: ListLength) -> Lines {
    let header = [text!("suggested by"), text!("payer"), text!("payee"), text!("yuan suggested")];
    let mut table = table(header, 3);
    for top_up in status.suggestions.iter().take(list.most()) {
        let [payer, payee] = [&top_up.payer, &top_up.payee].map(ToOwned::to_owned);
        table.add_row([top_up.notice_id.clone(), payer, payee, grouped(&top_up.suggested)]);
    }
    filled(&table, list, status.suggestions.len())
}

fn requests(status: &BookStatus, list: ListLength) -> Lines {
    let header = [
        text!("due by"),
        text!("days"),
        text!("request"),
        text!("asks"),
        text!("asked"),
        text!("what is due"),
    ];
    let mut table = table(header, 6);
    for request in status.requests.iter().take(list.most()) {
        let what = match (request.duty, request.kind) {
            ("reply", RequestKind::VERIFICATION) => text!("reply to a verification"),
            ("reply", _) => text!("reply to a problem"),
            (_, RequestKind::VERIFICATION) => text!("confirm the reply to a verification"),
            _ => text!("confirm the reply to a problem"),
        };
        table.add_row([
            request.on.clone(),
            request.days_left.to_string(),
            request.request_id.clone(),
            request.from_province.clone(),
            request.to_province.clone(),
            said(&what),
        ]);
    }
    filled(&table, list, status.requests.len())
}

fn filled(table: &TextTable, list: ListLength, entries: usize) -> Lines {
    (entries > 0).then(|| list.table(table, entries))
}

fn open_copies(status: &BookStatus) -> Lines {
    let header = [
        text!("cost year"),
        text!("last period"),
        text!("copies carried"),
        text!("treating, yuan"),
        text!("insured, yuan"),
    ];
    let mut table = table(header, 2);
    for year in &status.open {
        let [treating, insured] = [&year.treating_payable, &year.insured_payable];
        let copies = count_grouped(year.copies);
        let [treating, insured] = [treating, insured].map(|yuan| grouped(yuan));
        table.add_row([year.year.to_string(), year.last_period.clone(), copies, treating, insured]);
    }
    (!status.open.is_empty()).then(|| vec![table.trim_fmt()])
}
