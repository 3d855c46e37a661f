//! How often things happen in months with coordination.

use serde::Deserialize;

use super::draw::below;

const BUILT_IN: &str = include_str!("coordination.toml");

/// Rates of what `synth --coordination` plants. `coordination.toml` explains each.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CoordinationRates {
    pub(super) national: NationalRates,
    pub(super) requests: RequestRates,
    pub(super) errors: FaultRates,
}

/// Rates of what the nation has.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NationalRates {
    pub(super) lacks: u32,
    pub(super) differs: u32,
    pub(super) repeats: u32,
    pub(super) rejected: u32,
    pub(super) alone: u32,
    pub(super) one_sided_lacks: u32,
    pub(super) one_sided_differs: u32,
    pub(super) unlike_lacks: u32,
    pub(super) unlike_differs: u32,
    pub(super) unlike_insured: u32,
    pub(super) outages: u32,
    pub(super) outage_hours: u32,
    pub(super) outage_lacks: u32,
}

/// Rates of requests.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RequestRates {
    pub(super) verified: u32,
    pub(super) least_verified: usize,
    pub(super) earlier: u32,
    pub(super) problems: u32,
    pub(super) least_problems: u64,
    pub(super) refused: u32,
}

/// Rates of system errors.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FaultRates {
    pub(super) of_settlements: u32,
    pub(super) of_next_month: u32,
    pub(super) of_reversed: u32,
    pub(super) refused: u32,
}

impl CoordinationRates {
    /// Returns the built-in rates.
    pub fn built_in() -> CoordinationRates {
        toml::from_str(BUILT_IN).expect("Invariant: the built-in rates are tested")
    }
}

/// Whether a hash lies within so many parts of a million.
pub(super) const fn within(hash: u64, parts: u32) -> bool {
    below(hash >> 32, 1_000_000) < parts as u64
}

/// Returns the first of several choices, each with its parts of a million, that a hash falls on.
pub(super) fn choice<T: Copy>(hash: u64, choices: &[(T, u32)], rest: T) -> T {
    let part = below(hash >> 32, 1_000_000);
    let mut reached = 0;
    for (choice, parts) in choices {
        reached += u64::from(*parts);
        if part < reached {
            return *choice;
        }
    }
    rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn built_in_rates_are_read() {
        let rates = CoordinationRates::built_in();
        assert!(rates.national.lacks > 0 && rates.national.outages > 0);
    }

    #[test]
    fn choices_have_their_parts() {
        let choices = [('a', 250_000), ('b', 250_000)];
        let of = |quarter: u64| choice(quarter << 62, &choices, 'c');
        assert_eq!([of(0), of(1), of(2), of(3)], ['a', 'b', 'c', 'c']);
        assert!(within(0, 1) && !within(u64::MAX, 999_999) && !within(0, 0));
    }
}
