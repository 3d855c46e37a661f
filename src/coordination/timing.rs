//! When a request is due, and how it stands on the as-of day.

use chrono::{Datelike, NaiveDate};

use super::request::ProvinceRequest;
use crate::{
    model::{
        calendar::Calendar,
        codes::Month,
        requests::{RequestKind, RequestState},
    },
    rules::CoordinationRules,
};

/// What decides about dates at a close.
#[derive(Debug, Clone, Copy)]
pub struct RequestClock<'a> {
    /// The as-of day of the close.
    pub as_of: NaiveDate,
    /// Limits and days.
    pub rules: &'a CoordinationRules,
    /// Working days.
    pub calendar: &'a Calendar,
}

/// The dates of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RequestDates {
    /// The batch of a verification, moved on by `rolled` months.
    pub batch: Option<Month>,
    /// The day by which it is to be answered.
    pub due_on: NaiveDate,
    /// How many due dates it has missed.
    pub rolled: i32,
    /// The day up to which the reply may be confirmed.
    pub confirm_by: Option<NaiveDate>,
}

impl RequestClock<'_> {
    /// Returns the dates of a request.
    pub fn dates(&self, request: &ProvinceRequest) -> RequestDates {
        let RequestClock { rules, calendar, .. } = self;
        let base = request.reopened_on.unwrap_or(request.line.opened_at);
        let replied_on = request.reply.as_ref().map(|reply| reply.replied_on);
        let confirm_in = |days| replied_on.map(|day| calendar.after(day, days));
        match request.line.kind {
            RequestKind::Verification => {
                let first = self.batch_of(base);
                let rolled = self.missed(first, replied_on.unwrap_or(self.as_of));
                let batch = first.plus(rolled);
                RequestDates {
                    batch: Some(batch),
                    due_on: self.due(batch),
                    rolled,
                    confirm_by: confirm_in(rules.verification_confirm_days),
                }
            }
            RequestKind::Problem(of) => RequestDates {
                batch: None,
                due_on: calendar.after(base, rules.answer_days(of)),
                rolled: 0,
                confirm_by: confirm_in(rules.problem_confirm_days),
            },
        }
    }

    /// Returns the month whose batch a request joins: from the day of the batch on it is that of the next month.
    fn batch_of(&self, base: NaiveDate) -> Month {
        let late = base.day() >= u32::from(self.rules.batch_day);
        month_of(base).plus(i32::from(late))
    }

    /// Returns the day by which a batch is answered.
    fn due(&self, batch: Month) -> NaiveDate {
        let first = batch.plus(1).first_day();
        first.with_day(self.rules.batch_day.into()).unwrap_or(first)
    }

    /// Returns how many due dates, from that of the first batch on, lie before a day.
    fn missed(&self, first: Month, day: NaiveDate) -> i32 {
        let months = month_of(day).since(first) - 1;
        let this_month = i32::from(day.day() > u32::from(self.rules.batch_day));
        // In the month of the first batch no due date has passed yet.
        if months < 0 { 0 } else { months + this_month }
    }

    /// Returns the state of an accepted request at the close.
    pub fn state(&self, request: &ProvinceRequest, dates: &RequestDates) -> RequestState {
        let Some(reply) = &request.reply else {
            let late = match request.line.kind {
                RequestKind::Verification => dates.rolled > 0,
                RequestKind::Problem(_) => dates.due_on < self.as_of,
            };
            return match request.level {
                _ if late => RequestState::Overdue,
                1 => RequestState::Open,
                _ => RequestState::Reopened,
            };
        };
        // Silence of a problem is a yes of the day up to which it could be confirmed.
        let last = dates.confirm_by.filter(|_| request.line.kind != RequestKind::Verification);
        match (reply.confirmed_on, last) {
            (Some(day), Some(last)) if day > last => RequestState::DeemedConfirmed,
            (Some(_), _) => RequestState::Confirmed,
            (None, Some(last)) if self.as_of > last => RequestState::DeemedConfirmed,
            (None, _) => RequestState::Answered,
        }
    }
}

fn month_of(day: NaiveDate) -> Month {
    Month::of_day(day.to_epoch_days().into())
}
