//! All rules on one institution.

use super::{beh05, beh11, beh12, beh13, beh15, beh16, beh19, covered::CoveredMonths};
use crate::review::{lead::Lead, subject::InstitutionRows, thresholds::Thresholds};

/// Finds the leads of an institution. BEH-14 needs all institutions: see [`super::beh14`].
pub fn of_institution<'a>(
    rows: &InstitutionRows<'a>,
    thresholds: &Thresholds,
    covered: &CoveredMonths,
    leads: &mut Vec<Lead<'a>>,
) {
    if let Some(limits) = &thresholds.beh05 {
        beh05::find(rows, limits, leads);
    }
    if let Some(limits) = &thresholds.beh11 {
        beh11::find(rows, limits, leads);
    }
    if let Some(limits) = &thresholds.beh12 {
        beh12::find(rows, limits, covered, leads);
    }
    if let Some(limits) = &thresholds.beh13 {
        beh13::find(rows, limits, leads);
    }
    if let Some(limits) = &thresholds.beh15 {
        beh15::find(rows, limits, leads);
    }
    if let Some(limits) = &thresholds.beh16 {
        beh16::find(rows, limits, leads);
    }
    if let Some(limits) = &thresholds.beh19 {
        beh19::find(rows, limits, leads);
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::{
            beh14::{cost_leads, cost_means, outliers},
            beh20::{ProvinceDeductions, deduction_leads},
        },
        *,
    };
    use crate::{
        ingest::times::DAY,
        model::{
            codes::{CareClass, FundClass, Month, Province},
            dates::parse_day,
            money::{Fen, FenSum},
        },
        review::{
            benefits::words::HospitalLevel,
            row::{OptionalFields, ReviewedRow},
            rules_file::ReviewRules,
        },
    };

    const INSTITUTION: &str = "H31000000001";

    fn day(text: &str) -> i32 {
        parse_day(text).expect("a day").to_epoch_days()
    }

    /// An outpatient settlement of a person on a day.
    fn visit<'a>(setl_id: &'a str, psn_no: &'a str, on: &str) -> ReviewedRow<'a> {
        ReviewedRow {
            ordinal: 0,
            setl_id,
            reverses: None,
            psn_no,
            institution: INSTITUTION,
            insured: "340100",
            treating: "310115",
            med_type: "11",
            disease: None,
            care: CareClass::Outpatient,
            fund: FundClass::Employee,
            time: i64::from(day(on)) * DAY + 60_000_000,
            begin: None,
            end: None,
            medfee: Fen::new(20_000),
            payable: Fen::new(10_000),
            hifp_pay: Fen::ZERO,
            fund_pay: Fen::ZERO,
            acct_pay: Fen::ZERO,
            in_scope: None,
            optional: OptionalFields::default(),
        }
    }

    fn stay<'a>(setl_id: &'a str, begin: &str, end: &str) -> ReviewedRow<'a> {
        ReviewedRow {
            care: CareClass::Inpatient,
            med_type: "21",
            begin: Some(day(begin)),
            end: Some(day(end)),
            ..visit(setl_id, "P1", end)
        }
    }

    /// Ids that live as long as the test.
    fn ids(count: usize) -> Vec<String> {
        (0..count).map(|number| format!("S{number:04}")).collect()
    }

    /// Runs the rule of an id alone, by the built-in thresholds; returns the amounts and details of its leads.
    fn leads(
        rule: &str,
        settlements: &[ReviewedRow],
        reversals: &[ReviewedRow],
        reversed: &[ReviewedRow],
    ) -> Vec<(usize, i128, String)> {
        let all = ReviewRules::built_in().thresholds(Some(Month::new(2025, 12)));
        let mut thresholds = all.clone();
        for other in (1..=20).map(|number| format!("BEH-{number:02}")).filter(|id| id != rule) {
            thresholds.remove(&other);
        }
        let mut months = std::collections::BTreeMap::new();
        for row in settlements {
            *months.entry(row.month()).or_default() += 1;
        }
        let sorted = |rows: &'_ [ReviewedRow<'_>]| -> Vec<usize> {
            let mut order: Vec<usize> = (0..rows.len()).collect();
            order.sort_by_key(|at| (rows[*at].time, rows[*at].setl_id.to_owned()));
            order
        };
        let [settled, reversing, named] = [settlements, reversals, reversed]
            .map(|rows| sorted(rows).into_iter().map(|at| &rows[at]).collect::<Vec<_>>());
        let rows = InstitutionRows {
            institution: INSTITUTION,
            settlements: &settled,
            reversals: &reversing,
            reversed: &named,
        };
        let mut leads = Vec::new();
        of_institution(&rows, &thresholds, &CoveredMonths::of(&months), &mut leads);
        assert!(leads.iter().all(|lead| lead.rule.id() == rule && lead.context.is_empty()));
        let found = leads.into_iter();
        found.map(|lead| (lead.suspects.len(), lead.amount.fen(), lead.detail)).collect()
    }

    #[test]
    fn beh05_five_stays_of_no_day_and_a_fifth_of_all() {
        let ids = ids(40);
        let month = |short: usize, all: usize, births: usize| -> Vec<ReviewedRow> {
            let rows = ids[..all].iter().enumerate().map(|(at, id)| {
                let begin = if at < short { "2025-10-20" } else { "2025-10-19" };
                let mut row = stay(id, begin, "2025-10-20");
                if at < births {
                    row.med_type = "28";
                }
                row
            });
            rows.collect()
        };
        let found = |rows: &[ReviewedRow]| leads("BEH-05", rows, &[], &[]);
        assert_eq!(found(&month(5, 25, 0)), [(5, 50_000, "short=5;stays=25".to_owned())]);
        assert_eq!(found(&month(5, 26, 0)), []);
        assert_eq!(found(&month(4, 4, 0)), []);
        // A childbirth is no suspect, but one of all stays.
        assert_eq!(found(&month(6, 25, 1)), [(5, 50_000, "short=5;stays=25".to_owned())]);
        assert_eq!(found(&month(5, 25, 1)), []);
        // The month is that of the discharge.
        let mut rows = month(5, 25, 0);
        (rows[0].begin, rows[0].end) = (Some(day("2025-11-01")), Some(day("2025-11-01")));
        assert_eq!(found(&rows), []);
    }

    #[test]
    fn beh11_who_comes_together_twice_and_in_no_crowd() {
        let ids = ids(64);
        let two_days = |persons: &[&'static str]| -> Vec<ReviewedRow> {
            let both = ["2025-10-08", "2025-10-15"];
            let rows = both.iter().flat_map(|on| persons.iter().map(move |who| (*on, *who)));
            rows.zip(&ids).map(|((on, who), id)| visit(id, who, on)).collect()
        };
        let found = |rows: &[ReviewedRow]| leads("BEH-11", rows, &[], &[]);
        let three = two_days(&["A", "B", "C"]);
        assert_eq!(found(&three), [(6, 60_000, "persons=3;days=2".to_owned())]);
        assert_eq!(found(&two_days(&["A", "B"])), []);
        assert_eq!(found(&three[..5]), []);
        // C comes with B alone: a chain is a group. What A does on a third day is none of it.
        let mut chain = two_days(&["A", "B"]);
        chain.push(visit("T1", "B", "2025-10-21"));
        chain.push(visit("T2", "C", "2025-10-21"));
        chain.push(visit("T3", "B", "2025-10-22"));
        chain.push(visit("T4", "C", "2025-10-22"));
        chain.push(visit("T5", "A", "2025-10-23"));
        assert_eq!(found(&chain), [(8, 80_000, "persons=3;days=4".to_owned())]);
        // Of another division they are not together; a day of a crowd of 21 does not count.
        let mut other = three.clone();
        other[2].insured = "340200";
        assert_eq!(found(&other), []);
        let names: Vec<String> = (0..18).map(|n| format!("X{n}")).collect();
        let mut crowd = three.clone();
        let extra = ids[40..].iter().zip(&names);
        crowd.extend(extra.clone().take(17).map(|(id, who)| visit(id, who, "2025-10-08")));
        assert_eq!(found(&crowd).len(), 1);
        crowd.extend(extra.skip(17).map(|(id, who)| visit(id, who, "2025-10-08")));
        assert_eq!(found(&crowd), []);
    }

    #[test]
    fn beh12_three_times_the_mean_of_two_months_before() {
        let month = |id: &'static str, on: &str, fen: i64| {
            ReviewedRow { payable: Fen::new(fen), ..visit(id, "P1", on) }
        };
        let found = |rows: &[ReviewedRow]| leads("BEH-12", rows, &[], &[]);
        let months = |first: i64, second: i64, third: i64| {
            [
                month("A", "2025-08-31", first),
                month("B", "2025-09-01", second),
                month("C", "2025-10-31", third),
            ]
        };
        let high = 10_000_000;
        assert_eq!(
            found(&months(3_333_333, 3_333_334, high + 1)),
            [(1, 10_000_001, "mean=33333.34".to_owned())]
        );
        assert_eq!(found(&months(3_333_333, 3_333_334, high)), []);
        assert_eq!(found(&months(1, 1, high - 1)), []);
        assert_eq!(found(&months(1, 1, high)), [(1, 10_000_000, "mean=0.01".to_owned())]);
        // One month before is not enough, and months without a settlement are none.
        assert_eq!(found(&months(1, 1, high)[1..]), []);
        // The amount of a month below the border of 100,000.00 never is one.
        let two_in_one = [
            month("A", "2025-09-02", 1),
            month("B", "2025-09-03", 1),
            month("C", "2025-10-31", high),
        ];
        assert_eq!(found(&two_in_one), []);
    }

    #[test]
    fn beh13_twenty_on_a_day_and_five_times_the_mean() {
        let ids = ids(64);
        let rows = |burst: usize, others: usize| -> Vec<ReviewedRow> {
            let quiet = (0..others).map(|at| format!("2025-10-{:02}", at + 1));
            let days = quiet.chain((0..burst).map(|_| "2025-10-31".to_owned()));
            ids.iter().zip(days).map(|(id, on)| visit(id, "P1", &on)).collect()
        };
        let found = |rows: &[ReviewedRow]| leads("BEH-13", rows, &[], &[]);
        // 20 of 25 on one of six days: 120 against 125; with one day more 140 against 130.
        assert_eq!(found(&rows(20, 5)), []);
        let detail = "count=20;days=7;total=26".to_owned();
        assert_eq!(found(&rows(20, 6)), [(20, 200_000, detail)]);
        assert_eq!(found(&rows(19, 9)), []);
    }

    #[test]
    fn beh14_far_from_the_median_of_ten_peers() {
        let ids = ids(30);
        let limits = ReviewRules::built_in().thresholds(None).beh14.expect("built in");
        let mean_of = |institution: &'static str, fen: i64, count: usize| {
            let rows: Vec<ReviewedRow> = ids[..count]
                .iter()
                .map(|id| ReviewedRow {
                    institution,
                    medfee: Fen::new(fen),
                    ..visit(id, "P1", "2025-10-08")
                })
                .collect();
            let settlements: Vec<&ReviewedRow> = rows.iter().collect();
            let rows = InstitutionRows {
                institution,
                settlements: &settlements,
                reversals: &[],
                reversed: &[],
            };
            cost_means(&rows, &limits)
        };
        let names = ["A", "B", "C", "D", "E", "F", "G", "H", "I", "J"];
        assert_eq!(mean_of("A", 1, 29), []);
        // Means of 1,000.00 to 1,008.00 and one far away: the median is 1,004.00, the distances' is 2.00.
        let found = |last: i64, peers: usize| {
            let ordinary = names[..peers - 1].iter().zip(0..);
            let mut means: Vec<_> = ordinary
                .flat_map(|(name, step): (_, i64)| mean_of(name, 100_000 + 100 * step, 30))
                .collect();
            means.extend(mean_of("Z", last, 30));
            outliers(means, &limits)
        };
        assert_eq!(found(900_000, 9), []);
        let far = found(900_000, 10);
        assert_eq!(far.iter().map(|one| one.institution()).collect::<Vec<_>>(), ["Z"]);
        // 6745 × 1,038 ≥ 35,000 × 200 and 6745 × 1,037 is below it.
        assert_eq!((found(101_438, 10).len(), found(101_437, 10).len()), (1, 0));
        let rows: Vec<ReviewedRow> = ids
            .iter()
            .map(|id| ReviewedRow { institution: "Z", ..visit(id, "P1", "2025-10-08") })
            .collect();
        let settlements: Vec<&ReviewedRow> = rows.iter().collect();
        let of_z = InstitutionRows {
            institution: "Z",
            settlements: &settlements,
            reversals: &[],
            reversed: &[],
        };
        let mut leads = Vec::new();
        cost_leads(&of_z, &far, &mut leads);
        let shown = (leads[0].suspects.len(), leads[0].amount.fen(), leads[0].detail.as_str());
        let detail = "mean=9000.00;median=1004.00;mad=2.00;peers=10";
        assert_eq!(shown, (30, 30 * (900_000 - 100_400), detail));
    }

    #[test]
    fn beh14_a_level_of_its_own_for_several_and_none() {
        let limits = ReviewRules::built_in().thresholds(None).beh14.expect("built in");
        let ids = ids(30);
        let means = |levels: [Option<HospitalLevel>; 2]| {
            let rows: Vec<ReviewedRow> = ids
                .iter()
                .enumerate()
                .map(|(at, id)| {
                    let mut row = visit(id, "P1", "2025-10-08");
                    row.optional.level = levels[at % 2];
                    row
                })
                .collect();
            let settlements: Vec<&ReviewedRow> = rows.iter().collect();
            let rows = InstitutionRows {
                institution: "A",
                settlements: &settlements,
                reversals: &[],
                reversed: &[],
            };
            cost_means(&rows, &limits)
        };
        use HospitalLevel::{ThreeA, Two};
        assert_eq!(means([Some(Two), None]), means([Some(Two), Some(Two)]));
        assert_eq!(means([Some(Two), Some(ThreeA)]), means([None, None]));
        assert_ne!(means([Some(Two), Some(Two)]), means([None, None]));
    }

    #[test]
    fn beh15_five_just_below_and_three_times_those_above() {
        let ids = ids(10);
        let rows = |below: &[i64], above: &[i64]| -> Vec<ReviewedRow> {
            let fees = below.iter().chain(above);
            let with_fee = |(id, fen): (&'static str, &i64)| ReviewedRow {
                medfee: Fen::new(*fen),
                ..stay(id, "2025-10-01", "2025-10-05")
            };
            let leaked = ids.iter().map(|id| -> &'static str { id.clone().leak() });
            leaked.zip(fees).map(with_fee).collect()
        };
        let found = |rows: &[ReviewedRow]| leads("BEH-15", rows, &[], &[]);
        let five = [2_900_000, 2_999_999, 2_950_000, 2_950_000, 2_950_000];
        assert_eq!(found(&rows(&five, &[])), [(5, 50_000, "below=5;above=0".to_owned())]);
        assert_eq!(found(&rows(&five, &[3_000_000])), [(5, 50_000, "below=5;above=1".to_owned())]);
        assert_eq!(found(&rows(&five, &[3_000_000, 3_099_999])), []);
        // What is beyond both bands counts on neither side.
        let wide = rows(&five, &[3_000_000, 3_100_000, 2_899_999]);
        assert_eq!(found(&wide), [(5, 50_000, "below=5;above=1".to_owned())]);
        assert_eq!(found(&rows(&five[..4], &[])), []);
    }

    #[test]
    fn beh16_twenty_reversals_and_a_twentieth_of_the_rest() {
        let ids = ids(30);
        let reversal = |id| ReviewedRow {
            reverses: Some("X"),
            payable: Fen::new(-10_000),
            ..visit(id, "P1", "2025-10-08")
        };
        let all: Vec<ReviewedRow> = ids[..20].iter().map(|id| reversal(id)).collect();
        let others: Vec<ReviewedRow> =
            (0..401).map(|_| visit("S", "P1", "2025-10-09")).collect();
        let found = |reversals: &[ReviewedRow], settled: &[ReviewedRow], named: &[ReviewedRow]| {
            leads("BEH-16", settled, reversals, named)
        };
        let told = |others| vec![(20, 200_000, format!("reversals=20;settlements={others}"))];
        assert_eq!(found(&all, &others[..300], &others[..100]), told(400));
        assert_eq!(found(&all, &others[..300], &others[..101]), []);
        assert_eq!(found(&all, &[], &[]), told(0));
        assert_eq!(found(&all[..19], &[], &[]), []);
        // Settlements of another month do not count.
        let later: Vec<ReviewedRow> = (0..500).map(|_| visit("S", "P1", "2025-11-01")).collect();
        assert_eq!(found(&all, &later, &[]), told(0));
    }

    #[test]
    fn beh19_a_hundred_purchases_nearly_all_from_the_account() {
        let purchase = |alone: bool, medfee: i64| {
            let mut row = visit("S", "P1", "2025-10-08");
            row.care = CareClass::Pharmacy;
            row.medfee = Fen::new(medfee);
            row.acct_pay = Fen::new(if alone { medfee * 95 / 100 } else { medfee * 95 / 100 - 1 });
            row
        };
        let month = |alone: usize, others: usize, medfee: i64| -> Vec<ReviewedRow> {
            let rows = (0..alone + others).map(|at| purchase(at < alone, medfee));
            rows.collect()
        };
        let found = |rows: &[ReviewedRow]| leads("BEH-19", rows, &[], &[]);
        let told = (95, 950_000, "purchases=100;alone=95".to_owned());
        assert_eq!(found(&month(95, 5, 20_000)), [told]);
        assert_eq!(found(&month(94, 6, 20_000)), []);
        assert_eq!(found(&month(99, 0, 20_000)), []);
        assert_eq!(found(&month(95, 5, 19_980)), []);
        let mut funded = month(95, 5, 20_000);
        funded[0].fund_pay = Fen::new(1);
        assert_eq!(found(&funded), []);
    }

    #[test]
    fn beh20_below_a_quarter_of_the_nations_rate() {
        let limits = ReviewRules::built_in().thresholds(None).beh20.expect("built in");
        let of = |code, deductions, gross| ProvinceDeductions {
            province: Province::from_code(code).expect("a province"),
            deductions: FenSum::new(deductions),
            gross: FenSum::new(gross),
        };
        // The nation has 1,000 of 100,000, so a quarter of its rate is 0.25 per cent.
        let found = |low: i128| deduction_leads(&[of(31, 1000 - low, 60_001), of(44, low, 39_999)], &limits);
        let leads = found(99);
        assert_eq!(leads.len(), 1);
        assert_eq!((leads[0].province.code(), leads[0].amount.fen()), (44, 1));
        let detail = "deductions=0.99;gross=399.99;nation_deductions=10.00;nation_gross=1000.00";
        assert_eq!(leads[0].detail, detail);
        assert_eq!(found(100), []);
        assert_eq!(deduction_leads(&[of(31, 0, 0)], &limits), []);
        // Exactly a quarter is not below it.
        assert_eq!(deduction_leads(&[of(31, 90, 6000), of(44, 10, 4000)], &limits), []);
        assert_eq!(deduction_leads(&[of(31, 90, 6000), of(44, 9, 4000)], &limits).len(), 1);
    }
}
