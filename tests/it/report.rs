//! The page about a period: it says what the tables say, names nobody, and lets nothing out of its place.

use std::{collections::BTreeMap, fs};

use liangqing::model::{
    fields::Field,
    money::{FenSum, parse_sum, yuan_grouped},
};
use serde_json::Value;

use crate::world::{Ran, Row, World, program};

const PLANTED: [&str; 3] =
    ["P34000000000000777777", "V31000000000000888888", "P34000000000000666666"];

fn report(world: &World, period: &str, out: &str, flags: &[&str]) -> Ran {
    let mut command = program();
    command.args(["report", "--period", period, "--book"]).arg(world.book());
    command.arg("--out").arg(world.path(out)).args(flags).output().expect("started").into()
}

fn page(world: &World, period: &str) -> String {
    report(world, period, "page.html", &["--force"]).expect(0);
    fs::read_to_string(world.path("page.html")).expect("a page")
}

/// What the charts of a page are drawn from.
fn data(page: &str) -> Value {
    let start = "<script type=\"application/json\" id=\"data\">";
    let (_, rest) = page.split_once(start).expect("data");
    let (json, _) = rest.split_once("</script>").expect("an end");
    serde_json::from_str(json).expect("JSON")
}

/// The sample's months, closed.
fn sample() -> World {
    let world = World::new();
    let samples = crate::world::root().join("sample-data");
    for period in ["2025-10", "2025-11", "2025-12"] {
        let mut command = program();
        command.args(["run", "--quiet", "--period", period, "--input"]).arg(samples.join(period));
        command.arg("--book").arg(world.book());
        if period == "2025-10" {
            command.arg("--opening-quotas").arg(samples.join("opening-quotas.csv"));
        }
        Ran::from(command.output().expect("started")).expect(0);
    }
    world
}

/// Sums a column of a table, in fen.
fn sum(world: &World, period: &str, table: &str, column: &str) -> i128 {
    let rows = world.table(period, table, &[column]);
    rows.iter().map(|row| parse_sum(&row[0]).expect("an amount").fen()).sum()
}

fn fen(value: &Value) -> i128 {
    value.as_str().expect("text").parse().expect("fen")
}

#[test]
fn figures_are_those_of_the_tables() {
    let world = sample();
    for period in ["2025-10", "2025-11", "2025-12"] {
        let page = page(&world, period);
        let data = data(&page);
        let payable = sum(&world, period, "pairs", "payable");
        let gross = sum(&world, period, "positions", "payable");
        for fen in [payable, gross, sum(&world, period, "pairs", "deductions")] {
            assert!(
                page.contains(&format!("{} 元", yuan_grouped(FenSum::new(fen)))),
                "{period}: {fen}"
            );
        }
        let list = |of: &str, what: &str| data[of][what].as_array().expect("a list").clone();
        let total = |rows: &[Value], key: &str| rows.iter().map(|row| fen(&row[key])).sum::<i128>();
        assert_eq!(total(&list("flows", "cells"), "fen"), payable);
        assert_eq!(total(&list("flows", "provinces"), "pay"), payable);
        assert_eq!(total(&list("flows", "provinces"), "receive"), payable);
        assert_eq!(total(&list("flows", "provinces"), "net"), 0);

        let breaks = world.table(period, "breaks", &["effect", "carried"]);
        let stake: i128 =
            breaks.iter().map(|row| parse_sum(&row[0]).expect("fen").fen().abs()).sum();
        let classes = list("breaks", "classes");
        assert_eq!(total(&classes, "stake"), stake);
        assert_eq!(total(&classes, "count"), breaks.len() as i128);
        let carried = breaks.iter().filter(|row| row[1] == "true").count();
        assert_eq!(total(&list("breaks", "ages"), "count"), carried as i128);

        let trend = data["trend"].as_array().expect("a list");
        let last = trend.last().expect("a period");
        assert_eq!((last["period"].as_str(), fen(&last["gross"])), (Some(period), gross));
        assert_eq!(fen(&last["carried"]), carried as i128);
        assert!(page.contains("✓ <span lang=\"zh-CN\">平衡</span>"));
    }
}

#[test]
fn notices_stand_as_the_latest_close_has_them() {
    let world = sample();
    let page = page(&world, "2025-12");
    let mut latest: BTreeMap<String, [String; 2]> = BTreeMap::new();
    for period in ["2025-10", "2025-11", "2025-12"] {
        for row in world.table(period, "notice_status", &["notice_id", "status", "punctual"]) {
            latest.insert(row[0].clone(), [row[1].clone(), row[2].clone()]);
        }
    }
    let mut expected = [0; 4];
    for [status, punctual] in latest.values() {
        match (status.as_str(), punctual.as_str()) {
            ("paid", "false") => expected[1] += 1,
            ("paid", _) => expected[0] += 1,
            ("partial", _) => expected[2] += 1,
            ("unpaid", _) => expected[3] += 1,
            _ => {}
        }
    }
    let mut found = [0; 4];
    for payer in data(&page)["payers"].as_array().expect("a list") {
        for (at, count) in payer["counts"].as_array().expect("a list").iter().enumerate() {
            found[at] += count.as_u64().expect("a number");
        }
    }
    assert_eq!(found, expected);
}

