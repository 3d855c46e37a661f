//! What a review did besides finding leads.

use std::collections::BTreeMap;

use super::{benefit_rules::BenefitCounts, rule::ReviewRule};
use crate::{diag::codes::RowRule, model::codes::Month, text::Text};

/// What a review did besides finding leads: the rest of `summary.json`. Lists may be in any order.
#[derive(Debug, Clone, Default)]
pub struct ReviewAccount {
    /// The month of the review; none without a covered month.
    pub month: Option<Month>,
    /// The covered months.
    pub covered_months: Vec<Month>,
    /// Files and rows of each input, in the order given.
    pub inputs: Vec<InputAccount>,
    /// The rules that ran.
    pub rules_run: Vec<ReviewRule>,
    /// The rules that did not run, and why.
    pub rules_left_out: Vec<(ReviewRule, NotRun)>,
    /// What became of the rows.
    pub rows: RowAccount,
    /// The rows that break each row rule.
    pub broken: BTreeMap<RowRule, u64>,
    /// Persons with a settlement.
    pub persons: u64,
    /// What the benefit rules looked at.
    pub benefits: BenefitCounts,
    /// Values that `values` of the rules does not have: field, value, rows.
    pub unknown_values: UnknownValues,
    /// Levels of the registry that `values` of the rules does not have: column, level, institutions.
    pub unknown_levels: UnknownValues,
}

/// An input.
#[derive(Debug, Clone, Copy, Default)]
pub struct InputAccount {
    /// Its files.
    pub files: u64,
    /// Its rows.
    pub rows: u64,
}

/// What became of the rows. All that were read are the sum of these.
#[derive(Debug, Clone, Copy, Default)]
pub struct RowAccount {
    /// Rows that broke a row rule.
    pub rejected: u64,
    /// Rows whose setl_id a row before them has.
    pub repeated: u64,
    /// Reversals.
    pub reversals: u64,
    /// Settlements that a reversal names.
    pub reversed: u64,
    /// All other settlements.
    pub settlements: u64,
}

impl RowAccount {
    /// Returns the number of all rows that were read.
    pub fn read(&self) -> u64 {
        self.rejected + self.repeated + self.reversals + self.reversed + self.settlements
    }
}

/// Values that `values` of the rules does not have, with their rows: by field, then by value as bytes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UnknownValues(BTreeMap<&'static str, BTreeMap<String, u64>>);

/// The most values of a field that are kept: nobody reads more, and a column of numbers has millions.
const MOST_UNKNOWN: usize = 10_000;

impl UnknownValues {
    /// Counts rows of a value. Of very many values of a field the first ones as bytes stay; those are counted in full, in
    /// whatever order the rows come.
    pub fn add(&mut self, field: &'static str, value: &str, rows: u64) {
        let values = self.0.entry(field).or_default();
        if let Some(counted) = values.get_mut(value) {
            *counted += rows;
            return;
        }
        values.insert(value.to_owned(), rows);
        if values.len() > MOST_UNKNOWN {
            values.pop_last();
        }
    }

    /// Adds others.
    pub fn absorb(&mut self, other: UnknownValues) {
        for (field, values) in other.0 {
            for (value, rows) in values {
                self.add(field, &value, rows);
            }
        }
    }

    /// Returns field, value and rows, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, &str, u64)> {
        self.0.iter().flat_map(|(field, values)| {
            values.iter().map(|(value, rows)| (*field, value.as_str(), *rows))
        })
    }
}

/// Why a rule did not run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotRun {
    /// The rules file turns it off.
    Off,
    /// No threshold of it is in force in the month of the review.
    NotInForce,
    /// Nobody delivered this field.
    NoField(&'static str),
    /// No filings were given.
    NoFilings,
    /// The benefit files hold no rule set.
    NoRuleSet,
    /// No book was given.
    NoBook,
}

impl NotRun {
    /// Returns the reason.
    pub fn text(self) -> Text {
        match self.fixed_words() {
            Ok([chinese, english]) => Text::named(english, chinese),
            Err(field) => text!("nobody delivered {}", field),
        }
    }

    /// Returns the reason in Chinese and in English.
    pub fn words(self) -> [String; 2] {
        match self.fixed_words() {
            Ok(words) => words.map(str::to_owned),
            Err(field) => {
                [format!("送达数据没有字段 {field}"), format!("nobody delivered {field}")]
            }
        }
    }

    /// Returns the words of a reason, or the field that is missing.
    const fn fixed_words(self) -> Result<[&'static str; 2], &'static str> {
        Ok(match self {
            NotRun::Off => ["规则文件将其关闭", "the rules file turns it off"],
            NotRun::NotInForce => {
                ["所审月份没有生效的阈值", "no threshold is in force in the month of the review"]
            }
            NotRun::NoField(field) => return Err(field),
            NotRun::NoFilings => ["未提供备案数据", "no filings were given"],
            NotRun::NoRuleSet => ["没有参保地待遇规则", "there is no rule set"],
            NotRun::NoBook => ["未指定账套", "no book was given"],
        })
    }
}

/// The place of a row in the inputs.
#[derive(Debug, Clone, Copy)]
pub struct RowPlace<'a> {
    /// The number of the input, from 1.
    pub input: u32,
    /// The file, by its path below the input.
    pub file: &'a str,
    /// The row of the file, from 0.
    pub row: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_values_are_kept_within_bounds_whatever_their_order() {
        let of = |numbers: &mut dyn Iterator<Item = usize>| {
            let mut values = UnknownValues::default();
            numbers.for_each(|number| values.add("hosp_lv", &format!("t{number:05}"), 1));
            values
        };
        let all = MOST_UNKNOWN + 500;
        let up = of(&mut (0..all).chain(0..all));
        assert_eq!(up, of(&mut (0..all).rev().chain(0..all)));
        assert_eq!(up.iter().count(), MOST_UNKNOWN);
        assert!(up.iter().all(|(_, _, rows)| rows == 2));
        let (mut one, other) = (of(&mut (0..all)), of(&mut (0..all)));
        one.absorb(other);
        assert_eq!(one, up);
    }
}
