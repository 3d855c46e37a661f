//! What daily reconciliation knew at the close (coordination, 1.5), from outside.

use std::{fs, path::Path};

use liangqing::model::fields::Field;

use crate::world::{Ran, Row, World, batch, program, with_column, write_parquet};

const PERIOD: &str = "2025-10";

/// A settlement of the 7th.
fn on_the_7th(setl_id: &str) -> Row {
    Row::new(setl_id).with(Field::setl_time, "2025-10-07 10:00:00")
}

/// A delivery whose insured side lacks K, and N of which daily reconciliation knew nothing; the result of that day.
fn with_a_daily_result() -> World {
    let world = World::new();
    let all = ["A", "K"].map(on_the_7th);
    for (side, rows) in [("treating", &all[..]), ("national", &all[..]), ("insured", &all[..1])] {
        let marks = std::sync::Arc::new(arrow_array::StringArray::from(vec![side; rows.len()]));
        let path = world.path(&format!("d7/{side}/a.parquet"));
        write_parquet(&path, &with_column(&batch(rows), "mark", marks));
    }
    let mut daily = program();
    daily.args(["daily", "--quiet", "--period", PERIOD, "--day", "2025-10-07", "--input"]);
    daily.arg(world.path("d7")).arg("--out").arg(world.path("out"));
    Ran::from(daily.output().expect("started")).expect(0);
    world.deliver(PERIOD, "treating/a.parquet", &["A", "K", "N"].map(on_the_7th));
    world.deliver(PERIOD, "insured/a.parquet", &["A"].map(on_the_7th));
    // The national copies are for daily reconciliation: a run does not read them, and does not ask.
    write_parquet(&world.input(PERIOD).join("national/a.parquet"), &batch(&all));
    world
}

fn run(world: &World, daily: &Path, flags: &[&str]) -> Ran {
    world.command(PERIOD).arg("--daily").arg(daily).args(flags).output().expect("started").into()
}

#[test]
fn a_run_says_which_breaks_were_known() {
    let world = with_a_daily_result();
    let ran = run(&world, &world.path("out"), &[]).expect(0);
    let told = "known     1 of 2 breaks were known to daily reconciliation";
    assert!(ran.stdout.contains(told), "{}", ran.stdout);
    assert!(ran.stdout.contains(": 1 of 2\n"), "{}", ran.stdout);
    let manifest = fs::read_to_string(world.book().join("2025-10/manifest.json")).expect("read");
    let manifest: serde_json::Value = serde_json::from_str(&manifest).expect("JSON");
    let inputs = manifest["inputs"].as_array().expect("inputs");
    let daily = inputs.iter().find(|input| input["path"] == "daily/summary.json").expect("it");
    let summary = fs::read(world.path("out/summary.json")).expect("read");
    assert_eq!(daily["sha256"], liangqing::digest::sha256_hex(&summary));
    assert!(!inputs.iter().any(|input| input["path"] == "national/a.parquet"), "not read");
    world.verify(&[]).expect(0);
    let mut rerun = program();
    rerun.args(["run", "audit-rerun", "--quiet", "--period", PERIOD, "--accept", "G04", "--input"]);
    rerun.arg(world.input(PERIOD)).arg("--book").arg(world.book());
    Ran::from(rerun.output().expect("started")).expect(0);
}

#[test]
fn lists_of_breaks_say_since_when_they_were_known() {
    let world = with_a_daily_result();
    run(&world, &world.path("out"), &[]).expect(0);
    let written = |out: &str, flags: &[&str]| {
        let mut statements = program();
        statements.args(["statements", "--period", PERIOD, "--book"]).arg(world.book());
        statements.arg("--out").arg(world.path(out));
        if !flags.is_empty() {
            statements.args(flags).arg(world.path("out"));
        }
        Ran::from(statements.output().expect("started")).expect(0);
        let csv = world.path(&format!("{out}/31/reply.csv"));
        fs::read_to_string(csv).expect("a reply form")
    };
    let plain = written("plain", &[]);
    assert!(!plain.contains("日对账发现日"), "{plain}");
    let told = written("told", &["--daily"]);
    let line = |setl_id: &str| {
        let found = told.lines().find(|line| line.contains(&format!(",{setl_id},")));
        found.unwrap_or_else(|| panic!("{setl_id}: {told}")).to_owned()
    };
    assert!(told.contains("日对账发现日"), "{told}");
    assert!(line("K").ends_with("2025-10-07"), "{}", line("K"));
    assert!(!line("N").contains("2025-10-07"), "{}", line("N"));
    let page = world.path("report.html");
    let mut report = program();
    report.args(["report", "--period", PERIOD, "--book"]).arg(world.book());
    report.arg("--out").arg(&page).arg("--daily").arg(world.path("out"));
    Ran::from(report.output().expect("started")).expect(0);
    let page = fs::read_to_string(page).expect("read");
    assert!(page.contains("id=\"known-title\"") && page.contains("<td>2025-10-07</td>"), "known");
}

#[test]
fn a_folder_that_is_no_result_of_the_month_is_refused() {
    let world = with_a_daily_result();
    let refused = |daily: &Path| run(&world, daily, &["--dry-run"]).expect(2).stderr;
    let told = refused(&world.path("d7"));
    assert!(told.contains("is no result of liangqing daily: summary.json"), "{told}");
    let told = refused(&world.path("nowhere"));
    assert!(told.contains("is no result of liangqing daily"), "{told}");
    let summary = world.path("out/summary.json");
    let good = fs::read_to_string(&summary).expect("read");
    fs::write(&summary, good.replace("\"differences\": 1", "\"differences\": 2")).expect("written");
    let told = refused(&world.path("out"));
    assert!(told.contains("1 rows where summary.json says 2"), "{told}");
    fs::write(&summary, good.replace("2025-10\"", "2025-11\"")).expect("written");
    let told = refused(&world.path("out"));
    assert!(told.contains("is of \"2025-11\", and the period is 2025-10"), "{told}");
    fs::write(&summary, good).expect("written");
    fs::remove_file(world.path("out/mended.parquet")).expect("removed");
    let told = refused(&world.path("out"));
    assert!(told.contains("mended.parquet"), "{told}");
    assert!(!world.book().join(PERIOD).exists(), "nothing was published");
}
