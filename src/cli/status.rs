//! The commands `status` and `stress`.

use serde_json::json;

use super::{
    args::{Format, StatusArguments, StressArguments},
    judged,
    lang::said,
    printer::{counted, json_text, report, text},
    run::read_rules,
    table::table,
};
use crate::{
    diag::{Outcome, printable},
    outlook::{
        status::{self, BookStatus},
        stress::{self, Stressed},
    },
};

/// `liangqing status`
pub(super) fn status(arguments: &StatusArguments) -> Outcome<()> {
    let rules = read_rules(arguments.rules.as_deref())?;
    let status = status::status(&arguments.book, &rules, arguments.as_of)?;
    match arguments.format {
        Format::Human => text(&status_text(&status)),
        Format::Json => report(&status),
    }
}

/// `liangqing stress`
pub(super) fn stress(arguments: &StressArguments) -> Outcome<()> {
    let rules = read_rules(arguments.rules.as_deref())?;
    let stressed = stress::stress(&arguments.book, &rules, &arguments.scenarios)?;
    match arguments.format {
        Format::Human => text(&stress_text(&stressed)),
        Format::Json => json_text(&json!({ "format": 1, "scenarios": stressed })),
    }
}

fn status_text(status: &BookStatus) -> String {
    let mut deadlines = table(["due", "days left", "what"], 3);
    for deadline in &status.deadlines {
        let days = deadline.days_left.to_string();
        deadlines.add_row([&deadline.on, &days, said(&deadline.what).as_ref()]);
    }
    let mut notices = table(["to pay by", "days left", "notice, payer to payee, yuan open"], 3);
    for notice in &status.unpaid {
        let days = notice.days_left.map_or(String::new(), |days| days.to_string());
        let pay_by = notice.pay_by.clone().unwrap_or_default();
        let what =
            format!("{}, {} to {}, {}", notice.notice_id, notice.payer, notice.payee, notice.open);
        notices.add_row([pay_by, days, said(&what).into_owned()]);
    }
    let mut open =
        table(["cost year", "copies carried", "treating and insured payable, last period"], 3);
    for year in &status.open {
        let payable =
            format!("{} and {}, {}", year.treating_payable, year.insured_payable, year.last_period);
        open.add_row([year.year.to_string(), year.copies.to_string(), said(&payable).into_owned()]);
    }
    let late = counted(status.late() as u64, "notice");
    let lines = [
        format!("as of     {}", status.as_of),
        format!("closed    {}, next is {}", status.closed, status.next),
        format!("red       {}", listed(&status.red)),
        format!("yellow    {}", listed(&status.yellow)),
        format!("proposed  {}", listed(&status.proposals)),
        format!("late      {late} of {}", status.unpaid.len()),
    ];
    let judged = judged::lines(&status.deductions, &status.payments);
    let lines: Vec<String> = lines.into_iter().chain(judged).collect();
    let tables = [deadlines, notices, open].map(|table| table.trim_fmt());
    format!("{}\n\n{}\n", lines.join("\n"), tables.join("\n\n"))
}

fn stress_text(stressed: &[Stressed]) -> String {
    let scenario = |s: &Stressed| {
        let dry: Vec<String> =
            s.run_dry.iter().map(|(province, fen)| format!("{province} ({fen})")).collect();
        format!(
            "{}\n  turn red     {}\n  turn yellow  {}\n  run dry      {}\n  top-up asked {}\n",
            s.scenario,
            listed(&s.turn_red),
            listed(&s.turn_yellow),
            listed(&dry),
            s.top_up
        )
    };
    stressed.iter().map(scenario).collect::<Vec<_>>().join("\n")
}

fn listed(values: &[String]) -> String {
    if values.is_empty() { "none".to_owned() } else { printable(&values.join(", ")) }
}
