//! Plans against the arithmetic of each settlement.

use proptest::{collection::vec, option, prelude::*};

use super::{
    brute::{facts_of, few_cases, known, model},
    one_set,
};
use crate::{
    model::{codes::CareClass, money::Fen},
    review::benefits::{
        Benefits, expected::AllowedDeductible, facts::BenefitFacts, index::FoundSet,
        plans::BenefitPlans, rows::BenefitSet,
    },
};

/// A range, and the deductibles that are allowed.
type PlanAnswer = (Option<(Fen, Fen)>, Vec<AllowedDeductible>);

fn plain(set: &BenefitSet, facts: &BenefitFacts<'_>) -> PlanAnswer {
    let Ok(found) = set.expected(facts) else { return (None, Vec::new()) };
    (Some((found.lo(), found.hi())), found.deductibles)
}

fn planned(
    plans: &mut BenefitPlans,
    (number, set): (u32, &BenefitSet),
    facts: &BenefitFacts<'_>,
) -> PlanAnswer {
    let plan = plans.plan(FoundSet { number, set, area: "" }, facts);
    let range = plan.range(facts.in_scope.expect("an amount"), facts.act_pay_dedc, facts.days);
    let mut deductibles: Vec<_> = plan.deductibles(facts.days).collect();
    deductibles.sort_unstable();
    deductibles.dedup();
    assert_eq!(range.is_some(), plan.is_judged());
    (range, deductibles)
}

proptest! {
    #![proptest_config(few_cases())]

    #[test]
    fn plans_agree_with_the_arithmetic_of_each_settlement(
        model in model(),
        settlements in vec((known(), 0..60i128, option::of(-3..15i128), option::of(0..120u16)), 1..24),
    ) {
        let set = one_set(&model.toml());
        let mut plans = BenefitPlans::default();
        for (known, scope, paid, days) in settlements {
            let facts = facts_of(known, scope, paid, days);
            prop_assert_eq!(planned(&mut plans, (0, &set), &facts), plain(&set, &facts), "{}", model.toml());
        }
    }

    #[test]
    fn plans_agree_for_the_sets_that_are_built_in(
        settlements in vec((
            (0..64usize, prop::sample::select(CareClass::ALL.to_vec()), known()),
            (0..40u8, 0..40u8, 0..40u8),
            (-100..9_000_000i64, option::of(-100..3_000_000i64), option::of(0..400u16)),
        ), 1..24),
    ) {
        let benefits = Benefits::built_in();
        let mut plans = BenefitPlans::default();
        for ((at, care, known), (grade, disease, institution), (scope, paid, days)) in settlements {
            let at = at % benefits.sets.len();
            let set = &benefits.sets[at];
            let number = u32::try_from(at).expect("few");
            let code = |number: u8, codes: Vec<&String>| match number {
                0 => None,
                1 => Some(String::new()),
                number => Some(codes.get(usize::from(number) % codes.len().max(1)).map_or("x".to_owned(), |code| (*code).clone())),
            };
            let rows: Vec<_> = set.predicates(care).collect();
            let grade = code(grade, rows.iter().filter_map(|row| row.grade.as_ref()).flatten().collect());
            let disease = code(disease, rows.iter().filter_map(|row| row.disease.as_ref()).flatten().collect());
            let institution = code(institution, rows.iter().filter_map(|row| row.institutions.as_ref()).flatten().collect());
            let facts = BenefitFacts {
                care_class: care,
                grade: grade.as_deref(),
                disease: disease.as_deref(),
                institution: institution.as_deref(),
                in_scope: Some(Fen::new(scope)),
                act_pay_dedc: paid.map(Fen::new),
                ..facts_of(known, 0, None, days)
            };
            prop_assert_eq!(planned(&mut plans, (number, set), &facts), plain(set, &facts));
        }
    }
}
