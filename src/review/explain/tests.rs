//! Explanations as a clerk reads them.

use std::collections::BTreeSet;

use super::{Explanation, explanation, explanation_of_candidate};
use crate::{
    model::money::{Fen, parse_yuan},
    review::{
        benefits::{Benefits, words::PersonKind},
        context::ReviewContext,
        fields::ReviewField,
        filing::{
            Filing, FilingKind,
            samples::{all_filed, filing, stay, thresholds},
        },
        row::{OptionalFields, ReviewedRow},
        subject::Person,
    },
};

const SETS: &str = r#"format = 1
[[set]]
area = "31"
fund_class = "employee"
from = "2025-01-01"
source = "a document"
deductible = [
  { care_class = "inpatient", level = "3", amount = "1000.00" },
  { care_class = "inpatient", amount = "400.00", or_less = true },
]
ratio = [
  { care_class = "inpatient", upto = "10000.00", percent = "80" },
  { care_class = "inpatient", above = "10000.00", percent = "90.5" },
]
remote = [
  { filing = "transfer", points = "-10", first_share = "5", deductible_factor = "1.2" },
  { filing = ["temporary", "none"], factor = "0.9" },
]
cap = [ { care_class = "inpatient", visit = "13000.00" } ]
"#;

fn fen(text: &str) -> Fen {
    parse_yuan(text).expect("an amount")
}

fn row(optional: OptionalFields<'_>) -> ReviewedRow<'_> {
    ReviewedRow { in_scope: Some(fen("21200")), hifp_pay: fen("15000"), optional, ..stay("S1") }
}

fn explained(row: &ReviewedRow<'_>, filings: &[Filing<'_>]) -> Explanation {
    explained_by(SETS, row, filings)
}

fn explained_by(sets: &str, row: &ReviewedRow<'_>, filings: &[Filing<'_>]) -> Explanation {
    let benefits = Benefits::parse(&[("s.toml".to_owned(), sets.to_owned())]).expect("good");
    let thresholds = thresholds();
    let context = ReviewContext::new(&thresholds, BTreeSet::new(), &benefits, Some(all_filed()));
    let (rows, filings) = ([row], filings.iter().collect::<Vec<_>>());
    let person = Person { psn_no: "P1", settlements: &rows, filings: &filings };
    explanation(row, &person, &context).expect("it is among them")
}

fn text(explanation: &Explanation) -> String {
    let lines: Vec<String> = explanation.lines().iter().map(ToString::to_string).collect();
    lines.join("\n") + "\n"
}

/// Compares an explanation with a file; `UPDATE_CASES=1` writes the file.
#[track_caller]
fn told(name: &str, explanation: &Explanation) {
    let path = format!("{}/src/review/explain/tests/{name}.txt", env!("CARGO_MANIFEST_DIR"));
    let found = text(explanation);
    if std::env::var_os("UPDATE_CASES").is_some() {
        std::fs::write(&path, &found).expect("written");
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(found == expected, "UPDATE_CASES=1 writes {path}; found:\n{found}");
}

#[test]
fn every_step_is_told() {
    let field = |field: ReviewField| 1 << field as u16;
    let row = row(OptionalFields {
        level: Some(crate::review::benefits::words::HospitalLevel::Three),
        person: Some(PersonKind::Active),
        delivered: field(ReviewField::HospLv) | field(ReviewField::PsnType),
        ..OptionalFields::default()
    });
    let elsewhere = Filing { place: "620100", ..filing(Some(FilingKind::LongTerm)) };
    let found = explained(&row, &[filing(Some(FilingKind::Transfer)), elsewhere]);
    told("transfer", &found);
    let json = serde_json::to_value(&found).expect("JSON");
    assert_eq!(json["lowest"]["fund_pays"], "13000.00");
    assert_eq!(json["facts"][2]["origin"], "hosp_lv");
    assert_eq!(json["filings"][1]["reaches"], false);
}

#[test]
fn a_range_has_two_accounts() {
    let optional = OptionalFields {
        unknown: vec![(ReviewField::HospLv as u8, "9")],
        delivered: 1 << ReviewField::HospLv as u16,
        ..OptionalFields::default()
    };
    let row = ReviewedRow { in_scope: Some(fen("9000")), ..row(optional) };
    let found = explained(&row, &[filing(Some(FilingKind::LongTerm))]);
    told("range", &found);
}

#[test]
fn what_is_not_judged_says_why() {
    let bare = row(OptionalFields::default());
    let why = |row: ReviewedRow<'_>| {
        explained(&row, &[]).not_judged.map(|why| why.to_string()).unwrap_or_default()
    };
    assert_eq!(
        why(ReviewedRow { insured: "320100", ..bare.clone() }),
        "the insured area has no rule set on this day"
    );
    assert_eq!(why(ReviewedRow { in_scope: None, ..bare.clone() }), "inscp_scp_amt is missing");
    let pharmacy = ReviewedRow { care: crate::model::codes::CareClass::Pharmacy, ..bare.clone() };
    assert_eq!(why(pharmacy), "no row fits, where the class is none");
    // Nothing is left: the fund pays 0.
    let optional = OptionalFields { act_pay_dedc: Some(fen("21200")), ..OptionalFields::default() };
    let found = explained(&row(optional), &[]);
    let steps = &found.lowest.expect("judged").steps;
    assert_eq!(steps[steps.len() - 2].name.to_string(), "nothing is left, so the fund pays");
    assert!(found.leads.iter().any(|lead| lead.rule == "BEN-05"), "{:?}", found.leads);
}

