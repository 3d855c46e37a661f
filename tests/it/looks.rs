//! Looking at a book without closing anything: `status` and `stress`.

use liangqing::model::fields::Field;

use crate::world::{Ran, Row, World, program, tree};

/// A first period: quota 1000.00, payable 800.00, one settlement missing on the insured side.
fn closed_book() -> World {
    let world = World::new();
    let quotas = "insured_province,treating_province,quota\n34,31,1000\n";
    world.small_file("2025-10", "opening-quotas.csv", quotas);
    let rows = [Row::new("A"), Row::new("B")];
    world.deliver("2025-10", "treating/a.parquet", &rows);
    world.deliver("2025-10", "insured/a.parquet", &rows[..1]);
    world.run("2025-10").expect(0);
    world
}

fn look(world: &World, arguments: &[&str]) -> Ran {
    let mut command = program();
    let (name, rest) = arguments.split_first().expect("a command");
    command.arg(name).arg("--book").arg(world.book()).args(rest);
    command.output().expect("started").into()
}

fn json(ran: &Ran) -> serde_json::Value {
    serde_json::from_str(&ran.stdout).expect("JSON")
}

#[test]
fn status_says_what_is_due_late_and_open() {
    let world = closed_book();
    let before = tree(&world.book());
    let at = ["status", "--as-of", "2025-12-24", "--format", "json"];
    let status = json(&look(&world, &at).expect(0));
    assert_eq!(status["closed"], "2025-10");
    assert_eq!(status["next"], "2025-11");
    assert_eq!(status["yellow"], serde_json::json!(["34-31"]));
    // Issued on 2025-11-30, filed by 2025-12-05, to be paid by 2025-12-19.
    let notice = &status["unpaid"][0];
    assert_eq!(notice["notice_id"], "QS-2025-10-34-31");
    assert_eq!((&notice["open"], &notice["days_left"]), (&"800.00".into(), &(-5).into()));
    assert_eq!(status["open"][0]["copies"], 1);
    assert_eq!(status["open"][0]["treating_payable"], "800.00");
    let due = |what: &str| {
        let deadlines = status["deadlines"].as_array().expect("a list").iter();
        let found = deadlines.filter(|d| d["what"].as_str().is_some_and(|w| w.contains(what)));
        found.map(|d| d["on"].as_str().expect("a day").to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(due("declared"), ["2025-12-20"]);
    assert_eq!(due("costs of 2025-09 without a permit"), ["2025-12-20"]);
    assert_eq!(due("allocation"), ["2025-12-21"]);
    assert_eq!(due("confirmed"), ["2025-12-25"]);
    assert_eq!(due("notices of"), ["2025-12-31"]);
    assert_eq!(due("costs of 2025 are cleared"), ["2026-03-31"]);
    let people = look(&world, &at[..3]).expect(0).stdout;
    assert!(people.contains("late      1 notice of 1"), "{people}");
    assert_eq!(tree(&world.book()), before);
}

#[test]
fn stress_plays_scenarios_and_writes_nothing() {
    let world = closed_book();
    let before = tree(&world.book());
    let scenarios = ["stress", "--scenario", "volume=20", "--scenario", "late=34:31"];
    let stressed = json(&look(&world, &[&scenarios[..], &["--format", "json"]].concat()).expect(0));
    let [more, late] = [&stressed["scenarios"][0], &stressed["scenarios"][1]];
    // 960.00 of 1000.00; the reserve of 200.00 is refilled by 800.00 before 960.00 are drawn.
    assert_eq!(more["turn_red"], serde_json::json!(["34-31"]));
    assert_eq!(more["top_up"], "920.00");
    assert_eq!(more["run_dry"], serde_json::json!({}));
    // 200.00, drawn once and two begun months more, without the 800.00.
    assert_eq!(late["run_dry"], serde_json::json!({ "31": "-2200.00" }));
    assert!(look(&world, &scenarios).expect(0).stdout.contains("run dry      31 (-2200.00)"));
    assert_eq!(tree(&world.book()), before);
}

#[test]
fn looking_at_nothing_is_a_usage_error() {
    let world = World::new();
    look(&world, &["status", "--as-of", "2025-12-24"]).expect(2);
    look(&world, &["stress", "--scenario", "volume=20"]).expect(2);
    let world = closed_book();
    look(&world, &["status"]).expect(2);
    look(&world, &["stress", "--scenario", "volume=lots"]).expect(2);
}

#[test]
fn a_run_says_how_many_pairs_are_red_and_what_broke() {
    let world = World::new();
    let quotas =
        "insured_province,treating_province,quota\n34,31,888.88\n35,31,888.89\n36,31,1142.85\n";
    world.small_file("2025-10", "opening-quotas.csv", quotas);
    let of = |id, division| Row::new(id).with(Field::insuplc_admdvs, division);
    let rows = [of("A", "340100"), of("B", "350100"), of("C", "360100"), of("D", "340100")];
    world.deliver("2025-10", "treating/a.parquet", &rows);
    world.deliver("2025-10", "insured/a.parquet", &rows[..3]);
    let ran = world.run("2025-10").expect(0);
    for said in ["utilisation: 1 pair red, 2 yellow", "missing_insured"] {
        assert!(ran.stdout.contains(said), "{said} is not in {}", ran.stdout);
    }
    let again = World::new();
    again.small_file("2025-10", "opening-quotas.csv", quotas);
    again.deliver("2025-10", "treating/a.parquet", &rows);
    again.deliver("2025-10", "insured/a.parquet", &rows[..3]);
    let summary = json(&again.run_with("2025-10", &["--format", "json"]).expect(0));
    assert_eq!(summary["breaks"]["missing_insured"], 1, "{summary}");
}
