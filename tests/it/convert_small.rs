//! Small files and bank statements of provinces become small files of a delivery.

use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
    sync::Arc,
};

use arrow_array::{ArrayRef, RecordBatch, StringArray};
use encoding_rs::GB18030;
use rust_xlsxwriter::{ExcelDateTime, Format, Workbook};
use serde_json::Value;

use crate::world::{Ran, World, copy, program, root, write_parquet};

/// The program with `convert --file`.
fn convert(world: &World, file: &str, map: &Path, flags: &[&str], export: &Path) -> Ran {
    let mut command = program();
    command.args(["convert", "--quiet", "--file", file, "--map"]).arg(map);
    command.arg("--out").arg(world.path("delivery")).args(flags).arg(export);
    command.output().expect("started").into()
}

/// A map that the headings of an export tell.
fn guessed(world: &World, file: &str, export: &Path) -> PathBuf {
    let map = world.path(&format!("{file}.{}.toml", export.extension().expect("one").display()));
    let mut command = program();
    command.args(["convert", "--guess", "--file", file, "--map"]).arg(&map).arg(export);
    let ran: Ran = command.output().expect("started").into();
    ran.expect(0);
    map
}

fn json(ran: &Ran) -> Value {
    serde_json::from_str(&ran.stdout).expect("JSON")
}

/// The headings of a small file as exports have them: the first that the guess knows.
fn heading(file: &str, column: &str) -> String {
    let known = fs::read_to_string(root().join("src/convert/headings.toml")).expect("read");
    let known: toml::Table = toml::from_str(&known).expect("TOML");
    known[file][column][0].as_str().expect("a name").to_owned()
}

/// The lines of a CSV file.
fn lines(path: &Path) -> Vec<Vec<String>> {
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_path(path).expect("a file");
    let records = reader.records().map(|record| record.expect("a line"));
    records.map(|record| record.iter().map(str::to_owned).collect()).collect()
}

/// A value as a province writes it.
fn spelt(column: &str, value: &str) -> String {
    match (column, value) {
        ("amount" | "quota", amount) => {
            let (yuan, cents) = amount.split_once('.').expect("an amount");
            let at = yuan.len().saturating_sub(3);
            let (head, tail) = yuan.split_at(at);
            let comma = if head.is_empty() { "" } else { "," };
            format!("¥{head}{comma}{tail}.{cents}")
        }
        ("insured_province" | "treating_province", "31") => "上海市".to_owned(),
        ("insured_province" | "treating_province", "32") => "32".to_owned(),
        ("insured_province" | "treating_province", "34") => "安徽".to_owned(),
        ("insured_province" | "treating_province", "41") => "41河南省".to_owned(),
        ("decision", "accept_treating") => "采信就医地".to_owned(),
        ("decision", "accept_insured") => "采信参保地".to_owned(),
        ("decision", "void") => "作废".to_owned(),
        ("past_year_close", "0") => "否".to_owned(),
        ("cost_month", month) => month.replace('-', "年") + "月",
        ("until_period", month) => month.replace('-', ""),
        (column, day) if column.ends_with("_on") => day.replace('-', "/"),
        (_, value) => value.to_owned(),
    }
}

/// An export in GBK with a title, a blank line and a sum line.
fn as_text(file: &str, table: &[Vec<String>]) -> Vec<u8> {
    let mut text = "\r\n".to_owned();
    let names: Vec<String> = table[0].iter().map(|column| heading(file, column)).collect();
    text += &(names.join("\t") + "\r\n");
    for line in &table[1..] {
        let cells: Vec<String> =
            table[0].iter().zip(line).map(|(column, value)| spelt(column, value)).collect();
        text += &(cells.join("\t") + "\r\n");
    }
    GB18030.encode(&text).0.into_owned()
}

