//! `check`: a pipeline file and the rules that it names are good, or every error is listed. A delivery is looked at
//! before the run: who has sent what, and what would refuse it.

use std::fs;

use liangqing::model::fields::Field;
use serde_json::{Value, json};

use crate::world::{Ran, Row, World, program, tree};

fn check(world: &World, pipeline: &str, flags: &[&str]) -> Ran {
    let path = world.path("month.toml");
    fs::write(&path, pipeline).expect("written");
    program().arg("check").arg(path).args(flags).output().expect("started").into()
}

#[test]
fn a_good_pipeline_is_said_to_be_good() {
    let world = World::new();
    let good = "pipeline = \"month-end\"\nperiod = \"2025-10\"\n";
    assert!(check(&world, good, &[]).expect(0).stdout.contains("month.toml: good\n"));
    let report = check(&world, good, &["--format", "json"]).expect(0).stdout;
    let report: serde_json::Value = serde_json::from_str(&report).expect("JSON");
    assert_eq!(report["status"], "ok");
}

#[test]
fn every_error_of_a_pipeline_is_listed_and_those_of_its_rules_count() {
    let world = World::new();
    let bad = "pipeline = \"month-end\"\nperiod = \"October\"\nbok = \"book\"\n";
    let said = check(&world, bad, &[]).expect(2).stderr;
    assert!(said.contains("line 2, period") && said.contains("line 3, bok"), "{said}");
    let rules = "pipeline = \"month-end\"\nrules = \"rules.toml\"\n";
    let said = check(&world, rules, &[]).expect(2).stderr;
    assert!(said.contains("rules.toml cannot be read"), "{said}");
    fs::write(world.path("rules.toml"), "format = 1\nnonsense = 1\n").expect("written");
    let said = check(&world, rules, &[]).expect(2).stderr;
    assert!(said.contains("nonsense"), "{said}");
}

/// A benefit file with one test, which the fund passes by paying 800.00.
fn benefits(pays: &str) -> String {
    format!(
        r#"format = 1
[[set]]
area = "6101"
fund_class = "employee"
from = "2025-01-01"
source = "a document"
deductible = [ {{ care_class = "inpatient", amount = "200.00" }} ]
ratio = [ {{ care_class = "inpatient", percent = "80" }} ]
test = [
  {{ settlement = {{ care_class = "inpatient", inscp_scp_amt = "1200.00", filing = "deemed" }}, hifp_pay = "{pays}" }},
]
"#
    )
}

#[test]
fn benefits_are_checked_and_their_tests_are_run() {
    let world = World::new();
    let file = world.path("b.toml");
    let run = |path: &std::path::Path, flags: &[&str]| -> Ran {
        program().arg("check").arg(path).args(flags).output().expect("started").into()
    };
    fs::write(&file, benefits("800.00")).expect("written");
    let said = run(&file, &[]).expect(0).stdout;
    assert!(said.contains("b.toml: good\n1 rule set, 1 test passed\nnote      b.toml line 2: chronic: no row of ratio fits, such as for "), "{said}");
    fs::write(&file, benefits("800.01")).expect("written");
    let said = run(&file, &[]).expect(2).stderr;
    assert!(
        said.contains(
            "b.toml line 10, test: the fund pays 800.00 in place of 800.01: 1200.00 in scope, deductible 200.00 \
             (line 7), leaves 1000, 1000 × 80 % (line 8), = 800.00"
        ),
        "{said}"
    );
    let zh = run(&file, &["--lang", "zh"]).expect(2).stderr;
    assert!(zh.contains("统筹基金支付 800.00，自测为 800.01"), "{zh}");
    fs::write(&file, benefits("800.00").replace("amount", "percent")).expect("written");
    let said = run(&file, &[]).expect(2).stderr;
    assert!(
        said.contains("b.toml line 7, percent: no such key in deductible; it is a key of ratio"),
        "{said}"
    );
}

