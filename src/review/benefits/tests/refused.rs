//! What is wrong with benefit files: every error of all files, by line, and once.

use super::{EXAMPLE, FLAT, HEAD};
use crate::review::benefits::Benefits;

fn refused(text: &str) -> Vec<String> {
    let files = [("b.toml".to_owned(), text.to_owned())];
    let error = Benefits::parse(&files).expect_err(text);
    error.0.iter().map(ToString::to_string).collect()
}

/// The errors of tables of a set, which begin on line 7.
fn of_tables(tables: &str) -> Vec<String> {
    refused(&format!("{HEAD}{tables}"))
}

#[test]
fn the_key_that_was_meant_is_named_with_its_line() {
    let wrong = EXAMPLE
        .replace("from = \"2023", "form = \"2023")
        .replacen("stay = \"1\", amount", "stays = \"1\", amount", 1)
        .replacen("or_less = true", "percent = \"3\"", 1)
        .replace("year = \"2000.00\"", "yeer = \"2000.00\"");
    assert_eq!(
        refused(&wrong),
        [
            "b.toml line 2, from: it is missing",
            "b.toml line 5, form: no such key; is it from?",
            "b.toml line 9, stays: no such key; is it stay?",
            "b.toml line 15, percent: no such key in deductible; it is a key of ratio, layer",
            "b.toml line 24, cap: one of year, wage_times and visit is missing",
            "b.toml line 24, yeer: no such key; is it year?",
        ]
    );
    let high = "format = 1\ndeductible = []\n[[set]]\ncare_class = \"inpatient\"\n";
    let told = refused(high);
    assert!(
        told.contains(
            &"b.toml line 2, deductible: no such key in the file; it is a key of set".to_owned()
        ),
        "{told:?}"
    );
    assert!(
        told.contains(&"b.toml line 4, care_class: no such key in set; it is a key of deductible, ratio, remote, cap, layer".to_owned()),
        "{told:?}"
    );
}

