//! The state of a book on a day: deadlines, unpaid notices, open items.

use std::{collections::BTreeMap, path::Path};

use chrono::{Datelike, NaiveDate};
use schemars::JsonSchema;
use serde::Serialize;

use crate::{
    book::{Book, grid::Grid},
    columnar::stored::StoredTable,
    diag::{Failure, Outcome},
    handover::brought,
    judged::Judged,
    model::{
        codes::{Month, Pair},
        money::{FenSum, yuan},
    },
    reserve::{Level, notices::Status},
    rules::{Policy, Rules},
    shapes::{Day, FormatNumber, NoticeId, PairCode, Period, ProvinceCode, Yuan},
    text::Text,
};

/// Where a book stands.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(title = "status --format json")]
pub struct BookStatus {
    /// The format of the report.
    format: FormatNumber<2>,
    /// The day.
    #[schemars(with = "Day")]
    pub as_of: String,
    /// The period that was closed last.
    #[schemars(with = "Period")]
    pub closed: String,
    /// The period that is to be closed next.
    #[schemars(with = "Period")]
    pub next: String,
    /// What is due, by day.
    pub deadlines: Vec<Deadline>,
    /// The notices that are to be paid, the latest first.
    pub unpaid: Vec<UnpaidNotice>,
    /// The emergency proposals without an answer.
    #[schemars(with = "Vec<NoticeId>")]
    pub proposals: Vec<String>,
    /// The pairs at the red level.
    #[schemars(with = "Vec<PairCode>")]
    pub red: Vec<String>,
    /// The pairs at the yellow level.
    #[schemars(with = "Vec<PairCode>")]
    pub yellow: Vec<String>,
    /// What became of the deductions of the period that was closed last.
    pub deductions: Judged,
    /// What became of its payments.
    pub payments: Judged,
    /// The copies that are carried, by cost year.
    pub open: Vec<OpenYear>,
}

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
    /// The clearing period that it is due for; for `last_day_without_permit` the cost month.
    #[schemars(with = "Period")]
    pub month: String,
    /// The cost year of `year_cleared`; null for the others.
    pub year: Option<i32>,
}

/// What is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DeadlineKind {
    /// Treating places have declared the costs of the period.
    Declared,
    /// It is the last day for costs of the month without a permit.
    LastDayWithoutPermit,
    /// The national allocation of the period is made.
    Allocated,
    /// The provinces have confirmed the period.
    Confirmed,
    /// The notices of the period are issued.
    Notices,
    /// The costs of the year are cleared, the last of them in the period.
    YearCleared,
}

impl Deadline {
    /// Returns the deadline in words.
    pub fn words(&self) -> Text {
        let Deadline { kind, month, year, .. } = self;
        match kind {
            DeadlineKind::Declared => text!("treating places have declared the costs of {}", month),
            DeadlineKind::LastDayWithoutPermit => {
                text!("last day for costs of {} without a permit", month)
            }
            DeadlineKind::Allocated => text!("national allocation of {}", month),
            DeadlineKind::Confirmed => text!("provinces have confirmed {}", month),
            DeadlineKind::Notices => text!("notices of {}", month),
            DeadlineKind::YearCleared => {
                text!("costs of {} are cleared ({})", year.unwrap_or_default(), month)
            }
        }
    }
}

/// A notice that is not paid in full.
#[derive(Debug, Serialize, JsonSchema)]
pub struct UnpaidNotice {
    /// Its number.
    #[schemars(with = "NoticeId")]
    pub notice_id: String,
    /// The province that pays.
    #[schemars(with = "ProvinceCode")]
    pub payer: String,
    /// The province that is paid.
    #[schemars(with = "ProvinceCode")]
    pub payee: String,
    /// What is open, in yuan.
    #[schemars(with = "Yuan")]
    pub open: String,
    /// The day by which it is to be paid.
    #[schemars(with = "Option<Day>")]
    pub pay_by: Option<String>,
    /// The number of days until then; negative when it is late.
    pub days_left: Option<i64>,
}

/// The copies of a cost year that are carried.
#[derive(Debug, Serialize, JsonSchema)]
pub struct OpenYear {
    /// The cost year.
    pub year: i32,
    /// The number of copies of both sides.
    pub copies: u64,
    /// The payable of the treating copies, in yuan.
    #[schemars(with = "Yuan")]
    pub treating_payable: String,
    /// The payable of the insured copies, in yuan.
    #[schemars(with = "Yuan")]
    pub insured_payable: String,
    /// The last period in which they clear without a permit.
    #[schemars(with = "Period")]
    pub last_period: String,
}

