//! Requests between provinces over several closes: what the tables say, what verify finds, what people get to see.

use std::{fs, path::Path};

use liangqing::model::fields::Field;

use crate::{
    audited::json,
    forger::{Cells, Forger, findings},
    world::{Ran, Row, World, program, tree},
};

const REQUESTS: &str =
    "request_id,kind,from_province,to_province,opened_at,problem_type,setl_id,subject\n";
const REPLIES: &str = "request_id,replied_on,result,reason,confirmed_on,reopened_on\n";
const PERSON: &str = "34000000000123456789";

/// A stay of an Anhui person in Shanghai that costs so much in yuan.
fn stay(setl_id: &str, cost: u32, month: &str) -> Row {
    let row = Row::new(setl_id).in_month(month).with(Field::med_type, "21");
    row.with(Field::psn_no, PERSON)
        .with(Field::mdtrt_id, "M34000000000777777")
        .with(Field::begndate, format!("{month}-01"))
        .with(Field::enddate, format!("{month}-14"))
        .with(Field::hifp_pay, "100.00")
        .with(Field::acct_pay, "0.00")
        .with(Field::psn_cash_pay, format!("{}.00", cost - 100))
}

fn run(world: &World, period: &str, as_of: &str) {
    world.run_with(period, &["--as-of", as_of]).expect(0);
}

/// Three closes: verifications of what clears, of an open item, of what only the register knows, and of what nobody
/// knows; problems that are answered, deemed confirmed and reopened.
fn book() -> World {
    let world = World::new();
    world.deliver(
        "2025-10",
        "treating/a.parquet",
        &[stay("A", 30_000, "2025-10"), stay("B", 29_999, "2025-10"), stay("C", 40_000, "2025-10")],
    );
    world.deliver(
        "2025-10",
        "insured/a.parquet",
        &[stay("A", 30_000, "2025-10"), stay("B", 29_999, "2025-10"), Row::new("D")],
    );
    world.small_file(
        "2025-10",
        "requests.csv",
        format!(
            "{REQUESTS}v1,verification,34,31,2025-10-25,,A,invoice of {PERSON}\n\n\
             v2,verification,34,31,2025-10-25,,B,too cheap\nv3,verification,34,31,2025-10-26,,C,\n\
             v4,verification,34,31,2025-10-20,,X,unknown\nv5,verification,34,32,2025-10-20,,A,\n\
             v6,verification,34,31,2025-10-20,,D,no stay\nv1,problem,34,31,2025-10-20,other,,again\n\
             p1,problem,34,31,2025-10-20,filing,,\np2,problem,31,34,2025-12-01,other,,later\n"
        ),
    );
    run(&world, "2025-10", "2025-11-30");
    world.deliver_both("2025-11", &[Row::new("E").in_month("2025-11")]);
    world.small_file(
        "2025-11",
        "requests.csv",
        format!(
            "{REQUESTS}v7,verification,34,31,2025-12-01,,A,from the register\n\
             v8,verification,34,31,2025-12-01,,C,the open item\n\
             v9,verification,31,34,2025-12-01,,A,the wrong way\n"
        ),
    );
    world.small_file(
        "2025-11",
        "replies.csv",
        format!(
            "{REPLIES}v1,2025-11-27,incorrect,\"twice billed, see {PERSON}X\",,\n\
             p1,2025-12-01,answered,,,\nv7,2025-12-01,answered,,,\nz,2025-12-01,answered,,,\n"
        ),
    );
    world.small_file(
        "2025-11",
        "deductions.csv",
        "ddct_id,setl_id,amount,reason_code,decided_on\nK1,A,40.00,r,2025-12-20\n",
    );
    run(&world, "2025-11", "2025-12-31");
    world.deliver_both("2025-12", &[Row::new("F").in_month("2025-12")]);
    world.small_file(
        "2025-12",
        "replies.csv",
        format!(
            "{REPLIES}v1,2025-11-27,incorrect,\"twice billed, see {PERSON}X\",,\n\
             v1,2025-11-27,incorrect,again,2026-01-05,\np1,2025-12-01,answered,,,2026-01-12\n"
        ),
    );
    run(&world, "2025-12", "2026-01-31");
    world
}

