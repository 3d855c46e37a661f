//! Money of a period: pairs, quotas, reserves, notices, payments.

use std::collections::BTreeMap;

use super::options::RunOptions;
use crate::{
    book::Book,
    clear::{
        deductions::{Deduction, by_pair},
        pairs::pairs,
        positions::Positions,
    },
    contract::small_files::{OpeningQuotas, SmallFiles},
    diag::Outcome,
    handover::brought,
    model::{
        codes::{Month, Pair},
        money::FenSum,
    },
    reserve::{MovementFacts as MoneyStanding, Movements, move_money, quotas::periods_needed},
};

/// Computes who pays whom in this period, and the effect on quotas, reserves and notices.
pub(super) fn settle_money(
    (options, book): (&RunOptions, &Book),
    (small, opening_quotas): (&SmallFiles, &OpeningQuotas),
    positions: &Positions,
    deductions: &[Deduction],
) -> Outcome<Movements> {
    let period = options.period;
    let policy = options.policy()?;
    let brought = |table: &str, column: &str| match book.previous() {
        Some(folder) => brought::by_pair(folder, table, column),
        None => Ok(BTreeMap::new()),
    };
    let brought_forward = brought("pairs", "carried_forward")?;
    let held_back = by_pair(deductions);
    let pairs = pairs(positions, &held_back, &brought_forward, policy.negative_net);
    let first: BTreeMap<Pair, FenSum> =
        opening_quotas.quotas.iter().map(|opening| (opening.pair, opening.quota.into())).collect();
    let (in_force, opening) = match book.previous() {
        Some(_) => (brought("quotas", "next_quota")?, brought("reserves", "closing")?),
        None => (first.clone(), first),
    };
    let folder = |month: &Month| {
        let found = book.periods.iter().find(|(closed, _)| closed == month);
        found.map(|(_, folder)| brought::by_pair(folder, "pairs", "payable"))
    };
    let earlier = periods_needed(policy, period)
        .and_then(|months| months.iter().map(folder).collect::<Option<Vec<_>>>())
        .map(|payables| payables.into_iter().collect::<Outcome<Vec<_>>>())
        .transpose()?;
    let standing = MoneyStanding {
        in_force,
        opening,
        earlier,
        issued: brought::notices(&book.periods)?,
        changes: &small.quota_changes,
        initial: &small.initial_quotas,
        payments: &small.payments,
    };
    move_money(pairs, standing, &options.rules, period, options.issued_on())
}
