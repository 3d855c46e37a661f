//! The life of one accepted request: coordination.md, 2.2, read a second time for the answer key.

use chrono::{Datelike, Days, NaiveDate};

use super::{
    dates::{AskedDates, AskedKind},
    scripts::{RequestScript, ScriptDay, ScriptStep},
};
use crate::model::codes::{Month, Province};

/// A row of replies.csv.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct AskedReply {
    pub(super) replied_on: NaiveDate,
    pub(super) result: &'static str,
    pub(super) reason: &'static str,
    pub(super) confirmed_on: Option<NaiveDate>,
    pub(super) reopened_on: Option<NaiveDate>,
}

/// What a request asks.
#[derive(Debug, Clone)]
pub(super) struct AskedMatter {
    pub(super) id: String,
    pub(super) kind: AskedKind,
    pub(super) from: Province,
    pub(super) to: Province,
    /// Empty for a problem.
    pub(super) setl_id: String,
    pub(super) subject: &'static str,
}

/// A request that was accepted.
#[derive(Debug, Clone)]
pub(super) struct AskedRequest {
    pub(super) matter: AskedMatter,
    pub(super) opened_on: NaiveDate,
    birth: Month,
    steps: &'static [ScriptStep],
    /// The day on which it was opened, or reopened last.
    begun: NaiveDate,
    was_reopened: bool,
    reply: Option<AskedReply>,
    /// Whether it was confirmed or deemed confirmed at an earlier close.
    has_left: bool,
}

/// Returns the day of a script: in a month, counted from the one after the birth.
fn day_of(birth: Month, day: ScriptDay) -> NaiveDate {
    let month = birth.plus(1 + day.0);
    month.first_day().with_day(day.1).unwrap_or_else(|| month.last_day())
}

impl AskedRequest {
    /// Opens a request in a period. `earlier` are days before the day of its script.
    pub(super) fn open(
        matter: AskedMatter,
        birth: Month,
        script: &RequestScript,
        earlier: u64,
    ) -> AskedRequest {
        let on = day_of(birth, script.opened);
        let opened_on = on.checked_sub_days(Days::new(earlier)).unwrap_or(on);
        AskedRequest {
            matter,
            opened_on,
            birth,
            steps: script.steps,
            begun: opened_on,
            was_reopened: false,
            reply: None,
            has_left: false,
        }
    }

    /// Returns the rows of replies.csv that a period delivers.
    pub(super) fn replies(&self, period: Month) -> Vec<AskedReply> {
        let day = |day| day_of(self.birth, day);
        let now = self.steps.iter().filter(|step| self.birth.plus(step.after) == period);
        let reply = |step: &ScriptStep| AskedReply {
            replied_on: day(step.replied),
            result: match (self.matter.kind, step.is_correct) {
                (AskedKind::Verification, true) => "correct",
                (AskedKind::Verification, false) => "incorrect",
                _ => "answered",
            },
            reason: if step.is_correct {
                ""
            } else {
                "床位费多计 2 天，已通知医院退费"
            },
            confirmed_on: step.confirmed.map(day),
            reopened_on: step.reopened.map(day),
        };
        now.map(reply).collect()
    }

    /// Takes rows that are accepted.
    pub(super) fn take(&mut self, replies: &[AskedReply]) {
        for row in replies {
            let reply = self.reply.get_or_insert_with(|| row.clone());
            reply.confirmed_on = reply.confirmed_on.or(row.confirmed_on);
            if let Some(on) = row.reopened_on {
                (self.begun, self.was_reopened, self.has_left) = (on, true, false);
                self.reply = None;
            }
        }
    }

    /// Whether a reply is in force.
    pub(super) const fn is_replied(&self) -> bool {
        self.reply.is_some()
    }

    /// Whether nobody ever replies to it.
    pub(super) const fn is_never_replied(&self) -> bool {
        self.steps.is_empty()
    }

    /// Whether nothing can happen to it any more.
    pub(super) fn is_over(&self, period: Month) -> bool {
        self.has_left && self.steps.iter().all(|step| self.birth.plus(step.after) <= period)
    }

