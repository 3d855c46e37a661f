//! Both sides of each border of the rules of requests and replies.

use std::collections::BTreeMap;

use chrono::NaiveDate;

use super::{
    judge::RequestJudge,
    known::KnownRequests,
    request::{KnownSettlement, StayRecord},
    rows::{CoordinationRow, ReplyRow},
    timing::RequestClock,
};
use crate::{
    contract::requests::{RequestLine, RequestReply},
    diag::codes::RequestCode,
    model::{
        codes::{CareClass, Month, Pair, Province},
        money::Fen,
        requests::{ProblemType, ReplyResult, RequestKind, RequestState},
    },
    rules::Rules,
};

const VERIFICATION: RequestKind = RequestKind::Verification;
const FILING: RequestKind = RequestKind::Problem(ProblemType::Filing);
const OTHER: RequestKind = RequestKind::Problem(ProblemType::Other);

fn day(text: &str) -> NaiveDate {
    text.parse().expect("a day")
}

fn request(id: &str, kind: RequestKind, opened_at: &str) -> RequestLine {
    RequestLine {
        request_id: id.to_owned(),
        kind,
        provinces: ["34", "31"].map(str::to_owned),
        opened_at: day(opened_at),
        setl_id: if kind == VERIFICATION { "S".to_owned() } else { String::new() },
        subject: "why".to_owned(),
    }
}

/// A reply: its day, and perhaps a confirmation (`c`) or a reopening (`r`).
fn reply(id: &str, result: ReplyResult, replied_on: &str, more: &str) -> RequestReply {
    let of = |mark| more.strip_prefix(mark).map(day);
    let reason = if result == ReplyResult::Incorrect { "a reason" } else { "" };
    RequestReply {
        request_id: id.to_owned(),
        replied_on: day(replied_on),
        result,
        reason: reason.to_owned(),
        confirmed_on: of("c "),
        reopened_on: of("r "),
    }
}

fn answer(id: &str, replied_on: &str, more: &str) -> RequestReply {
    reply(id, ReplyResult::Answered, replied_on, more)
}

fn stay(yuan: i64) -> KnownSettlement {
    let province = |code| Province::from_code(code).expect("a province");
    KnownSettlement {
        pair: Pair { insured: province(34), treating: province(31) },
        care: CareClass::Inpatient,
        is_reversal: false,
        stay: Some(StayRecord {
            fixmedins_code: "H31010000001".to_owned(),
            mdtrt_id: None,
            psn_no: "34000000000000000001".to_owned(),
            days: [None, Some(20_000)],
            medfee_sumamt: Fen::new(yuan * 100),
        }),
    }
}

/// The rows that a close makes.
type Closed = (Vec<CoordinationRow>, Vec<ReplyRow>);

/// Closes a period, from what the book knew; what it knows afterwards replaces it.
fn close(
    before: &mut KnownRequests,
    as_of: &str,
    requests: &[(RequestLine, Option<KnownSettlement>)],
    replies: &[RequestReply],
) -> Closed {
    let rules = Rules::built_in();
    let policy = rules.policy(Month::new(2025, 10)).expect("in force");
    let clock =
        RequestClock { as_of: day(as_of), rules: &policy.coordination, calendar: &rules.calendar };
    let mut judge = RequestJudge::new(clock, before.clone());
    for (row, (line, settlement)) in (0..).zip(requests) {
        judge.request(row, line, settlement.clone());
    }
    (0..).zip(replies).for_each(|(row, line)| judge.reply(row, line));
    let (rows, replied) = judge.finish();
    for row in rows.iter().filter(|row| row.code.is_none()) {
        before.accept(row.clone().carried().expect("accepted"));
    }
    let accepted = replied.iter().filter(|row| row.code.is_none());
    before.replies.extend(accepted.map(|row| row.line.clone()));
    (rows, replied)
}

