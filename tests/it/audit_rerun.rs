//! `run pipelines/audit-rerun.toml`: a closed period comes out of its inputs again, or every difference is told.

use std::{
    fs::{self, File, Permissions},
    os::unix::fs::{PermissionsExt, chown, symlink},
    path::Path,
};

use liangqing::model::fields::Field;

use crate::{
    audited::{book, head, json, text},
    tools::{as_nobody, not_tried},
    world::{Ran, Row, World, copy, names_in, program, tree},
};

const RERUN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../pipelines/audit-rerun.toml");

fn rerun(world: &World, period: &str, input: &Path, flags: &[&str]) -> Ran {
    let mut command = program();
    command.args(["run", RERUN, "--quiet", "--period", period, "--input"]).arg(input);
    command.arg("--book").arg(world.book()).args(flags).output().expect("started").into()
}

#[test]
fn a_closed_period_comes_out_as_it_was_published() {
    let world = book();
    let before = tree(&world.book());
    let quotas = world.input("2025-10").join("opening-quotas.csv");
    let input = world.input("2025-10");
    let ran = rerun(&world, "2025-10", &input, &["--opening-quotas", text(&quotas)]).expect(0);
    assert!(ran.stdout.contains(&head(&world, "2025-10")), "{}", ran.stdout);
    let report =
        json(&rerun(&world, "2025-11", &world.input("2025-11"), &["--format", "json"]).expect(0));
    assert_eq!((&report["files"], &report["inputs"]), (&23.into(), &4.into()));
    assert_eq!(report["cleared"], "1600.00");
    assert_eq!(tree(&world.book()), before);
    assert_eq!(names_in(&world.path("")), ["book", "in"], "leftovers");
    rerun(&world, "2025-10", &input, &[]).expect(2);
    rerun(&world, "2025-12", &world.input("2025-11"), &[]).expect(4);
}

#[test]
fn a_book_of_version_2_is_audited_and_goes_on() {
    let world = World::new();
    let fixture = crate::world::root().join("tests/fixtures/version-2");
    copy(&fixture.join("book"), &world.book());
    world.verify(&[]).expect(0);
    rerun(&world, "2025-11", &fixture.join("2025-11"), &[]).expect(0);
    // It carried 1,850.00 yuan, which are brought forward and returned.
    world.deliver_both("2025-12", &[Row::new("A").in_month("2025-12")]);
    world.run("2025-12").expect(0);
    let pairs = ["insured_province", "treating_province", "brought_forward", "returned"];
    let pairs = world.table("2025-12", "pairs", &pairs);
    assert!(
        pairs.contains(&["41", "32", "-1850.00", "1850.00"].map(str::to_owned).to_vec()),
        "{pairs:?}"
    );
    world.verify(&[]).expect(0);
}

#[test]
fn a_rerun_says_which_input_or_rule_made_the_difference() {
    let world = book();
    let input = world.input("2025-11");
    // Another record: the file, its rows that count, and the rows that come out differently.
    let changed = Row::new("D").in_month("2025-11").with(Field::hifp_pay, "600.00");
    world.deliver("2025-11", "treating/a.parquet", &[changed]);
    let ran = rerun(&world, "2025-11", &input, &[]).expect(5);
    for part in [
        "A01 treating/a.parquet",
        "1 of its rows, 700.00 yuan, are of settlements that come out differently",
        "A04 2025-11/tables/pairs.parquet",
        "gross 1600.00 to 800.00",
        "A04 2025-11/register.parquet: found 1 gone",
        "new: D amount_mismatch both",
    ] {
        assert!(ran.stderr.contains(part), "{part}: {}", ran.stderr);
    }
    world.deliver_both("2025-11", &[Row::new("D").in_month("2025-11")]);
    // A rerun with the rows in the same order gives the same file again.
    rerun(&world, "2025-11", &input, &[]).expect(0);

    // A delivery that is refused now: which file, and why.
    fs::write(input.join("insured/b.parquet"), "no Parquet").expect("written");
    let ran = rerun(&world, "2025-11", &input, &[]).expect(5);
    assert!(ran.stderr.contains("A03 delivery"), "{}", ran.stderr);
    assert!(ran.stderr.contains("F02 insured/b.parquet"), "{}", ran.stderr);
    fs::remove_file(input.join("insured/b.parquet")).expect("removed");

    // Other rules, another day.
    let rules =
        include_str!("../../pipelines/rules.toml").replace("red_percent = 90", "red_percent = 20");
    fs::write(
        world.path("rules.toml"),
        rules.replace("yellow_percent = 70", "yellow_percent = 10"),
    )
    .expect("written");
    let path = world.path("rules.toml");
    let flags = ["--rules", text(&path), "--as-of", "2025-12-30"];
    let ran = rerun(&world, "2025-11", &input, &flags).expect(5);
    for part in
        ["rules: found", "as_of: found 2025-12-30", "reserve_level green to red", "issued_on"]
    {
        assert!(ran.stderr.contains(part), "{part}: {}", ran.stderr);
    }
    assert_eq!(names_in(&world.path("")), ["book", "in", "rules.toml"], "leftovers");
}

