//! Exports of provinces become deliveries.

use std::{
    fs,
    path::{Path, PathBuf},
    slice::from_ref,
};

use arrow_array::{
    ArrayRef, Float64Array, Int64Array, RecordBatch, StringArray, TimestampMicrosecondArray,
};
use encoding_rs::GB18030;
use liangqing::model::fields::{FIELDS, Field, FieldKind};
use rust_xlsxwriter::{ExcelDateTime, Format, Workbook};
use serde_json::Value;

use crate::world::{
    NULL, Ran, Row, World, batch, decimals, names_in, program, read_table, root, tree, with_column,
    without_column, write_parquet,
};

/// The Chinese heading of a field: the first that the guess knows.
fn heading(field: Field) -> String {
    let known: toml::Table = toml::from_str(
        &fs::read_to_string(root().join("src/convert/headings.toml")).expect("read"),
    )
    .expect("TOML");
    known["settlement"][field.name()][0].as_str().expect("a name").to_owned()
}

/// The program with `convert`.
pub(crate) fn convert(
    world: &World,
    side: &str,
    map: &Path,
    flags: &[&str],
    exports: &[PathBuf],
) -> Ran {
    let mut command = program();
    command.args(["convert", "--quiet", "--side", side, "--map"]).arg(map);
    command.arg("--out").arg(world.path("delivery")).args(flags).args(exports);
    command.output().expect("started").into()
}

pub(crate) fn guess(side: &str, map: &Path, exports: &[PathBuf]) -> Ran {
    let mut command = program();
    command.args(["convert", "--guess", "--side", side, "--map"]).arg(map).args(exports);
    command.output().expect("started").into()
}

pub(crate) fn write(world: &World, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
    let path = world.path(name);
    fs::create_dir_all(path.parent().expect("a folder")).expect("made");
    fs::write(&path, bytes).expect("written");
    path
}

/// A map of the national names.
pub(crate) fn plain_map(world: &World, head: &str, fields: &[Field]) -> PathBuf {
    let fields: Vec<String> =
        fields.iter().map(|field| format!("{0} = \"{0}\"\n", field.name())).collect();
    let text = format!("format = 1\n{head}\n[fields]\n{}", fields.concat());
    write(world, "map.toml", text)
}

/// The fields that a delivery must have.
pub(crate) fn required() -> Vec<Field> {
    FIELDS.into_iter().filter(|field| field.required()).collect()
}

pub(crate) fn json(ran: &Ran) -> Value {
    serde_json::from_str(&ran.stdout).expect("JSON")
}

/// The rows of a Parquet file of a delivery as text, in the order of the fields.
fn rows_of(path: &Path) -> Vec<Vec<String>> {
    read_table(path, &FIELDS.map(Field::name))
}

/// Exports a delivery file as a province would: GBK, Chinese headings, bars, and spellings of its own.
fn gbk_export(parquet: &Path) -> Vec<u8> {
    let mut text = FIELDS.map(heading).join("|") + "\r\n";
    for row in rows_of(parquet) {
        let cell = |(field, value): (Field, String)| match (field.kind(), value.as_str()) {
            (_, NULL) => "NULL".to_owned(),
            (FieldKind::Time, time) => time.replace('-', "/").replace('T', " "),
            (FieldKind::Date, day) => day.replace('-', ""),
            (FieldKind::Amount, amount) => thousands(amount),
            (FieldKind::Text, text) => format!(" {text} "),
        };
        text += &(FIELDS.into_iter().zip(row).map(cell).collect::<Vec<_>>().join("|") + "\r\n");
    }
    GB18030.encode(&text).0.into_owned()
}