/// Request, row, state, batch, due date, times rolled, day to confirm by, level, trusted, code.
fn coordination(world: &World, period: &str) -> Vec<String> {
    let columns = [
        "request_id",
        "row",
        "state",
        "batch",
        "due_on",
        "rolled",
        "confirm_by",
        "level",
        "trusted",
        "code",
    ];
    world.table(period, "coordination", &columns).iter().map(|row| row.join(" ")).collect()
}

#[test]
fn requests_go_through_several_closes() {
    let world = book();
    assert_eq!(
        coordination(&world, "2025-10"),
        [
            "p1 7 overdue - 2025-10-22 0 - 1 - -",
            "p2 8 refused - - - - - - Q05",
            "v1 0 overdue 2025-11 2025-12-26 1 - 1 false -",
            "v1 6 refused - - - - - - Q01",
            "v2 1 refused - - - - - - Q04",
            "v3 2 open 2025-11 2025-12-26 0 - 1 false -",
            "v4 3 refused - - - - - - Q03",
            "v5 4 refused - - - - - - Q02",
            "v6 5 refused - - - - - - Q04",
        ]
    );
    // The record is treating's, and the open item of a later close is one too.
    let stays = ["request_id", "fixmedins_code", "psn_no", "begndate", "enddate", "medfee_sumamt"];
    let of = |period: &str| {
        let rows = world.table(period, "coordination", &stays);
        rows.into_iter().filter(|row| row[5] != "-").map(|row| row.join(" ")).collect::<Vec<_>>()
    };
    let record = |id: &str, cost: &str| {
        format!("{id} H31010000001 {PERSON} 2025-10-01 2025-10-14 {cost}.00")
    };
    assert_eq!(of("2025-10"), [record("v1", "30000"), record("v3", "40000")]);
    assert_eq!(
        of("2025-11"),
        ["v1", "v3", "v8"].map(|id| { record(id, if id == "v1" { "30000" } else { "40000" }) })
    );
    assert_eq!(
        coordination(&world, "2025-11"),
        [
            "p1 - deemed_confirmed - 2025-10-22 0 2025-12-15 1 - -",
            "v1 - answered 2025-11 2025-12-26 1 2025-12-04 1 false -",
            "v3 - overdue 2025-12 2026-01-26 1 - 1 false -",
            "v7 0 open 2025-12 2026-01-26 0 - 1 true -",
            "v8 1 open 2025-12 2026-01-26 0 - 1 false -",
            "v9 2 refused - - - - - - Q02",
        ]
    );
    let replies = ["row", "request_id", "accepted", "code"];
    let replies = |period: &str| -> Vec<String> {
        world.table(period, "replies", &replies).iter().map(|row| row.join(" ")).collect()
    };
    assert_eq!(
        replies("2025-11"),
        ["0 v1 true -", "1 p1 true -", "2 v7 false Q09", "3 z false Q06"]
    );
    // p1 had left and is reopened; v1 ends with its confirmation and leaves.
    assert_eq!(replies("2025-12"), ["0 v1 true -", "1 v1 true -", "2 p1 true -"]);
    assert_eq!(
        coordination(&world, "2025-12"),
        [
            "p1 - overdue - 2026-01-14 0 - 2 - -",
            "v1 - confirmed 2025-11 2025-12-26 1 2025-12-04 1 false -",
            "v3 - overdue 2026-01 2026-02-26 2 - 1 false -",
            "v7 - overdue 2026-01 2026-02-26 1 - 1 true -",
            "v8 - overdue 2026-01 2026-02-26 1 - 1 false -",
        ]
    );
    world.verify(&[]).expect(0);
}

