//! Books with system errors and media: forged, rerun, with other threads and memory, for people, and by the million.

use std::{fmt::Write, fs, path::Path, sync::Arc};

use arrow_array::{ArrayRef, Int64Array};
use liangqing::{
    columnar::shape::TableForm,
    diag::{Code, Outcome},
    engine::{RunOptions, run},
    event::Monitor,
    ingest::record::Record,
    model::{
        codes::{Month, Side},
        fields::Field,
    },
    reconcile::{
        build::{FirstRead, Foreseen},
        reader::{Local, Reader},
        run::Run,
    },
    rules::Rules,
};

use crate::{
    forger::{Forger, findings},
    system_errors::{deliver_errors, visit},
    world::{Ran, Row, World, batch, copy, program, with_column},
};

/// A book of two months with errors of every state, refused rows and media.
fn book_of_errors() -> World {
    let world = World::new();
    let media = |rows: &[Row]| {
        let values: ArrayRef = Arc::new(Int64Array::from(vec![1; rows.len()]));
        with_column(&batch(rows), "mdtrt_cert_type", values)
    };
    for (period, rows) in [
        (
            "2025-10",
            "E1,2025-10-15 09:00:00,,treating,31,34,,timeout,c,,V1,,\n\
             E2,2025-10-15 09:00:00,,treating,31,34,,timeout,,t,,2025-10-20,\n\
             E3,2025-10-16 09:00:00,,treating,31,34,,timeout,,t,,,2025-10-18\n\
             E4,2025-10-16 09:00:00,,treating,31,34,,timeout,,t,,,\n\
             E5,x,,treating,31,34,,timeout,,t,,,\n",
        ),
        ("2025-11", "E2,2025-10-15 10:00:00,,treating,31,34,,timeout,,,,,2025-11-20\n"),
    ] {
        let rows_of_side = [visit("S", "V1", &format!("{period}-15 10:00:00"))];
        let rows_of_side = rows_of_side.map(|row| row.with(Field::setl_id, format!("S{period}")));
        for side in ["treating", "insured"] {
            world.deliver_batch(period, &format!("{side}/a.parquet"), &media(&rows_of_side));
        }
        deliver_errors(&world, period, rows);
        world.run(period).expect(0);
    }
    world.verify(&[]).expect(0);
    world
}

