//! `explain`: the life of a settlement, and the settlements behind a figure.

use std::fs;

use liangqing::model::fields::Field;

use crate::{
    audited::{book, json, liangqing, text},
    world::{Row, World},
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
        "B: cleared in 2025-11, on notice QS-2025-11-34-31, unpaid at the close of 2025-11\n",
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

/// Two periods: settlements that are paid, deducted from, delivered again, reversed, carried and rejected.
fn fates() -> World {
    let world = World::new();
    let henan = Row::new("X")
        .with(Field::insuplc_admdvs, "410100")
        .with(Field::mdtrtarea_admvs, "320100")
        .with(Field::fixmedins_code, "H32010000001");
    let both = [Row::new("A"), Row::new("C"), henan.clone()];
    let alone = [Row::new("M"), Row::new("BAD").with(Field::fund_pay_sumamt, "1.00")];
    world.deliver("2025-10", "treating/a.parquet", &[&both[..], &alone].concat());
    world.deliver("2025-10", "insured/a.parquet", &both);
    world.run("2025-10").expect(0);
    let back = henan.with(Field::setl_id, "RX").with(Field::init_setl_id, "X");
    let again = [back.in_month("2025-11"), Row::new("A")];
    let more = [&again[..], &[Row::new("M2").in_month("2025-11")]].concat();
    world.deliver("2025-11", "treating/a.parquet", &more);
    world.deliver("2025-11", "insured/a.parquet", &again[..1]);
    let deductions = "ddct_id,setl_id,amount,reason_code,decided_on\nk1,C,10.00,x,2025-12-01\n";
    world.small_file("2025-11", "deductions.csv", deductions);
    let payments = "notice_id,paid_on,amount,bank_name,bank_serial\n\
                    QS-2025-10-34-31,2025-12-09,600.00,Bank,1\n\
                    QS-2025-10-34-31,2025-12-10,1000.00,Bank,2\n";
    world.small_file("2025-11", "payments.csv", payments);
    world.run("2025-11").expect(0);
    world
}

#[test]
fn what_became_of_a_settlement_comes_first_and_then_what_came_after() {
    let world = fates();
    let told = |setl_id: &str| {
        let ran = liangqing(&["explain", setl_id, "--quiet", "--book", text(&world.book())]);
        let said = ran.expect(0).stdout;
        said.lines().take_while(|line| !line.is_empty()).map(str::to_owned).collect::<Vec<_>>()
    };
    let paid = [
        "  2025-11  payment   600.00 yuan of QS-2025-10-34-31 on 2025-12-09",
        "  2025-11  payment   1000.00 yuan of QS-2025-10-34-31 on 2025-12-10",
    ];
    // A copy that is delivered again is refused; the settlement stays cleared.
    let again = "  2025-11  break     already_cleared (treating), not carried; step 1: its setl_id is in the register";
    assert_eq!(
        told("A"),
        [
            "A: cleared in 2025-10, on notice QS-2025-10-34-31, paid on 2025-12-10",
            again,
            paid[0],
            paid[1]
        ]
    );
    assert_eq!(
        told("C"),
        [
            "C: cleared in 2025-10, on notice QS-2025-10-34-31, paid on 2025-12-10",
            "  2025-11  deduction k1: 10.00 yuan held back",
            paid[0],
            paid[1]
        ]
    );
    assert_eq!(
        told("X"),
        [
            "X: reversed in 2025-11; it was cleared in 2025-10, on notice QS-2025-10-41-32, unpaid at the close of 2025-11",
            "  2025-11  reversed  a reversal of it cleared"
        ]
    );
    assert_eq!(
        told("RX"),
        ["RX: cleared in 2025-11, when 41-32 returned money on notice FH-2025-11-41-32"]
    );
    assert_eq!(told("M"), ["M: carried since 2025-10, missing_insured"]);
    assert_eq!(told("M2"), ["M2: carried since 2025-11, missing_insured"]);
    assert_eq!(told("BAD"), ["BAD: rejected in 2025-10: breaks V07"]);

    let report = |setl_id: &str| {
        let book = world.book();
        let given = ["explain", setl_id, "-q", "--book", text(&book), "--format", "json"];
        json(&liangqing(&given).expect(0))["standing"].clone()
    };
    let (reversed, carried) = (report("X"), report("M"));
    assert_eq!([&reversed["state"], &reversed["cleared_in"]], ["reversed", "2025-10"]);
    assert_eq!([&carried["state"], &carried["carried_since"]], ["carried", "2025-10"]);
    assert_eq!([&carried["class"], &report("BAD")["rules"][0]], ["missing_insured", "V07"]);
}