#[test]
fn another_settlement_is_not_explained() {
    let benefits = Benefits::built_in();
    let thresholds = thresholds();
    let context = ReviewContext::new(&thresholds, BTreeSet::new(), &benefits, None);
    let (one, other) = (stay("S1"), stay("S2"));
    let rows = [&one];
    let person = Person { psn_no: "P1", settlements: &rows, filings: &[] };
    assert!(explanation(&other, &person, &context).is_none());
    assert!(explanation(&one, &person, &context).is_some());
}

/// A payment that fits another class is worked out for that class too.
#[test]
fn the_other_class_has_its_account() {
    // Of 9,000 − 1,000: 80 % for long_term, 9 tenths of it without a filing.
    let optional = OptionalFields {
        level: Some(crate::review::benefits::words::HospitalLevel::Three),
        person: Some(PersonKind::Active),
        ..OptionalFields::default()
    };
    let row = ReviewedRow { in_scope: Some(fen("9000")), hifp_pay: fen("6400"), ..row(optional) };
    let found = explained_by(&SETS.replace("90.5", "80"), &row, &[]);
    let lead = found.leads.iter().find(|lead| lead.rule == "BEN-03").expect("a lead");
    assert_eq!(lead.detail, "class=none;fits=long_term;lo=5760.00;hi=5760.00");
    let other = lead.other_class.as_ref().expect("another class");
    assert_eq!((other.class.as_str(), other.highest.fund_pays.as_str()), ("long_term", "6400.00"));
    let told = text(&found);
    let (_, account) = told.split_once("Account with class long_term\n").expect("an account");
    assert!(account.contains("8000 × 80 % = 6400"), "{told}");
}

#[test]
fn a_year_above_the_cap_can_be_added_up() {
    let cap = "cap = [ { care_class = \"inpatient\", visit = \"13000.00\" } ]";
    let sets = SETS.replace(
        cap,
        "cap = [ { care_class = [\"inpatient\", \"chronic\"], year = \"25000.00\" } ]",
    );
    assert_ne!(sets, SETS);
    let benefits = Benefits::parse(&[("s.toml".to_owned(), sets)]).expect("good");
    let thresholds = thresholds();
    let context = ReviewContext::new(&thresholds, BTreeSet::new(), &benefits, None);
    let first = row(OptionalFields::default());
    let second = ReviewedRow { setl_id: "S2", hifp_pay: fen("10000.01"), ..first.clone() };
    let rows = [&first, &second];
    let person = Person { psn_no: "P1", settlements: &rows, filings: &[] };
    let found = explanation(&first, &person, &context).expect("it is among them");
    let lead = found.leads.iter().find(|lead| lead.rule == "BEN-04").expect("a lead");
    let year = lead.year.as_ref().expect("a year");
    let paid: Vec<&str> = year.payments.iter().map(|payment| payment.paid.as_str()).collect();
    assert_eq!(paid, ["15000.00", "10000.01"]);
    assert_eq!(
        [&year.paid, &year.cap, &year.above].map(String::as_str),
        ["25000.01", "25000.00", "0.01"]
    );
    assert_eq!(year.care_classes, ["chronic", "inpatient"]);
    let told = text(&found);
    assert!(told.contains("S2, inpatient: 10000.01"), "{told}");
    assert!(told.contains("above it: 25000.01 − 25000.00 = 0.01"), "{told}");
    assert!(told.contains("no filings were given"), "{told}");
}

#[test]
fn a_row_that_breaks_v06_alone_is_explained() {
    let benefits = Benefits::built_in();
    let thresholds = thresholds();
    let context = ReviewContext::new(&thresholds, BTreeSet::new(), &benefits, Some(all_filed()));
    let row = ReviewedRow { disease: Some("M01600,M02100"), ..row(OptionalFields::default()) };
    let person = Person { psn_no: "P1", settlements: &[], filings: &[] };
    let explained = |is_left| {
        explanation_of_candidate(&row, &person, &context, is_left).expect("it is explained")
    };
    let found = explained(true);
    assert_eq!(found.leads.len(), 1);
    assert_eq!(found.leads[0].rule, "BEN-06");
    assert!(found.lowest.is_none() && found.deductibles.is_empty());
    let told = text(&found);
    assert!(told.contains("breaks V06 alone") && told.contains("M01600,M02100"), "{told}");
    // A reversal names it, so nothing is left.
    assert!(explained(false).leads.is_empty());
}
