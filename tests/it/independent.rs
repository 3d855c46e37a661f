//! The independent recomputation: it agrees, whatever the memory, and it finds what was changed.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use arrow_array::{Array, BooleanArray, RecordBatch, StringArray};
use liangqing::{
    diag::{Failure, Outcome},
    event::Monitor,
    independent::{Compared, RecomputeTask},
    model::{codes::Month, fields::Field},
    rules::Rules,
    synth::{BreakRates, Order, SynthOptions, generate},
};
use liangqing_independent::recompute;
use parquet::arrow::{ArrowWriter, arrow_reader::ParquetRecordBatchReaderBuilder};

use crate::world::{Row, World, decimals, names_in, with_column};

/// Recomputes a period of a world's book, and compares it with the tables of a folder.
fn compare(world: &World, period: &str, result: &Path, memory: usize) -> Outcome<Compared> {
    let month = |name: &str| Month::from_text(name).expect("a month");
    let closed: Vec<(Month, PathBuf)> = names_in(&world.book())
        .into_iter()
        .filter(|name| name.as_str() < period)
        .map(|name| (month(&name), world.book().join(name)))
        .collect();
    let scratch = world.path("scratch");
    fs::create_dir_all(&scratch).expect("made");
    let task = RecomputeTask {
        input: &world.input(period),
        earlier: &closed,
        rules: &Rules::built_in(),
        period: month(period),
        result,
        scratch: &scratch,
        memory,
    };
    let compared = recompute(&task, &Monitor::silent());
    assert!(names_in(&scratch).is_empty(), "something is left behind");
    compared
}

/// A closed period with a row in every table that is compared.
fn closed() -> World {
    let world = World::new();
    let row = Row::new;
    let treating =
        [row("A"), row("B"), row("C"), row("R").with(Field::fixmedins_code, "X"), row("D")];
    let insured = [row("A"), row("B").with(Field::psn_no, "P2"), row("D")];
    world.deliver("2025-10", "treating/a.parquet", &treating);
    world.deliver("2025-10", "insured/a.parquet", &insured);
    world.run("2025-10").expect(0);
    world
}

/// A table of a period.
fn table(folder: &Path, name: &str) -> RecordBatch {
    let path = folder.join("tables").join(format!("{name}.parquet"));
    let file = fs::File::open(path).expect("a table");
    let builder = ParquetRecordBatchReaderBuilder::try_new(file).expect("a Parquet file");
    builder.build().expect("a reader").next().expect("rows").expect("a batch")
}

/// What the comparison says after a table was changed.
fn found_after(name: &str, change: impl Fn(RecordBatch) -> RecordBatch) -> String {
    found_after_all(name, |table| vec![change(table)])
}

fn found_after_all(name: &str, change: impl Fn(RecordBatch) -> Vec<RecordBatch>) -> String {
    let world = closed();
    let period = world.book().join("2025-10");
    let changed = change(table(&period, name));
    let file = fs::File::create(period.join("tables").join(format!("{name}.parquet")));
    let mut writer =
        ArrowWriter::try_new(file.expect("made"), changed[0].schema(), None).expect("a writer");
    for batch in &changed {
        writer.write(batch).expect("written");
    }
    writer.close().expect("closed");
    match compare(&world, "2025-10", &period, 1 << 20) {
        Err(Failure::Differences(found, _)) => found.to_string(),
        other => panic!("{name}: {other:?}"),
    }
}

fn texts(values: &[&str]) -> Arc<dyn Array> {
    Arc::new(StringArray::from(values.to_vec()))
}

#[test]
fn what_was_closed_is_found_equal() {
    let world = closed();
    let compared = compare(&world, "2025-10", &world.book().join("2025-10"), 1 << 20);
    let compared = compared.expect("equal");
    let rows: Vec<(&str, u64)> = compared.tables.iter().map(|t| (t.name, t.rows)).collect();
    let expected = [
        ("positions", 1),
        ("pairs", 1),
        ("breaks", 2),
        ("break_fields", 1),
        ("open_items", 3),
        ("rejects", 1),
        ("control", 36),
    ];
    assert_eq!(rows, expected);
    assert_eq!(compared.payable().fen(), 2 * 80_000);
}

