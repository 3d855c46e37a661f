//! Exports that look whole and are not: no row is lost in them without a word.

use std::{
    fs,
    io::{Cursor, Read, Write},
    slice::from_ref,
};

use liangqing::model::fields::{Field, FieldKind};

use crate::{
    convert::{convert, guess, json, plain_map, required, write},
    world::{Ran, World, names_in, read_table},
};

/// A CSV of rows with every required field and a remark that no field is read from.
fn csv(rows: &[(&str, &str)], end: &str) -> String {
    let fields = required();
    let head = fields.iter().map(|field| field.name()).collect::<Vec<_>>().join(",") + ",remark";
    let line = |(id, remark): &(&str, &str)| {
        let value = |field: &Field| match field {
            Field::setl_id => (*id).to_owned(),
            Field::setl_time => "2025-10-01 08:00:00".to_owned(),
            field if field.kind() == FieldKind::Amount => "1.50".to_owned(),
            field => format!("{}1", field.name()),
        };
        format!("{},{remark}", fields.iter().map(value).collect::<Vec<_>>().join(","))
    };
    let lines: Vec<String> = std::iter::once(head).chain(rows.iter().map(line)).collect();
    lines.join(end) + end
}

const ROWS: [(&str, &str); 4] = [("S1", ""), ("S2", "x"), ("S3", "y"), ("S4", "")];

fn converted(world: &World, text: impl AsRef<[u8]>, flags: &[&str]) -> Ran {
    let export = write(world, "a.csv", text);
    let map = plain_map(world, "[rows]\nsums = [\"合计\"]\n", &required());
    convert(world, "treating", &map, flags, from_ref(&export))
}

#[test]
fn lines_end_as_they_like() {
    for end in ["\n", "\r\n", "\r"] {
        let world = World::new();
        let report = json(&converted(&world, csv(&ROWS, end), &["--format", "json"]).expect(0));
        assert_eq!((&report["rows"], &report["converted"]), (&4.into(), &4.into()), "{end:?}");
    }
    // Only the heading ends in CR.
    let world = World::new();
    let text = csv(&ROWS, "\n").replacen('\n', "\r", 1);
    let report = json(&converted(&world, text, &["--format", "json"]).expect(0));
    assert_eq!(report["converted"], 4);
}

#[test]
fn a_quote_that_takes_lines_refuses_the_export() {
    let merged = [("S1", "\"甲"), ("S2", "x"), ("S3", "乙\""), ("S4", "")];
    let open = [("S1", ""), ("S2", "\"x"), ("S3", ""), ("S4", "")];
    for rows in [merged, open] {
        let world = World::new();
        let refused = converted(&world, csv(&rows, "\n"), &[]).expect(3);
        assert!(refused.stderr.contains("K08 "), "{}", refused.stderr);
        assert!(!world.path("delivery").exists());
    }
    // A remark of two lines is no fault, and is told.
    let world = World::new();
    let rows = [("S1", "\"两行\n备注, 逗号\""), ("S2", ""), ("S3", ""), ("S4", "")];
    let ran = converted(&world, csv(&rows, "\n"), &[]).expect(0);
    assert!(ran.stdout.contains("1 row with a line break inside of a cell"), "{}", ran.stdout);
}

#[test]
fn notes_below_a_table_are_no_settlements() {
    let world = World::new();
    let width = required().len();
    let alone = |text: &str| format!("{text}{}\n", ",".repeat(width));
    let text = csv(&ROWS, "\n") + &alone("制表人：王五") + &alone("合计（4笔）");
    let report = json(&converted(&world, text, &["--format", "json"]).expect(0));
    assert_eq!(report["converted"], 4);
    assert_eq!(report["refused"], 1);
    assert_eq!(report["tables"][0]["aside"]["sum"], 1);
    let notes = report["tables"][0]["notes"].to_string();
    assert!(notes.contains("no amount that could be compared"), "{notes}");
}

#[test]
fn what_looks_odd_is_told() {
    let world = World::new();
    let text = csv(&ROWS, "\n").replace("1.50", "150");
    let text = text.replacen(",150,", ",,", 1);
    let report = json(&converted(&world, text.trim_end(), &["--format", "json"]).expect(0));
    let notes = report["tables"][0]["notes"].to_string();
    for note in ["no amount has a decimal point", "its last line has no end", "1 empty value"] {
        assert!(notes.contains(note), "{note}: {notes}");
    }
    // The same file as the other side's.
    let export = world.path("a.csv");
    let map = world.path("map.toml");
    let again = convert(&world, "insured", &map, &[], from_ref(&export)).expect(0);
    assert!(again.stdout.contains("_convert/001-treating"), "{}", again.stdout);
}

