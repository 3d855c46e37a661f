//! The requests of a province: what it asked, what it was asked, what is due when, and what followed from mistakes.

use chrono::NaiveDate;

use super::{CellValue, Content, RowValues, Sheet, Style, named, text, verification::person};
use crate::{
    coordination::{request::StayRecord, rows::CoordinationRow},
    diag::Outcome,
    figures::requests::{DueRequest, IncorrectVerification, RequestDuty},
    model::{
        codes::Province,
        requests::{ProblemType, RequestKind},
    },
    privacy::mask::without_numbers,
    statements::{sheet::SheetLayout, words},
};

/// What a list of requests can show. Name, sex, number of the stay and number of the invoice are in no record: their
/// columns stay blank, to be filled in by hand (procedure §58).
const LISTED: [&str; 27] = [
    "request_id",
    "kind",
    "problem_type",
    "other",
    "opened_at",
    "level",
    "reopened_on",
    "batch",
    "due_on",
    "rolled",
    "state",
    "setl_id",
    "psn_no",
    "name",
    "sex",
    "fixmedins_code",
    "inpatient_number",
    "invoice_number",
    "begndate",
    "enddate",
    "medfee_sumamt",
    "subject",
    "replied_on",
    "result",
    "reason",
    "confirm_by",
    "confirmed_on",
];
const DUE: [&str; 6] = ["on", "duty", "request_id", "kind", "problem_type", "other"];
const REFUSED_REQUEST: [&str; 7] =
    ["request_id", "kind", "from", "to", "setl_id", "code", "meaning"];
const INCORRECT: [&str; 8] =
    ["request_id", "from", "to", "setl_id", "replied_on", "reason", "deducted", "note"];

impl Content {
    /// Makes the lists of a province; none where it has no request.
    pub(super) fn request_lists(&self, of: Province, style: &Style) -> Outcome<Vec<Sheet>> {
        let own = of.to_string();
        let rows = &self.requests.rows;
        let side = |at: usize| {
            let of_side = rows.iter().filter(move |row| row.standing.is_some());
            let own = &own;
            of_side.filter(move |row| row.line.provinces[at] == *own)
        };
        let list = |at: usize| side(at).map(|row| listed(row, 1 - at, style)).collect();
        let mut due: Vec<(NaiveDate, RowValues)> = Vec::new();
        for (at, duty) in [(0, RequestDuty::Confirm), (1, RequestDuty::Reply)] {
            let of_side = side(at).filter_map(DueRequest::of).filter(|due| due.duty == duty);
            due.extend(of_side.map(|due| (due.on, due_row(&due, 1 - at))));
        }
        due.sort_by_key(|(on, _)| *on);
        let refused = rows.iter().filter(|row| row.code.is_some());
        let refused = refused.filter(|row| row.line.provinces[0] == own).map(refused_row);
        let incorrect = self.requests.incorrect.iter();
        let incorrect = incorrect.filter(|of| of.row.line.provinces.contains(&own));
        let sheets: [(&str, Vec<RowValues>, &[&str]); 5] = [
            ("requests_due", due.into_iter().map(|(_, row)| row).collect(), &DUE),
            ("requests_asked", list(0), &LISTED),
            ("requests_received", list(1), &LISTED),
            ("requests_incorrect", incorrect.map(incorrect_row).collect(), &INCORRECT),
            ("requests_refused", refused.collect(), &REFUSED_REQUEST),
        ];
        let shown = of.full_name();
        let filled = sheets.into_iter().filter(|(_, rows, _)| !rows.is_empty());
        filled
            .map(|(file, rows, offered)| {
                let mut sheet = self.sheet(&style.template, file, &shown, rows, offered)?;
                if let Some(pseudonyms) = &style.pseudonyms {
                    let version = format!("    人员假名密钥:{}", pseudonyms.version());
                    sheet.subtitle.push_str(&version);
                }
                Ok(Sheet { layout: SheetLayout::Listed, total: None, ..sheet })
            })
            .collect()
    }
}

fn day(day: Option<NaiveDate>) -> CellValue {
    CellValue::Text(day.map_or_else(String::new, |day| day.to_string()))
}

