//! Rows and leads for the tests of all rules.

mod brute;

use std::collections::BTreeMap;

use chrono::{NaiveDate, NaiveDateTime};

use super::*;
use crate::{
    model::{
        codes::{CareClass, FundClass, Month},
        money::{Fen, yuan},
    },
    review::row::{OptionalFields, ReviewedRow},
};

type SampleRow = ReviewedRow<'static>;

fn kept(text: &str) -> &'static str {
    Box::leak(text.to_owned().into_boxed_str())
}

/// Returns a day from 1970-01-01.
pub(super) fn day(text: &str) -> i32 {
    text.parse::<NaiveDate>().expect("a day").to_epoch_days()
}

/// Returns a time in microseconds; a day alone is its noon.
fn time(text: &str) -> i64 {
    let text = if text.len() == 10 { format!("{text} 12:00:00") } else { text.to_owned() };
    let time = NaiveDateTime::parse_from_str(&text, "%Y-%m-%d %H:%M:%S%.f").expect("a time");
    time.and_utc().timestamp_micros()
}

/// A row in the making: of person P at institution H in 340100, insured in 110000, with 1.00 yuan payable.
#[derive(Debug, Clone)]
pub(super) struct Sample(pub(super) SampleRow);

/// Makes a settlement of a care class.
pub(super) fn settlement(care: CareClass, setl_id: &str, at: &str) -> Sample {
    Sample(ReviewedRow {
        ordinal: 0,
        setl_id: kept(setl_id),
        reverses: None,
        psn_no: "P",
        institution: "H",
        insured: "110000",
        treating: "340100",
        med_type: "11",
        disease: None,
        care,
        fund: FundClass::Employee,
        time: time(at),
        begin: None,
        end: None,
        medfee: Fen::new(100),
        payable: Fen::new(100),
        hifp_pay: Fen::ZERO,
        fund_pay: Fen::ZERO,
        acct_pay: Fen::ZERO,
        in_scope: None,
        optional: OptionalFields::default(),
    })
}

/// Makes an outpatient visit.
pub(super) fn visit(setl_id: &str, at: &str) -> Sample {
    settlement(CareClass::Outpatient, setl_id, at)
}

/// Makes a purchase.
pub(super) fn purchase(setl_id: &str, at: &str) -> Sample {
    settlement(CareClass::Pharmacy, setl_id, at)
}

/// Makes a stay, which is settled on the day of discharge.
pub(super) fn stay(setl_id: &str, begin: &str, end: &str) -> Sample {
    let Sample(row) = settlement(CareClass::Inpatient, setl_id, end);
    Sample(ReviewedRow { begin: Some(day(begin)), end: Some(day(end)), med_type: "21", ..row })
}

impl Sample {
    /// Changes the row.
    pub(super) fn with(mut self, change: impl FnOnce(&mut SampleRow)) -> Sample {
        change(&mut self.0);
        self
    }

    pub(super) fn at(self, institution: &str) -> Sample {
        self.with(|row| row.institution = kept(institution))
    }

    pub(super) fn of(self, psn_no: &str) -> Sample {
        self.with(|row| row.psn_no = kept(psn_no))
    }

    pub(super) fn treated_in(self, division: &str) -> Sample {
        self.with(|row| row.treating = kept(division))
    }

    pub(super) fn insured_in(self, division: &str) -> Sample {
        self.with(|row| row.insured = kept(division))
    }

    pub(super) fn ill_with(self, disease: &str) -> Sample {
        self.with(|row| row.disease = Some(kept(disease)))
    }

    /// Sets the payable and the cost.
    pub(super) fn for_fen(self, fen: i64) -> Sample {
        self.with(|row| (row.payable, row.medfee) = (Fen::new(fen), Fen::new(fen)))
    }
}

/// Makes so many copies, with a number behind the setl_id.
pub(super) fn copies(number: usize, of: &Sample) -> Vec<Sample> {
    (1..=number)
        .map(|at| of.clone().with(|row| row.setl_id = kept(&format!("{}{at}", row.setl_id))))
        .collect()
}

/// Returns the rows in the order of time and setl_id.
pub(super) fn in_order(samples: Vec<Sample>) -> &'static [&'static SampleRow] {
    let mut rows: Vec<&'static SampleRow> =
        samples.into_iter().map(|Sample(row)| &*Box::leak(Box::new(row))).collect();
    rows.sort_by_key(|row| (row.time, row.setl_id));
    rows.leak()
}

/// Returns a lead as a line: suspects, context in brackets, the amount, the detail.
pub(super) fn line(lead: &Lead) -> String {
    let ids = |rows: &[&ReviewedRow]| {
        let mut ids: Vec<&str> = rows.iter().map(|row| row.setl_id).collect();
        ids.sort_unstable();
        ids.join(" ")
    };
    let context =
        if lead.context.is_empty() { String::new() } else { format!(" ({})", ids(&lead.context)) };
    format!("{}{context}: {} {}", ids(&lead.suspects), yuan(lead.amount), lead.detail)
}

fn lines(leads: &[Lead]) -> Vec<String> {
    let mut lines: Vec<String> = leads.iter().map(line).collect();
    lines.sort();
    lines
}