/// A workbook whose formulas were never calculated.
fn uncalculated(bytes: Vec<u8>) -> Vec<u8> {
    let mut from = zip::ZipArchive::new(Cursor::new(bytes)).expect("an archive");
    let mut to = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for at in 0..from.len() {
        let mut part = from.by_index(at).expect("a part");
        let mut bytes = Vec::new();
        part.read_to_end(&mut bytes).expect("read");
        let name = part.name().expect("UTF-8").into_owned();
        if name.ends_with("sheet1.xml") {
            let text = String::from_utf8(bytes).expect("UTF-8");
            bytes = text.replace("</f><v>0</v>", "</f>").into_bytes();
        }
        to.start_file(name, zip::write::SimpleFileOptions::default()).expect("begun");
        to.write_all(&bytes).expect("written");
    }
    to.finish().expect("finished").into_inner()
}

#[test]
fn formulas_of_spreadsheets_give_their_text_or_nothing() {
    let world = World::new();
    let text = csv(&ROWS, "\n").replace("S1,", "=\"S1\",");
    converted(&world, text, &[]).expect(0);
    let ids = read_table(&world.path("delivery/treating/a.parquet"), &["setl_id"]);
    assert_eq!(ids[0], ["S1"]);
    // A formula that was never calculated has no value.
    let mut workbook = rust_xlsxwriter::Workbook::new();
    let sheet = workbook.add_worksheet();
    for (row, line) in (0..).zip(csv(&ROWS, "\n").lines()) {
        for (column, cell) in (0..).zip(line.split(',')) {
            if row == 2 && cell == "1.50" {
                sheet.write_formula(row, column, "=1+0.5").expect("a cell");
            } else {
                sheet.write_string(row, column, cell).expect("a cell");
            }
        }
    }
    let export = world.path("a.xlsx");
    let bytes = workbook.save_to_buffer().expect("a workbook");
    fs::write(&export, uncalculated(bytes)).expect("written");
    let map = world.path("map.toml");
    let ran = convert(&world, "treating", &map, &["--format", "json"], from_ref(&export)).expect(0);
    let report = json(&ran);
    assert_eq!((&report["converted"], &report["refused"]), (&3.into(), &1.into()), "{report}");
    let first = &report["first_refused"][0];
    assert!(first["found"].to_string().contains("formula"), "{first}");
}

#[test]
fn headings_put_nothing_into_a_map() {
    let world = World::new();
    let injected = "\"hosp_part_amt = { value = \"\"-1.00\"\" } #\n# 备注\"";
    let text = csv(&ROWS, "\n").replacen("remark", injected, 1).replacen(
        "psn_cash_pay",
        "\"现金\n支付\"",
        1,
    );
    let export = write(&world, "a.csv", text);
    let map = world.path("map.toml");
    guess("treating", &map, from_ref(&export)).expect(0);
    let text = fs::read_to_string(&map).expect("read");
    let table: toml::Table = text.parse().expect("TOML");
    let fields = table["fields"].as_table().expect("a table");
    assert!(!fields.contains_key("hosp_part_amt"), "{text}");
    assert_eq!(fields["psn_cash_pay"].as_str(), Some("现金\n支付"), "{text}");
    // A map is not replaced, and no flag is named that there is not.
    let refused = guess("treating", &map, from_ref(&export)).expect(2);
    assert!(!refused.stderr.contains("--force"), "{}", refused.stderr);
}

#[test]
fn persons_are_masked_in_every_list() {
    let world = World::new();
    let mut fields = required();
    fields.push(Field::mdtrt_id);
    let head = fields.iter().map(|field| field.name()).collect::<Vec<_>>().join(",");
    let values = |person: &str, visit: &str| {
        let value = |field: &Field| match field {
            Field::psn_no => person.to_owned(),
            Field::mdtrt_id => visit.to_owned(),
            Field::setl_time => "2025-10-01".to_owned(),
            field if field.kind() == FieldKind::Amount => "0.00".to_owned(),
            field => format!("{}1", field.name()),
        };
        fields.iter().map(value).collect::<Vec<_>>().join(",") + "\n"
    };
    let text = format!(
        "{head}\n{}{}",
        values(" P34000000000000777777", "V31000000000000888888"),
        values("P34000000000000777777", "8.8888E+17")
    );
    let export = write(&world, "a.csv", text);
    let map = plain_map(&world, "", &fields);
    let ran = convert(&world, "insured", &map, &[], &[export]).expect(0);
    let folder = world.path("delivery/_convert/001-insured");
    let lists: String = names_in(&folder)
        .iter()
        .map(|name| fs::read_to_string(folder.join(name)).expect("read"))
        .collect();
    for text in [&ran.stdout, &lists] {
        assert!(!text.contains("P3400") && !text.contains("8.8888"), "{text}");
    }
    assert!(ran.stdout.contains("***7777"), "{}", ran.stdout);
}