#[test]
fn rules_of_the_review_are_checked_with_every_error_at_once() {
    let world = World::new();
    let file = world.path("review.toml");
    let run = |flags: &[&str]| -> Ran {
        program().arg("check").arg(&file).args(flags).output().expect("started").into()
    };
    let good = "format = 1\noff = [\"BEH-20\"]\n[[threshold]]\nrule = \"BEH-02\"\nfrom = \"2023-01-01\"\n\
                source = \"ours\"\ndays = 7\n";
    fs::write(&file, good).expect("written");
    let said = run(&[]).expect(0).stdout;
    assert!(
        said.ends_with("review.toml: good\n22 entries of thresholds\ndo not run: BEH-20\n"),
        "{said}"
    );
    let report: Value =
        serde_json::from_str(&run(&["--format", "json"]).expect(0).stdout).expect("JSON");
    assert_eq!((&report["entries"], &report["off"]), (&json!(22), &json!(["BEH-20"])));
    fs::write(&file, good.replace("days", "minutes").replace("[\"BEH-20\"]", "[\"BEH20\"]"))
        .expect("written");
    let said = run(&[]).expect(2).stderr;
    let expected = "review.toml: rules of the review refused:\n  line 2, off: \"BEH20\" is no rule; is it BEH-20?\n  \
                    line 3, days: it is missing\n  line 7, minutes: no such key in BEH-02; it is a key of BEH-06\n";
    assert!(said.contains(expected), "{said}");
    let zh = run(&["--lang", "zh"]).expect(2).stderr;
    assert!(zh.contains("第 7 行，minutes：BEH-02 中没有此键；它是 BEH-06 的键"), "{zh}");
}

#[test]
fn a_folder_of_benefits_is_no_delivery() {
    let world = World::new();
    let folder = world.path("own");
    fs::create_dir(&folder).expect("made");
    fs::write(folder.join("a.toml"), benefits("800.00")).expect("written");
    fs::write(folder.join("b.toml"), benefits("800.00")).expect("written");
    let run = |flags: &[&str]| -> Ran {
        program().arg("check").arg(&folder).args(flags).output().expect("started").into()
    };
    let said = run(&[]).expect(2).stderr;
    assert!(said.contains("b.toml line 2, set: for employee of area 6101 the set of a.toml line 2 is in force on 2025-01-01 too"), "{said}");
    fs::write(folder.join("b.toml"), benefits("800.00").replace("6101", "6102")).expect("written");
    let report = run(&["--format", "json"]).expect(0).stdout;
    let report: Value = serde_json::from_str(&report).expect("JSON");
    assert_eq!((&report["sets"], &report["tests"]), (&json!(2), &json!(2)));
    assert_eq!(report["holes"].as_array().map(Vec::len), Some(8));
    // A folder with a side is a delivery, whatever else is in it.
    fs::create_dir(folder.join("treating")).expect("made");
    assert!(run(&["--period", "2025-10"]).expect(3).stdout.contains("F01"));
}

/// What a check says of the delivery of a period, for programs.
fn rehearsed(world: &World, period: &str, status: i32, flags: &[&str]) -> Value {
    let mut command = program();
    command.arg("check").arg(world.input(period)).args(flags);
    let ran = Ran::from(command.args(["--quiet", "--format", "json"]).output().expect("started"));
    serde_json::from_str(&ran.expect(status).stdout).expect("JSON")
}

/// Some values of each entry of a list of a report.
fn cells(report: &Value, list: &str, keys: &[&str]) -> Vec<Vec<Value>> {
    let entries = report["check"][list].as_array().expect("a list").iter();
    entries.map(|entry| keys.iter().map(|key| entry[*key].clone()).collect()).collect()
}

/// A settlement of a person of a province in another one.
fn between(setl_id: &str, insured: &str, treating: &str) -> Row {
    let row = Row::new(setl_id).with(Field::insuplc_admdvs, format!("{insured}0100"));
    row.with(Field::mdtrtarea_admvs, format!("{treating}0100"))
}

fn rows_between(count: u32, insured: &str, treating: &str) -> Vec<Row> {
    (0..count).map(|n| between(&format!("{insured}{treating}{n}"), insured, treating)).collect()
}

