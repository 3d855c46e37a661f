//! The cases that the known facts of a settlement leave open.

use super::{
    facts::BenefitFacts,
    predicates::BenefitCase,
    rows::BenefitSet,
    words::{FilingClass, HospitalLevel, PersonKind},
};

/// Multiplies cases by the values of a fact.
fn each<'a, T: Copy>(
    cases: &mut Vec<BenefitCase<'a>>,
    values: impl IntoIterator<Item = T>,
    put: impl Fn(&mut BenefitCase<'a>, T),
) {
    let before = std::mem::take(cases);
    for value in values {
        cases.extend(before.iter().map(|case| {
            let mut case = *case;
            put(&mut case, value);
            case
        }));
    }
}

/// Returns the known value, or else every named one and one that no row names.
fn values<T: Copy>(known: Option<T>, named: impl Iterator<Item = T>) -> Vec<Option<T>> {
    match known {
        Some(known) => vec![Some(known)],
        None => named.map(Some).chain([None]).collect(),
    }
}

/// Returns the known number, or else one of every group of numbers that fit the same rows.
fn numbers<T: Copy>(known: Option<T>, named: &[T]) -> Vec<T> {
    known.map_or_else(|| named.to_vec(), |known| vec![known])
}

impl BenefitSet {
    /// Returns the cases of a settlement in one class by filing.
    pub(super) fn cases<'a>(
        &'a self,
        facts: &BenefitFacts<'a>,
        filing: FilingClass,
    ) -> Vec<BenefitCase<'a>> {
        let named = &self.named[facts.care_class as usize];
        let level = facts.level.map_or_else(
            || values(None, named.levels.iter().copied()),
            |level| {
                // A coarse level is itself, or a finer one that a row names.
                let finer = level.finer().iter().filter(|finer| named.levels.contains(finer));
                [level].iter().chain(finer).copied().map(Some).collect()
            },
        );
        let mut cases = vec![BenefitCase {
            care_class: facts.care_class,
            level: None,
            person: None,
            age: 0,
            grade: None,
            stay: 1,
            filing,
            disease: None,
            institution: None,
            networked: false,
            months_insured: 0,
        }];
        let codes = |known, named: &'a [String]| values(known, named.iter().map(String::as_str));
        each(&mut cases, level, |case, level| case.level = level);
        let persons = values(facts.person, named.persons.iter().copied());
        each(&mut cases, persons, |case, person| case.person = person);
        each(&mut cases, numbers(facts.age, &named.ages), |case, age| case.age = age);
        let grades = codes(facts.grade, &named.grades);
        each(&mut cases, grades, |case, grade| case.grade = grade);
        each(&mut cases, numbers(facts.stay, &named.stays), |case, stay| case.stay = stay);
        let diseases = codes(facts.disease, &named.diseases);
        each(&mut cases, diseases, |case, disease| case.disease = disease);
        let institutions = codes(facts.institution, &named.institutions);
        each(&mut cases, institutions, |case, code| case.institution = code);
        let networked = numbers(facts.networked, &named.networked);
        each(&mut cases, networked, |case, networked| case.networked = networked);
        each(&mut cases, numbers(None, &named.months), |case, months| case.months_insured = months);
        cases
    }

    /// Returns the values that a case takes for unknown facts, as far as rows tell their values apart; `?` is a value that
    /// no row names.
    pub fn assumed(
        &self,
        facts: &BenefitFacts<'_>,
        case: &BenefitCase<'_>,
    ) -> Vec<(&'static str, String)> {
        let named = &self.named[facts.care_class as usize];
        let word = |word: Option<&str>| word.unwrap_or("?").to_owned();
        let is_level_taken = facts.level != case.level || facts.level.is_none();
        let all = [
            (facts.classes.len() > 1, "filing", case.filing.name().to_owned()),
            (
                is_level_taken && !named.levels.is_empty(),
                "level",
                word(case.level.map(HospitalLevel::name)),
            ),
            (
                facts.person.is_none() && !named.persons.is_empty(),
                "person",
                word(case.person.map(PersonKind::name)),
            ),
            (facts.age.is_none() && named.ages.len() > 1, "age", case.age.to_string()),
            (facts.grade.is_none() && !named.grades.is_empty(), "grade", word(case.grade)),
            (facts.stay.is_none() && named.stays.len() > 1, "stay", case.stay.to_string()),
            (
                facts.networked.is_none() && named.networked.len() > 1,
                "networked",
                case.networked.to_string(),
            ),
            (named.months.len() > 1, "months_insured", case.months_insured.to_string()),
        ];
        let taken = all.into_iter().filter(|(is_taken, ..)| *is_taken);
        taken.map(|(_, name, value)| (name, value)).collect()
    }
}
