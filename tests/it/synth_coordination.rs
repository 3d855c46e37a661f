//! `synth --coordination`: a month in which provinces have to do with each other, read again by the commands that are
//! for it.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use crate::world::{NULL, Ran, World, program, read_table, root, tree};

const PERIODS: [&str; 3] = ["2025-10", "2025-11", "2025-12"];
/// The fifteen classes but `agrees`.
const CLASSES: [&str; 14] = [
    "differs_all",
    "differs_insured",
    "differs_national",
    "differs_treating",
    "insured_lacks",
    "insured_lacks_differs",
    "insured_only",
    "national_lacks",
    "national_lacks_differs",
    "national_only",
    "repeated",
    "treating_lacks",
    "treating_lacks_differs",
    "treating_only",
];

fn synth(world: &World, out: &str, flags: &[&str]) -> Ran {
    let mut command = program();
    command.args(["synth", "--quiet", "--coordination", "--period", PERIODS[0], "--out"]);
    command.arg(world.path(out)).args(flags).output().expect("started").into()
}

fn truth(world: &World, folder: &str, name: &str, columns: &[&str]) -> Vec<Vec<String>> {
    read_table(&world.path(folder).join(format!("truth-{name}.parquet")), columns)
}

/// The differences that `daily` finds are those that were planted, in every month, order and number of threads.
#[test]
fn daily_finds_what_was_planted() {
    let world = World::new();
    synth(&world, "in", &["--periods", "2", "--settlements", "30000"]).expect(0);
    let mixed = ["--order", "shuffled", "--seed", "7", "--settlements", "4000"];
    synth(&world, "mixed", &mixed).expect(0);
    let months = [("in/2025-10", "1"), ("in/2025-11", "3"), ("mixed/2025-10", "2")];
    for (place, (folder, threads)) in months.into_iter().enumerate() {
        let period = &folder[folder.len() - 7..];
        let out = world.path(&format!("result-{place}"));
        let ran: Ran = program()
            .args(["daily", "--quiet", "--period", period, "--threads", threads, "--input"])
            .arg(world.path(folder))
            .arg("--out")
            .arg(&out)
            .output()
            .expect("started")
            .into();
        ran.expect(0);
        let columns = ["setl_id", "class"];
        let mut found = read_table(&out.join("differences.parquet"), &columns);
        found.sort();
        let planted = truth(&world, folder, "daily", &columns);
        assert_eq!(found, planted, "{folder}");
        let classes: BTreeSet<&str> = planted.iter().map(|row| row[1].as_str()).collect();
        if place < 2 {
            assert!(classes.into_iter().eq(CLASSES), "{folder}");
        }
        assert!(!read_table(&out.join("rejects.parquet"), &["side"]).is_empty());
    }
}

/// The rows of both provinces, and the breaks of a close, are what they are without.
#[test]
fn a_month_is_what_it_is_without() {
    let world = World::new();
    let flags = ["--periods", "2", "--settlements", "1500", "--threads"];
    let [one, three] = ["1", "3"].map(|threads| {
        let out = format!("with-{threads}");
        synth(&world, &out, &[&flags[..], &[threads]].concat()).expect(0);
        tree(&world.path(&out))
    });
    assert!(one == three, "threads change nothing");
    let mut plain = program();
    plain.args(["synth", "--quiet", "--period", PERIODS[0], "--out"]).arg(world.path("plain"));
    let ran: Ran = plain.args(&flags[..4]).output().expect("started").into();
    ran.expect(0);
    for (name, bytes) in tree(&world.path("plain")) {
        if !name.ends_with("control-totals.csv") {
            assert!(one[&name] == bytes, "{name}");
        }
    }
}

