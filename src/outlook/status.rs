//! Where a book stands on a day: what is due, what is late, what is still open.

use std::{collections::BTreeMap, path::Path};

use chrono::{Datelike, NaiveDate};
use serde::Serialize;

use crate::{
    book::{Book, grid::Grid},
    columnar::table::Stored,
    diag::{Failure, Outcome, shown},
    handover::brought,
    judged::Judged,
    model::{
        codes::{Month, Pair},
        money::{FenSum, yuan},
    },
    reserve::{Level, notices::Status},
    rules::{Policy, Rules},
};

/// Where a book stands.
#[derive(Debug, Serialize)]
pub struct BookStatus {
    /// The day.
    pub as_of: String,
    /// The period that was closed last.
    pub closed: String,
    /// The period that is to be closed next.
    pub next: String,
    /// What is due, by day.
    pub deadlines: Vec<Deadline>,
    /// Notices that are to be paid, the latest first.
    pub unpaid: Vec<UnpaidNotice>,
    /// Emergency proposals without an answer.
    pub proposals: Vec<String>,
    /// Pairs at the red level.
    pub red: Vec<String>,
    /// Pairs at the yellow level.
    pub yellow: Vec<String>,
    /// What became of the deductions of the period that was closed last.
    pub deductions: Judged,
    /// What became of its payments.
    pub payments: Judged,
    /// Copies that are carried, by cost year.
    pub open: Vec<OpenYear>,
}

/// Something that is due.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Deadline {
    /// The day.
    pub on: String,
    /// Days from the day of the status; negative when it is past.
    pub days_left: i64,
    /// What is due.
    pub what: String,
}

/// A notice that is not paid in full.
#[derive(Debug, Serialize)]
pub struct UnpaidNotice {
    /// Its number.
    pub notice_id: String,
    /// Who pays.
    pub payer: String,
    /// Who is paid.
    pub payee: String,
    /// What is open, in yuan.
    pub open: String,
    /// Until when it is to be paid.
    pub pay_by: Option<String>,
    /// Days until then; negative when it is late.
    pub days_left: Option<i64>,
}

/// Copies of a cost year that are carried.
#[derive(Debug, Serialize)]
pub struct OpenYear {
    /// The cost year.
    pub year: i32,
    /// How many copies, both sides.
    pub copies: u64,
    /// Payable of the treating copies, in yuan.
    pub treating_payable: String,
    /// Payable of the insured copies, in yuan.
    pub insured_payable: String,
    /// The last period in which they clear without a permit.
    pub last_period: String,
}

/// Says where a book stands on a day.
pub fn status(root: &Path, rules: &Rules, as_of: NaiveDate) -> Outcome<BookStatus> {
    let periods = Book::look(root)?;
    let Some((closed, folder)) = periods.last() else {
        return Err(Failure::Usage(format!("no period is closed in {}", shown(root))));
    };
    let next = closed.plus(1);
    let policy = rules.policy(next).map_err(|error| Failure::Usage(error.to_string()))?;
    let issued = brought::notices(&periods)?;
    let levels = levels(folder)?;
    let at = |level: Level| {
        let pairs = levels.iter().filter(|(_, found)| found.as_str() == level.name());
        pairs.map(|(pair, _)| pair.to_string()).collect()
    };
    let is_proposal = |status: &&Status| status.name() == "proposed";
    Ok(BookStatus {
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

/// What is due for the next period: its own days, the cost months and years that it is the last for.
fn deadlines(next: Month, policy: &Policy, as_of: NaiveDate) -> Vec<Deadline> {
    let month = next.plus(1);
    let day = |day: u8| month.first_day().with_day(day.into()).unwrap_or(month.first_day());
    let oldest = next.plus(-policy.lateness_limit);
    let mut due = vec![
        (day(policy.declare_day), format!("treating places have declared the costs of {next}")),
        (day(policy.declare_day), format!("last day for costs of {oldest} without a permit")),
        (day(policy.allocate_day), format!("national allocation of {next}")),
        (day(policy.confirm_tables_day), format!("provinces have confirmed {next}")),
        (month.last_day(), format!("notices of {next}")),
    ];
    for year in [next.year() - 1, next.year()] {
        let close = policy.year_close(year);
        if close >= next {
            due.push((close.plus(1).last_day(), format!("costs of {year} are cleared ({close})")));
        }
    }
    let mut deadlines: Vec<Deadline> = due
        .into_iter()
        .map(|(on, what)| Deadline { on: on.to_string(), days_left: days(as_of, on), what })
        .collect();
    deadlines.sort();
    deadlines
}

fn days(from: NaiveDate, to: NaiveDate) -> i64 {
    to.signed_duration_since(from).num_days()
}

fn unpaid<'a>(statuses: impl Iterator<Item = &'a Status>, as_of: NaiveDate) -> Vec<UnpaidNotice> {
    let mut unpaid: Vec<UnpaidNotice> = statuses
        .filter(|status| status.open() > 0)
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

/// The use of each pair's quota in a closed period.
fn levels(folder: &Path) -> Outcome<Vec<(Pair, String)>> {
    let stored = Stored::read(folder, "pairs")?;
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
    /// How many notices were to be paid before the day.
    pub fn late(&self) -> usize {
        self.unpaid.iter().filter(|notice| notice.days_left.is_some_and(|days| days < 0)).count()
    }
}
