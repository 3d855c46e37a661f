//! What people read, in Chinese: no line of the usual commands stays English, and programs see no difference.

use std::{fs, path::Path, process::Output};

use crate::world::program;

/// English that stays: names of columns, folders and fields, which are the same in every language.
const NAMES: [&str; 21] = [
    "bad",
    "deliveries",
    "exports",
    "init",
    "maps",
    "place",
    "bulletin",
    "chmod",
    "explain",
    "reason",
    "liangqing",
    "verify",
    "book",
    "insured",
    "treating",
    "statements",
    "notices",
    "amount",
    "paid",
    "lateness",
    "effect",
];

/// A folder with the sample in it.
fn scene() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    for name in ["sample-data", "pipelines"] {
        let there = crate::world::root().join(name);
        std::os::unix::fs::symlink(there, folder.path().join(name)).expect("linked");
    }
    folder
}

fn output(folder: &Path, command: &str) -> Output {
    program().args(command.split(' ')).current_dir(folder).output().expect("started")
}

fn text(output: &Output) -> String {
    let streams = [&output.stdout, &output.stderr];
    streams.map(|stream| String::from_utf8_lossy(stream).into_owned()).concat()
}

/// Words of a line that are English, and are not names.
fn english(line: &str) -> Vec<&str> {
    // What a command may be called with, and fields with their values, are no language.
    if line.trim_start().starts_with("- liangqing") || line.starts_with("            ") {
        return Vec::new();
    }
    let plain = |word: &&str| word.len() > 2 && word.bytes().all(|byte| byte.is_ascii_lowercase());
    let words = line.split([' ', '，', '：', '；', '、', '（', '）', ',', ':']);
    words.filter(plain).filter(|word| !NAMES.contains(word)).collect()
}

#[test]
fn reports_leave_nothing_in_english() {
    let scene = scene();
    let folder = scene.path();
    fs::create_dir_all(folder.join("bad/treating")).expect("made");
    fs::create_dir_all(folder.join("bad/insured")).expect("made");
    let first = "run --period 2025-10 --input sample-data/2025-10 --opening-quotas sample-data/opening-quotas.csv";
    let commands = [
        (0, format!("{first} --book book --timings")),
        (0, "run --period 2025-11 --input sample-data/2025-11 --book book --dry-run".to_owned()),
        (0, "check sample-data/2025-11 --book book".to_owned()),
        (3, "check bad --period 2025-10".to_owned()),
        (0, "check month-end".to_owned()),
        (0, "init place".to_owned()),
        (2, "init place".to_owned()),
        (0, "rules --out rules.toml".to_owned()),
        (2, "status".to_owned()),
        (0, "run --period 2025-11 --input sample-data/2025-11 --book book".to_owned()),
        (4, "run --period 2025-11 --input sample-data/2025-11 --book book".to_owned()),
        (3, "run --period 2025-12 --input bad --book book".to_owned()),
        (2, "run --period 2025-13 --input bad --book book".to_owned()),
        (2, "run --period 2025-12".to_owned()),
        (2, "verify".to_owned()),
        (0, "status --book book --as-of 2026-01-10".to_owned()),
        (0, "stress --book book --scenario volume=60 --scenario late=34:45".to_owned()),
        (0, "verify --book book".to_owned()),
        (0, "run pipelines/audit-rerun.toml --period 2025-11 --input sample-data/2025-11 --book book".to_owned()),
        (0, "statements --book book --period 2025-11 --out statements".to_owned()),
        (0, "decisions import statements/34/reply.csv --book book".to_owned()),
        (0, "report --book book --period 2025-11".to_owned()),
        (2, "report --book book --period 2025-11".to_owned()),
        (0, "bulletin --book book --period 2025-11 --out bulletin".to_owned()),
        (2, "bulletin --book book --period 2025-11 --quarter --out quarter".to_owned()),
        (5, "bulletin --book book --period 2025-11 --input sample-data/2025-10 --out other".to_owned()),
        (2, "query --list --format csv --book book".to_owned()),
        (0, "explain S11 --book book --input sample-data/2025-10 --input sample-data/2025-11".to_owned()),
        (0, "explain S16 --book book".to_owned()),
        (0, "explain --pair 34-31 --period 2025-11 --book book --input sample-data/2025-11".to_owned()),
        (0, format!("{first} --book other --as-of 2025-11-20")),
        (5, "diff book/2025-10 other/2025-10".to_owned()),
        (5, "diff book other".to_owned()),
        (0, "keygen --out agency.key".to_owned()),
        (2, "keygen --out agency.key".to_owned()),
        (0, "synth --out made --period 2025-10 --settlements 500".to_owned()),
    ];
    leave_nothing_in_english(folder, &commands);
}

