//! The rules file of a review: which rules run, their thresholds as dated data, and words for codes (docs/review.md, section 4.1).
//!
//! **In.** A TOML file. The built-in `pipelines/review.toml` holds what the file does not name.
//!
//! **Out.** [`ReviewRules`]: the thresholds in force for a month, and the words of `values`.
//!
//! **Invariants.** A file with an error is refused as a whole, with all of its errors by line.

pub(crate) mod file;
mod reader;
#[cfg(test)]
mod tests;
pub mod values;

use std::{collections::BTreeSet, path::Path};

use chrono::NaiveDate;
use toml::de::{DeTable, DeValue};

use self::values::ReviewValues;
use super::{
    rule::ReviewRule,
    thresholds::{ENTRIES, ThresholdEntry, Thresholds},
};
use crate::{
    bounded,
    diag::Failure,
    model::codes::Month,
    text::{Text, items},
};

/// The built-in rules file of the review.
pub const REVIEW_RULES: &str = include_str!("../../../pipelines/review.toml");

/// The month whose thresholds are in force where no month is covered.
const FIRST_MONTH: Month = Month::new(2000, 1);

/// The rules of a review.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ReviewRules {
    /// Rules that do not run.
    off: BTreeSet<ReviewRule>,
    /// Entries of thresholds, by rule and first day.
    entries: Vec<ThresholdEntry>,
    /// Words for codes.
    pub values: ReviewValues,
}

/// The errors of a rules file of the review, by line.
#[derive(Debug)]
pub struct ReviewRulesError(pub Vec<Text>);

worded!(ReviewRulesError);

impl ReviewRulesError {
    /// Returns the errors as one message.
    pub fn text(&self) -> Text {
        text!("rules of the review refused:{}", items(&self.0))
    }
}

impl ReviewRules {
    /// Returns the rules that are part of the program.
    pub fn built_in() -> ReviewRules {
        let rules = ReviewRules::default().over(REVIEW_RULES);
        rules.expect("Invariant: the built-in rules are tested")
    }

    /// Reads a file.
    pub fn read(path: &Path) -> Result<ReviewRules, Failure> {
        let text = bounded::read_text(path, bounded::SETTINGS)
            .map_err(|error| Failure::Usage(text!("{} cannot be read: {}", path, error)))?;
        ReviewRules::parse(&text)
            .map_err(|error| Failure::Usage(text!("{}: {}", path, error.text())))
    }

    /// Parses a file and checks it. A rule or a field that it names has nothing built in any more.
    pub fn parse(text: &str) -> Result<ReviewRules, ReviewRulesError> {
        ReviewRules::built_in().over(text)
    }

    /// Reads a file over these rules, which hold what it does not name.
    fn over(self, text: &str) -> Result<ReviewRules, ReviewRulesError> {
        let read = reader::read(text, self.values).map_err(ReviewRulesError)?;
        let is_named = |rule| read.entries.iter().any(|entry| entry.rule == rule);
        let mut entries = self.entries;
        entries.retain(|entry| !is_named(entry.rule));
        entries.extend(read.entries);
        entries.sort_by_key(|entry| (entry.rule, entry.from));
        Ok(ReviewRules { off: read.off.unwrap_or(self.off), entries, values: read.values })
    }

    /// Whether a text is a rules file of the review and no other file that people write, as its keys tell.
    pub fn are_in(text: &str) -> bool {
        let (table, _) = DeTable::parse_recoverable(text);
        let is_entry = |entry: &DeValue| entry.as_table().is_some_and(|it| it.contains_key("rule"));
        table.get_ref().iter().any(|(key, value)| {
            ["off", "threshold", "values"].contains(&key.get_ref().as_ref())
                || value
                    .get_ref()
                    .as_array()
                    .is_some_and(|list| list.iter().any(|entry| is_entry(entry.get_ref())))
        })
    }

    /// Returns the thresholds for a review of a month; without a month those of the first one. A rule that is off or has
    /// no entry in force has none.
    pub fn thresholds(&self, month: Option<Month>) -> Thresholds {
        let day = month.unwrap_or(FIRST_MONTH).first_day();
        let mut thresholds = Thresholds::default();
        for rule in ENTRIES {
            if let Some(entry) = self.in_force(rule, day) {
                thresholds.replace_by(&entry.limits);
            }
        }
        for rule in &self.off {
            thresholds.remove(rule.id());
        }
        thresholds
    }

    /// Returns the entry of a rule that is in force on a day.
    fn in_force(&self, rule: &str, day: NaiveDate) -> Option<&ThresholdEntry> {
        self.entries.iter().rfind(|entry| entry.rule == rule && entry.from <= day)
    }

    /// Returns all entries, by rule and first day.
    pub fn entries(&self) -> &[ThresholdEntry] {
        &self.entries
    }

    /// Returns the rules that do not run, in order.
    pub fn off(&self) -> impl Iterator<Item = ReviewRule> {
        self.off.iter().copied()
    }

    /// Whether a rule does not run.
    pub fn is_off(&self, rule: ReviewRule) -> bool {
        self.off.contains(&rule)
    }
}
