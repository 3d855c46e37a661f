//! Reserves: the used part of each quota, and overdrawn reserves.

use super::{
    source::PeriodTables,
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
}

impl ReserveSummary {
    pub(super) fn of(source: &PeriodTables) -> ReserveSummary {
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
        ReserveSummary {
            to_watch: to_watch(source),
            red: level("red"),
            yellow: level("yellow"),
            green: level("green"),
            none: level("none"),
            opening: Money(source.reserves.sum("opening")),
            closing: Money(source.reserves.sum("closing")),
            short: Money(overdrawn.iter().map(|(closing, ..)| -*closing).sum()),
            overdrawn: overdrawn.into_iter().map(|(_, _, shown)| shown).collect(),
        }
    }
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
            let parts = payable.fen().saturating_mul(100);
            let shown = Used {
                code: of.to_string(),
                name: pair(of),
                red,
                payable: Money(payable),
                quota: Money(quota),
                percent: hundredths(parts, quota.fen()),
                width: parts.checked_div(quota.fen()).map_or(100, |percent| percent.clamp(0, 100)),
            };
            Some((!red, -payable, of, shown))
        })
        .collect();
    used.sort_by_key(|(yellow, payable, of, _)| (*yellow, *payable, *of));
    used.into_iter().map(|(.., shown)| shown).collect()
}