/// Number, state, batch, due date, times rolled, day to confirm by.
fn shown(rows: &[CoordinationRow]) -> Vec<String> {
    let shown = |row: &CoordinationRow| {
        let state = row.state().name();
        let Some(of) = &row.standing else {
            return format!("{} {state} {}", row.request_id, row.code.map_or("", RequestCode::id));
        };
        let batch = of.dates.batch.map(|month| format!(" {month}")).unwrap_or_default();
        let by = of.dates.confirm_by.map(|day| format!(" by {day}")).unwrap_or_default();
        let level = if of.level > 1 { format!(" level {}", of.level) } else { String::new() };
        format!(
            "{} {state}{batch} due {}+{}{by}{level}",
            row.request_id, of.dates.due_on, of.dates.rolled
        )
    };
    rows.iter().map(shown).collect()
}

fn codes(rows: &[ReplyRow]) -> Vec<Option<RequestCode>> {
    rows.iter().map(|row| row.code).collect()
}

fn verified(id: &str, opened_at: &str) -> (RequestLine, Option<KnownSettlement>) {
    (request(id, VERIFICATION, opened_at), Some(stay(30_000)))
}

fn problem(id: &str, kind: RequestKind, opened_at: &str) -> (RequestLine, Option<KnownSettlement>) {
    (request(id, kind, opened_at), None)
}

#[test]
fn a_batch_ends_on_the_25th_and_is_late_after_the_26th() {
    let of = |opened_at: &str, as_of: &str, replied: Option<&str>| {
        let replies: Vec<_> =
            replied.map(|on| reply("a", ReplyResult::Correct, on, "")).into_iter().collect();
        let requests = [verified("a", opened_at)];
        let (rows, replied) = close(&mut KnownRequests::default(), as_of, &requests, &replies);
        assert!(replied.iter().all(|row| row.code.is_none()), "{replied:?}");
        shown(&rows).concat()
    };
    assert_eq!(of("2025-10-25", "2025-10-31", None), "a open 2025-10 due 2025-11-26+0");
    assert_eq!(of("2025-10-26", "2025-10-31", None), "a open 2025-11 due 2025-12-26+0");
    assert_eq!(of("2025-09-26", "2025-11-26", None), "a open 2025-10 due 2025-11-26+0");
    assert_eq!(of("2025-09-26", "2025-11-27", None), "a overdue 2025-11 due 2025-12-26+1");
    assert_eq!(of("2025-09-26", "2025-12-26", None), "a overdue 2025-11 due 2025-12-26+1");
    assert_eq!(of("2025-09-26", "2026-01-27", None), "a overdue 2026-01 due 2026-02-26+3");
    // A reply on the 26th is in time, and the working days to confirm go on from it.
    assert_eq!(
        of("2025-10-25", "2025-12-31", Some("2025-11-26")),
        "a answered 2025-10 due 2025-11-26+0 by 2025-12-03"
    );
    assert_eq!(
        of("2025-10-25", "2025-12-31", Some("2025-11-27")),
        "a answered 2025-11 due 2025-12-26+1 by 2025-12-04"
    );
    // The month of the last day of a year.
    assert_eq!(of("2025-12-31", "2025-12-31", None), "a open 2026-01 due 2026-02-26+0");
}

#[test]
fn problems_are_due_in_working_days() {
    let of = |kind: RequestKind, opened_at: &str, as_of: &str| {
        let requests = [problem("p", kind, opened_at)];
        shown(&close(&mut KnownRequests::default(), as_of, &requests, &[]).0).concat()
    };
    let system = RequestKind::Problem(ProblemType::System);
    // 2025: the National Day from 1 to 8 October, made up on Saturday the 11th.
    assert_eq!(of(FILING, "2025-09-30", "2025-10-10"), "p open due 2025-10-10+0");
    assert_eq!(of(FILING, "2025-09-30", "2025-10-11"), "p overdue due 2025-10-10+0");
    assert_eq!(of(system, "2025-10-10", "2025-10-11"), "p open due 2025-10-11+0");
    assert_eq!(of(OTHER, "2025-10-11", "2025-10-31"), "p overdue due 2025-10-24+0");
}

