//! What is due by when: days of the period that is to be closed next, and days of the notices of the one closed last.

use chrono::{Datelike, NaiveDate};
use schemars::JsonSchema;
use serde::Serialize;

use crate::{
    model::codes::Month,
    reserve::notices::Dates,
    rules::{Policy, Rules},
    shapes::{Day, Period},
    text::Text,
};

/// Something that is due.
#[derive(Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Deadline {
    /// The day.
    #[schemars(with = "Day")]
    pub on: String,
    /// The number of days from the day of the status; negative when it is past.
    pub days_left: i64,
    /// What is due.
    pub kind: DeadlineKind,
    /// The number of the article of the procedure that says so.
    pub article: u8,
    /// The clearing period that it is due for; for `last_day_without_permit` the cost month.
    #[schemars(with = "Period")]
    pub month: String,
    /// The year of `quotas_changed` and the cost year of `year_cleared`; null for the others.
    pub year: Option<i32>,
}

/// What is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DeadlineKind {
    /// Insured places have reconciled the whole month.
    Reconciled,
    /// Treating places have applied for top-ups after the period.
    TopUpsApplied,
    /// Notices of the period are handed to finance.
    Filed,
    /// Provinces have collected from their pooling areas, or passed down to them.
    PassedDown,
    /// Treating places have declared the costs of the period.
    Declared,
    /// It is the last day for costs of the month without a permit.
    LastDayWithoutPermit,
    /// Notices of the period are paid.
    Paid,
    /// What is open, top-ups too, is paid before the next clearing.
    PaidBeforeClearing,
    /// The national allocation of the period is made.
    Allocated,
    /// The provinces have confirmed the period.
    Confirmed,
    /// Payments for the period are told back.
    ToldBack,
    /// The notices of the period are issued.
    Notices,
    /// The yearly change of quotas is done.
    QuotasChanged,
    /// The costs of the year are cleared, the last of them in the period.
    YearCleared,
}

impl DeadlineKind {
    /// Returns the number of the article of the procedure that says so.
    pub const fn article(self) -> u8 {
        match self {
            DeadlineKind::Reconciled => 38,
            DeadlineKind::TopUpsApplied => 24,
            DeadlineKind::Filed | DeadlineKind::Paid | DeadlineKind::ToldBack => 48,
            DeadlineKind::PassedDown => 49,
            DeadlineKind::Declared
            | DeadlineKind::LastDayWithoutPermit
            | DeadlineKind::YearCleared => 50,
            DeadlineKind::PaidBeforeClearing => 25,
            DeadlineKind::Allocated | DeadlineKind::Confirmed => 46,
            DeadlineKind::Notices => 47,
            DeadlineKind::QuotasChanged => 22,
        }
    }

    /// Returns the word for it in reports for programs.
    const fn name(self) -> &'static str {
        match self {
            DeadlineKind::Reconciled => "reconciled",
            DeadlineKind::TopUpsApplied => "top-ups-applied",
            DeadlineKind::Filed => "filed",
            DeadlineKind::PassedDown => "passed-down",
            DeadlineKind::Declared => "declared",
            DeadlineKind::LastDayWithoutPermit => "last-day-without-permit",
            DeadlineKind::Paid => "paid",
            DeadlineKind::PaidBeforeClearing => "paid-before-clearing",
            DeadlineKind::Allocated => "allocated",
            DeadlineKind::Confirmed => "confirmed",
            DeadlineKind::ToldBack => "told-back",
            DeadlineKind::Notices => "notices",
            DeadlineKind::QuotasChanged => "quotas-changed",
            DeadlineKind::YearCleared => "year-cleared",
        }
    }
}

impl Deadline {
    /// Returns the deadline in words. A line of them fits a terminal in both languages.
    pub fn words(&self) -> Text {
        let Deadline { kind, month, year, .. } = self;
        let year = year.unwrap_or_default();
        match kind {
            DeadlineKind::Reconciled => text!("insured places have reconciled {}", month),
            DeadlineKind::TopUpsApplied => text!("top-ups after {} are applied for", month),
            DeadlineKind::Filed => text!("notices of {} are handed to finance", month),
            DeadlineKind::PassedDown => {
                text!("provinces have settled {} with their areas", month)
            }
            DeadlineKind::Declared => text!("treating places have declared {}", month),
            DeadlineKind::LastDayWithoutPermit => {
                text!("last day for costs of {} without a permit", month)
            }
            DeadlineKind::Paid => text!("notices of {} are paid", month),
            DeadlineKind::PaidBeforeClearing => {
                text!("what is open is paid, before {} is cleared", month)
            }
            DeadlineKind::Allocated => text!("national allocation of {}", month),
            DeadlineKind::Confirmed => text!("provinces have confirmed {}", month),
            DeadlineKind::ToldBack => text!("payments for {} are told back", month),
            DeadlineKind::Notices => text!("notices of {}", month),
            DeadlineKind::QuotasChanged => text!("the yearly change of quotas of {} is done", year),
            DeadlineKind::YearCleared => text!("costs of {} are cleared ({})", year, month),
        }
    }

    /// Returns an identifier that is the same in every report about it.
    pub fn uid(&self) -> String {
        format!("{}-{}@liangqing", self.kind.name(), self.month)
    }
}

/// The closed period and the day of issue of its notices; the deadlines of the next period and of these notices follow.
pub(super) struct DeadlineFacts {
    /// The period that was closed last.
    pub(super) closed: Month,
    /// The day of issue of its notices.
    pub(super) issued_on: NaiveDate,
    /// Whether it suggests top-ups.
    pub(super) suggests: bool,
}

