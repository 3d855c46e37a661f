//! What reaches a terminal: no letter that steers it, no line that somebody forged, no table wider than it is.

use std::{
    fs,
    process::Output,
    time::{Duration, Instant},
};

use liangqing::model::fields::Field;
use unicode_width::UnicodeWidthStr;

use crate::world::{Ran, Row, World, program};

/// Ids that clear a terminal, forge a line, turn letters around, hide some.
const HOSTILE: [&str; 6] = [
    "\u{1b}[2JX",
    "X\nX: cleared in 2025-10",
    "\u{202e}X",
    "X\u{2066}\u{200b}",
    "X\u{9b}31m\u{85}",
    "X\u{2028}\u{feff}X\r",
];

fn steers(letter: char) -> bool {
    (letter.is_control() && letter != '\n')
        || "\u{200b}\u{202e}\u{2028}\u{2066}\u{feff}".contains(letter)
}

fn assert_tame(output: &Output, what: &str) {
    for stream in [&output.stdout, &output.stderr] {
        let text = String::from_utf8(stream.clone()).expect("UTF-8");
        assert!(!text.contains(steers), "{what}: {text:?}");
        // Of the ids one forges a line.
        assert!(!text.lines().any(|line| line.starts_with("X: cleared")), "{what}: {text}");
    }
}

#[test]
fn nothing_of_a_delivery_steers_the_terminal() {
    let world = World::new();
    let rows: Vec<Row> = HOSTILE
        .iter()
        .enumerate()
        .map(|(at, id)| match at {
            0 => Row::new(id).with(Field::fixmedins_code, "H\u{1b}]0;X"),
            _ => Row::new(id),
        })
        .collect();
    world.deliver("2025-10", "treating/a.parquet", &rows);
    let other = |row: Row| row.with(Field::psn_no, "P\u{1b}[2J");
    let others: Vec<Row> = rows[3..].iter().cloned().map(other).collect();
    world.deliver(
        "2025-10",
        "insured/\u{1b}[2J\nX: cleared.parquet",
        &[&rows[..3], &others].concat(),
    );
    world.run("2025-10").expect(0);
    let book = world.book();
    let copy = World::new();
    copy.deliver_both("2025-10", &rows);
    copy.run("2025-10").expect(0);
    for lang in ["en", "zh"] {
        for id in HOSTILE {
            let mut explain = program();
            explain.args(["--lang", lang, "explain", "--book"]).arg(&book);
            explain.arg("--input").arg(world.input("2025-10")).args(["--", id]);
            assert_tame(&explain.output().expect("started"), id);
        }
        let mut pair = program();
        pair.args(["--lang", lang, "explain", "--pair", "34-31", "--period", "2025-10", "--book"]);
        pair.arg(&book).arg("--input").arg(world.input("2025-10"));
        assert_tame(&pair.output().expect("started"), "--pair");
        let mut diff = program();
        diff.args(["--lang", lang, "diff"])
            .args([book.join("2025-10"), copy.book().join("2025-10")]);
        let output = diff.output().expect("started");
        assert_eq!(output.status.code(), Some(5));
        assert_tame(&output, "diff");
    }
}

#[test]
fn nothing_of_the_command_line_or_its_files_steers_the_terminal() {
    let world = World::new();
    fs::write(world.path("keys.toml"), "\"\\u001b[2J\\nX: cleared\" = 1\n\"a\u{202e}\" = 2\n")
        .expect("written");
    let evil = "no\u{1b}[2J\nX: cleared\u{202e}";
    let equals = format!("--book={evil}");
    let paths = format!("{}/{evil}", world.path("").display());
    let keys = world.path("keys.toml").display().to_string();
    let commands: [&[&str]; 11] = [
        &["check", &keys],
        &["check", evil],
        &["run", "--period", "2025-10", "--input", evil, "--book", &paths],
        &["run", "--rules", &keys, "--period", "2025-10", "--input", ".", "--book", &paths],
        &["status", &equals, "--as-of", "2025-12-01"],
        &["verify", &equals],
        &["status", "--as-of", evil, "--book", "b"],
        &[evil],
        &["run", evil],
        &["explain", evil, evil, "--book", &paths],
        &["statements", "--period", "2025-10", "--book", &paths, "--out", evil],
    ];
    for command in commands {
        for lang in ["en", "zh"] {
            let output = program().args(["--lang", lang]).args(command).output().expect("started");
            assert_ne!(output.status.code(), Some(0), "{command:?}");
            assert_tame(&output, &format!("{command:?}"));
        }
    }
}

