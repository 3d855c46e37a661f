//! BEN-04: more than the cap of a year.
//!
//! **Definition.** Σ hifp_pay of a person in a benefit year, of all care classes that share a cap, is above it. A group is
//! person, area of the set, fund class, benefit year of the benefit day and cap row. The set and the facts of the group's
//! last settlement by (setl_time, setl_id), whatever its class, decide for each care class which row of `cap` fits first;
//! where facts are unknown, the highest cap that may fit. No tolerance. The amount is what
//! is above; all settlements of the row's classes are in the lead.
//!
//! **Source.** 医保发〔2022〕22号: the cap is that of the insured place.
//!
//! **Strength.** Certain: the payments in the inputs alone are above it.

use std::collections::BTreeMap;

use super::judged::facts_of;
use crate::{
    model::{
        codes::{CareClass, FundClass},
        money::FenSum,
    },
    review::{
        benefits::{caps::YearlyCap, index::FoundSet},
        filing::class::{FiledPerson, FiledSettlement},
        lead::{Detail, Lead},
        row::ReviewedRow,
        rule::ReviewRule,
    },
};

/// The settlements of a benefit year, in the order of the person.
#[derive(Default)]
struct BenefitYear<'p, 'a> {
    settlements: Vec<&'p FiledSettlement<'a>>,
    /// What was paid, by care class.
    paid: [FenSum; CareClass::ALL.len()],
}

/// What was paid of a benefit year above a cap.
pub(crate) struct ExceededCap<'a> {
    /// The benefit year.
    pub(crate) year: i32,
    /// The rule set.
    pub(crate) found: FoundSet<'a>,
    /// The cap.
    pub(crate) cap: YearlyCap,
    /// The care classes that share it.
    pub(crate) classes: Vec<CareClass>,
    /// Their settlements, in the order of the person.
    pub(crate) rows: Vec<&'a ReviewedRow<'a>>,
    /// What the basic fund paid for these.
    pub(crate) paid: FenSum,
}

/// Returns the leads of a person.
pub(super) fn leads<'a>(person: &FiledPerson<'a>) -> impl Iterator<Item = Lead<'a>> {
    exceeded(person).into_iter().map(|exceeded| {
        let detail = Detail::default()
            .with_yuan("paid", exceeded.paid)
            .with_yuan("cap", exceeded.cap.amount)
            .with("year", exceeded.year);
        let above = exceeded.paid - exceeded.cap.amount;
        Lead::of(ReviewRule::Ben04, exceeded.rows, detail.text()).at_stake(above)
    })
}

/// Returns the caps that a person is above.
pub(crate) fn exceeded<'a>(person: &FiledPerson<'a>) -> Vec<ExceededCap<'a>> {
    // Nearly all persons are below every cap with all that they have.
    let paid: FenSum = person.settlements.iter().map(|one| one.row.hifp_pay).sum();
    let sets = person.settlements.iter().filter_map(|settlement| settlement.set);
    if !sets.filter_map(|found| found.set.least_cap()).any(|cap| paid > cap) {
        return Vec::new();
    }
    let mut years: BTreeMap<(&'a str, FundClass, i32), BenefitYear<'_, 'a>> = BTreeMap::new();
    for settlement in &person.settlements {
        let row = settlement.row;
        let Some(found) = settlement.set else { continue };
        let year = found.set.benefit_year(row.benefit_day());
        let year = years.entry((found.area, row.fund, year)).or_default();
        year.settlements.push(settlement);
        year.paid[row.care as usize] += FenSum::from(row.hifp_pay);
    }
    let of_years = years.into_iter().filter_map(|((.., year), group)| {
        let last = group.settlements.last().copied()?;
        Some(group.exceeded(year, last, last.set?))
    });
    of_years.flatten().collect()
}

