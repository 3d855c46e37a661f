//! The lines of `requests.csv` and `replies.csv` (coordination, part 2).

use chrono::NaiveDate;

use super::lines::SmallFileLine;
use crate::{
    diag::Code,
    model::{
        dates::parse_day,
        requests::{ProblemType, ReplyResult, RequestKind},
    },
};

/// A line of `requests.csv`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestLine {
    /// The number of the request.
    pub request_id: String,
    /// What is asked.
    pub kind: RequestKind,
    /// The province that asks and the province that is asked, as they are written.
    pub provinces: [String; 2],
    /// The day of the request.
    pub opened_at: NaiveDate,
    /// The settlement; empty if there is none.
    pub setl_id: String,
    /// What it is about.
    pub subject: String,
}

/// A line of `replies.csv`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct RequestReply {
    /// The request.
    pub request_id: String,
    /// The day of the reply.
    pub replied_on: NaiveDate,
    /// Its result.
    pub result: ReplyResult,
    /// Its reason; empty if there is none.
    pub reason: String,
    /// The day on which the asker confirmed it.
    pub confirmed_on: Option<NaiveDate>,
    /// The day on which the asker did not accept it.
    pub reopened_on: Option<NaiveDate>,
}

/// Characters of a request_id.
const LONGEST_ID: usize = 40;

/// Parses a line of `requests.csv`.
pub(super) fn request(line: &mut SmallFileLine) -> Option<RequestLine> {
    let request_id = request_id(line);
    let day = line.day(4);
    let kind = kind(line);
    let text = |column: usize| line.values[column].clone();
    Some(RequestLine {
        request_id: request_id?,
        kind: kind?,
        provinces: [text(2), text(3)],
        opened_at: day?,
        setl_id: text(6),
        subject: text(7),
    })
}

/// Parses a line of `replies.csv`.
pub(super) fn reply(line: &mut SmallFileLine) -> Option<RequestReply> {
    let request_id = request_id(line);
    let replied_on = line.day(1);
    let result = ReplyResult::from_name(&line.values[2]);
    if result.is_none() {
        line.refuse(Code::S17, 2);
    }
    let [confirmed_on, reopened_on] = [4, 5].map(|column| day_or_none(line, column));
    Some(RequestReply {
        request_id: request_id?,
        replied_on: replied_on?,
        result: result?,
        reason: line.values[3].clone(),
        confirmed_on: confirmed_on?,
        reopened_on: reopened_on?,
    })
}

fn request_id(line: &mut SmallFileLine) -> Option<String> {
    let id = line.values[0].clone();
    let good = !id.is_empty() && id.chars().count() <= LONGEST_ID;
    if !good {
        line.refuse(Code::S16, 0);
    }
    good.then_some(id)
}

/// Returns the kind of a request. Kind and type are looked at each by itself before they are looked at together.
fn kind(line: &mut SmallFileLine) -> Option<RequestKind> {
    let [kind, of] = [1, 5].map(|column: usize| line.values[column].clone());
    let known_kind = [RequestKind::VERIFICATION, RequestKind::PROBLEM].contains(&kind.as_str());
    let known_type = of.is_empty() || ProblemType::from_name(&of).is_some();
    for (known, column) in [(known_kind, 1), (known_type, 5)] {
        if !known {
            line.refuse(Code::S17, column);
        }
    }
    let of = Some(of.as_str()).filter(|of| !of.is_empty());
    let together = RequestKind::of_words(&kind, of);
    if known_kind && known_type && together.is_none() {
        line.refuse(Code::S18, 5);
    }
    together
}

/// Parses a day that may be empty.
#[expect(clippy::option_option, reason = "what is wrong and what is not there are two things")]
fn day_or_none(line: &mut SmallFileLine, column: usize) -> Option<Option<NaiveDate>> {
    if line.values[column].is_empty() {
        return Some(None);
    }
    let day = parse_day(&line.values[column]);
    if day.is_none() {
        line.refuse(Code::S05, column);
    }
    day.map(Some)
}
