//! The rules on benefit, one file each: what the insured place should have paid (review §6).
//!
//! **Purpose.** Compares what the basic fund paid with what the rule set of the insured area grants.
//!
//! **In.** The settlements of a person with their classes by filing, and the rule sets.
//!
//! **Out.** Leads BEN-01 to BEN-06, and the count of what was looked at.
//!
//! **Invariants.** A settlement is a lead of at most one of BEN-01, BEN-03 and BEN-05. A fact that is unknown takes
//! every value that the rules tell apart, so it hides leads and makes none; of BEN-04 the caps that there are decide.

mod ben01;
mod ben02;
mod ben03;
pub mod ben04;
mod ben05;
mod ben06;
pub mod counts;
pub mod judged;
#[cfg(test)]
mod samples;
#[cfg(test)]
mod tests;

pub use self::counts::BenefitCounts;
use self::judged::JudgedSettlement;
use super::{
    benefits::plans::BenefitPlans, context::ReviewContext, filing::class::FiledPerson, lead::Lead,
    row::ReviewedRow, rule::ReviewRule,
};

/// Finds the leads of a person on benefit, and counts what was looked at. `plans` is kept from person to person.
pub fn of_person<'a>(
    person: &FiledPerson<'a>,
    context: &ReviewContext<'a>,
    plans: &mut BenefitPlans,
    counts: &mut BenefitCounts,
    leads: &mut Vec<Lead<'a>>,
) {
    for settlement in &person.settlements {
        let Some(judged) = JudgedSettlement::of(settlement, plans) else {
            counts.other(settlement);
            continue;
        };
        counts.judged(&judged);
        let found = one_of_three(&judged, context, plans);
        let found = found.into_iter().chain(ben02::lead(&judged));
        leads.extend(found.filter(|lead| context.runs(lead.rule)));
    }
    if context.runs(ReviewRule::Ben04) {
        leads.extend(ben04::leads(person));
    }
}

/// Returns the lead of BEN-05, else of BEN-03, else of BEN-01. It may be one of a rule that does not run.
fn one_of_three<'a>(
    judged: &JudgedSettlement<'_, 'a>,
    context: &ReviewContext<'a>,
    plans: &mut BenefitPlans,
) -> Option<Lead<'a>> {
    if let Some(lead) = ben05::lead(judged) {
        return Some(lead);
    }
    let outside = judged.outside(context.thresholds.ben.as_ref()?.tolerance)?;
    ben03::lead(judged, &outside, plans).or_else(|| Some(ben01::lead(judged, &outside)))
}

/// Finds the lead of a chronic row that breaks the rule V06 alone.
pub fn of_candidate<'a>(
    row: &'a ReviewedRow<'a>,
    context: &ReviewContext<'_>,
    leads: &mut Vec<Lead<'a>>,
) {
    if context.runs(ReviewRule::Ben06) {
        leads.extend(ben06::lead(row));
    }
}
