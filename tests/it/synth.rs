//! `synth`: deliveries that depend on their seed alone, and never on what is there already.

use crate::world::{Ran, World, program, tree};

fn synth(world: &World, out: &str, flags: &[&str]) -> Ran {
    let mut command = program();
    command.args(["synth", "--quiet", "--period", "2025-12", "--settlements", "500", "--out"]);
    command.arg(world.path(out)).args(flags).output().expect("started").into()
}

#[test]
fn a_seed_gives_the_same_bytes_whatever_the_threads() {
    let world = World::new();
    let flags = ["--periods", "2", "--format", "json"];
    let report = synth(&world, "one", &[&flags[..], &["--threads", "1"]].concat()).expect(0).stdout;
    let again = synth(&world, "two", &[&flags[..], &["--threads", "3"]].concat()).expect(0).stdout;
    assert_eq!(report, again);
    let report: serde_json::Value = serde_json::from_str(&report).expect("JSON");
    assert_eq!((&report["status"], &report["settlements"]), (&"made".into(), &990.into()));
    let made = tree(&world.path("one"));
    assert!(made.contains_key("2026-01/truth.parquet"), "{:?}", made.keys());
    assert_eq!(made, tree(&world.path("two")));
    synth(&world, "other", &["--periods", "2", "--seed", "2"]).expect(0);
    assert_ne!(made, tree(&world.path("other")));
    synth(&world, "one", &[]).expect(2);
    assert_eq!(made, tree(&world.path("one")));
}
