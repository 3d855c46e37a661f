//! `synth`: deliveries that depend on their seed alone, and never on what is there already.

use std::{collections::BTreeMap, fs};

use liangqing::model::codes::Month;
use serde_json::Value;

use crate::world::{NULL, Ran, World, program, read_table, tree};

fn synth(world: &World, out: &str, flags: &[&str]) -> Ran {
    let mut command = program();
    command.args(["synth", "--quiet", "--period", "2025-12", "--settlements", "500", "--out"]);
    command.arg(world.path(out)).args(flags).output().expect("started").into()
}

#[test]
fn a_seed_gives_the_same_bytes_whatever_the_threads() {
    let world = World::new();
    let flags = ["--periods", "3", "--format", "json"];
    let report = synth(&world, "one", &[&flags[..], &["--threads", "1"]].concat()).expect(0).stdout;
    let again = synth(&world, "two", &[&flags[..], &["--threads", "3"]].concat()).expect(0).stdout;
    assert_eq!(report, again);
    let report: Value = serde_json::from_str(&report).expect("JSON");
    assert_eq!((&report["status"], &report["settlements"]), (&"made".into(), &1485.into()));
    let made = tree(&world.path("one"));
    for name in ["2026-01/truth.parquet", "2026-02/payments.csv", "opening-quotas.csv"] {
        assert!(made.contains_key(name), "{name}: {:?}", made.keys());
    }
    assert_eq!(made, tree(&world.path("two")));
    synth(&world, "other", &["--periods", "3", "--seed", "2"]).expect(0);
    assert_ne!(made, tree(&world.path("other")));
    synth(&world, "one", &[]).expect(2);
    assert_eq!(made, tree(&world.path("one")));
}

/// Quotas of a book that is there stay as they are, even where its deliveries are gone.
#[test]
fn opening_quotas_are_not_overwritten() {
    let world = World::new();
    synth(&world, "one", &[]).expect(0);
    let quotas = fs::read(world.path("one/opening-quotas.csv")).expect("there");
    fs::remove_dir_all(world.path("one/2025-12")).expect("removed");
    let told = synth(&world, "one", &["--seed", "2"]).expect(2).stderr;
    assert!(told.contains("opening-quotas.csv is there already; nothing is overwritten"), "{told}");
    assert!(!world.path("one/2025-12").exists());
    assert_eq!(fs::read(world.path("one/opening-quotas.csv")).expect("there"), quotas);
}

const FIRST: &str = "2025-09";
const PERIODS: u8 = 14;

/// A book over a year end and the money in it: what the generator foresaw is what the engine does.
#[test]
fn a_synthetic_year_pays_the_notices_of_its_book() {
    let world = World::new();
    let made = program()
        .args(["synth", "--quiet", "--format", "json", "--period", FIRST, "--settlements", "2000"])
        .args(["--periods", &PERIODS.to_string(), "--out"])
        .arg(world.path("in"))
        .output()
        .expect("started");
    let report: Value = serde_json::from_str(&Ran::from(made).expect(0).stdout).expect("JSON");
    let first = Month::from_text(FIRST).expect("a month");
    let periods: Vec<String> = (0..PERIODS).map(|n| first.plus(n.into()).to_string()).collect();
    let mut payments: BTreeMap<String, u64> = BTreeMap::new();
    let mut notices: BTreeMap<String, u64> = BTreeMap::new();
    for period in &periods {
        let mut command = world.asking_command(period);
        if period == FIRST {
            command.arg("--opening-quotas").arg(world.path("in/opening-quotas.csv"));
        }
        Ran::from(command.output().expect("started")).expect(0);
        let mut planted =
            read_table(&world.input(period).join("truth.parquet"), &["setl_id", "class"]);
        planted.sort();
        let mut found = world.table(period, "breaks", &["setl_id", "class"]);
        found.sort();
        assert_eq!(found, planted, "{period}");
        for code in world.table(period, "payments", &["code"]).concat() {
            *payments.entry(code).or_default() += 1;
        }
        for kind in world.table(period, "notices", &["kind"]).concat() {
            *notices.entry(kind).or_default() += 1;
        }
        let levels = levels(&world, period);
        for level in ["green", "yellow", "red"] {
            assert!(levels.get(level).is_some_and(|pairs| *pairs > 3), "{period} {levels:?}");
        }
    }
    let accepted = payments.remove(NULL).expect("accepted payments");
    assert_eq!(json(&report["payments_refused"]), payments);
    assert_eq!(report["payments"], accepted + payments.values().sum::<u64>());
    assert_eq!(payments.len(), 4, "{payments:?}");
    assert_eq!(json(&report["notices"]), notices);
    assert_eq!(notices.len(), 5, "{notices:?}");
    let last = periods.last().expect("a period");
    let mut foreseen = json(&report["levels"]);
    foreseen.remove("none");
    let mut found = levels(&world, last);
    found.remove("none");
    assert_eq!(foreseen, found);
    nothing_old_is_open(&world, last);
    world.verify(&[]).expect(0);
}

fn json(counts: &Value) -> BTreeMap<String, u64> {
    serde_json::from_value(counts.clone()).expect("counts")
}

fn levels(world: &World, period: &str) -> BTreeMap<String, u64> {
    let mut levels = BTreeMap::new();
    for level in world.table(period, "pairs", &["reserve_level"]).concat() {
        *levels.entry(level).or_default() += 1;
    }
    levels
}

/// Every notice is paid within three periods, to the fen; only top-ups that nobody approved stay.
fn nothing_old_is_open(world: &World, last: &str) {
    let oldest = Month::from_text(last).expect("a month").plus(-3).to_string();
    let statuses = world.table(last, "notice_status", &["notice_id", "status"]);
    let old = statuses.iter().filter(|row| row[0][3..10] < *oldest && row[1] != "proposed");
    assert_eq!(old.collect::<Vec<_>>(), Vec::<&Vec<String>>::new());
    for status in ["unpaid", "partial", "paid", "proposed"] {
        assert!(statuses.iter().any(|row| row[1] == status), "{status}");
    }
}