/// Returns the deadlines by day.
pub(super) fn deadlines(
    facts: &DeadlineFacts,
    rules: &Rules,
    (was, policy): (&Policy, &Policy),
    as_of: NaiveDate,
) -> Vec<Deadline> {
    let next = facts.closed.plus(1);
    let mut due = of_next(next, policy);
    due.extend(of_notices(facts, rules, was));
    if let Some(schedule) = policy.schedule {
        let yearly = policy.yearly_quota.to_month;
        // From the period that makes the quotas until the change is done.
        for period in [facts.closed, next].into_iter().filter(|p| p.of_year() == yearly) {
            let done = Month::new(period.year() + 1, schedule.yearly_change_month);
            let year = period.year() + 1;
            due.push((done.last_day(), DeadlineKind::QuotasChanged, period, Some(year)));
        }
    }
    let mut deadlines: Vec<Deadline> = due
        .into_iter()
        .map(|(on, kind, month, year)| Deadline {
            on: on.to_string(),
            days_left: days(as_of, on),
            kind,
            article: kind.article(),
            month: month.to_string(),
            year,
        })
        .collect();
    deadlines.sort_by(|a, b| (&a.on, a.kind, &a.month).cmp(&(&b.on, b.kind, &b.month)));
    deadlines
}

type DueDay = (NaiveDate, DeadlineKind, Month, Option<i32>);

/// Returns the days of a period, and of the cost months and years that must clear in it.
fn of_next(next: Month, policy: &Policy) -> Vec<DueDay> {
    let month = next.plus(1);
    let day = |day: u8| month.first_day().with_day(day.into()).unwrap_or(month.first_day());
    let oldest = next.plus(-policy.lateness_limit);
    let mut due = vec![
        (day(policy.declare_day), DeadlineKind::Declared, next, None),
        (day(policy.declare_day), DeadlineKind::LastDayWithoutPermit, oldest, None),
        (day(policy.allocate_day), DeadlineKind::PaidBeforeClearing, next, None),
        (day(policy.allocate_day), DeadlineKind::Allocated, next, None),
        (day(policy.confirm_tables_day), DeadlineKind::Confirmed, next, None),
        (month.last_day(), DeadlineKind::Notices, next, None),
    ];
    if let Some(schedule) = policy.schedule {
        due.push((day(schedule.reconcile_day), DeadlineKind::Reconciled, next, None));
    }
    for year in [next.year() - 1, next.year()] {
        let close = policy.year_close(year);
        if close >= next {
            due.push((close.plus(1).last_day(), DeadlineKind::YearCleared, close, Some(year)));
        }
    }
    due
}

/// Returns the days that run from the notices of a closed period.
fn of_notices(facts: &DeadlineFacts, rules: &Rules, was: &Policy) -> Vec<DueDay> {
    let dates = Dates::from(facts.issued_on, was, &rules.calendar);
    let after = |days| rules.calendar.after(facts.issued_on, days);
    let mut due = vec![
        (dates.file_by, DeadlineKind::Filed),
        (dates.pay_by, DeadlineKind::Paid),
        (dates.confirm_by, DeadlineKind::ToldBack),
    ];
    if let Some(schedule) = was.schedule {
        due.push((after(schedule.pass_down_days), DeadlineKind::PassedDown));
        if facts.suggests {
            due.push((after(schedule.apply_days), DeadlineKind::TopUpsApplied));
        }
    }
    due.into_iter().map(|(on, kind)| (on, kind, facts.closed, None)).collect()
}

/// Returns the number of days between two days.
pub(super) fn days(from: NaiveDate, to: NaiveDate) -> i64 {
    to.signed_duration_since(from).num_days()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_day_of_the_procedure_has_its_article() {
        let rules = Rules::built_in();
        let closed = Month::new(2025, 12);
        let policies = [closed, closed.plus(1)].map(|p| rules.policy(p).expect("in force"));
        let issued_on = closed.plus(1).last_day();
        let facts = DeadlineFacts { closed, issued_on, suggests: true };
        let due = deadlines(&facts, &rules, (policies[0], policies[1]), issued_on);
        let found: Vec<String> = due
            .iter()
            .map(|due| format!("{} {} {} {}", due.on, due.article, due.uid(), due.days_left))
            .collect();
        // Spring Festival is from 16 to 23 February 2026, made up on the 14th and the 28th.
        let expected = [
            "2026-02-03 38 reconciled-2026-01@liangqing 3",
            "2026-02-04 24 top-ups-applied-2025-12@liangqing 4",
            "2026-02-06 48 filed-2025-12@liangqing 6",
            "2026-02-06 49 passed-down-2025-12@liangqing 6",
            "2026-02-20 50 declared-2026-01@liangqing 20",
            "2026-02-20 50 last-day-without-permit-2025-11@liangqing 20",
            "2026-02-21 25 paid-before-clearing-2026-01@liangqing 21",
            "2026-02-21 46 allocated-2026-01@liangqing 21",
            "2026-02-25 46 confirmed-2026-01@liangqing 25",
            "2026-02-27 48 paid-2025-12@liangqing 27",
            "2026-02-28 47 notices-2026-01@liangqing 28",
            "2026-02-28 22 quotas-changed-2025-12@liangqing 28",
            "2026-03-05 48 told-back-2025-12@liangqing 33",
            "2026-03-31 50 year-cleared-2026-02@liangqing 59",
            "2027-03-31 50 year-cleared-2027-02@liangqing 424",
        ];
        assert_eq!(found, expected);
    }
}
