//! Quota changes and payments of a delivery, judged against the notices of earlier periods.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;

use super::{
    balance::Reserves,
    notices::{Dates, Notice, NoticeKind, Status},
};
use crate::{
    columnar::{shape, table::TableBuilder},
    contract::small_files::{PaymentLine, QuotaChange},
    diag::{Code, Finding, codes::LineCode},
    model::{calendar::Calendar, codes::Pair, money::FenSum},
    rules::Policy,
    spelling::bare,
    text::Text,
};

/// The notices of earlier periods, and the serial numbers of accepted payments.
#[derive(Debug, Clone, Default)]
pub struct Issued {
    /// Every notice of earlier periods, by number.
    pub all: BTreeMap<String, Notice>,
    /// The notices that no period has reported as paid, by number.
    pub active: BTreeMap<String, Status>,
    /// Bank serial numbers of accepted payments.
    pub serials: BTreeSet<String>,
}

/// A row of the table `payments`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Payment {
    line: PaymentLine,
    code: Option<LineCode>,
}

impl Payment {
    /// Returns whether it is accepted, the code of a refusal, and the amount in fen.
    pub fn judged(&self) -> (bool, Option<&'static str>, FenSum) {
        (self.code.is_none(), self.code.map(LineCode::id), self.line.amount.into())
    }

    /// Returns the change of the reserves by this payment, in fen; zero for a refused payment.
    pub fn movement(&self, statuses: &BTreeMap<String, Status>) -> FenSum {
        let Some(status) = statuses.get(&self.line.notice_id).filter(|_| self.code.is_none())
        else {
            return FenSum::ZERO;
        };
        let paid_in = status.notice.payer == status.notice.pair.insured;
        let amount = FenSum::from(self.line.amount);
        if paid_in { amount } else { -amount }
    }
}

impl Issued {
    /// Applies the quota changes of a delivery. Returns the approved amounts by pair, and lists every bad line.
    pub fn approve(
        &mut self,
        changes: &[QuotaChange],
        policy: &Policy,
        calendar: &Calendar,
        findings: &mut Vec<Finding>,
    ) -> BTreeMap<Pair, FenSum> {
        let mut approved = BTreeMap::new();
        for change in changes {
            let mut refuse = |code, found: Text| {
                let place = text!("line {}, notice_id {}", change.line, change.notice_id);
                findings.push(Finding::new(code, "quota-changes.csv", place, found));
            };
            if !change.amount.is_positive() {
                refuse(Code::Q03, Text::given(crate::model::money::yuan(change.amount)));
            }
            if bare(&change.approved_by).is_empty() {
                refuse(Code::Q04, text!("no name"));
            }
            let Some(notice) =
                self.all.get(&change.notice_id).filter(|n| n.kind == NoticeKind::Emergency)
            else {
                refuse(Code::Q01, text!("no such proposal"));
                continue;
            };
            match self.active.get_mut(&change.notice_id) {
                Some(status) if status.approved.is_none() => {
                    status.approved = Some(change.amount.into());
                    status.pay_by = Some(Dates::from(change.approved_on, policy, calendar).pay_by);
                    *approved.entry(notice.pair).or_default() += FenSum::from(change.amount);
                }
                _ => refuse(Code::Q02, text!("a second answer")),
            }
        }
        approved
    }

    /// Judges the payments of a delivery in the order of the file, and adds accepted payments to reserves.
    pub fn pay(&mut self, lines: &[PaymentLine], reserves: &mut Reserves) -> Vec<Payment> {
        let mut payments: Vec<Payment> = lines
            .iter()
            .map(|line| Payment { line: line.clone(), code: self.pay_one(line, reserves) })
            .collect();
        payments.sort_by(|a, b| {
            let order = |p: &Payment| (p.line.bank_serial.clone(), p.line.amount, p.line.paid_on);
            a.line.notice_id.cmp(&b.line.notice_id).then_with(|| order(a).cmp(&order(b)))
        });
        payments
    }

    /// Adds a payment to its notice and its reserve, or returns why it is refused.
    fn pay_one(&mut self, line: &PaymentLine, reserves: &mut Reserves) -> Option<LineCode> {
        if !line.amount.is_positive() {
            return Some(LineCode::P03);
        }
        if self.serials.contains(&line.bank_serial) {
            return Some(LineCode::P02);
        }
        let Some(notice) = self.all.get(&line.notice_id) else { return Some(LineCode::P01) };
        let amount = FenSum::from(line.amount);
        let status = self.active.get_mut(&line.notice_id).filter(|status| amount <= status.open());
        let Some(status) = status else { return Some(LineCode::P04) };
        status.paid += amount;
        if status.open().is_zero() {
            status.completed_on = Some(line.paid_on);
        }
        let reserve = reserves.entry(notice.pair).or_default();
        if notice.payer == notice.pair.insured {
            reserve.paid_in += amount;
        } else {
            reserve.paid_back += amount;
        }
        self.serials.insert(line.bank_serial.clone());
        None
    }
}

/// Makes the table `payments`.
pub fn payments_table(payments: &[Payment]) -> TableBuilder {
    let day = |day: NaiveDate| day.to_epoch_days();
    TableBuilder::new(shape::PAYMENTS)
        .text("notice_id", payments.iter().map(|p| Some(&p.line.notice_id)))
        .date("paid_on", payments.iter().map(|p| Some(day(p.line.paid_on))))
        .amount("amount", payments.iter().map(|p| Some(p.line.amount)))
        .text("bank_serial", payments.iter().map(|p| Some(&p.line.bank_serial)))
        .flag("accepted", payments.iter().map(|p| Some(p.code.is_none())))
        .text("code", payments.iter().map(|p| p.code.map(LineCode::id)))
}
