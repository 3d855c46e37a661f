//! The auditor's commands from outside: verify, the audit rerun, diff, explain.

use std::{
    fs::{self, File, Permissions},
    os::unix::fs::{PermissionsExt, chown, symlink},
    path::{Path, PathBuf},
    process::Command,
};

use liangqing::model::fields::Field;
use serde_json::Value;

use crate::world::{PROGRAM, Ran, Row, World, names_in, program, tree};

const RERUN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/pipelines/audit-rerun.toml");

/// Two closed periods: a mismatch that is accepted later, a missing copy, a deduction.
fn book() -> World {
    let world = World::new();
    let quotas = "insured_province,treating_province,quota\n34,31,5000.00\n";
    world.small_file("2025-10", "opening-quotas.csv", quotas);
    let rows = [Row::new("A"), Row::new("B"), Row::new("C").with(Field::hifp_pay, "600.00")];
    world.deliver("2025-10", "treating/a.parquet", &[&rows[..], &[Row::new("M")]].concat());
    world.deliver(
        "2025-10",
        "insured/a.parquet",
        &[rows[0].clone(), other(&rows[1]), rows[2].clone()],
    );
    world.run("2025-10").expect(0);
    world.deliver_both("2025-11", &[Row::new("D").in_month("2025-11")]);
    let decisions = "setl_id,decision,reason,decided_by,approved_by,decided_on\n\
                     B,accept_treating,checked,Wang,Li,2025-12-01\n";
    world.small_file("2025-11", "decisions.csv", decisions);
    let deductions = "ddct_id,setl_id,amount,reason_code,decided_on\nk1,A,10.00,x,2025-12-01\n";
    world.small_file("2025-11", "deductions.csv", deductions);
    world.run("2025-11").expect(0);
    world
}

/// Another copy of a row, with another person.
fn other(row: &Row) -> Row {
    row.clone().with(Field::psn_no, "3400000000000000999999")
}

fn rerun(world: &World, period: &str, input: &Path, flags: &[&str]) -> Ran {
    let mut command = program();
    command.args(["run", RERUN, "--quiet", "--period", period, "--input"]).arg(input);
    command.arg("--book").arg(world.book()).args(flags).output().expect("started").into()
}

fn liangqing(arguments: &[&str]) -> Ran {
    program().args(arguments).output().expect("started").into()
}

fn text(path: &Path) -> &str {
    path.to_str().expect("UTF-8")
}

fn json(ran: &Ran) -> Value {
    serde_json::from_str(&ran.stdout).expect("JSON")
}

fn head(world: &World, period: &str) -> String {
    let seal = fs::read_to_string(world.book().join(period).join("manifest.sha256"));
    seal.expect("a seal")[..64].to_owned()
}

#[test]
fn a_book_in_order_says_how_much_was_checked() {
    let world = book();
    let ran = world.verify(&["--format", "json", "--head", &head(&world, "2025-11")]).expect(0);
    let report = json(&ran);
    assert_eq!(report["periods"].as_array().map(Vec::len), Some(2));
    assert_eq!(report["periods"][0]["registered"], 2);
    assert_eq!(report["periods"][0]["files"], 18);
    assert_eq!(report["head_given"], true);
    assert!(report["figures"].as_u64() > Some(300), "{report}");
    let upto = world.verify(&["--period", "2025-10", "--head", &head(&world, "2025-10")]).expect(0);
    assert!(upto.stdout.contains("the book goes on to 2025-11"), "{}", upto.stdout);
}

#[test]
fn a_cut_tail_an_empty_book_and_a_missing_period_are_no_pass() {
    let world = book();
    let newest = head(&world, "2025-11");
    fs::remove_dir_all(world.book().join("2025-11")).expect("removed");
    // What is left is in order; only the head tells.
    world.verify(&[]).expect(0);
    let ran = world.verify(&["--head", &newest]).expect(5);
    assert!(ran.stderr.contains("B05 2025-10/manifest.json"), "{}", ran.stderr);
    let ran = world.verify(&["--period", "2025-11"]).expect(5);
    assert!(ran.stderr.contains("no period 2025-11"), "{}", ran.stderr);
    fs::remove_dir_all(world.book().join("2025-10")).expect("removed");
    let ran = world.verify(&[]).expect(5);
    assert!(ran.stderr.contains("nothing was verified"), "{}", ran.stderr);
    world.verify(&["--head", "abc"]).expect(2);
    fs::remove_dir(world.book()).expect("removed");
    world.verify(&[]).expect(2);
}

