//! `stress`: what-if scenarios on the newest period of a book.

use crate::{
    status::{closed_book, json, look},
    world::tree,
};

#[test]
fn stress_plays_scenarios_and_writes_nothing() {
    let world = closed_book();
    let before = tree(&world.book());
    let scenarios = ["stress", "--scenario", "volume=20", "--scenario", "late=34:31"];
    let stressed = json(&look(&world, &[&scenarios[..], &["--format", "json"]].concat()).expect(0));
    let [more, late] = [&stressed["scenarios"][0], &stressed["scenarios"][1]];
    // 960.00 of 1000.00; the reserve of 200.00 is refilled by 800.00 before 960.00 are drawn.
    assert_eq!(more["turn_red"], serde_json::json!(["34-31"]));
    assert_eq!(more["suggested"], "920.00");
    assert_eq!(more["run_dry"], serde_json::json!({}));
    // 200.00, drawn once and two begun months more, without the 800.00.
    assert_eq!(late["run_dry"], serde_json::json!({ "31": "-2200.00" }));
    assert!(look(&world, &scenarios).expect(0).stdout.contains("run dry      31 (-2200.00)"));
    let other = [&scenarios[..], &["--format", "json", "--province", "11"]].concat();
    let other = json(&look(&world, &other).expect(0));
    assert_eq!(other["scenarios"][0]["turn_red"], serde_json::json!([]));
    assert_eq!(other["scenarios"][0]["suggested"], "0.00");
    assert_eq!(other["scenarios"][1]["run_dry"], serde_json::json!({}));
    assert_eq!(tree(&world.book()), before);
}
