//! What people see of matched bank statements.

use std::path::Path;

use super::{files::shown, lang::said, table::table};
use crate::{
    convert::{PaymentSum, PaymentsReport},
    model::money::{parse_sum, yuan_grouped},
    text::{Grouped, Text},
};

/// The most lines of each list.
const SHOWN: usize = 50;

/// Returns the page of a report.
pub(super) fn lines(payments: &PaymentsReport, out: Option<&Path>) -> Vec<Text> {
    let out = out.map(shown).unwrap_or_default();
    let mut lines = Vec::new();
    if !payments.matched.is_empty() {
        lines.extend(matched(payments, &out));
        lines.push(text!(""));
    }
    if !payments.set_aside.is_empty() {
        lines.extend(set_aside(payments, &out));
        lines.push(text!(""));
    }
    let totals = &payments.totals;
    let sum = |sum: &PaymentSum| {
        text!("{}, {} yuan", text!("{} line(s)", Grouped(sum.lines)), yuan_grouped(sum.yuan))
    };
    lines.push(Text::labelled("lines", sum(&totals.lines)));
    lines.push(Text::labelled("matched", sum(&totals.matched)));
    lines.push(Text::labelled("set aside", sum(&totals.set_aside)));
    if totals.unreadable_amounts > 0 {
        let without =
            text!("{} line(s) without a readable amount", Grouped(totals.unreadable_amounts));
        lines.push(Text::labelled("note", without));
    }
    let written = if payments.matched.is_empty() {
        text!("nothing: no line is certain")
    } else {
        let paid = Grouped(payments.matched.len() as u64);
        text!("{}/payments.csv: {} payment(s) of notices up to {}", &out, paid, &payments.period)
    };
    lines.push(Text::labelled("written", written));
    lines.push(Text::labelled("lists", text!("{}/{}", out, &payments.report)));
    for table in &payments.tables {
        lines.extend(table.lines());
    }
    lines
}

/// Writes an amount with its separators.
fn grouped(yuan: &str) -> String {
    parse_sum(yuan).map_or_else(|_| yuan.to_owned(), yuan_grouped)
}

/// Says how many of a list are not shown.
fn more(entries: usize, list: &str) -> Option<Text> {
    let more = entries.checked_sub(SHOWN).filter(|more| *more > 0)?;
    Some(text!("  {} more in {}", Grouped(more as u64), list))
}

/// Lists the lines that pay a notice, each with its reason.
fn matched(payments: &PaymentsReport, out: &str) -> Vec<Text> {
    let header =
        [text!("notice"), text!("by"), text!("paid on"), text!("yuan"), text!("unpaid then")];
    let mut matched = table(header, 3);
    for paid in payments.matched.iter().take(SHOWN) {
        let is_named = paid.reason == "number";
        let by = if is_named { text!("its number") } else { text!("pair and amount") };
        matched.add_row([
            paid.notice_id.clone(),
            said(&by),
            paid.paid_on.clone(),
            grouped(&paid.amount),
            grouped(&paid.unpaid_then),
        ]);
    }
    let more = more(payments.matched.len(), &format!("{out}/payments.csv"));
    [matched.trim_fmt()].into_iter().chain(more).collect()
}

/// Lists the lines that were set aside, each with why.
fn set_aside(payments: &PaymentsReport, out: &str) -> Vec<Text> {
    let mut lines = vec![text!("set aside, as nothing tells for certain what they pay:")];
    for aside in payments.set_aside.iter().take(SHOWN) {
        let file = if aside.sheet.is_empty() {
            aside.export.clone()
        } else {
            format!("{} [{}]", aside.export, aside.sheet)
        };
        let at = text!("{} line {}", file, aside.line);
        lines.push(if let Some(amount) = &aside.amount {
            text!("  {}, {} yuan: {}", at, grouped(amount), aside.why.clone())
        } else {
            text!("  {}: {}", at, aside.why.clone())
        });
    }
    let list = format!("{out}/{}/set-aside.csv", payments.report);
    lines.extend(more(payments.set_aside.len(), &list));
    lines
}