impl<'a> BenefitYear<'_, 'a> {
    fn exceeded(
        &self,
        year: i32,
        last: &FiledSettlement<'a>,
        found: FoundSet<'a>,
    ) -> Vec<ExceededCap<'a>> {
        let day = last.row.benefit_day();
        let mut by_row: BTreeMap<usize, (YearlyCap, Vec<CareClass>)> = BTreeMap::new();
        if found.set.may_exceed_caps(&self.paid, day) {
            for care in CareClass::ALL {
                let mut facts = facts_of(last.row, last.classes.list());
                facts.care_class = care;
                if let Some(cap) = found.set.yearly_cap(&facts, day) {
                    by_row.entry(cap.row).or_insert((cap, Vec::new())).1.push(care);
                }
            }
        }
        let caps = by_row.into_values().map(|(cap, classes)| {
            let paid = classes.iter().map(|care| self.paid[*care as usize]).sum();
            let of_row = self.settlements.iter().filter(|one| classes.contains(&one.row.care));
            let rows = of_row.map(|one| one.row).collect();
            ExceededCap { year, found, cap, classes, rows, paid }
        });
        caps.filter(|one| one.paid > one.cap.amount).collect()
    }
}

#[cfg(test)]
mod tests {
    use crate::{
        model::codes::CareClass,
        review::{
            benefit_rules::samples::{self, paid, with},
            benefits::words::PersonKind,
            filing::samples::{day, time},
            row::ReviewedRow,
        },
    };