/// What a forger does to the book of errors, and the law that tells.
type ErrorForgery = (&'static str, fn(&Forger));

const FORGERIES: &[ErrorForgery] = &[
    ("what has become of every error", |f| {
        f.set("2025-10", "errors", &[("code", "c")], &[("resolved", "2")]);
    }),
    ("what has become of every error", |f| {
        f.set("2025-10", "errors", &[("code", "c")], &[("answer_days_median", "3")]);
    }),
    ("provinces, words and a masked code", |f| {
        f.set("2025-10", "errors", &[("code", "c")], &[("code", "c12345678")]);
    }),
    ("provinces, words and a masked code", |f| {
        f.set("2025-10", "errors", &[("code", "c")], &[("class", "weather")]);
    }),
    ("the open errors of a group", |f| {
        f.remove("2025-10", "errors_open", &[("err_id", "E4")]);
    }),
    ("the open errors of a group", |f| {
        f.set("2025-10", "errors_open", &[("err_id", "E2")], &[("at", "2025-10-14T09:00:00")]);
    }),
    ("an error that is open", |f| {
        f.set("2025-11", "errors_open", &[("err_id", "E4")], &[("struck_off_on", "2025-11-03")]);
    }),
    ("an error that is open", |f| {
        f.set("2025-10", "errors_open", &[("err_id", "E2")], &[("answered_on", "2025-10-14")]);
    }),
    ("masked texts", |f| {
        f.set("2025-11", "errors_open", &[("err_id", "E4")], &[("text", "110105194912310021X")]);
    }),
    ("an error as it was, or a new one", |f| {
        f.set("2025-11", "errors_open", &[("err_id", "E4")], &[("text", "other")]);
    }),
    ("an error as it was, or a new one", |f| {
        f.set("2025-11", "errors_open", &[("err_id", "E4")], &[("first_period", "2025-11")]);
    }),
    ("the open errors of the period before", |f| {
        let fewer = [("brought_in", "1"), ("errors", "1"), ("struck_off", "0")];
        f.set("2025-11", "errors", &[("class", "timeout")], &fewer);
    }),
    ("a row of the file, with its code", |f| {
        f.set("2025-10", "errors_refused", &[("err_id", "E5")], &[("row", "5")]);
    }),
    ("a row of the file, with its code", |f| {
        f.set("2025-10", "errors_refused", &[("err_id", "E5")], &[("code", "N01")]);
    }),
    ("the rows of the delivery", |f| {
        let more = [("errors", "5"), ("resolved", "5")];
        f.set("2025-10", "errors", &[("code", "c")], &more);
    }),
    ("the visits of positions", |f| {
        f.set("2025-10", "media", &[("mdtrt_cert_type", "01")], &[("visits", "2")]);
    }),
    ("a province and known words", |f| {
        f.set("2025-10", "media", &[("mdtrt_cert_type", "01")], &[("mdtrt_cert_type", "1")]);
    }),
];

#[test]
fn what_a_forger_says_of_errors_is_told() {
    let world = book_of_errors();
    let book = world.book();
    let mut untold = Vec::new();
    for (at, (law, forge)) in FORGERIES.iter().enumerate() {
        let copied = tempfile::tempdir().expect("a folder");
        copy(&book, copied.path());
        let forger = Forger::of(copied.path());
        forge(&forger);
        forger.seal(|_| {});
        let found = findings(copied.path());
        let places: Vec<String> = found.iter().map(|finding| finding.place.to_string()).collect();
        if !places.iter().any(|place| place == law) {
            untold.push(format!("{at}: not told by {law:?}, but by {places:?}"));
        }
    }
    assert!(untold.is_empty(), "\n{}", untold.join("\n"));
}

#[test]
fn a_rerun_gives_the_same_errors() {
    let world = book_of_errors();
    for period in ["2025-10", "2025-11"] {
        let mut rerun = program();
        rerun.args(["run", "audit-rerun", "--quiet", "--period", period, "--accept", "G04"]);
        rerun.arg("--input").arg(world.input(period)).arg("--book").arg(world.book());
        Ran::from(rerun.output().expect("started")).expect(0);
    }
}

#[test]
fn threads_and_memory_change_no_byte() {
    let told = |flags: &[&str]| {
        let world = World::new();
        let mut rows = Vec::new();
        let mut errors = String::new();
        for n in 0..3000 {
            rows.push(visit(&format!("S{n}"), &format!("V{}", n % 700), "2025-10-15 10:00:00"));
            let hour = n % 24;
            writeln!(
                errors,
                "E{},2025-10-15 {hour:02}:00:00,,treating,31,34,,other,c{},{},V{},,",
                n % 2900,
                n % 50,
                "x".repeat(200),
                n % 900
            )
            .expect("written");
        }
        world.deliver_both("2025-10", &rows);
        deliver_errors(&world, "2025-10", &errors);
        world.run_with("2025-10", flags).expect(0);
        let tables = ["errors", "errors_open", "errors_refused"];
        let path = |table| world.book().join(format!("2025-10/tables/{table}.parquet"));
        tables.map(|table| fs::read(path(table)).expect("read"))
    };
    let expected = told(&["--threads", "1"]);
    assert_eq!(told(&["--threads", "4", "--memory", "16MiB"]), expected);
    assert!(expected[0].len() > 1000, "there are errors");
}

/// The rows of a sheet of a bulletin, as CSV.
fn sheet(folder: &Path, name: &str) -> String {
    fs::read_to_string(folder.join(format!("monthly/{name}.csv"))).expect("a sheet")
}

#[test]
fn people_see_rates_answers_and_shares() {
    let world = book_of_errors();
    let out = world.path("bulletin");
    let mut bulletin = program();
    bulletin.args(["bulletin", "--quiet", "--period", "2025-11", "--book"]).arg(world.book());
    bulletin.arg("--out").arg(&out);
    Ran::from(bulletin.output().expect("started")).expect(0);
    let sums = sheet(&out, "system_errors");
    let lines: Vec<&str> = sums.lines().skip(1).collect();
    let told = ",0,0.00,8000.00,0,1,1,1,5,2025-10-16";
    let expected = ["就医省,31 上海市", "参保省,34 安徽省", "类别,超时"];
    assert_eq!(lines, expected.map(|name| format!("{name}{told}")));
    assert_eq!(sheet(&out, "error_texts").lines().count(), 1);
    // Few persons are not counted, nor are their shares of the month before.
    let media = sheet(&out, "media");
    assert_eq!(media.lines().nth(1), Some("31 上海市,普通门诊,医保电子凭证,<5,<5,*,,"));
    let page = world.path("report.html");
    let mut report = program();
    report.args(["report", "--period", "2025-11", "--book"]).arg(world.book());
    report.arg("--out").arg(&page);
    Ran::from(report.output().expect("started")).expect(0);
    let page = fs::read_to_string(page).expect("read");
    assert!(page.contains("id=\"media-title\""), "a section of media");
    assert!(!page.contains("id=\"known-title\""), "nobody gave a daily result");
}

/// A reader that leaves visits to this machine, as that of a cluster does.
#[derive(Debug)]
struct Forgetful;

impl Reader for Forgetful {
    fn read(&self, run: Run, foreseen: Foreseen) -> Outcome<FirstRead> {
        Local.read(run, Foreseen { visits: None, ..foreseen })
    }

    fn fetch(
        &self,
        run: Run,
        side: Side,
        ordinals: &[u32],
        take: &(dyn Fn(u32, Record) -> Outcome<()> + Sync),
    ) -> Outcome<()> {
        Local.fetch(run, side, ordinals, take)
    }
}

#[test]
fn visits_are_found_whoever_reads_the_delivery() {
    let world = World::new();
    world.deliver_both("2025-10", &[visit("S", "V1", "2025-10-15 10:00:00")]);
    let line = "2025-10-15 09:00:00,,treating,31,34,,timeout,,,";
    deliver_errors(&world, "2025-10", &format!("E1,{line}V1,,\nE2,{line}V2,,\n"));
    let closed = |engine: Arc<dyn Reader>| {
        let options = RunOptions {
            engine,
            period: Month::new(2025, 10),
            input: world.input("2025-10"),
            book: world.book(),
            opening_quotas: None,
            daily: None,
            rules: Rules::built_in(),
            accept: [Code::G04].into(),
            as_of: None,
            memory: 64 << 20,
            signer: None,
            form: TableForm::default(),
            dry_run: true,
            usual_percent: None,
            independent: None,
        };
        run(&options, &Monitor::silent()).expect("closed").errors
    };
    let errors = closed(Arc::new(Forgetful));
    assert_eq!((errors.resolved, errors.open), (1, 1));
    assert_eq!(closed(Arc::new(Local)), errors);
}

/// A million rows stream; the figures are in docs/performance.md.
#[test]
fn a_million_errors_take_little_memory() {
    let world = World::new();
    world.deliver_both("2025-10", &[visit("S", "V7", "2025-10-31 10:00:00")]);
    let mut errors = String::new();
    for n in 0..1_000_000_u32 {
        // Half of the rows are news of one error.
        let id = if n % 2 == 0 { 0 } else { n };
        writeln!(
            errors,
            "E{id},2025-10-01 00:00:00,2207,national,31,,,other,c,{id} 超时,V{},,",
            n % 9
        )
        .expect("written");
    }
    deliver_errors(&world, "2025-10", &errors);
    drop(errors);
    let command = world.command("2025-10");
    let mut timed = std::process::Command::new("/usr/bin/env");
    timed.args(["bash", "-c", "ulimit -v 1500000; exec \"$0\" \"$@\""]).arg(command.get_program());
    timed.args(command.get_args()).args(["--memory", "64MiB", "--threads", "2"]);
    let ran = Ran::from(timed.output().expect("started")).expect(0);
    let told = "500,001 new and 0 brought in: 55,556 resolved, 0 struck off, 444,445 open";
    assert!(ran.stdout.contains(told), "{}", ran.stdout);
}