#[test]
fn every_value_has_its_form() {
    for (row, said) in [
        ("amount = 1200", "amount: invalid type: integer `1200`, expected a text in quotes"),
        (r#"amount = "1200.001""#, "\"1200.001\" is not an amount"),
        (r#"amount = "-1""#, "\"-1\" is below 0"),
        (r#"amount = ["1"]"#, "one text is expected, not a list"),
        (r#"amount = "1", level = "4""#, "\"4\" is none of village, township, community, 1, 2, 3"),
        (r#"amount = "1", level = []"#, "the list is empty; leave the key out to fit all"),
        (r#"amount = "1", stay = "0""#, "\"0\" is not a stay such as 2 or 3+"),
        (r#"amount = "1", stay = "+""#, "\"+\" is not a stay such as 2 or 3+"),
        (r#"amount = "1", grade = " ""#, "a text is expected, on one line"),
        (r#"amount = "1", age_from = -1"#, "age_from: invalid value"),
        (r#"amount = "1", age_from = 45, age_below = 45"#, "the row fits nobody"),
        (r#"amount = "1", or_less = true, again_days = 90"#, "does not go together with or_less"),
        ("or_less = true", "amount: it is missing"),
    ] {
        let tables = format!("{FLAT}\ndeductible = [\n{{ care_class = \"inpatient\", {row} }} ]");
        let told = of_tables(&tables);
        assert!(
            told.iter().any(|told| told.starts_with("b.toml line 9, ") && told.contains(said)),
            "{row}: {told:?}"
        );
    }
    let told = of_tables(&format!(
        "{FLAT}\ndeductible = [ {{ care_class = [\"inpatient\", \"chronic\"], stay = \"2\", amount = \"1\" }} ]"
    ));
    assert_eq!(told, ["b.toml line 8, stay: it goes with care_class = \"inpatient\" alone"]);
}

#[test]
fn a_remote_row_has_points_or_a_factor() {
    for (row, said) in [
        (r#"points = "-10", factor = "0.9""#, "factor: it never goes together with points"),
        (r#"factor = "80""#, "factor: \"80\" is not between 0 and 1"),
        (r#"points = "-100.0001""#, "points: \"-100.0001\" is not between -100 and 100"),
        (r#"points = "10.00001""#, "points: \"10.00001\" is not a number with at most four"),
        (r#"first_share = "101""#, "first_share: \"101\" is not between 0 and 100"),
    ] {
        let told = of_tables(&format!("{FLAT}\nremote = [ {{ {row} }} ]"));
        assert!(told.len() == 1 && told[0].contains(said), "{row}: {told:?}");
    }
}

#[test]
fn bands_leave_no_gap_and_do_not_overlap() {
    let bands = |bands: &[&str]| {
        let rows = bands
            .iter()
            .map(|band| format!("{{ care_class = \"inpatient\", percent = \"80\"{band} }},\n"));
        format!("ratio = [\n{}]", rows.collect::<String>())
    };
    let first = ", upto = \"100.00\"";
    for (rows, said) in [
        (vec![first], "line 8, ratio: bands end with 100.00: what is above has no ratio"),
        (vec![", above = \"1.00\""], "line 8, ratio: bands leave a gap from 0.00 to 1.00"),
        (
            vec![first, ", above = \"100.01\""],
            "line 9, ratio: bands leave a gap from 100.00 to 100.01",
        ),
        (vec![first, ", above = \"99.99\""], "line 9, ratio: bands overlap: lines 8, 9"),
        (vec!["", ""], "line 9, ratio: bands overlap: lines 8, 9"),
        (
            vec![first, ", above = \"100.00\", upto = \"100.00\"", ", above = \"100.00\""],
            "line 9, ratio: the band ends before it begins",
        ),
    ] {
        let told = of_tables(&bands(&rows));
        assert!(told.iter().any(|told| told.contains(said)), "{rows:?}: {told:?}");
    }
    let good = format!("{HEAD}{}", bands(&[", above = \"100.00\"", first]));
    assert!(Benefits::parse(&[("b.toml".to_owned(), good)]).is_ok());
}

#[test]
fn a_row_that_never_wins_is_told() {
    let row = "{ care_class = \"inpatient\", level = \"3\", amount = \"1\" }";
    let told = of_tables(&format!("{FLAT}\ndeductible = [ {row},\n{row} ]"));
    assert_eq!(
        told,
        ["b.toml line 9, deductible: the row never wins: the one of line 8 fits the same"]
    );
}

#[test]
fn caps_layers_wages_and_tests_have_their_forms() {
    for (tables, said) in [
        (
            r#"cap = [ { care_class = "inpatient", year = "1", wage_times = "6" } ]"#,
            "never goes together with year",
        ),
        (r#"cap = [ { care_class = "inpatient", wage_times = "6" } ]"#, "the set has no wage"),
        (r#"cap = [ { year = "1" } ]"#, "care_class: it is missing"),
        (
            r#"layer = [ { fund = "psn_no", of = "in_scope", percent = "60" } ]"#,
            "\"psn_no\" is not an amount of the record",
        ),
        (
            r#"layer = [ { fund = "hifmi_pay", of = "scope", percent = "60" } ]"#,
            "none of in_scope, own_paid",
        ),
        (
            r#"layer = [ { fund = "hifmi_pay", of = "own_paid", above = "5", upto = "5", percent = "60" } ]"#,
            "it is not above `above`",
        ),
        (
            r#"wage = [ { from = "2024-01-01", amount = "1" }, { from = "2024-01-01", amount = "2" } ]"#,
            "in the order of `from`",
        ),
        (r#"year_starts = "02-29""#, "\"02-29\" is not a day MM-DD"),
        (r#"until = "2022-12-31""#, "until: it is before `from`"),
        (r#"deemed = ["99"]"#, "\"99\" is not the code of a province"),
        (
            r#"test = [ { settlement = { care_class = "inpatient" }, lo = "2", hi = "1" } ]"#,
            "names hifp_pay, or lo and hi",
        ),
        (
            r#"test = [ { settlement = { care_class = "inpatient" }, lo = "2" } ]"#,
            "names hifp_pay, or lo and hi",
        ),
        (
            r#"test = [ { settlement = { care_class = "inpatient", stay = "3+" }, hifp_pay = "2" } ]"#,
            "a settlement is one stay",
        ),
        (
            r#"test = [ { settlement = { care_class = "inpatient", insutype = "2" }, hifp_pay = "2" } ]"#,
            "insutype: no such key",
        ),
        (
            r#"test = [ { settlement = { level = "3" }, hifp_pay = "2" } ]"#,
            "care_class: it is missing",
        ),
    ] {
        let told = of_tables(&format!("{FLAT}\n{tables}"));
        assert!(told.iter().any(|told| told.contains(said)), "{tables}: {told:?}");
    }
    let good = format!(
        "{HEAD}{FLAT}\nwage = [ {{ from = \"2024-01-01\", amount = \"90000\" }} ]\ncap = [ {{ care_class = \"inpatient\", wage_times = \"6\" }} ]"
    );
    assert!(Benefits::parse(&[("b.toml".to_owned(), good)]).is_ok());
}

#[test]
fn two_sets_of_an_area_share_no_day() {
    let set = |area: &str, from: &str, until: &str| {
        format!(
            "format = 1\n[[set]]\narea = \"{area}\"\nfund_class = \"employee\"\nfrom = \"{from}\"\nuntil = \"{until}\"\nsource = \"s\"\n{FLAT}\n"
        )
    };
    let both = |a: String, b: String| {
        Benefits::parse(&[("a.toml".to_owned(), a), ("b.toml".to_owned(), b)])
            .map_err(|error| error.0.iter().map(ToString::to_string).collect::<Vec<_>>())
    };
    let first = || set("610100", "2023-01-01", "2023-12-31");
    assert!(both(first(), set("6101", "2024-01-01", "2024-12-31")).is_ok());
    assert!(both(first(), set("61", "2023-01-01", "2023-12-31")).is_ok());
    let told = both(first(), set("6101", "2023-12-31", "2024-12-31")).expect_err("both");
    assert_eq!(
        told,
        [
            "b.toml line 2, set: for employee of area 6101 the set of a.toml line 2 is in force on 2023-12-31 too"
        ]
    );
    // Errors of all files come at once.
    let bad = |text: String| text.replace("source = \"s\"", "source = \" \"");
    let told = both(bad(first()), bad(set("6102", "2023-01-01", "2023-12-31"))).expect_err("bad");
    assert_eq!(
        told,
        ["a.toml", "b.toml"]
            .map(|file| format!("{file} line 7, source: a text is expected, on one line"))
    );
}

#[test]
fn a_file_without_its_head_is_refused() {
    assert_eq!(
        refused("set = 1\n"),
        [
            "b.toml line 1, format: it is missing; expected is format = 1",
            "b.toml line 1, set: expected is a list of tables",
            "b.toml line 1, set: there is none; each set starts with [[set]]",
        ]
    );
    assert!(refused("format = 2\n[[set]]\n")[0].contains("format 2, this program knows 1"));
    assert!(refused("format = \n")[0].starts_with("b.toml: TOML parse error at line 1"));
    assert_eq!(Benefits::parse(&[]).expect_err("none").0.len(), 1);
    // Rows that tell too much apart would take all the memory.
    let codes = |key: &str| {
        let rows = (0..400).map(|code| {
            format!("{{ care_class = \"chronic\", {key} = \"{code}\", amount = \"1\" }},")
        });
        rows.collect::<String>()
    };
    let many = format!("{FLAT}\ndeductible = [ {}{} ]", codes("disease"), codes("institutions"));
    assert_eq!(
        of_tables(&many),
        ["b.toml line 2, set: its rows tell more than 131072 cases apart"]
    );
}
