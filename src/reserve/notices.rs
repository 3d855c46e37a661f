//! Notices (通知书) for clearing, return, initial quota, yearly quota and emergency: their dates and their status.

use std::collections::BTreeMap;

use chrono::NaiveDate;

use super::{level::Level, quotas::Quotas};
use crate::{
    clear::pairs::{PairClearing, Pairs},
    columnar::{shape, table::TableBuilder},
    model::{
        calendar::Calendar,
        codes::{Month, Pair, Province},
        money::FenSum,
    },
    rules::Policy,
};

/// The kind of a notice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum NoticeKind {
    /// QS 清算: the payable of a period.
    Clearing,
    /// FH 返还: what the treating province has to return (procedure §51).
    Return,
    /// CS 初始额度: the first quota of a pair (procedure §19).
    Initial,
    /// ND 年度调整: the difference to the new yearly quota.
    Yearly,
    /// JJ 紧急调增: a proposal to raise the quota.
    Emergency,
}

impl NoticeKind {
    /// Every kind.
    pub const ALL: [NoticeKind; 5] = [
        NoticeKind::Clearing,
        NoticeKind::Return,
        NoticeKind::Initial,
        NoticeKind::Yearly,
        NoticeKind::Emergency,
    ];

    /// Returns the code that tables and notice numbers use.
    pub const fn name(self) -> &'static str {
        match self {
            NoticeKind::Clearing => "QS",
            NoticeKind::Return => "FH",
            NoticeKind::Initial => "CS",
            NoticeKind::Yearly => "ND",
            NoticeKind::Emergency => "JJ",
        }
    }

    /// Returns the kind with this code.
    pub fn from_name(name: &str) -> Option<NoticeKind> {
        NoticeKind::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

/// A notice as it was issued.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Notice {
    /// Its kind.
    pub kind: NoticeKind,
    /// The period that issued it.
    pub period: Month,
    /// The pair whose reserve it moves.
    pub pair: Pair,
    /// The province that pays.
    pub payer: Province,
    /// Its amount, in fen.
    pub amount: FenSum,
}

impl Notice {
    /// Returns its number: kind, period, insured province, treating province. The payer has no influence.
    pub fn number(&self) -> String {
        format!("{}-{}-{}", self.kind.name(), self.period, self.pair)
    }

    /// Returns the province that is paid.
    pub fn payee(&self) -> Province {
        let Pair { insured, treating } = self.pair;
        if self.payer == insured { treating } else { insured }
    }
}

/// The deadlines of a notice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Dates {
    /// The day by which it is filed with the finance department.
    pub file_by: NaiveDate,
    /// The day by which it is paid.
    pub pay_by: NaiveDate,
    /// The day by which the payment is confirmed.
    pub confirm_by: NaiveDate,
}

impl Dates {
    /// Returns the deadlines that follow from a day of issue or approval (22号, 经办规程).
    pub fn from(issued_on: NaiveDate, policy: &Policy, calendar: &Calendar) -> Dates {
        let file_by = calendar.after(issued_on, policy.file_days);
        let pay_by = calendar.after(file_by, policy.pay_days);
        Dates { file_by, pay_by, confirm_by: calendar.after(pay_by, policy.confirm_days) }
    }
}

/// Issues the notices of a period; returns them by number.
pub fn notices(
    pairs: &Pairs,
    quotas: &Quotas,
    policy: &Policy,
    period: Month,
) -> BTreeMap<String, Notice> {
    let mut notices = Vec::new();
    for (pair, quota) in quotas {
        let issue = |kind, payer, amount| Notice { kind, period, pair: *pair, payer, amount };
        let payable = pairs.get(pair).map_or(FenSum::ZERO, PairClearing::payable);
        if payable.is_positive() {
            notices.push(issue(NoticeKind::Clearing, pair.insured, payable));
        }
        let returned = pairs.get(pair).map_or(FenSum::ZERO, |sums| sums.returned);
        if returned.is_positive() {
            notices.push(issue(NoticeKind::Return, pair.treating, returned));
        }
        if quota.initial.is_positive() {
            notices.push(issue(NoticeKind::Initial, pair.insured, quota.initial));
        }
        if let Some(difference) = quota.yearly.map(|yearly| yearly - quota.in_force)
            && !difference.is_zero()
        {
            let payer = if difference.is_positive() { pair.insured } else { pair.treating };
            notices.push(issue(NoticeKind::Yearly, payer, difference.abs()));
        }
        let wanted = payable.times(policy.emergency_months) - quota.next;
        if Level::of(payable, quota.in_force, policy) == Level::Red && wanted.is_positive() {
            notices.push(issue(NoticeKind::Emergency, pair.insured, wanted));
        }
    }
    notices.into_iter().map(|notice| (notice.number(), notice)).collect()
}

