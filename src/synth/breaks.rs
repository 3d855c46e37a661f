//! The rates at which breaks are planted, in parts per million.

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer};
use toml::de::DeTable;

use super::life::Fate;
use crate::{
    diag::toml_problem,
    shapes::FormatNumber,
    text::{Text, items},
    toml_keys,
};

const BUILT_IN: &str = include_str!("breaks.toml");
const MILLION: u32 = 1_000_000;
/// The highest sum of rates. Above it too few ordinary settlements would remain.
const MOST_PLANTED: u32 = 900_000;

/// The errors of a breaks file, one text each.
#[derive(Debug)]
pub struct BreaksError(pub Vec<Text>);

worded!(BreaksError);

impl BreaksError {
    /// Returns the errors as one message.
    pub fn text(&self) -> Text {
        text!("breaks file refused:{}", items(&self.0))
    }
}

/// What `liangqing synth` plants in a month (TOML): rates in parts per million of the settlements born in it. A rate that
/// is left out is 0; all rates of settlements together are at most 900,000.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "Rates of planted breaks", extend("required" = ["format"]))]
pub struct BreakRates {
    /// The format of the file.
    #[serde(default)]
    #[schemars(with = "FormatNumber<1>")]
    format: Option<FormatNumber<1>>,
    /// Both copies come one month late, within the limit.
    #[serde(default, deserialize_with = "parts")]
    #[schemars(range(max = MILLION))]
    pub(super) late_one_month: u32,
    /// Both copies come two months late, within the limit.
    #[serde(default, deserialize_with = "parts")]
    #[schemars(range(max = MILLION))]
    pub(super) late_two_months: u32,
    /// Settled and refunded in the same period.
    #[serde(default, deserialize_with = "parts")]
    #[schemars(range(max = MILLION))]
    pub(super) reversals: u32,
    /// Settled, and refunded in the next period.
    #[serde(default, deserialize_with = "parts")]
    #[schemars(range(max = MILLION))]
    pub(super) reversals_next_month: u32,
    /// The insured copy is missing; most come one or two periods later.
    #[serde(default, deserialize_with = "parts")]
    #[schemars(range(max = MILLION))]
    pub(super) missing_insured: u32,
    /// The treating copy is missing; most come one or two periods later.
    #[serde(default, deserialize_with = "parts")]
    #[schemars(range(max = MILLION))]
    pub(super) missing_treating: u32,
    /// An identity field differs between the copies.
    #[serde(default, deserialize_with = "parts")]
    #[schemars(range(max = MILLION))]
    pub(super) field_mismatch: u32,
    /// An amount differs between the copies.
    #[serde(default, deserialize_with = "parts")]
    #[schemars(range(max = MILLION))]
    pub(super) amount_mismatch: u32,
    /// Delivered again after it was cleared.
    #[serde(default, deserialize_with = "parts")]
    #[schemars(range(max = MILLION))]
    pub(super) already_cleared: u32,
    /// Delivered several times at once, in equal rows.
    #[serde(default, deserialize_with = "parts")]
    #[schemars(range(max = MILLION))]
    pub(super) duplicate: u32,
    /// Delivered several times at once, in rows that differ.
    #[serde(default, deserialize_with = "parts")]
    #[schemars(range(max = MILLION))]
    pub(super) conflict: u32,
    /// Delivered after the limit; cleared where a permit covers it.
    #[serde(default, deserialize_with = "parts")]
    #[schemars(range(max = MILLION))]
    pub(super) late_refused: u32,
    /// Delivered at the limit and never mended: it expires in the next period.
    #[serde(default, deserialize_with = "parts")]
    #[schemars(range(max = MILLION))]
    pub(super) expired: u32,
    /// Voided by a decision; some are delivered again and voided again.
    #[serde(default, deserialize_with = "parts")]
    #[schemars(range(max = MILLION))]
    pub(super) voided: u32,
    /// Cleared by a decision that accepts one copy.
    #[serde(default, deserialize_with = "parts")]
    #[schemars(range(max = MILLION))]
    pub(super) accepted: u32,
    /// A reversal without an original.
    #[serde(default, deserialize_with = "parts")]
    #[schemars(range(max = MILLION))]
    pub(super) reversal_unpaired: u32,
    /// A reversal unlike its original.
    #[serde(default, deserialize_with = "parts")]
    #[schemars(range(max = MILLION))]
    pub(super) reversal_mismatch: u32,
    /// A reversal of an original that was reversed before.
    #[serde(default, deserialize_with = "parts")]
    #[schemars(range(max = MILLION))]
    pub(super) already_reversed: u32,
    /// A copy, or both, breaks a row rule; some are mended in the next period.
    #[serde(default, deserialize_with = "parts")]
    #[schemars(range(max = MILLION))]
    pub(super) rejected: u32,
    /// Of the pairs: those that have a permit for the first cost month past the limit.
    #[serde(default, deserialize_with = "parts")]
    #[schemars(range(max = MILLION))]
    pub(super) permits: u32,
    /// Of the settlements that clear: those from which a deduction is taken.
    #[serde(default, deserialize_with = "parts")]
    #[schemars(range(max = MILLION))]
    pub(super) deductions: u32,
    /// Of the deductions: those that have to be refused.
    #[serde(default, deserialize_with = "parts")]
    #[schemars(range(max = MILLION))]
    pub(super) deductions_refused: u32,
    /// Of the payments: those beside which a payment stands that has to be refused.
    #[serde(default, deserialize_with = "parts")]
    #[schemars(range(max = MILLION))]
    pub(super) payments_refused: u32,
}