    /// Returns the state at a close, unless the request has left before.
    pub(super) fn close(&mut self, dates: AskedDates, as_of: NaiveDate) -> Option<&'static str> {
        if self.has_left {
            return None;
        }
        let kind = self.matter.kind;
        let state = match &self.reply {
            None if dates.due(kind, self.begun) < as_of => "overdue",
            None if self.was_reopened => "reopened",
            None => "open",
            Some(AskedReply { confirmed_on, .. }) if kind == AskedKind::Verification => {
                if confirmed_on.is_some() {
                    "confirmed"
                } else {
                    "answered"
                }
            }
            Some(AskedReply { replied_on, confirmed_on, .. }) => {
                let silence = dates.silence(*replied_on);
                match confirmed_on {
                    Some(on) if *on <= silence => "confirmed",
                    _ if as_of > silence => "deemed_confirmed",
                    _ => "answered",
                }
            }
        };
        self.has_left = matches!(state, "confirmed" | "deemed_confirmed");
        Some(state)
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::scripts::{PROBLEMS, VERIFICATIONS},
        *,
    };
    use crate::rules::Rules;

    /// The states of a script at the closes of its birth and of the three periods after it; `-` when it has left.
    fn states(script: &RequestScript, birth: Month) -> String {
        let rules = Rules::built_in();
        let policy = rules.policy(birth).expect("in force");
        let dates = AskedDates { calendar: &rules.calendar, rules: &policy.coordination };
        let [from, to] = [0, 1].map(|place| Province::from_index(place).expect("a province"));
        let (id, setl_id) = (String::new(), String::new());
        let matter = AskedMatter { id, kind: script.kind, from, to, setl_id, subject: "" };
        let mut request = AskedRequest::open(matter, birth, script, 0);
        let close = |after| {
            let period = birth.plus(after);
            let rows = request.replies(period);
            let as_of = period.plus(1).last_day();
            assert!(rows.iter().all(|row| {
                let dates = [Some(row.replied_on), row.confirmed_on, row.reopened_on];
                row.replied_on >= request.opened_on && dates.iter().flatten().all(|on| *on <= as_of)
            }));
            request.take(&rows);
            request.close(dates, as_of).unwrap_or("-")
        };
        (0..4).map(close).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn scripts_have_their_states() {
        let month = Month::new(2025, 10);
        let found = VERIFICATIONS.map(|script| states(&script, month));
        let expected = [
            "confirmed - - -",
            "open overdue overdue overdue",
            "answered confirmed - -",
            "open answered answered answered",
            "open overdue confirmed -",
            "answered confirmed - -",
            "confirmed reopened overdue answered",
            "open open answered answered",
            "answered answered answered answered",
            "open overdue answered answered",
            "open open overdue answered",
            "reopened answered answered answered",
        ];
        assert_eq!(found, expected);
        let found = PROBLEMS.map(|script| states(&script, month));
        let expected = [
            "confirmed - - -",
            "overdue overdue overdue overdue",
            "deemed_confirmed - - -",
            "open answered deemed_confirmed -",
            "deemed_confirmed - - -",
            "deemed_confirmed overdue confirmed -",
            "answered confirmed - -",
            "reopened deemed_confirmed - -",
            "open confirmed - -",
            "confirmed - - -",
            "overdue deemed_confirmed - -",
            "open overdue overdue overdue",
        ];
        assert_eq!(found, expected);
    }

    /// A confirmation on the last day counts, and one on the day after it does not; so does a due day.
    #[test]
    fn the_last_day_counts() {
        // Replied on 3 November: ten working days later it is the 17th.
        const IN_TIME: [ScriptStep; 1] = [ScriptStep {
            after: 0,
            replied: (0, 3),
            is_correct: true,
            confirmed: Some((0, 17)),
            reopened: None,
        }];
        const LATE: [ScriptStep; 1] = [ScriptStep { confirmed: Some((0, 18)), ..IN_TIME[0] }];
        let script = |steps, opened| RequestScript { kind: AskedKind::Other, opened, steps };
        let state = |script| states(&script, Month::new(2025, 10));
        assert!(state(script(&IN_TIME, (0, 3))).starts_with("confirmed"));
        assert!(state(script(&LATE, (0, 3))).starts_with("deemed_confirmed"));
        // Opened on 14 November it is due on the 28th, the day before the weekend of the close.
        assert!(state(script(&[], (0, 14))).starts_with("overdue"));
        assert!(state(script(&[], (0, 17))).starts_with("open"));
    }

    #[test]
    fn every_month_takes_the_scripts() {
        for birth in (0..24).map(|n| Month::new(2025, 1).plus(n)) {
            for script in VERIFICATIONS.iter().chain(&PROBLEMS) {
                assert!(!states(script, birth).is_empty());
            }
        }
    }
}
