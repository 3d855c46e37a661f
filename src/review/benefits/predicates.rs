//! What a row fits, and the cases that are asked.

use super::words::{FilingClass, HospitalLevel, PersonKind, StayCell};
use crate::model::codes::CareClass;

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

/// What a row fits; `None` fits all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Predicates {
    /// Care classes.
    pub care_class: Option<Vec<CareClass>>,
    /// Levels of institutions.
    pub level: Option<Vec<HospitalLevel>>,
    /// Kinds of persons.
    pub person: Option<Vec<PersonKind>>,
    /// The lowest age.
    pub age_from: Option<u16>,
    /// The first age that is too old.
    pub age_below: Option<u16>,
    /// Contribution grades.
    pub grade: Option<Vec<String>>,
    /// Stays of the year.
    pub stay: Option<Vec<StayCell>>,
    /// Classes by filing.
    pub filing: Option<Vec<FilingClass>>,
    /// Codes of diseases.
    pub disease: Option<Vec<String>>,
    /// Codes of institutions.
    pub institutions: Option<Vec<String>>,
    /// Whether the institution is in the network.
    pub networked: Option<bool>,
    /// The least months of insurance.
    pub months_insured_from: Option<u16>,
}

impl Predicates {
    /// Whether the row can be for a care class.
    pub(super) fn is_for(&self, care: CareClass) -> bool {
        self.care_class.as_ref().is_none_or(|classes| classes.contains(&care))
    }

    /// Whether the row fits a case. A value that no row names fits only rows that do not ask for it.
    pub fn fits(&self, case: &BenefitCase<'_>) -> bool {
        fn code(cell: Option<&Vec<String>>, code: Option<&str>) -> bool {
            cell.is_none_or(|codes| code.is_some_and(|code| codes.iter().any(|one| one == code)))
        }
        let level = |rules: &Vec<HospitalLevel>| {
            case.level.is_some_and(|level| rules.iter().any(|rule| rule.takes_in(level)))
        };
        self.is_for(case.care_class)
            && self.level.as_ref().is_none_or(level)
            && self
                .person
                .as_ref()
                .is_none_or(|kinds| case.person.is_some_and(|kind| kinds.contains(&kind)))
            && self.age_from.is_none_or(|from| case.age >= from)
            && self.age_below.is_none_or(|below| case.age < below)
            && code(self.grade.as_ref(), case.grade)
            && self.stay.as_ref().is_none_or(|cells| cells.iter().any(|cell| cell.fits(case.stay)))
            && self.filing.as_ref().is_none_or(|classes| classes.contains(&case.filing))
            && code(self.disease.as_ref(), case.disease)
            && code(self.institutions.as_ref(), case.institution)
            && self.networked.is_none_or(|networked| networked == case.networked)
            && self.months_insured_from.is_none_or(|from| case.months_insured >= from)
    }
}
