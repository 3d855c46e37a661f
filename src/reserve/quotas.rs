//! Quotas (预付金额度): the quota in force and the quota of the next period.

use std::collections::BTreeMap;

use crate::{
    clear::pairs::{PairClearing, Pairs},
    columnar::{shape, table::TableBuilder},
    contract::{columns::INITIAL_QUOTAS, small_files::InitialQuota},
    diag::{Code, Finding},
    model::{
        codes::{Month, Pair, Province},
        money::{FenSum, yuan},
    },
    rules::{Policy, YearlyQuota},
    spelling::{bare, short},
    text::{Text, quoted},
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
    /// The first quota of the pair, when this delivery brings it; else 0.
    pub initial: FenSum,
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

/// Quotas that a delivery brings, by pair, in fen.
pub struct NewQuotas {
    /// Top-ups that were approved.
    pub approved: BTreeMap<Pair, FenSum>,
    /// First quotas.
    pub initial: BTreeMap<Pair, FenSum>,
}

/// Works out the quota of every pair: the quota in force, the yearly quota if `earlier` has its payables,
/// and the quotas that the delivery brings.
pub fn quotas(
    in_force: &BTreeMap<Pair, FenSum>,
    pairs: &Pairs,
    earlier: Option<&EarlierPayables>,
    new: &NewQuotas,
    policy: &Policy,
) -> Quotas {
    let mut quotas = Quotas::new();
    let all = in_force.keys().chain(pairs.keys());
    let all = all.chain(new.approved.keys()).chain(new.initial.keys());
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
        quota.initial = of(&new.initial);
        quota.next = quota.yearly.unwrap_or(quota.in_force) + of(&new.approved) + quota.initial;
    }
    quotas
}

/// Judges the first quotas of a delivery (contract §5, procedure §19); lists every bad line. `yearly` says whether this
/// period makes yearly quotas.
pub fn initial_quotas(
    lines: &[InitialQuota],
    in_force: &BTreeMap<Pair, FenSum>,
    yearly: bool,
    findings: &mut Vec<Finding>,
) -> BTreeMap<Pair, FenSum> {
    let mut initial = BTreeMap::new();
    for InitialQuota { line, provinces, quota, approved_by } in lines {
        let mut refuse = |code, found: Text| {
            findings.push(Finding::new(code, INITIAL_QUOTAS.name, text!("line {}", line), found));
        };
        if !quota.is_positive() {
            refuse(Code::Q03, Text::given(yuan(*quota)));
        }
        if bare(approved_by).is_empty() {
            refuse(Code::Q04, text!("no name"));
        }
        if yearly {
            refuse(Code::Q08, text!("this period makes yearly quotas"));
        }
        let [insured, treating] = provinces.each_ref().map(|text| Province::from_text(text));
        let pair = insured.zip(treating).map(|(insured, treating)| Pair { insured, treating });
        let Some(pair) = pair.filter(|pair| pair.insured != pair.treating) else {
            let [insured, treating] = provinces.each_ref().map(|text| quoted(short(text, 20)));
            refuse(Code::Q05, text!("{} and {}", insured, treating));
            continue;
        };
        let now = in_force.get(&pair).copied().unwrap_or_default();
        if !now.is_zero() {
            refuse(Code::Q06, text!("{} has {}", pair, yuan(now)));
        }
        if initial.insert(pair, FenSum::from(*quota)).is_some() {
            refuse(Code::Q07, text!("{} again", pair));
        }
    }
    initial
}

/// So many monthly averages of a sum of payables, half up to the fen.
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