#[test]
fn refusals_leave_nothing_in_english() {
    let scene = scene();
    let folder = scene.path();
    let deliver = |name: &str, file: &str, text: &str| {
        let copied = std::process::Command::new("cp")
            .args(["-rL", "sample-data/2025-10", name])
            .current_dir(folder)
            .status();
        assert!(copied.expect("started").success());
        fs::write(folder.join(name).join(file), text).expect("written");
    };
    let decisions = "setl_id,decision,reason,decided_by,approved_by,decided_on\n";
    deliver("form", "decisions.csv", &format!("{decisions}S1,yes,r,a,a,2025-02-30\n"));
    deliver("needless", "decisions.csv", &format!("{decisions}S999,void,r,a,b,2025-12-03\n"));
    deliver("headless", "permits.csv", "permit_id\n");
    deliver("totals", "control-totals.csv", "file,rows,medfee_sumamt,fund_pay_sumamt,acct_pay\n");
    fs::write(folder.join("agency.key"), "none").expect("written");
    let run = |input: &str| {
        let quotas = "--opening-quotas sample-data/opening-quotas.csv";
        format!("run --quiet --period 2025-10 --input {input} --book book {quotas}")
    };
    let head = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";
    let commands = [
        (3, run("form")),
        (3, run("needless")),
        (3, run("headless")),
        (3, run("totals")),
        (2, run("no_such")),
        (0, run("sample-data/2025-10")),
        (4, run("sample-data/2025-10")),
        (4, "run --period 2025-12 --input sample-data/2025-12 --book book".to_owned()),
        (
            2,
            "run --period 2025-11 --input sample-data/2025-11 --book book --sign-key agency.key"
                .to_owned(),
        ),
        (5, format!("verify --book book --head {head}")),
        (2, "status --book book --as-of 2025-13-01".to_owned()),
        (2, "stress --book book --scenario early=1".to_owned()),
        (5, "explain S999 --book book".to_owned()),
        (2, "explain S1 --pair 34-31".to_owned()),
        (2, "diff book no_such".to_owned()),
        (2, "synth --out made --period 2025-10 --settlements 0".to_owned()),
    ];
    leave_nothing_in_english(folder, &commands);
}

fn leave_nothing_in_english(folder: &Path, commands: &[(i32, String)]) {
    let mut left = Vec::new();
    for (status, command) in commands {
        let output = output(folder, &format!("{command} --lang zh"));
        let said = text(&output);
        assert_eq!(output.status.code(), Some(*status), "{command}\n{said}");
        for line in said.lines().filter(|line| !english(line).is_empty()) {
            left.push(format!("{command}\n  {line}\n  {:?}", english(line)));
        }
    }
    assert!(left.is_empty(), "\n{}", left.join("\n"));
}

#[test]
fn the_language_reaches_no_report_for_programs() {
    let scene = scene();
    let quotas = "--opening-quotas sample-data/opening-quotas.csv";
    let run = |lang: &str, book: &str| {
        let command = format!(
            "run --quiet --period 2025-10 --input sample-data/2025-10 --book {book} {quotas} --format json"
        );
        let mut program = program();
        program.args(command.split(' ')).env("LC_ALL", lang).current_dir(scene.path());
        let output = program.output().expect("started");
        assert!(output.status.success());
        text(&output).replace(book, "book")
    };
    assert_eq!(run("C", "first"), run("zh_CN.UTF-8", "second"));
    let refused =
        output(scene.path(), "status --book none --as-of 2026-01-10 --format json --lang zh");
    assert!(text(&refused).contains("--book none is not a folder"), "{}", text(&refused));
    let script =
        |lang: &str| output(scene.path(), &format!("completions bash --lang {lang}")).stdout;
    assert_eq!(script("zh"), script("en"));
}

#[test]
fn names_of_columns_are_the_same_in_every_language() {
    let scene = scene();
    let first = "run --quiet --period 2025-10 --input sample-data/2025-10 --book book \
                 --opening-quotas sample-data/opening-quotas.csv";
    assert!(output(scene.path(), first).status.success());
    let listed = text(&output(scene.path(), "query --list --book book --lang zh"));
    assert!(listed.contains("\n    period             VARCHAR\n"), "{listed}");
    assert!(listed.contains("pairs  ") && listed.contains(" 行\n"), "{listed}");
}
