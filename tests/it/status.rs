//! `status`: where a book stands on a day.

use crate::world::{Ran, Row, World, program, tree};

/// A first period: quota 1000.00, payable 800.00, one settlement missing on the insured side.
pub(crate) fn closed_book() -> World {
    let world = World::new();
    let quotas = "insured_province,treating_province,quota\n34,31,1000\n";
    world.small_file("2025-10", "opening-quotas.csv", quotas);
    let rows = [Row::new("A"), Row::new("B")];
    world.deliver("2025-10", "treating/a.parquet", &rows);
    world.deliver("2025-10", "insured/a.parquet", &rows[..1]);
    world.run("2025-10").expect(0);
    world
}

pub(crate) fn look(world: &World, arguments: &[&str]) -> Ran {
    let mut command = program();
    let (name, rest) = arguments.split_first().expect("a command");
    command.arg(name).arg("--book").arg(world.book()).args(rest);
    command.output().expect("started").into()
}

pub(crate) fn json(ran: &Ran) -> serde_json::Value {
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
    let deadlines = status["deadlines"].as_array().expect("a list");
    let due: Vec<[&str; 3]> = deadlines
        .iter()
        .map(|due| ["on", "kind", "month"].map(|name| due[name].as_str().expect("a text")))
        .collect();
    let expected = [
        ["2025-12-20", "last_day_without_permit", "2025-09"],
        ["2025-12-20", "declared", "2025-11"],
        ["2025-12-21", "allocated", "2025-11"],
        ["2025-12-25", "confirmed", "2025-11"],
        ["2025-12-31", "notices", "2025-11"],
        ["2026-03-31", "year_cleared", "2026-02"],
    ];
    assert_eq!(due, expected);
    assert_eq!(deadlines[5]["year"], 2025);
    let people = look(&world, &at[..3]).expect(0).stdout;
    assert!(people.contains("last day for costs of 2025-09 without a permit"), "{people}");
    assert!(people.contains("late      1 notice of 1"), "{people}");
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
