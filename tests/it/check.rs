//! `check`: a pipeline file and the rules that it names are good, or every error is listed.

use std::fs;

use crate::world::{Ran, World, program};

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