fn thousands(amount: &str) -> String {
    let (yuan, cents) = amount.split_once('.').unwrap_or((amount, "00"));
    let (sign, yuan) = yuan.strip_prefix('-').map_or(("", yuan), |yuan| ("-", yuan));
    let mut grouped = String::new();
    for (at, digit) in yuan.chars().enumerate() {
        if at > 0 && (yuan.len() - at) % 3 == 0 {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    format!("{sign}¥{grouped}.{cents}")
}

/// Exports the sample month, converts it and closes it: every table has the bytes of the direct way.
fn comes_back(ending: &str, export: fn(&Path) -> Vec<u8>) {
    let world = World::new();
    let sample = root().join("sample-data");
    for side in ["treating", "insured"] {
        let mut exports = Vec::new();
        for name in names_in(&sample.join("2025-10").join(side)) {
            let parquet = sample.join("2025-10").join(side).join(&name);
            let bytes = match side {
                // The sample has a file with other names of columns and codes as numbers: it is an export as it stands.
                _ if name.starts_with("41") => fs::read(&parquet).expect("read"),
                _ => export(&parquet),
            };
            exports.push(write(
                &world,
                &format!("{side}/{}", name.replace("parquet", ending)),
                bytes,
            ));
        }
        let map = world.path(&format!("{side}.toml"));
        guess(side, &map, &exports).expect(0);
        let ran = convert(&world, side, &map, &["--format", "json"], &exports).expect(0);
        let report = json(&ran);
        assert_eq!((&report["refused"], report["rows"] == report["converted"]), (&0.into(), true));
    }
    let delivery = world.path("delivery");
    for name in ["deductions.csv", "permits.csv"] {
        fs::copy(sample.join("2025-10").join(name), delivery.join(name)).expect("copied");
    }
    let run = |input: &Path, book: &str| {
        let mut command = program();
        command.args(["run", "--quiet", "--period", "2025-10", "--input"]).arg(input);
        command.arg("--book").arg(world.path(book));
        command.arg("--opening-quotas").arg(sample.join("opening-quotas.csv"));
        Ran::from(command.output().expect("started")).expect(0);
        tree(&world.path(book).join("2025-10/tables"))
    };
    let (converted, direct) = (run(&delivery, "converted"), run(&sample.join("2025-10"), "direct"));
    assert_eq!(converted, direct);
}

/// Exports a delivery file as a workbook: amounts are numbers, days and times are numbers with a format.
#[expect(clippy::disallowed_types, reason = "workbooks hold no other numbers")]
fn workbook_export(parquet: &Path) -> Vec<u8> {
    let mut workbook = Workbook::new();
    let format = |code| Format::new().set_num_format(code);
    let (day, time) = (format("yyyy/m/d"), format("yyyy-mm-dd hh:mm:ss"));
    let sheet = workbook.add_worksheet();
    for (column, field) in (0..).zip(FIELDS) {
        sheet.write_string(0, column, heading(field)).expect("a cell");
    }
    for (row, values) in (1..).zip(rows_of(parquet)) {
        for ((column, field), value) in (0..).zip(FIELDS).zip(values) {
            let moment = || ExcelDateTime::parse_from_str(&value).expect("a time");
            let written = match (field.kind(), value.as_str()) {
                (_, NULL) => continue,
                (FieldKind::Amount, amount) => {
                    sheet.write_number(row, column, amount.parse::<f64>().expect("a number"))
                }
                (FieldKind::Date, _) => {
                    sheet.write_datetime_with_format(row, column, moment(), &day)
                }
                (FieldKind::Time, _) => {
                    sheet.write_datetime_with_format(row, column, moment(), &time)
                }
                (FieldKind::Text, text) => sheet.write_string(row, column, text),
            };
            written.expect("a cell");
        }
    }
    workbook.save_to_buffer().expect("a workbook")
}

#[test]
fn the_sample_month_comes_back_from_gbk_text() {
    comes_back("csv", gbk_export);
}

#[test]
fn the_sample_month_comes_back_from_workbooks() {
    comes_back("xlsx", workbook_export);
}

/// An export with the usual dirt.
fn dirty() -> String {
    let names = "setl_id,psn_no,insuplc_admdvs,mdtrtarea_admvs,fixmedins_code,insutype,med_type,setl_time,\
                 medfee_sumamt,hifp_pay,fund_pay_sumamt,acct_pay,psn_cash_pay";
    let row = |id: &str, time: &str, medfee: &str| {
        format!(
            "{id},P34000000000000777777,340100,310100,H31010000001,310,11,{time},{medfee},700.00,700.00,100.00,200.00\n"
        )
    };
    [
        "\u{feff}某省异地就医结算明细,,,,,,,,,,,,\n\n".to_owned(),
        format!("{names}\n"),
        row("S1", "2025/10/1 8:30", "1000"),
        row("'S2", "20251001083000", "\"１,000.00\""),
        row("S3", "2025-10-01T08:30:00+08:00", "1000.0000"),
        row("S4", "01/02/2025", "1000.00"),
        row("S5", "2025-10-01 08:30:00", "千元"),
        row("3.40E+17", "2025-13-01", "1000.005"),
        format!("{names}\n"),
        row("S6", "2025-10-01 08:30:00", "1000.00").replace("S6,", "S6,,"),
        ",,,,,,,,,,,,\n".to_owned(),
        "合 计：,,,,,,,,3000.00,2100.00,2100.00,300.00,600.00\n".to_owned(),
        row("", "2025-10-01 08:30:00", "1000.00"),
    ]
    .concat()
}

/// The list of refused values of the dirty export.
fn assert_refused(world: &World) {
    let refused =
        fs::read_to_string(world.path("delivery/_convert/001-treating/refused.csv")).expect("read");
    let refused: Vec<Vec<String>> = csv::Reader::from_reader(refused.as_bytes())
        .records()
        .map(|row| row.expect("CSV").iter().map(str::to_owned).collect())
        .collect();
    let places: Vec<[&str; 4]> =
        refused.iter().map(|row| [2, 4, 5, 6].map(|at| row[at].as_str())).collect();
    assert_eq!(
        places,
        [
            ["7", "setl_time", "01/02/2025", "K07"],
            ["8", "medfee_sumamt", "千元", "K05"],
            ["9", "setl_id", "3.40E+17", "K04"],
            ["9", "setl_time", "2025-13-01", "K07"],
            ["9", "medfee_sumamt", "1000.005", "K05"],
            ["11", "", "", "K03"],
            ["14", "setl_id", "", "K10"],
        ]
    );
}

#[test]
fn dirt_is_refused_line_by_line_and_nothing_else_is() {
    let world = World::new();
    let text = dirty();
    let export = write(&world, "exports/脏.csv", text);
    let map = plain_map(&world, "[rows]\nsums = [\"合计\"]\n", &required());
    let ran = convert(&world, "treating", &map, &["--format", "json"], from_ref(&export)).expect(0);
    let report = json(&ran);
    assert_eq!(
        ["rows", "converted", "refused", "refused_values"].map(|key| report[key].as_u64()),
        [Some(8), Some(3), Some(5), Some(7)]
    );
    let table = &report["tables"][0];
    assert_eq!(table["heading"], 3);
    assert_eq!(table["aside"], serde_json::json!({ "blank": 1, "heading": 1, "sum": 1 }));
    assert_eq!(table["differing_sums"], serde_json::json!([]));
    let found: Vec<(String, String, u64)> = table["changes"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|change| {
            let text = |key: &str| change[key].as_str().expect("a text").to_owned();
            (text("field"), text("change"), change["values"].as_u64().expect("a number"))
        })
        .collect();
    for expected in [
        ("setl_id", "apostrophe", 1),
        ("medfee_sumamt", "full-width", 1),
        ("medfee_sumamt", "separators", 1),
        ("medfee_sumamt", "fraction", 1),
        ("setl_time", "spelling", 3),
    ] {
        let expected = (expected.0.to_owned(), expected.1.to_owned(), expected.2);
        assert!(found.contains(&expected), "{expected:?} in {found:?}");
    }
    assert_refused(&world);
    let kept = read_table(
        &world.path("delivery/treating/脏.parquet"),
        &["setl_id", "setl_time", "medfee_sumamt"],
    );
    let ids: Vec<&str> = kept.iter().map(|row| row[0].as_str()).collect();
    assert_eq!(ids, ["S1", "S2", "S3"]);
    assert!(kept.iter().all(|row| row[1..] == ["2025-10-01T08:30:00", "1000.00"]), "{kept:?}");
    // A careful operator wants no row left out.
    fs::remove_dir_all(world.path("delivery")).expect("removed");
    let strict = convert(&world, "treating", &map, &["--strict"], &[export]).expect(3);
    assert!(strict.stderr.contains("K07"), "{}", strict.stderr);
    assert!(!world.path("delivery").exists());
}

/// A batch as databases export it: names in capitals, amounts as text or of another scale, codes as numbers.
fn as_databases_write_it(rows: &[Row]) -> RecordBatch {
    let whole = batch(rows);
    let mut export = whole.clone();
    let replace = |export: &mut RecordBatch, field: Field, array: ArrayRef| {
        *export =
            with_column(&without_column(export, field.name()), &field.name().to_uppercase(), array);
    };
    let text =
        |values: &[&str]| -> ArrayRef { std::sync::Arc::new(StringArray::from(values.to_vec())) };
    replace(
        &mut export,
        Field::insutype,
        std::sync::Arc::new(Int64Array::from(vec![310; rows.len()])),
    );
    replace(&mut export, Field::acct_pay, text(&vec!["100"; rows.len()]));
    replace(
        &mut export,
        Field::hifp_pay,
        decimals(vec![Some(7_000_000_000_000); rows.len()], 38, 10),
    );
    // 2025-10-15 10:00:00 in UTC+8.
    let utc = TimestampMicrosecondArray::from(vec![1_760_493_600_000_000; rows.len()])
        .with_timezone("UTC");
    replace(&mut export, Field::setl_time, std::sync::Arc::new(utc));
    export
}

#[test]
fn parquet_of_databases_becomes_parquet_of_the_contract() {
    let world = World::new();
    let rows = [Row::new("A"), Row::new("B")];
    let export = world.path("exports/SETL_D.parquet");
    write_parquet(&export, &as_databases_write_it(&rows));
    let map = world.path("map.toml");
    guess("treating", &map, from_ref(&export)).expect(0);
    let ran = convert(&world, "treating", &map, &["--format", "json"], &[export]).expect(0);
    assert_eq!(json(&ran)["converted"], 2);
    let expected = world.path("expected.parquet");
    write_parquet(&expected, &batch(&rows));
    let values = |path: &Path| -> Vec<Vec<String>> {
        let mut rows = rows_of(path);
        for value in rows.iter_mut().flatten() {
            if value == "0.00" {
                *value = NULL.to_owned();
            }
        }
        rows
    };
    assert_eq!(values(&world.path("delivery/treating/SETL_D.parquet")), values(&expected));
}

#[test]
fn floating_point_and_whole_numbers_are_asked_about_once() {
    let world = World::new();
    let rows: Vec<Row> = (0..100).map(|number| Row::new(&format!("S{number}"))).collect();
    let cash: ArrayRef = std::sync::Arc::new(Float64Array::from(vec![199.999_999_999_999_97; 100]));
    let acct: ArrayRef = std::sync::Arc::new(Int64Array::from(vec![10_000; 100]));
    let export = world.path("a.parquet");
    let batch = with_column(&with_column(&batch(&rows), "psn_cash_pay", cash), "acct_pay", acct);
    write_parquet(&export, &batch);
    let map = plain_map(&world, "", &required());
    let refused = convert(&world, "treating", &map, &[], from_ref(&export)).expect(3);
    assert_eq!(refused.stderr.matches("K05").count(), 1, "{}", refused.stderr);
    assert_eq!(refused.stderr.matches("K06").count(), 1, "{}", refused.stderr);
    assert!(!world.path("delivery").exists());
    let text = fs::read_to_string(&map).expect("read");
    let text = text
        .replace("acct_pay = \"acct_pay\"", "acct_pay = { column = \"acct_pay\", unit = \"fen\" }");
    fs::write(&map, text).expect("written");
    let ran = convert(&world, "treating", &map, &["--from-float", "--format", "json"], &[export])
        .expect(0);
    let changes = json(&ran)["tables"][0]["changes"].to_string();
    assert!(changes.contains("\"rounded\"") && changes.contains("\"fen\""), "{changes}");
    let kept =
        read_table(&world.path("delivery/treating/a.parquet"), &["psn_cash_pay", "acct_pay"]);
    assert!(kept.iter().all(|row| row == &["200.00", "100.00"]), "{:?}", kept[0]);
}

#[test]
fn a_delivery_grows_and_its_control_totals_with_it() {
    let world = World::new();
    let map = plain_map(&world, "", &required());
    let export = |name: &str, id: &str| {
        let path = world.path(&format!("exports/{name}.parquet"));
        write_parquet(&path, &batch(&[Row::new(id)]));
        path
    };
    convert(&world, "treating", &map, &[], &[export("31", "A")]).expect(0);
    convert(&world, "treating", &map, &[], &[export("32", "B"), export("x/31", "C")]).expect(0);
    convert(&world, "insured", &map, &[], &[export("31", "A")]).expect(0);
    let listed = read_lines(&world.path("delivery/control-totals.csv"));
    assert_eq!(
        listed,
        [
            "file,rows,medfee_sumamt,fund_pay_sumamt,acct_pay",
            "treating/31.parquet,1,1000.00,700.00,100.00",
            "treating/32.parquet,1,1000.00,700.00,100.00",
            "treating/31.2.parquet,1,1000.00,700.00,100.00",
            "insured/31.parquet,1,1000.00,700.00,100.00",
        ]
    );
    let reports = names_in(&world.path("delivery/_convert"));
    assert_eq!(reports, ["001-treating", "002-treating", "003-insured"]);
    // A file of somebody else: its totals are not ours to declare.
    fs::remove_file(world.path("delivery/control-totals.csv")).expect("removed");
    let before = tree(&world.path("delivery"));
    convert(&world, "insured", &map, &[], &[export("33", "D")]).expect(2);
    assert_eq!(tree(&world.path("delivery")), before);
    // A book is no delivery.
    world.deliver_both("2025-10", &[Row::new("A")]);
    world.run("2025-10").expect(0);
    let mut command = program();
    command.args(["convert", "--quiet", "--side", "treating", "--map"]).arg(&map);
    command.arg("--out").arg(world.book()).arg(export("33", "D"));
    Ran::from(command.output().expect("started")).expect(2);
}

fn read_lines(path: &Path) -> Vec<String> {
    fs::read_to_string(path).expect("read").lines().map(str::to_owned).collect()
}

#[test]
fn nothing_is_guessed_but_by_guess() {
    let world = World::new();
    let text = "结算ID,人员编号,个人帐户支付,备注\nS1,P1,1.00,\n";
    let export = write(&world, "a.csv", text);
    let map = world.path("guessed.toml");
    let ran = guess("treating", &map, from_ref(&export)).expect(0);
    assert!(ran.stdout.contains("complete the map"), "{}", ran.stdout);
    let text = fs::read_to_string(&map).expect("read");
    for line in [
        "setl_id = \"结算ID\"",
        "psn_no = \"人员编号\"",
        "# acct_pay = \"个人帐户支付\"",
        "# setl_time = { value = \"\" }",
        "# \"备注\"",
    ] {
        assert!(text.lines().any(|found| found == line), "{line} in {text}");
    }
    let refused = convert(&world, "treating", &map, &[], from_ref(&export)).expect(2);
    assert!(
        refused.stderr.contains("setl_time") && refused.stderr.contains("acct_pay"),
        "{}",
        refused.stderr
    );
    // A map is not replaced.
    guess("treating", &map, from_ref(&export)).expect(2);
    // Two columns of one name: none is taken.
    let twice = write(&world, "b.csv", "结算ID,结算编号,人员编号\nS1,S1,P1\n");
    let map = world.path("twice.toml");
    guess("treating", &map, &[twice]).expect(0);
    let text = fs::read_to_string(&map).expect("read");
    assert!(!text.lines().any(|line| line.starts_with("setl_id")), "{text}");
    // A file that is no export.
    let picture = write(&world, "c.csv", b"%PDF-1.7 ....");
    let refused = guess("treating", &world.path("c.toml"), &[picture]).expect(3);
    assert!(refused.stderr.contains("a PDF document"), "{}", refused.stderr);
}

#[test]
fn every_column_of_the_wrong_map_is_refused_at_once() {
    let world = World::new();
    let export = world.path("a.parquet");
    write_parquet(&export, &batch(&[Row::new("A"), Row::new("B")]));
    let fields: String = required()
        .iter()
        .map(|field| match field {
            Field::setl_time => "setl_time = \"psn_no\"\n".to_owned(),
            field => format!("{0} = \"{0}\"\n", field.name()),
        })
        .collect();
    let map = write(&world, "map.toml", format!("format = 1\n[fields]\n{fields}"));
    let refused = convert(&world, "treating", &map, &[], &[export]).expect(3);
    assert!(refused.stderr.contains("not one row of 2"), "{}", refused.stderr);
    assert!(!world.path("delivery").exists());
}
