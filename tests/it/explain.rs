//! `explain`: the life of a settlement, and the settlements behind a figure.

use std::fs;

use crate::{
    audited::{book, json, liangqing, text},
    world::Row,
};

#[test]
fn the_life_of_a_settlement_is_told_without_naming_the_person() {
    let world = book();
    let (october, november) = (world.input("2025-10"), world.input("2025-11"));
    let ran = liangqing(&[
        "explain",
        "B",
        "--quiet",
        "--book",
        text(&world.book()),
        "--input",
        text(&october),
        "--input",
        text(&november),
    ])
    .expect(0);
    for part in [
        "B: cleared in 2025-11",
        "delivered the treating copy: treating/a.parquet, row 1 (line 3 of a spreadsheet)",
        "delivered the insured copy: insured/a.parquet, row 1 (line 3 of a spreadsheet)",
        "field_mismatch (both), carried; step 7",
        "accept_treating; it would have been field_mismatch",
        "part of QS-2025-11-34-31 over 1590.00 yuan, unpaid at the close of 2025-11",
        "***9999",
    ] {
        assert!(ran.stdout.contains(part), "{part}: {}", ran.stdout);
    }
    assert!(!ran.stdout.contains("0000999999"), "{}", ran.stdout);
    let ran = liangqing(&["explain", "A", "--quiet", "--book", text(&world.book())]).expect(0);
    assert!(ran.stdout.contains("k1: 10.00 yuan held back"), "{}", ran.stdout);
    // A file that no period was closed with.
    world.deliver("2025-12", "treating/new.parquet", &[Row::new("B")]);
    world.deliver("2025-12", "insured/new.parquet", &[]);
    let input = world.input("2025-12");
    let ran =
        liangqing(&["explain", "B", "-q", "--book", text(&world.book()), "--input", text(&input)]);
    assert!(ran.expect(0).stdout.contains("in no closed period"));
    liangqing(&["explain", "nobody", "-q", "--book", text(&world.book())]).expect(5);
    liangqing(&["explain", "--book", text(&world.book())]).expect(2);
}

#[test]
fn the_settlements_behind_a_figure_add_up_to_it() {
    let world = book();
    let (input, out) = (world.input("2025-11"), world.path("rows.csv"));
    let flags = ["explain", "--quiet", "--pair", "34-31", "--period", "2025-11", "--book"];
    let rest =
        [text(&world.book()), "--input", text(&input), "--format", "json", "--out", text(&out)]
            .map(str::to_owned);
    let rest: Vec<&str> = rest.iter().map(String::as_str).collect();
    let report = json(&liangqing(&[&flags[..], &rest].concat()).expect(0));
    assert_eq!(report["gross"], "1600.00");
    assert_eq!(report["settlements"][0]["open_item_of"], "2025-10");
    assert_eq!(report["settlements"][1]["file"], "treating/a.parquet");
    assert_eq!(report["pair_totals"]["gross"], "1600.00");
    let rows = fs::read_to_string(&out).expect("read");
    assert!(rows.starts_with("\u{feff}setl_id,side,from,row,line,"), "{rows}");
    assert_eq!(rows.lines().count(), 3);
    let none = [&flags[..], &rest[..3], &["--care", "inpatient"]].concat();
    assert!(
        liangqing(&none).expect(0).stdout.starts_with("34-31 in 2025-11: 0.00 yuan, 0 settlements")
    );
    // The delivery of another period does not explain it.
    let october = world.input("2025-10");
    let book = world.book();
    let wrong = [&flags[..], &[text(&book), "--input", text(&october)]].concat();
    assert!(liangqing(&wrong).expect(5).stderr.contains("E02"));
}
