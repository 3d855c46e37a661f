//! `status`: where a book stands on a day.

use std::fs;

use serde_json::json;
use unicode_width::UnicodeWidthStr;

use crate::world::{Ran, Row, World, program, tree};

/// A first period: quota 1000.00, payable 800.00, one settlement missing on the insured side.
pub(crate) fn closed_book() -> World {
    let world = World::new();
    let quotas = "insured_province,treating_province,quota\n34,31,1000\n";
    world.small_file("2025-10", "opening-quotas.csv", quotas);
    let rows = [Row::new("A"), Row::new("B")];
    world.deliver("2025-10", "treating/a.parquet", &rows);
    world.deliver("2025-10", "insured/a.parquet", &rows[..1]);
    world.run("2025-10").expect(0);
    world
}

pub(crate) fn look(world: &World, arguments: &[&str]) -> Ran {
    let mut command = program();
    let (name, rest) = arguments.split_first().expect("a command");
    command.arg(name).arg("--book").arg(world.book()).args(rest);
    command.output().expect("started").into()
}

pub(crate) fn json(ran: &Ran) -> serde_json::Value {
    serde_json::from_str(&ran.stdout).expect("JSON")
}

#[test]
fn status_says_what_is_due_late_and_open() {
    let world = closed_book();
    let before = tree(&world.book());
    let at = ["status", "--as-of", "2025-12-24", "--format", "json"];
    let status = json(&look(&world, &at).expect(0));
    assert_eq!(status["closed"], "2025-10");
    assert_eq!(status["next"], "2025-11");
    let yellow = json!([{ "pair": "34-31", "payable": "800.00", "quota": "1000.00",
        "used": "80.0", "level": "yellow" }]);
    assert_eq!(status["levels"]["yellow"], yellow);
    let pools = json!([{ "treating_province": "31", "payable": "800.00", "quota": "1000.00",
        "used": "80.0", "level": "yellow", "red": 0, "yellow": 1 }]);
    assert_eq!(status["levels"]["pools"], pools);
    // Issued on 2025-11-30, filed by 2025-12-05, to be paid by 2025-12-19.
    let notice = &status["unpaid"][0];
    assert_eq!((&notice["notice_id"], &notice["kind"]), (&json!("QS-2025-10-34-31"), &json!("QS")));
    assert_eq!((&notice["open"], &notice["days_left"]), (&json!("800.00"), &json!(-5)));
    assert_eq!(status["open"][0]["copies"], 1);
    assert_eq!(status["open"][0]["treating_payable"], "800.00");
    let deadlines = status["deadlines"].as_array().expect("a list");
    let due: Vec<[String; 4]> = deadlines
        .iter()
        .map(|due| {
            ["on", "article", "kind", "month"]
                .map(|name| due[name].to_string().trim_matches('"').to_owned())
        })
        .collect();
    let expected = [
        ["2025-12-03", "38", "reconciled", "2025-11"],
        ["2025-12-05", "48", "filed", "2025-10"],
        ["2025-12-05", "49", "passed_down", "2025-10"],
        ["2025-12-19", "48", "paid", "2025-10"],
        ["2025-12-20", "50", "declared", "2025-11"],
        ["2025-12-20", "50", "last_day_without_permit", "2025-09"],
        ["2025-12-21", "25", "paid_before_clearing", "2025-11"],
        ["2025-12-21", "46", "allocated", "2025-11"],
        ["2025-12-25", "46", "confirmed", "2025-11"],
        ["2025-12-26", "48", "told_back", "2025-10"],
        ["2025-12-31", "47", "notices", "2025-11"],
        ["2026-03-31", "50", "year_cleared", "2026-02"],
    ];
    assert_eq!(due, expected);
    assert_eq!(deadlines[11]["year"], 2025);
    let people = look(&world, &at[..3]).expect(0).stdout;
    assert!(people.contains("last day for costs of 2025-09 without a permit"), "{people}");
    assert!(people.contains("late      1 notice of 1, 800.00 yuan of 800.00"), "{people}");
    assert_eq!(tree(&world.book()), before);
}

#[test]
fn a_province_sees_what_concerns_it() {
    let world = closed_book();
    let of = |code: &str| {
        let at = ["status", "--as-of", "2025-12-24", "--format", "json", "--province", code];
        json(&look(&world, &at).expect(0))
    };
    let (payer, payee, other) = (of("34"), of("31"), of("11"));
    for (status, count, pools) in [(&payer, 1, 0), (&payee, 1, 1), (&other, 0, 0)] {
        let counts = [&status["unpaid"], &status["levels"]["yellow"], &status["open"]]
            .map(|list| list.as_array().expect("a list").len());
        assert_eq!(counts, [count; 3]);
        assert_eq!(status["levels"]["pools"].as_array().expect("a list").len(), pools);
    }
    let told = look(&world, &["status", "--province", "99"]).expect(2).stderr;
    assert!(told.contains("99 is no province"), "{told}");
    let people = look(&world, &["status", "--as-of", "2025-12-24", "--province", "31"]);
    assert!(people.expect(0).stdout.contains("province  31 Shanghai"));
}

