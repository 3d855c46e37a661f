//! Rules on behaviour: what persons and institutions do that nobody does (docs/review.md, section 4).
//!
//! **Purpose.** Each rule stands in a file of its own, with its definition in words. A lead is a question, no verdict.
//!
//! **In.** The settlements of a person, of an institution, of a credential; the deductions of a book; thresholds.
//!
//! **Out.** Leads, in any order.
//!
//! **Invariants.** A rule without thresholds does not run. No rule takes more time than its rows and leads together, but
//! for sorting. Comparisons are made in whole numbers.

mod account_alone;
mod burst;
mod chronic;
mod companions;
mod covered;
mod credential;
pub mod deductions;
mod during_stay;
mod frequent;
mod groups;
mod many_pharmacies;
mod near_limit;
mod overlap;
pub mod peers;
mod place;
mod reversals;
mod same_day;
mod short_stays;
mod split;
mod stay;
mod surge;
#[cfg(test)]
mod tests;
mod travel;

use self::stay::Stay;
pub use self::{covered::CoveredMonths, credential::of_credential};
use super::{
    lead::Lead,
    row::ReviewedRow,
    subject::{InstitutionRows, Person},
    thresholds::Thresholds,
};

/// Adds the leads of a person.
pub fn of_person<'a>(person: &Person<'a>, thresholds: &Thresholds, leads: &mut Vec<Lead<'a>>) {
    let settlements = person.settlements;
    let stays = stays_of(settlements);
    let outside: Vec<&ReviewedRow> =
        settlements.iter().copied().filter(|row| row.is_visit() || row.is_purchase()).collect();
    if let Some(limits) = &thresholds.beh01 {
        overlap::leads(&stays, limits, leads);
    }
    if let Some(limits) = &thresholds.beh02 {
        split::leads(&stays, limits, leads);
    }
    if let Some(limits) = &thresholds.beh03 {
        frequent::stays(&stays, limits, leads);
    }
    if let Some(limits) = &thresholds.beh04 {
        during_stay::leads(&stays, &outside, limits, leads);
    }
    if let Some(limits) = &thresholds.beh06 {
        travel::leads(&outside, limits, leads);
    }
    if let Some(limits) = &thresholds.beh07 {
        same_day::leads(&outside, limits, leads);
    }
    if let Some(limits) = &thresholds.beh08 {
        frequent::visits(&outside, limits, leads);
    }
    if let Some(limits) = &thresholds.beh09 {
        frequent::purchases(&outside, limits, leads);
    }
    if let Some(limits) = &thresholds.beh10 {
        many_pharmacies::leads(&outside, limits, leads);
    }
    if let Some(limits) = &thresholds.beh17 {
        chronic::leads(&outside, limits, leads);
    }
}

/// Adds the leads of an institution.
pub fn of_institution<'a>(
    institution: &InstitutionRows<'a>,
    thresholds: &Thresholds,
    covered: &CoveredMonths,
    leads: &mut Vec<Lead<'a>>,
) {
    let settlements = institution.settlements;
    let stays = stays_of(settlements);
    if let Some(limits) = &thresholds.beh05 {
        short_stays::leads(&stays, limits, leads);
    }
    if let Some(limits) = &thresholds.beh11 {
        companions::leads(settlements, limits, leads);
    }
    if let Some(limits) = &thresholds.beh12 {
        surge::leads(settlements, covered, limits, leads);
    }
    if let Some(limits) = &thresholds.beh13 {
        burst::leads(settlements, limits, leads);
    }
    if let Some(limits) = &thresholds.beh15 {
        near_limit::leads(&stays, limits, leads);
    }
    if let Some(limits) = &thresholds.beh16 {
        reversals::leads(institution, limits, leads);
    }
    if let Some(limits) = &thresholds.beh19 {
        account_alone::leads(settlements, limits, leads);
    }
}

fn stays_of<'a>(settlements: &[&'a ReviewedRow<'a>]) -> Vec<Stay<'a>> {
    settlements.iter().filter_map(|row| Stay::of(row)).collect()
}
