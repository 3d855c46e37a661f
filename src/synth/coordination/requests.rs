//! The requests of all periods: rows of requests.csv and replies.csv, and the answer key of `coordination`.

use chrono::NaiveDate;

use super::{
    asked::{AskedMatter, AskedReply, AskedRequest},
    dates::{AskedDates, AskedKind},
    scripts::{PROBLEMS, RequestScript, SUBJECTS, VERIFICATIONS},
    sources::StaySource,
};
use crate::model::codes::{Month, Province};

/// The heading of requests.csv.
pub(super) const REQUEST_COLUMNS: [&str; 8] = [
    "request_id",
    "kind",
    "from_province",
    "to_province",
    "opened_at",
    "problem_type",
    "setl_id",
    "subject",
];
/// The heading of replies.csv.
pub(super) const REPLY_COLUMNS: [&str; 6] =
    ["request_id", "replied_on", "result", "reason", "confirmed_on", "reopened_on"];

/// Requests that may come again, in the order in which they were opened.
#[derive(Default)]
pub(super) struct RequestBook {
    live: Vec<AskedRequest>,
    /// An id of the period before that was only refused.
    refused_id: Option<String>,
}

/// What a period has of requests.
#[derive(Default)]
pub(super) struct RequestPapers {
    pub(super) requests: Vec<[String; 8]>,
    pub(super) replies: Vec<[String; 6]>,
    /// request_id, row and state.
    pub(super) truth: Vec<(String, Option<i64>, &'static str)>,
}

/// Stays that are asked about, and settlements that are no such stays.
#[derive(Default)]
pub(super) struct AskedStays {
    pub(super) stays: Vec<StaySource>,
    pub(super) others: Vec<StaySource>,
}

impl RequestBook {
    /// Makes the papers of a period: of stays and of so many problems, with so many sets of refused rows.
    pub(super) fn deliver(
        &mut self,
        period: Month,
        asked: &AskedStays,
        (problems, refused): (u64, usize),
        dates: AskedDates,
    ) -> RequestPapers {
        let as_of = period.plus(1).last_day();
        let mut papers = RequestPapers::default();
        let first = self.live.len();
        let mut new = NewRequests { period, number: 0, reused: self.refused_id.take() };
        for (stay, script) in asked.stays.iter().zip(VERIFICATIONS.iter().cycle()) {
            self.live.push(new.request(script, Some(stay)));
        }
        for (_, script) in (0..problems).zip(PROBLEMS.iter().cycle()) {
            self.live.push(new.request(script, None));
        }
        let accepted = self.live[first..].iter().map(|request| request_line(request, as_of));
        papers.requests.extend(accepted);
        for request in &mut self.live {
            let replies = request.replies(period);
            request.take(&replies);
            let lines = replies.iter().map(|reply| reply_line(&request.matter.id, reply));
            papers.replies.extend(lines);
        }
        for set in 0..refused {
            let set = RefusedSet { set, as_of, period, asked, requests: &self.live[first..] };
            set.requests(&mut papers);
            set.replies(&mut papers);
        }
        self.refused_id = Some(refused_id(period, "05", 0)).filter(|_| refused > 0);
        for (number, request) in self.live.iter_mut().enumerate() {
            let row = number.checked_sub(first).and_then(|row| i64::try_from(row).ok());
            let state = request.close(dates, as_of);
            papers.truth.extend(state.map(|state| (request.matter.id.clone(), row, state)));
        }
        self.live.retain(|request| !request.is_over(period));
        papers.truth.sort_unstable();
        papers
    }
}

/// Numbers the requests of a period.
struct NewRequests {
    period: Month,
    number: usize,
    /// An id that was only refused, and comes again.
    reused: Option<String>,
}

impl NewRequests {
    fn request(&mut self, script: &RequestScript, stay: Option<&StaySource>) -> AskedRequest {
        self.number += 1;
        let number = self.number;
        let own = || format!("XZ{}{number:06}", self.period.to_string().replace('-', ""));
        let id = match stay {
            None => self.reused.take().unwrap_or_else(own),
            Some(_) => own(),
        };
        let (from, to) =
            stay.map_or_else(|| some_pair(number), |stay| (stay.insured, stay.treating));
        let matter = AskedMatter {
            id,
            kind: script.kind,
            from,
            to,
            setl_id: stay.map(StaySource::setl_id).unwrap_or_default(),
            subject: SUBJECTS[usize::from(stay.is_none())][number / 12 % 2],
        };
        let earlier = if script.opened.1 < 26 { number / 12 % 3 } else { 0 };
        AskedRequest::open(matter, self.period, script, earlier as u64)
    }
}

/// Returns two provinces for a number.
fn some_pair(number: usize) -> (Province, Province) {
    let provinces: Vec<Province> = Province::all().collect();
    let count = provinces.len();
    let from = number * 7 % count;
    (provinces[from], provinces[(from + 1 + number % (count - 1)) % count])
}

fn refused_id(period: Month, code: &str, set: usize) -> String {
    format!("XZ{}-Q{code}-{set:04}", period.to_string().replace('-', ""))
}

fn request_line(request: &AskedRequest, as_of: NaiveDate) -> [String; 8] {
    debug_assert!(request.opened_on <= as_of);
    let AskedMatter { id, kind, from, to, setl_id, subject } = &request.matter;
    let [kind, problem] = kind.columns();
    let (from, to) = (from.to_string(), to.to_string());
    let [kind, problem, subject] = [kind, problem, subject].map(str::to_owned);
    let opened = request.opened_on.to_string();
    [id.clone(), kind, from, to, opened, problem, setl_id.clone(), subject]
}

fn reply_line(id: &str, reply: &AskedReply) -> [String; 6] {
    let day = |day: Option<NaiveDate>| day.map(|day| day.to_string()).unwrap_or_default();
    let [result, reason] = [reply.result, reply.reason].map(str::to_owned);
    let on = reply.replied_on.to_string();
    [id.to_owned(), on, result, reason, day(reply.confirmed_on), day(reply.reopened_on)]
}

/// A set of refused rows: one of every code that the month has what it needs for.
struct RefusedSet<'a> {
    set: usize,
    as_of: NaiveDate,
    period: Month,
    asked: &'a AskedStays,
    /// The accepted requests of the period.
    requests: &'a [AskedRequest],
}

