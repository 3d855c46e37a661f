use super::{values::EmergencyField, *};
use crate::{
    model::{codes::CareClass, money::Fen},
    review::{
        benefits::words::{HospitalLevel, PersonKind},
        filing::FilingKind,
        rules_file::values::Worded,
        thresholds::{NearLimitLimits, SplitLimits},
    },
};

/// The file of the contract: docs/review.md, section 4.1.
fn of_the_contract() -> &'static str {
    shown_on(include_str!("../../../docs/review.md"))
}

/// The rules file that a page of the review shows.
fn shown_on(page: &str) -> &str {
    let start = page.find("format = 1\noff").expect("it is there");
    let text = &page[start..];
    &text[..text.find("```").expect("it ends")]
}

fn errors(text: &str) -> Vec<String> {
    let error = ReviewRules::parse(text).expect_err("refused");
    error.0.iter().map(ToString::to_string).collect()
}

#[test]
fn the_built_in_rules_have_every_entry_from_the_first_day() {
    let rules = ReviewRules::built_in();
    let first = NaiveDate::from_ymd_opt(2000, 1, 1).expect("a day");
    let entries: Vec<(&str, NaiveDate)> =
        rules.entries().iter().map(|entry| (entry.rule, entry.from)).collect();
    let mut expected: Vec<(&str, NaiveDate)> = ENTRIES.iter().map(|rule| (*rule, first)).collect();
    expected.sort_unstable();
    assert_eq!(entries, expected);
    let thresholds = rules.thresholds(None);
    assert!(ENTRIES.iter().all(|rule| thresholds.has(rule)));
    assert!(ReviewRule::ALL.iter().all(|rule| !rules.is_off(*rule)));
    assert_eq!(thresholds.fil.expect("FIL").care_class, [CareClass::Inpatient, CareClass::Chronic]);
    assert_eq!(thresholds.ben.expect("BEN").tolerance, Fen::new(100));
    assert_eq!(thresholds.beh13.map(|limits| (limits.count, limits.times)), Some((20, 5)));
    assert_eq!(rules, ReviewRules::parse("format = 1").expect("an empty file changes nothing"));
    assert_eq!(rules, ReviewRules::parse(REVIEW_RULES).expect("a copy changes nothing"));
}

#[test]
fn the_page_has_the_same_file_in_both_languages() {
    let chinese = shown_on(include_str!("../../../docs/review.zh-CN.md"));
    let [english, chinese] =
        [of_the_contract(), chinese].map(|text| ReviewRules::parse(text).expect("good"));
    assert_eq!(english, chinese);
}

#[test]
fn a_file_takes_the_place_of_what_it_names() {
    let rules = ReviewRules::parse(of_the_contract()).expect("good");
    assert!(rules.is_off(ReviewRule::Beh20));
    // BEH-02 and 15 begin in 2023 now: nothing built in is left of them.
    let early = rules.thresholds(Some(Month::new(2022, 12)));
    assert_eq!((early.beh02, early.beh15, early.beh20), (None, None, None));
    assert_eq!(early.beh01, ReviewRules::built_in().thresholds(None).beh01);
    let limits = |limit, times| {
        let (limit, width) = (Fen::new(limit), Fen::new(100_000));
        Some(NearLimitLimits { limit, width, count: 5, times })
    };
    let at = |year, month| rules.thresholds(Some(Month::new(year, month)));
    assert_eq!(at(2023, 1).beh02, Some(SplitLimits { days: 7 }));
    assert_eq!(at(2026, 12).beh15, limits(3_000_000, 3));
    assert_eq!(at(2027, 1).beh15, limits(5_000_000, 3));
    assert_eq!(rules.values.filing_kind("2"), Worded::Known(FilingKind::Transfer));
    assert_eq!(rules.values.level("01"), Worded::Known(HospitalLevel::Three));
    let flag = EmergencyField::OtpErReflFlag;
    assert_eq!(rules.values.emergency(flag, "1"), Worded::Known(()));
    // The file names the field, so the built-in line of "0" is gone; of the other field it is not.
    assert_eq!(rules.values.emergency(flag, "0"), Worded::Unknown);
    assert_eq!(rules.values.emergency(EmergencyField::IptType, "0"), Worded::Silent);
}

