//! Laws of requests and replies: the tables come out again from what was delivered and what the book knew before.
//!
//! What a record said about a stay, and whether a settlement was known, only the inputs tell.

use std::collections::BTreeMap;

use super::{
    checks::{Checks, differs},
    files::ReadablePeriod,
    history::History,
};
use crate::{
    book::grid::{Grid, GridRow},
    contract::requests::RequestLine,
    coordination::{
        judge::RequestJudge,
        known::KnownRequests,
        request::KnownSettlement,
        rows::{CoordinationRow, ReplyRow},
        timing::RequestClock,
    },
    diag::{Code, codes::RequestCode},
    model::{
        codes::{CareClass, Pair, Province},
        dates::parse_day,
        requests::RequestKind,
    },
    rules::Policy,
    text::{Text, quoted},
};

/// Applies the laws of requests and replies.
pub(super) fn check(
    closed: &ReadablePeriod,
    history: &History,
    policy: &Policy,
    checks: &mut Checks,
) {
    let requests = read(closed, "coordination", CoordinationRow::of, checks);
    let replies = read(closed, "replies", ReplyRow::of, checks);
    let as_of = parse_day(&closed.manifest.as_of);
    let (Some(requests), Some(replies), Some(as_of)) = (requests, replies, as_of) else { return };
    lines(closed, &requests, &replies, checks);
    counts(closed, &requests, &history.requests, checks);
    let clock =
        RequestClock { as_of, rules: &policy.coordination, calendar: &closed.rules.calendar };
    let again = again(clock, history.requests.clone(), &requests, &replies);
    let (all_requests, all_replies) = again;
    let key = |row: &CoordinationRow| (row.request_id.clone(), row.row);
    let same = compared(&requests, &all_requests, key, |row| {
        let dates = row.standing.as_ref().map(|standing| standing.dates);
        let batch = dates.and_then(|dates| dates.batch).map(|month| month.to_string());
        let due = dates.map(|dates| dates.due_on.to_string());
        let code = row.code.map(|code| code.id().to_owned());
        let shown = [Some(row.state().name().to_owned()), batch, due, code];
        shown.into_iter().flatten().collect::<Vec<_>>().join(" ")
    });
    checks.law(Code::B07, &closed.file("coordination"), text!("requests, worked out again"), same);
    let same = compared(
        &replies,
        &all_replies,
        |row: &ReplyRow| (String::new(), Some(row.row)),
        |row| row.code.map_or_else(|| "accepted".to_owned(), |code| code.id().to_owned()),
    );
    checks.law(Code::B07, &closed.file("replies"), text!("replies, judged again"), same);
}

/// Reads the rows of a table, or reports those that no close writes.
fn read<T>(
    closed: &ReadablePeriod,
    table: &str,
    of: fn(GridRow) -> Option<T>,
    checks: &mut Checks,
) -> Option<Vec<T>> {
    let grid: &Grid = closed.grid(table);
    let wrong = grid.iter().map(|row| of(row).is_none().then(|| row.shown_key()));
    checks.law(Code::B07, &closed.file(table), text!("values of a row"), wrong);
    grid.iter().map(of).collect()
}

/// Law: every line of both files has its row.
fn lines(
    closed: &ReadablePeriod,
    requests: &[CoordinationRow],
    replies: &[ReplyRow],
    checks: &mut Checks,
) {
    let mut delivered: Vec<i64> = requests.iter().filter_map(|row| row.row).collect();
    delivered.sort_unstable();
    let replied = replies.iter().map(|row| row.row).collect();
    for (table, file, rows) in
        [("coordination", "requests.csv", delivered), ("replies", "replies.csv", replied)]
    {
        let all = (0..).zip(&rows).find(|(expected, row)| expected != *row);
        let all = all.map(|(expected, row)| text!("row {} in place of {}", row, expected));
        let many = differs("rows", rows.len() as u64, closed.lines_of(file));
        checks.law(Code::B07, &closed.file(table), text!("the lines of the delivery"), [many, all]);
    }
}

