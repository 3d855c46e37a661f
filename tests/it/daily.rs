//! `daily`: three copies from outside. The classes, days and tables are compared with a reference in Python
//! (tests/oracle/daily); here is what surrounds them, and what is hostile.

use std::{
    fs::{self, File},
    path::Path,
    process::{Child, Command, Stdio},
    sync::Arc,
    time::{Duration, Instant},
};

use arrow_array::{ArrayRef, Float64Array, NullArray, RecordBatch, StringArray};
use liangqing::model::fields::Field;
use parquet::{arrow::ArrowWriter, file::properties::WriterProperties};

use crate::world::{
    NULL, Ran, Row, World, batch, columns_in, names_in, program, read_table, tree, with_column,
    without_column, write_parquet,
};

const PERIOD: &str = "2025-10";
const SIDES: [&str; 3] = ["treating", "national", "insured"];
const FILES: [&str; 8] = [
    "daily.html",
    "days.parquet",
    "differences.parquet",
    "mended.parquet",
    "rejects.parquet",
    "results.parquet",
    "summary.json",
    "totals.parquet",
];

/// A settlement of a day of the month.
fn on(setl_id: &str, day: &str) -> Row {
    Row::new(setl_id).with(Field::setl_time, format!("{day} 10:00:00"))
}

/// Writes the copies of each side to a folder below the world.
fn deliver(world: &World, folder: &str, sides: [&[Row]; 3]) {
    for (side, rows) in SIDES.into_iter().zip(sides) {
        // A reversal flag that nobody reads tells equal files apart.
        let marked = with_column(&batch(rows), "mark", marks(rows.len(), side));
        write_parquet(&world.path(&format!("{folder}/{side}/a.parquet")), &marked);
    }
}

fn marks(rows: usize, mark: &str) -> ArrayRef {
    Arc::new(StringArray::from(vec![mark; rows]))
}

fn command(world: &World, folder: &str, out: &str, flags: &[&str]) -> Command {
    let mut command = program();
    command.args(["daily", "--quiet", "--period", PERIOD, "--input"]).arg(world.path(folder));
    command.arg("--out").arg(world.path(out)).args(flags);
    command
}

fn daily(world: &World, folder: &str, out: &str, flags: &[&str]) -> Ran {
    command(world, folder, out, flags).output().expect("started").into()
}

fn table(world: &World, out: &str, name: &str, columns: &[&str]) -> Vec<Vec<String>> {
    read_table(&world.path(&format!("{out}/{name}.parquet")), columns)
}

fn differences(world: &World, out: &str) -> Vec<String> {
    let columns = ["setl_id", "class", "look", "since", "age"];
    table(world, out, "differences", &columns).iter().map(|row| row.join(" ")).collect()
}

fn summary(world: &World, out: &str) -> serde_json::Value {
    let text = fs::read_to_string(world.path(&format!("{out}/summary.json"))).expect("read");
    serde_json::from_str(&text).expect("JSON")
}

/// Two days with a difference each.
fn two_days(world: &World) {
    let (one, two) = (on("S1", "2025-10-07"), on("S2", "2025-10-07"));
    let both = [one.clone(), two.clone()];
    deliver(world, "d7", [&both, &both, &[one]]);
    let eight = on("S3", "2025-10-08");
    let eight = [eight];
    deliver(world, "d8", [&[], &eight, &eight]);
}

#[test]
fn a_result_is_tables_a_summary_and_a_page() {
    let world = World::new();
    two_days(&world);
    let day = ["--day", "2025-10-07"];
    let told = daily(&world, "d7", "out", &day).expect(0).stdout;
    assert!(told.contains("\nopen      1 difference\n"), "{told}");
    assert_eq!(names_in(&world.path("out")), FILES);
    assert_eq!(differences(&world, "out"), ["S2 insured_lacks insured 2025-10-07 0"]);
    let page = fs::read_to_string(world.path("out/daily.html")).expect("read");
    assert!(page.contains("S2") && !page.contains("P1"), "no person is on the page");
    assert_eq!(
        columns_in(&world.path("out/results.parquet")),
        ["province", "role", "setl_id", "result"]
    );
    let results = table(&world, "out", "results", &["province", "role", "setl_id", "result"]);
    assert_eq!(results, [["34", "insured", "S2", "1"]]);
    // A result takes no other place, and an empty folder is one.
    assert!(daily(&world, "d7", "out", &day).expect(2).stderr.contains("is there already"));
    fs::create_dir(world.path("empty")).expect("made");
    let json = [&day[..], &["--format", "json"]].concat();
    let printed = daily(&world, "d7", "empty", &json).expect(0).stdout;
    let written = fs::read_to_string(world.path("empty/summary.json")).expect("read");
    assert_eq!(printed, written);
    assert_eq!(tree(&world.path("out")), tree(&world.path("empty")));
    let summary = summary(&world, "out");
    assert_eq!(summary["classes"], serde_json::json!({"agrees": 1, "insured_lacks": 1}));
    assert_eq!(summary["days_done"], serde_json::json!(["2025-10-07"]));
    assert_eq!(summary["inputs"].as_array().map(Vec::len), Some(3));
}

