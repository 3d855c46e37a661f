//! A lead as a rule finds it.

use std::fmt::{self, Write};

use super::{
    row::ReviewedRow,
    rule::{ReviewRule, Strength},
};
use crate::model::money::{FenSum, yuan};

/// A lead: settlements that have to be looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lead<'a> {
    /// The rule.
    pub rule: ReviewRule,
    /// How strong it is.
    pub strength: Strength,
    /// The amount at stake.
    pub amount: FenSum,
    /// Details as `name=value;…`.
    pub detail: String,
    /// The settlements that are suspected, in any order.
    pub suspects: Vec<&'a ReviewedRow<'a>>,
    /// Other settlements that show why, in any order.
    pub context: Vec<&'a ReviewedRow<'a>>,
}

impl<'a> Lead<'a> {
    /// Makes a lead of suspects alone, whose payable is at stake.
    pub fn of(rule: ReviewRule, suspects: Vec<&'a ReviewedRow<'a>>, detail: String) -> Lead<'a> {
        let amount = suspects.iter().map(|row| FenSum::from(row.payable)).sum();
        Lead { rule, strength: rule.strength(), amount, detail, suspects, context: Vec::new() }
    }

    /// Adds settlements that show why.
    pub fn with_context(self, context: Vec<&'a ReviewedRow<'a>>) -> Lead<'a> {
        Lead { context, ..self }
    }

    /// Puts another amount at stake.
    pub fn at_stake(self, amount: FenSum) -> Lead<'a> {
        Lead { amount, ..self }
    }

    /// Gives the lead another strength.
    pub fn of_strength(self, strength: Strength) -> Lead<'a> {
        Lead { strength, ..self }
    }
}

/// Details of a lead, `name=value` with `;` between them.
#[derive(Debug, Default)]
pub struct Detail(String);

impl Detail {
    /// Adds a value.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl fmt::Display) -> Detail {
        if !self.0.is_empty() {
            self.0.push(';');
        }
        self.0.push_str(name);
        self.0.push('=');
        // Writing into a text does not fail.
        _ = write!(self.0, "{value}");
        self
    }

    /// Adds an amount in yuan with two decimals.
    #[must_use]
    pub fn with_yuan(self, name: &str, amount: impl Into<FenSum>) -> Detail {
        self.with(name, yuan(amount))
    }

    /// Adds a list, each value once, in the order of bytes.
    #[must_use]
    pub fn with_list<T: AsRef<str>>(
        self,
        name: &str,
        values: impl IntoIterator<Item = T>,
    ) -> Detail {
        let mut values: Vec<String> =
            values.into_iter().map(|value| value.as_ref().to_owned()).collect();
        values.sort_unstable();
        values.dedup();
        self.with(name, values.join(","))
    }

    /// Returns the text.
    pub fn text(self) -> String {
        self.0
    }
}