/// Law: those from before, the new ones and the reopened ones are those that left and those that stay.
fn counts(
    closed: &ReadablePeriod,
    requests: &[CoordinationRow],
    before: &KnownRequests,
    checks: &mut Checks,
) {
    let accepted = || requests.iter().filter(|row| row.code.is_none());
    let ended = |row: &&CoordinationRow| {
        row.row.is_none() && before.requests.get(&row.request_id).is_some_and(|of| of.ended)
    };
    let new = accepted().filter(|row| row.row.is_some()).count();
    let came = before.pending() + new + accepted().filter(ended).count();
    let left = accepted().filter(|row| row.state().is_end()).count();
    let stay = accepted().count() - left;
    let same = differs("requests", (left + stay) as u64, came as u64);
    let law = text!("before + new + reopened = left + stay");
    checks.law(Code::B08, &closed.file("coordination"), law, [same]);
}

/// Judges the lines again. A refusal that a settlement decides is taken as it stands, unless an earlier code holds.
fn again(
    clock: RequestClock,
    before: KnownRequests,
    requests: &[CoordinationRow],
    replies: &[ReplyRow],
) -> (Vec<CoordinationRow>, Vec<ReplyRow>) {
    let mut judge = RequestJudge::new(clock, before);
    let mut delivered: Vec<(i64, &CoordinationRow)> =
        requests.iter().filter_map(|row| Some((row.row?, row))).collect();
    delivered.sort_unstable_by_key(|(number, _)| *number);
    for (number, row) in delivered {
        let settlement = settlement(row);
        let by_settlement = row.code.filter(|code| {
            use RequestCode::{Q02, Q03, Q04};
            row.line.kind == RequestKind::Verification && [Q02, Q03, Q04].contains(code)
        });
        match (by_settlement, judge.refusal(&row.line, settlement.as_ref())) {
            (Some(code), None | Some(RequestCode::Q05)) => judge.refuse(number, &row.line, code),
            _ => judge.request(number, &row.line, settlement),
        }
    }
    for row in replies {
        judge.reply(row.row, &row.line);
    }
    judge.finish()
}

/// Returns the settlement of a verification as it needs it, with what its row says about the stay.
fn settlement(row: &CoordinationRow) -> Option<KnownSettlement> {
    let RequestLine { kind, provinces, setl_id, .. } = &row.line;
    let [insured, treating] = provinces.each_ref().map(|province| Province::from_text(province));
    let pair = Pair { insured: insured?, treating: treating? };
    let stay = row.standing.as_ref().and_then(|standing| standing.stay.clone());
    let named = KnownSettlement { pair, care: CareClass::Inpatient, is_reversal: false, stay };
    (*kind == RequestKind::Verification && !setl_id.is_empty()).then_some(named)
}

/// Compares rows with those that came out again, by key.
fn compared<T: PartialEq>(
    found: &[T],
    again: &[T],
    key: impl Fn(&T) -> (String, Option<i64>),
    shown: impl Fn(&T) -> String,
) -> Vec<Option<Text>> {
    let by_key = |rows| -> BTreeMap<_, &T> {
        let rows: &[T] = rows;
        // A key that is there twice is a finding of the order of rows.
        rows.iter().map(|row| (key(row), row)).collect()
    };
    let (found, again) = (by_key(found), by_key(again));
    let keys = found.keys().chain(again.keys().filter(|key| !found.contains_key(*key)));
    let compare = |key: &(String, Option<i64>)| {
        let (is, worked_out) = (found.get(key), again.get(key));
        let [is_shown, again_shown] =
            [is, worked_out].map(|row| row.map_or_else(|| "none".to_owned(), |row| shown(row)));
        let row = key.1.map(|row| row.to_string()).unwrap_or_default();
        (is != worked_out)
            .then(|| text!("{} {}: {}, worked out {}", quoted(&key.0), row, is_shown, again_shown))
    };
    keys.map(compare).collect()
}