/// An export as a workbook: a title above, amounts as numbers, days as days.
#[expect(clippy::disallowed_types, reason = "the numbers of workbooks are binary")]
fn as_workbook(file: &str, table: &[Vec<String>], path: &Path) {
    let mut book = Workbook::new();
    let sheet = book.add_worksheet().set_name("报表").expect("a name");
    sheet.write_string(0, 0, "报送表").expect("written");
    let day = Format::new().set_num_format("yyyy\"年\"m\"月\"d\"日\"");
    for (at, column) in (0..).zip(&table[0]) {
        sheet.write_string(1, at, heading(file, column)).expect("written");
    }
    for (row, line) in (2..).zip(&table[1..]) {
        for (at, (column, value)) in (0..).zip(table[0].iter().zip(line)) {
            if column == "amount" || column == "quota" {
                sheet
                    .write_number(row, at, value.parse::<f64>().expect("a number"))
                    .expect("written");
            } else if column.ends_with("_on") {
                let date = ExcelDateTime::parse_from_str(value).expect("a day");
                sheet.write_datetime_with_format(row, at, &date, &day).expect("written");
            } else if column == "past_year_close" {
                sheet.write_boolean(row, at, value == "1").expect("written");
            } else {
                sheet.write_string(row, at, spelt(column, value)).expect("written");
            }
        }
    }
    book.add_worksheet();
    book.save(path).expect("saved");
}

/// An export of a database: Parquet of texts with Chinese names.
fn as_parquet(file: &str, table: &[Vec<String>], path: &Path) {
    let column = |(at, column): (usize, &String)| {
        let values = table[1..].iter().map(|line| spelt(column, &line[at]));
        let values: ArrayRef = Arc::new(StringArray::from_iter_values(values));
        (heading(file, column), values)
    };
    let columns = table[0].iter().enumerate().map(column);
    write_parquet(path, &RecordBatch::try_from_iter(columns).expect("a batch"));
}

#[test]
fn small_files_come_back_from_text_workbooks_and_parquet() {
    let world = World::new();
    for (file, below) in [
        ("deductions", "2025-11/deductions.csv"),
        ("decisions", "2025-11/decisions.csv"),
        ("permits", "2025-10/permits.csv"),
        ("quota-changes", "2025-11/quota-changes.csv"),
        ("initial-quotas", "2025-11/initial-quotas.csv"),
        ("opening-quotas", "opening-quotas.csv"),
    ] {
        let original = lines(&root().join("sample-data").join(below));
        let text = world.path(&format!("{file}.txt"));
        fs::write(&text, as_text(file, &original)).expect("written");
        let book = world.path(&format!("{file}.xlsx"));
        as_workbook(file, &original, &book);
        let parquet = world.path(&format!("{file}.parquet"));
        as_parquet(file, &original, &parquet);
        for export in [text, book, parquet] {
            let map = guessed(&world, file, &export);
            let ran = convert(&world, file, &map, &["--format", "json"], &export).expect(0);
            let written = world.path("delivery").join(format!("{file}.csv"));
            assert_eq!(lines(&written), original, "{}", export.display());
            let report = json(&ran);
            assert_eq!(report["converted"], original.len() - 1, "{}", ran.stdout);
            assert_eq!(report["refused"], 0);
            // It never replaces a file.
            let again = convert(&world, file, &map, &[], &export).expect(2);
            assert!(again.stderr.contains("is there already"), "{}", again.stderr);
            fs::remove_file(written).expect("removed");
        }
    }
}