#[test]
fn an_entry_begins_within_a_month_for_the_next_one() {
    let text = "format = 1\n[[threshold]]\nrule = \"BEH-02\"\nfrom = \"2025-10-02\"\nsource = \"ours\"\ndays = 3";
    let rules = ReviewRules::parse(text).expect("good");
    assert_eq!(rules.thresholds(Some(Month::new(2025, 10))).beh02, None);
    assert_eq!(rules.thresholds(Some(Month::new(2025, 11))).beh02, Some(SplitLimits { days: 3 }));
    assert_eq!(rules.thresholds(None).beh02, None);
}

#[test]
fn a_value_is_looked_up_and_else_may_be_the_word() {
    let text = "format = 1\n[values]\nhosp_lv = { \"3\" = \"2\", \"9\" = \"\" }\npsn_type = {}";
    let values = ReviewRules::parse(text).expect("good").values;
    assert_eq!(values.level("3"), Worded::Known(HospitalLevel::Two));
    assert_eq!(values.level("2"), Worded::Known(HospitalLevel::Two));
    assert_eq!(values.level("9"), Worded::Silent);
    assert_eq!(values.level("03"), Worded::Unknown);
    assert_eq!(values.person("11"), Worded::Unknown);
    assert_eq!(values.person("student"), Worded::Known(PersonKind::Student));
    let built_in = ReviewRules::built_in().values;
    assert_eq!(built_in.person("14"), Worded::Known(PersonKind::Minor));
    assert_eq!(built_in.level("3A"), Worded::Known(HospitalLevel::ThreeA));
    assert_eq!(built_in.filing_kind("1"), Worded::Unknown);
    for field in [EmergencyField::OtpErReflFlag, EmergencyField::IptType] {
        assert_eq!(built_in.emergency(field, "0"), Worded::Silent);
        assert_eq!(built_in.emergency(field, "1"), Worded::Unknown);
        assert_eq!(built_in.emergency(field, "emergency"), Worded::Known(()));
    }
}

/// A file with every kind of error.
const ALL_WRONG: &str = r#"off = ["BEH-20", "BEH-21", 7, "FIL"]
days = 7
treshold = 1
[[threshold]]
rule = "BEH-02"
from = "2023-13-01"
source = ""
minutes = 7
[[threshold]]
rule = "BEH-15"
from = "2023-01-01"
source = "ours"
limit = 30000
width = "1000.001"
count = -1
times = "3"
[[threshold]]
rule = "BEH-15"
from = "2023-01-01"
source = "ours"
limit = "1"
width = "-1"
count = 1000000001
times = 1.5
cuont = 1
[[threshold]]
from = "2023-01-01"
[[threshold]]
rule = "beh3"
[[threshold]]
rule = 3
[[threshold]]
rule = "FIL"
from = "2023-01-01"
source = "ours"
care_class = ["inpatient", "dental"]
[values]
off = []
hosp_level = {}
ipt_type = 1
rloc_rea = { "1" = "long", "2" = 2 }
psn_type = { "1" = "aktive" }
"#;