#[test]
fn each_code_of_a_request_holds_and_just_does_not() {
    let line = |change: &dyn Fn(&mut RequestLine)| {
        let mut line = request("a", VERIFICATION, "2025-10-31");
        change(&mut line);
        line
    };
    let same = line(&|_| {});
    let known = |change: &dyn Fn(&mut KnownSettlement)| {
        let mut known = stay(30_000);
        change(&mut known);
        Some(known)
    };
    let provinces = |from: &str, to: &str| {
        let pair = [from, to].map(str::to_owned);
        line(&|line| line.provinces.clone_from(&pair))
    };
    for (line, settlement, code) in [
        (same.clone(), known(&|_| {}), None),
        (provinces("34", "34"), known(&|_| {}), Some(RequestCode::Q02)),
        (provinces("34", "99"), known(&|_| {}), Some(RequestCode::Q02)),
        (provinces("31", "34"), known(&|_| {}), Some(RequestCode::Q02)),
        (provinces("34", "32"), known(&|_| {}), Some(RequestCode::Q02)),
        (provinces("34", "34"), None, Some(RequestCode::Q02)),
        (same.clone(), None, Some(RequestCode::Q03)),
        (same.clone(), Some(stay(29_999)), Some(RequestCode::Q04)),
        (same.clone(), known(&|of| of.care = CareClass::Chronic), Some(RequestCode::Q04)),
        (same.clone(), known(&|of| of.is_reversal = true), Some(RequestCode::Q04)),
        // Cost that only the register could tell is taken on trust.
        (same.clone(), known(&|of| of.stay = None), None),
        (line(&|line| line.opened_at = day("2025-11-01")), known(&|_| {}), Some(RequestCode::Q05)),
        (line(&|line| line.opened_at = day("2025-11-01")), Some(stay(1)), Some(RequestCode::Q04)),
        // A problem is about any settlement or none.
        (request("a", OTHER, "2025-10-31"), Some(stay(1)), None),
        (request("a", OTHER, "2025-10-31"), None, None),
    ] {
        let shown = format!("{line:?} {settlement:?}");
        let requests = [(line, settlement)];
        let (rows, _) = close(&mut KnownRequests::default(), "2025-10-31", &requests, &[]);
        assert_eq!(rows[0].code, code, "{shown}");
    }
}

#[test]
fn an_id_that_was_refused_comes_again_and_one_that_was_accepted_does_not() {
    let mut book = KnownRequests::default();
    let bad = (request("a", VERIFICATION, "2025-10-01"), None);
    let requests = [bad.clone(), verified("a", "2025-10-02"), bad.clone()];
    let (rows, _) = close(&mut book, "2025-10-31", &requests, &[]);
    assert_eq!(shown(&rows), ["a refused Q03", "a open 2025-10 due 2025-11-26+0", "a refused Q01"]);
    let (rows, _) = close(&mut book, "2025-11-30", &[bad], &[]);
    // What came earlier has no row and stands first; a refused row is listed once.
    assert_eq!(rows.iter().map(|row| row.row).collect::<Vec<_>>(), [None, Some(0)]);
    assert_eq!(shown(&rows), ["a overdue 2025-11 due 2025-12-26+1", "a refused Q01"]);
    assert_eq!(close(&mut book, "2025-12-31", &[], &[]).0.len(), 1);
}

