//! Rows of the tables `coordination` and `replies`, made and read back.

use chrono::NaiveDate;

use super::{
    request::{ProvinceRequest, ReplyInForce, StayRecord},
    timing::{RequestClock, RequestDates},
};
use crate::{
    book::grid::{Grid, GridRow},
    columnar::{shape, table::TableBuilder},
    contract::requests::{RequestLine, RequestReply},
    diag::{Failure, Outcome, codes::RequestCode},
    model::{
        money::Fen,
        requests::{ReplyResult, RequestKind, RequestState},
    },
};

/// A row of the table `coordination`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CoordinationRow {
    /// The number of the request.
    pub request_id: String,
    /// The number of its record in this delivery; none when it came earlier.
    pub row: Option<i64>,
    /// The line that asked.
    pub line: RequestLine,
    /// How it stands; none when it is refused.
    pub standing: Option<RequestStanding>,
    /// Why it is refused.
    pub code: Option<RequestCode>,
}

/// How an accepted request stands at a close.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestStanding {
    /// 1, and one more for each reopening.
    pub level: i64,
    /// The day of the last reopening.
    pub reopened_on: Option<NaiveDate>,
    /// Its dates.
    pub dates: RequestDates,
    /// The reply in force; its confirmation only where it counts.
    pub reply: Option<ReplyInForce>,
    /// Its state.
    pub state: RequestState,
    /// What the record says about the stay.
    pub stay: Option<StayRecord>,
}

/// A row of the table `replies`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReplyRow {
    /// The number of the record in the delivery.
    pub row: i64,
    /// The line.
    pub line: RequestReply,
    /// Why it is refused.
    pub code: Option<RequestCode>,
}

/// Reads the rows of a table `coordination`.
pub fn rows_of(coordination: &Grid) -> Outcome<Vec<CoordinationRow>> {
    let row = |row| CoordinationRow::of(row).ok_or_else(|| damaged("coordination"));
    coordination.iter().map(row).collect()
}

/// Makes the failure of a table of the book with a row that only damage explains.
pub(super) fn damaged(table: &str) -> Failure {
    Failure::Book(text!("the book is damaged: table {}: {}", table, text!("a row")))
}

impl CoordinationRow {
    /// Makes the row of a refused line.
    pub(super) fn refused(row: i64, line: &RequestLine, code: RequestCode) -> CoordinationRow {
        CoordinationRow {
            request_id: line.request_id.clone(),
            row: Some(row),
            line: line.clone(),
            standing: None,
            code: Some(code),
        }
    }

    /// Makes the row of an accepted request.
    pub(super) fn accepted(request: &ProvinceRequest, clock: &RequestClock) -> CoordinationRow {
        let dates = clock.dates(request);
        let state = clock.state(request, &dates);
        let mut reply = request.reply.clone();
        if state == RequestState::DeemedConfirmed {
            reply = reply.map(|reply| ReplyInForce { confirmed_on: None, ..reply });
        }
        CoordinationRow {
            request_id: request.line.request_id.clone(),
            row: request.row,
            line: request.line.clone(),
            standing: Some(RequestStanding {
                level: request.level,
                reopened_on: request.reopened_on,
                dates,
                reply,
                state,
                stay: request.stay.clone(),
            }),
            code: None,
        }
    }

    /// Returns the request as the next period takes it over; none when it is refused.
    pub(super) fn carried(self) -> Option<ProvinceRequest> {
        let RequestStanding { level, reopened_on, reply, state, stay, .. } = self.standing?;
        let (line, ended) = (self.line, state.is_end());
        Some(ProvinceRequest { line, row: None, stay, level, reopened_on, reply, ended })
    }

    /// Returns its state.
    pub fn state(&self) -> RequestState {
        self.standing.as_ref().map_or(RequestState::Refused, |standing| standing.state)
    }

