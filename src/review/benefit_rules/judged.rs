//! A settlement and what its rule set grants.

use std::sync::Arc;

use crate::{
    model::{
        codes::FundClass,
        money::{Fen, FenSum},
    },
    review::{
        benefits::{
            facts::BenefitFacts,
            index::FoundSet,
            plan::BenefitPlan,
            plans::BenefitPlans,
            words::{FilingClass, PersonKind},
        },
        filing::class::FiledSettlement,
        row::ReviewedRow,
    },
};

/// The age from which a resident is an adult.
const ADULT: u16 = 18;

/// A settlement that has a rule set and an in-scope amount.
#[derive(Debug)]
pub struct JudgedSettlement<'p, 'a> {
    /// The settlement with its filings.
    pub filed: &'p FiledSettlement<'a>,
    /// Its rule set.
    pub set: FoundSet<'a>,
    /// What is known of it.
    pub facts: BenefitFacts<'a>,
    /// The in-scope amount.
    pub in_scope: Fen,
    /// What the facts leave open.
    pub plan: Arc<BenefitPlan>,
    /// The least and the most that the fund may pay; none where it is not judged.
    pub range: Option<(Fen, Fen)>,
}

/// A payment outside of what the fund may pay.
#[derive(Debug, Clone, Copy)]
pub(super) struct OutsideRange {
    pub(super) lo: Fen,
    pub(super) hi: Fen,
    pub(super) tolerance: Fen,
    /// The distance to the range.
    pub(super) distance: FenSum,
}

/// Whether an amount is within a range, or near it.
pub(super) fn is_near(amount: Fen, (lo, hi): (Fen, Fen), tolerance: Fen) -> bool {
    let [amount, lo, hi, tolerance] = [amount, lo, hi, tolerance].map(FenSum::from);
    lo - tolerance <= amount && amount <= hi + tolerance
}

/// Returns the kind of the person: by `psn_type`, else of a resident by the age.
pub fn person_of(row: &ReviewedRow<'_>) -> Option<PersonKind> {
    let by_age = |age| if age < ADULT { PersonKind::Minor } else { PersonKind::Adult };
    let age = row.optional.age.filter(|_| row.fund == FundClass::Resident);
    row.optional.person.or_else(|| age.map(by_age))
}

/// Returns what is known of a settlement, for some classes by filing.
pub fn facts_of<'a>(row: &'a ReviewedRow<'a>, classes: &'a [FilingClass]) -> BenefitFacts<'a> {
    let days = row.stay().map(|(begin, end)| u16::try_from(end - begin).unwrap_or(u16::MAX));
    BenefitFacts {
        care_class: row.care,
        level: row.optional.level,
        person: person_of(row),
        age: row.optional.age,
        grade: row.optional.grade,
        stay: row.optional.stay,
        classes,
        // Null is a value of its own, which fits no disease.
        disease: Some(row.disease.unwrap_or_default()),
        institution: Some(row.institution),
        networked: row.optional.networked,
        days,
        in_scope: row.in_scope,
        act_pay_dedc: row.optional.act_pay_dedc,
    }
}

impl<'p, 'a> JudgedSettlement<'p, 'a> {
    /// Looks at a settlement; none where it has no rule set or no in-scope amount.
    pub fn of(filed: &'p FiledSettlement<'a>, plans: &mut BenefitPlans) -> Option<Self> {
        let set = filed.set?;
        let in_scope = filed.row.in_scope?;
        let facts = facts_of(filed.row, filed.classes.list());
        let plan = plans.plan(set, &facts);
        let range = plan.range(in_scope, facts.act_pay_dedc, facts.days);
        Some(JudgedSettlement { filed, set, facts, in_scope, plan, range })
    }

    /// Returns what the basic fund paid.
    pub fn paid(&self) -> Fen {
        self.filed.row.hifp_pay
    }

    /// Returns how far the payment is outside of the range, where it is.
    pub(super) fn outside(&self, tolerance: Fen) -> Option<OutsideRange> {
        let (lo, hi) = self.range?;
        let [paid, low, high] = [self.paid(), lo, hi].map(FenSum::from);
        let distance = if paid < low { low - paid } else { paid - high };
        let is_outside = !is_near(self.paid(), (lo, hi), tolerance);
        is_outside.then_some(OutsideRange { lo, hi, tolerance, distance })
    }
}
