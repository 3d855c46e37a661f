//! The exit status of every kind of failure (contract §7), and what is left behind then: nothing.

use std::{
    fs::{self, File},
    path::Path,
    process::Command,
    sync::Arc,
};

use arrow_array::Float64Array;
use liangqing::{
    engine::{RunOptions, run},
    event::Monitor,
    model::{codes::Month, fields::Field},
    plausible::CODES,
    rules::Rules,
};
use parquet::file::metadata::{
    FileMetaData, ParquetMetaDataBuilder, ParquetMetaDataReader, ParquetMetaDataWriter,
};

use crate::world::{
    PROGRAM, Ran, Row, World, batch, names_in, program, with_column, without_column,
};

const PERIOD: &str = "2025-11";
const FILE: &str = "treating/a.parquet";

#[test]
fn all_findings_are_listed_at_once() {
    let world = World::new();
    let damaged = b"no parquet";
    let good = batch(&[Row::new("B")]);
    world.small_file("2025-10/treating", "b.parquet", damaged);
    let spoiled = with_column(&good, "acct_pay", Arc::new(Float64Array::from(vec![1.0])));
    let spoiled = without_column(&without_column(&spoiled, "psn_no"), "setl_time");
    world.deliver_batch("2025-10", "treating/a.parquet", &spoiled);
    world.small_file("2025-10", "payments.csv", "notice_id\n");
    world.small_file(
        "2025-10",
        "deductions.csv",
        "ddct_id,setl_id,amount,reason_code,decided_on\nd,A,1e2,x,2025-02-29\n",
    );
    let ran = world.run("2025-10").expect(3);
    let listed: Vec<&str> = ran
        .stderr
        .lines()
        .filter_map(|line| Some(line.strip_prefix("  ")?.split_once(": found")?.0))
        .collect();
    let expected = [
        "S04 deductions.csv, line 2, column amount",
        "S05 deductions.csv, line 2, column decided_on",
        "F01 insured",
        "S02 payments.csv, line 1",
        "F05 treating/a.parquet, column acct_pay",
        "F03 treating/a.parquet",
        "F02 treating/b.parquet",
    ];
    assert_eq!(listed, expected, "{}", ran.stderr);
    assert!(!world.book().exists(), "a book was made");
}

#[test]
fn findings_for_programs_are_json() {
    let world = World::new();
    world.deliver("2025-10", "treating/a.parquet", &[Row::new("A")]);
    let ran = world.run_with("2025-10", &["--format", "json"]).expect(3);
    let value: serde_json::Value = serde_json::from_str(&ran.stdout).expect("JSON");
    assert_eq!((&value["exit"], &value["findings"][0]["code"]), (&3.into(), &"F01".into()));
}

#[test]
fn wrong_usage_is_2() {
    let world = World::new();
    world.deliver_both("2025-10", &[Row::new("A")]);
    let usage = |flags: &[&str]| world.run_with("2025-10", flags).expect(2).stderr;
    usage(&["--no-such-flag"]);
    for day in ["2025-02-30", "0001-01-01", "1899-12-31", "1999-12-31", "2100-01-01", "9999-12-31"]
    {
        usage(&["--as-of", day]);
    }
    usage(&["--threads", "0"]);
    usage(&["--memory", "1KiB"]);
    usage(&["--memory", "17179869183GiB"]);
    usage(&["--threads", "100000"]);
    usage(&["--rules", "no-such-file"]);
    usage(&["--opening-quotas", "no-such-file"]);
    usage(&["no-such-pipeline"]);
    let program =
        |arguments: &[&str]| -> Ran { program().args(arguments).output().expect("started").into() };
    program(&[]).expect(2);
    program(&["run"]).expect(2);
    let input = program(&["run", "--period", "2025-10", "--input", "no-such", "--book", "b"]);
    assert!(input.expect(2).stderr.contains("no-such is not a folder"));
    assert!(!world.book().exists(), "a book was made");
    for (command, period) in [("run", "0000-01"), ("run", "9999-12"), ("statements", "1999-12")] {
        let ran = program(&[command, "--period", period, "--book", "b", "--input", "no-such"]);
        assert!(ran.expect(2).stderr.contains("is not in the years 2000 to 2099"));
    }
    program(&["status", "--book", "b", "--as-of", "1899-12-31"]).expect(2);
    let pipeline = world.path("p.toml");
    let text = "pipeline = \"month-end\"\nas_of = \"0001-01-01\"\nperiod = \"9999-12\"\n";
    fs::write(&pipeline, text).expect("written");
    let refused = world.run_with("2025-10", &[pipeline.to_str().expect("UTF-8")]).expect(2).stderr;
    for line in ["line 2, as_of: \"0001-01-01\" is not in the years", "line 3, period: \"9999-12\""]
    {
        assert!(refused.contains(line), "{refused}");
    }
    fs::write(&pipeline, "pipeline = \"month-end\"\nperiods = 1\nthreads = \"two\"\n")
        .expect("written");
    let refused = world.run_with("2025-10", &[pipeline.to_str().expect("UTF-8")]).expect(2).stderr;
    assert!(
        refused.contains("line 2, periods") && refused.contains("line 3, threads"),
        "{refused}"
    );
    world.run("2025-10").expect(0);
    let quotas = world.path("quotas.csv");
    fs::write(&quotas, "insured_province,treating_province,quota\n").expect("written");
    world.deliver_both("2025-11", &[]);
    let flags = ["--opening-quotas", quotas.to_str().expect("UTF-8")];
    let late = world.run_with("2025-11", &flags).expect(2).stderr;
    assert!(late.contains("first period"), "{late}");
}

