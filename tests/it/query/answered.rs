//! Questions that are answered.

use std::fs;

use liangqing::model::fields::Field;
use serde_json::{Value, json};

use super::query;
use crate::world::{Row, World, columns_in, read_table, tree};

const PERSON: &str = "P34000000000000777777";
const VISIT: &str = "V31000000000000888888";
const OTHER: &str = "P34000000000000666666";

/// Two months: three pairs, a person who differs between the copies, a copy that is missing.
fn world() -> World {
    let world = World::new();
    let quotas = "insured_province,treating_province,quota\n34,31,1000.00\n34,32,90000.00\n";
    world.small_file("2025-10", "opening-quotas.csv", quotas);
    let named = |row: Row| row.with(Field::psn_no, PERSON).with(Field::mdtrt_id, VISIT);
    let rows = [
        named(Row::new("A")),
        named(Row::new("B").with(Field::mdtrtarea_admvs, "320100")),
        named(Row::new("C").with(Field::insuplc_admdvs, "410100").with(Field::insutype, "390")),
        named(Row::new("=1+1")),
        named(Row::new("E").with(Field::hifp_pay, "0.33")),
    ];
    world.deliver("2025-10", "treating/a.parquet", &rows);
    let other = rows[3].clone().with(Field::psn_no, OTHER);
    world.deliver("2025-10", "insured/a.parquet", &[&rows[..3], &[other]].concat());
    world.run("2025-10").expect(0);
    world.deliver_both("2025-11", &[named(Row::new("F").in_month("2025-11"))]);
    world.run("2025-11").expect(0);
    world
}

fn json(world: &World, sql: &str) -> Value {
    let ran = query(world, &[sql, "--format", "json"]).expect(0);
    serde_json::from_str(&ran.stdout).expect("JSON")
}

#[test]
fn sums_are_those_of_the_tables() {
    let world = world();
    let found = json(
        &world,
        "SELECT period, SUM(payable) AS payable, COUNT(*) AS pairs FROM pairs GROUP BY period",
    );
    let sum = |period: &str| -> String {
        let rows = world.table(period, "positions", &["payable"]);
        let fen: i128 =
            rows.iter().map(|row| row[0].replace('.', "").parse::<i128>().expect("fen")).sum();
        liangqing::model::money::yuan(liangqing::model::money::FenSum::new(fen))
    };
    assert_eq!(
        found,
        json!([
            { "period": "2025-10", "payable": sum("2025-10"), "pairs": 3 },
            { "period": "2025-11", "payable": sum("2025-11"), "pairs": 3 },
        ])
    );
    // Control balances, and two tables say the same of a pair.
    let control = json(
        &world,
        "SELECT side, SUM(CASE WHEN bucket IN ('delivered', 'opened') THEN payable ELSE -payable END) AS rest \
         FROM control GROUP BY side",
    );
    assert_eq!(
        control,
        json!([{ "side": "insured", "rest": "0.00" }, { "side": "treating", "rest": "0.00" }])
    );
    let differ = json(
        &world,
        "SELECT p.insured_province FROM pairs p JOIN reserves r USING (period, insured_province, treating_province) \
         WHERE p.payable <> r.drawn",
    );
    assert_eq!(differ, json!([]));
    let one = query(
        &world,
        &["SELECT DISTINCT period FROM breaks", "--period", "2025-11", "--format", "csv"],
    );
    assert_eq!(one.expect(0).stdout, "period\n2025-11\n");
}

