//! The use of quotas in the closed period: by pair, and by treating province, whose reserves are one pool.

use std::{cmp::Reverse, collections::BTreeMap, path::Path};

use schemars::JsonSchema;
use serde::Serialize;

use crate::{
    diag::Outcome,
    handover::brought,
    model::{
        codes::{Pair, Province},
        money::{FenSum, yuan},
    },
    reserve::Level,
    rules::Policy,
    shapes::{LevelWord, PairCode, Percent, ProvinceCode, Yuan},
};

/// The use of a quota.
#[derive(Debug, Serialize, JsonSchema)]
pub struct UsedQuota {
    /// What the period paid, in yuan.
    #[schemars(with = "Yuan")]
    pub payable: String,
    /// The quota in force, in yuan.
    #[schemars(with = "Yuan")]
    pub quota: String,
    /// What was used of it in per cent, with one decimal, rounded down; null when the quota is 0.
    #[schemars(with = "Option<Percent>")]
    pub used: Option<String>,
    /// The level (procedure §23).
    #[schemars(with = "LevelWord")]
    pub level: &'static str,
    #[serde(skip)]
    order: (FenSum, FenSum),
}

/// A pair and the use of its quota.
#[derive(Debug, Serialize, JsonSchema)]
pub struct PairUse {
    /// The pair.
    #[schemars(with = "PairCode")]
    pub pair: String,
    /// Its quota.
    #[serde(flatten)]
    pub quota: UsedQuota,
}

/// A treating province, which may draw on the reserves of all insured provinces as one pool (procedure §18).
#[derive(Debug, Serialize, JsonSchema)]
pub struct PoolUse {
    /// The treating province.
    #[schemars(with = "ProvinceCode")]
    pub treating_province: String,
    /// The sums of its pairs.
    #[serde(flatten)]
    pub quota: UsedQuota,
    /// The number of its pairs that are red.
    pub red: usize,
    /// The number of its pairs that are yellow.
    pub yellow: usize,
}

/// A number at each level.
#[derive(Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct LevelCounts {
    /// Those that are red.
    pub red: usize,
    /// Those that are yellow.
    pub yellow: usize,
    /// Those that are green.
    pub green: usize,
    /// Those without quota and payable.
    pub none: usize,
}

/// The levels of a closed period.
#[derive(Debug, Serialize, JsonSchema)]
pub struct UsedQuotas {
    /// The number of pairs at each level.
    pub pairs: LevelCounts,
    /// The red pairs, the largest payable first.
    pub red: Vec<PairUse>,
    /// The yellow pairs, the largest payable first.
    pub yellow: Vec<PairUse>,
    /// The treating provinces, the most used pool first.
    pub pools: Vec<PoolUse>,
}

/// Reads the levels of a closed period. With a province only its pairs count, and only its own pool is shown.
pub(super) fn levels(
    folder: &Path,
    policy: &Policy,
    province: Option<Province>,
) -> Outcome<UsedQuotas> {
    let payables = brought::by_pair(folder, "pairs", "payable")?;
    let quotas = brought::by_pair(folder, "pairs", "quota")?;
    let mut pools: BTreeMap<Province, ([FenSum; 2], LevelCounts)> = BTreeMap::new();
    let mut found =
        UsedQuotas { pairs: LevelCounts::default(), red: vec![], yellow: vec![], pools: vec![] };
    for (pair, payable) in payables {
        let quota = quotas.get(&pair).copied().unwrap_or_default();
        let used = UsedQuota::of(payable, quota, policy);
        let (sums, counts) = pools.entry(pair.treating).or_default();
        sums[0] += payable;
        sums[1] += quota;
        counts.add(used.level);
        if concerns(province, pair) {
            found.pairs.add(used.level);
            let pair = PairUse { pair: pair.to_string(), quota: used };
            match pair.quota.level {
                "red" => found.red.push(pair),
                "yellow" => found.yellow.push(pair),
                _ => {}
            }
        }
    }
    for pairs in [&mut found.red, &mut found.yellow] {
        pairs.sort_by(|a, b| (b.quota.order.0, &a.pair).cmp(&(a.quota.order.0, &b.pair)));
    }
    let own = |treating: &Province| province.is_none_or(|province| province == *treating);
    let pools = pools.into_iter().filter(|(treating, _)| own(treating));
    found.pools = pools
        .map(|(treating, ([payable, quota], counts))| PoolUse {
            treating_province: treating.to_string(),
            quota: UsedQuota::of(payable, quota, policy),
            red: counts.red,
            yellow: counts.yellow,
        })
        .collect();
    found.pools.sort_by_cached_key(|pool| Reverse(pool.quota.tenths()));
    Ok(found)
}

/// Whether a pair concerns a province; any pair concerns none.
pub(super) fn concerns(province: Option<Province>, pair: Pair) -> bool {
    province.is_none_or(|province| [pair.insured, pair.treating].contains(&province))
}

impl UsedQuotas {
    /// Returns the number of pools at each level.
    pub fn pool_counts(&self) -> LevelCounts {
        let mut counts = LevelCounts::default();
        self.pools.iter().for_each(|pool| counts.add(pool.quota.level));
        counts
    }
}

impl LevelCounts {
    fn add(&mut self, level: &str) {
        *match level {
            "red" => &mut self.red,
            "yellow" => &mut self.yellow,
            "green" => &mut self.green,
            _ => &mut self.none,
        } += 1;
    }
}

impl UsedQuota {
    fn of(payable: FenSum, quota: FenSum, policy: &Policy) -> UsedQuota {
        let mut used = UsedQuota {
            payable: yuan(payable),
            quota: yuan(quota),
            used: None,
            level: Level::of(payable, quota, policy).name(),
            order: (payable, quota),
        };
        used.used = quota.is_positive().then(|| {
            let tenths = used.tenths();
            format!("{}.{}", tenths / 10, tenths % 10)
        });
        used
    }

    /// Returns the use in tenths of a per cent; without a quota any payable is more than everything.
    fn tenths(&self) -> i128 {
        let (payable, quota) = self.order;
        match quota.fen() {
            0 if payable.is_positive() => i128::MAX,
            0 => -1,
            quota => payable.times(1000).fen() / quota,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{model::codes::Month, rules::Rules};

    #[test]
    fn the_use_is_rounded_down() {
        let rules = Rules::built_in();
        let policy = rules.policy(Month::new(2025, 10)).expect("in force");
        let used = |payable, quota| UsedQuota::of(FenSum::new(payable), FenSum::new(quota), policy);
        let shown = |used: UsedQuota| (used.used, used.level);
        assert_eq!(shown(used(89_999, 100_000)), (Some("89.9".to_owned()), "yellow"));
        assert_eq!(shown(used(0, 100)), (Some("0.0".to_owned()), "green"));
        assert_eq!(shown(used(1, 0)), (None, "red"));
        assert_eq!(shown(used(0, 0)), (None, "none"));
    }
}