/// Returns the leads of a person.
#[expect(clippy::needless_pass_by_value, reason = "tests make them where they are used")]
pub(super) fn of_one(samples: Vec<Sample>, thresholds: Thresholds) -> Vec<String> {
    let mut leads = Vec::new();
    let person = Person { psn_no: "P", settlements: in_order(samples), filings: &[] };
    of_person(&person, &thresholds, &mut leads);
    lines(&leads)
}

/// Returns the leads of an institution whose settlements, reversals and reversed settlements are given.
#[expect(clippy::needless_pass_by_value, reason = "tests make them where they are used")]
pub(super) fn of_three(
    [settlements, reversals, reversed]: [Vec<Sample>; 3],
    thresholds: Thresholds,
) -> Vec<String> {
    let all = settlements.iter().chain(&reversed);
    let mut months: BTreeMap<Month, u64> = BTreeMap::new();
    for Sample(row) in all {
        *months.entry(row.month()).or_default() += 1;
    }
    let rows = InstitutionRows {
        institution: "H",
        settlements: in_order(settlements),
        reversals: in_order(reversals),
        reversed: in_order(reversed),
    };
    let mut leads = Vec::new();
    of_institution(&rows, &thresholds, &CoveredMonths::of(&months), &mut leads);
    lines(&leads)
}

/// Returns the leads of an institution that has settlements alone.
pub(super) fn of_house(settlements: Vec<Sample>, thresholds: Thresholds) -> Vec<String> {
    of_three([settlements, Vec::new(), Vec::new()], thresholds)
}

#[test]
fn nobody_and_nothing_give_no_lead() {
    let all = || crate::review::rules_file::ReviewRules::built_in().thresholds(None);
    assert_eq!(of_one(Vec::new(), all()), [""; 0]);
    assert_eq!(of_house(Vec::new(), all()), [""; 0]);
}

#[test]
fn without_thresholds_no_rule_runs() {
    let same = copies(200, &visit("v", "2025-10-03"));
    assert_eq!(of_one(same.clone(), Thresholds::default()), [""; 0]);
    assert_eq!(of_house(same, Thresholds::default()), [""; 0]);
}

#[test]
fn thresholds_of_nothing_give_no_empty_lead() {
    let none =
        crate::review::rules_file::ReviewRules::parse(NOTHING).expect("good").thresholds(None);
    let rows = || vec![visit("v", "2025-10-03"), stay("s", "2025-10-01", "2025-10-02")];
    let empty = |lines: Vec<String>| lines.into_iter().any(|line| line.starts_with(':'));
    assert!(!empty(of_one(rows(), none.clone())));
    assert!(!empty(of_house(rows(), none)));
}

/// Masked numbers make one person of a whole place: a rule that compares each settlement with each other one never ends.
#[test]
fn very_many_settlements_take_time_in_proportion() {
    let built_in = crate::review::rules_file::ReviewRules::built_in().thresholds(None);
    let long = |number: i32| {
        let stay = stay(&format!("s{number}"), "2025-01-01", "2025-12-30");
        stay.with(|row| row.begin = row.begin.map(|day| day + number % 300))
    };
    let stays = (0..100_000).map(long);
    let visit = |number: i64| {
        visit(&format!("v{number}"), "2026-01-01 00:00:00").with(|row| row.time += number * 100_000)
    };
    let visits = (0..100_000).map(visit);
    let leads = of_one(stays.chain(visits).collect(), built_in.clone());
    // Frequent stays of the last quarter, many on a day, frequent visits; stays of other institutions overlap nowhere.
    assert_eq!(leads.len(), 3);
    let persons = (0..100_000).map(|number| visit(number).of(&format!("p{}", number % 5_000)));
    let leads = of_house(persons.collect(), built_in);
    assert_eq!(leads, [""; 0]);
}

/// Every number of the rules on persons and institutions is 0.
const NOTHING: &str = r#"format = 1
threshold = [
    { rule = "BEH-01", from = "2000-01-01", source = "ours", days = 0 },
    { rule = "BEH-02", from = "2000-01-01", source = "ours", days = 0 },
    { rule = "BEH-03", from = "2000-01-01", source = "ours", count = 0 },
    { rule = "BEH-05", from = "2000-01-01", source = "ours", count = 0, percent = 0 },
    { rule = "BEH-06", from = "2000-01-01", source = "ours", minutes = 0 },
    { rule = "BEH-07", from = "2000-01-01", source = "ours", count = 0 },
    { rule = "BEH-08", from = "2000-01-01", source = "ours", count = 0 },
    { rule = "BEH-09", from = "2000-01-01", source = "ours", count = 0 },
    { rule = "BEH-10", from = "2000-01-01", source = "ours", institutions = 0, amount = "0" },
    { rule = "BEH-11", from = "2000-01-01", source = "ours", crowd = 0, days = 0, persons = 0 },
    { rule = "BEH-12", from = "2000-01-01", source = "ours", times = 0, months = 0, amount = "0" },
    { rule = "BEH-13", from = "2000-01-01", source = "ours", count = 0, times = 0 },
    { rule = "BEH-15", from = "2000-01-01", source = "ours", limit = "0", width = "0", count = 0, times = 0 },
    { rule = "BEH-16", from = "2000-01-01", source = "ours", count = 0, percent = 0 },
    { rule = "BEH-17", from = "2000-01-01", source = "ours", count = 0 },
    { rule = "BEH-19", from = "2000-01-01", source = "ours", count = 0, percent = 0, amount = "0" },
]
"#;