#[test]
fn a_bad_line_refuses_nothing_else() {
    let world = World::new();
    let export = world.path("permits.csv");
    let text = "报备编号,参保省,就医省,费用月,最后清算期,跨年度,原因\n\
                P1,安徽,上海,2025-07,2025-11,否,甲\n\
                P2,安徽,台湾,2025-07,2025-11,否,乙\n\
                P3,安徽,上海,7月,2025-11,或许,丙\n\
                P4,,上海,2025-07,2025-11,1,丁\n\
                合计,,,,,,4\n\
                P5,安徽省,32,202507,2025/11/01,是,\"戊\n己\"\n";
    fs::write(&export, text).expect("written");
    let map = guessed(&world, "permits", &export);
    let ran = convert(&world, "permits", &map, &["--format", "json"], &export).expect(0);
    let report = json(&ran);
    assert_eq!([&report["rows"], &report["converted"], &report["refused"]], [5, 2, 3]);
    assert_eq!(report["refused_values"], 4);
    assert_eq!(report["tables"][0]["aside"]["sum"], 1);
    assert_eq!(
        fs::read_to_string(world.path("delivery/permits.csv")).expect("read"),
        "permit_id,insured_province,treating_province,cost_month,until_period,past_year_close,reason\n\
         P1,34,31,2025-07,2025-11,0,甲\nP5,34,32,2025-07,2025-11,1,戊 己\n"
    );
    let refused = lines(&world.path("delivery/_convert/001-permits/refused.csv"));
    let codes: Vec<(&str, &str, &str)> =
        refused[1..].iter().map(|line| (&*line[2], &*line[4], &*line[6])).collect();
    assert_eq!(
        codes,
        [
            ("3", "treating_province", "K11"),
            ("4", "cost_month", "K07"),
            ("4", "past_year_close", "K11"),
            ("5", "insured_province", "K12"),
        ]
    );
    // With --strict nothing is written.
    fs::remove_file(world.path("delivery/permits.csv")).expect("removed");
    convert(&world, "permits", &map, &["--strict"], &export).expect(3);
    assert!(!world.path("delivery/permits.csv").exists());
}

#[test]
fn what_no_workbook_is_says_so() {
    let world = World::new();
    let fixtures = root().join("tests/fixtures/workbooks");
    let page = world.path("page.xls");
    fs::write(&page, "<html><table><tr><td>结算ID</td></tr></table>").expect("written");
    for (export, found) in [
        (page, "a web page (HTML) under the name of a workbook"),
        (fixtures.join("libreoffice.ods"), "an OpenDocument spreadsheet (ODS)"),
    ] {
        let map = world.path("map.toml");
        fs::write(
            &map,
            "format = 1\n[fields]\nsetl_id = \"a\"\namount = \"b\"\ndecided_on = \"c\"\n",
        )
        .expect("written");
        let ran = convert(&world, "deductions", &map, &[], &export).expect(3);
        assert!(ran.stderr.contains(found), "{}", ran.stderr);
    }
    // An old workbook is read: its second table has no cells, so that no sheet is to be named.
    let map = world.path("old.toml");
    fs::write(
        &map,
        "format = 1\n[fields]\nsetl_id = \"结算ID\"\namount = \"金额\"\ndecided_on = \"日期\"\n",
    )
    .expect("written");
    convert(&world, "deductions", &map, &[], &fixtures.join("xlwt.xls")).expect(0);
    assert_eq!(
        fs::read_to_string(world.path("delivery/deductions.csv")).expect("read"),
        "ddct_id,setl_id,amount,reason_code,decided_on\n\
         ,S-0001,0.10,,2025-10-01\n,340123198001011234,1234.56,,2025-10-01\n\
         ,上海 & <b>,-0.05,,2025-10-01\n"
    );
}

#[test]
fn a_workbook_that_claims_more_than_it_has_is_refused() {
    let world = World::new();
    let map = world.path("map.toml");
    let fields = "setl_id = \"a\"\namount = \"b\"\ndecided_on = \"c\"\n";
    fs::write(&map, format!("format = 1\n[fields]\n{fields}")).expect("written");
    // A directory of 4 billion entries, in a file that has room for them and takes none.
    let mut claim = b"PK\x06\x06\x2c\0\0\0\0\0\0\0".to_vec();
    claim.resize(24, 0);
    claim.extend([u64::MAX >> 32; 2].map(u64::to_le_bytes).concat());
    claim.resize(56, 0);
    let export = world.path("claim.xlsx");
    let mut file = fs::File::create(&export).expect("made");
    file.write_all(b"PK\x03\x04").and_then(|()| file.write_all(&claim)).expect("written");
    let ran = convert(&world, "deductions", &map, &[], &export).expect(3);
    assert!(ran.stderr.contains("more than 10000 parts"), "{}", ran.stderr);
    file.set_len((4 << 30) + 1).expect("sparse");
    let ran = convert(&world, "deductions", &map, &[], &export).expect(3);
    assert!(ran.stderr.contains("more than 4096 MiB"), "{}", ran.stderr);
}