#[test]
fn differences_are_followed_from_day_to_day() {
    let world = World::new();
    two_days(&world);
    daily(&world, "d7", "o7", &["--day", "2025-10-07"]).expect(0);
    let before = world.path("o7");
    let before = before.to_str().expect("UTF-8");
    let next = ["--day", "2025-10-08", "--before", before];
    daily(&world, "d8", "o8", &next).expect(0);
    assert_eq!(
        differences(&world, "o8"),
        ["S2 insured_lacks insured 2025-10-07 1", "S3 treating_lacks treating 2025-10-08 0",]
    );
    // The copy that was missing comes late, with all three sides of its day.
    let (one, two) = (on("S1", "2025-10-07"), on("S2", "2025-10-07"));
    let both = [one, two];
    deliver(&world, "late", [&both, &both, &both]);
    let before = world.path("o8");
    let before = before.to_str().expect("UTF-8");
    let mend = ["--day", "2025-10-07", "--before", before];
    daily(&world, "late", "o9", &mend).expect(0);
    let mended = table(&world, "o9", "mended", &["setl_id", "since", "age", "how"]);
    assert_eq!(mended, [["S2", "2025-10-07", "1", "agrees"]]);
    assert_eq!(differences(&world, "o9"), ["S3 treating_lacks treating 2025-10-08 0"]);
    assert_eq!(summary(&world, "o9")["reference_day"], "2025-10-08", "it does not go back");
}

#[test]
fn days_that_do_not_fit_are_usage() {
    let world = World::new();
    two_days(&world);
    daily(&world, "d8", "o8", &["--day", "2025-10-08"]).expect(0);
    let before = world.path("o8");
    let before = before.to_str().expect("UTF-8");
    let refused = |flags: &[&str], said: &str| {
        let told = daily(&world, "d7", "x", flags).expect(2).stderr;
        assert!(told.contains(said), "{told}");
        assert!(!world.path("x").exists());
    };
    refused(&["--day", "2025-11-01"], "--day 2025-11-01 is not in 2025-10");
    refused(&["--day", "2025-10-07", "--as-of", "2025-10-06"], "--as-of 2025-10-06 is before");
    refused(&["--before", before, "--as-of", "2025-10-07"], "--as-of 2025-10-07 is before");
    refused(&["--before", "nowhere"], "is no result of liangqing daily");
    let as_of = ["--day", "2025-10-07", "--as-of", "2025-11-03"];
    daily(&world, "d7", "later", &as_of).expect(0);
    assert_eq!(differences(&world, "later"), ["S2 insured_lacks insured 2025-10-07 27"]);
}

#[test]
fn what_is_no_result_of_the_month_is_not_followed() {
    let world = World::new();
    two_days(&world);
    daily(&world, "d7", "good", &["--day", "2025-10-07"]).expect(0);
    let refused = |name: &str, status: i32, said: &str, spoil: &dyn Fn(&Path)| {
        let folder = world.path(name);
        fs::create_dir(&folder).expect("made");
        for file in FILES {
            fs::copy(world.path("good").join(file), folder.join(file)).expect("copied");
        }
        spoil(&folder);
        let before = folder.to_str().expect("UTF-8");
        let told = daily(&world, "d8", "x", &["--before", before]).expect(status).stderr;
        assert!(told.contains(said), "{name}: {told}");
        assert!(!world.path("x").exists());
    };
    let rewritten = |from: &'static str, to: &'static str| {
        move |folder: &Path| {
            let path = folder.join("summary.json");
            let text = fs::read_to_string(&path).expect("read");
            assert!(text.contains(from), "{text}");
            fs::write(path, text.replacen(from, to, 1)).expect("written");
        }
    };
    refused(
        "month",
        2,
        "is of \"2025-09\", and --period is 2025-10",
        &rewritten("2025-10\"", "2025-09\""),
    );
    refused(
        "count",
        2,
        "1 rows where summary.json says 2",
        &rewritten("\"differences\": 1", "\"differences\": 2"),
    );
    refused(
        "days",
        2,
        "its days are not of its month",
        &rewritten("\"2025-10-07\"\n", "\"2025-11-07\"\n"),
    );
    refused("format", 2, "format 9", &rewritten("\"format\": 1", "\"format\": 9"));
    let cut = |folder: &Path| {
        let path = folder.join("differences.parquet");
        let bytes = fs::read(&path).expect("read");
        fs::write(path, &bytes[..bytes.len() / 2]).expect("written");
    };
    refused("cut", 2, "differences.parquet", &cut);
    let gone = |folder: &Path| fs::remove_file(folder.join("differences.parquet")).expect("gone");
    refused("gone", 2, "is no result of liangqing daily", &gone);
    let other = |folder: &Path| {
        fs::copy(folder.join("mended.parquet"), folder.join("differences.parquet"))
            .map(drop)
            .expect("copied");
    };
    refused("other", 2, "other columns", &other);
    refused("empty", 2, "is no result", &|folder| {
        fs::write(folder.join("summary.json"), "").expect("written");
    });
    // A folder that cannot be read: a name in it leads to itself, which nobody can open, not even root.
    let looped = |folder: &Path| {
        let path = folder.join("summary.json");
        fs::remove_file(&path).expect("removed");
        std::os::unix::fs::symlink("summary.json", path).expect("linked");
    };
    refused("looped", 6, "summary.json", &looped);
}