#[test]
fn a_disk_that_is_full_is_6_and_leaves_nothing() {
    let world = World::new();
    let rows: Vec<Row> = (0..20_000).map(|n| Row::new(&format!("S{n}"))).collect();
    world.deliver("2025-10", "treating/a.parquet", &rows);
    world.deliver("2025-10", "insured/a.parquet", &[]);
    // A limit on the length of files stands for the end of the disk.
    let script = "ulimit -f 200; exec \"$0\" \"$@\"";
    let run = world.command("2025-10");
    let mut limited = Command::new("sh");
    limited.env("LC_ALL", "C").args(["-c", script, PROGRAM]).args(run.get_args());
    let ran = Ran::from(limited.output().expect("started")).expect(6);
    assert!(ran.stderr.contains("too large"), "{}", ran.stderr);
    assert!(!world.book().exists(), "a book was made");
    assert_eq!(names_in(&world.path("")), ["in"]);
    world.run("2025-10").expect(0);
}

#[test]
fn a_book_that_is_no_folder_is_refused() {
    let world = World::new();
    world.deliver_both("2025-10", &[Row::new("A")]);
    fs::write(world.book(), "a file").expect("written");
    let ran = world.run("2025-10");
    assert!([2, 4, 6].contains(&ran.status), "{ran:?}");
    assert_eq!(fs::read_to_string(world.book()).expect("read"), "a file");
}

#[test]
fn a_row_that_breaks_a_rule_refuses_nothing() {
    let world = World::new();
    world.deliver_both("2025-10", &[Row::new("A").with(Field::insutype, "9")]);
    world.run("2025-10").expect(0);
    assert_eq!(world.table("2025-10", "rejects", &["rules"]), [["V04"], ["V04"]]);
}

/// Gives a good file a footer that declares another number of rows.
fn with_footer(path: &Path, rows: i64) {
    let bytes = fs::read(path).expect("read");
    let file = File::open(path).expect("opened");
    let metadata = ParquetMetaDataReader::new().parse_and_finish(&file).expect("a footer");
    let group = metadata.row_group(0).clone().into_builder().set_num_rows(rows);
    let schema = metadata.file_metadata().schema_descr_ptr();
    let file =
        FileMetaData::new(metadata.file_metadata().version(), rows, None, None, schema, None);
    let lie = ParquetMetaDataBuilder::new(file).add_row_group(group.build().expect("a group"));
    let length: [u8; 4] = bytes[bytes.len() - 8..][..4].try_into().expect("a length");
    let data = bytes.len() - 8 - u32::from_le_bytes(length) as usize;
    let mut out = bytes[..data].to_vec();
    ParquetMetaDataWriter::new(&mut out, &lie.build()).finish().expect("a footer");
    fs::write(path, out).expect("written");
}

#[test]
fn footers_that_cannot_be_true_are_damage() {
    let world = World::new();
    world.deliver_both(PERIOD, &["A", "B", "C"].map(|key| Row::new(key).in_month(PERIOD)));
    let path = world.input(PERIOD).join(FILE);
    let good = fs::read(&path).expect("read");
    with_footer(&path, 3);
    world.run_with(PERIOD, &["--dry-run"]).expect(0);
    let mut problems = Vec::new();
    for rows in [0, 2, 4, -1, 1 << 40, i64::MIN, i64::MAX] {
        fs::write(&path, &good).expect("written");
        with_footer(&path, rows);
        let ran = world.run_with(PERIOD, &["--dry-run"]);
        if ran.status != 3 || !ran.stderr.contains("F02 treating/a.parquet") {
            let Ran { status, stdout, stderr } = ran;
            problems
                .push(format!("{rows} rows where there are 3: exit {status}\n{stdout}{stderr}"));
        }
    }
    assert!(problems.is_empty(), "\n{}", problems.join("\n"));
}

#[test]
fn a_run_that_would_need_more_memory_than_is_free_stops_before_it_takes_it() {
    let world = World::new();
    world.deliver("2025-10", "treating/a.parquet", &[Row::new("A"), Row::new("B")]);
    world.deliver("2025-10", "insured/a.parquet", &[Row::new("A")]);
    let options = RunOptions {
        engine: std::sync::Arc::new(liangqing::reconcile::reader::Local),
        period: Month::from_text("2025-10").expect("a month"),
        input: world.input("2025-10"),
        book: world.book(),
        opening_quotas: None,
        daily: None,
        rules: Rules::built_in(),
        accept: CODES.into(),
        as_of: None,
        // Copies in doubt have no share of it, so that the first is one too many.
        memory: 0,
        signer: None,
        form: liangqing::columnar::shape::TableForm::default(),
        dry_run: false,
        usual_percent: None,
        independent: None,
    };
    let free = |free_memory| run(&options, &Monitor::silent().with_free_memory(free_memory));
    let failure = free(|| Some(100)).expect_err("one copy takes more");
    assert_eq!(failure.exit_status(), 6);
    let said = failure.to_string();
    let expected =
        "memory: copies in doubt in one partition of the keys, 1 of them, take about 0 MiB";
    assert!(said.starts_with(expected), "{said}");
    assert!(!world.book().exists());
    free(|| Some(10_000)).expect("enough");
    assert_eq!(names_in(&world.book()), ["2025-10"]);
}
