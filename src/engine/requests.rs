//! The requests of a period: what the book knows of them, and what this delivery brings.

use std::collections::BTreeMap;

use super::options::RunOptions;
use crate::{
    book::Book,
    contract::{requests::RequestLine, small_files::SmallFiles},
    coordination::{
        judge::RequestJudge,
        request::KnownSettlement,
        rows::{CoordinationRow, ReplyRow},
        timing::RequestClock,
    },
    diag::{Failure, Outcome},
    handover::brought,
    keyed::{
        key::Key,
        registered::{Registered, RegisteredKind},
    },
    reconcile::{build::Index, matching::MatchState, named::NamedSettlements},
    register::lookup::Register,
};

/// The rows of both tables.
pub(super) struct RequestTables {
    pub(super) coordination: Vec<CoordinationRow>,
    pub(super) replies: Vec<ReplyRow>,
}

/// Judges the requests and replies of a delivery, in the order of their files.
pub(super) fn judge_requests(
    options: &RunOptions,
    book: &Book,
    (register, index): (&Register, &Index),
    small: &SmallFiles,
    named: &NamedSettlements,
) -> Outcome<RequestTables> {
    let policy = options.policy()?;
    let clock = RequestClock {
        as_of: options.issued_on(),
        rules: &policy.coordination,
        calendar: &options.rules.calendar,
    };
    let recorded = named.known();
    let registered = registered(named, &recorded, register, index)?;
    let settlement = |line: &RequestLine| {
        let by_register = || registered.get(&Key::of(&line.setl_id)).and_then(trusted);
        recorded.get(&line.setl_id).cloned().or_else(by_register)
    };
    let before = brought::requests(&book.periods)?;
    let pending = before.pending();
    let mut judge = RequestJudge::new(clock, before);
    for (row, line) in (0..).zip(&small.requests) {
        judge.request(row, line, settlement(line));
    }
    for (row, line) in (0..).zip(&small.replies) {
        judge.reply(row, line);
    }
    let (coordination, replies) = judge.finish();
    let came_earlier = coordination.iter().filter(|row| row.row.is_none()).count();
    Failure::unless(came_earlier >= pending && replies.len() == small.replies.len(), || {
        text!("{} requests of {} are still listed", came_earlier, pending)
    })?;
    Ok(RequestTables { coordination, replies })
}

/// Looks up the settlements that no record tells of.
fn registered(
    named: &NamedSettlements,
    recorded: &BTreeMap<String, KnownSettlement>,
    register: &Register,
    index: &Index,
) -> Outcome<BTreeMap<Key, Registered>> {
    let without = named.names().filter(|name| !recorded.contains_key(*name));
    let mut keys: Vec<Key> = without.map(Key::of).collect();
    keys.sort_unstable();
    keys.dedup();
    Ok(MatchState::of_many(&keys, index, register)?.registered)
}

/// Returns what the register says about a settlement; none if it was voided.
fn trusted(registered: &Registered) -> Option<KnownSettlement> {
    let group = registered.group.filter(|_| registered.kind != RegisteredKind::Voided)?;
    let is_reversal = registered.kind == RegisteredKind::Reversal;
    Some(KnownSettlement { pair: group.pair, care: group.care, is_reversal, stay: None })
}
