//! The state of a book on a day: deadlines, unpaid notices, use of quotas, open items.

use std::{
    cmp::Reverse,
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::Serialize;

use super::{
    deadlines::{Deadline, DeadlineFacts, days, deadlines},
    levels::{UsedQuotas, concerns, levels},
};
use crate::{
    book::{Book, grid::Grid, manifest::Manifest},
    coordination::rows::rows_of,
    diag::{Failure, Outcome},
    figures::requests::DueRequest,
    handover::brought,
    judged::Judged,
    model::{
        codes::{Month, Province},
        dates::parse_day,
        money::{FenSum, yuan},
    },
    reserve::notices::{NoticeKind, Status},
    rules::{Policy, Rules},
    shapes::{Day, FormatNumber, NoticeId, NoticeWord, Period, ProvinceCode, Yuan},
};

/// Where a book stands.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(title = "status --format json")]
pub struct BookStatus {
    /// The format of the report.
    format: FormatNumber<3>,
    /// The day.
    #[schemars(with = "Day")]
    pub as_of: String,
    /// The period that was closed last.
    #[schemars(with = "Period")]
    pub closed: String,
    /// The day of issue of its notices.
    #[schemars(with = "Day")]
    pub issued_on: String,
    /// The period that is to be closed next.
    #[schemars(with = "Period")]
    pub next: String,
    /// The province that pairs, notices and copies below concern; null for all.
    #[schemars(with = "Option<ProvinceCode>")]
    pub province: Option<String>,
    /// What is due, by day.
    pub deadlines: Vec<Deadline>,
    /// The notices that are to be paid, the latest first, of one day the largest first.
    pub unpaid: Vec<UnpaidNotice>,
    /// The emergency notices without an answer, the newest first, of one period the largest first. There is no formula
    /// for a top-up (procedure §24): their amounts are suggestions.
    pub suggestions: Vec<TopUpSuggestion>,
    /// The use of quotas in the closed period.
    pub levels: UsedQuotas,
    /// What became of the deductions of the period that was closed last, of all provinces.
    pub deductions: Judged,
    /// What became of its payments.
    pub payments: Judged,
    /// The copies that are carried, by cost year.
    pub open: Vec<OpenYear>,
    /// The requests between provinces that no close has ended, by the day on which something is due.
    pub requests: Vec<PendingRequest>,
    #[serde(skip)]
    sums: [FenSum; 3],
}

/// A notice that is not paid in full.
#[derive(Debug, Serialize, JsonSchema)]
pub struct UnpaidNotice {
    /// Its number.
    #[schemars(with = "NoticeId")]
    pub notice_id: String,
    /// Its kind: QS clearing, FH return, CS initial quota, ND yearly quota, JJ top-up.
    #[schemars(with = "NoticeWord")]
    pub kind: &'static str,
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

/// A suggestion to raise a quota.
#[derive(Debug, Serialize, JsonSchema)]
pub struct TopUpSuggestion {
    /// The number of its notice.
    #[schemars(with = "NoticeId")]
    pub notice_id: String,
    /// The period that suggests it.
    #[schemars(with = "Period")]
    pub period: String,
    /// The province that would pay.
    #[schemars(with = "ProvinceCode")]
    pub payer: String,
    /// The province that would be paid, and that applies.
    #[schemars(with = "ProvinceCode")]
    pub payee: String,
    /// The amount that is suggested, in yuan.
    #[schemars(with = "Yuan")]
    pub suggested: String,
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

/// A request between provinces that no close has ended.
#[derive(Debug, Serialize, JsonSchema)]
pub struct PendingRequest {
    /// Its number.
    pub request_id: String,
    /// Its kind: `verification` or `problem`.
    pub kind: &'static str,
    /// The province that asks.
    #[schemars(with = "ProvinceCode")]
    pub from_province: String,
    /// The province that is asked.
    #[schemars(with = "ProvinceCode")]
    pub to_province: String,
    /// Its state at the close of the period that was closed last.
    pub state: &'static str,
    /// What is due: `reply` or `confirm`.
    pub duty: &'static str,
    /// The day by which.
    #[schemars(with = "Day")]
    pub on: String,
    /// The number of days until then; negative when it is late.
    pub days_left: i64,
    /// The number of the article of the procedure that says so.
    pub article: u8,
}

/// Returns the requests that concern a province or all, by day and number.
fn pending(
    periods: &[(Month, PathBuf)],
    as_of: NaiveDate,
    province: Option<Province>,
) -> Outcome<Vec<PendingRequest>> {
    let Some((_, folder)) = periods.last() else { return Ok(Vec::new()) };
    let rows = rows_of(&Grid::open(folder, "coordination")?)?;
    let own = province.map(|province| province.to_string());
    let mut due: Vec<DueRequest> = rows.iter().filter_map(DueRequest::of).collect();
    due.retain(|due| own.as_ref().is_none_or(|own| due.row.line.provinces.contains(own)));
    due.sort_by_key(|due| (due.on, &due.row.request_id));
    let request = |DueRequest { row, duty, on }: DueRequest| {
        let [from_province, to_province] = row.line.provinces.clone();
        PendingRequest {
            request_id: row.request_id.clone(),
            kind: row.line.kind.name(),
            from_province,
            to_province,
            state: row.state().name(),
            duty: duty.name(),
            on: on.to_string(),
            days_left: days(as_of, on),
            article: row.line.kind.article(),
        }
    };
    Ok(due.into_iter().map(request).collect())
}

/// Returns the state of a book on a day, for one province or for all.
pub fn status(
    root: &Path,
    rules: &Rules,
    as_of: NaiveDate,
    province: Option<Province>,
) -> Outcome<BookStatus> {
    let periods = Book::look(root)?;
    let Some((closed, folder)) = periods.last() else {
        return Err(Failure::Usage(text!("no period is closed in {}", root)));
    };
    let next = closed.plus(1);
    let policy = |period| rules.policy(period).map_err(|error| Failure::Usage(error.text()));
    let (was, policy) = (policy(*closed)?, policy(next)?);
    let (manifest, _) = Manifest::read(folder)?;
    let issued_on = parse_day(&manifest.as_of)
        .ok_or_else(|| brought::damaged("manifest", text!("a day of issue")))?;
    let issued = brought::notices(&periods)?;
    let all: Vec<&Status> = issued.active.values().collect();
    let suggests = all.iter().any(|s| s.name() == "proposed" && s.notice.period == *closed);
    let own: Vec<&Status> = all.into_iter().filter(|s| concerns(province, s.notice.pair)).collect();
    let facts = DeadlineFacts { closed: *closed, issued_on, suggests };
    let unpaid: Vec<&Status> = own.iter().copied().filter(|s| s.open().is_positive()).collect();
    let late = unpaid.iter().filter(|s| s.pay_by.is_some_and(|day| day < as_of));
    let proposed: Vec<&Status> = own.iter().copied().filter(|s| s.name() == "proposed").collect();
    let newest = proposed.iter().filter(|status| status.notice.period == *closed);
    Ok(BookStatus {
        format: FormatNumber,
        as_of: as_of.to_string(),
        closed: closed.to_string(),
        issued_on: issued_on.to_string(),
        next: next.to_string(),
        province: province.map(|province| province.to_string()),
        deadlines: deadlines(&facts, rules, (was, policy), as_of),
        sums: [
            late.map(|status| status.open()).sum(),
            unpaid.iter().map(|status| status.open()).sum(),
            newest.map(|status| status.notice.amount).sum(),
        ],
        unpaid: unpaid_notices(unpaid, as_of),
        suggestions: suggestions(proposed),
        levels: levels(folder, was, province)?,
        deductions: Judged::of_table(&Grid::open(folder, "deductions")?),
        payments: Judged::of_table(&Grid::open(folder, "payments")?),
        open: open_years(folder, policy, next, province)?,
        requests: pending(&periods, as_of, province)?,
    })
}

fn unpaid_notices(mut statuses: Vec<&Status>, as_of: NaiveDate) -> Vec<UnpaidNotice> {
    statuses.sort_by_cached_key(|status| {
        (status.pay_by, Reverse(status.open()), status.notice.number())
    });
    let notice = |status: &Status| UnpaidNotice {
        notice_id: status.notice.number(),
        kind: status.notice.kind.name(),
        payer: status.notice.payer.to_string(),
        payee: status.notice.payee().to_string(),
        open: yuan(status.open()),
        pay_by: status.pay_by.map(|day| day.to_string()),
        days_left: status.pay_by.map(|day| days(as_of, day)),
    };
    statuses.into_iter().map(notice).collect()
}

fn suggestions(mut statuses: Vec<&Status>) -> Vec<TopUpSuggestion> {
    debug_assert!(statuses.iter().all(|status| status.notice.kind == NoticeKind::Emergency));
    statuses.sort_by_cached_key(|Status { notice, .. }| {
        (Reverse(notice.period), Reverse(notice.amount), notice.number())
    });
    let suggestion = |status: &Status| TopUpSuggestion {
        notice_id: status.notice.number(),
        period: status.notice.period.to_string(),
        payer: status.notice.payer.to_string(),
        payee: status.notice.payee().to_string(),
        suggested: yuan(status.notice.amount),
    };
    statuses.into_iter().map(suggestion).collect()
}

fn open_years(
    folder: &Path,
    policy: &Policy,
    next: Month,
    province: Option<Province>,
) -> Outcome<Vec<OpenYear>> {
    let mut years: BTreeMap<i32, (u64, [FenSum; 2])> = BTreeMap::new();
    brought::open_items(folder, policy, next, |copy| {
        if !concerns(province, copy.facts.group.pair) {
            return Ok(());
        }
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

    /// Returns the numbers of suggestions of the closed period and of earlier ones.
    pub fn suggested(&self) -> (usize, usize) {
        let newest = self.suggestions.iter().filter(|top_up| top_up.period == self.closed).count();
        (newest, self.suggestions.len() - newest)
    }

    /// Returns sums in fen: what is open of late notices, what is open of all notices, and what the closed period
    /// suggests.
    pub const fn sums(&self) -> [FenSum; 3] {
        self.sums
    }
}