/// A book in which every pair of provinces owes something that is not paid.
fn every_pair() -> World {
    const PROVINCES: [u8; 32] = [
        11, 12, 13, 14, 15, 21, 22, 23, 31, 32, 33, 34, 35, 36, 37, 41, 42, 43, 44, 45, 46, 50, 51,
        52, 53, 54, 61, 62, 63, 64, 65, 66,
    ];
    let world = World::new();
    let division =
        |province: u8| if province == 66 { "659001".to_owned() } else { format!("{province}0100") };
    let pairs = PROVINCES.iter().flat_map(|of| PROVINCES.iter().map(move |at| (*of, *at)));
    let rows: Vec<Row> = pairs
        .filter(|(of, at)| of != at)
        .map(|(of, at)| {
            Row::new(&format!("S{of}{at}"))
                .with(Field::insuplc_admdvs, division(of))
                .with(Field::mdtrtarea_admvs, division(at))
                .with(Field::hifp_pay, "12345678901.23")
        })
        .collect();
    assert_eq!(rows.len(), 992);
    let quotas: Vec<String> = PROVINCES
        .iter()
        .flat_map(|of| PROVINCES.iter().map(move |at| (of, at)))
        .filter(|(of, at)| of != at)
        .map(|(of, at)| format!("{of},{at},12345678901.00\n"))
        .collect();
    let quotas = format!("insured_province,treating_province,quota\n{}", quotas.concat());
    world.small_file("2025-10", "opening-quotas.csv", quotas);
    world.deliver_both("2025-10", &rows);
    world.deliver(
        "2025-10",
        "treating/b.parquet",
        &[Row::new("T").with(Field::hifp_pay, "12345678901.23")],
    );
    world.run("2025-10").expect(0);
    world
}

#[test]
fn what_is_told_of_every_pair_is_told_at_once() {
    let world = every_pair();
    let tell = |lang: &str, arguments: &[&str]| {
        let begun = Instant::now();
        let mut command = program();
        command.args(["--lang", lang]).args(arguments).arg("--book").arg(world.book());
        let ran = Ran::from(command.output().expect("started")).expect(0);
        (ran.stdout, begun.elapsed())
    };
    for arguments in [
        &["status", "--as-of", "2025-12-24", "--all"][..],
        &["stress", "--all", "--scenario", "volume=20", "--scenario", "late=34:45"],
    ] {
        let (english, in_english) = tell("en", arguments);
        let (chinese, in_chinese) = tell("zh", arguments);
        assert!(english.len() > 800 && chinese.len() > 800, "{chinese}");
        assert_eq!(english.lines().count(), chinese.lines().count());
        // A second, and what an unoptimised program on a busy machine adds.
        let slow = in_chinese > in_english * 3 + Duration::from_secs(2);
        assert!(!slow, "{arguments:?}: {in_english:?} in English, {in_chinese:?} in Chinese");
    }
}

#[test]
fn no_table_is_wider_than_a_terminal() {
    let world = every_pair();
    let book = world.book();
    let other = World::new();
    other.deliver_both("2025-10", &[Row::new("A")]);
    other.run("2025-10").expect(0);
    let other = other.book();
    let [book, other] = [&book, &other].map(|path| path.to_str().expect("UTF-8"));
    let input = world.input("2025-10");
    let input = input.to_str().expect("UTF-8");
    let commands: [&[&str]; 7] = [
        &["status", "--as-of", "2025-12-24", "--book", book],
        &["verify", "--book", book],
        &["diff", book, other],
        &["explain", "T", "--book", book, "--input", input],
        &["explain", "--pair", "34-31", "--period", "2025-10", "--book", book, "--input", input],
        &[
            "run",
            "--period",
            "2025-10",
            "--input",
            input,
            "--book",
            "{new}",
            "--dry-run",
            "--timings",
        ],
        &["stress", "--scenario", "volume=20", "--book", book],
    ];
    for command in commands {
        for lang in ["en", "zh"] {
            let new = world.path("new").display().to_string();
            let command = command.iter().map(|part| if *part == "{new}" { &new } else { *part });
            let ran: Ran = program()
                .args(["--lang", lang])
                .args(command.clone())
                .output()
                .expect("started")
                .into();
            for line in ran.stdout.lines() {
                // A table has a margin; what is told of many pairs in one line is broken by the terminal.
                let of_table = line.starts_with(' ') && !line.starts_with("  ");
                assert!(
                    !of_table || line.width() <= 80,
                    "{lang} {:?}: {line}",
                    command.collect::<Vec<_>>()
                );
            }
        }
    }
}
