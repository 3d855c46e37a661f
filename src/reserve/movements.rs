//! Quotas, reserves, notices and payments of a period, worked out in the order of the contract.

use std::collections::BTreeMap;

use chrono::NaiveDate;

use super::{
    balance::{Reserve, Reserves},
    level::Level,
    notices::{Dates, Notice, NoticeKind, Status, notices},
    payments::{Issued, Payment},
    quotas::{EarlierPayables, NewQuotas, Quotas, initial_quotas, quotas},
};
use crate::{
    clear::pairs::{PairClearing, Pairs},
    columnar::{shape, table::TableBuilder},
    contract::small_files::{InitialQuota, PaymentLine, QuotaChange},
    diag::{Failure, Outcome},
    model::{
        codes::{Month, Pair},
        money::FenSum,
    },
    rules::{Policy, Rules},
};

/// The result of the reserve stage, pair by pair.
#[derive(Debug)]
pub struct Movements {
    /// The sums that each pair clears.
    pub pairs: Pairs,
    /// The quotas.
    pub quotas: Quotas,
    /// The reserves.
    pub reserves: Reserves,
    /// The notices that this period issues, by number.
    pub notices: BTreeMap<String, Notice>,
    /// The status of every notice that no earlier period reported as paid.
    pub statuses: BTreeMap<String, Status>,
    /// The payments of the delivery.
    pub payments: Vec<Payment>,
    /// The day of issue.
    pub issued_on: NaiveDate,
    /// The days that follow from the day of issue.
    pub dates: Dates,
    /// Years of these days for which the rules have no calendar.
    pub assumed_years: Vec<i32>,
    /// The warning level of each pair.
    pub levels: BTreeMap<Pair, Level>,
}

/// Facts from the period before, in fen, and small files of this delivery.
pub struct MovementFacts<'a> {
    /// Quotas in force.
    pub in_force: BTreeMap<Pair, FenSum>,
    /// Opening reserves.
    pub opening: BTreeMap<Pair, FenSum>,
    /// Payables of earlier periods, if this period sets a yearly quota.
    pub earlier: Option<EarlierPayables>,
    /// The notices of earlier periods.
    pub issued: Issued,
    /// Quota changes that the national agency approved.
    pub changes: &'a [QuotaChange],
    /// First quotas of pairs that have none.
    pub initial: &'a [InitialQuota],
    /// Payments that banks confirmed.
    pub payments: &'a [PaymentLine],
}

/// Works out quotas, reserves and notices: applies quota changes, then payments, then issues new notices.
pub fn move_money(
    pairs: Pairs,
    facts: MovementFacts,
    rules: &Rules,
    period: Month,
    issued_on: NaiveDate,
) -> Outcome<Movements> {
    let policy = rules.policy(period).map_err(|error| Failure::Usage(error.text()))?;
    let MovementFacts { in_force, opening, earlier, mut issued, changes, initial, payments } =
        facts;
    let mut findings = Vec::new();
    let approved = issued.approve(changes, policy, &rules.calendar, &mut findings);
    let initial = initial_quotas(initial, &in_force, earlier.is_some(), &mut findings);
    if !findings.is_empty() {
        return Err(Failure::Refused(findings));
    }
    let new = NewQuotas { approved, initial };
    let mut reserves: Reserves = opening
        .iter()
        .map(|(pair, opening)| (*pair, Reserve { opening: *opening, ..Reserve::default() }))
        .collect();
    let payments = issued.pay(payments, &mut reserves);
    for (pair, sums) in &pairs {
        reserves.entry(*pair).or_default().drawn = sums.drawn();
    }
    let quotas = quotas(&in_force, &pairs, earlier.as_ref(), &new, policy);
    let notices = notices(&pairs, &quotas, policy, period);
    let dates = Dates::from(issued_on, policy, &rules.calendar);
    let mut statuses = issued.active;
    statuses.extend(
        notices.iter().map(|(number, notice)| (number.clone(), Status::issued(*notice, dates))),
    );
    let assumed_years = rules.calendar.assumed(issued_on, dates.confirm_by);
    let mut movements = Movements {
        pairs,
        quotas,
        reserves,
        notices,
        statuses,
        payments,
        issued_on,
        dates,
        assumed_years,
        levels: BTreeMap::new(),
    };
    movements.complete();
    movements.levels = movements.levels(policy);
    movements.prove(&opening)?;
    Ok(movements)
}

impl Movements {
    /// Gives the three tables the same pairs: all pairs that have money, a quota or a reserve.
    fn complete(&mut self) {
        self.pairs.retain(|_, sums| !sums.is_empty());
        self.quotas.retain(|_, quota| !quota.in_force.is_zero() || !quota.next.is_zero());
        self.reserves.retain(|_, reserve| *reserve != Reserve::default());
        let (pairs, quotas, reserves) = (&self.pairs, &self.quotas, &self.reserves);
        let all: Vec<Pair> =
            pairs.keys().chain(quotas.keys()).chain(reserves.keys()).copied().collect();
        for pair in all {
            self.pairs.entry(pair).or_default();
            self.quotas.entry(pair).or_default();
            self.reserves.entry(pair).or_default();
        }
    }