#[test]
fn each_code_of_a_reply_holds_and_just_does_not() {
    use RequestCode::{Q06, Q07, Q08, Q09, Q10};
    let as_of = "2025-11-28";
    let start = || {
        let mut book = KnownRequests::default();
        let requests = [verified("v", "2025-10-10"), problem("p", OTHER, "2025-10-10")];
        let opened = [answer("p", "2025-10-20", "r 2025-10-22")];
        let (_, replies) = close(&mut book, "2025-10-31", &requests, &opened);
        assert_eq!(codes(&replies), [None]);
        book
    };
    let unreasoned = RequestReply {
        reason: String::new(),
        ..reply("v", ReplyResult::Incorrect, "2025-11-03", "")
    };
    let both = RequestReply {
        confirmed_on: Some(day("2025-11-04")),
        ..answer("p", "2025-11-03", "r 2025-11-05")
    };
    for (line, code) in [
        (answer("x", "2025-11-03", ""), Some(Q06)),
        (answer("p", "2025-10-22", ""), None),
        (answer("p", "2025-10-21", ""), Some(Q08)),
        (reply("v", ReplyResult::Correct, "2025-10-10", ""), None),
        (reply("v", ReplyResult::Correct, "2025-10-09", ""), Some(Q08)),
        (reply("p", ReplyResult::Correct, "2025-11-03", ""), Some(Q09)),
        (answer("v", "2025-11-03", ""), Some(Q09)),
        (unreasoned.clone(), Some(Q09)),
        (answer("p", as_of, ""), None),
        (answer("p", "2025-11-29", ""), Some(Q10)),
        (answer("p", "2025-11-03", "c 2025-11-28"), None),
        (answer("p", "2025-11-03", "c 2025-11-29"), Some(Q10)),
        (answer("p", "2025-11-03", "c 2025-11-03"), None),
        (answer("p", "2025-11-03", "c 2025-11-02"), Some(Q10)),
        (answer("p", "2025-11-03", "r 2025-11-29"), Some(Q10)),
        (answer("p", "2025-11-03", "r 2025-11-02"), Some(Q10)),
        (answer("p", "2025-10-22", "r 2025-10-22"), Some(Q10)),
        (answer("p", "2025-10-22", "r 2025-10-23"), None),
        (both, Some(Q10)),
    ] {
        let (_, replies) = close(&mut start(), as_of, &[], std::slice::from_ref(&line));
        assert_eq!(codes(&replies), [code], "{line:?}");
    }
    // A reply in force admits no other one; one that repeats it needs its reason too.
    let lines = [
        reply("v", ReplyResult::Incorrect, "2025-11-03", ""),
        reply("v", ReplyResult::Incorrect, "2025-11-04", ""),
        reply("v", ReplyResult::Correct, "2025-11-03", ""),
        unreasoned,
        reply("v", ReplyResult::Incorrect, "2025-11-03", "c 2025-11-05"),
        reply("v", ReplyResult::Incorrect, "2025-11-03", "c 2025-11-06"),
        reply("v", ReplyResult::Incorrect, "2025-11-03", ""),
    ];
    let mut book = start();
    let (rows, replies) = close(&mut book, as_of, &[], &lines);
    assert_eq!(codes(&replies), [None, Some(Q07), Some(Q07), Some(Q09), None, None, None]);
    // The first confirmation stands.
    let standing = rows[1].standing.as_ref().expect("accepted");
    assert_eq!(standing.state, RequestState::Confirmed);
    assert_eq!(standing.reply.as_ref().and_then(|of| of.confirmed_on), Some(day("2025-11-05")));
}

#[test]
fn a_problem_has_nothing_of_the_settlement_that_it_names() {
    let (line, _) = problem("P1", FILING, "2025-11-03");
    let line = RequestLine { setl_id: "S1".to_owned(), ..line };
    let (rows, _) =
        close(&mut KnownRequests::default(), "2025-11-30", &[(line, Some(stay(1)))], &[]);
    let standing = rows[0].standing.as_ref().expect("accepted");
    assert!(standing.stay.is_none(), "{standing:?}");
}

