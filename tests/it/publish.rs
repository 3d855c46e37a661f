//! A period appears whole or not at all, whatever happens to the run, and a closed one never changes.

use std::{
    collections::BTreeMap,
    fs,
    io::{BufRead, BufReader},
    os::unix::fs::symlink,
    path::Path,
    process::{Child, ChildStderr, Command, Stdio},
    thread::sleep,
    time::{Duration, Instant},
};

use liangqing::model::fields::Field;

use crate::world::{Ran, Row, World, names_in, program, tree};

/// A book with 2025-10 closed and a delivery for 2025-11 that takes a while.
fn large_delivery() -> World {
    let world = World::new();
    world.deliver_both("2025-10", &[Row::new("A")]);
    world.run("2025-10").expect(0);
    let row = |n: u32| {
        let row = Row::new(&format!("S{n:08}")).in_month("2025-11");
        if n.is_multiple_of(50) { row.with(Field::psn_no, n.to_string()) } else { row }
    };
    let rows: Vec<Row> = (0..64_000).map(row).collect();
    for (part, rows) in rows.chunks(16_000).enumerate() {
        world.deliver("2025-11", &format!("treating/{part}.parquet"), rows);
        world.deliver("2025-11", &format!("insured/{part}.parquet"), rows);
    }
    world.deliver("2025-11", "treating/more.parquet", &[Row::new("T").in_month("2025-11")]);
    world
}

pub(crate) fn start(command: &mut Command) -> Child {
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command.spawn().expect("started")
}

fn finish(child: Child) -> Ran {
    child.wait_with_output().expect("waited for").into()
}

/// Waits until a run has begun to build its period.
fn at_work(world: &World) {
    let staging = world.path(".book.staging");
    let begun = Instant::now();
    while !staging.exists() {
        assert!(begun.elapsed() < Duration::from_secs(20), "the run does not begin");
        sleep(Duration::from_millis(1));
    }
}

fn signal(child: &Child, name: &str) {
    let script = format!("kill -{name} {}", child.id());
    assert!(Command::new("sh").args(["-c", &script]).status().expect("started").success());
}

/// The book after 2025-11 was closed without any trouble, and how long that took.
fn undisturbed(world: &World) -> (BTreeMap<String, String>, Duration) {
    let before = world.path("copy");
    copy(&world.book(), &before);
    let begun = Instant::now();
    world.run("2025-11").expect(0);
    let took = begun.elapsed();
    let complete = tree(&world.book());
    fs::remove_dir_all(world.book()).expect("removed");
    fs::rename(before, world.book()).expect("moved");
    (complete, took)
}

pub(crate) fn copy(from: &Path, to: &Path) {
    fs::create_dir(to).expect("made");
    for name in names_in(from) {
        let (from, to) = (from.join(&name), to.join(&name));
        if from.is_dir() {
            copy(&from, &to);
        } else {
            fs::copy(from, to).expect("copied");
        }
    }
}

#[test]
fn a_killed_run_leaves_the_book_as_it_was_or_complete() {
    const KILLS: u32 = 30;
    let world = large_delivery();
    let before = tree(&world.book());
    let (complete, took) = undisturbed(&world);
    let mut unfinished = 0;
    let mut random = std::process::id();
    for kill in 0..KILLS {
        // Spread over the run, somewhat at random, half of them over its last third.
        random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let share = if kill.is_multiple_of(2) { kill * 33 } else { 666 + kill * 13 };
        let delay = took * share / 1000 + Duration::from_micros(u64::from(random >> 17));
        let mut child = start(&mut world.command("2025-11"));
        sleep(delay);
        child.kill().expect("killed");
        child.wait().expect("waited for");
        let found = tree(&world.book());
        assert!(found == before || found == complete, "kill {kill} after {delay:?}: {found:#?}");
        if found == before {
            unfinished += 1;
        } else {
            fs::remove_dir_all(world.book().join("2025-11")).expect("removed");
        }
    }
    assert!(unfinished >= KILLS / 4, "only {unfinished} of {KILLS} kills came in time");
    world.run("2025-11").expect(0);
    assert_eq!(tree(&world.book()), complete);
    assert_eq!(names_in(&world.path("")), ["book", "in"], "leftovers");
}

#[test]
fn a_killed_first_run_leaves_at_most_an_empty_book() {
    let world = large_delivery();
    fs::remove_dir_all(world.book()).expect("removed");
    let child = start(&mut world.command("2025-11"));
    at_work(&world);
    signal(&child, "KILL");
    assert_eq!(finish(child).status, 128 + 9);
    assert!(tree(&world.book()).is_empty());
    world.run("2025-11").expect(0);
    assert_eq!(names_in(&world.book()), ["2025-11"]);
    assert_eq!(names_in(&world.path("")), ["book", "in"], "leftovers");
}

