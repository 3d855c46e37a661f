//! Quotas (预付金额度): the quota in force and the quota of the next period.

use std::collections::BTreeMap;

use crate::{
    clear::pairs::{PairClearing, Pairs},
    columnar::{shape, table::TableBuilder},
    model::{
        codes::{Month, Pair},
        money::FenSum,
    },
    rules::{Policy, YearlyQuota},
};

/// The quota of a pair, in fen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Quota {
    /// The quota of this period.
    pub in_force: FenSum,
    /// The quota from the next period on.
    pub next: FenSum,
    /// The yearly quota, if this period sets one.
    pub yearly: Option<FenSum>,
}

/// The quotas of a period by pair.
pub type Quotas = BTreeMap<Pair, Quota>;

/// The payables by pair of the earlier periods that a yearly quota needs, oldest first.
pub type EarlierPayables = Vec<BTreeMap<Pair, FenSum>>;

/// Returns the earlier periods that the yearly quota of a period needs; none if the period sets no yearly quota.
pub fn periods_needed(policy: &Policy, period: Month) -> Option<Vec<Month>> {
    let YearlyQuota { from_month, to_month, .. } = policy.yearly_quota;
    let set_now = period.of_year() == to_month;
    set_now.then(|| (from_month..to_month).map(|month| Month::new(period.year(), month)).collect())
}

/// Works out the quota of every pair: the quota in force, the yearly quota if `earlier` has its payables,
/// and the approved changes.
pub fn quotas(
    in_force: &BTreeMap<Pair, FenSum>,
    pairs: &Pairs,
    earlier: Option<&EarlierPayables>,
    approved: &BTreeMap<Pair, FenSum>,
    policy: &Policy,
) -> Quotas {
    let mut quotas = Quotas::new();
    let all = in_force.keys().chain(pairs.keys()).chain(approved.keys());
    for pair in all.chain(earlier.into_iter().flatten().flat_map(BTreeMap::keys)) {
        quotas.entry(*pair).or_default();
    }
    for (pair, quota) in &mut quotas {
        let of = |sums: &BTreeMap<Pair, FenSum>| sums.get(pair).copied().unwrap_or_default();
        quota.in_force = of(in_force);
        quota.yearly = earlier.map(|earlier| {
            let before: FenSum = earlier.iter().map(of).sum();
            let now = pairs.get(pair).map_or(FenSum::ZERO, PairClearing::payable);
            yearly_quota(before + now, policy.yearly_quota)
        });
        quota.next = quota.yearly.unwrap_or(quota.in_force) + of(approved);
    }
    quotas
}

/// Returns `rule.months` monthly averages of a sum of payables, rounded half up to the fen.
pub fn yearly_quota(payables: FenSum, rule: YearlyQuota) -> FenSum {
    let span = i128::from(rule.span());
    // Half up in whole numbers: floor(x/span + 1/2) = floor((2x + span) / (2 span)), for negative sums too.
    let twice = payables.times(2 * i128::from(rule.months)).fen();
    FenSum::new((twice + span).div_euclid(2 * span))
}

/// Makes the table `quotas`.
pub fn quotas_table(quotas: &Quotas) -> TableBuilder {
    TableBuilder::new(shape::QUOTAS)
        .text("insured_province", quotas.keys().map(|pair| Some(pair.insured.to_string())))
        .text("treating_province", quotas.keys().map(|pair| Some(pair.treating.to_string())))
        .sum("quota", quotas.values().map(|quota| quota.in_force))
        .sum("next_quota", quotas.values().map(|quota| quota.next))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_yearly_quota_is_rounded_half_up() {
        let rule = YearlyQuota { from_month: 10, to_month: 12, months: 2 };
        let quota = |sum, rule| yearly_quota(FenSum::new(sum), rule).fen();
        assert_eq!([0, 1, 2, 3, 100].map(|sum| quota(sum, rule)), [0, 1, 1, 2, 67]);
        let half = YearlyQuota { from_month: 11, to_month: 12, months: 1 };
        assert_eq!([1, 3].map(|sum| quota(sum, half)), [1, 2]);
    }
}