#[test]
fn the_national_copy_may_have_anything_beside_the_eight_fields() {
    let world = World::new();
    let rows = [on("S1", "2025-10-07")];
    let batch = batch(&rows);
    let float: ArrayRef = Arc::new(Float64Array::from(vec![0.5]));
    let null: ArrayRef = Arc::new(NullArray::new(1));
    let national = with_column(
        &with_column(&batch, "hifp_pay", Arc::clone(&float)),
        "psn_no",
        Arc::clone(&float),
    );
    let national = with_column(&national, "init_setl_id", Arc::clone(&null));
    let write = |side: &str, batch: &RecordBatch| {
        write_parquet(&world.path(&format!("in/{side}/a.parquet")), batch);
    };
    write("treating", &without_column(&batch, "init_setl_id"));
    write("insured", &with_column(&batch, "init_setl_id", null));
    write("national", &national);
    daily(&world, "in", "out", &[]).expect(0);
    assert_eq!(summary(&world, "out")["classes"], serde_json::json!({"agrees": 1}));
    // It has to have the eight; the others have to be what a close needs.
    write("national", &without_column(&national, "init_setl_id"));
    write("treating", &without_column(&batch, "psn_cash_pay"));
    write("insured", &with_column(&batch, "hifp_pay", float));
    let told = daily(&world, "in", "x", &[]).expect(3).stderr;
    for said in [
        "F03 national/a.parquet: found no column init_setl_id",
        "F03 treating/a.parquet: found no column psn_cash_pay",
        "F05 insured/a.parquet, column hifp_pay",
    ] {
        assert!(told.contains(said), "{told}");
    }
}

#[test]
fn findings_of_three_sides_come_together() {
    let world = World::new();
    let rows = [on("S1", "2025-10-07")];
    for side in ["treating", "national"] {
        write_parquet(&world.path(&format!("in/{side}/a.parquet")), &batch(&rows));
    }
    fs::create_dir_all(world.path("in/national/_delta_log")).expect("made");
    fs::create_dir_all(world.path("in/insured")).expect("made");
    fs::copy(world.path("in/national/a.parquet"), world.path("in/national/31.PARQUET"))
        .expect("copied");
    // Small files of a close are not asked about.
    fs::write(world.path("in/Payments.csv"), "").expect("written");
    fs::write(world.path("in/Control_Totals.csv"), "").expect("written");
    let told = daily(&world, "in", "x", &["--accept", "G02"]).expect(3).stderr;
    for said in [
        "F01 insured: found no Parquet file",
        "G01 Control_Totals.csv: found a name that is not read, in place of control-totals.csv",
        "G01 national/31.PARQUET",
        "G06 national/a.parquet: found the same bytes as treating/a.parquet",
        "G07 national/_delta_log",
    ] {
        assert!(told.contains(said), "{told}");
    }
    assert!(!told.contains("Payments.csv"), "{told}");
    assert!(!world.path("x").exists());
    // Questions pass when they are meant.
    write_parquet(
        &world.path("in/insured/b.parquet"),
        &with_column(&batch(&rows), "x", marks(1, "x")),
    );
    let accept = ["--accept", "G01", "--accept", "G06", "--accept", "G07"];
    daily(&world, "in", "out", &accept).expect(0);
    assert_eq!(summary(&world, "out")["accepted"], serde_json::json!(["G01", "G06", "G07"]));
}

