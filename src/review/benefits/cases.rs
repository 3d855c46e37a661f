//! What is known of a settlement, and the cases that this leaves open.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    rows::{BenefitSet, Predicates},
    words::{FilingClass, HospitalLevel, PersonKind},
};
use crate::model::{codes::CareClass, money::Fen};

/// What is known of a settlement; `None` is unknown.
#[derive(Debug, Clone, Copy)]
pub struct BenefitFacts<'a> {
    /// The care class.
    pub care_class: CareClass,
    /// The level of the institution.
    pub level: Option<HospitalLevel>,
    /// The kind of the person.
    pub person: Option<PersonKind>,
    /// Whole years on the day of admission.
    pub age: Option<u16>,
    /// The contribution grade.
    pub grade: Option<&'a str>,
    /// The number of the stay in the year.
    pub stay: Option<u32>,
    /// The classes by filing that are possible; an unknown one is all six.
    pub classes: &'a [FilingClass],
    /// The code of the disease. An empty text fits no disease.
    pub disease: Option<&'a str>,
    /// The code of the institution.
    pub institution: Option<&'a str>,
    /// Whether the institution is in the network.
    pub networked: Option<bool>,
    /// Days from admission to discharge.
    pub days: Option<u16>,
    /// The in-scope amount (`inscp_scp_amt`).
    pub in_scope: Option<Fen>,
    /// The deductible that was really paid (`act_pay_dedc`).
    pub act_pay_dedc: Option<Fen>,
}

/// A value for every fact that rows ask for. `None` is a value that no row names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BenefitCase<'a> {
    /// The care class.
    pub care_class: CareClass,
    /// The level of the institution.
    pub level: Option<HospitalLevel>,
    /// The kind of the person.
    pub person: Option<PersonKind>,
    /// Whole years on the day of admission.
    pub age: u16,
    /// The contribution grade.
    pub grade: Option<&'a str>,
    /// The number of the stay in the year.
    pub stay: u32,
    /// The class by filing.
    pub filing: FilingClass,
    /// The code of the disease.
    pub disease: Option<&'a str>,
    /// The code of the institution.
    pub institution: Option<&'a str>,
    /// Whether the institution is in the network.
    pub networked: bool,
    /// Months of insurance without a break.
    pub months_insured: u16,
}

/// The most cases that the rows of a care class may tell apart for one class by filing.
pub(super) const MOST_CASES: usize = 1 << 17;

/// The values that rows tell apart, one for each group of values that fit the same rows.
#[derive(Debug, Clone, Default)]
pub(super) struct NamedValues {
    pub(super) levels: Vec<HospitalLevel>,
    pub(super) persons: Vec<PersonKind>,
    pub(super) ages: Vec<u16>,
    pub(super) grades: Vec<String>,
    pub(super) stays: Vec<u32>,
    diseases: Vec<String>,
    institutions: Vec<String>,
    networked: Vec<bool>,
    months: Vec<u16>,
}

impl NamedValues {
    /// Collects the values of rows.
    pub(super) fn of<'a>(rows: impl Iterator<Item = &'a Predicates>) -> NamedValues {
        let rows: Vec<&Predicates> = rows.collect();
        fn named<'a, T: Ord + Copy + 'a>(cells: impl Iterator<Item = &'a Vec<T>>) -> Vec<T> {
            let words: BTreeSet<T> = cells.flatten().copied().collect();
            words.into_iter().collect()
        }
        let ages = rows.iter().flat_map(|row| row.age_from.into_iter().chain(row.age_below));
        let ages: BTreeSet<u16> = ages.chain([0]).collect();
        let months: BTreeSet<u16> =
            rows.iter().filter_map(|row| row.months_insured_from).chain([0]).collect();
        let cells = rows.iter().filter_map(|row| row.stay.as_ref()).flatten();
        let stays: BTreeSet<u32> =
            cells.flat_map(|cell| [cell.first, cell.first + 1]).chain([1]).collect();
        let asks_network = rows.iter().any(|row| row.networked.is_some());
        NamedValues {
            levels: named(rows.iter().filter_map(|row| row.level.as_ref())),
            persons: named(rows.iter().filter_map(|row| row.person.as_ref())),
            ages: ages.into_iter().collect(),
            grades: codes(rows.iter().map(|row| row.grade.as_ref())),
            stays: stays.into_iter().collect(),
            diseases: codes(rows.iter().map(|row| row.disease.as_ref())),
            institutions: codes(rows.iter().map(|row| row.institutions.as_ref())),
            networked: if asks_network { vec![false, true] } else { vec![false] },
            months: months.into_iter().collect(),
        }
    }

    /// Returns the number of cases of a settlement of which nothing is known.
    pub(super) fn cases(&self) -> usize {
        let lengths = [
            self.levels.len() + 1,
            self.persons.len() + 1,
            self.ages.len(),
            self.grades.len() + 1,
            self.stays.len(),
            self.diseases.len() + 1,
            self.institutions.len() + 1,
            self.networked.len(),
            self.months.len(),
        ];
        lengths.into_iter().fold(1, usize::saturating_mul)
    }
}

/// Returns one code for each group of codes that the same rows name.
fn codes<'a>(cells: impl Iterator<Item = Option<&'a Vec<String>>>) -> Vec<String> {
    let mut rows_of: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (row, codes) in cells.enumerate() {
        for code in codes.into_iter().flatten() {
            rows_of.entry(code).or_default().push(row);
        }
    }
    let mut groups = BTreeMap::new();
    for (code, mut rows) in rows_of {
        rows.dedup();
        groups.entry(rows).or_insert(code);
    }
    groups.into_values().map(str::to_owned).collect()
}

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
}