#[test]
fn a_delivery_is_told_by_sender_file_and_rule() {
    let world = World::new();
    let mut rows = rows_between(3, "34", "31");
    rows[1] = between("late", "34", "31").in_month("2025-09");
    rows.push(between("bad", "34", "31").with(Field::fixmedins_code, "X"));
    rows.push(between("none", "34", "99").with(Field::fixmedins_code, "X"));
    rows[0] = rows[0].clone().with(Field::setl_time, "2025-10-31 23:59:59");
    world.deliver("2025-10", "treating/31.parquet", &rows);
    world.deliver("2025-10", "insured/34.parquet", &rows[..3]);
    // Times of no allowed year are in no cost month.
    let far = between("far", "41", "31").with(Field::setl_time, "infinity");
    world.deliver("2025-10", "insured/41.parquet", &[far]);
    let totals = "file,rows,medfee_sumamt,fund_pay_sumamt,acct_pay\n\
                  treating/31.parquet,5,5000.00,3500.00,500.00\n\
                  insured/34.parquet,3,3000.00,2100.00,300.00\n\
                  insured/41.parquet,1,1000.00,700.00,100.00\n";
    world.small_file("2025-10", "control-totals.csv", totals);
    let before = tree(&world.path(""));
    let report = rehearsed(&world, "2025-10", 0, &[]);
    assert_eq!(before, tree(&world.path("")), "nothing is written");
    assert_eq!(report["status"], "ok");
    assert_eq!(report["period_assumed"], true);
    assert_eq!(report["check"]["period"], "2025-10");
    let senders = cells(&report, "senders", &["side", "province", "rows", "rejected", "told"]);
    let expected = json!([
        ["treating", "31", 4, 1, null],
        ["treating", null, 1, 1, null],
        ["insured", "34", 3, 0, null],
        ["insured", "41", 1, 1, null],
    ]);
    assert_eq!(json!(senders), expected);
    let months = &report["check"]["senders"][0]["cost_months"];
    assert_eq!(*months, json!({ "2025-09": 1, "2025-10": 3 }));
    assert_eq!(report["check"]["senders"][3]["cost_months"], json!({}));
    let files = cells(&report, "files", &["file", "rows", "acct_pay", "as_declared", "provinces"]);
    let expected = json!([
        ["treating/31.parquet", 5, "500.00", true, ["31"]],
        ["insured/34.parquet", 3, "300.00", true, ["34"]],
        ["insured/41.parquet", 1, "100.00", true, ["41"]],
    ]);
    assert_eq!(json!(files), expected);
    let broken = cells(&report, "broken", &["province", "code", "rows", "file", "row"]);
    let expected = json!([
        ["31", "V11", 1, "treating/31.parquet", 3],
        [null, "V02", 1, "treating/31.parquet", 4],
        [null, "V11", 1, "treating/31.parquet", 4],
        ["41", "V10", 1, "insured/41.parquet", 0],
        ["41", "V17", 1, "insured/41.parquet", 0],
    ]);
    assert_eq!(json!(broken), expected);
    let not_judged = report["not_judged"].as_array().expect("a list");
    assert!(["breaks", "G03", "G04"].iter().all(|code| not_judged.contains(&json!(code))));
}

