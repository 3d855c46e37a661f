//! SQL over a book: what can be asked, what is refused, and that nobody is named.

use crate::world::{Ran, Row, World, program};

fn query(world: &World, flags: &[&str]) -> Ran {
    let mut command = program();
    command.arg("query").args(flags).arg("--book").arg(world.book());
    command.output().expect("started").into()
}

#[test]
fn the_tables_are_listed_with_their_columns_and_rows() {
    let world = World::new();
    world.deliver_both("2025-10", &[Row::new("A"), Row::new("B")]);
    world.run("2025-10").expect(0);
    world.deliver_both("2025-11", &[Row::new("C").in_month("2025-11")]);
    world.run("2025-11").expect(0);
    let listed = query(&world, &["--list"]).expect(0).stdout;
    assert!(listed.contains("pairs  2 rows\n    period             VARCHAR\n"), "{listed}");
    assert!(listed.contains("    payable            DECIMAL(38,2)\n"), "{listed}");
    let json = query(&world, &["--list", "--period", "2025-11", "--format", "json"]).expect(0);
    let json: serde_json::Value = serde_json::from_str(&json.stdout).expect("JSON");
    let tables = json["tables"].as_array().expect("tables");
    assert_eq!(tables.len(), 21);
    let pairs = tables.iter().find(|table| table["name"] == "pairs").expect("pairs");
    assert_eq!(pairs["rows"], 1);
    // A notice names its period itself.
    let notices = tables.iter().find(|table| table["name"] == "notices").expect("notices");
    let columns = notices["columns"].as_array().expect("columns");
    assert_eq!(columns.iter().filter(|column| column["name"] == "period").count(), 1);
    assert_eq!(columns[0]["type"], "VARCHAR");
}

#[test]
fn a_book_or_a_period_that_is_not_there_is_said() {
    let world = World::new();
    let ran = query(&world, &["--list"]).expect(2);
    assert!(ran.stderr.contains("is not a folder"), "{}", ran.stderr);
    std::fs::create_dir(world.book()).expect("made");
    query(&world, &["--list"]).expect(4);
    query(&world, &[]).expect(2);
    query(&world, &["--list", "select 1"]).expect(2);
    world.deliver_both("2025-10", &[Row::new("A")]);
    world.run("2025-10").expect(0);
    let ran = query(&world, &["--list", "--period", "2025-09"]).expect(4);
    assert!(ran.stderr.contains("period 2025-09 is not closed"), "{}", ran.stderr);
}

mod answered;