#[test]
fn silence_about_a_problem_is_a_yes_of_the_last_day() {
    // Replied on Monday 3 November: ten working days end on Monday the 17th.
    let of = |as_of: &str, more: &str| {
        let mut book = KnownRequests::default();
        let requests = [problem("p", OTHER, "2025-10-31")];
        let (rows, replies) =
            close(&mut book, as_of, &requests, &[answer("p", "2025-11-03", more)]);
        assert_eq!(codes(&replies), [None]);
        let reply = rows[0].standing.as_ref().and_then(|of| of.reply.clone()).expect("a reply");
        (rows[0].state(), reply.confirmed_on)
    };
    assert_eq!(of("2025-11-17", ""), (RequestState::Answered, None));
    assert_eq!(of("2025-11-18", ""), (RequestState::DeemedConfirmed, None));
    assert_eq!(
        of("2025-11-30", "c 2025-11-17"),
        (RequestState::Confirmed, Some(day("2025-11-17")))
    );
    assert_eq!(of("2025-11-30", "c 2025-11-18"), (RequestState::DeemedConfirmed, None));
    // A first confirmation that is late stands before one that is in time.
    let mut book = KnownRequests::default();
    let late = ["", "c 2025-11-18", "c 2025-11-10"].map(|more| answer("p", "2025-11-03", more));
    let (rows, replies) =
        close(&mut book, "2025-11-30", &[problem("p", OTHER, "2025-10-31")], &late);
    assert_eq!((rows[0].state(), codes(&replies)), (RequestState::DeemedConfirmed, vec![None; 3]));
    // After the close has said so no confirmation counts, and the request has left.
    let (rows, replies) =
        close(&mut book, "2025-12-31", &[], &[answer("p", "2025-11-03", "c 2025-11-11")]);
    assert_eq!((rows.len(), codes(&replies)), (0, vec![None]));
    // But it can be reopened.
    let (rows, _) =
        close(&mut book, "2026-01-31", &[], &[answer("p", "2025-11-03", "r 2026-01-30")]);
    assert_eq!(shown(&rows), ["p reopened due 2026-02-13+0 level 2"]);
    let (rows, _) = close(&mut book, "2026-02-28", &[], &[]);
    assert_eq!(shown(&rows), ["p overdue due 2026-02-13+0 level 2"]);
}

#[test]
fn a_verification_that_nobody_confirms_stays_and_a_reopened_one_begins_anew() {
    let mut book = KnownRequests::default();
    let correct = |on: &str, more: &str| reply("v", ReplyResult::Correct, on, more);
    let (rows, _) = close(
        &mut book,
        "2025-11-30",
        &[verified("v", "2025-10-10")],
        &[correct("2025-11-03", "")],
    );
    let stayed = shown(&rows);
    assert_eq!(stayed, ["v answered 2025-10 due 2025-11-26+0 by 2025-11-10"]);
    assert_eq!(shown(&close(&mut book, "2026-05-31", &[], &[]).0), stayed);
    let confirm = [correct("2025-11-03", "c 2026-05-31")];
    let (rows, _) = close(&mut book, "2026-06-30", &[], &confirm);
    assert_eq!(rows[0].state(), RequestState::Confirmed);
    assert_eq!(close(&mut book, "2026-07-31", &[], &confirm).0.len(), 0);
    // Reopened, answered and reopened again in one delivery; the line that was accepted long ago changes nothing.
    let lines = [
        correct("2025-11-03", "r 2026-08-26"),
        confirm[0].clone(),
        correct("2026-08-27", "r 2026-08-28"),
        correct("2026-08-27", "r 2026-08-28"),
    ];
    let (rows, replies) = close(&mut book, "2026-08-31", &[], &lines);
    assert_eq!(codes(&replies), [None; 4]);
    assert_eq!(shown(&rows), ["v reopened 2026-09 due 2026-10-26+0 level 3"]);
}

#[test]
fn a_reply_that_was_dated_in_time_takes_the_delay_back() {
    let mut book = KnownRequests::default();
    close(&mut book, "2025-10-31", &[verified("v", "2025-10-10")], &[]);
    let (rows, _) = close(&mut book, "2025-11-30", &[], &[]);
    assert_eq!(shown(&rows), ["v overdue 2025-11 due 2025-12-26+1"]);
    let late = [reply("v", ReplyResult::Correct, "2025-11-26", "")];
    let (rows, _) = close(&mut book, "2025-12-31", &[], &late);
    assert_eq!(shown(&rows), ["v answered 2025-10 due 2025-11-26+0 by 2025-12-03"]);
}

#[test]
fn every_state_is_met() {
    let names: BTreeMap<&str, RequestState> =
        RequestState::ALL.into_iter().map(|state| (state.name(), state)).collect();
    assert_eq!(names.len(), RequestState::ALL.len());
    assert!(names.iter().all(|(name, state)| RequestState::from_name(name) == Some(*state)));
    assert_eq!(
        ReplyResult::ALL.map(|of| ReplyResult::from_name(of.name())),
        ReplyResult::ALL.map(Some)
    );
}