    /// Reads a row; none if it is none that a close writes.
    pub fn of(row: GridRow) -> Option<CoordinationRow> {
        let text = |column| row.text(column).to_owned();
        let kind = RequestKind::of_words(row.text("kind"), row.text_or_null("problem_type"))?;
        let line = RequestLine {
            request_id: text("request_id"),
            kind,
            provinces: [text("from_province"), text("to_province")],
            opened_at: row.day("opened_at")?,
            setl_id: text("setl_id"),
            subject: text("subject"),
        };
        let code = row.text_or_null("code").map(RequestCode::of_id);
        let state = RequestState::from_name(row.text("state"))?;
        let standing = match (state, code) {
            (RequestState::Refused, Some(Some(_))) => None,
            (RequestState::Refused, _) | (_, Some(_)) => return None,
            _ => Some(RequestStanding {
                level: whole(row, "level")?,
                reopened_on: row.day("reopened_on"),
                dates: RequestDates {
                    batch: row.month("batch"),
                    due_on: row.day("due_on")?,
                    rolled: i32::try_from(row.number_or_null("rolled")?).ok()?,
                    confirm_by: row.day("confirm_by"),
                },
                reply: reply_in(row)?,
                state,
                stay: stay_in(row, kind)?,
            }),
        };
        let row_number = match row.number_or_null("row") {
            Some(number) => Some(i64::try_from(number).ok()?),
            None => None,
        };
        let request_id = line.request_id.clone();
        Some(CoordinationRow { request_id, row: row_number, line, standing, code: code.flatten() })
    }
}

fn whole(row: GridRow, column: &str) -> Option<i64> {
    i64::try_from(row.number_or_null(column)?).ok()
}

/// Reads the reply in force of a row, which may have none; none if there is half of one.
#[expect(clippy::option_option, reason = "what is wrong and what is not there are two things")]
fn reply_in(row: GridRow) -> Option<Option<ReplyInForce>> {
    let confirmed_on = row.day("confirmed_on");
    match (row.day("replied_on"), row.text_or_null("result")) {
        (None, None) => confirmed_on.is_none().then_some(None),
        (Some(replied_on), Some(result)) => Some(Some(ReplyInForce {
            replied_on,
            result: ReplyResult::from_name(result)?,
            reason: row.text("reason").to_owned(),
            confirmed_on,
        })),
        _ => None,
    }
}

/// Reads the stay of a row, which may have none; none if its columns do not fit each other.
#[expect(clippy::option_option, reason = "what is wrong and what is not there are two things")]
fn stay_in(row: GridRow, kind: RequestKind) -> Option<Option<StayRecord>> {
    let day = |column| row.number_or_null(column).and_then(|day| i32::try_from(day).ok());
    match (kind, row.flag("trusted")) {
        (RequestKind::Verification, Some(false)) => Some(Some(StayRecord {
            fixmedins_code: row.text_or_null("fixmedins_code")?.to_owned(),
            mdtrt_id: row.text_or_null("mdtrt_id").map(str::to_owned),
            psn_no: row.text_or_null("psn_no")?.to_owned(),
            days: ["begndate", "enddate"].map(day),
            medfee_sumamt: Fen::try_from(row.fen_or_null("medfee_sumamt")?).ok()?,
        })),
        (RequestKind::Verification, Some(true)) | (RequestKind::Problem(_), None) => Some(None),
        _ => None,
    }
}

impl ReplyRow {
    /// Reads a row; none if it is none that a close writes.
    pub fn of(row: GridRow) -> Option<ReplyRow> {
        let code = match row.text_or_null("code") {
            Some(code) => Some(RequestCode::of_id(code)?),
            None => None,
        };
        (row.flag("accepted") == Some(code.is_none())).then_some(())?;
        Some(ReplyRow {
            row: whole(row, "row")?,
            line: RequestReply {
                request_id: row.text("request_id").to_owned(),
                replied_on: row.day("replied_on")?,
                result: ReplyResult::from_name(row.text("result"))?,
                reason: row.text("reason").to_owned(),
                confirmed_on: row.day("confirmed_on"),
                reopened_on: row.day("reopened_on"),
            },
            code,
        })
    }
}

/// Returns a text, or none if it is empty: null means that there is no value.
fn some(text: &str) -> Option<&str> {
    Some(text).filter(|text| !text.is_empty())
}