fn parts<'de, D: Deserializer<'de>>(from: D) -> Result<u32, D::Error> {
    let rate = i64::deserialize(from)?;
    let parts = u32::try_from(rate).ok().filter(|rate| *rate <= MILLION);
    parts.ok_or_else(|| toml_keys::told(text!("{} is not 0 to {} parts", rate, MILLION)))
}

impl BreakRates {
    /// The file of the built-in rates.
    pub const BUILT_IN: &str = BUILT_IN;

    /// Returns the built-in rates.
    pub fn built_in() -> BreakRates {
        BreakRates::parse(BUILT_IN).expect("Invariant: the built-in rates are tested")
    }

    /// Returns rates of 0: every settlement is ordinary and clears.
    pub fn none() -> BreakRates {
        BreakRates { format: Some(FormatNumber), ..BreakRates::default() }
    }

    /// Reads a breaks file and checks all of it.
    pub fn parse(text: &str) -> Result<BreakRates, BreaksError> {
        let table = DeTable::parse(text).map_err(|e| BreaksError(vec![toml_problem(text, &e)]))?;
        let mut bad = Vec::new();
        let breaks: BreakRates = toml_keys::read(table.get_ref(), &mut bad);
        let mut errors: Vec<Text> =
            bad.into_iter().map(|bad| text!("{}: {}", bad.key, bad.problem)).collect();
        if !table.get_ref().contains_key("format") {
            errors.push(text!("`format = {}` is missing", 1));
        }
        let planted: u32 = breaks.fates().map(|(_, rate)| rate).sum();
        if planted > MOST_PLANTED {
            errors.push(text!(
                "{} parts are planted in all, at most {} may",
                planted,
                MOST_PLANTED
            ));
        }
        if errors.is_empty() { Ok(breaks) } else { Err(BreaksError(errors)) }
    }

    /// Returns each fate with its rate.
    pub(super) fn fates(&self) -> impl Iterator<Item = (Fate, u32)> {
        [
            (Fate::Late(1), self.late_one_month),
            (Fate::Late(2), self.late_two_months),
            (Fate::Reversed, self.reversals),
            (Fate::ReversedNext, self.reversals_next_month),
            (Fate::MissingInsured, self.missing_insured),
            (Fate::MissingTreating, self.missing_treating),
            (Fate::FieldMismatch, self.field_mismatch),
            (Fate::AmountMismatch, self.amount_mismatch),
            (Fate::AlreadyCleared, self.already_cleared),
            (Fate::Duplicate, self.duplicate),
            (Fate::Conflict, self.conflict),
            (Fate::LateRefused, self.late_refused),
            (Fate::Expired, self.expired),
            (Fate::Voided, self.voided),
            (Fate::Accepted, self.accepted),
            (Fate::ReversalUnpaired, self.reversal_unpaired),
            (Fate::ReversalMismatch, self.reversal_mismatch),
            (Fate::AlreadyReversed, self.already_reversed),
            (Fate::Rejected, self.rejected),
        ]
        .into_iter()
    }

    /// Returns how many births of a million add a reversal to the month's settlements.
    pub(super) fn reversal_parts(&self) -> u64 {
        self.fates().filter(|(fate, _)| fate.adds_reversal()).map(|(_, rate)| u64::from(rate)).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn english(errors: &[Text]) -> Vec<String> {
        errors.iter().map(Text::to_string).collect()
    }

    #[test]
    fn built_in_rates_plant_everything() {
        let breaks = BreakRates::built_in();
        assert!(breaks.fates().all(|(_, rate)| rate > 0), "{breaks:?}");
        let BreakRates { permits, deductions, deductions_refused, payments_refused, .. } = breaks;
        let others = [permits, deductions, deductions_refused, payments_refused];
        assert!(others.into_iter().all(|rate| rate > 0));
        assert_eq!(BreakRates::parse("format = 1").expect("fine"), BreakRates::none());
    }

    #[test]
    fn a_bad_file_lists_every_error() {
        let text = "format = 7\ntypo = 1\nexpired = 0.5\nvoided = 900_000\naccepted = 100_000";
        let errors = english(&BreakRates::parse(text).expect_err("refused").0);
        assert_eq!(errors.len(), 4, "{errors:?}");
        assert!(BreakRates::parse("format").is_err());
    }
}
