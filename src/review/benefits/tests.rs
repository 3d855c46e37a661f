//! The benefits of a set, on both sides of every border.

mod brute;
mod plans;
mod refused;

use chrono::NaiveDate;

use super::{
    Benefits,
    built_in::BENEFITS,
    expected::NotJudged,
    facts::BenefitFacts,
    rows::BenefitSet,
    words::{FilingClass, HospitalLevel, PersonKind},
};
use crate::model::{
    codes::{CareClass, FundClass},
    money::{Fen, parse_yuan, yuan},
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
        Ok(found) if found.lo() == found.hi() => yuan(found.lo()),
        Ok(found) => {
            let [lo, hi] = [found.lo(), found.hi()].map(yuan);
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
    assert_eq!(allowed.collect::<Vec<_>>(), [20_000, 24_000, 48_000, 72_000, 96_000, 120_000]);
    let holes: Vec<String> = set.holes().iter().map(|hole| hole.text().to_string()).collect();
    assert_eq!(holes.len(), 2, "{holes:?}");
    assert!(holes[0].starts_with("chronic: no row of ratio fits, such as for care_class"));
    assert!(holes[1].starts_with("pharmacy: no row of ratio fits"));
}

#[test]
fn the_built_in_benefits_pass_their_own_tests() {
    let benefits = Benefits::built_in();
    for set in &benefits.sets {
        assert_eq!(set.failed_tests(), [], "{}", set.file);
        assert!(!set.source.is_empty());
    }
    for (name, _) in BENEFITS {
        let sets = benefits.sets.iter().filter(|set| set.file == format!("{name}.toml"));
        assert!(sets.map(|set| set.tests.len()).sum::<usize>() >= 4, "{name}");
    }
}

const FLAT: &str = r#"ratio = [ { care_class = "inpatient", percent = "80" } ]"#;

#[test]
fn the_fund_pays_nothing_up_to_the_deductible_and_is_rounded_once() {
    let set = set(FLAT);
    let paid = |in_scope: &str, paid: &str| {
        range(&set, &BenefitFacts { act_pay_dedc: Some(fen(paid)), ..stay(in_scope) })
    };
    assert_eq!(paid("500.00", "500.01"), "0.00");
    assert_eq!(paid("500.00", "500.00"), "0.00");
    // 0.01 × 80 % = 0.008, and 0.03 × 80 % = 0.024
    assert_eq!(paid("500.01", "500.00"), "0.01");
    assert_eq!(paid("500.03", "500.00"), "0.02");
    let half = self::set(r#"ratio = [ { care_class = "inpatient", percent = "50" } ]"#);
    assert_eq!(range(&half, &stay("0.01")), "0.01");
    assert_eq!(range(&half, &stay("0.03")), "0.02");
    let less = self::set(r#"ratio = [ { care_class = "inpatient", percent = "49.9999" } ]"#);
    assert_eq!(range(&less, &stay("0.01")), "0.00");
    let unknown = BenefitFacts { in_scope: None, ..stay("1.00") };
    assert_eq!(range(&set, &unknown), "no amount");
    // The largest amount of a record, and nothing overflows.
    assert_eq!(range(&set, &stay("99999999999999.99")), "79999999999999.99");
}

#[test]
fn a_deductible_may_be_less_again_or_raised() {
    let with = |row: &str, remote: &str| {
        set(&format!("deductible = [ {{ care_class = \"inpatient\", {row} }} ]\n{remote}\n{FLAT}"))
    };
    let allowed = |set: &BenefitSet, days: Option<u16>| {
        let facts = BenefitFacts { act_pay_dedc: None, days, ..stay("10000.00") };
        let found = set.expected(&facts).expect("judged");
        let each = found.deductibles.iter();
        let each: Vec<_> = each.map(|one| (one.from.fen(), one.upto.fen())).collect();
        (range(set, &facts), each)
    };
    let exact = with(r#"amount = "1000.00""#, "");
    assert_eq!(allowed(&exact, Some(400)), ("7200.00".to_owned(), vec![(100_000, 100_000)]));
    let less = with(r#"amount = "1000.00", or_less = true"#, "");
    assert_eq!(allowed(&less, None), ("7200.00..8000.00".to_owned(), vec![(0, 100_000)]));
    let again = with(r#"amount = "1000.00", again_days = 90"#, "");
    let (once, twice) = ((100_000, 100_000), (200_000, 200_000));
    for (days, allows) in [
        (None, vec![once]),
        (Some(89), vec![once]),
        (Some(90), vec![once, twice]),
        (Some(179), vec![once, twice]),
        (Some(180), vec![once, twice, (300_000, 300_000)]),
    ] {
        assert_eq!(allowed(&again, days).1, allows, "{days:?}");
    }
    // 333.33 × 1.2 = 399.996; twice 333.33 × 1.2 = 799.992: each rounded by itself.
    let raised = r#"remote = [ { deductible_factor = "1.2" } ]"#;
    let odd = with(r#"amount = "333.33", again_days = 90"#, raised);
    assert_eq!(allowed(&odd, Some(90)).1, [(40_000, 40_000), (79_999, 79_999)]);
    // What was paid stands as it is.
    let stated = BenefitFacts { act_pay_dedc: Some(fen("1000.00")), ..stay("10000.00") };
    assert_eq!(range(&odd, &stated), "7200.00");
    assert_eq!(odd.expected(&stated).expect("judged").deductibles.len(), 1);
}

#[test]
fn bands_are_marginal_over_any_amount_used_before() {
    let set = set(r#"ratio = [
            { care_class = "inpatient", upto = "100.00", percent = "50" },
            { care_class = "inpatient", above = "100.00", upto = "200.00", percent = "90" },
            { care_class = "inpatient", above = "200.00", percent = "70" },
        ]"#);
    // Nothing used: 50 × 50 %. 100 used: 50 × 90 %.
    assert_eq!(range(&set, &stay("50.00")), "25.00..45.00");
    assert_eq!(range(&set, &stay("100.00")), "50.00..90.00");
    // 150: nothing used, 50 + 45; from 50 on, 25 + 90; from 100 on, 90 + 35.
    assert_eq!(range(&set, &stay("150.00")), "95.00..125.00");
    let expected = set.expected(&stay("150.00")).expect("judged");
    let pieces = |account: &super::expected::BenefitAccount<'_>| {
        account.pieces.iter().map(|piece| piece.percent / 10_000).collect::<Vec<_>>()
    };
    assert_eq!(pieces(&expected.lowest), [50, 90]);
    assert_eq!(pieces(&expected.highest), [90, 70]);
    assert_eq!(expected.highest.used_before, 10_000 * 1_000_000);
}

#[test]
fn points_and_factor_are_two_things_and_points_stay_within_0_and_100() {
    let away = |ratio: &str, remote: &str| {
        let set = set(&format!(
            "ratio = [ {{ care_class = \"inpatient\", percent = \"{ratio}\" }} ]\n\
             remote = [ {{ filing = \"transfer\", {remote} }} ]"
        ));
        range(&set, &BenefitFacts { classes: &[FilingClass::Transfer], ..stay("1000.00") })
    };
    assert_eq!(away("80", r#"points = "-10""#), "700.00");
    assert_eq!(away("80", r#"factor = "0.9""#), "720.00");
    assert_eq!(away("80", r#"first_share = "10""#), "720.00");
    assert_eq!(away("80", r#"first_share = "10", points = "-10""#), "630.00");
    assert_eq!(away("9.5", r#"points = "-10""#), "0.00");
    assert_eq!(away("95", r#"points = "10""#), "1000.00");
    assert_eq!(away("80", r#"first_share = "100""#), "0.00");
}

#[test]
fn a_visit_has_a_cap_of_its_own_before_the_rounding() {
    let capped = |cap: &str| set(&format!("{FLAT}\ncap = [ {cap} ]"));
    let set = capped(r#"{ care_class = "inpatient", visit = "80.00" }"#);
    assert_eq!(range(&set, &stay("99.99")), "79.99");
    assert_eq!(range(&set, &stay("100.00")), "80.00");
    assert_eq!(range(&set, &stay("100.02")), "80.00");
    // The first row that fits wins, and one without `visit` caps no visit. A yearly cap plays no part.
    let rows = r#"{ care_class = "inpatient", level = "3", year = "1.00" },
                  { care_class = "inpatient", visit = "80.00" }"#;
    let set = capped(rows);
    let at = |level| BenefitFacts { level: Some(level), ..stay("1000.00") };
    assert_eq!(range(&set, &at(HospitalLevel::ThreeA)), "800.00");
    assert_eq!(range(&set, &at(HospitalLevel::Two)), "80.00");
    assert_eq!(range(&set, &stay("1000.00")), "80.00..800.00");
}

#[test]
fn every_predicate_has_two_sides() {
    type Facts = BenefitFacts<'static>;
    let facts = stay("100.00");
    let level = |level| Facts { level: Some(level), ..facts };
    let person = |person| Facts { person: Some(person), ..facts };
    let age = |age| Facts { age: Some(age), ..facts };
    let stay = |stay| Facts { stay: Some(stay), ..facts };
    let grade = |grade| Facts { grade: Some(grade), ..facts };
    let disease = |code| Facts { disease: Some(code), ..facts };
    let institution = |code| Facts { institution: Some(code), ..facts };
    let networked = |networked| Facts { networked: Some(networked), ..facts };
    let deemed = Facts { classes: &[FilingClass::Deemed], ..facts };
    let sides = [
        (r#"level = "3""#, level(HospitalLevel::ThreeB), level(HospitalLevel::Two)),
        (r#"level = ["community", "1"]"#, level(HospitalLevel::Village), level(HospitalLevel::Two)),
        (r#"person = ["retired"]"#, person(PersonKind::Retired), person(PersonKind::Active)),
        ("age_from = 70", age(70), age(69)),
        ("age_below = 45", age(44), age(45)),
        (r#"grade = "1""#, grade("1"), grade("2")),
        (r#"stay = ["1", "3+"]"#, stay(3), stay(2)),
        (r#"stay = ["2", "4"]"#, stay(4), stay(5)),
        (r#"filing = "long_term""#, facts, deemed),
        (r#"disease = "M03900""#, disease("M03900"), disease("")),
        (r#"institutions = ["H1", "H2"]"#, institution("H2"), institution("H3")),
        ("networked = true", networked(true), networked(false)),
    ];
    for (predicate, fits, does_not) in sides {
        let set = set(&format!(
            "ratio = [ {{ care_class = \"inpatient\", {predicate}, percent = \"90\" }}, \
             {{ care_class = \"inpatient\", percent = \"60\" }} ]"
        ));
        assert_eq!(range(&set, &fits), "90.00", "{predicate}");
        assert_eq!(range(&set, &does_not), "60.00", "{predicate}");
        if !predicate.starts_with("filing") {
            assert_eq!(range(&set, &facts), "60.00..90.00", "{predicate}");
        }
    }
}

#[test]
fn months_of_insurance_are_never_known() {
    let set = set(r#"ratio = [
            { care_class = "inpatient", months_insured_from = 72, percent = "90" },
            { care_class = "inpatient", months_insured_from = 36, percent = "70" },
        ]"#);
    // Below 36 months no row fits, which leaves those cases out.
    assert_eq!(range(&set, &stay("100.00")), "70.00..90.00");
}

#[test]
fn a_coarse_level_takes_the_finer_ones_that_a_row_names() {
    let levels = r#"ratio = [
        { care_class = "inpatient", level = "3A", percent = "60" },
        { care_class = "inpatient", level = "3B", percent = "65" },
        { care_class = "inpatient", level = "village", percent = "90" },
        { care_class = "inpatient", level = "community", percent = "85" },
    ]"#;
    let set = set(levels);
    let at = |level| range(&set, &BenefitFacts { level: Some(level), ..stay("100.00") });
    assert_eq!(at(HospitalLevel::Three), "60.00..65.00");
    assert_eq!(at(HospitalLevel::ThreeB), "65.00");
    assert_eq!(at(HospitalLevel::Community), "85.00..90.00");
    assert_eq!(at(HospitalLevel::Township), "85.00");
    assert_eq!(at(HospitalLevel::Two), "no row for long_term");
    assert_eq!(range(&set, &stay("100.00")), "60.00..90.00");
}

#[test]
fn an_unknown_class_is_judged_only_where_each_of_the_six_is() {
    let rows = |classes: &str| set(&format!("{FLAT}\nremote = [ {classes} ]"));
    let unknown = BenefitFacts { classes: FilingClass::ALL, ..stay("100.00") };
    let all = rows(
        r#"{ filing = ["emergency", "transfer"], points = "-10" }, { filing = ["temporary", "none"], points = "-20" }"#,
    );
    assert_eq!(range(&all, &unknown), "60.00..80.00");
    let some = rows(
        r#"{ filing = ["emergency", "transfer"], points = "-10" }, { filing = "none", points = "-20" }"#,
    );
    assert_eq!(range(&some, &unknown), "no row for temporary");
    let above = &[FilingClass::LongTerm, FilingClass::Deemed, FilingClass::Emergency];
    assert_eq!(range(&some, &BenefitFacts { classes: above, ..unknown }), "70.00..80.00");
    // A row without `filing` is for every class, also for those that are else as at home.
    assert_eq!(range(&rows(r#"{ points = "-30" }"#), &unknown), "50.00");
}

#[test]
fn without_a_deductible_row_only_what_was_paid_is_judged() {
    let set = set(FLAT);
    assert_eq!(range(&set, &stay("100.00")), "80.00");
    let unknown = BenefitFacts { act_pay_dedc: None, ..stay("100.00") };
    assert_eq!(range(&set, &unknown), "no row for long_term");
    assert_eq!(set.expected(&stay("100.00")).expect("judged").deductibles, []);
}

#[test]
fn the_longest_area_in_force_is_taken() {
    let set = |area: &str, fund: &str, from: &str, until: &str| {
        format!(
            "[[set]]\narea = {area}\nfund_class = \"{fund}\"\nfrom = \"{from}\"\n{until}\nsource = \"s\"\n{FLAT}\n"
        )
    };
    let text = [
        "format = 1\n".to_owned(),
        set(r#""610000""#, "employee", "2023-01-01", ""),
        set(r#"["610100", "610700"]"#, "employee", "2024-01-01", "until = \"2024-12-31\""),
        set(r#""6101""#, "employee", "2025-01-01", ""),
        set(r#""610112""#, "resident", "2023-01-01", ""),
    ]
    .concat();
    let benefits = Benefits::parse(&[("b.toml".to_owned(), text)]).expect("good");
    let of = |division: &str, fund, day: &str| {
        let day: NaiveDate = day.parse().expect("a day");
        let found = benefits.set_of(division, fund, day)?;
        benefits.sets.iter().position(|set| std::ptr::eq(set, found))
    };
    let employee = FundClass::Employee;
    for (division, day, expected) in [
        ("610112", "2022-12-31", None),
        ("610112", "2023-01-01", Some(0)),
        ("610112", "2023-12-31", Some(0)),
        ("610112", "2024-01-01", Some(1)),
        ("610112", "2024-12-31", Some(1)),
        ("610112", "2025-01-01", Some(2)),
        ("610700", "2024-12-31", Some(1)),
        ("610700", "2025-01-01", Some(0)),
        ("620100", "2025-01-01", None),
    ] {
        assert_eq!(of(division, employee, day), expected, "{division} {day}");
    }
    assert_eq!(of("610112", FundClass::Resident, "2025-01-01"), Some(3));
    assert_eq!(of("610113", FundClass::Resident, "2025-01-01"), None);
}

#[test]
fn holes_are_told_down_to_the_person() {
    let set = set(r#"deductible = [
            { care_class = "inpatient", stay = "1", amount = "500.00" },
            { care_class = "outpatient", amount = "0.00" },
        ]
        ratio = [
            { care_class = "inpatient", percent = "80" },
            { care_class = "outpatient", level = "3", person = "retired", percent = "60" },
            { care_class = "outpatient", level = ["community", "1", "2"], percent = "70" },
        ]
        remote = [ { filing = ["emergency", "transfer", "temporary"], points = "-10" } ]"#);
    let told: Vec<String> = set.holes().iter().map(|hole| hole.text().to_string()).collect();
    let outpatient: Vec<&String> =
        told.iter().filter(|hole| hole.starts_with("outpatient")).collect();
    assert_eq!(
        outpatient,
        [
            "outpatient · long_term, deemed, emergency, transfer, temporary · 3 · active: no row of ratio fits, such as for \
             care_class = \"outpatient\", level = \"3\", person = \"active\", filing = \"long_term\"",
            "outpatient · none: no row of remote fits, such as for care_class = \"outpatient\", \
             level = \"community\", person = \"active\", filing = \"none\"",
        ]
    );
    let second = "inpatient: no row of deductible fits, such as for care_class = \"inpatient\", \
                  level = \"community\", person = \"active\", filing = \"long_term\", stay = \"2\"";
    assert!(told.iter().any(|hole| hole == second), "{told:#?}");
}

#[test]
fn the_examples_of_the_pages_come_out() {
    for page in
        [include_str!("../../../docs/benefits.md"), include_str!("../../../docs/benefits.zh-CN.md")]
    {
        let (_, block) = page.split_once("```toml\n").expect("a block");
        let (block, _) = block.split_once("```\n").expect("its end");
        let set = one_set(block);
        let ranges = set.tests.iter().map(|test| (test.lo, test.hi));
        let expected = [("14000.00", "14000.00"), ("16000.00", "16800.00")];
        let expected = expected.map(|(lo, hi)| (fen(lo), fen(hi)));
        assert_eq!(ranges.collect::<Vec<_>>(), expected);
        assert_eq!(set.failed_tests(), []);
    }
}