/// Makes the table `coordination`.
pub fn coordination_table(rows: &[CoordinationRow]) -> TableBuilder {
    let line = || rows.iter().map(|row| &row.line);
    let of = || rows.iter().map(|row| row.standing.as_ref());
    let dates = || of().map(|of| of.map(|of| of.dates));
    let reply = || of().map(|of| of.and_then(|of| of.reply.as_ref()));
    let stay = || of().map(|of| of.and_then(|of| of.stay.as_ref()));
    let trusted = |row: &CoordinationRow| {
        let is_verification = row.line.kind == RequestKind::Verification;
        row.standing.as_ref().filter(|_| is_verification).map(|of| of.stay.is_none())
    };
    let day = |day: Option<NaiveDate>| day.map(|day| day.to_epoch_days());
    TableBuilder::new(shape::COORDINATION)
        .text("request_id", rows.iter().map(|row| Some(&row.request_id)))
        .count_or_null("row", rows.iter().map(|row| row.row))
        .text("kind", line().map(|line| Some(line.kind.name())))
        .text("problem_type", line().map(|line| Some(line.kind.problem_type()?.name())))
        .text("from_province", line().map(|line| some(&line.provinces[0])))
        .text("to_province", line().map(|line| some(&line.provinces[1])))
        .text("setl_id", line().map(|line| some(&line.setl_id)))
        .date("opened_at", line().map(|line| day(Some(line.opened_at))))
        .text("subject", line().map(|line| some(&line.subject)))
        .count_or_null("level", of().map(|of| of.map(|of| of.level)))
        .date("reopened_on", of().map(|of| day(of?.reopened_on)))
        .text("batch", dates().map(|dates| dates?.batch.map(|month| month.to_string())))
        .date("due_on", dates().map(|dates| day(Some(dates?.due_on))))
        .count_or_null("rolled", dates().map(|dates| Some(dates?.rolled.into())))
        .date("replied_on", reply().map(|reply| day(Some(reply?.replied_on))))
        .text("result", reply().map(|reply| Some(reply?.result.name())))
        .text("reason", reply().map(|reply| some(&reply?.reason)))
        .date("confirm_by", dates().map(|dates| day(dates?.confirm_by)))
        .date("confirmed_on", reply().map(|reply| day(reply?.confirmed_on)))
        .text("state", rows.iter().map(|row| Some(row.state().name())))
        .flag("trusted", rows.iter().map(trusted))
        .text("fixmedins_code", stay().map(|stay| Some(&stay?.fixmedins_code)))
        .text("mdtrt_id", stay().map(|stay| stay?.mdtrt_id.as_ref()))
        .text("psn_no", stay().map(|stay| Some(&stay?.psn_no)))
        .date("begndate", stay().map(|stay| stay?.days[0]))
        .date("enddate", stay().map(|stay| stay?.days[1]))
        .amount("medfee_sumamt", stay().map(|stay| Some(stay?.medfee_sumamt)))
        .text("code", rows.iter().map(|row| row.code.map(RequestCode::id)))
}

/// Makes the table `replies`.
pub fn replies_table(rows: &[ReplyRow]) -> TableBuilder {
    let line = || rows.iter().map(|row| &row.line);
    let day = |day: Option<NaiveDate>| day.map(|day| day.to_epoch_days());
    TableBuilder::new(shape::REPLIES)
        .count("row", rows.iter().map(|row| row.row))
        .text("request_id", line().map(|line| Some(&line.request_id)))
        .date("replied_on", line().map(|line| day(Some(line.replied_on))))
        .text("result", line().map(|line| Some(line.result.name())))
        .text("reason", line().map(|line| some(&line.reason)))
        .date("confirmed_on", line().map(|line| day(line.confirmed_on)))
        .date("reopened_on", line().map(|line| day(line.reopened_on)))
        .flag("accepted", rows.iter().map(|row| Some(row.code.is_none())))
        .text("code", rows.iter().map(|row| row.code.map(RequestCode::id)))
}
