//! BEN-03: the benefit of another class of filing.
//!
//! **Definition.** hifp_pay is outside of the range of the settlement's class by more than the tolerance, and within the
//! tolerance of the range of another class: full benefit without a filing, or less benefit with one. The other class is
//! judged, has another row of `remote` for the same facts in at least one case, and no amount in common with the range of
//! the own class. Of several the first of long_term, emergency, transfer, temporary, none. Not where the class is unknown
//! or BEN-05 holds. The amount is the distance to the range of the own class.
//!
//! **Source.** 医保发〔2022〕22号: who has not filed, or is referred, has a lower ratio than one who has filed for long.
//!
//! **Strength.** Consistent: the filing may have been made elsewhere.

use super::judged::{JudgedSettlement, OutsideRange, facts_of, is_near};
use crate::review::{
    benefits::{plans::BenefitPlans, words::FilingClass},
    filing::class::PossibleClasses,
    lead::{Detail, Lead},
    rule::ReviewRule,
};

/// The classes that are tried, in this order.
const OTHERS: [FilingClass; 5] = [
    FilingClass::LongTerm,
    FilingClass::Emergency,
    FilingClass::Transfer,
    FilingClass::Temporary,
    FilingClass::Unfiled,
];

/// Returns the lead of a settlement whose payment is outside of the range.
pub(super) fn lead<'a>(
    judged: &JudgedSettlement<'_, 'a>,
    outside: &OutsideRange,
    plans: &mut BenefitPlans,
) -> Option<Lead<'a>> {
    let own = judged.filed.classes.known()?;
    let row = judged.filed.row;
    let fits = OTHERS.into_iter().filter(|class| *class != own).find(|class| {
        let facts = facts_of(row, PossibleClasses::Known(*class).list());
        let plan = plans.plan(judged.set, &facts);
        let range = plan.range(judged.in_scope, facts.act_pay_dedc, facts.days);
        range.is_some_and(|(lo, hi)| {
            let is_apart = hi < outside.lo || outside.hi < lo;
            is_apart
                && is_near(judged.paid(), (lo, hi), outside.tolerance)
                && judged.plan.is_remote_unlike(&plan)
        })
    })?;
    let detail = Detail::default()
        .with("class", own.name())
        .with("fits", fits.name())
        .with_yuan("lo", outside.lo)
        .with_yuan("hi", outside.hi);
    Some(Lead::of(ReviewRule::Ben03, vec![row], detail.text()).at_stake(outside.distance))
}

#[cfg(test)]
mod tests {
    use crate::review::{
        benefit_rules::samples::{TABLES, all_leads, filings, paid, set, with},
        filing::FilingKind,
        row::ReviewedRow,
        rule::ReviewRule,
    };

    fn leads(tables: &str, row: ReviewedRow<'_>, kind: Option<FilingKind>) -> Vec<String> {
        all_leads(&set(tables), &[row], Some(&filings(kind)), &[ReviewRule::Ben02]).0
    }

    #[test]
    fn full_benefit_without_filing_and_less_with_one() {
        // Of 20000: 80 % long-term and emergency, 70 % transfer, 60 % none.
        assert_eq!(
            leads(TABLES, paid("S1", "21000", "16000"), None),
            ["BEN-03 S1 class=none;fits=long_term;lo=12000.00;hi=12000.00 4000.00 consistent"]
        );
        assert_eq!(
            leads(TABLES, paid("S1", "21000", "14001"), None),
            ["BEN-03 S1 class=none;fits=transfer;lo=12000.00;hi=12000.00 2001.00 consistent"]
        );
        assert_eq!(
            leads(TABLES, paid("S1", "21000", "12000"), Some(FilingKind::LongTerm)),
            ["BEN-03 S1 class=long_term;fits=none;lo=16000.00;hi=16000.00 4000.00 consistent"]
        );
        // Beyond the tolerance of the other class it is BEN-01.
        assert!(leads(TABLES, paid("S1", "21000", "14001.01"), None)[0].starts_with("BEN-01"));
        assert_eq!(leads(TABLES, paid("S1", "21000", "12001"), None), [""; 0]);
    }

    #[test]
    fn the_remote_row_has_to_differ() {
        // Emergencies have what long-term residents have, by content.
        let emergency = with(paid("S1", "21000", "16500"), |optional| optional.emergency = true);
        assert!(leads(TABLES, emergency, None)[0].starts_with("BEN-01"));
        // A class that is not judged is none: nothing is said of temporary filings.
        let found = leads(TABLES, paid("S1", "21000", "16000"), Some(FilingKind::Temporary));
        assert_eq!(found, [""; 0]);
    }

    #[test]
    fn ranges_with_an_amount_in_common_do_not_tell_classes_apart() {
        // The level is unknown: 60 to 90 per cent of 20000, less 10 points with a transfer.
        let tables = r#"
            ratio = [ { care_class = "inpatient", level = "3", percent = "60" }, { care_class = "inpatient", percent = "90" } ]
            remote = [ { filing = "transfer", points = "-10" }, { filing = "none", points = "-40" } ]
        "#;
        let row = |pay| with(paid("S1", "21000", pay), |optional| optional.level = None);
        assert!(leads(tables, row("11000"), Some(FilingKind::LongTerm))[0].starts_with("BEN-01"));
        // 20 to 50 per cent of no filing is apart from 60 to 90.
        assert_eq!(
            leads(tables, row("9000"), Some(FilingKind::LongTerm)),
            ["BEN-03 S1 class=long_term;fits=none;lo=12000.00;hi=18000.00 3000.00 consistent"]
        );
    }

    #[test]
    fn not_where_the_class_is_unknown_or_the_rule_is_off() {
        let tables = TABLES.replace("\"none\"", "[\"none\", \"temporary\"]");
        let row = || [paid("S1", "21000", "16500")];
        let found = all_leads(&set(&tables), &row(), None, &[ReviewRule::Ben02]).0;
        assert!(
            found[0].starts_with("BEN-01 S1 lo=12000.00;hi=16000.00;class=unknown"),
            "{found:?}"
        );
        // What is BEN-03 is never BEN-01, also when BEN-03 does not run.
        let off = [ReviewRule::Ben02, ReviewRule::Ben03];
        let found = all_leads(&set(TABLES), &[paid("S1", "21000", "16000")], Some(&[]), &off).0;
        assert_eq!(found, [""; 0]);
    }
}
