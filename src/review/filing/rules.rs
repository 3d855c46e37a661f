//! The rules on filing, one file each (review §5).

use super::{class::FiledPerson, fil01, fil02, fil03, fil04};
use crate::review::{context::ReviewContext, lead::Lead, rule::ReviewRule, subject::Person};

/// Finds the leads of a person on filing; returns the settlements with their classes.
pub fn of_person<'a>(
    person: &Person<'a>,
    context: &ReviewContext<'a>,
    leads: &mut Vec<Lead<'a>>,
) -> FiledPerson<'a> {
    let filed = FiledPerson::of(person, context);
    let [nothing, late, elsewhere, twice] =
        [ReviewRule::Fil01, ReviewRule::Fil02, ReviewRule::Fil03, ReviewRule::Fil04]
            .map(|rule| context.runs(rule));
    let needs = context.thresholds.fil.as_ref().map_or(&[][..], |limits| &limits.care_class);
    for settlement in &filed.settlements {
        if needs.contains(&settlement.row.care) {
            leads.extend(fil01::lead(settlement).filter(|_| nothing));
            leads.extend(fil02::lead(settlement).filter(|_| late));
            leads.extend(fil03::lead(settlement).filter(|_| elsewhere));
        }
    }
    if twice {
        leads.extend(fil04::lead(&filed));
    }
    filed
}