/// Closes the first month of the sample, and prepares the delivery of the second without its payments.
fn first_month(world: &World) {
    let sample = root().join("sample-data");
    copy(&sample.join("2025-10"), &world.input("2025-10"));
    copy(&sample.join("2025-11"), &world.path("delivery"));
    fs::remove_file(world.path("delivery/payments.csv")).expect("removed");
    let quotas = sample.join("opening-quotas.csv");
    let mut command = world.asking_command("2025-10");
    let ran: Ran = command.arg("--opening-quotas").arg(quotas).output().expect("started").into();
    ran.expect(0);
}

/// A statement of a bank: what pays the notices of the sample, and what does not.
const STATEMENT: &str = "交易明细\n\
    交易日期,付款人名称,收款人名称,交易金额,交易流水号,摘要,银行\n\
    20251218,安徽省财政厅,上海市财政局,\"46,000.00\",B001,ＱＳ－２０２５－１０－３４－３１清算款,样例银行\n\
    20251215,安徽省财政厅,江苏省财政厅,\"10,000.00\",B002,\"付 qs-2025-10\n-34-32 部分\",样例银行\n\
    20251222,河南省社会保障基金财政专户,上海市财政局,12250.25,B003,跨省清算,样例银行\n\
    20251224,安徽省财政厅,上海市财政局,30000.00,B004,JJ202510 3431,样例银行\n\
    20251224,安徽省财政厅,上海市财政局,100.00,B005,QS-2025-11-34-31,样例银行\n\
    20251222,河南省社会保障基金财政专户,上海市财政局,12250.25,B003,跨省清算,样例银行\n\
    20251224,江苏省财政厅,上海市财政局,-5.00,B006,冲正,样例银行\n\
    20251224,上海市财政局,安徽省财政厅,3.00,B007,退回QS-2025-10-34-31,样例银行\n\
    20251225,安徽省财政厅,江苏省财政厅,1.00,B008,部分,样例银行\n\
    20251225,某某公司,上海市财政局,1.00,B009,往来,样例银行\n\
    坏日期,某某公司,上海市财政局,1.00,B010,往来,样例银行\n\
    合计,,,98501.50,,,\n";

#[test]
fn bank_statements_become_payments_that_the_next_period_takes() {
    let world = World::new();
    first_month(&world);
    let export = world.path("bank.csv");
    fs::write(&export, GB18030.encode(STATEMENT).0).expect("written");
    let map = guessed(&world, "payments", &export);
    let book = world.book();
    let flags = ["--book", book.to_str().expect("UTF-8"), "--format", "json"];
    let report = json(&convert(&world, "payments", &map, &flags, &export).expect(0));
    let matched: Vec<(&str, &str, &str)> = report["matched"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|paid| {
            let text = |name: &str| paid[name].as_str().expect("a text");
            (text("notice_id"), text("reason"), text("unpaid_then"))
        })
        .collect();
    assert_eq!(
        matched,
        [
            ("QS-2025-10-34-31", "number", "0.00"),
            ("QS-2025-10-34-32", "number", "4000.00"),
            ("QS-2025-10-41-31", "pair", "0.00"),
            ("JJ-2025-10-34-31", "number", "0.00"),
        ]
    );
    let aside: Vec<(u64, &str)> = report["set_aside"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|line| {
            (line["line"].as_u64().expect("a line"), line["reason"].as_str().expect("a word"))
        })
        .collect();
    assert_eq!(
        aside,
        [
            (8, "no_such_notice"),
            (9, "repeated"),
            (10, "not_positive"),
            (11, "other_direction"),
            (12, "other_amount"),
            (13, "unknown_parties"),
            (14, "unreadable"),
        ]
    );
    let totals = &report["totals"];
    assert_eq!([&totals["lines"]["lines"], &totals["matched"]["lines"]], [11, 4]);
    assert_eq!([&totals["lines"]["yuan"], &totals["matched"]["yuan"]], ["110600.50", "98250.25"]);
    assert_eq!(totals["set_aside"]["yuan"], "12350.25");
    assert_eq!(totals["unreadable_amounts"], 1);
    assert_eq!(
        fs::read_to_string(world.path("delivery/payments.csv")).expect("read"),
        "notice_id,paid_on,amount,bank_name,bank_serial\n\
         QS-2025-10-34-31,2025-12-18,46000.00,样例银行,B001\n\
         QS-2025-10-34-32,2025-12-15,10000.00,样例银行,B002\n\
         QS-2025-10-41-31,2025-12-22,12250.25,样例银行,B003\n\
         JJ-2025-10-34-31,2025-12-24,30000.00,样例银行,B004\n"
    );
    assert_eq!(lines(&world.path("delivery/_convert/001-payments/set-aside.csv")).len(), 8);
    convert(&world, "payments", &map, &flags[..2], &export).expect(2);
}