#[test]
fn an_interrupted_run_is_130_and_leaves_nothing() {
    let world = large_delivery();
    let before = tree(&world.book());
    for name in ["INT", "TERM"] {
        let child = start(&mut world.command("2025-11"));
        at_work(&world);
        signal(&child, name);
        let ran = finish(child).expect(130);
        assert_eq!(ran.stderr, "error: interrupted, nothing was published\n");
        assert_eq!(tree(&world.book()), before);
        assert_eq!(names_in(&world.path("")), ["book", "in"], "leftovers");
    }
    fs::remove_dir_all(world.book()).expect("removed");
    let child = start(&mut world.command("2025-11"));
    at_work(&world);
    signal(&child, "INT");
    finish(child).expect(130);
    assert_eq!(names_in(&world.path("")), ["in"], "leftovers");
}

#[test]
fn of_two_runs_on_a_book_one_is_refused() {
    let world = large_delivery();
    let (complete, _) = undisturbed(&world);
    // The same book by another name.
    symlink(world.book(), world.path("link")).expect("linked");
    let first = start(&mut world.command("2025-11"));
    at_work(&world);
    let again = world.run("2025-11").expect(4);
    assert!(again.stderr.contains("another run"), "{}", again.stderr);
    let mut by_link = program();
    by_link.args(["run", "--period", "2025-11", "--input"]).arg(world.input("2025-11"));
    by_link.arg("--book").arg(world.path("link"));
    Ran::from(by_link.output().expect("started")).expect(4);
    finish(first).expect(0);
    assert_eq!(tree(&world.book()), complete);
    assert_eq!(names_in(&world.path("")), ["book", "in", "link"], "leftovers");
}

/// Waits until a run reads its delivery: it has its locks by then.
fn reading(command: &mut Command) -> (Child, BufReader<ChildStderr>) {
    let mut child = start(command.env("LIANGQING_LOG", "info"));
    let mut log = BufReader::new(child.stderr.take().expect("a pipe"));
    let mut line = String::new();
    while !line.contains("reading") {
        line.clear();
        assert_ne!(log.read_line(&mut line).expect("a line"), 0, "the run does not read");
    }
    (child, log)
}

#[test]
fn a_book_that_is_moved_or_replaced_during_a_run_gets_nothing() {
    let world = large_delivery();
    let (book, away) = (world.book(), world.path("away"));
    let before = tree(&book);
    let staging = world.path(".book.staging");
    let unfinished = |what: &str| {
        assert_eq!(tree(&away), before, "{what}");
        fs::remove_dir_all(&book).ok();
        fs::rename(&away, &book).expect("moved");
    };
    for replaced in [false, true] {
        let (child, _log) = reading(&mut world.command("2025-11"));
        fs::rename(&book, &away).expect("moved");
        if replaced {
            copy(&away, &book);
        }
        finish(child).expect(4);
        assert!(!replaced || tree(&book) == before, "the other book has changed");
        unfinished("moved");
        assert!(!staging.exists());
    }
    // The folder in which the period is built.
    let (child, _log) = reading(&mut world.command("2025-11"));
    fs::rename(&staging, world.path("stolen")).expect("moved");
    symlink("stolen", &staging).expect("linked");
    assert_eq!(finish(child).status, 4);
    assert_eq!(tree(&book), before);
    fs::remove_file(&staging).ok();
    // A period that comes from elsewhere meanwhile stays as it is.
    let (child, _log) = reading(&mut world.command("2025-11"));
    fs::create_dir(book.join("2025-11")).expect("made");
    finish(child).expect(4);
    assert!(tree(&book.join("2025-11")).is_empty() && !staging.exists());
    fs::remove_dir(book.join("2025-11")).expect("removed");
    world.run("2025-11").expect(0);
}

/// A book of three small months with something in every table.
pub(crate) fn small_book() -> World {
    let world = World::new();
    world.small_file(
        "2025-10",
        "opening-quotas.csv",
        "insured_province,treating_province,quota\n34,31,5000.00\n",
    );
    let deductions = "ddct_id,setl_id,amount,reason_code,decided_on\nd1,A0,100.00,x,2025-12-01\n";
    let payments =
        "notice_id,paid_on,amount,bank_name,bank_serial\nQS-2025-10-34-31,2025-12-01,1.00,b,s1\n";
    for (n, period) in ["2025-10", "2025-11", "2025-12"].into_iter().enumerate() {
        let row = |key: &str| Row::new(&format!("{key}{n}")).in_month(period);
        // Every month reverses a settlement of its own and delivers what cleared in October again.
        let reversal = Row::reversal(&format!("R{n}"), &format!("C{n}")).in_month(period);
        let again = Row::new("A0").in_month("2025-10");
        let common = [row("A"), row("C"), reversal, again];
        let treating = [row("B"), row("T"), Row::reversal(&format!("Q{n}"), "C0").in_month(period)];
        let insured = [row("B").with(Field::psn_no, "P2"), treating[2].clone()];
        world.deliver(period, "treating/a.parquet", &[&common[..], &treating].concat());
        world.deliver(period, "insured/a.parquet", &[&common[..], &insured].concat());
        if n == 1 {
            world.small_file(period, "deductions.csv", deductions);
            world.small_file(period, "payments.csv", payments);
        }
    }
    world
}