impl RefusedSet<'_> {
    fn requests(&self, papers: &mut RequestPapers) {
        let id = |code: &str| refused_id(self.period, code, self.set);
        let opened = self.as_of.to_string();
        let line =
            |id: String, columns: [&str; 2], (from, to): (String, String), setl_id: String| {
                let [kind, problem] = columns.map(str::to_owned);
                [id, kind, from, to, opened.clone(), problem, setl_id, "请核查".to_owned()]
            };
        let codes = |(from, to): (Province, Province)| (from.to_string(), to.to_string());
        let pair = some_pair(self.set);
        let [problem, verification] =
            [AskedKind::Other, AskedKind::Verification].map(AskedKind::columns);
        let nothing = String::new;
        let mut lines = Vec::new();
        if let Some(known) = at(self.requests, self.set) {
            lines.push(line(known.matter.id.clone(), problem, codes(pair), nothing()));
        }
        lines.push(match (at(&self.asked.stays, self.set), self.set % 3) {
            (Some(stay), 0) => {
                let swapped = codes((stay.treating, stay.insured));
                line(id("02"), verification, swapped, stay.setl_id())
            }
            (_, 1) => line(id("02"), problem, (pair.0.to_string(), "99".to_owned()), nothing()),
            _ => line(id("02"), problem, codes((pair.0, pair.0)), nothing()),
        });
        let unknown = if self.set.is_multiple_of(2) { "A-NOBODY-HAS-THIS" } else { "" };
        lines.push(line(id("03"), verification, codes(pair), unknown.to_owned()));
        if let Some(other) = at(&self.asked.others, self.set) {
            let pair = codes((other.insured, other.treating));
            lines.push(line(id("04"), verification, pair, other.setl_id()));
        }
        let mut late = line(id("05"), problem, codes(pair), nothing());
        late[4] = self.as_of.succ_opt().unwrap_or(self.as_of).to_string();
        lines.push(late);
        for line in lines {
            let row = i64::try_from(papers.requests.len()).unwrap_or(i64::MAX);
            papers.truth.push((line[0].clone(), Some(row), "refused"));
            papers.requests.push(line);
        }
    }

    fn replies(&self, papers: &mut RequestPapers) {
        let day = |day: NaiveDate| day.to_string();
        let none = String::new;
        let mut reply = |id: &str, on: String, result: &str, dates: [String; 2]| {
            let [confirmed, reopened] = dates;
            let (result, id) = (result.to_owned(), id.to_owned());
            papers.replies.push([id, on, result, none(), confirmed, reopened]);
        };
        let (as_of, late) = (day(self.as_of), self.as_of.succ_opt().map(day).unwrap_or_default());
        reply(
            &refused_id(self.period, "06", self.set),
            as_of.clone(),
            "answered",
            [none(), none()],
        );
        let of = |kind: fn(&AskedRequest) -> bool| {
            let fitting: Vec<&AskedRequest> =
                self.requests.iter().filter(|request| kind(request)).collect();
            at(&fitting, self.set).copied()
        };
        let result = |request: &AskedRequest| match request.matter.kind {
            AskedKind::Verification => "correct",
            _ => "answered",
        };
        if let Some(request) = of(AskedRequest::is_replied) {
            reply(&request.matter.id, as_of.clone(), result(request), [none(), none()]);
        }
        let Some(request) = of(AskedRequest::is_never_replied) else { return };
        let (id, good) = (&request.matter.id, result(request));
        let before = request.opened_on.pred_opt().map(day).unwrap_or_default();
        reply(id, before, good, [none(), none()]);
        let other = match request.matter.kind {
            AskedKind::Verification if self.set.is_multiple_of(2) => "incorrect",
            AskedKind::Verification => "answered",
            _ => "correct",
        };
        reply(id, as_of.clone(), other, [none(), none()]);
        match self.set % 3 {
            0 => reply(id, late, good, [none(), none()]),
            1 => reply(id, as_of.clone(), good, [as_of.clone(), as_of]),
            _ => reply(id, as_of.clone(), good, [late, none()]),
        }
    }
}

/// Returns the item of a number, from the beginning again after the end.
fn at<T>(items: &[T], number: usize) -> Option<&T> {
    items.get(number.checked_rem(items.len())?)
}
