//! The rules and the day of issue of each period. A book alone cannot prove them, so changes are reported.

use schemars::JsonSchema;
use serde::Serialize;

use super::{checks::Checks, files::ReadablePeriod, places::place};
use crate::{
    diag::Code,
    digest::sha256_hex,
    model::{codes::Month, dates::parse_day},
    place::period::MANIFEST,
    rules::BUILT_IN,
    shapes::{Day, Period, Sha256},
    text::Text,
};

/// Rules, and the periods one after the other that were closed with them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct RulesInForce {
    /// The first of these periods.
    #[schemars(with = "Period")]
    pub from: String,
    /// The last of these periods.
    #[schemars(with = "Period")]
    pub through: String,
    /// The SHA-256 of the rules file.
    #[schemars(with = "Sha256")]
    pub sha256: String,
    /// Whether these are the rules that are built into this program.
    pub built_in: bool,
}

/// A period whose notices were not issued on the last day of the month after it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct OtherDay {
    /// The period.
    #[schemars(with = "Period")]
    pub period: String,
    /// Its day of issue.
    #[schemars(with = "Day")]
    pub as_of: String,
    /// The last day of the month after it.
    #[schemars(with = "Day")]
    pub last_day: String,
}

/// The rules and days of issue in the manifests of a book.
#[derive(Debug, Default)]
pub(super) struct Policies {
    pub(super) rules: Vec<RulesInForce>,
    pub(super) days: Vec<OtherDay>,
    months: Vec<Month>,
}

impl Policies {
    /// Adds a period.
    pub(super) fn add(&mut self, closed: &ReadablePeriod) {
        let (period, sha256) = (closed.month.to_string(), &closed.manifest.rules.sha256);
        if let Some(last) = self.rules.last_mut().filter(|last| last.sha256 == *sha256) {
            last.through = period;
        } else {
            let built_in = *sha256 == sha256_hex(BUILT_IN.as_bytes());
            let (from, through) = (period.clone(), period);
            self.rules.push(RulesInForce { from, through, sha256: sha256.clone(), built_in });
            self.months.push(closed.month);
        }
        let last_day = closed.month.plus(1).last_day();
        let as_of = &closed.manifest.as_of;
        if parse_day(as_of) != Some(last_day) {
            let (period, last_day) = (closed.month.to_string(), last_day.to_string());
            self.days.push(OtherDay { period, as_of: as_of.clone(), last_day });
        }
    }

    /// Law: every period was closed with one of the given rules files.
    pub(super) fn compare(&self, given: &[String], checks: &mut Checks) {
        if given.is_empty() {
            return;
        }
        let is_given = |rules: &&RulesInForce| given.contains(&rules.sha256);
        let same = self.rules.iter().filter(is_given).map(RulesInForce::periods);
        let same = match same.reduce(|one, other| text!("{}; {}", one, other)) {
            None => text!("no period has those that were given"),
            Some(some) => text!("those that were given: {}", some),
        };
        for (rules, month) in self.rules.iter().zip(&self.months) {
            checks.count(1);
            if !is_given(&rules) {
                let found = text!("{}: the rules {}; {}", rules.periods(), rules.sha256, same);
                checks.report(Code::B11, place(*month, MANIFEST), text!("rules"), found);
            }
        }
    }
}

impl RulesInForce {
    /// Returns the periods in words.
    pub fn periods(&self) -> Text {
        if self.from == self.through {
            return Text::given(&self.from);
        }
        text!("{} through {}", self.from, self.through)
    }
}