/// Makes the table `notices`.
pub fn notices_table(
    notices: &BTreeMap<String, Notice>,
    issued_on: NaiveDate,
    dates: Dates,
) -> TableBuilder {
    let days = |of: fn(&Dates) -> NaiveDate| {
        notices.values().map(move |notice| {
            (notice.kind != NoticeKind::Emergency).then(|| of(&dates).to_epoch_days())
        })
    };
    TableBuilder::new(shape::NOTICES)
        .text("notice_id", notices.keys().map(Some))
        .text("kind", notices.values().map(|notice| Some(notice.kind.name())))
        .text("period", notices.values().map(|notice| Some(notice.period.to_string())))
        .text("payer", notices.values().map(|notice| Some(notice.payer.to_string())))
        .text("payee", notices.values().map(|notice| Some(notice.payee().to_string())))
        .sum("amount", notices.values().map(|notice| notice.amount))
        .date("issued_on", notices.values().map(|_| Some(issued_on.to_epoch_days())))
        .date("file_by", days(|dates| dates.file_by))
        .date("pay_by", days(|dates| dates.pay_by))
        .date("confirm_by", days(|dates| dates.confirm_by))
}

/// The status of a notice at the close of a period.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Status {
    /// The notice.
    pub notice: Notice,
    /// The approved amount of an emergency proposal, in fen.
    pub approved: Option<FenSum>,
    /// The paid amount, in fen.
    pub paid: FenSum,
    /// The day by which it is to be paid.
    pub pay_by: Option<NaiveDate>,
    /// The day of the last payment, if the notice is paid in full.
    pub completed_on: Option<NaiveDate>,
}

impl Status {
    /// Returns the status of a notice that was just issued.
    pub fn issued(notice: Notice, dates: Dates) -> Status {
        let pay_by = (notice.kind != NoticeKind::Emergency).then_some(dates.pay_by);
        Status { notice, approved: None, paid: FenSum::ZERO, pay_by, completed_on: None }
    }

    /// Returns the whole amount to be paid, in fen; for a proposal this is the approved amount.
    pub fn due(&self) -> FenSum {
        match self.notice.kind {
            NoticeKind::Emergency => self.approved.unwrap_or_default(),
            _ => self.notice.amount,
        }
    }

    /// Returns the amount still to be paid, in fen.
    pub fn open(&self) -> FenSum {
        self.due() - self.paid
    }

    /// Returns the word that tables use.
    pub fn name(&self) -> &'static str {
        match (self.notice.kind, self.approved) {
            (NoticeKind::Emergency, None) => "proposed",
            _ if self.open().is_zero() => "paid",
            _ if self.paid.is_positive() => "partial",
            _ => "unpaid",
        }
    }

    /// Returns whether it was paid in time; none until it is paid in full.
    pub fn punctual(&self) -> Option<bool> {
        Some(self.completed_on? <= self.pay_by?)
    }
}

/// Makes the table `notice_status`.
pub fn notice_status_table(statuses: &BTreeMap<String, Status>) -> TableBuilder {
    let day = |day: Option<NaiveDate>| day.map(|day| day.to_epoch_days());
    TableBuilder::new(shape::NOTICE_STATUS)
        .text("notice_id", statuses.keys().map(Some))
        .sum("amount", statuses.values().map(|status| status.notice.amount))
        .sum_or_null("approved", statuses.values().map(|status| status.approved))
        .sum("paid", statuses.values().map(|status| status.paid))
        .date("pay_by", statuses.values().map(|status| day(status.pay_by)))
        .text("status", statuses.values().map(|status| Some(status.name())))
        .date("completed_on", statuses.values().map(|status| day(status.completed_on)))
        .flag("punctual", statuses.values().map(Status::punctual))
}
