//! Rule sets and settlements for tests.

use std::collections::BTreeSet;

use super::{BenefitCounts, of_person};
use crate::{
    model::money::{Fen, parse_yuan, yuan},
    review::{
        benefits::{
            Benefits,
            plans::BenefitPlans,
            words::{HospitalLevel, PersonKind},
        },
        context::ReviewContext,
        filing::{
            Filing, FilingKind,
            class::FiledPerson,
            samples::{all_filed, filing, stay, thresholds, told},
        },
        lead::Lead,
        row::{OptionalFields, ReviewedRow},
        rule::ReviewRule,
        subject::Person,
    },
};

/// The set of 310000 in most tests: 1000 yuan, then 80 per cent; a referral costs 10 points, no filing 20.
pub(super) const TABLES: &str = r#"
    deductible = [ { care_class = "inpatient", amount = "1000.00" } ]
    ratio = [ { care_class = "inpatient", percent = "80" } ]
    remote = [ { filing = "transfer", points = "-10" }, { filing = "none", points = "-20" }, { filing = "emergency" } ]
"#;

pub(super) fn fen(text: &str) -> Fen {
    parse_yuan(text).expect("an amount")
}

/// A set of 310000 with some tables.
pub(super) fn set(tables: &str) -> String {
    format!(
        "format = 1\n[[set]]\narea = \"31\"\nfund_class = \"employee\"\nfrom = \"2025-01-01\"\nsource = \"s\"\n{tables}"
    )
}

/// A stay of an active person in a hospital of level 3 whose deductible was 1000 yuan.
pub(super) fn paid<'a>(setl_id: &'a str, in_scope: &str, hifp_pay: &str) -> ReviewedRow<'a> {
    ReviewedRow {
        in_scope: Some(fen(in_scope)),
        hifp_pay: fen(hifp_pay),
        optional: OptionalFields {
            level: Some(HospitalLevel::Three),
            person: Some(PersonKind::Active),
            act_pay_dedc: Some(fen("1000")),
            ..OptionalFields::default()
        },
        ..stay(setl_id)
    }
}

/// A row with other optional fields.
pub(super) fn with<'a>(
    row: ReviewedRow<'a>,
    change: impl Fn(&mut OptionalFields<'a>),
) -> ReviewedRow<'a> {
    let mut row = row;
    change(&mut row.optional);
    row
}

/// A class by filing: the filings that make it.
pub(super) fn filings(kind: Option<FilingKind>) -> Vec<Filing<'static>> {
    kind.map(|kind| filing(Some(kind))).into_iter().collect()
}

/// Returns the leads as `rule ids detail amount strength`, and the counts.
pub(super) fn all_leads(
    sets: &str,
    rows: &[ReviewedRow<'_>],
    filings: Option<&[Filing<'_>]>,
    off: &[ReviewRule],
) -> (Vec<String>, BenefitCounts) {
    let benefits = Benefits::parse(&[("s.toml".to_owned(), sets.to_owned())]);
    let benefits = benefits.unwrap_or_else(|error| panic!("{error}"));
    let thresholds = thresholds();
    let off: BTreeSet<ReviewRule> = off.iter().copied().collect();
    let filed = filings.map(|_| all_filed());
    let context = ReviewContext::new(&thresholds, off, &benefits, filed);
    let rows: Vec<&ReviewedRow<'_>> = rows.iter().collect();
    let filings: Vec<&Filing<'_>> = filings.unwrap_or_default().iter().collect();
    let person = Person { psn_no: "P1", settlements: &rows, filings: &filings };
    let person = FiledPerson::of(&person, &context);
    let (mut leads, mut counts) = (Vec::new(), BenefitCounts::default());
    of_person(&person, &context, &mut BenefitPlans::default(), &mut counts, &mut leads);
    let said = |lead: &Lead<'_>| {
        let said = format!("{} {} {}", told(lead), yuan(lead.amount), lead.strength.name());
        said.replace("  ", " ")
    };
    (leads.iter().map(said).collect(), counts)
}

/// Returns the leads of rows whose person has a long-term filing, but for BEN-02.
pub(super) fn leads(tables: &str, rows: &[ReviewedRow<'_>]) -> Vec<String> {
    let filings = filings(Some(FilingKind::LongTerm));
    all_leads(&set(tables), rows, Some(&filings), &[ReviewRule::Ben02]).0
}