    fn levels(&self, policy: &Policy) -> BTreeMap<Pair, Level> {
        let level = |(pair, sums): (&Pair, &PairClearing)| {
            let quota = self.quotas.get(pair).map_or(FenSum::ZERO, |quota| quota.in_force);
            (*pair, Level::of(sums.payable(), quota, policy))
        };
        self.pairs.iter().map(level).collect()
    }

    /// Returns the number of pairs at a level.
    pub fn at_level(&self, level: Level) -> usize {
        self.levels.values().filter(|found| **found == level).count()
    }

    /// Fails unless opening + movements = closing over all pairs, and clearing notices equal payables.
    fn prove(&self, opening: &BTreeMap<Pair, FenSum>) -> Outcome<()> {
        let before: FenSum = opening.values().sum();
        let paid: FenSum = self.payments.iter().map(|p| p.movement(&self.statuses)).sum();
        let drawn: FenSum = self.pairs.values().map(PairClearing::drawn).sum();
        let closing: FenSum = self.reserves.values().map(Reserve::closing).sum();
        Failure::unless(before + paid - drawn == closing, || {
            let [before, paid, drawn, closing] = [before, paid, drawn, closing].map(FenSum::fen);
            text!("reserves: {} + {} - {} is not {}", before, paid, drawn, closing)
        })?;
        let notified = |kind: NoticeKind| -> FenSum {
            let notices = self.notices.values().filter(|notice| notice.kind == kind);
            notices.map(|notice| notice.amount).sum()
        };
        let payable = notified(NoticeKind::Clearing) - notified(NoticeKind::Return);
        Failure::unless(payable == drawn, || {
            text!("clearing notices less returns of {}, drawn {}", payable.fen(), drawn.fen())
        })?;
        let initial: FenSum = self.quotas.values().map(|quota| quota.initial).sum();
        let started = notified(NoticeKind::Initial);
        Failure::unless(started == initial, || {
            text!("initial notices of {}, initial quotas of {}", started.fen(), initial.fen())
        })
    }
}

/// Makes the table `reserves`.
pub fn reserves_table(reserves: &Reserves) -> TableBuilder {
    let sum = |of: fn(&Reserve) -> FenSum| reserves.values().map(of);
    TableBuilder::new(shape::RESERVES)
        .text("insured_province", reserves.keys().map(|pair| Some(pair.insured.to_string())))
        .text("treating_province", reserves.keys().map(|pair| Some(pair.treating.to_string())))
        .sum("opening", sum(|reserve| reserve.opening))
        .sum("paid_in", sum(|reserve| reserve.paid_in))
        .sum("paid_back", sum(|reserve| reserve.paid_back))
        .sum("drawn", sum(|reserve| reserve.drawn))
        .sum("closing", sum(Reserve::closing))
}

/// Makes the table `pairs`, with the quota in force and the warning level.
pub fn pairs_table(money: &Movements) -> TableBuilder {
    let pairs = &money.pairs;
    let sum = |of: fn(&PairClearing) -> FenSum| pairs.values().map(of);
    TableBuilder::new(shape::PAIRS)
        .text("insured_province", pairs.keys().map(|pair| Some(pair.insured.to_string())))
        .text("treating_province", pairs.keys().map(|pair| Some(pair.treating.to_string())))
        .count("visits", pairs.values().map(|sums| sums.visits))
        .sum("gross", sum(|sums| sums.gross))
        .sum("gross_employee", sum(|sums| sums.gross_employee))
        .sum("gross_resident", sum(|sums| sums.gross_resident))
        .sum("deductions", sum(|sums| sums.deductions))
        .sum("brought_forward", sum(|sums| sums.brought_forward))
        .sum("payable", sum(PairClearing::payable))
        .sum("returned", sum(|sums| sums.returned))
        .sum("carried_forward", sum(|sums| sums.carried_forward))
        .sum("quota", money.quotas.values().map(|quota| quota.in_force))
        .text("reserve_level", money.levels.values().map(|level| Some(level.name())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_are_compared_as_whole_numbers() {
        let rules = Rules::built_in();
        let policy = rules.policy(Month::new(2025, 10)).expect("in force");
        let level = |payable, quota| Level::of(FenSum::new(payable), FenSum::new(quota), policy);
        assert_eq!(level(0, 0), Level::None);
        assert_eq!(level(1, 0), Level::Red);
        assert_eq!(level(0, 10), Level::Green);
        assert_eq!(level(69_999, 100_000), Level::Green);
        assert_eq!(level(70_000, 100_000), Level::Yellow);
        assert_eq!(level(89_999, 100_000), Level::Yellow);
        assert_eq!(level(90_000, 100_000), Level::Red);
    }
}
