//! Plans by the facts that lead to them.

use std::{collections::BTreeMap, sync::Arc};

use rustc_hash::FxHashMap;

use super::{
    facts::BenefitFacts, index::FoundSet, plan::BenefitPlan, rows::BenefitSet, words::FilingClass,
};
use crate::model::codes::CareClass;

/// The most plans that are kept at a time.
const MOST_PLANS: usize = 1 << 16;

/// Plans of the settlements that were met.
#[derive(Debug, Default)]
pub struct BenefitPlans {
    plans: FxHashMap<PlanKey, Arc<BenefitPlan>>,
    /// The numbers of facts for each set and care class.
    numbers: BTreeMap<(u32, CareClass), FactNumbers>,
}

/// The facts of a settlement as far as the rows of a set tell them apart; 0 is unknown.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct PlanKey {
    set: u32,
    care: u8,
    level: u8,
    person: u8,
    networked: u8,
    is_stated: bool,
    classes: u8,
    age: u32,
    stay: u32,
    grade: u32,
    disease: u32,
    institution: u32,
}

/// The numbers of facts that the rows of a care class tell apart.
#[derive(Debug)]
struct FactNumbers {
    grades: CodeNumbers,
    diseases: CodeNumbers,
    institutions: CodeNumbers,
    ages: Vec<u16>,
    stays: Vec<u32>,
}

/// Codes that rows name, with their numbers from 2; all others are 1.
#[derive(Debug)]
struct CodeNumbers(BTreeMap<String, u32>);

impl CodeNumbers {
    fn of<'a>(cells: impl Iterator<Item = Option<&'a Vec<String>>>) -> CodeNumbers {
        let mut codes: BTreeMap<String, u32> =
            cells.flatten().flatten().map(|code| (code.clone(), 0)).collect();
        codes.values_mut().zip(2..).for_each(|(number, next)| *number = next);
        CodeNumbers(codes)
    }

    fn number(&self, code: Option<&str>) -> u32 {
        code.map_or(0, |code| self.0.get(code).copied().unwrap_or(1))
    }
}

/// Returns the number of the group of a known number, from 1.
fn group<T: PartialOrd>(known: Option<T>, first: &[T]) -> u32 {
    known.map_or(0, |known| {
        u32::try_from(first.partition_point(|first| *first <= known)).unwrap_or(u32::MAX)
    })
}

impl FactNumbers {
    fn of(set: &BenefitSet, care: CareClass) -> FactNumbers {
        let named = &set.named[care as usize];
        FactNumbers {
            grades: CodeNumbers::of(set.predicates(care).map(|row| row.grade.as_ref())),
            diseases: CodeNumbers::of(set.predicates(care).map(|row| row.disease.as_ref())),
            institutions: CodeNumbers::of(
                set.predicates(care).map(|row| row.institutions.as_ref()),
            ),
            ages: named.ages.clone(),
            stays: named.stays.clone(),
        }
    }
}

/// Returns a number for a list of classes.
fn classes(classes: &[FilingClass]) -> u8 {
    classes.iter().fold(0, |set, class| set | 1 << *class as u8)
}

impl BenefitPlans {
    /// Returns the plan of a settlement.
    pub fn plan(&mut self, found: FoundSet<'_>, facts: &BenefitFacts<'_>) -> Arc<BenefitPlan> {
        let care = facts.care_class;
        let numbers = self
            .numbers
            .entry((found.number, care))
            .or_insert_with(|| FactNumbers::of(found.set, care));
        let key = PlanKey {
            set: found.number,
            care: care as u8,
            level: facts.level.map_or(0, |level| level as u8 + 1),
            person: facts.person.map_or(0, |person| person as u8 + 1),
            networked: facts.networked.map_or(0, |networked| u8::from(networked) + 1),
            is_stated: facts.act_pay_dedc.is_some(),
            classes: classes(facts.classes),
            age: group(facts.age, &numbers.ages),
            stay: group(facts.stay, &numbers.stays),
            grade: numbers.grades.number(facts.grade),
            disease: numbers.diseases.number(facts.disease),
            institution: numbers.institutions.number(facts.institution),
        };
        if let Some(plan) = self.plans.get(&key) {
            return Arc::clone(plan);
        }
        if self.plans.len() >= MOST_PLANS {
            self.plans.clear();
        }
        let plan = Arc::new(BenefitPlan::of(found.set, facts));
        self.plans.insert(key, Arc::clone(&plan));
        plan
    }
}