#[test]
fn every_error_is_told_by_line_at_once() {
    let rules = ReviewRule::ALL.iter().map(|rule| rule.id()).collect::<Vec<_>>().join(", ");
    let expected = [
        "line 1, format: it is missing; expected is format = 1".to_owned(),
        format!("line 1, off: \"BEH-21\" is no rule; there are {rules}"),
        "line 1, off: a text in quotes is expected".to_owned(),
        format!("line 1, off: \"FIL\" is no rule; there are {rules}"),
        "line 2, days: no such key in the file; it is a key of BEH-01, BEH-02, BEH-11".to_owned(),
        "line 3, treshold: no such key; is it threshold?".to_owned(),
        "line 4, days: it is missing".to_owned(),
        "line 6, from: \"2023-13-01\" is not a day YYYY-MM-DD".to_owned(),
        "line 7, source: a text is expected, on one line".to_owned(),
        "line 8, minutes: no such key in BEH-02; it is a key of BEH-06".to_owned(),
        "line 13, limit: invalid type: integer `30000`, expected a text in quotes".to_owned(),
        "line 14, width: \"1000.001\" is not an amount: not digits with at most two decimals"
            .to_owned(),
        "line 15, count: -1 is not between 0 and 1000000000".to_owned(),
        "line 16, times: a whole number without quotes is expected, not \"3\"".to_owned(),
        "line 19, from: an entry of BEH-15 from 2023-01-01 stands in line 9 already".to_owned(),
        "line 22, width: \"-1\" is below 0".to_owned(),
        "line 23, count: 1000000001 is not between 0 and 1000000000".to_owned(),
        "line 24, times: invalid type: floating point `1.5`, expected a whole number".to_owned(),
        "line 25, cuont: no such key; is it count?".to_owned(),
        "line 26, rule: it is missing".to_owned(),
        "line 29, rule: \"beh3\" is no rule; is it BEH-03?".to_owned(),
        "line 31, rule: a text in quotes is expected".to_owned(),
        "line 36, care_class: \"dental\" is none of chronic, inpatient, outpatient, pharmacy"
            .to_owned(),
        "line 38, off: no such key in values; it is a key of the file".to_owned(),
        "line 39, hosp_level: no such key; there are rloc_rea, hosp_lv, psn_type, otp_er_refl_flag, ipt_type".to_owned(),
        "line 40, ipt_type: expected is a table of values and their words".to_owned(),
        "line 41, rloc_rea 1: \"long\" is none of long_term, transfer, temporary".to_owned(),
        "line 41, rloc_rea 2: a text in quotes is expected".to_owned(),
        "line 42, psn_type 1: \"aktive\" is none of active, retired, minor, student, adult"
            .to_owned(),
    ];
    assert_eq!(errors(ALL_WRONG), expected);
}

#[test]
fn a_file_of_another_form_is_told_so() {
    assert_eq!(errors("format = 2").len(), 1);
    assert_eq!(
        errors("format = 1\noff = \"BEH-01\""),
        ["line 2, off: expected is a list of rules"]
    );
    assert_eq!(
        errors("format = 1\nthreshold = 1"),
        ["line 2, threshold: expected is a list of tables"]
    );
    assert_eq!(errors("format = 1\nvalues = 1").len(), 1);
    assert_eq!(errors("format = ").len(), 1);
    let missing = ["count", "from", "limit", "source", "times", "width"];
    let missing = missing.map(|key| format!("line 2, {key}: it is missing"));
    assert_eq!(errors("format = 1\n[[threshold]]\nrule = \"BEH-15\""), missing);
}

#[test]
fn rules_files_of_the_review_are_told_from_others() {
    assert!(ReviewRules::are_in(REVIEW_RULES));
    assert!(ReviewRules::are_in(of_the_contract()));
    assert!(ReviewRules::are_in("off = []"));
    assert!(ReviewRules::are_in("[[treshold]]\nrule = \"BEH-01\"\n"));
    assert!(ReviewRules::are_in("[[threshold]]\nrule = = \"BEH-01\"\n"));
    let rules = include_str!("../../../pipelines/rules.toml");
    let forms = include_str!("../../../pipelines/forms.toml");
    let xian = include_str!("../../../pipelines/benefits/xian.toml");
    let month_end = include_str!("../../../pipelines/month-end.toml");
    for other in [rules, forms, xian, month_end, "", "rules = \"rules.toml\""] {
        assert!(!ReviewRules::are_in(other), "{other:.60}");
    }
}