#[test]
fn a_rerun_finds_what_was_changed_in_the_book() {
    let world = book();
    let pairs = world.book().join("2025-11/tables/pairs.parquet");
    fs::copy(world.book().join("2025-10/tables/pairs.parquet"), &pairs).expect("copied");
    let ran = rerun(&world, "2025-11", &world.input("2025-11"), &[]).expect(5);
    assert!(ran.stderr.contains("A04 2025-11/tables/pairs.parquet"), "{}", ran.stderr);
    assert!(!ran.stderr.contains("A01"), "{}", ran.stderr);
    // What is before the period has to be in order; what comes after does not matter.
    fs::write(&pairs, "damaged").expect("written");
    let quotas = world.input("2025-10").join("opening-quotas.csv");
    let flags = ["--opening-quotas", text(&quotas)];
    rerun(&world, "2025-10", &world.input("2025-10"), &flags).expect(0);
    fs::write(world.book().join("2025-10/tables/pairs.parquet"), "damaged").expect("written");
    rerun(&world, "2025-11", &world.input("2025-11"), &[]).expect(4);
}

#[test]
fn a_range_of_periods_comes_out_as_one_by_one() {
    let world = book();
    let inputs = world.input("2025-10").parent().expect("a parent").to_owned();
    let quotas = world.input("2025-10").join("opening-quotas.csv");
    let flags = ["--through", "2025-11", "--opening-quotas", text(&quotas)];
    let before = tree(&world.book());
    let ran = rerun(&world, "2025-10", &inputs, &flags).expect(0);
    let one = rerun(&world, "2025-10", &inputs.join("2025-10"), &flags[2..]).expect(0);
    let other = rerun(&world, "2025-11", &inputs.join("2025-11"), &[]).expect(0);
    assert_eq!(ran.stdout, format!("{}\n{}", one.stdout, other.stdout));
    let all = rerun(&world, "2025-10", &inputs, &[&flags[..], &["--format", "json"]].concat());
    assert_eq!(json(&all.expect(0))["periods"].as_array().map(Vec::len), Some(2));

    // Whatever differs in any of them is listed.
    world.small_file(
        "2025-10",
        "deductions.csv",
        "ddct_id,setl_id,amount,reason_code,decided_on\n",
    );
    world.deliver_both(
        "2025-11",
        &[Row::new("D").in_month("2025-11").with(Field::acct_pay, "1.00")],
    );
    let ran = rerun(&world, "2025-10", &inputs, &flags).expect(5);
    for part in [
        "error: period 2025-10 does not come out as it was published\n       period 2025-11 does not",
        "A01 2025-10/deductions.csv",
        "A01 2025-11/treating/a.parquet",
        "A04 2025-11/tables/pairs.parquet",
    ] {
        assert!(ran.stderr.contains(part), "{part} is not in {}", ran.stderr);
    }
    assert_eq!(tree(&world.book()), before);
    let ran = rerun(&world, "2025-11", &inputs, &["--through", "2025-10"]).expect(2);
    assert!(ran.stderr.contains("--through 2025-10 comes before 2025-11"), "{}", ran.stderr);
    rerun(&world, "2025-11", &inputs, &["--through", "2025-12"]).expect(4);
    let ran = world.run_with("2025-12", &["--through", "2026-01"]).expect(2);
    assert!(ran.stderr.contains("--through goes with"), "{}", ran.stderr);
}