#[test]
fn control_totals_list_the_files_of_three_sides() {
    let world = World::new();
    two_days(&world);
    let totals = |lines: &str| {
        let text = format!("file,rows,medfee_sumamt,fund_pay_sumamt,acct_pay\n{lines}");
        fs::write(world.path("d7/control-totals.csv"), text).expect("written");
    };
    let (treating, national) = (
        "treating/a.parquet,2,2000.00,1400.00,200.00\n",
        "national/a.parquet,2,2000.00,1400.00,200.00\n",
    );
    totals(&format!("{treating}{national}insured/a.parquet,1,1000.00,700.00,100.00\n"));
    daily(&world, "d7", "out", &[]).expect(0);
    totals(&format!("{treating}insured/a.parquet,1,1000.00,700.00,100.01\n"));
    let told = daily(&world, "d7", "x", &[]).expect(3).stderr;
    assert!(told.contains("F10 national/a.parquet"), "{told}");
    assert!(told.contains("F09 insured/a.parquet, column acct_pay"), "{told}");
}

#[test]
fn rows_that_break_a_rule_take_no_part() {
    let world = World::new();
    let good = on("S1", "2025-10-07");
    let negative = good.clone().with(Field::acct_pay, "-1.00");
    // Rules over other fields are not judged: the person is missing, the sums do not add up.
    let strange = good
        .clone()
        .without(Field::psn_no)
        .with(Field::hifp_pay, "1.00")
        .with(Field::fund_pay_sumamt, "700.00")
        .with(Field::medfee_sumamt, "1000.00");
    deliver(
        &world,
        "in",
        [&[strange], &[negative, good.clone()], &[good.without(Field::acct_pay)]],
    );
    daily(&world, "in", "out", &[]).expect(0);
    let rejects = table(&world, "out", "rejects", &["side", "file", "row", "setl_id", "rules"]);
    assert_eq!(
        rejects,
        [
            ["insured", "insured/a.parquet", "0", "S1", "V01"],
            ["national", "national/a.parquet", "0", "S1", "V09"],
        ]
    );
    assert_eq!(differences(&world, "out"), ["S1 insured_lacks insured 2025-10-07 0"]);
    let rows = &summary(&world, "out")["rows"];
    assert_eq!(rows["national"], serde_json::json!({"read": 2, "rejected": 1}));
}

#[test]
fn empty_sides_and_months_are_results() {
    let world = World::new();
    deliver(&world, "none", [&[], &[], &[]]);
    daily(&world, "none", "out", &[]).expect(0);
    assert_eq!(summary(&world, "out")["reference_day"], "2025-10-01");
    assert_eq!(table(&world, "out", "totals", &["day"]).len(), 0);
    let rows = [on("S1", "2025-10-31"), on("S0", "2025-11-01")];
    deliver(&world, "one", [&rows, &[], &[]]);
    daily(&world, "one", "one-out", &[]).expect(0);
    assert_eq!(differences(&world, "one-out"), ["S1 treating_only treating 2025-10-31 0"]);
    assert_eq!(summary(&world, "one-out")["outside"], 1);
    let columns = ["side", "settlements", "medfee"];
    let totals = table(&world, "one-out", "totals", &columns);
    assert_eq!(
        totals,
        [["insured", "0", "0.00"], ["national", "0", "0.00"], ["treating", "1", "1000.00"]]
    );
    let facts = ["national_medfee", "national_sign", "treating_sign"];
    assert_eq!(table(&world, "one-out", "differences", &facts), [[NULL, NULL, "1"]]);
}

/// Writes many rows of one setl_id of 40 letters, of three bytes each. Their persons keep the file from being smaller
/// than its rows can be.
fn one_id(path: &Path, rows: usize) {
    let row = |person: usize| {
        let person = format!("P{}", person * 7_919 % 1_000_003);
        on(&"甲".repeat(40), "2025-10-07").with(Field::psn_no, person)
    };
    let some = batch(&(0..10_000).map(row).collect::<Vec<_>>());
    fs::create_dir_all(path.parent().expect("a folder")).expect("made");
    let properties = WriterProperties::builder().set_max_row_group_row_count(Some(20_000)).build();
    let file = File::create(path).expect("created");
    let mut writer = ArrowWriter::try_new(file, some.schema(), Some(properties)).expect("a writer");
    for _ in 0..rows / 10_000 {
        writer.write(&some).expect("written");
    }
    writer.close().expect("closed");
}