#[test]
fn bytes_do_not_depend_on_threads_files_or_memory() {
    let world = book();
    let before = tree(&world.book());
    for flags in [["--threads", "1"], ["--memory", "16MiB"]] {
        fs::remove_dir_all(world.book()).expect("removed");
        for (period, as_of) in
            [("2025-10", "2025-11-30"), ("2025-11", "2025-12-31"), ("2025-12", "2026-01-31")]
        {
            world.run_with(period, &[&["--as-of", as_of], &flags[..]].concat()).expect(0);
        }
        assert_eq!(tree(&world.book()), before, "{flags:?}");
    }
    // The same records in two files of other rows: the same requests.
    let path = world.input("2025-10").join("treating/a.parquet");
    fs::remove_file(path).expect("removed");
    let rows = |ids: &[(&str, u32)]| -> Vec<Row> {
        ids.iter().map(|(id, cost)| stay(id, *cost, "2025-10")).collect()
    };
    world.deliver("2025-10", "treating/x.parquet", &rows(&[("C", 40_000)]));
    world.deliver("2025-10", "treating/y.parquet", &rows(&[("B", 29_999), ("A", 30_000)]));
    let was = coordination(&world, "2025-10");
    fs::remove_dir_all(world.book()).expect("removed");
    run(&world, "2025-10", "2025-11-30");
    assert_eq!(coordination(&world, "2025-10"), was);
}

#[test]
fn verify_tells_every_forgery_of_requests_and_replies() {
    let world = book();
    let (v1, p1) = ([("request_id", "v1"), ("row", "-")], [("request_id", "p1")]);
    let requests = "requests, worked out again";
    let forgeries: [(&str, &str, Cells, Cells, &str); 14] = [
        ("2025-11", "coordination", &v1, &[("state", "confirmed")], requests),
        ("2025-11", "coordination", &v1, &[("batch", "2025-10")], requests),
        ("2025-11", "coordination", &v1, &[("due_on", "2025-11-26")], requests),
        ("2025-11", "coordination", &v1, &[("rolled", "0")], requests),
        ("2025-11", "coordination", &v1, &[("confirm_by", "2025-12-05")], requests),
        ("2025-11", "coordination", &v1, &[("replied_on", "2025-11-26")], requests),
        ("2025-11", "coordination", &v1, &[("medfee_sumamt", "31000.00")], requests),
        ("2025-11", "coordination", &v1, &[("subject", "nothing")], requests),
        ("2025-11", "coordination", &p1, &[("state", "answered")], requests),
        ("2025-12", "coordination", &p1, &[("level", "1")], requests),
        ("2025-12", "coordination", &p1, &[("reopened_on", "2026-01-11")], requests),
        ("2025-10", "coordination", &[("request_id", "p2")], &[("code", "Q01")], requests),
        ("2025-11", "replies", &[("request_id", "z")], &[("code", "Q08")], "replies, judged again"),
        ("2025-11", "coordination", &v1, &[("state", "lost")], "values of a row"),
    ];
    let places = |forge: &dyn Fn(&Forger)| -> Vec<String> {
        let copied = tempfile::tempdir().expect("a folder");
        crate::world::copy(&world.book(), copied.path());
        let forger = Forger::of(copied.path());
        forge(&forger);
        forger.seal(|_| {});
        findings(copied.path()).into_iter().map(|finding| finding.place.to_string()).collect()
    };
    for (period, table, of, to, law) in forgeries {
        let places = places(&|forger| forger.set(period, table, of, to));
        assert!(places.iter().any(|place| place == law), "{table} {to:?}: {places:?}");
    }
    // Rows that are gone: one that came earlier, one of this delivery, a reply.
    for (table, of, law) in [
        ("coordination", "v1", "before + new + reopened = left + stay"),
        ("coordination", "v9", "the lines of the delivery"),
        ("replies", "z", "the lines of the delivery"),
    ] {
        let places = places(&|forger| forger.remove("2025-11", table, &[("request_id", of)]));
        assert!(places.iter().any(|place| place == law), "{table} {of}: {places:?}");
    }
}

/// The tables that periods closed before have not.
const NEW: [&str; 6] =
    ["coordination", "replies", "errors", "errors_open", "errors_refused", "media"];