/// Runs an audit of the last period as somebody who may not write beside the book.
fn rerun_as_nobody(world: &World) -> Option<Ran> {
    let mut command = program();
    command.env("TMPDIR", world.path("tmp")).args(["run", "-q", RERUN]);
    command.args(["--period", "2025-11", "--input"]).arg(world.input("2025-11"));
    as_nobody("an audit among strangers", command.arg("--book").arg(world.book()))
}

#[test]
fn an_audit_among_strangers_works_in_a_folder_of_its_own() {
    let world = book();
    let mode =
        |path: &Path, mode| fs::set_permissions(path, Permissions::from_mode(mode)).expect("set");
    let temporary = world.path("tmp");
    fs::create_dir(&temporary).expect("made");
    mode(&temporary, 0o1777);
    mode(&world.path(""), 0o755);
    let of_book = world.book().canonicalize().expect("there");
    let of_book = liangqing::digest::sha256_hex(of_book.as_os_str().as_encoded_bytes());
    let name = |n: u32| temporary.join(format!("liangqing-audit-{}-2025-11-{n}", &of_book[..16]));
    // Strangers have made a folder and a link of the names; the third is what a killed audit has left.
    fs::create_dir_all(world.path("victim/period")).expect("made");
    mode(&world.path("victim/period"), 0o777);
    mode(&world.path("victim"), 0o777);
    fs::create_dir_all(name(0).join("period")).expect("made");
    mode(&name(0), 0o777);
    symlink("../victim", name(1)).expect("linked");
    fs::create_dir_all(name(2).join("scratch/left")).expect("made");
    for left in [name(2), name(2).join("scratch"), name(2).join("scratch/left")] {
        if chown(&left, Some(65534), Some(65534)).is_err() {
            not_tried("an audit among strangers", "nothing can be given away here");
            return;
        }
    }
    let Some(ran) = rerun_as_nobody(&world) else { return };
    ran.expect(0);
    assert!(name(0).join("period").exists() && name(1).is_symlink() && !name(2).exists());
    assert!(world.path("victim/period").exists());
    // Another audit of the period is at work there.
    fs::create_dir(name(2)).expect("made");
    chown(name(2), Some(65534), Some(65534)).expect("given");
    let lock = File::open(name(2)).expect("opened");
    lock.lock().expect("locked");
    let told = rerun_as_nobody(&world).expect("as before").expect(4).stderr;
    assert!(told.contains("another audit of 2025-11 is at work"), "{told}");
    drop(lock);
    rerun_as_nobody(&world).expect("as before").expect(0);
    assert_eq!(names_in(&temporary).len(), 2);
}

#[test]
fn of_two_audits_of_a_period_one_is_told() {
    let world = book();
    let beside = world.path(".book.audit-2025-11");
    fs::create_dir_all(beside.join("period")).expect("made");
    let lock = File::open(&beside).expect("opened");
    lock.lock().expect("locked");
    let told = rerun(&world, "2025-11", &world.input("2025-11"), &[]).expect(4).stderr;
    assert!(told.contains("another audit of 2025-11 is at work"), "{told}");
    drop(lock);
    rerun(&world, "2025-11", &world.input("2025-11"), &[]).expect(0);
    assert!(!beside.exists());
    // What is no folder is nobody's leftover.
    symlink("book", &beside).expect("linked");
    rerun(&world, "2025-11", &world.input("2025-11"), &[]).expect(6);
    assert!(beside.is_symlink() && world.book().join("2025-11").exists());
}