#[test]
fn a_page_depends_on_nothing_but_the_periods_up_to_its_own() {
    let world = sample();
    let first = page(&world, "2025-11");
    assert_eq!(page(&world, "2025-11"), first);
    fs::remove_dir_all(world.book().join("2025-12")).expect("removed");
    assert_eq!(page(&world, "2025-11"), first);
    let (_, head) = first.split_once("Content-Security-Policy\" content=\"").expect("a policy");
    assert!(head.starts_with("default-src 'none';"));
    for word in ["src=\"", "href=\"http", "@import", "url("] {
        let markup = first.split("<script").next().expect("markup");
        assert!(!markup.contains(word), "{word}");
    }
}

/// A month with a hostile key, planted persons, an institution that is always twelve yuan off, and one that names
/// another kind of insurance.
fn planted() -> World {
    let world = World::new();
    let personal = |row: Row| row.with(Field::psn_no, PLANTED[0]).with(Field::mdtrt_id, PLANTED[1]);
    let hostile = Row::new("</script><script>alert(1)</script>").with(Field::hifp_pay, "9999.00");
    let mut treating = vec![personal(Row::new("WHO")), personal(hostile)];
    let mut insured = vec![treating[0].clone().with(Field::psn_no, PLANTED[2])];
    for number in 0..8 {
        let home = ["340100", "410100"][number % 2];
        let row = personal(Row::new(&format!("OFF{number}")))
            .with(Field::insuplc_admdvs, home)
            .with(Field::fixmedins_code, "H31010000777");
        treating.push(row.clone().with(Field::hifp_pay, "712.00"));
        insured.push(row);
    }
    for number in 0..6 {
        let row = personal(Row::new(&format!("KIND{number}")))
            .with(Field::fixmedins_code, "H31010000888");
        treating.push(row.clone().with(Field::insutype, "390"));
        insured.push(row);
    }
    for number in 0..20 {
        let row =
            personal(Row::new(&format!("GOOD{number}"))).with(Field::mdtrtarea_admvs, "330100");
        treating.push(row.clone());
        insured.push(row);
    }
    for number in 0..12 {
        let lost = Row::new(&format!("LOST{number}")).with(Field::fixmedins_code, "H31010000999");
        treating.push(personal(lost));
    }
    world.deliver("2025-10", "treating/a.parquet", &treating);
    world.deliver("2025-10", "insured/a.parquet", &insured);
    world.run("2025-10").expect(0);
    world
}

#[test]
fn a_hostile_key_is_text_and_nobody_is_named() {
    let page = page(&planted(), "2025-10");
    assert_eq!(page.matches("<script").count(), 3);
    assert!(page.contains("&#60;/script&#62;&#60;script&#62;alert(1)&#60;/script&#62;"));
    for planted in PLANTED {
        assert!(!page.contains(planted), "{planted}");
    }
}

#[test]
fn one_cause_is_one_pattern() {
    let page = page(&planted(), "2025-10");
    let (_, section) = page.split_once("<table class=\"patterns\">").expect("patterns");
    let (table, _) = section.split_once("</table>").expect("an end");
    let rows: Vec<&str> = table.split("<tr>").skip(2).collect();
    assert_eq!(rows.len(), 3, "{table}");
    let expected = [
        (
            "many settlements are not on record at the insured side",
            "H31010000999",
            "12",
            "9,600.00",
        ),
        (
            "pooled fund (hifp_pay) is 12.00 yuan more at the treating side",
            "H31010000777",
            "8",
            "96.00",
        ),
        ("is 310 at the insured side, 390 at the treating side", "H31010000888", "6", "0.00"),
    ];
    for (row, (sentence, institution, count, stake)) in rows.iter().zip(expected) {
        for part in [sentence, institution, &format!(">{count}<"), &format!(">{stake}<")] {
            assert!(row.contains(part), "{part}: {row}");
        }
    }
    assert!(rows[1].contains("涉及 2 对省份"), "{}", rows[1]);
}

#[test]
fn what_is_not_closed_or_there_already_is_refused() {
    let world = planted();
    let ran = report(&world, "2025-11", "none.html", &[]).expect(4);
    assert!(ran.stderr.contains("period 2025-11 is not closed"), "{}", ran.stderr);
    assert!(!world.path("none.html").exists());
    let ran = report(&world, "2025-10", "a.html", &["--format", "json"]).expect(0);
    assert!(ran.stdout.contains("\"balanced\": true"), "{}", ran.stdout);
    let ran = report(&world, "2025-10", "a.html", &[]).expect(2);
    assert!(ran.stderr.contains("is there already"), "{}", ran.stderr);
    report(&world, "2025-10", "a.html", &["--force"]).expect(0);
    let table = world.book().join("2025-10/tables/pairs.parquet");
    fs::write(&table, b"PAR1").expect("written");
    report(&world, "2025-10", "b.html", &[]).expect(4);
}
