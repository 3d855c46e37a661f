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
    let grouped = |yuan: &str| parse_sum(yuan).map_or_else(|_| yuan.to_owned(), yuan_grouped);
    let place = |export: &str, sheet: &str, line: u64| {
        let file = if sheet.is_empty() { export.to_owned() } else { format!("{export} [{sheet}]") };
        text!("{} line {}", file, line)
    };
    let out = out.map(shown).unwrap_or_default();
    let mut lines = Vec::new();
    if !payments.matched.is_empty() {
        let header =
            [text!("notice"), text!("by"), text!("paid on"), text!("yuan"), text!("unpaid then")];
        let mut matched = table(header, 3);
        for paid in payments.matched.iter().take(SHOWN) {
            let by = if paid.reason == "number" {
                text!("its number")
            } else {
                text!("pair and amount")
            };
            matched.add_row([
                paid.notice_id.clone(),
                said(&by),
                paid.paid_on.clone(),
                grouped(&paid.amount),
                grouped(&paid.unpaid_then),
            ]);
        }
        lines.push(matched.trim_fmt());
        let more = payments.matched.len().saturating_sub(SHOWN);
        if more > 0 {
            lines.push(text!(
                "  {} more in {}",
                Grouped(more as u64),
                format!("{out}/payments.csv")
            ));
        }
        lines.push(text!(""));
    }
    if !payments.set_aside.is_empty() {
        lines.push(text!("set aside, as nothing tells for certain what they pay:"));
        for aside in payments.set_aside.iter().take(SHOWN) {
            let at = place(&aside.export, &aside.sheet, aside.line);
            lines.push(if let Some(amount) = &aside.amount {
                text!("  {}, {} yuan: {}", at, grouped(amount), aside.why.clone())
            } else {
                text!("  {}: {}", at, aside.why.clone())
            });
        }
        let more = payments.set_aside.len().saturating_sub(SHOWN);
        if more > 0 {
            let list = format!("{out}/{}/set-aside.csv", payments.report);
            lines.push(text!("  {} more in {}", Grouped(more as u64), list));
        }
        lines.push(text!(""));
    }
    for table in &payments.tables {
        lines.extend(table.lines());
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
    if payments.matched.is_empty() {
        lines.push(Text::labelled("written", text!("nothing: no line is certain")));
    } else {
        let paid = Grouped(payments.matched.len() as u64);
        let written = text!(
            "{}/payments.csv: {} payment(s) of notices up to {}",
            &out,
            paid,
            &payments.period
        );
        lines.push(Text::labelled("written", written));
    }
    lines.push(Text::labelled("lists", text!("{}/{}", out, &payments.report)));
    lines
}
