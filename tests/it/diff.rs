//! `diff`: how two periods or two books differ, and why.

use std::{fs, path::PathBuf, process::Command};

use crate::{
    audited::{book, json, liangqing, other, text},
    world::{Ran, Row, World, program},
};

/// The book once more, with another delivery of its first period.
fn restated(world: &World) -> PathBuf {
    let book = world.path("restated");
    let close = |period: &str| {
        let mut command = program();
        command.args(["run", "--quiet", "--period", period, "--input"]).arg(world.input(period));
        command.arg("--book").arg(&book);
        if period == "2025-10" {
            let quotas = world.input(period).join("opening-quotas.csv");
            command.arg("--opening-quotas").arg(quotas);
        }
        Ran::from(command.output().expect("started")).expect(0);
    };
    world.deliver("2025-10", "insured/a.parquet", &[Row::new("A"), other(&Row::new("B"))]);
    close("2025-10");
    close("2025-11");
    book
}

#[test]
fn a_restated_period_shows_in_every_later_one() {
    let world = book();
    let (first, second) = (world.book(), restated(&world));
    liangqing(&["diff", text(&first), text(&first)]).expect(0);
    let ran = liangqing(&["diff", text(&first), text(&second), "--format", "json"]).expect(5);
    let report = json(&ran);
    let [october, november] = [&report["periods"][0], &report["periods"][1]];
    assert_eq!(october["causes"][0]["any_of"], serde_json::json!(["records"]));
    assert_eq!(october["causes"][0]["gross"], "-700.00");
    assert_eq!(october["payable"]["payable"], "-700.00");
    assert_eq!(november["causes"].as_array().map(Vec::len), Some(0));
    assert_eq!(november["payable"]["payable"], "0.00");
    assert_eq!(november["payable"]["reserves"], "700.00");
    assert_eq!(november["given"][0]["what"], "book_before");
    let people = liangqing(&["diff", text(&first), text(&second)]).expect(5).stdout;
    assert!(people.contains("given     the book before: "), "{people}");
    liangqing(&["diff", text(&first.join("2025-10")), text(&first.join("2025-11"))]).expect(2);
    liangqing(&["diff", text(&first), text(&world.input("2025-10"))]).expect(2);
}

#[test]
fn a_difference_is_put_down_to_its_cause() {
    let world = book();
    let (first, second) = (world.book(), world.path("second"));
    fs::create_dir(&second).expect("made");
    let copied = Command::new("cp").arg("-r").arg(first.join("2025-10")).arg(&second).status();
    assert!(copied.expect("started").success());
    fs::remove_file(world.input("2025-11").join("decisions.csv")).expect("removed");
    let run = ["run", "--quiet", "--period", "2025-11", "--book", text(&second), "--input"];
    liangqing(&[&run[..], &[text(&world.input("2025-11"))]].concat()).expect(0);
    let ran = liangqing(&["diff", text(&first.join("2025-11")), text(&second.join("2025-11"))]);
    let ran = ran.expect(5);
    for part in [
        "given     decisions.csv: 1 rows, ",
        "cleared   -800.00 yuan, 1 settlement, by decisions",
        "new: B field_mismatch both",
    ] {
        assert!(ran.stdout.contains(part), "{part}: {}", ran.stdout);
    }
    assert!(ran.stderr.is_empty(), "{}", ran.stderr);
}