#[test]
fn rows_have_one_order_and_types_are_kept() {
    let world = world();
    let plain = json(
        &world,
        "SELECT period, setl_id, class, lateness, carried, effect, fields FROM breaks",
    );
    let mut expected = Vec::new();
    for period in ["2025-10", "2025-11"] {
        let columns = ["setl_id", "class", "lateness", "carried", "effect", "fields"];
        for row in world.table(period, "breaks", &columns) {
            let fields = if row[5] == "-" { Value::Null } else { row[5].as_str().into() };
            expected.push(json!({
                "period": period, "setl_id": row[0], "class": row[1],
                "lateness": row[2].parse::<i64>().expect("a number"), "carried": row[3] == "true",
                "effect": row[4], "fields": fields,
            }));
        }
    }
    assert_eq!(plain, Value::from(expected));
    // Groups come in the order of their first rows, joins in that of their left side, whatever the threads.
    let sql = "SELECT b.class, p.treating_province, COUNT(*) AS n FROM breaks b JOIN pairs p USING (period) \
               GROUP BY b.class, p.treating_province";
    let first = json(&world, sql);
    assert_eq!(first[0], json!({ "class": "field_mismatch", "treating_province": "31", "n": 4 }));
    for _ in 0..20 {
        assert_eq!(json(&world, sql), first);
    }
    let typed = json(
        &world,
        "SELECT notice_id, issued_on, pay_by - issued_on AS days, amount FROM notices WHERE amount > 700 \
         AND kind = 'QS' ORDER BY notice_id LIMIT 1",
    );
    let row = json!([{ "notice_id": "QS-2025-10-34-31", "issued_on": "2025-11-30", "days": 19, "amount": "800.00" }]);
    assert_eq!(typed, row);
}

#[test]
fn what_people_get_is_aligned_capped_and_safe_in_spreadsheets() {
    let world = world();
    let sql = "SELECT insured_province AS \"参保省\", payable, quota * 100 AS wide FROM pairs";
    let table = query(&world, &[sql, "--limit", "2", "--period", "2025-10"]).expect(0).stdout;
    let expected = " 参保省  payable        wide\n 34       800.00   100000.00\n 34       800.00  9000000.00\n2 rows, 1 more: \
                    --limit all shows them\n";
    assert_eq!(table, expected);
    let out = world.path("breaks.csv");
    let flags = [
        "SELECT setl_id, effect FROM breaks",
        "--format",
        "csv",
        "--out",
        out.to_str().expect("UTF-8"),
    ];
    query(&world, &flags).expect(0);
    let text = fs::read_to_string(&out).expect("text");
    assert!(text.starts_with("\u{feff}setl_id,effect\n'=1+1,0.00\nE,"), "{text}");
    query(&world, &flags).expect(2);
    // Averages of money are not exact, which is said.
    let ran = query(
        &world,
        &["SELECT AVG(payable) AS mean FROM pairs WHERE payable > 0", "--format", "csv"],
    )
    .expect(0);
    assert_eq!(ran.stdout, "mean\n800.000000\n");
    assert!(ran.stderr.contains("mean was computed in floating point"), "{}", ran.stderr);
}

#[test]
fn parquet_keeps_types_and_gives_the_same_bytes() {
    let world = world();
    let path = |name: &str| world.path(name).to_str().expect("UTF-8").to_owned();
    let sql = "SELECT period, payable, visits, quota > 0 AS has_quota FROM pairs";
    query(&world, &[sql, "--format", "parquet"]).expect(2);
    for name in ["a.parquet", "b.parquet"] {
        query(&world, &[sql, "--format", "parquet", "--out", &path(name)]).expect(0);
    }
    assert_eq!(
        fs::read(path("a.parquet")).expect("read"),
        fs::read(path("b.parquet")).expect("read")
    );
    let columns = columns_in(&world.path("a.parquet"));
    assert_eq!(columns, ["period", "payable", "visits", "has_quota"]);
    let rows = read_table(&world.path("a.parquet"), &["payable", "visits", "has_quota"]);
    assert_eq!(rows[0], ["800.00", "1", "true"]);
}

