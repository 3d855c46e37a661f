//! How much of what is planted: rates in parts per million.

use super::life::Fate;
use crate::diag::{printable, toml_problem};

const BUILT_IN: &str = include_str!("breaks.toml");
const FORMAT: i64 = 1;
const MILLION: u32 = 1_000_000;
/// More than this and hardly anything ordinary would be left to plant breaks next to.
const MOST_PLANTED: u32 = 900_000;

/// Why a breaks file was refused; every line is one error.
#[derive(Debug, thiserror::Error)]
#[error("breaks file refused:\n  {}", .0.join("\n  "))]
pub struct BreaksError(pub Vec<String>);

/// Rates in parts per million, as `breaks.toml` documents them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Breaks {
    rates: [u32; KEYS.len()],
}

/// Every key of the file, and what it plants.
const KEYS: [(&str, Option<Fate>); 22] = [
    ("late_one_month", Some(Fate::Late(1))),
    ("late_two_months", Some(Fate::Late(2))),
    ("reversals", Some(Fate::Reversed)),
    ("reversals_next_month", Some(Fate::ReversedNext)),
    ("missing_insured", Some(Fate::MissingInsured)),
    ("missing_treating", Some(Fate::MissingTreating)),
    ("field_mismatch", Some(Fate::FieldMismatch)),
    ("amount_mismatch", Some(Fate::AmountMismatch)),
    ("already_cleared", Some(Fate::AlreadyCleared)),
    ("duplicate", Some(Fate::Duplicate)),
    ("conflict", Some(Fate::Conflict)),
    ("late_refused", Some(Fate::LateRefused)),
    ("expired", Some(Fate::Expired)),
    ("voided", Some(Fate::Voided)),
    ("accepted", Some(Fate::Accepted)),
    ("reversal_unpaired", Some(Fate::ReversalUnpaired)),
    ("reversal_mismatch", Some(Fate::ReversalMismatch)),
    ("already_reversed", Some(Fate::AlreadyReversed)),
    ("rejected", Some(Fate::Rejected)),
    ("permits", None),
    ("deductions", None),
    ("deductions_refused", None),
];
const PERMITS: usize = 19;
const DEDUCTIONS: usize = 20;
const DEDUCTIONS_REFUSED: usize = 21;

impl Breaks {
    /// The rates that are part of the program.
    pub fn built_in() -> Breaks {
        Breaks::parse(BUILT_IN).expect("Invariant: the built-in rates are tested")
    }

    /// Nothing planted: every settlement is ordinary and clears.
    pub fn none() -> Breaks {
        Breaks::default()
    }

    /// Reads a breaks file and checks all of it.
    pub fn parse(text: &str) -> Result<Breaks, BreaksError> {
        let file: toml::Table =
            toml::from_str(text).map_err(|e| BreaksError(vec![toml_problem(&e)]))?;
        let mut errors = Vec::new();
        if file.get("format").and_then(toml::Value::as_integer) != Some(FORMAT) {
            errors.push(format!("`format = {FORMAT}` is missing or not known"));
        }
        let mut breaks = Breaks::none();
        for (key, value) in file.iter().filter(|(key, _)| *key != "format") {
            let Some(place) = KEYS.iter().position(|(name, _)| name == key) else {
                errors.push(format!("unknown key {}", printable(key)));
                continue;
            };
            match value.as_integer().and_then(|rate| u32::try_from(rate).ok()) {
                Some(rate) if rate <= MILLION => breaks.rates[place] = rate,
                _ => errors.push(format!("{key} = {value} is not 0 to {MILLION} parts")),
            }
        }
        let planted: u32 = breaks.fates().map(|(_, rate)| rate).sum();
        if planted > MOST_PLANTED {
            errors.push(format!("{planted} parts are planted in all, at most {MOST_PLANTED} may"));
        }
        if errors.is_empty() { Ok(breaks) } else { Err(BreaksError(errors)) }
    }

    /// What settlements may become, with its rate.
    pub(super) fn fates(&self) -> impl Iterator<Item = (Fate, u32)> {
        KEYS.iter().zip(self.rates).filter_map(|((_, fate), rate)| Some(((*fate)?, rate)))
    }

    /// Parts per million of births that add a reversal to the month's settlements.
    pub(super) fn reversal_parts(&self) -> u64 {
        self.fates().filter(|(fate, _)| fate.adds_reversal()).map(|(_, rate)| u64::from(rate)).sum()
    }

    pub(super) fn permits(&self) -> u32 {
        self.rates[PERMITS]
    }

    pub(super) fn deductions(&self) -> u32 {
        self.rates[DEDUCTIONS]
    }

    pub(super) fn deductions_refused(&self) -> u32 {
        self.rates[DEDUCTIONS_REFUSED]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn built_in_rates_plant_everything() {
        let breaks = Breaks::built_in();
        assert!(breaks.rates.iter().all(|rate| *rate > 0), "{breaks:?}");
        assert_eq!(KEYS[PERMITS].0, "permits");
        assert_eq!(KEYS[DEDUCTIONS].0, "deductions");
        assert_eq!(KEYS[DEDUCTIONS_REFUSED].0, "deductions_refused");
        assert_eq!(Breaks::parse("format = 1").expect("fine"), Breaks::none());
    }

    #[test]
    fn a_bad_file_lists_every_error() {
        let text = "format = 7\ntypo = 1\nexpired = 0.5\nvoided = 900_000\naccepted = 100_000";
        let errors = Breaks::parse(text).expect_err("refused").0;
        assert_eq!(errors.len(), 4, "{errors:?}");
        assert!(Breaks::parse("format").is_err());
    }
}
