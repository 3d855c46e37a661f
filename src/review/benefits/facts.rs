//! What is known of a settlement, and the tests of a set.

use super::words::{FilingClass, HospitalLevel, PersonKind};
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

/// A settlement, and what the fund pays for it.
#[derive(Debug, Clone)]
pub struct BenefitTest {
    /// The line on which the test begins.
    pub line: usize,
    /// What is known of the settlement.
    pub settlement: TestSettlement,
    /// The least that the fund may pay.
    pub lo: Fen,
    /// The most that the fund may pay.
    pub hi: Fen,
}

/// What a test knows of a settlement.
#[derive(Debug, Clone)]
pub struct TestSettlement {
    pub(super) care_class: CareClass,
    pub(super) level: Option<HospitalLevel>,
    pub(super) person: Option<PersonKind>,
    pub(super) age: Option<u16>,
    pub(super) grade: Option<String>,
    pub(super) stay: Option<u32>,
    pub(super) filing: Option<FilingClass>,
    pub(super) disease: Option<String>,
    pub(super) institution: Option<String>,
    pub(super) networked: Option<bool>,
    pub(super) days: Option<u16>,
    pub(super) in_scope: Option<Fen>,
    pub(super) act_pay_dedc: Option<Fen>,
}

impl TestSettlement {
    /// Returns the facts of the settlement.
    pub fn facts(&self) -> BenefitFacts<'_> {
        BenefitFacts {
            care_class: self.care_class,
            level: self.level,
            person: self.person,
            age: self.age,
            grade: self.grade.as_deref(),
            stay: self.stay,
            classes: self.filing.as_ref().map_or(FilingClass::ALL, std::slice::from_ref),
            disease: self.disease.as_deref(),
            institution: self.institution.as_deref(),
            networked: self.networked,
            days: self.days,
            in_scope: self.in_scope,
            act_pay_dedc: self.act_pay_dedc,
        }
    }
}