fn closed(world: &World, periods: &[&str]) {
    for period in periods {
        world.run(period).expect(0);
    }
}

/// Runs a period that must be refused for the book's sake, which stays as it is.
fn book_refused(world: &World, period: &str) -> String {
    let before = tree(&world.path(""));
    let ran = world.run(period).expect(4);
    assert_eq!(tree(&world.path("")), before, "something was touched");
    ran.stderr
}

#[test]
fn periods_follow_each_other_and_never_change() {
    let world = small_book();
    closed(&world, &["2025-10"]);
    assert!(book_refused(&world, "2025-12").contains("close 2025-11 next"));
    world.deliver_both("2025-09", &[]);
    assert!(book_refused(&world, "2025-09").contains("close 2025-11 next"));
    fs::remove_file(world.input("2025-10").join("opening-quotas.csv")).expect("removed");
    assert!(book_refused(&world, "2025-10").contains("is closed already"));
    closed(&world, &["2025-11"]);
    assert!(book_refused(&world, "2025-10").contains("is closed already"));
}

#[test]
fn a_period_that_is_missing_is_damage() {
    let world = small_book();
    closed(&world, &["2025-10", "2025-11"]);
    fs::rename(world.book().join("2025-10"), world.path("away")).expect("moved");
    book_refused(&world, "2025-12");
    fs::rename(world.path("away"), world.book().join("2025-10")).expect("moved");
    fs::rename(world.book().join("2025-11"), world.path("away")).expect("moved");
    let ran = world.run("2025-12").expect(4);
    assert!(ran.stderr.contains("close 2025-11 next"), "{}", ran.stderr);
}

#[test]
fn a_file_that_is_missing_is_damage() {
    let world = small_book();
    closed(&world, &["2025-10", "2025-11"]);
    for period in ["2025-10", "2025-11"] {
        let folder = world.book().join(period);
        for file in tree(&folder).into_keys().filter(|file| !folder.join(file).is_dir()) {
            fs::rename(folder.join(&file), world.path("away")).expect("moved");
            book_refused(&world, "2025-12");
            fs::rename(world.path("away"), folder.join(&file)).expect("moved");
        }
    }
    closed(&world, &["2025-12"]);
}

#[test]
fn an_edited_manifest_is_damage() {
    let world = small_book();
    closed(&world, &["2025-10", "2025-11"]);
    let edit = |period: &str, from: &str, to: &str| {
        let path = world.book().join(period).join("manifest.json");
        let text = fs::read_to_string(&path).expect("read");
        assert!(text.contains(from), "{from}");
        fs::write(&path, text.replacen(from, to, 1)).expect("written");
        book_refused(&world, "2025-12");
        fs::write(&path, text).expect("written");
    };
    edit("2025-10", "\"rows\": 1", "\"rows\": 2");
    edit("2025-10", "\"as_of\": \"2025-11-30\"", "\"as_of\": \"2025-11-29\"");
    edit("2025-10", "}", "");
    edit("2025-11", "\"period\": \"2025-11\"", "\"period\": \"2025-10\"");
    edit("2025-11", "\"previous_manifest_sha256\": \"", "\"previous_manifest_sha256\": \"0");
    edit("2025-11", "tables/pairs.parquet", "tables/pears.parquet");
    closed(&world, &["2025-12"]);
}

#[test]
fn a_manifest_of_another_format_is_told_whatever_is_in_it() {
    let world = small_book();
    closed(&world, &["2025-10"]);
    let folder = world.book().join("2025-10");
    let text = fs::read_to_string(folder.join("manifest.json")).expect("read");
    let text = text.replacen("\"format\": 1", "\"format\": 9,\n  \"news\": true", 1);
    let seal = format!("{}  manifest.json\n", liangqing::digest::sha256_hex(text.as_bytes()));
    fs::write(folder.join("manifest.json"), text).expect("written");
    fs::write(folder.join("manifest.sha256"), seal).expect("written");
    let told = book_refused(&world, "2025-11");
    assert!(told.contains("format 9, this program knows") && !told.contains("damaged"), "{told}");
    let told = world.verify(&[]).expect(5).stderr;
    assert!(told.contains("B01 2025-10/manifest.json: found format 9, this program"), "{told}");
}

