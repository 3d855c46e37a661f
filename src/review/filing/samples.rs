//! Settlements and filings for tests.

use std::collections::BTreeSet;

use super::{Filing, FilingKind, ProvinceSet, rules};
use crate::{
    ingest::times::DAY,
    model::{
        codes::{CareClass, FundClass, Province},
        dates::parse_day,
        money::Fen,
    },
    review::{
        benefits::Benefits,
        context::ReviewContext,
        lead::Lead,
        row::{OptionalFields, ReviewedRow},
        subject::Person,
        thresholds::{BenefitLimits, FilingLimits, Thresholds},
    },
};

/// Returns the number of a day.
pub(in crate::review) fn day(text: &str) -> i32 {
    parse_day(text).expect("a day").to_epoch_days()
}

/// Returns a time, `YYYY-MM-DD` and a number of seconds.
pub(in crate::review) fn time(text: &str, seconds: i64) -> i64 {
    i64::from(day(text)) * DAY + seconds * 1_000_000
}

/// A stay in 610100 of a person of 310115 from 2025-10-10 to 2025-10-15, settled at noon.
pub(in crate::review) fn stay(setl_id: &str) -> ReviewedRow<'_> {
    ReviewedRow {
        ordinal: 0,
        setl_id,
        reverses: None,
        psn_no: "P1",
        institution: "H61010000001",
        insured: "310115",
        treating: "610100",
        med_type: "21",
        disease: None,
        care: CareClass::Inpatient,
        fund: FundClass::Employee,
        time: time("2025-10-15", 43_200),
        begin: Some(day("2025-10-10")),
        end: Some(day("2025-10-15")),
        medfee: Fen::new(2_000_000),
        payable: Fen::new(1_500_000),
        hifp_pay: Fen::new(1_500_000),
        fund_pay: Fen::new(1_500_000),
        acct_pay: Fen::ZERO,
        in_scope: Some(Fen::new(1_900_000)),
        optional: OptionalFields::default(),
    }
}

/// A filing of that person to 610100 for the year 2025, made before.
pub(in crate::review) fn filing(kind: Option<FilingKind>) -> Filing<'static> {
    Filing {
        psn_no: "P1",
        insured: province("310115"),
        place: "610100",
        kind,
        begin: day("2025-01-01"),
        end: Some(day("2025-12-31")),
        made: Some(time("2025-01-01", 0)),
        valid: true,
        unknown_kind: Some("").filter(|_| kind.is_none()),
    }
}

/// Returns the place of the province of a division.
pub(in crate::review) fn province(division: &str) -> u8 {
    let province = Province::of_division(division.as_bytes()).expect("a province");
    u8::try_from(province.index()).expect("32 provinces")
}

/// The thresholds that are built in.
pub(in crate::review) fn thresholds() -> Thresholds {
    Thresholds {
        fil: Some(FilingLimits { care_class: vec![CareClass::Inpatient, CareClass::Chronic] }),
        ben: Some(BenefitLimits { tolerance: Fen::new(100) }),
        ..Thresholds::default()
    }
}

/// Every insured province has filings.
pub(in crate::review) fn all_filed() -> ProvinceSet {
    let mut all = ProvinceSet::default();
    Province::all().for_each(|province| all.add(province));
    all
}

/// A set of 310115 that deems treating province 32 filed to.
pub(in crate::review) fn deeming() -> Benefits {
    let text = r#"
        format = 1
        [[set]]
        area = ["31"]
        fund_class = "employee"
        from = "2025-01-01"
        source = "s"
        deemed = ["32"]
        ratio = [ { care_class = "inpatient", percent = "80" } ]
    "#;
    Benefits::parse(&[("s.toml".to_owned(), text.to_owned())]).expect("it is good")
}

/// Returns the leads on filing as `rule ids detail`, and the class of each settlement.
pub(in crate::review) fn filing_leads(
    rows: &[ReviewedRow<'_>],
    filings: &[Filing<'_>],
    filed: Option<ProvinceSet>,
) -> (Vec<String>, Vec<&'static str>) {
    let (thresholds, benefits) = (thresholds(), deeming());
    let context = ReviewContext::new(&thresholds, BTreeSet::new(), &benefits, filed);
    let rows: Vec<&ReviewedRow<'_>> = rows.iter().collect();
    let filings: Vec<&Filing<'_>> = filings.iter().collect();
    let person = Person { psn_no: "P1", settlements: &rows, filings: &filings };
    let mut leads = Vec::new();
    let filed = rules::of_person(&person, &context, &mut leads);
    let classes = filed.settlements.iter().map(|settlement| settlement.classes.name());
    (leads.iter().map(told).collect(), classes.collect())
}

/// Returns a lead as `rule ids detail`.
pub(in crate::review) fn told(lead: &Lead<'_>) -> String {
    let ids: Vec<&str> = lead.suspects.iter().map(|row| row.setl_id).collect();
    let said = format!("{} {} {}", lead.rule.id(), ids.join(","), lead.detail);
    said.trim_end().to_owned()
}