#[test]
fn the_calendar_is_the_same_on_every_day() {
    let world = closed_book();
    let (first, second) = (world.path("first.ics"), world.path("second.ics"));
    let write = |path: &std::path::Path, flags: &[&str]| {
        let path = path.to_str().expect("UTF-8");
        look(&world, &[&["status", "--ics", path], flags].concat())
    };
    let said = write(&first, &["--as-of", "2025-12-24"]).expect(0).stdout;
    assert!(said.contains("written   "), "{said}");
    write(&second, &[]).expect(0);
    let bytes = fs::read(&first).expect("written");
    assert_eq!(bytes, fs::read(&second).expect("written"));
    let text = String::from_utf8(bytes).expect("UTF-8");
    assert_eq!(text.matches("BEGIN:VEVENT\r\n").count(), 12);
    for line in [
        "UID:reconciled-2025-11@liangqing",
        "DTSTAMP:20251130T000000Z",
        "DTSTART;VALUE=DATE:20251203",
        "SUMMARY:insured places have reconciled 2025-11",
        "DESCRIPTION:procedure §38",
    ] {
        assert!(text.contains(&format!("{line}\r\n")), "{line}\n{text}");
    }
    assert!(text.lines().all(|line| line.len() <= 75));
    write(&first, &[]).expect(2);
    write(&first, &["--force", "--lang", "zh"]).expect(0);
    let chinese = fs::read_to_string(&first).expect("written");
    assert!(chinese.contains("SUMMARY:参保地完成 2025-11 期全月对账"), "{chinese}");
}

/// All pairs of a nation: lists are cut, lines are not.
#[test]
fn a_nation_fits_the_terminal() {
    let world = World::new();
    let made = program()
        .args(["synth", "--quiet", "--period", "2025-10", "--settlements", "12000", "--out"])
        .arg(world.path("in"))
        .output()
        .expect("started");
    Ran::from(made).expect(0);
    let mut command = world.asking_command("2025-10");
    command.arg("--opening-quotas").arg(world.path("in/opening-quotas.csv"));
    Ran::from(command.output().expect("started")).expect(0);
    for lang in ["en", "zh"] {
        for command in [
            &["status", "--as-of", "2026-01-10"][..],
            &["status", "--as-of", "2026-01-10", "--all"],
            &["status", "--as-of", "2026-01-10", "--province", "31", "--limit", "3"],
            &["stress", "--scenario", "volume=60", "--scenario", "late=34:400"],
            &["stress", "--scenario", "volume=60", "--all"],
            &["stress", "--scenario", "volume=60", "--province", "31", "--limit", "0"],
        ] {
            let said = look(&world, &[command, &["--lang", lang]].concat()).expect(0).stdout;
            for line in said.lines() {
                assert!(line.width() <= 80, "{command:?} {}: {line}", line.width());
            }
            let more = if lang == "en" { "more: --all" } else { "项：--all" };
            assert_eq!(said.contains(more), !command.contains(&"--all"), "{said}");
            assert!(said.lines().count() < 95 || command.contains(&"--all"), "{said}");
        }
    }
    let status = ["status", "--as-of", "2026-01-10", "--format", "json"];
    let status = json(&look(&world, &status).expect(0));
    let counts = status["levels"]["pairs"].as_object().expect("counts");
    let pairs: u64 = counts.values().map(|n| n.as_u64().expect("a number")).sum();
    assert!((960..=992).contains(&pairs), "{counts:?}");
    assert_eq!(status["levels"]["pools"].as_array().expect("a list").len(), 32);
    // Of one day the largest notice is the first.
    let unpaid = status["unpaid"].as_array().expect("a list");
    let fen = |at: usize| {
        let yuan = unpaid[at]["open"].as_str().expect("yuan");
        yuan.replace('.', "").parse::<u64>().expect("a number")
    };
    assert!(unpaid.len() > 900 && fen(0) >= fen(1) && fen(1) >= fen(900));
    look(&world, &["status", "--all", "--limit", "3"]).expect(2);
}

/// Rules of version 2 have no schedule: its deadlines are not shown.
#[test]
fn rules_without_a_schedule_are_read() {
    let world = closed_book();
    let rules = include_str!("../../pipelines/rules.toml");
    let (before, rest) = rules.split_once("[policy.schedule]").expect("a schedule");
    let (_, after) = rest.split_once("[policy.fund_class]").expect("classes");
    let path = world.path("rules.toml");
    fs::write(&path, format!("{before}[policy.fund_class]{after}")).expect("written");
    let path = path.to_str().expect("UTF-8");
    let at = ["status", "--as-of", "2025-12-24", "--format", "json", "--rules", path];
    let status = json(&look(&world, &at).expect(0));
    assert_eq!(status["deadlines"].as_array().expect("a list").len(), 10);
    let late = rules.replace("reconcile_day = 3", "reconcile_day = 31");
    fs::write(path, late.replace("yearly_change_month = 2", "yearly_change_month = 0"))
        .expect("written");
    let told = look(&world, &["status", "--rules", path]).expect(2).stderr;
    assert!(told.contains("a day of the month is 1 to 28, not 31"), "{told}");
    assert!(told.contains("yearly_change_month is 1 to 12"), "{told}");
}

#[test]
fn looking_at_nothing_is_a_usage_error() {
    let world = World::new();
    look(&world, &["status", "--as-of", "2025-12-24"]).expect(2);
    look(&world, &["stress", "--scenario", "volume=20"]).expect(2);
    let world = closed_book();
    // Today, unless a day is given.
    look(&world, &["status"]).expect(0);
    look(&world, &["stress", "--scenario", "volume=lots"]).expect(2);
}
