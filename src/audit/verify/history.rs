//! Facts of earlier periods that the laws of later periods need.

use super::{
    files::ReadablePeriod,
    pairs::{ByPair, by_pair},
    policies::Policies,
    register::{Expectations, RegisterFile},
};
use crate::{
    book::grid::{GridRow, pair_of_notice},
    coordination::known::KnownRequests,
    model::{
        codes::{Month, Pair, Province},
        money::FenSum,
    },
    rules::Policy,
};
use std::collections::{BTreeMap, BTreeSet};

/// Facts of earlier periods that the laws of later periods need.
#[derive(Debug, Default)]
pub(super) struct History {
    pub(super) money: PastMoney,
    pub(super) notices: PastNotices,
    pub(super) policies: Policies,
    pub(super) requests: KnownRequests,
    pub(super) registers: Vec<RegisterFile>,
    pub(super) expectations: Expectations,
}

impl History {
    pub(super) fn add(&mut self, closed: &ReadablePeriod) {
        self.money.add(closed);
        self.notices.add(closed);
        // A row that cannot be read is reported where its period is judged.
        _ = self.requests.add(closed.grid("coordination"), closed.grid("replies"));
    }
}

/// Payables and deductions of earlier periods.
#[derive(Debug, Default)]
pub(super) struct PastMoney {
    /// The payable of each pair, by period.
    pub(super) payables: BTreeMap<Month, ByPair>,
    /// The settlement and the amount of accepted deductions, by number.
    pub(super) held_back: BTreeMap<String, Vec<(String, FenSum)>>,
}

impl PastMoney {
    pub(super) fn add(&mut self, closed: &ReadablePeriod) {
        self.payables.insert(closed.month, by_pair(closed, "pairs", "payable"));
        for row in closed.grid("deductions").iter().filter(|row| row.flag("accepted") == Some(true))
        {
            let entry = (row.text("setl_id").to_owned(), row.fen("amount"));
            self.held_back.entry(row.text("ddct_id").to_owned()).or_default().push(entry);
        }
    }

    /// Returns the yearly quotas that a period sets, rounded half up to the fen; none if it sets none or if a
    /// month that counts is not in the book.
    pub(super) fn yearly(&self, closed: &ReadablePeriod, policy: &Policy) -> Option<ByPair> {
        let rule = policy.yearly_quota;
        if closed.month.of_year() != rule.to_month {
            return None;
        }
        let mut sums = by_pair(closed, "pairs", "payable");
        for month in rule.from_month..rule.to_month {
            let earlier = self.payables.get(&Month::new(closed.month.year(), month))?;
            for (pair, payable) in earlier {
                *sums.entry(*pair).or_default() += *payable;
            }
        }
        let span = i128::from(rule.to_month - rule.from_month + 1);
        let quota = |sum: FenSum| {
            let twice = sum.times(2 * i128::from(rule.months)).fen();
            FenSum::new((twice + span).div_euclid(2 * span))
        };
        Some(sums.into_iter().map(|(pair, sum)| (pair, quota(sum))).collect())
    }
}

/// The pair and the payer of all earlier notices, and the bank serials of accepted payments.
#[derive(Debug, Default)]
pub(super) struct PastNotices {
    pub(super) issued: BTreeMap<String, (Pair, Province)>,
    pub(super) serials: BTreeSet<String>,
}

impl PastNotices {
    pub(super) fn add(&mut self, closed: &ReadablePeriod) {
        for row in closed.grid("notices").iter() {
            let payer = Province::from_text(row.text("payer"));
            if let Some(issued) = pair_of_notice(row.text("notice_id")).zip(payer) {
                self.issued.insert(row.text("notice_id").to_owned(), issued);
            }
        }
        let accepted = accepted(closed).map(|row| row.text("bank_serial").to_owned());
        self.serials.extend(accepted);
    }

    /// Returns the payments of a period into and out of the reserve of each pair.
    pub(super) fn paid(&self, closed: &ReadablePeriod) -> (ByPair, ByPair) {
        let (mut paid_in, mut paid_back) = (ByPair::new(), ByPair::new());
        for row in accepted(closed) {
            if let Some((pair, payer)) = self.issued.get(row.text("notice_id")) {
                let sums = if *payer == pair.insured { &mut paid_in } else { &mut paid_back };
                *sums.entry(*pair).or_default() += row.fen("amount");
            }
        }
        (paid_in, paid_back)
    }
}

/// Returns the accepted payments of a period.
pub(super) fn accepted(closed: &ReadablePeriod) -> impl Iterator<Item = GridRow<'_>> {
    closed.grid("payments").iter().filter(|row| row.flag("accepted") == Some(true))
}