#[test]
fn an_amount_that_was_changed_is_named_with_both_values() {
    let found = found_after("positions", |table| {
        with_column(&table, "payable", decimals(vec![Some(160_001)], 38, 2))
    });
    insta::assert_snapshot!(found, @r"
    the independent recomputation found differences
      positions: 0 only in the period, 0 only recomputed, 1 in both but different; payable of these rows: 1,600.01 yuan in the period, 1,600.00 recomputed
        insuplc_admdvs=340100 treating_province=31 fund_class=employee care_class=outpatient cost_month=2025-10
          period:     payable=1600.01
          recomputed: payable=1600.00
        hint: keep the delivery and the book as they are, and report this
    ");
}

#[test]
fn a_changed_row_of_any_table_is_found() {
    let found = found_after("pairs", |table| {
        with_column(&table, "carried_forward", decimals(vec![Some(-1)], 38, 2))
    });
    assert!(found.contains("insured_province=34 treating_province=31"), "{found}");
    let found = found_after("breaks", |table| {
        with_column(&table, "carried", Arc::new(BooleanArray::from(vec![true, false])))
    });
    assert!(found.contains("setl_id=C class=missing_insured side=treating"), "{found}");
    let found = found_after("open_items", |table| {
        with_column(&table, "psn_no", texts(&["P2", "P7", "P1"]))
    });
    assert!(found.contains("side=treating setl_id=B"), "{found}");
    assert!(!found.contains("P7"), "{found}");
    let found =
        found_after("break_fields", |table| with_column(&table, "insured_value", texts(&["P7"])));
    assert!(found.contains("setl_id=B field=psn_no"), "{found}");
    assert!(!found.contains("P7"), "{found}");
    let found = found_after("rejects", |table| with_column(&table, "rules", texts(&["V01"])));
    assert!(found.contains("file=treating/a.parquet row=3"), "{found}");
}

#[test]
fn a_row_that_is_gone_or_twice_is_found() {
    let found = found_after("breaks", |table| table.slice(0, 1));
    assert!(found.contains("breaks: 0 only in the period, 1 only recomputed"), "{found}");
    let found = found_after_all("control", |table| vec![table.slice(17, 1), table]);
    assert!(found.contains("side=insured bucket=cleared"), "{found}");
    let found = found_after("open_items", |table| table.slice(0, 0));
    assert!(found.contains("open_items: 0 only in the period, 3 only recomputed"), "{found}");
}

#[test]
fn a_table_that_is_gone_is_a_damaged_book() {
    let world = closed();
    let period = world.book().join("2025-10");
    fs::remove_file(period.join("tables/control.parquet")).expect("removed");
    let compared = compare(&world, "2025-10", &period, 1 << 20);
    assert!(matches!(compared, Err(Failure::Book(_))), "{compared:?}");
}

#[test]
fn neither_memory_nor_partitions_change_what_is_found() {
    let world = World::new();
    let months = SynthOptions {
        out: world.path("in"),
        first_period: Month::new(2025, 10),
        periods: 3,
        settlements: 1_000,
        seed: 7,
        breaks: BreakRates::built_in(),
        coordination: None,
        order: Order::Shuffled,
    };
    generate(&months, &Rules::built_in(), &|_| true).expect("made");
    for period in ["2025-10", "2025-11", "2025-12"] {
        world.run(period).expect(0);
        let result = world.book().join(period);
        let [one, many] = [1 << 30, 0].map(|memory| compare(&world, period, &result, memory));
        assert_eq!(one.expect("equal"), many.expect("equal"), "{period}");
    }
}

#[test]
fn the_report_says_how_much_was_checked() {
    let world = World::new();
    world.deliver_both("2025-10", &[Row::new("A")]);
    let ran = world.run_with("2025-10", &["--dry-run", "--independent"]).expect(0);
    let line = "checked   independent recomputation: 7 tables, 38 rows, 800.00 yuan: equal";
    assert!(ran.stdout.contains(line), "{}", ran.stdout);
    let ran = world.run_with("2025-10", &["--format", "json", "--independent"]).expect(0);
    let report: serde_json::Value = serde_json::from_str(&ran.stdout).expect("JSON");
    let positions = serde_json::json!({ "rows": 1, "yuan": "800.00" });
    assert_eq!(report["independent"]["tables"]["positions"], positions);
    assert_eq!(report["independent"]["equal"], true);
}
