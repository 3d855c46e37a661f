//! Reserves: the used part of each quota, and overdrawn reserves.

use std::{cmp::Reverse, collections::BTreeMap};

use super::{
    source::PeriodTables,
    words::{Money, Words, hundredths, pair, province},
};
use crate::{
    diag::{Failure, Outcome},
    model::{
        codes::{Pair, Province},
        money::FenSum,
    },
    reserve::Level,
    rules::Rules,
};

/// A pair at the red or the yellow level.
pub(super) struct Used {
    pub(super) code: String,
    pub(super) name: Words,
    pub(super) red: bool,
    pub(super) payable: Money,
    pub(super) quota: Money,
    /// Payable ÷ quota, as a percentage; none without a quota.
    pub(super) percent: Option<String>,
    /// The width of the bar, at most 100.
    pub(super) width: i128,
}

/// A pair whose reserve is below zero.
pub(super) struct Overdrawn {
    pub(super) code: String,
    pub(super) name: Words,
    pub(super) opening: Money,
    pub(super) drawn: Money,
    pub(super) closing: Money,
}

/// Reserves of the period.
pub(super) struct ReserveSummary {
    /// Red and yellow pairs: red ones first, then by payable.
    pub(super) to_watch: Vec<Used>,
    pub(super) red: i128,
    pub(super) yellow: i128,
    pub(super) green: i128,
    pub(super) none: i128,
    /// Overdrawn pairs; the most overdrawn comes first.
    pub(super) overdrawn: Vec<Overdrawn>,
    pub(super) opening: Money,
    pub(super) closing: Money,
    /// The sum of all reserves below zero.
    pub(super) short: Money,
    /// Treating provinces with a quota or a payable; the most used pool comes first.
    pub(super) pools: Vec<Pool>,
}

/// The reserves that lie in a treating province: it may draw on them as one pool (procedure §18).
pub(super) struct Pool {
    pub(super) code: String,
    pub(super) name: Words,
    pub(super) level: Level,
    pub(super) payable: Money,
    pub(super) quota: Money,
    pub(super) closing: Money,
    /// Σ payable ÷ Σ quota, as a percentage; none without a quota.
    pub(super) percent: Option<String>,
    /// The width of the bar, at most 100.
    pub(super) width: i128,
}

impl Pool {
    pub(super) fn is_red(&self) -> bool {
        self.level == Level::Red
    }

    pub(super) fn is_yellow(&self) -> bool {
        self.level == Level::Yellow
    }
}

/// The width of the bar of a payable, in hundredths of the quota.
fn bar(payable: FenSum, quota: FenSum) -> i128 {
    let parts = payable.fen().saturating_mul(100);
    parts.checked_div(quota.fen()).map_or(100, |percent| percent.clamp(0, 100))
}

impl ReserveSummary {
    pub(super) fn of(source: &PeriodTables) -> Outcome<ReserveSummary> {
        let level = |name: &str| {
            source.pairs.iter().filter(|row| row.text("reserve_level") == name).count() as i128
        };
        let mut overdrawn: Vec<(FenSum, Pair, Overdrawn)> = source
            .reserves
            .iter()
            .filter_map(|row| {
                let (of, closing) = (row.pair()?, row.fen("closing"));
                let shown = Overdrawn {
                    code: of.to_string(),
                    name: pair(of),
                    opening: Money(row.fen("opening")),
                    drawn: Money(row.fen("drawn")),
                    closing: Money(closing),
                };
                closing.is_negative().then_some((closing, of, shown))
            })
            .collect();
        overdrawn.sort_by_key(|(closing, of, _)| (*closing, *of));
        Ok(ReserveSummary {
            pools: pools(source)?,
            to_watch: to_watch(source),
            red: level("red"),
            yellow: level("yellow"),
            green: level("green"),
            none: level("none"),
            opening: Money(source.reserves.sum("opening")),
            closing: Money(source.reserves.sum("closing")),
            short: Money(overdrawn.iter().map(|(closing, ..)| -*closing).sum()),
            overdrawn: overdrawn.into_iter().map(|(_, _, shown)| shown).collect(),
        })
    }
}

/// Adds up payables, quotas and reserves by treating province.
fn pools(source: &PeriodTables) -> Outcome<Vec<Pool>> {
    let rules = Rules::parse(&source.manifest.rules.text)
        .map_err(|error| Failure::Book(text!("the rules of {}: {}", source.period, error)))?;
    let policy = rules.policy(source.period).map_err(|error| Failure::Usage(error.text()))?;
    let mut sums: BTreeMap<Province, [FenSum; 3]> = BTreeMap::new();
    for row in source.pairs.iter() {
        let Some(pair) = row.pair() else { continue };
        let [payable, quota, _] = sums.entry(pair.treating).or_default();
        *payable += row.fen("payable");
        *quota += row.fen("quota");
    }
    for row in source.reserves.iter() {
        let Some(pair) = row.pair() else { continue };
        sums.entry(pair.treating).or_default()[2] += row.fen("closing");
    }
    let mut pools: Vec<(Province, [FenSum; 3])> = sums.into_iter().collect();
    pools.retain(|(_, [payable, quota, _])| !payable.is_zero() || !quota.is_zero());
    // A pool without a quota is the most used one.
    let used = |payable: FenSum, quota: FenSum| {
        payable.fen().saturating_mul(10_000).checked_div(quota.fen()).unwrap_or(i128::MAX)
    };
    pools.sort_by_key(|(of, [payable, quota, _])| (Reverse(used(*payable, *quota)), *of));
    let pool = |(of, [payable, quota, closing]): (Province, [FenSum; 3])| Pool {
        code: of.to_string(),
        name: province(of),
        level: Level::of(payable, quota, policy),
        payable: Money(payable),
        quota: Money(quota),
        closing: Money(closing),
        percent: hundredths(payable.fen().saturating_mul(100), quota.fen()),
        width: bar(payable, quota),
    };
    Ok(pools.into_iter().map(pool).collect())
}

fn to_watch(source: &PeriodTables) -> Vec<Used> {
    let mut used: Vec<(bool, FenSum, Pair, Used)> = source
        .pairs
        .iter()
        .filter_map(|row| {
            let of = row.pair()?;
            let red = match row.text("reserve_level") {
                "red" => true,
                "yellow" => false,
                _ => return None,
            };
            let (payable, quota) = (row.fen("payable"), row.fen("quota"));
            let shown = Used {
                code: of.to_string(),
                name: pair(of),
                red,
                payable: Money(payable),
                quota: Money(quota),
                percent: hundredths(payable.fen().saturating_mul(100), quota.fen()),
                width: bar(payable, quota),
            };
            Some((!red, -payable, of, shown))
        })
        .collect();
    used.sort_by_key(|(yellow, payable, of, _)| (*yellow, *payable, *of));
    used.into_iter().map(|(.., shown)| shown).collect()
}