#[test]
fn a_stranger_a_gap_and_a_lost_file_are_found_together() {
    let world = book();
    fs::write(world.book().join("2025-10/notes.txt"), "x").expect("written");
    fs::write(world.book().join("2025-10/tables/more.parquet"), "x").expect("written");
    fs::remove_file(world.book().join("2025-11/tables/pairs.parquet")).expect("removed");
    fs::rename(world.book().join("2025-11"), world.book().join("2025-12")).expect("moved");
    let ran = world.verify(&["--format", "json"]).expect(5);
    let findings = json(&ran)["findings"].as_array().expect("findings").clone();
    let found = |code: &str, file: &str| {
        assert!(
            findings.iter().any(|finding| finding["code"] == code && finding["file"] == file),
            "{code} {file}: {}",
            ran.stdout
        );
    };
    found("B04", "2025-10/notes.txt");
    found("B04", "2025-10/tables/more.parquet");
    found("B02", "2025-12");
    found("B02", "2025-12/manifest.json");
    found("B03", "2025-12/tables/pairs.parquet");
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
    assert_eq!((&report["files"], &report["inputs"]), (&17.into(), &4.into()));
    assert_eq!(report["cleared"], "1600.00");
    assert_eq!(tree(&world.book()), before);
    assert_eq!(names_in(&world.path("")), ["book", "in"], "leftovers");
    rerun(&world, "2025-10", &input, &[]).expect(2);
    rerun(&world, "2025-12", &world.input("2025-11"), &[]).expect(4);
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

/// The book once more, with another delivery of its first period.
fn restated(world: &World) -> PathBuf {
    let book = world.path("restated");
    let close = |period: &str| {
        let mut command = program();
        command.args(["run", "--quiet", "--period", period, "--input"]).arg(world.input(period));
        command.arg("--book").arg(&book);
        if period == "2025-10" {
            let quotas = world.input(period).join("opening-quotas.csv");
            command.arg("--opening-quotas").arg(quotas);
        }
        Ran::from(command.output().expect("started")).expect(0);
    };
    world.deliver("2025-10", "insured/a.parquet", &[Row::new("A"), other(&Row::new("B"))]);
    close("2025-10");
    close("2025-11");
    book
}

#[test]
fn a_restated_period_shows_in_every_later_one() {
    let world = book();
    let (first, second) = (world.book(), restated(&world));
    liangqing(&["diff", text(&first), text(&first)]).expect(0);
    let ran = liangqing(&["diff", text(&first), text(&second), "--format", "json"]).expect(5);
    let report = json(&ran);
    let [october, november] = [&report["periods"][0], &report["periods"][1]];
    assert_eq!(october["causes"][0]["cause"], "records");
    assert_eq!(october["causes"][0]["gross"], "-700.00");
    assert_eq!(october["payable"]["payable"], "-700.00");
    assert_eq!(november["causes"].as_array().map(Vec::len), Some(0));
    assert_eq!(november["payable"]["payable"], "0.00");
    assert_eq!(november["payable"]["reserves"], "700.00");
    assert!(ran.stdout.contains("the book before"), "{}", ran.stdout);
    liangqing(&["diff", text(&first.join("2025-10")), text(&first.join("2025-11"))]).expect(2);
    liangqing(&["diff", text(&first), text(&world.input("2025-10"))]).expect(2);
}

#[test]
fn a_difference_is_put_down_to_its_cause() {
    let world = book();
    let (first, second) = (world.book(), world.path("second"));
    fs::create_dir(&second).expect("made");
    let copied = Command::new("cp").arg("-r").arg(first.join("2025-10")).arg(&second).status();
    assert!(copied.expect("started").success());
    fs::remove_file(world.input("2025-11").join("decisions.csv")).expect("removed");
    let run = ["run", "--quiet", "--period", "2025-11", "--book", text(&second), "--input"];
    liangqing(&[&run[..], &[text(&world.input("2025-11"))]].concat()).expect(0);
    let ran = liangqing(&["diff", text(&first.join("2025-11")), text(&second.join("2025-11"))]);
    let ran = ran.expect(5);
    for part in [
        "given     decisions.csv: 1 rows, ",
        "cleared   -800.00 yuan, 1 settlement, by decisions",
        "new: B field_mismatch both",
    ] {
        assert!(ran.stdout.contains(part), "{part}: {}", ran.stdout);
    }
    assert!(ran.stderr.is_empty(), "{}", ran.stderr);
}

#[test]
fn the_life_of_a_settlement_is_told_without_naming_the_person() {
    let world = book();
    let (october, november) = (world.input("2025-10"), world.input("2025-11"));
    let ran = liangqing(&[
        "explain",
        "B",
        "--quiet",
        "--book",
        text(&world.book()),
        "--input",
        text(&october),
        "--input",
        text(&november),
    ])
    .expect(0);
    for part in [
        "B: cleared in 2025-11",
        "delivered the treating copy: treating/a.parquet, row 1 (line 3 of a spreadsheet)",
        "delivered the insured copy: insured/a.parquet, row 1 (line 3 of a spreadsheet)",
        "field_mismatch (both), carried; step 7",
        "accept_treating; it would have been field_mismatch",
        "part of QS-2025-11-34-31 over 1590.00 yuan, unpaid at the close of 2025-11",
        "***9999",
    ] {
        assert!(ran.stdout.contains(part), "{part}: {}", ran.stdout);
    }
    assert!(!ran.stdout.contains("0000999999"), "{}", ran.stdout);
    let ran = liangqing(&["explain", "A", "--quiet", "--book", text(&world.book())]).expect(0);
    assert!(ran.stdout.contains("k1: 10.00 yuan held back"), "{}", ran.stdout);
    // A file that no period was closed with.
    world.deliver("2025-12", "treating/new.parquet", &[Row::new("B")]);
    world.deliver("2025-12", "insured/new.parquet", &[]);
    let input = world.input("2025-12");
    let ran =
        liangqing(&["explain", "B", "-q", "--book", text(&world.book()), "--input", text(&input)]);
    assert!(ran.expect(0).stdout.contains("in no closed period"));
    liangqing(&["explain", "nobody", "-q", "--book", text(&world.book())]).expect(5);
    liangqing(&["explain", "--book", text(&world.book())]).expect(2);
}

#[test]
fn the_settlements_behind_a_figure_add_up_to_it() {
    let world = book();
    let (input, out) = (world.input("2025-11"), world.path("rows.csv"));
    let flags = ["explain", "--quiet", "--pair", "34-31", "--period", "2025-11", "--book"];
    let rest =
        [text(&world.book()), "--input", text(&input), "--format", "json", "--out", text(&out)]
            .map(str::to_owned);
    let rest: Vec<&str> = rest.iter().map(String::as_str).collect();
    let report = json(&liangqing(&[&flags[..], &rest].concat()).expect(0));
    assert_eq!(report["gross"], "1600.00");
    assert_eq!(report["settlements"][0]["from"], "open item of 2025-10");
    assert_eq!(report["settlements"][1]["from"], "treating/a.parquet");
    let rows = fs::read_to_string(&out).expect("read");
    assert!(rows.starts_with("\u{feff}setl_id,side,from,row,line,"), "{rows}");
    assert_eq!(rows.lines().count(), 3);
    let none = [&flags[..], &rest[..3], &["--care", "inpatient"]].concat();
    assert!(
        liangqing(&none).expect(0).stdout.starts_with("34-31 in 2025-11: 0.00 yuan, 0 settlements")
    );
    // The delivery of another period does not explain it.
    let october = world.input("2025-10");
    let book = world.book();
    let wrong = [&flags[..], &[text(&book), "--input", text(&october)]].concat();
    assert!(liangqing(&wrong).expect(5).stderr.contains("E02"));
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
    let mut command = Command::new("setpriv");
    command.env("LC_ALL", "C").env("TMPDIR", world.path("tmp"));
    command.args(["--reuid=65534", "--regid=65534", "--clear-groups", PROGRAM, "run", "-q", RERUN]);
    command.args(["--period", "2025-11", "--input"]).arg(world.input("2025-11"));
    let ran: Ran = command.arg("--book").arg(world.book()).output().ok()?.into();
    // 126, 127: somebody who may not even reach the program.
    (![126, 127].contains(&ran.status) && !ran.stderr.starts_with("setpriv:")).then_some(ran)
}

#[test]
#[expect(clippy::print_stderr, reason = "whoever runs the tests should know")]
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
            eprintln!("not tried, for nothing can be given away here: an audit among strangers");
            return;
        }
    }
    let Some(ran) = rerun_as_nobody(&world) else {
        eprintln!("not tried, for nobody else can be taken here: an audit among strangers");
        return;
    };
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
