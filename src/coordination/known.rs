//! What the book knows of requests: the newest row of each accepted one, and the accepted replies.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    request::ProvinceRequest,
    rows::{self, CoordinationRow, ReplyRow},
};
use crate::{book::grid::Grid, contract::requests::RequestReply, diag::Outcome};

/// What the book knows of requests.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct KnownRequests {
    /// The accepted requests, by number.
    pub requests: BTreeMap<String, ProvinceRequest>,
    /// The accepted lines of `replies.csv`.
    pub replies: BTreeSet<RequestReply>,
}

impl KnownRequests {
    /// Adds the tables `coordination` and `replies` of the next period.
    pub fn add(&mut self, coordination: &Grid, replies: &Grid) -> Outcome<()> {
        let accepted =
            rows::rows_of(coordination)?.into_iter().filter_map(CoordinationRow::carried);
        accepted.for_each(|request| self.accept(request));
        for row in replies.iter() {
            let row = ReplyRow::of(row).ok_or_else(|| rows::damaged("replies"))?;
            if row.code.is_none() {
                self.replies.insert(row.line);
            }
        }
        Ok(())
    }

    pub(super) fn accept(&mut self, request: ProvinceRequest) {
        self.requests.insert(request.line.request_id.clone(), request);
    }

    /// Returns how many requests no close has ended.
    pub fn pending(&self) -> usize {
        self.requests.values().filter(|request| !request.ended).count()
    }
}
