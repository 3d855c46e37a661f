//! Filings, one line each.

use super::person::ReviewPerson;

/// The type of a filing, by the codes that `review.toml` explains.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PlannedFiling {
    LongTerm,
    Transfer,
    Temporary,
}

impl PlannedFiling {
    /// Returns the code of rloc_rea.
    pub(super) const fn code(self) -> &'static str {
        match self {
            PlannedFiling::LongTerm => "1",
            PlannedFiling::Transfer => "2",
            PlannedFiling::Temporary => "3",
        }
    }
}

/// A filing. Days count from 1970-01-01.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Filing {
    /// The personal number.
    pub(super) person: [u8; 26],
    /// The insured division.
    pub(super) insured: u32,
    /// The division filed to.
    pub(super) place: u32,
    /// The digits of it that are written: a place of 2 or 4 digits stands for the rest.
    pub(super) digits: u8,
    /// The type.
    pub(super) kind: PlannedFiling,
    /// The first day.
    pub(super) begin: i64,
    /// The last day; none is open.
    pub(super) end: Option<i64>,
    /// The second at which it was made; empty where nobody knows.
    pub(super) made: Option<i64>,
    /// Whether it is valid.
    pub(super) valid: bool,
}

/// Days before the first month from which filings of scenes are valid.
const BEFORE: i64 = 200;

impl Filing {
    /// Makes a filing that is valid all the time.
    pub(super) fn new(
        who: &ReviewPerson,
        place: u32,
        kind: PlannedFiling,
        (first, next): (i64, i64),
    ) -> Filing {
        let begin = first - BEFORE;
        Filing {
            person: who.text(),
            insured: who.division,
            place,
            digits: 6,
            kind,
            begin,
            end: (kind != PlannedFiling::LongTerm).then_some(next + BEFORE),
            made: Some(begin * 86_400 + 34_200),
            valid: true,
        }
    }
}
