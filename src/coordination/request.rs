//! A request, the reply that is in force, and the settlement that a verification is about.

use chrono::NaiveDate;

use crate::{
    contract::requests::RequestLine,
    model::{
        codes::{CareClass, Pair},
        money::Fen,
        requests::ReplyResult,
    },
};

/// An accepted request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProvinceRequest {
    /// Its line.
    pub line: RequestLine,
    /// The number of its record in this delivery; none when it came earlier.
    pub row: Option<i64>,
    /// The stay as its record said when the request came; none for a problem, and where only the register knew it.
    pub stay: Option<StayRecord>,
    /// 1, and one more for each reopening.
    pub level: i64,
    /// The day of the last reopening.
    pub reopened_on: Option<NaiveDate>,
    /// The reply in force.
    pub reply: Option<ReplyInForce>,
    /// Whether an earlier close ended it, and nobody reopened it since.
    pub ended: bool,
}

/// A reply in force: from its row until the request is reopened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReplyInForce {
    /// Its day.
    pub replied_on: NaiveDate,
    /// Its result.
    pub result: ReplyResult,
    /// Its reason; empty if there is none.
    pub reason: String,
    /// The day of the first confirmation.
    pub confirmed_on: Option<NaiveDate>,
}

/// What a record says about a stay.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StayRecord {
    /// The institution.
    pub fixmedins_code: String,
    /// The visit.
    pub mdtrt_id: Option<String>,
    /// The person.
    pub psn_no: String,
    /// First and last day, from 1970-01-01.
    pub days: [Option<i32>; 2],
    /// The total cost.
    pub medfee_sumamt: Fen,
}

/// A settlement that a verification names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownSettlement {
    /// Its provinces.
    pub pair: Pair,
    /// Its care class.
    pub care: CareClass,
    /// Whether it is a reversal.
    pub is_reversal: bool,
    /// What its record says; none where only the register knows it.
    pub stay: Option<StayRecord>,
}