#[test]
fn a_book_from_before_goes_on_and_comes_out_again() {
    let world = book();
    // The files go when no manifest lists them any more.
    let strip = |world: &World, period: &str, inputs: bool| {
        let is_new = |path: &str| NEW.iter().any(|table| path == format!("tables/{table}.parquet"));
        Forger::of(&world.book()).seal(|manifest| {
            if manifest.period == period {
                manifest.outputs.retain(|output| !is_new(&output.path));
                manifest.inputs.retain(|input| {
                    !inputs || !["requests.csv", "replies.csv"].contains(&input.path.as_str())
                });
            }
        });
        for table in NEW {
            let path = world.book().join(period).join(format!("tables/{table}.parquet"));
            fs::remove_file(path).expect("removed");
        }
    };
    for period in ["2025-11", "2025-12"] {
        fs::remove_dir_all(world.book().join(period)).expect("removed");
    }
    strip(&world, "2025-10", true);
    for file in ["requests.csv", "replies.csv"] {
        _ = fs::remove_file(world.input("2025-10").join(file));
    }
    world.verify(&[]).expect(0);
    let rerun = |period: &str| -> Ran {
        let pipeline = crate::world::root().join("pipelines/audit-rerun.toml");
        let mut command = program();
        command.arg("run").arg(pipeline).args(["--quiet", "--period", period, "--input"]);
        command.arg(world.input(period)).arg("--book").arg(world.book());
        command.output().expect("started").into()
    };
    rerun("2025-10").expect(0);
    let mut query = program();
    query.args(["query", "SELECT count(*) AS rows FROM coordination", "--format", "csv", "--book"]);
    let asked = Ran::from(query.arg(world.book()).output().expect("started")).expect(0);
    assert!(asked.stdout.ends_with("0\n"), "{}", asked.stdout);
    run(&world, "2025-11", "2025-12-31");
    assert_eq!(coordination(&world, "2025-11").len(), 3);
    rerun("2025-11").expect(0);
    world.verify(&[]).expect(0);
    // An old period has no requests among its inputs, and none comes after one with tables.
    strip(&world, "2025-11", false);
    let ran = world.verify(&[]).expect(5);
    assert!(ran.stderr.contains("the lines of the delivery"), "{}", ran.stderr);
    let world = book();
    fs::remove_dir_all(world.book().join("2025-12")).expect("removed");
    strip(&world, "2025-11", true);
    let ran = world.verify(&[]).expect(5);
    assert!(ran.stderr.contains("fewer tables than the period before has"), "{}", ran.stderr);
    let ran = world.run_with("2025-12", &["--as-of", "2026-01-31"]).expect(4);
    assert!(ran.stderr.contains("lacks tables"), "{}", ran.stderr);
}

fn liangqing(world: &World, arguments: &[&str]) -> Ran {
    let mut command = program();
    command.args(arguments).arg("--book").arg(world.book());
    Ran::from(command.output().expect("started")).expect(0)
}

fn no_person(what: &str, text: &str) {
    for secret in [PERSON, "M34000000000777777", "123456789"] {
        assert!(!text.contains(secret), "{what} has {secret}: {text}");
    }
}

#[test]
fn people_get_their_lists_and_no_person() {
    let world = book();
    let out = world.path("out");
    let out = out.to_str().expect("UTF-8");
    liangqing(&world, &["statements", "--period", "2025-12", "--out", out]);
    let read = |path: &str| fs::read_to_string(Path::new(out).join(path)).expect(path);
    let asked = read("34/requests_asked.csv");
    assert!(
        asked.contains("v1") && asked.contains("***6789") && asked.contains("30000.00"),
        "{asked}"
    );
    let heading = asked.lines().next().expect("a heading");
    for blank in ["姓名", "性别", "住院号", "发票号"] {
        assert!(heading.contains(blank), "{heading}");
    }
    assert!(read("31/requests_received.csv").contains("v3"));
    let due = read("31/requests_due.csv");
    assert!(due.contains("2026-02-26") && due.contains("答复费用协查"), "{due}");
    // The deduction of 2025-11 followed the reply of that period.
    let incorrect = read("34/requests_incorrect.csv");
    assert!(incorrect.contains("40.00") && !incorrect.contains("尚无扣款"), "{incorrect}");
    assert!(!Path::new(out).join("31/requests_asked.csv").exists(), "Shanghai asked nothing");
    for path in tree(Path::new(out)).keys().filter(|path| path.contains("requests")) {
        if let Ok(text) = fs::read_to_string(Path::new(out).join(path)) {
            no_person(path, &text);
        }
    }
}

