//! The benefits of a set, on both sides of every border.

use chrono::NaiveDate;

use super::{
    Benefits,
    cases::BenefitFacts,
    expected::{AllowedDeductible, NotJudged},
    rows::BenefitSet,
    words::{FilingClass, HospitalLevel, PersonKind},
};
use crate::model::{
    codes::{CareClass, FundClass},
    money::{Fen, FenSum, parse_yuan},
};

/// The example of the contract (review §6).
pub(super) const EXAMPLE: &str = include_str!("example.toml");

pub(super) const HEAD: &str = "format = 1\n[[set]]\narea = \"6101\"\nfund_class = \"employee\"\n\
                               from = \"2023-01-01\"\nsource = \"s\"\n";

pub(super) fn one_set(text: &str) -> BenefitSet {
    let read = Benefits::parse(&[("b.toml".to_owned(), text.to_owned())]);
    let mut sets = read.unwrap_or_else(|error| panic!("{error}\n{text}")).sets;
    assert_eq!(sets.len(), 1);
    sets.remove(0)
}

/// A set with some tables.
fn set(tables: &str) -> BenefitSet {
    one_set(&format!("{HEAD}{tables}"))
}

pub(super) fn fen(yuan: &str) -> Fen {
    parse_yuan(yuan).expect("an amount")
}

/// An inpatient settlement of a long-term resident of which nothing more is known.
fn stay(in_scope: &str) -> BenefitFacts<'static> {
    BenefitFacts {
        care_class: CareClass::Inpatient,
        level: None,
        person: None,
        age: None,
        grade: None,
        stay: None,
        classes: &[FilingClass::LongTerm],
        disease: None,
        institution: None,
        networked: None,
        days: None,
        in_scope: Some(fen(in_scope)),
        act_pay_dedc: Some(Fen::ZERO),
    }
}

/// The range of a settlement in yuan, or why there is none.
fn range(set: &BenefitSet, facts: &BenefitFacts<'_>) -> String {
    match set.expected(facts) {
        Ok(found) if found.lo() == found.hi() => crate::model::money::yuan(found.lo()),
        Ok(found) => {
            let [lo, hi] = [found.lo(), found.hi()].map(crate::model::money::yuan);
            format!("{lo}..{hi}")
        }
        Err(NotJudged::NoAmount) => "no amount".to_owned(),
        Err(NotJudged::NoRow(class)) => format!("no row for {}", class.name()),
    }
}

#[test]
fn the_example_of_the_contract_comes_out() {
    let set = one_set(EXAMPLE);
    assert_eq!(set.tests.len(), 2);
    assert_eq!(set.failed_tests(), []);
    let known = BenefitFacts {
        level: Some(HospitalLevel::Three),
        person: Some(PersonKind::Active),
        classes: &[FilingClass::Transfer],
        act_pay_dedc: Some(fen("1200.00")),
        ..stay("21200.00")
    };
    assert_eq!(range(&set, &known), "14000.00");
    let home = BenefitFacts { classes: &[FilingClass::LongTerm], act_pay_dedc: None, ..known };
    assert_eq!(range(&set, &home), "16000.00..16800.00");
    let found = set.expected(&home).expect("judged");
    assert_eq!(
        found.lowest.text().to_string(),
        "21200.00 in scope, deductible 1200.00 (line 9), leaves 20000, 20000 × 80 % (line 19), = 16000.00"
    );
    let allowed = found.deductibles.iter().map(|one| one.upto.fen());
    assert_eq!(allowed.collect::<Vec<_>>(), [200_00, 240_00, 480_00, 720_00, 960_00, 1200_00]);
    let holes: Vec<String> = set.holes().iter().map(|hole| hole.text().to_string()).collect();
    assert_eq!(holes.len(), 2, "{holes:?}");
    assert!(holes[0].starts_with("chronic: no row of ratio fits, such as for care_class"));
    assert!(holes[1].starts_with("pharmacy: no row of ratio fits"));
}
