//! The dates of requests: coordination.md, 2.2, read a second time for the answer key.

use chrono::{Datelike, NaiveDate};

use crate::{
    model::{calendar::Calendar, codes::Month},
    rules::CoordinationRules,
};

/// The kind of a request, and of a problem.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum AskedKind {
    Verification,
    Filing,
    System,
    Other,
}

impl AskedKind {
    /// Returns the values of `kind` and `problem_type`.
    pub(super) const fn columns(self) -> [&'static str; 2] {
        match self {
            AskedKind::Verification => ["verification", ""],
            AskedKind::Filing => ["problem", "filing"],
            AskedKind::System => ["problem", "system"],
            AskedKind::Other => ["problem", "other"],
        }
    }
}

/// What dates are counted by.
#[derive(Clone, Copy)]
pub(super) struct AskedDates<'w> {
    pub(super) calendar: &'w Calendar,
    pub(super) rules: &'w CoordinationRules,
}

impl AskedDates<'_> {
    /// Returns the last day on which a reply is in time, for a request that was opened or reopened on a day.
    pub(super) fn due(&self, kind: AskedKind, begun: NaiveDate) -> NaiveDate {
        let days = match kind {
            AskedKind::Verification => {
                let batch_day = u32::from(self.rules.batch_day);
                let month = Month::of_day(begun.to_epoch_days().into());
                let first = begun.day() >= batch_day;
                let due = month.plus(1 + i32::from(first)).first_day();
                return due.with_day(batch_day).unwrap_or(due);
            }
            AskedKind::Filing => self.rules.filing_days,
            AskedKind::System => self.rules.system_days,
            AskedKind::Other => self.rules.other_days,
        };
        self.calendar.after(begun, days)
    }

    /// Returns the last day on which a confirmation of a problem counts; without one, silence is a yes of that day.
    pub(super) fn silence(&self, replied_on: NaiveDate) -> NaiveDate {
        self.calendar.after(replied_on, self.rules.problem_confirm_days)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::Rules;

    #[test]
    fn a_batch_ends_on_the_25th_and_days_are_working_days() {
        let rules = Rules::built_in();
        let policy = rules.policy(Month::new(2025, 10)).expect("in force");
        let dates = AskedDates { calendar: &rules.calendar, rules: &policy.coordination };
        let day = |text: &str| text.parse::<NaiveDate>().expect("a day");
        let due = |kind, begun: &str| dates.due(kind, day(begun)).to_string();
        assert_eq!(due(AskedKind::Verification, "2025-11-25"), "2025-12-26");
        assert_eq!(due(AskedKind::Verification, "2025-11-26"), "2026-01-26");
        assert_eq!(due(AskedKind::Verification, "2025-12-31"), "2026-02-26");
        // A Friday; and the eve of the National Day, with eight days off and a Saturday of work.
        assert_eq!(due(AskedKind::System, "2025-11-28"), "2025-12-01");
        assert_eq!(due(AskedKind::Filing, "2025-09-30"), "2025-10-10");
        assert_eq!(due(AskedKind::Other, "2025-11-03"), "2025-11-17");
        assert_eq!(dates.silence(day("2025-11-28")), day("2025-12-12"));
    }
}