#[test]
fn the_last_period_says_who_is_missing_and_who_sends_few() {
    let world = World::new();
    for (period, counts) in [("2025-10", [4, 4, 4, 0]), ("2025-11", [0, 1, 9, 1])] {
        let pairs = [("11", "31"), ("12", "32"), ("13", "33"), ("14", "34")];
        let rows: Vec<Row> = pairs
            .iter()
            .zip(counts)
            .flat_map(|((insured, treating), count)| rows_between(count, insured, treating))
            .enumerate()
            .map(|(n, row)| row.with(Field::setl_id, format!("{period}-{n}")).in_month(period))
            .collect();
        world.deliver_both(period, &rows);
    }
    world.run("2025-10").expect(0);
    let book = world.book();
    let book = ["--book", book.to_str().expect("UTF-8")];
    let report = rehearsed(&world, "2025-11", 0, &book);
    assert_eq!(report["check"]["last_period"], "2025-10");
    let told = cells(&report, "senders", &["province", "rows", "last_visits", "percent", "told"]);
    let expected = json!([
        ["31", 0, 4, 0, "missing"],
        ["32", 1, 4, 25, "few"],
        ["33", 9, 4, 225, "many"],
        ["34", 1, 0, null, "new"],
    ]);
    assert_eq!(json!(told[..4]), expected);
    // A pipeline says what is usual; without it only a province that has not sent, or never did, is told.
    let pipeline = world.path("month.toml");
    let told_with = |usual: &str| {
        fs::write(&pipeline, format!("pipeline = \"month-end\"\n{usual}\n")).expect("written");
        let mut run = program();
        run.arg("run").arg(&pipeline).args(book).arg("--input").arg(world.input("2025-11"));
        let ran = Ran::from(run.args(["-q", "--check", "--format", "json"]).output().expect("ran"));
        let report = serde_json::from_str(&ran.expect(0).stdout).expect("JSON");
        let told = cells(&report, "senders", &["told"]).concat();
        told[..4].iter().map(|told| told.as_str().unwrap_or("-").to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(told_with(""), ["missing", "-", "-", "new"]);
    assert_eq!(told_with("usual_percent = [25, 225]"), ["missing", "-", "-", "new"]);
    assert_eq!(told_with("usual_percent = [26, 224]"), ["missing", "few", "many", "new"]);
    // A dry run says the same first.
    let dry = world.run_with("2025-11", &["--dry-run"]).expect(0).stdout;
    assert!(dry.contains("\nmissing   treating: 31 Shanghai\n"), "{dry}");
    let dry = world.run_with("2025-11", &["--dry-run", "--format", "json"]).expect(0).stdout;
    let dry: Value = serde_json::from_str(&dry).expect("JSON");
    assert_eq!(dry["check"], report["check"]);
    let closed = world.run_with("2025-11", &["--format", "json"]).expect(0).stdout;
    let closed: Value = serde_json::from_str(&closed).expect("JSON");
    assert_eq!(closed["check"], Value::Null);
}

#[test]
fn what_would_refuse_a_run_is_found_and_everything_else_said_too() {
    let world = World::new();
    world.deliver_both("2025-10", &[Row::new("S1")]);
    world.small_file("2025-10", "payments.csv", "notice_id\n");
    world.small_file("2025-10", "Decisions.csv", "");
    let book = world.book();
    let book = ["--book", book.to_str().expect("UTF-8")];
    let report = rehearsed(&world, "2025-10", 3, &book);
    assert_eq!(report["status"], "refused");
    let codes = report["findings"].as_array().expect("a list").iter();
    let codes: Vec<&str> = codes.map(|finding| finding["code"].as_str().expect("a code")).collect();
    assert_eq!(codes, ["G01", "G04", "S02"]);
    assert_eq!(cells(&report, "senders", &["rows"]), [[json!(1)], [json!(1)]]);
    let said = program().arg("check").arg(world.input("2025-10")).output().expect("started");
    let said = Ran::from(said).expect(3).stdout;
    assert!(said.contains("not ready a run would be refused by 2 findings\n"), "{said}");
    // What is meant is accepted, and a book that has the period refuses it as a run does.
    fs::remove_file(world.input("2025-10").join("payments.csv")).expect("removed");
    let accept = ["--accept", "G01", "--accept", "G04"];
    let good = rehearsed(&world, "2025-10", 0, &[&book[..], &accept].concat());
    assert_eq!(good["accepted"].as_array().map(Vec::len), Some(2));
    world.run_with("2025-10", &["--accept", "G01"]).expect(0);
    rehearsed(&world, "2025-10", 4, &book);
}

#[test]
fn the_period_is_that_of_most_cost_months_or_is_asked_for() {
    let world = World::new();
    let mut rows = rows_between(4, "34", "31");
    rows[0] = rows[0].clone().in_month("2025-09");
    rows[1] = rows[1].clone().in_month("2025-11");
    world.deliver_both("2025-10", &rows);
    let asked = rehearsed(&world, "2025-10", 2, &[]);
    let error = asked["error"].as_str().expect("a text");
    let months = "2025-09: 1, 2025-10: 2, 2025-11: 1";
    assert!(error.contains(&format!("treating {months}; insured {months}")), "{error}");
    let given = rehearsed(&world, "2025-10", 0, &["--period", "2025-10"]);
    assert_eq!(given["period_assumed"], false);
    // A row after the period breaks V10.
    let broken = cells(&given, "broken", &["side", "code", "rows"]);
    assert_eq!(json!(broken), json!([["treating", "V10", 1], ["insured", "V10", 1]]));
    world.deliver("2025-10", "treating/b.parquet", &[between("more", "34", "31")]);
    world.deliver("2025-10", "insured/b.parquet", &[between("more", "34", "31")]);
    assert_eq!(rehearsed(&world, "2025-10", 0, &[])["check"]["period"], "2025-10");
}

#[test]
fn a_delivery_that_is_not_there_is_no_pipeline() {
    let world = World::new();
    let check = |arguments: &[&str]| -> Ran {
        let folder = world.path("");
        program().arg("check").args(arguments).current_dir(folder).output().expect("ran").into()
    };
    let said = check(&["in/2025-10", "--book", "book"]).expect(2).stderr;
    assert!(said.contains("in/2025-10 is no folder"), "{said}");
    let said = check(&[]).expect(2).stderr;
    assert!(said.contains("--input missing"), "{said}");
}
