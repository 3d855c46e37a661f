//! `run`: its report, and a run that publishes nothing.

use liangqing::model::fields::Field;

use crate::{
    status::json,
    world::{Row, World, names_in, tree},
};

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

#[test]
fn a_dry_run_says_the_same_and_publishes_nothing() {
    let world = World::new();
    world.deliver_both("2025-10", &[Row::new("A"), Row::new("B").with(Field::insutype, "9")]);
    let report = |flags: &[&str]| -> serde_json::Value {
        let ran = world.run_with("2025-10", &[&["--format", "json"], flags].concat()).expect(0);
        serde_json::from_str(&ran.stdout).expect("JSON")
    };
    let mut dry = report(&["--dry-run"]);
    assert_eq!(names_in(&world.path("")), ["in"], "leftovers");
    let mut real = report(&[]);
    assert_eq!(dry["status"].take(), "dry run");
    assert_eq!(real["status"].take(), "closed");
    assert!(dry["published"].take().is_null());
    assert!(dry["check"].take().is_object());
    assert!(real["published"].take().as_str().is_some_and(|path| path.ends_with("book/2025-10")));
    assert_eq!(dry, real);
    let before = tree(&world.book());
    world.deliver_both("2025-11", &[Row::new("C").in_month("2025-11")]);
    world.run_with("2025-11", &["--dry-run"]).expect(0);
    assert_eq!(tree(&world.book()), before);
}