#[test]
fn no_statement_unmasks_a_person() {
    let world = world();
    let questions = [
        "SELECT * FROM open_items".to_owned(),
        "SELECT * FROM break_fields".to_owned(),
        "SELECT SUBSTR(psn_no, 1, 12) AS a, SUBSTR(psn_no, 13) AS b, CONCAT(mdtrt_id, '') AS c FROM open_items".to_owned(),
        "WITH a AS (SELECT treating_value AS v FROM break_fields) SELECT MAX(v) AS v FROM a".to_owned(),
        format!("SELECT 'found' AS found FROM open_items WHERE psn_no = '{PERSON}'"),
        "SELECT 'found' AS found FROM open_items WHERE psn_no LIKE 'P34%'".to_owned(),
    ];
    for sql in &questions {
        for format in ["table", "csv", "json"] {
            let ran = query(&world, &[sql, "--format", format, "--limit", "all"]).expect(0);
            for secret in [PERSON, VISIT, OTHER, "P34000", "V31000"] {
                assert!(!ran.stdout.contains(secret), "{sql}: {}", ran.stdout);
            }
            assert!(!sql.starts_with("SELECT 'found'") || !ran.stdout.contains("\nfound"), "{sql}");
        }
    }
    let masked =
        json(&world, "SELECT field, treating_value, insured_value FROM break_fields LIMIT 1");
    let row =
        json!([{ "field": "psn_no", "treating_value": "***7777", "insured_value": "***6666" }]);
    assert_eq!(masked, row);
    let ran = query(&world, &["SELECT psn_no FROM open_items LIMIT 1", "--unmasked"]).expect(0);
    assert!(ran.stdout.contains(OTHER), "{}", ran.stdout);
    assert!(ran.stderr.contains("numbers of persons and visits are shown"), "{}", ran.stderr);
}

#[test]
fn what_cannot_be_answered_says_what_can() {
    let world = world();
    let before = tree(&world.book());
    let secret = world.path("secret.csv");
    fs::write(&secret, "a\n42\n").expect("written");
    let secret = secret.display();
    for (sql, why) in [
        ("SELECT * FROM pair".to_owned(), "tables: break_fields, breaks"),
        ("SELECT payables FROM pairs".to_owned(), "columns of pairs: period, insured_province"),
        ("SELECT payable, payable FROM pairs".to_owned(), "duplicate"),
        ("SELECT 1 +".to_owned(), "cannot be read"),
        ("SELECT NO_SUCH(payable) FROM pairs".to_owned(), "no_such"),
        ("SELECT ARRAY_AGG(payable) AS a FROM pairs".to_owned(), "column a is list"),
        ("DROP TABLE pairs".to_owned(), "DROP is no SELECT"),
        ("SHOW TABLES".to_owned(), "SHOW is no SELECT"),
        ("CREATE TABLE x AS SELECT 1".to_owned(), "CREATE is no SELECT"),
        (format!("SELECT * FROM read_csv('{secret}')"), "is no table"),
        (format!("SELECT * FROM '{secret}'"), "was not found"),
        (format!("SELECT * FROM \"{secret}\""), "was not found"),
    ] {
        let ran = query(&world, &[&sql]).expect(2);
        assert!(ran.stderr.to_lowercase().contains(&why.to_lowercase()), "{sql}: {}", ran.stderr);
        assert!(!ran.stdout.contains("42"), "{sql}");
    }
    assert_eq!(tree(&world.book()), before);
}

#[test]
fn a_damaged_table_is_refused() {
    let world = world();
    let tables = world.book().join("2025-10/tables");
    let pairs = fs::read(tables.join("pairs.parquet")).expect("read");
    fs::copy(tables.join("quotas.parquet"), tables.join("pairs.parquet")).expect("copied");
    let ran = query(&world, &["SELECT * FROM pairs"]).expect(4);
    assert!(ran.stderr.contains("tables/pairs.parquet has other bytes"), "{}", ran.stderr);
    query(&world, &["SELECT * FROM pairs", "--period", "2025-11"]).expect(0);
    query(&world, &["SELECT * FROM quotas"]).expect(0);
    fs::write(tables.join("pairs.parquet"), pairs).expect("written");
    fs::remove_file(tables.join("breaks.parquet")).expect("removed");
    query(&world, &["SELECT * FROM pairs"]).expect(0);
    query(&world, &["SELECT * FROM breaks"]).expect(4);
}

#[test]
fn the_questions_of_the_documentation_are_answered() {
    let world = world();
    let page = include_str!("../../../docs/query.md");
    let questions: Vec<&str> =
        page.split("```sql\n").skip(1).filter_map(|rest| rest.split("```").next()).collect();
    assert_eq!(questions.len(), 8);
    for sql in questions {
        let ran = query(&world, &[sql]).expect(0);
        let rows = if sql.contains("FROM rejects") { "0 rows" } else { "row" };
        assert!(ran.stdout.contains(rows), "{sql}: {}", ran.stdout);
        assert!(rows == "0 rows" || !ran.stdout.contains("\n0 rows"), "{sql}: {}", ran.stdout);
    }
}
