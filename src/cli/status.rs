//! The command `status`.

use std::path::PathBuf;

use chrono::NaiveDate;
use clap::Args;

use super::{
    files::read_rules,
    judged,
    lang::said,
    options::Format,
    printer::{report, text},
    table::{listed, table},
};
use crate::{
    diag::Outcome,
    model::dates::parse_date,
    outlook::status::{self, BookStatus},
    text::{Grouped, Text},
};

#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  liangqing status --book book --as-of 2025-12-10")]
pub(super) struct StatusArguments {
    /// Folder of the closed periods
    #[arg(long, value_name = "DIR")]
    pub(super) book: PathBuf,
    /// The day to look from, YYYY-MM-DD
    #[arg(long, value_name = "DATE", value_parser = parse_date)]
    pub(super) as_of: NaiveDate,
    /// Rules file [default: built in]
    #[arg(long, value_name = "FILE")]
    pub(super) rules: Option<PathBuf>,
    /// How to print the report
    #[arg(long, value_enum, default_value_t)]
    pub(super) format: Format,
}

/// Runs `liangqing status`.
pub(super) fn status(arguments: &StatusArguments) -> Outcome<()> {
    let rules = read_rules(arguments.rules.as_deref())?;
    let status = status::status(&arguments.book, &rules, arguments.as_of)?;
    match arguments.format {
        Format::Human => text(&status_text(&status)),
        Format::Json => report(&status),
    }
}

fn status_text(status: &BookStatus) -> Vec<Text> {
    let notices = text!("{} notice(s) of {}", Grouped(status.late() as u64), status.unpaid.len());
    let mut lines = vec![
        Text::labelled("as of", text!("{}", status.as_of)),
        Text::labelled("closed", text!("{}, next is {}", status.closed, status.next)),
        Text::labelled("red", listed(&status.red)),
        Text::labelled("yellow", listed(&status.yellow)),
        Text::labelled("proposed", listed(&status.proposals)),
        Text::labelled("late", notices),
    ];
    lines.extend(judged::lines(&status.deductions, &status.payments));
    for table in [deadlines(status), unpaid(status), open(status)] {
        lines.extend([text!(""), table]);
    }
    lines
}

fn deadlines(status: &BookStatus) -> Text {
    let mut table = table([text!("due"), text!("days left"), text!("what")], 3);
    for deadline in &status.deadlines {
        let days = deadline.days_left.to_string();
        table.add_row([deadline.on.clone(), days, said(&deadline.words())]);
    }
    table.trim_fmt()
}

fn unpaid(status: &BookStatus) -> Text {
    let what = text!("notice, payer to payee, yuan open");
    let mut table = table([text!("to pay by"), text!("days left"), what], 3);
    for notice in &status.unpaid {
        let days = notice.days_left.map_or(String::new(), |days| days.to_string());
        let pay_by = notice.pay_by.clone().unwrap_or_default();
        let what =
            text!("{}, {} to {}, {}", notice.notice_id, notice.payer, notice.payee, notice.open);
        table.add_row([pay_by, days, said(&what)]);
    }
    table.trim_fmt()
}

fn open(status: &BookStatus) -> Text {
    let payable = text!("treating and insured payable, last period");
    let mut table = table([text!("cost year"), text!("copies carried"), payable], 3);
    for year in &status.open {
        let payable =
            text!("{} and {}, {}", year.treating_payable, year.insured_payable, year.last_period);
        table.add_row([year.year.to_string(), year.copies.to_string(), said(&payable)]);
    }
    table.trim_fmt()
}
