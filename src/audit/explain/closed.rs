//! The closed periods that an explanation reads.

use std::path::Path;

use crate::{
    book::{Closed, periods_in},
    diag::{Failure, Outcome},
    rules::Rules,
};

pub(super) fn periods(book: &Path) -> Outcome<Vec<Closed>> {
    let periods = periods_in(book)?.into_iter();
    periods.map(|(month, folder)| Closed::read(month, folder)).collect()
}

/// The rules that a period was closed with.
pub(super) fn rules_of(period: &Closed) -> Outcome<Rules> {
    Rules::parse(&period.manifest.rules.text)
        .map_err(|error| Failure::Book(text!("the rules of {}: {}", period.month, error)))
}
