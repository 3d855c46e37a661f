//! Reads the closed periods that an explanation needs.

use std::path::Path;

use crate::{
    book::{ClosedPeriod, periods_in},
    diag::{Failure, Outcome},
    rules::Rules,
};

pub(super) fn periods(book: &Path) -> Outcome<Vec<ClosedPeriod>> {
    let periods = periods_in(book)?.into_iter();
    periods.map(|(month, folder)| ClosedPeriod::read(month, folder)).collect()
}

/// Parses the rules that a period was closed with.
pub(super) fn rules_of(period: &ClosedPeriod) -> Outcome<Rules> {
    Rules::parse(&period.manifest.rules.text)
        .map_err(|error| Failure::Book(text!("the rules of {}: {}", period.month, error)))
}