/// Waits for a process, and returns what it said and the most memory that it had, in KiB.
fn watched(mut child: Child) -> (Ran, u64) {
    let status = format!("/proc/{}/status", child.id());
    let mut most = 0;
    while child.try_wait().expect("waited for").is_none() {
        let text = fs::read_to_string(&status).unwrap_or_default();
        let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kilobytes = line.and_then(|line| line.trim().strip_suffix("kB")?.trim().parse().ok());
        most = most.max(kilobytes.unwrap_or(0));
        std::thread::sleep(Duration::from_millis(5));
    }
    (child.wait_with_output().expect("waited for").into(), most)
}

#[test]
fn one_settlement_many_times_takes_no_more_memory() {
    let world = World::new();
    let rows = 300_000;
    one_id(&world.path("in/treating/a.parquet"), rows);
    deliver(&world, "small", [&[], &[on("S1", "2025-10-07")], &[on("S1", "2025-10-07")]]);
    for side in ["national", "insured"] {
        fs::create_dir_all(world.path("in").join(side)).expect("made");
        let file = format!("{side}/a.parquet");
        fs::copy(world.path("small").join(&file), world.path("in").join(&file)).expect("copied");
    }
    let mut command = command(&world, "in", "out", &["--memory", "16MiB", "--threads", "2"]);
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("started");
    let (ran, most) = watched(child);
    ran.expect(0);
    // Its rows take some 45 MB.
    assert!(most < 100 << 10, "{most} KiB");
    let id = "甲".repeat(40);
    let found =
        table(&world, "out", "differences", &["setl_id", "class", "look", "treating_medfee"]);
    assert_eq!(found[1], [&id, "repeated", "treating", "300000000.00"]);
    let settlements = table(&world, "out", "totals", &["side", "settlements"]);
    assert_eq!(settlements[2], ["treating".to_owned(), rows.to_string()]);
}

#[test]
fn neither_files_nor_order_change_what_is_found() {
    let world = World::new();
    let days = ["2025-10-07", "2025-10-08", "2025-10-09"];
    let rows: Vec<Row> = (0..60).map(|at| on(&format!("S{at}"), days[at % 3])).collect();
    deliver(&world, "one", [&rows[..50], &rows[5..], &rows]);
    let mut turned = rows.clone();
    turned.reverse();
    for (side, rows) in SIDES.into_iter().zip([&turned[10..], &turned[..55], &turned[..]]) {
        for (at, some) in rows.chunks(7).enumerate() {
            let path = world.path(&format!("other/{side}/deep/{at}.parquet"));
            write_parquet(&path, &with_column(&batch(some), "mark", marks(some.len(), side)));
        }
    }
    daily(&world, "one", "o1", &["--threads", "1"]).expect(0);
    daily(&world, "other", "o2", &["--threads", "3", "--memory", "16MiB"]).expect(0);
    for file in FILES.into_iter().filter(|file| *file != "summary.json") {
        let read = |out: &str| fs::read(world.path(out).join(file)).expect("read");
        assert_eq!(read("o1"), read("o2"), "{file}");
    }
}

#[test]
fn a_signal_leaves_nothing_behind() {
    let world = World::new();
    two_days(&world);
    let pipe = world.path("d7/control-totals.csv");
    assert!(Command::new("mkfifo").arg(&pipe).status().expect("started").success());
    // A pipe is no file: the run does not wait for it.
    let told = daily(&world, "d7", "x", &[]).expect(3).stderr;
    assert!(told.contains("S02 control-totals.csv"), "{told}");
    fs::remove_file(&pipe).expect("removed");
    one_id(&world.path("d7/treating/b.parquet"), 300_000);
    let mut command = command(&world, "d7", "x", &[]);
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("started");
    let begun = Instant::now();
    while !world.path(".x.part/scratch").exists() && begun.elapsed() < Duration::from_secs(5) {
        std::thread::sleep(Duration::from_millis(1));
    }
    let kill = format!("kill -INT {}", child.id());
    assert!(Command::new("sh").args(["-c", &kill]).status().expect("started").success());
    let ran: Ran = child.wait_with_output().expect("waited for").into();
    assert!(ran.expect(130).stderr.contains("interrupted"));
    assert!(!world.path("x").exists() && !world.path(".x.part").exists());
}

#[test]
fn a_run_leaves_the_national_copies_alone() {
    let world = World::new();
    world.deliver_both(PERIOD, &[Row::new("S1")]);
    world.deliver(PERIOD, "national/a.parquet", &[Row::new("S1")]);
    fs::create_dir_all(world.input(PERIOD).join("national/_delta_log")).expect("made");
    let command = world.command(PERIOD).output().expect("started");
    Ran::from(command).expect(0);
}