#[test]
fn bulletin_status_and_page_say_what_is_late() {
    let world = book();
    let bulletin = world.path("bulletin");
    let bulletin = bulletin.to_str().expect("UTF-8");
    liangqing(&world, &["bulletin", "--period", "2025-12", "--out", bulletin]);
    let sheet = fs::read_to_string(Path::new(bulletin).join("monthly/requests.csv")).expect("read");
    assert!(sheet.contains("34 安徽") || sheet.contains("安徽"), "{sheet}");

    let ics = world.path("due.ics");
    let ics = ics.to_str().expect("UTF-8");
    let flags = ["status", "--as-of", "2026-02-20", "--format", "json", "--ics", ics];
    let status = json(&liangqing(&world, &flags));
    let requests = status["requests"].as_array().expect("a list");
    let found: Vec<String> = requests
        .iter()
        .map(|of| format!("{} {} {} {}", of["request_id"], of["duty"], of["on"], of["days_left"]))
        .collect();
    assert_eq!(
        found,
        [
            "\"p1\" \"reply\" \"2026-01-14\" -37",
            "\"v3\" \"reply\" \"2026-02-26\" 6",
            "\"v7\" \"reply\" \"2026-02-26\" 6",
            "\"v8\" \"reply\" \"2026-02-26\" 6",
        ]
    );
    let calendar = fs::read_to_string(ics).expect("read");
    assert!(calendar.contains("UID:requests-reply-2026-02-26@liangqing"), "{calendar}");
    assert!(calendar.contains("SUMMARY:3 requests to answer"), "{calendar}");
    let shown = liangqing(&world, &["status", "--as-of", "2026-02-20", "--province", "32"]);
    assert!(!shown.stdout.contains("v3"), "{}", shown.stdout);

    let page = world.path("page.html");
    liangqing(&world, &["report", "--period", "2025-12", "--out", page.to_str().expect("UTF-8")]);
    let page = fs::read_to_string(page).expect("read");
    assert!(page.contains("id=\"requests\"") && page.contains(">v1<"), "the section");
    no_person("the page", &page);

    let life = liangqing(&world, &["explain", "A"]);
    assert!(life.stdout.contains("v1: 34 asks 31, answered (incorrect)"), "{}", life.stdout);
    let all = "SELECT * FROM coordination";
    let masked = liangqing(&world, &["query", all, "--format", "csv"]).stdout;
    no_person("query", &masked);
    assert!(masked.contains("********************"), "{masked}");
    let replies = liangqing(&world, &["query", "SELECT * FROM replies", "--format", "csv"]).stdout;
    no_person("query", &replies);
}

#[test]
fn small_files_of_requests_are_refused_with_every_finding() {
    let world = World::new();
    world.deliver_both("2025-10", &[Row::new("A")]);
    let long = "x".repeat(41);
    world.small_file(
        "2025-10",
        "requests.csv",
        format!(
            "{REQUESTS},verification,34,31,2025-10-25,,A,\n{long},verification,34,31,2025-10-25,,A,\n\
             a,question,34,31,2025-10-25,,A,\nb,problem,34,31,2025-10-25,,,\n\
             c,verification,34,31,2025-10-25,other,A,\nd,problem,34,31,,weather,,\n\
             {},problem,34,31,2025-10-25,other,,\n",
            "号".repeat(40)
        ),
    );
    world.small_file(
        "2025-10",
        "replies.csv",
        format!("{REPLIES},2025-10-25,perhaps,,,\na,,correct,,2025-02-30,x\n"),
    );
    let ran = world.run("2025-10").expect(3);
    let found: Vec<String> = ran
        .stderr
        .lines()
        .filter(|line| line.starts_with("  ") && !line.starts_with("   "))
        .map(|line| {
            let line = line.trim();
            let end = line.find(": found").unwrap_or(line.len());
            line[..end].to_owned()
        })
        .collect();
    assert_eq!(
        found,
        [
            "S16 replies.csv, line 2, column request_id",
            "S17 replies.csv, line 2, column result",
            "S05 replies.csv, line 3, column replied_on",
            "S05 replies.csv, line 3, column confirmed_on",
            "S05 replies.csv, line 3, column reopened_on",
            "S16 requests.csv, line 3, column request_id",
            "S17 requests.csv, line 4, column kind",
            "S18 requests.csv, line 5, column problem_type",
            "S18 requests.csv, line 6, column problem_type",
            "S05 requests.csv, line 7, column opened_at",
            "S17 requests.csv, line 7, column problem_type",
        ],
        "{}",
        ran.stderr
    );
}
