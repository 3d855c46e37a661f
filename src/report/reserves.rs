//! Reserves: how much of its quota each pair used, and what is overdrawn.

use super::{
    source::Source,
    words::{Money, Words, hundredths, pair},
};
use crate::model::{codes::Pair, money::FenSum};

/// A pair at the red or the yellow level.
pub(super) struct Used {
    pub(super) code: String,
    pub(super) name: Words,
    pub(super) red: bool,
    pub(super) payable: Money,
    pub(super) quota: Money,
    /// Payable ÷ quota, as a percentage; none without a quota.
    pub(super) percent: Option<String>,
    /// For a bar: at most 100.
    pub(super) width: FenSum,
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
pub(super) struct Reserves {
    /// The pairs to look at: red ones first, by payable.
    pub(super) to_watch: Vec<Used>,
    pub(super) red: FenSum,
    pub(super) yellow: FenSum,
    pub(super) green: FenSum,
    pub(super) none: FenSum,
    /// The most overdrawn first.
    pub(super) overdrawn: Vec<Overdrawn>,
    pub(super) opening: Money,
    pub(super) closing: Money,
    /// What is missing in all reserves below zero.
    pub(super) short: Money,
}

impl Reserves {
    pub(super) fn of(source: &Source) -> Reserves {
        let level = |name: &str| {
            source.pairs.iter().filter(|row| row.text("reserve_level") == name).count() as FenSum
        };
        let mut overdrawn: Vec<(FenSum, Pair, Overdrawn)> = source
            .reserves
            .iter()
            .filter_map(|row| {
                let (of, closing) = (row.pair()?, row.number("closing"));
                let shown = Overdrawn {
                    code: of.to_string(),
                    name: pair(of),
                    opening: Money(row.number("opening")),
                    drawn: Money(row.number("drawn")),
                    closing: Money(closing),
                };
                (closing < 0).then_some((closing, of, shown))
            })
            .collect();
        overdrawn.sort_by_key(|(closing, of, _)| (*closing, *of));
        Reserves {
            to_watch: to_watch(source),
            red: level("red"),
            yellow: level("yellow"),
            green: level("green"),
            none: level("none"),
            opening: Money(source.reserves.sum("opening")),
            closing: Money(source.reserves.sum("closing")),
            short: Money(overdrawn.iter().map(|(closing, ..)| -closing).sum()),
            overdrawn: overdrawn.into_iter().map(|(_, _, shown)| shown).collect(),
        }
    }
}

fn to_watch(source: &Source) -> Vec<Used> {
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
            let (payable, quota) = (row.number("payable"), row.number("quota"));
            let parts = payable.saturating_mul(100);
            let shown = Used {
                code: of.to_string(),
                name: pair(of),
                red,
                payable: Money(payable),
                quota: Money(quota),
                percent: hundredths(parts, quota),
                width: parts.checked_div(quota).map_or(100, |percent| percent.clamp(0, 100)),
            };
            Some((!red, -payable, of, shown))
        })
        .collect();
    used.sort_by_key(|(yellow, payable, of, _)| (*yellow, *payable, *of));
    used.into_iter().map(|(.., shown)| shown).collect()
}