/// Every state of requests and errors is in the answer keys, and a run takes the months.
#[test]
fn requests_and_errors_have_every_state() {
    let world = World::new();
    synth(&world, "in", &["--periods", "3", "--settlements", "6000"]).expect(0);
    let (mut asked, mut errors) = (BTreeMap::new(), BTreeMap::new());
    for period in PERIODS {
        let folder = format!("in/{period}");
        let lines = |name: &str| {
            let text = std::fs::read_to_string(world.path(&folder).join(name)).expect("there");
            text.lines().skip(1).map(str::to_owned).collect::<Vec<String>>()
        };
        let requests = lines("requests.csv");
        for row in truth(&world, &folder, "coordination", &["request_id", "row", "state"]) {
            if row[1] != NULL {
                let line = &requests[row[1].parse::<usize>().expect("a row")];
                assert!(line.starts_with(&format!("{},", row[0])), "{row:?} {line}");
            }
            *asked.entry(row[2].clone()).or_insert(0) += 1;
        }
        let written: BTreeSet<String> = lines("system-errors.csv")
            .iter()
            .filter_map(|line| line.split(',').next().map(str::to_owned))
            .collect();
        let mut carried = 0;
        for row in truth(&world, &folder, "errors", &["err_id", "state"]) {
            carried += usize::from(!written.contains(&row[0]));
            *errors.entry(row[1].clone()).or_insert(0) += 1;
        }
        assert_eq!(carried > 0, period != PERIODS[0], "{period}");
    }
    let states =
        |counts: &BTreeMap<String, u32>| counts.keys().cloned().collect::<Vec<_>>().join(" ");
    let every = "answered confirmed deemed_confirmed open overdue refused reopened";
    assert_eq!(states(&asked), every, "{asked:?}");
    assert_eq!(states(&errors), "open resolved struck_off", "{errors:?}");
    for period in PERIODS {
        let mut run = program();
        run.args(["run", "--quiet", "--period", period, "--book"]).arg(world.path("book"));
        run.arg("--input").arg(world.path(&format!("in/{period}")));
        if period == PERIODS[0] {
            run.arg("--opening-quotas").arg(world.path("in/opening-quotas.csv"));
        }
        let ran: Ran = run.output().expect("started").into();
        ran.expect(0);
        let tables = world.path(&format!("book/{period}/tables"));
        let columns = ["setl_id", "class"];
        let mut breaks = read_table(&tables.join("breaks.parquet"), &columns);
        breaks.sort();
        assert_eq!(
            breaks,
            read_table(&world.path(&format!("in/{period}/truth.parquet")), &columns)
        );
        same_states(&tables, &world.path(&format!("in/{period}")));
    }
    let verified = program().args(["verify", "--quiet", "--book"]).arg(world.path("book")).output();
    Ran::from(verified.expect("started")).expect(0);
}

/// The close finds the states of the answer keys. Of errors that left there are sums alone.
fn same_states(tables: &Path, delivery: &Path) {
    let columns = ["request_id", "row", "state"];
    let sorted = |path: &Path| {
        let mut rows = read_table(path, &columns);
        rows.sort();
        rows
    };
    let key = delivery.join("truth-coordination.parquet");
    assert_eq!(sorted(&tables.join("coordination.parquet")), sorted(&key));
    let key = read_table(&delivery.join("truth-errors.parquet"), &["err_id", "state"]);
    let of = |state: &str| key.iter().filter(|row| row[1] == state).count();
    let open = read_table(&tables.join("errors_open.parquet"), &["err_id"]);
    let still = key.iter().filter(|row| row[1] == "open").map(|row| &row[0]);
    assert!(open.iter().map(|row| &row[0]).eq(still));
    let sums = read_table(&tables.join("errors.parquet"), &["resolved", "struck_off", "errors"]);
    let sum = |at: usize| {
        sums.iter().map(|row| row[at].parse::<usize>().expect("a number")).sum::<usize>()
    };
    assert_eq!([sum(0), sum(1), sum(2)], [of("resolved"), of("struck_off"), key.len()]);
}

/// Every class, request and error of the sample is told on both of its pages, and `daily` finds what they say.
#[test]
fn the_sample_is_told() {
    let sample = root().join("sample-data/coordination");
    let world = World::new();
    let ran: Ran = program()
        .args(["daily", "--quiet", "--period", PERIODS[0], "--input"])
        .arg(sample.join(PERIODS[0]))
        .arg("--out")
        .arg(world.path("out"))
        .output()
        .expect("started")
        .into();
    ran.expect(0);
    let lines = |name: &str| {
        let mut file = csv::Reader::from_path(sample.join(name)).expect("a file");
        let line = |line: csv::StringRecord| line.iter().map(str::to_owned).collect();
        file.records().map(|record| line(record.expect("a line"))).collect::<Vec<Vec<String>>>()
    };
    let expected = lines("expected-daily.csv");
    let mut found =
        read_table(&world.path("out/differences.parquet"), &["setl_id", "class", "look"]);
    found.sort();
    assert_eq!(found, expected);
    let classes: BTreeSet<&str> = expected.iter().map(|line| line[1].as_str()).collect();
    assert!(classes.into_iter().eq(CLASSES));
    let told = [
        (expected, vec![1]),
        (lines("expected-requests.csv"), vec![2, 6]),
        (lines("expected-errors.csv"), vec![1, 2]),
    ];
    for page in ["README.md", "README.zh-CN.md"] {
        let text = std::fs::read_to_string(sample.join(page)).expect("a page");
        for (lines, columns) in &told {
            for line in lines {
                let named = columns.iter().all(|column| text.contains(&line[*column]));
                assert!(named && text.contains(&line[0]), "{page}: {line:?}");
            }
        }
    }
}