#[test]
fn the_next_period_takes_every_payment_and_knows_it_then() {
    let world = World::new();
    first_month(&world);
    let export = world.path("bank.csv");
    fs::write(&export, STATEMENT).expect("written");
    let map = guessed(&world, "payments", &export);
    let book = world.book();
    let flags = ["--book", book.to_str().expect("UTF-8"), "--format", "json"];
    convert(&world, "payments", &map, &flags, &export).expect(0);
    fs::rename(world.path("delivery"), world.input("2025-11")).expect("moved");
    world.run_with("2025-11", &[]).expect(0);
    let paid = world.table("2025-11", "payments", &["bank_serial", "accepted"]);
    assert_eq!(paid, ["B004", "B001", "B002", "B003"].map(|serial| [serial, "true"]));
    let report = json(&convert(&world, "payments", &map, &flags, &export).expect(0));
    assert_eq!(
        report["matched"],
        serde_json::json!([{
            "notice_id": "QS-2025-11-34-31", "paid_on": "2025-12-24", "amount": "100.00",
            "bank_name": "样例银行", "bank_serial": "B005", "reason": "number",
            "unpaid_then": report["matched"][0]["unpaid_then"],
            "export": export.to_str(), "sheet": "", "line": 8,
        }])
    );
    assert_eq!(report["set_aside"][0]["reason"], "known");
}

#[test]
fn a_finance_officer_sees_each_match_with_its_reason() {
    let world = World::new();
    first_month(&world);
    let export = world.path("bank.csv");
    fs::write(&export, STATEMENT).expect("written");
    let map = guessed(&world, "payments", &export);
    let book = world.book();
    let flags = ["--book", book.to_str().expect("UTF-8"), "--lang", "zh"];
    let ran = convert(&world, "payments", &map, &flags, &export).expect(0);
    for line in [
        "QS-2025-10-34-32  编号",
        "QS-2025-10-41-31  省份对与金额",
        "第 9 行",
        "另有一行流水号相同",
        "退回的款项",
        "4 行，98,250.25 元",
    ] {
        assert!(ran.stdout.contains(line), "{line}: {}", ran.stdout);
    }
    // Nobody's name is shown.
    assert!(!ran.stdout.contains("某某公司"), "{}", ran.stdout);
    let missing = convert(&world, "payments", &map, &[], &export).expect(2);
    assert!(missing.stderr.contains("--file payments needs --book"), "{}", missing.stderr);
    let wrong = convert(&world, "deductions", &map, &flags[..2], &export).expect(2);
    assert!(wrong.stderr.contains("--book goes with --file payments"), "{}", wrong.stderr);
}
