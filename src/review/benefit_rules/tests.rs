//! Facts and counts, and the time that very many settlements take.

use std::collections::BTreeSet;

use super::{
    BenefitCounts,
    judged::{facts_of, person_of},
    of_person,
    samples::{TABLES, all_leads, fen, filings, paid, set, with},
};
use crate::{
    model::codes::{CareClass, FundClass},
    review::{
        benefits::{
            Benefits,
            plans::BenefitPlans,
            words::{FilingClass, PersonKind},
        },
        context::ReviewContext,
        filing::{
            FilingKind,
            class::FiledPerson,
            samples::{all_filed, stay, thresholds},
        },
        row::{OptionalFields, ReviewedRow},
        subject::Person,
    },
};

#[test]
fn the_kind_of_a_person_is_by_type_else_by_age() {
    let person = |fund, person, age| {
        let optional = OptionalFields { person, age, ..OptionalFields::default() };
        person_of(&ReviewedRow { fund, optional, ..stay("S1") })
    };
    assert_eq!(person(FundClass::Resident, None, Some(17)), Some(PersonKind::Minor));
    assert_eq!(person(FundClass::Resident, None, Some(18)), Some(PersonKind::Adult));
    assert_eq!(person(FundClass::Resident, None, None), None);
    assert_eq!(person(FundClass::Employee, None, Some(70)), None);
    // A type that contradicts the age wins.
    assert_eq!(
        person(FundClass::Resident, Some(PersonKind::Minor), Some(70)),
        Some(PersonKind::Minor)
    );
}

#[test]
fn facts_are_those_of_the_record() {
    let row = stay("S1");
    let facts = facts_of(&row, FilingClass::ALL);
    assert_eq!(
        (facts.days, facts.disease, facts.institution),
        (Some(5), Some(""), Some("H61010000001"))
    );
    let visit = ReviewedRow { care: CareClass::Outpatient, disease: Some("M1"), ..stay("S1") };
    let facts = facts_of(&visit, FilingClass::ALL);
    assert_eq!((facts.days, facts.disease), (None, Some("M1")));
    let turned = ReviewedRow { begin: row.end, end: row.begin, ..stay("S1") };
    assert_eq!(facts_of(&turned, FilingClass::ALL).days, None);
}

#[test]
fn what_was_looked_at_is_counted() {
    let rows = [
        paid("S1", "21000", "16000"),
        // No amount in scope; no row that fits; no set.
        ReviewedRow { in_scope: None, ..paid("S2", "1", "10") },
        ReviewedRow { care: CareClass::Pharmacy, ..paid("S3", "1", "100") },
        ReviewedRow { insured: "320101", ..paid("S4", "1", "1000") },
        ReviewedRow { insured: "320101", ..paid("S5", "1", "2000") },
        ReviewedRow { fund: FundClass::Resident, ..paid("S6", "1", "1") },
    ];
    let filings = filings(Some(FilingKind::LongTerm));
    let (_, counts) = all_leads(&set(TABLES), &rows, Some(&filings), &[]);
    let expected = BenefitCounts {
        reviewed_rows: 1,
        reviewed_fen: fen("16000").into(),
        other_rows: 5,
        other_fen: fen("3111").into(),
        areas_without: [(310_115, (1, fen("1").into())), (320_101, (2, fen("3000").into()))]
            .into_iter()
            .collect(),
    };
    assert_eq!(counts, expected);
    let mut twice = counts.clone();
    twice.absorb(&counts);
    let areas: Vec<_> = twice.areas_without.iter().map(|(area, (rows, _))| (area, rows)).collect();
    assert_eq!((twice.other_rows, areas), (10, vec![(310_115, 2), (320_101, 4)]));
}

#[test]
fn a_number_of_very_many_persons_takes_its_time_but_once() {
    let benefits = Benefits::built_in();
    let thresholds = thresholds();
    let context = ReviewContext::new(&thresholds, BTreeSet::new(), &benefits, Some(all_filed()));
    let rows: Vec<ReviewedRow<'_>> = (0..200_000_i64)
        .map(|at| {
            let row = with(paid("S", "21000", "15000"), |optional| {
                optional.stay = u32::try_from(at % 7 + 1).ok();
                optional.act_pay_dedc = Some(fen("1000")).filter(|_| at % 3 > 0);
            });
            ReviewedRow {
                insured: ["610102", "310115", "320101"][usize::try_from(at % 3).expect("3")],
                ..row
            }
        })
        .collect();
    let rows: Vec<&ReviewedRow<'_>> = rows.iter().collect();
    let person = Person { psn_no: "***", settlements: &rows, filings: &[] };
    let person = FiledPerson::of(&person, &context);
    let (mut counts, mut leads, mut plans) =
        (BenefitCounts::default(), Vec::new(), BenefitPlans::default());
    of_person(&person, &context, &mut plans, &mut counts, &mut leads);
    assert_eq!(counts.reviewed_rows + counts.other_rows, 200_000);
}