/// Returns the state of a book on a day.
pub fn status(root: &Path, rules: &Rules, as_of: NaiveDate) -> Outcome<BookStatus> {
    let periods = Book::look(root)?;
    let Some((closed, folder)) = periods.last() else {
        return Err(Failure::Usage(text!("no period is closed in {}", root)));
    };
    let next = closed.plus(1);
    let policy = rules.policy(next).map_err(|error| Failure::Usage(error.text()))?;
    let issued = brought::notices(&periods)?;
    let levels = levels(folder)?;
    let at = |level: Level| {
        let pairs = levels.iter().filter(|(_, found)| found.as_str() == level.name());
        pairs.map(|(pair, _)| pair.to_string()).collect()
    };
    let is_proposal = |status: &&Status| status.name() == "proposed";
    Ok(BookStatus {
        format: FormatNumber,
        as_of: as_of.to_string(),
        closed: closed.to_string(),
        next: next.to_string(),
        deadlines: deadlines(next, policy, as_of),
        unpaid: unpaid(issued.active.values(), as_of),
        proposals: issued.active.values().filter(is_proposal).map(|s| s.notice.number()).collect(),
        red: at(Level::Red),
        yellow: at(Level::Yellow),
        deductions: Judged::of_table(&Grid::open(folder, "deductions")?),
        payments: Judged::of_table(&Grid::open(folder, "payments")?),
        open: open_years(folder, policy, next)?,
    })
}

/// Returns the deadlines of the next period: its own days, and the cost months and years that must clear in it.
fn deadlines(next: Month, policy: &Policy, as_of: NaiveDate) -> Vec<Deadline> {
    let month = next.plus(1);
    let day = |day: u8| month.first_day().with_day(day.into()).unwrap_or(month.first_day());
    let oldest = next.plus(-policy.lateness_limit);
    let mut due = vec![
        (day(policy.declare_day), DeadlineKind::Declared, next, None),
        (day(policy.declare_day), DeadlineKind::LastDayWithoutPermit, oldest, None),
        (day(policy.allocate_day), DeadlineKind::Allocated, next, None),
        (day(policy.confirm_tables_day), DeadlineKind::Confirmed, next, None),
        (month.last_day(), DeadlineKind::Notices, next, None),
    ];
    for year in [next.year() - 1, next.year()] {
        let close = policy.year_close(year);
        if close >= next {
            due.push((close.plus(1).last_day(), DeadlineKind::YearCleared, close, Some(year)));
        }
    }
    let deadline = |(on, kind, month, year): (NaiveDate, DeadlineKind, Month, Option<i32>)| {
        let (days_left, month) = (days(as_of, on), month.to_string());
        Deadline { on: on.to_string(), days_left, kind, month, year }
    };
    let mut deadlines: Vec<Deadline> = due.into_iter().map(deadline).collect();
    deadlines.sort_by_cached_key(|deadline| (deadline.on.clone(), deadline.words()));
    deadlines
}

fn days(from: NaiveDate, to: NaiveDate) -> i64 {
    to.signed_duration_since(from).num_days()
}

fn unpaid<'a>(statuses: impl Iterator<Item = &'a Status>, as_of: NaiveDate) -> Vec<UnpaidNotice> {
    let mut unpaid: Vec<UnpaidNotice> = statuses
        .filter(|status| status.open().is_positive())
        .map(|status| UnpaidNotice {
            notice_id: status.notice.number(),
            payer: status.notice.payer.to_string(),
            payee: status.notice.payee().to_string(),
            open: yuan(status.open()),
            pay_by: status.pay_by.map(|day| day.to_string()),
            days_left: status.pay_by.map(|day| days(as_of, day)),
        })
        .collect();
    unpaid.sort_by(|a, b| (a.days_left, &a.notice_id).cmp(&(b.days_left, &b.notice_id)));
    unpaid
}

/// Reads the warning level of each pair in a closed period.
fn levels(folder: &Path) -> Outcome<Vec<(Pair, String)>> {
    let stored = StoredTable::read(folder, "pairs")?;
    let pairs = brought::pairs_of(&stored, "pairs")?;
    let levels = stored.texts("reserve_level")?;
    let levels = levels.into_iter().map(|level| level.unwrap_or_default().to_owned());
    Ok(pairs.into_iter().zip(levels).collect())
}

fn open_years(folder: &Path, policy: &Policy, next: Month) -> Outcome<Vec<OpenYear>> {
    let mut years: BTreeMap<i32, (u64, [FenSum; 2])> = BTreeMap::new();
    brought::open_items(folder, policy, next, |copy| {
        let year = copy.facts.cost_month.year();
        let (copies, payable) = years.entry(year).or_default();
        *copies += 1;
        payable[copy.side.index()] += FenSum::from(copy.facts.payable);
        Ok(())
    })?;
    let years = years.into_iter().map(|(year, (copies, [treating, insured]))| OpenYear {
        year,
        copies,
        treating_payable: yuan(treating),
        insured_payable: yuan(insured),
        last_period: policy.year_close(year).to_string(),
    });
    Ok(years.collect())
}

impl BookStatus {
    /// Returns the number of notices that were due before the day.
    pub fn late(&self) -> usize {
        self.unpaid.iter().filter(|notice| notice.days_left.is_some_and(|days| days < 0)).count()
    }
}