fn problem_type(row: &CoordinationRow) -> CellValue {
    text(row.line.kind.problem_type().map_or("", |of| ProblemType::shown(of)[0]))
}

/// Makes the row of an accepted request; `other` is the side of the other province.
fn listed(row: &CoordinationRow, other: usize, style: &Style) -> RowValues {
    let mut values = RowValues::from([
        ("request_id", text(&row.request_id)),
        ("kind", text(row.line.kind.shown()[0])),
        ("problem_type", problem_type(row)),
        ("other", named(&row.line.provinces[other])),
        ("opened_at", day(Some(row.line.opened_at))),
        ("state", text(row.state().shown()[0])),
        ("setl_id", text(&row.line.setl_id)),
        ("subject", CellValue::Text(without_numbers(&row.line.subject))),
    ]);
    let Some(standing) = &row.standing else { return values };
    let dates = standing.dates;
    values.extend([
        ("level", CellValue::Count(standing.level.into())),
        ("reopened_on", day(standing.reopened_on)),
        ("batch", CellValue::Text(dates.batch.map_or_else(String::new, words::month))),
        ("due_on", day(Some(dates.due_on))),
        ("rolled", CellValue::Count(dates.rolled.into())),
        ("confirm_by", day(dates.confirm_by)),
    ]);
    if let Some(reply) = &standing.reply {
        values.extend([
            ("replied_on", day(Some(reply.replied_on))),
            ("result", text(reply.result.shown()[0])),
            ("reason", CellValue::Text(without_numbers(&reply.reason))),
            ("confirmed_on", day(reply.confirmed_on)),
        ]);
    }
    if let Some(StayRecord { fixmedins_code, psn_no, days, medfee_sumamt, .. }) = &standing.stay {
        let [first, last] = days.map(|day| day.and_then(NaiveDate::from_epoch_days));
        values.extend([
            ("psn_no", person(psn_no, style)),
            ("fixmedins_code", CellValue::Text(style.names.of(fixmedins_code))),
            ("begndate", day(first)),
            ("enddate", day(last)),
            ("medfee_sumamt", CellValue::Money((*medfee_sumamt).into())),
        ]);
    }
    values
}

fn due_row(due: &DueRequest, other: usize) -> RowValues {
    let row = due.row;
    let duty = match (due.duty, row.line.kind) {
        (RequestDuty::Reply, RequestKind::Verification) => "答复费用协查",
        (RequestDuty::Reply, RequestKind::Problem(_)) => "答复问题协同",
        (RequestDuty::Confirm, _) => "确认答复，或重新发起",
    };
    RowValues::from([
        ("on", day(Some(due.on))),
        ("duty", text(duty)),
        ("request_id", text(&row.request_id)),
        ("kind", text(row.line.kind.shown()[0])),
        ("problem_type", problem_type(row)),
        ("other", named(&row.line.provinces[other])),
    ])
}

fn refused_row(row: &CoordinationRow) -> RowValues {
    let [from, to] = row.line.provinces.each_ref().map(|province| named(province));
    RowValues::from([
        ("request_id", text(&row.request_id)),
        ("kind", text(row.line.kind.shown()[0])),
        ("from", from),
        ("to", to),
        ("setl_id", text(&row.line.setl_id)),
        ("code", text(row.code.map_or("", |code| code.id()))),
        ("meaning", text(row.code.map_or("", |code| code.meaning()[1]))),
    ])
}

/// Makes the row of a verification that found a mistake, with the deduction that followed.
fn incorrect_row(IncorrectVerification { row, deducted, .. }: &IncorrectVerification) -> RowValues {
    let [from, to] = row.line.provinces.each_ref().map(|province| named(province));
    let reply = row.standing.as_ref().and_then(|standing| standing.reply.as_ref());
    let reason = reply.map_or_else(String::new, |reply| without_numbers(&reply.reason));
    RowValues::from([
        ("request_id", text(&row.request_id)),
        ("from", from),
        ("to", to),
        ("setl_id", text(&row.line.setl_id)),
        ("replied_on", day(reply.map(|reply| reply.replied_on))),
        ("reason", CellValue::Text(reason)),
        ("deducted", CellValue::Money(*deducted)),
        ("note", text(if deducted.is_positive() { "" } else { "尚无扣款" })),
    ])
}