    /// A settlement on a day, without an amount in scope.
    fn on<'a>(setl_id: &'a str, on: &str, care: CareClass, pay: &str) -> ReviewedRow<'a> {
        ReviewedRow {
            care,
            time: time(on, 0),
            begin: Some(day(on)),
            end: Some(day(on)),
            in_scope: None,
            ..paid(setl_id, "0", pay)
        }
    }

    const RATIO: &str = "ratio = [ { care_class = \"pharmacy\", percent = \"1\" } ]\n";

    fn leads(tables: &str, rows: &[ReviewedRow<'_>]) -> Vec<String> {
        samples::leads(&format!("{RATIO}{tables}"), rows)
    }

    const CAP: &str = r#"cap = [
        { care_class = ["inpatient", "chronic"], year = "1000" },
        { care_class = "outpatient", person = "retired", year = "250" },
        { care_class = "outpatient", year = "200" },
    ]"#;

    use CareClass::{Chronic, Inpatient, Outpatient, Pharmacy};

    #[test]
    fn classes_of_a_row_share_its_cap() {
        let rows =
            |pay| [on("S1", "2025-03-01", Inpatient, "600"), on("S2", "2025-04-01", Chronic, pay)];
        assert_eq!(leads(CAP, &rows("400.00")), [""; 0]);
        assert_eq!(
            leads(CAP, &rows("400.01")),
            ["BEN-04 S1,S2 paid=1000.01;cap=1000.00;year=2025 0.01 certain"]
        );
        // Other classes count for their own cap, or for none.
        let others = [
            on("S1", "2025-03-01", Inpatient, "600"),
            on("S2", "2025-03-02", Outpatient, "200"),
            on("S3", "2025-03-03", Pharmacy, "9000"),
        ];
        assert_eq!(leads(CAP, &others), [""; 0]);
    }

    #[test]
    fn the_last_settlement_decides() {
        let person = |row, person| with(row, |optional| optional.person = person);
        let rows = |last| {
            let first = on("S1", "2025-03-01", Outpatient, "240");
            [first, person(on("S2", "2025-11-01", Pharmacy, "1"), last)]
        };
        assert_eq!(leads(CAP, &rows(Some(PersonKind::Retired))), [""; 0]);
        assert_eq!(
            leads(CAP, &rows(Some(PersonKind::Active))),
            ["BEN-04 S1 paid=240.00;cap=200.00;year=2025 40.00 certain"]
        );
        // Unknown: the highest that may fit.
        assert_eq!(leads(CAP, &rows(None)), [""; 0]);
        let more = [on("S1", "2025-03-01", Outpatient, "251"), rows(None)[1].clone()];
        assert_eq!(leads(CAP, &more), ["BEN-04 S1 paid=251.00;cap=250.00;year=2025 1.00 certain"]);
    }

    #[test]
    fn of_unknown_facts_the_caps_that_may_fit_count() {
        let cap = r#"cap = [ { care_class = "outpatient", person = "active", year = "200" } ]"#;
        let row = |person| [with(on("S1", "2025-03-01", Outpatient, "300"), |o| o.person = person)];
        assert_eq!(leads(cap, &row(Some(PersonKind::Active))).len(), 1);
        assert_eq!(leads(cap, &row(None)).len(), 1);
        assert_eq!(leads(cap, &row(Some(PersonKind::Retired))), [""; 0]);
        // The first row that fits has no cap of a year.
        let visit = r#"cap = [ { care_class = "outpatient", person = "active", visit = "200" }, { care_class = "outpatient", year = "200" } ]"#;
        assert_eq!(leads(visit, &row(Some(PersonKind::Active))), [""; 0]);
        assert_eq!(leads(visit, &row(None)).len(), 1);
        assert_eq!(leads(visit, &row(Some(PersonKind::Retired))).len(), 1);
    }

    #[test]
    fn a_benefit_year_goes_by_the_benefit_day() {
        let next = |year_starts: &str| {
            let rows = [
                // Admitted before the year ends, discharged after it.
                ReviewedRow {
                    begin: Some(day("2025-12-30")),
                    end: Some(day("2026-01-02")),
                    ..on("S1", "2026-01-02", Inpatient, "600")
                },
                on("S2", "2025-12-31", Inpatient, "600"),
                on("S3", "2026-01-01", Inpatient, "600"),
            ];
            let mut rows = rows;
            rows.sort_by_key(|row| row.time);
            leads(&format!("{year_starts}{CAP}"), &rows)
        };
        assert_eq!(next(""), ["BEN-04 S3,S1 paid=1200.00;cap=1000.00;year=2026 200.00 certain"]);
        assert_eq!(
            next("year_starts = \"07-01\"\n"),
            ["BEN-04 S2,S3,S1 paid=1800.00;cap=1000.00;year=2025 800.00 certain"]
        );
    }

    #[test]
    fn wages_are_those_of_the_last_benefit_day() {
        let cap = r#"wage = [ { from = "2025-01-01", amount = "100.01" }, { from = "2025-07-01", amount = "200" } ]
            cap = [ { care_class = "outpatient", wage_times = "1.5" } ]"#;
        // 100.01 × 1.5 = 150.015, half up 150.02
        let row = |on_day, pay| [on("S1", on_day, Outpatient, pay)];
        assert_eq!(leads(cap, &row("2025-06-30", "150.02")), [""; 0]);
        assert!(leads(cap, &row("2025-06-30", "150.03"))[0].contains("cap=150.02"));
        assert_eq!(leads(cap, &row("2025-07-01", "300")), [""; 0]);
        assert!(leads(cap, &row("2025-07-01", "300.01"))[0].contains("cap=300.00"));
    }

    #[test]
    fn areas_and_sets_are_told_apart() {
        let second = "[[set]]\narea = \"3101\"\nfund_class = \"employee\"\nfrom = \"2025-01-01\"\nsource = \"s\"\n";
        let sets = format!("{CAP}\n{second}{RATIO}{CAP}");
        let row = |id, insured, at| ReviewedRow { insured, ..on(id, at, Inpatient, "600") };
        let apart = [row("S1", "310115", "2025-03-01"), row("S2", "319901", "2025-03-02")];
        assert_eq!(leads(&sets, &apart), [""; 0]);
        let same = [row("S1", "310115", "2025-03-01"), row("S2", "310104", "2025-03-02")];
        assert_eq!(leads(&sets, &same).len(), 1);
        // A later set of the area without a cap: the last settlement decides.
        let later = CAP.replacen("cap", "until = \"2025-06-30\"\ncap", 1);
        let none = "[[set]]\narea = \"31\"\nfund_class = \"employee\"\nfrom = \"2025-07-01\"\nsource = \"s\"\nratio = [ { care_class = \"inpatient\", percent = \"1\" } ]\n";
        let sets = format!("{later}\n{none}");
        let over = [row("S1", "310115", "2025-03-01"), row("S2", "310115", "2025-03-02")];
        assert_eq!(leads(&sets, &over).len(), 1);
        let [first, second] = over;
        let ended = [first, second, row("S3", "310115", "2025-08-02")];
        assert_eq!(leads(&sets, &ended), [""; 0]);
    }
}
