//! Slips of a month end that are meant: `--accept`, the pipeline, the report, the manifest and who reads it.

use std::fs;

use liangqing::{
    book::manifest::{Manifest, seal},
    place::period::{MANIFEST, SEAL},
};

use crate::world::{Ran, Row, World, program};

const PERIOD: &str = "2025-10";

/// A first period without opening quotas, and a name that is not read.
fn world() -> World {
    let world = World::new();
    world.deliver_both(PERIOD, &[Row::new("A")]);
    world.small_file(PERIOD, "treating/31.PARQUET", "PAR1");
    world
}

fn asked(world: &World, flags: &[&str]) -> Ran {
    world.asking_command(PERIOD).args(flags).output().expect("started").into()
}

/// Works the period out again.
fn rerun(world: &World, flags: &[&str]) -> Ran {
    let pipeline = crate::world::root().join("pipelines/audit-rerun.toml");
    let mut command = program();
    command.arg("run").arg(pipeline).args(["--quiet", "--period", PERIOD, "--input"]);
    command.arg(world.input(PERIOD)).arg("--book").arg(world.book()).args(flags);
    command.output().expect("started").into()
}

/// Changes the manifest of the period, and seals it again.
fn forge(world: &World, change: impl Fn(&mut Manifest)) {
    let folder = world.book().join(PERIOD);
    let (mut manifest, _) = Manifest::read(&folder).expect("a manifest");
    change(&mut manifest);
    let bytes = manifest.to_bytes().expect("written");
    fs::write(folder.join(SEAL), seal(&bytes, None)).expect("written");
    fs::write(folder.join(MANIFEST), bytes).expect("written");
}

#[test]
fn what_is_not_meant_refuses_a_dry_run_too_and_all_is_told_at_once() {
    let world = world();
    for flags in [&["--dry-run"][..], &[], &["--accept", "G02", "--accept", "G07"]] {
        let ran = asked(&world, flags).expect(3);
        let codes = ["  G04 opening-quotas.csv: ", "  G01 treating/31.PARQUET: "];
        assert!(codes.iter().all(|code| ran.stderr.contains(code)), "{}", ran.stderr);
        assert!(ran.stderr.contains("`--accept G01` if it is meant"), "{}", ran.stderr);
        assert!(!world.book().exists(), "a book was made");
    }
    let one = asked(&world, &["--accept", "G01"]).expect(3).stderr;
    assert!(one.contains("G04 ") && one.contains("1 finding in all"), "{one}");
}

#[test]
fn what_is_meant_is_told_and_listed() {
    let world = world();
    let flags = ["--accept", "G04", "--accept", "G01", "--dry-run"];
    let said = asked(&world, &flags).expect(0).stdout;
    let lines: Vec<&str> = said.lines().filter(|line| line.starts_with("accepted")).collect();
    assert_eq!(
        lines,
        [
            "accepted  G01 at treating/31.PARQUET: a name that is not read, in place of treating/31.parquet",
            "accepted  G04 at opening-quotas.csv: a first period without them",
        ]
    );
    let chinese = asked(&world, &[&flags[..], &["--lang", "zh"]].concat()).expect(0).stdout;
    assert!(chinese.contains("已认可    G04 opening-quotas.csv：首期未给出\n"), "{chinese}");
    assert!(chinese.contains("：未被读取的名称，应为 treating/31.parquet\n"), "{chinese}");
    let report = asked(&world, &[&flags[..4], &["--format", "json"]].concat()).expect(0).stdout;
    let report: serde_json::Value = serde_json::from_str(&report).expect("JSON");
    let codes = report["accepted"].as_array().expect("a list").iter();
    let codes: Vec<&str> = codes.filter_map(|finding| finding["code"].as_str()).collect();
    assert_eq!(codes, ["G01", "G04"]);
    world.verify(&[]).expect(0);
}

#[test]
fn a_pipeline_accepts_and_flags_add_to_it() {
    let world = world();
    let pipeline = world.path("month.toml");
    let accept = |list: &str| {
        let text = format!("pipeline = \"month-end\"\naccept = {list}\n");
        fs::write(&pipeline, text).expect("written");
        pipeline.to_str().expect("UTF-8").to_owned()
    };
    let check = |pipeline: &str| -> Ran {
        program().args(["check", pipeline]).output().expect("started").into()
    };
    let good = accept("[\"G04\"]");
    check(&good).expect(0);
    asked(&world, &[&good]).expect(3);
    asked(&world, &[&good, "--accept", "G01"]).expect(0);
    for bad in ["[\"G08\"]", "\"G04\"", "[\"g04\"]", "[\"C01\"]"] {
        let refused = check(&accept(bad)).expect(2).stderr;
        assert!(refused.contains("line 2, accept: "), "{refused}");
    }
    for bad in ["G08", "g04", "F02", ""] {
        asked(&world, &["--accept", bad]).expect(2);
    }
}

#[test]
fn a_rerun_accepts_what_the_manifest_lists() {
    let world = world();
    asked(&world, &["--accept", "G01", "--accept", "G04"]).expect(0);
    rerun(&world, &[]).expect(0);
    // What was not asked about in its time is accepted by hand.
    forge(&world, |manifest| manifest.accepted.clear());
    let refused = rerun(&world, &[]).expect(5).stderr;
    assert!(refused.contains("A03 ") && refused.contains("G04 "), "{refused}");
    rerun(&world, &["--accept", "G01", "--accept", "G04"]).expect(0);
    // What is not met again was never met.
    forge(&world, |manifest| manifest.accepted = ["G01", "G04", "G05"].map(str::to_owned).into());
    let differs = rerun(&world, &[]).expect(5).stderr;
    assert!(differs.contains("A04 2025-10/manifest.json, accepted: "), "{differs}");
}

#[test]
fn a_manifest_lists_known_codes_in_order_and_diff_tells_them() {
    let world = world();
    asked(&world, &["--accept", "G01", "--accept", "G04"]).expect(0);
    let other = World::new();
    other.deliver_both(PERIOD, &[Row::new("A")]);
    other.run(PERIOD).expect(0);
    let books = [&world, &other].map(|world| world.book().display().to_string());
    let differs: Ran =
        program().args(["diff", &books[0], &books[1]]).output().expect("started").into();
    assert!(differs.stdout.contains("accepted: G01 G04 to G04"), "{}", differs.stdout);
    for codes in [&["G08"][..], &["G04", "G01"], &["G04", "G04"], &["F02"]] {
        forge(&world, |manifest| {
            manifest.accepted = codes.iter().map(|code| (*code).to_owned()).collect();
        });
        let found = world.verify(&[]).expect(5).stderr;
        assert!(found.contains("B01 2025-10/manifest.json, accepted: "), "{found}");
    }
}
