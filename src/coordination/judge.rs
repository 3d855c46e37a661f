//! Judges the lines of `requests.csv` and `replies.csv`, each after all lines before it.

use super::{
    known::KnownRequests,
    request::{KnownSettlement, ProvinceRequest, ReplyInForce},
    rows::{CoordinationRow, ReplyRow},
    timing::RequestClock,
};
use crate::{
    contract::requests::{RequestLine, RequestReply},
    diag::codes::RequestCode,
    model::{
        codes::{CareClass, Province},
        money::FenSum,
        requests::{ReplyResult, RequestKind},
    },
};

/// Judges the lines of a delivery: requests first, then replies.
pub struct RequestJudge<'a> {
    clock: RequestClock<'a>,
    known: KnownRequests,
    /// The refused requests.
    refused: Vec<CoordinationRow>,
    replies: Vec<ReplyRow>,
}

impl<'a> RequestJudge<'a> {
    /// Starts from what the book knows.
    pub fn new(clock: RequestClock<'a>, known: KnownRequests) -> RequestJudge<'a> {
        RequestJudge { clock, known, refused: Vec::new(), replies: Vec::new() }
    }

    /// Judges a line of `requests.csv`; `settlement` is the one that it names, if it is known. A problem has nothing of it.
    pub fn request(&mut self, row: i64, line: &RequestLine, settlement: Option<KnownSettlement>) {
        let settlement = settlement.filter(|_| line.kind == RequestKind::Verification);
        match self.refusal(line, settlement.as_ref()) {
            Some(code) => self.refuse(row, line, code),
            None => self.known.accept(ProvinceRequest {
                line: line.clone(),
                row: Some(row),
                stay: settlement.and_then(|settlement| settlement.stay),
                level: 1,
                reopened_on: None,
                reply: None,
                ended: false,
            }),
        }
    }

    /// Lists a line of `requests.csv` as refused.
    pub fn refuse(&mut self, row: i64, line: &RequestLine, code: RequestCode) {
        self.refused.push(CoordinationRow::refused(row, line, code));
    }

    /// Returns why a request is refused: the first code that holds; `settlement` is that of a verification.
    pub fn refusal(
        &self,
        line: &RequestLine,
        settlement: Option<&KnownSettlement>,
    ) -> Option<RequestCode> {
        if self.known.requests.contains_key(&line.request_id) {
            return Some(RequestCode::Q01);
        }
        let [from, to] = line.provinces.each_ref().map(|province| Province::from_text(province));
        let fits =
            |of: &KnownSettlement| Some(of.pair.insured) == from && Some(of.pair.treating) == to;
        if from.is_none() || to.is_none() || from == to || settlement.is_some_and(|of| !fits(of)) {
            return Some(RequestCode::Q02);
        }
        if line.kind == RequestKind::Verification {
            let Some(settlement) = settlement else { return Some(RequestCode::Q03) };
            if !self.may_be_verified(settlement) {
                return Some(RequestCode::Q04);
            }
        }
        (line.opened_at > self.clock.as_of).then_some(RequestCode::Q05)
    }

    /// Whether a settlement is a stay of at least the limit. Cost that no record says is taken on trust.
    fn may_be_verified(&self, settlement: &KnownSettlement) -> bool {
        let limit = self.clock.rules.verified_from();
        let cost = settlement.stay.as_ref().map(|stay| FenSum::from(stay.medfee_sumamt));
        settlement.care == CareClass::Inpatient
            && !settlement.is_reversal
            && cost.is_none_or(|cost| cost >= limit)
    }

    /// Judges a line of `replies.csv`.
    pub fn reply(&mut self, row: i64, line: &RequestReply) {
        let code = self.judge_reply(line);
        self.replies.push(ReplyRow { row, line: line.clone(), code });
    }

    /// Lets a reply take effect, or returns why it is refused: the first code that holds.
    fn judge_reply(&mut self, line: &RequestReply) -> Option<RequestCode> {
        let KnownRequests { requests, replies } = &mut self.known;
        let Some(request) = requests.get_mut(&line.request_id) else {
            return Some(RequestCode::Q06);
        };
        if replies.contains(line) {
            return None;
        }
        let as_of = self.clock.as_of;
        let RequestReply { replied_on, result, reason, confirmed_on, reopened_on, .. } = line;
        let repeats = |of: &ReplyInForce| (of.replied_on, of.result) == (*replied_on, *result);
        if request.reply.as_ref().is_some_and(|reply| !repeats(reply)) {
            return Some(RequestCode::Q07);
        }
        if *replied_on < request.line.opened_at || Some(*replied_on) < request.reopened_on {
            return Some(RequestCode::Q08);
        }
        let lacks_reason = *result == ReplyResult::Incorrect && reason.is_empty();
        if lacks_reason || !request.line.kind.takes(*result) {
            return Some(RequestCode::Q09);
        }
        let later = || [*confirmed_on, *reopened_on].into_iter().flatten();
        if *replied_on > as_of
            || later().any(|day| day > as_of || day < *replied_on)
            || later().count() == 2
            || reopened_on.is_some_and(|day| Some(day) <= request.reopened_on)
        {
            return Some(RequestCode::Q10);
        }
        request.take(line);
        replies.insert(line.clone());
        None
    }

    /// Returns the rows of both tables, each in its order.
    pub fn finish(self) -> (Vec<CoordinationRow>, Vec<ReplyRow>) {
        let RequestJudge { clock, known, refused, replies } = self;
        let listed = known.requests.values().filter(|request| !request.ended);
        let mut rows: Vec<CoordinationRow> =
            listed.map(|request| CoordinationRow::accepted(request, &clock)).collect();
        rows.extend(refused);
        rows.sort_by(|a, b| (&a.request_id, a.row).cmp(&(&b.request_id, b.row)));
        (rows, replies)
    }
}

impl ProvinceRequest {
    /// Lets an accepted line of `replies.csv` take effect.
    fn take(&mut self, line: &RequestReply) {
        let reply = self.reply.get_or_insert_with(|| ReplyInForce {
            replied_on: line.replied_on,
            result: line.result,
            reason: line.reason.clone(),
            confirmed_on: None,
        });
        // The first confirmation stands. After a close has ended the request none counts any more.
        if !self.ended {
            reply.confirmed_on = reply.confirmed_on.or(line.confirmed_on);
        }
        if let Some(day) = line.reopened_on {
            self.reply = None;
            self.reopened_on = Some(day);
            self.level += 1;
            self.ended = false;
        }
    }
}