/// Turns bits in a file of a period, one at a time, and closes the next period each time: that is refused,
/// or the bit was of no matter. Gives the exceptions.
fn turn_bits(
    world: &World,
    period: &str,
    file: &str,
    complete: &BTreeMap<String, String>,
) -> Vec<String> {
    let path = world.book().join(period).join(file);
    let bytes = fs::read(&path).expect("read");
    let next = world.book().join("2025-12");
    let expected: BTreeMap<String, String> = complete
        .iter()
        .filter_map(|(name, sha)| Some((name.strip_prefix("2025-12/")?.to_owned(), sha.clone())))
        .collect();
    let mut exceptions = Vec::new();
    for at in (0..bytes.len()).step_by(bytes.len().div_ceil(24)) {
        let mut turned = bytes.clone();
        turned[at] ^= 4;
        fs::write(&path, &turned).expect("written");
        let ran = world.run("2025-12");
        let place = format!("{period}/{file}, byte {at}");
        if ran.status == 0 {
            let found = tree(&next);
            let other: Vec<&String> =
                found.keys().filter(|name| found.get(*name) != expected.get(*name)).collect();
            if !other.is_empty() {
                exceptions.push(format!("{place}: closed, with other {other:?}"));
            }
            fs::remove_dir_all(&next).expect("removed");
        } else if ran.status != 4 {
            exceptions.push(format!("{place}: exit {}, {}", ran.status, ran.stderr));
        }
    }
    fs::write(&path, bytes).expect("written");
    exceptions
}

fn book_to_damage() -> (World, BTreeMap<String, String>) {
    let world = small_book();
    closed(&world, &["2025-10", "2025-11", "2025-12"]);
    let complete = tree(&world.book());
    fs::remove_dir_all(world.book().join("2025-12")).expect("removed");
    (world, complete)
}

#[test]
fn a_bit_turned_in_the_last_period_is_refused_or_of_no_matter() {
    let (world, complete) = book_to_damage();
    let files = [
        "tables/open_items.parquet",
        "tables/pairs.parquet",
        "register.parquet",
        "reversals.parquet",
    ];
    let exceptions = files.map(|file| turn_bits(&world, "2025-11", file, &complete)).concat();
    assert!(exceptions.is_empty(), "\n{}", exceptions.join("\n"));
}

#[test]
fn a_bit_turned_in_an_earlier_period_is_refused_or_of_no_matter() {
    let (world, complete) = book_to_damage();
    let files = [
        "tables/deductions.parquet",
        "tables/pairs.parquet",
        "tables/notices.parquet",
        "register.parquet",
        "reversals.parquet",
    ];
    let exceptions = files.map(|file| turn_bits(&world, "2025-10", file, &complete)).concat();
    assert!(exceptions.is_empty(), "\n{}", exceptions.join("\n"));
}

#[test]
fn what_lies_beside_the_periods_is_left_alone() {
    let world = small_book();
    closed(&world, &["2025-10"]);
    fs::write(world.book().join("notes.txt"), "mine").expect("written");
    fs::create_dir(world.book().join("2025")).expect("made");
    // But for what a killed run has left that could not work beside the book.
    fs::create_dir_all(world.book().join(".staging/period")).expect("made");
    closed(&world, &["2025-11"]);
    assert_eq!(names_in(&world.book()), ["2025", "2025-10", "2025-11", "notes.txt"]);
}

#[test]
fn the_manifest_is_enough_for_sha256sum() {
    let world = small_book();
    closed(&world, &["2025-10", "2025-11"]);
    let folder = world.book().join("2025-11");
    let text = fs::read_to_string(folder.join("manifest.json")).expect("read");
    let manifest: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    let listed = |key: &str, folder: &Path| {
        for entry in manifest[key].as_array().expect("a list") {
            let path = folder.join(entry["path"].as_str().expect("a path"));
            let bytes = fs::read(&path).expect("read");
            assert_eq!(
                entry["sha256"],
                liangqing::digest::sha256_hex(&bytes),
                "{}",
                path.display()
            );
            assert_eq!(entry["bytes"], bytes.len());
        }
    };
    listed("outputs", &folder);
    listed("inputs", &world.input("2025-11"));
    let outputs = manifest["outputs"].as_array().expect("a list").len();
    let files = tree(&folder).into_keys().filter(|name| !folder.join(name).is_dir()).count();
    assert_eq!(files, outputs + 2, "every file but the manifest and its seal is listed");
    let last = fs::read(world.book().join("2025-10/manifest.json")).expect("read");
    assert_eq!(manifest["previous_manifest_sha256"], liangqing::digest::sha256_hex(&last));
    // Nothing of the machine is in it.
    let here = world.path("").display().to_string();
    assert!(!text.contains(here.trim_end_matches('/')), "a path of this machine");
}
