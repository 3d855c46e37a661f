//! What people get: statements and notices of each province.

use std::{fs, io::Cursor, os::unix::fs::PermissionsExt, path::Path, process::Command};

use calamine::{Data, Reader, Xlsx};
use liangqing::model::fields::Field;

use crate::{
    decisions::{PERSONS, open_items, write_statements},
    world::{Ran, Row, World, names_in, program, spreadsheet, tree},
};

const PLANTED: [&str; 2] = ["P34000000000000777777", "V31000000000000888888"];

/// A month between three provinces, with a break whose key looks like a formula.
fn world() -> World {
    let world = World::new();
    let quotas = "insured_province,treating_province,quota\n34,31,1000.00\n34,32,90000.00\n";
    world.small_file("2025-10", "opening-quotas.csv", quotas);
    let planted = |row: Row| row.with(Field::psn_no, PLANTED[0]).with(Field::mdtrt_id, PLANTED[1]);
    let rows = [
        planted(Row::new("A")),
        planted(Row::new("B").with(Field::mdtrtarea_admvs, "320100")),
        planted(Row::new("C").with(Field::insuplc_admdvs, "410100").with(Field::insutype, "390")),
        planted(Row::new("=1+1")),
    ];
    world.deliver("2025-10", "treating/a.parquet", &rows);
    let other = rows[3].clone().with(Field::psn_no, "P34000000000000666666");
    world.deliver("2025-10", "insured/a.parquet", &[&rows[..3], &[other]].concat());
    world.run("2025-10").expect(0);
    world
}

fn statements(world: &World, out: &str, flags: &[&str]) -> Ran {
    let mut command = program();
    command.args(["statements", "--period", "2025-10", "--book"]).arg(world.book());
    command.arg("--out").arg(world.path(out)).args(flags).output().expect("started").into()
}

fn sheet(path: &Path, name: &str) -> calamine::Range<Data> {
    let bytes = fs::read(path).expect("read");
    let mut book: Xlsx<_> = Xlsx::new(Cursor::new(bytes)).expect("a workbook");
    book.worksheet_range(name).expect("a sheet")
}

#[test]
fn each_province_gets_its_own_rows_and_they_tie_to_the_tables() {
    let world = world();
    let ran = statements(&world, "out", &[]).expect(0);
    assert!(ran.stdout.contains("2400.00 yuan, listed on 3 notices"), "{}", ran.stdout);
    assert_eq!(names_in(&world.path("out")), ["31", "32", "34", "41", "SHA256SUMS", "national"]);
    let pairs = world.table(
        "2025-10",
        "pairs",
        &["insured_province", "treating_province", "gross", "payable"],
    );
    for province in ["31", "32", "34", "41"] {
        for (file, own, other, amount) in
            [("payable", 0, 1, "应付金额"), ("receivable", 1, 0, "应收金额")]
        {
            let rows = spreadsheet(&world.path("out").join(province).join(format!("{file}.csv")));
            let found: Vec<[String; 3]> = rows
                .iter()
                .map(|row| {
                    let place = if file == "payable" { "就医省" } else { "参保省" };
                    [row[place][..2].to_owned(), row["小计"].clone(), row[amount].clone()]
                })
                .collect();
            let expected: Vec<[String; 3]> = pairs
                .iter()
                .filter(|row| row[own] == province)
                .map(|row| [row[other].clone(), row[2].clone(), row[3].clone()])
                .collect();
            assert_eq!(found, expected, "{province} {file}");
        }
    }
    let mut sums = Command::new("sha256sum");
    sums.args(["--check", "--quiet", "SHA256SUMS"]).current_dir(world.path("out"));
    assert!(sums.status().expect("started").success());
}

#[test]
fn workbooks_hold_text_as_text_and_totals_as_formulas() {
    let world = world();
    statements(&world, "out", &[]).expect(0);
    let payable = sheet(&world.path("out/34/statement.xlsx"), "14-1应付");
    let text = |row, column| payable.get_value((row, column)).map(ToString::to_string);
    assert_eq!(text(0, 0).as_deref(), Some("附件14-1"));
    assert_eq!(text(1, 0).as_deref(), Some("安徽省跨省异地就医应付医疗费用清算表"));
    assert_eq!(text(2, 0).as_deref(), Some("清算期:2025年10月    单位:元"));
    assert_eq!(payable.get_value((4, 1)), Some(&Data::String("31 上海市".to_owned())));
    assert_eq!(payable.get_value((6, 9)), Some(&Data::Float(1600.0)));
    let bytes = fs::read(world.path("out/34/statement.xlsx")).expect("read");
    let mut book: Xlsx<_> = Xlsx::new(Cursor::new(bytes)).expect("a workbook");
    let formulas = book.worksheet_formula("14-1应付").expect("formulas");
    assert_eq!(formulas.get_value((6, 9)).map(String::as_str), Some("SUM(J5:J6)"));
    let breaks = sheet(&world.path("out/34/statement.xlsx"), "待协查");
    assert_eq!(breaks.get_value((3, 3)), Some(&Data::String("=1+1".to_owned())));
    assert_eq!(spreadsheet(&world.path("out/34/breaks.csv"))[0]["结算ID"], "'=1+1");
    let notice = sheet(&world.path("out/34/notices.xlsx"), "附件15费用付款");
    let capital = Data::String("合计金额(大写):壹仟陆佰元整".to_owned());
    assert!(notice.rows().any(|row| row[0] == capital), "{notice:?}");
    // The other party gets the same payment in its receipt notice.
    let receipt = sheet(&world.path("out/31/notices.xlsx"), "附件16费用收款");
    assert_eq!(
        receipt.get_value((1, 0)),
        Some(&Data::String("上海市跨省异地就医费用收款通知书".to_owned()))
    );
}

#[test]
fn nothing_for_people_names_a_person_or_a_visit() {
    let world = world();
    statements(&world, "out", &[]).expect(0);
    let mut texts = vec![
        world.verify(&[]).stdout,
        world.run_with("2025-10", &[]).stderr,
        statements(&world, "json", &["--format", "json"]).stdout,
    ];
    for command in ["explain", "status", "stress"] {
        let flags: &[&str] = match command {
            "explain" => &["=1+1", "-q"],
            "status" => &["--as-of", "2025-12-01"],
            _ => &["--scenario", "volume=10"],
        };
        let ran: Ran = program()
            .arg(command)
            .args(flags)
            .arg("--book")
            .arg(world.book())
            .output()
            .expect("started")
            .into();
        texts.push(ran.expect(0).stdout);
    }
    for (path, _) in tree(&world.path("out")) {
        let path = world.path("out").join(path);
        if path.extension().is_some_and(|kind| kind == "xlsx") {
            let mut book: Xlsx<_> =
                Xlsx::new(Cursor::new(fs::read(&path).expect("read"))).expect("a workbook");
            texts.extend(book.worksheets().iter().map(|(_, range)| format!("{range:?}")));
        } else if path.is_file() {
            texts.push(fs::read_to_string(&path).expect("text"));
        }
    }
    for planted in PLANTED.iter().chain(&["P34000000000000666666"]) {
        let named = texts.iter().find(|text| text.contains(planted));
        assert!(named.is_none(), "{planted}: {named:?}");
    }
    assert!(texts.iter().any(|text| text.contains("***6666")));
}

#[test]
fn the_same_period_gives_the_same_bytes_and_a_template_other_words() {
    let world = world();
    statements(&world, "out", &[]).expect(0);
    statements(&world, "again", &[]).expect(0);
    assert_eq!(tree(&world.path("out")), tree(&world.path("again")));
    statements(&world, "out", &[]).expect(2);
    let forms = include_str!("../../pipelines/forms.toml");
    let path = world.path("forms.toml");
    fs::write(&path, forms.replace("\"小计\", \"gross\"", "\"应付合计\", \"gross\""))
        .expect("written");
    let path = path.to_str().expect("UTF-8");
    statements(&world, "other", &["--forms", path]).expect(0);
    assert!(spreadsheet(&world.path("other/34/payable.csv"))[0].contains_key("应付合计"));
    fs::write(path, forms.replace("\"visits\", 10", "\"people\", 10")).expect("written");
    let ran = statements(&world, "bad", &["--forms", path]).expect(2);
    assert!(
        ran.stderr.contains("no value \"people\"; there are number, province, visits"),
        "{}",
        ran.stderr
    );
    for (format, told) in [("1", "an earlier version"), ("3", "this program knows 2")] {
        fs::write(path, format!("format = {format}")).expect("written");
        let ran = statements(&world, "bad", &["--forms", path]).expect(2);
        assert!(ran.stderr.contains(told), "{}", ran.stderr);
    }
    // Unknown keys and missing papers are told by name.
    fs::write(path, forms.replacen("[pay.CS]", "[pay.XX]", 1)).expect("written");
    let ran = statements(&world, "bad", &["--forms", path]).expect(2);
    assert!(ran.stderr.contains("pay.CS is missing"), "{}", ran.stderr);
    fs::write(path, forms.replacen("addressee", "adressee", 1)).expect("written");
    let ran = statements(&world, "bad", &["--forms", path]).expect(2);
    assert!(ran.stderr.contains("adressee"), "{}", ran.stderr);
    assert!(!world.path("bad").exists());
}

#[test]
fn what_a_spreadsheet_does_not_take_is_told_before_anything_is_written() {
    let world = world();
    let forms = include_str!("../../pipelines/forms.toml");
    let path = world.path("forms.toml");
    let with = |from: &str, to: &str| {
        assert!(forms.contains(from), "{from}");
        fs::write(&path, forms.replacen(from, to, 1)).expect("written");
        statements(&world, "bad", &["--forms", path.to_str().expect("UTF-8")])
    };
    let long = format!("name = \"{}\"", "表".repeat(32));
    for name in [&long, "name = \"\"", "name = \"a/b\"", "name = \"'a\"", "name = \"history\""] {
        let told = with("name = \"清算表\"", name).expect(2).stderr;
        assert!(told.contains("national: no sheet can be named"), "{name}: {told}");
    }
    let told = with("name = \"14-7应收\"", "name = \"14-1应付\"").expect(2).stderr;
    assert!(told.contains("receivable: sheet \"14-1应付\" is there already, as payable"), "{told}");
    assert!(!world.path("bad").exists());
    // One column is enough, and needs no cells that are one.
    let (before, rest) = forms.split_once("[deductions]\n").expect("a form");
    let (_, after) = rest.split_once("\n[deductions_employee]\n").expect("the next");
    let one =
        "[deductions]\ntitle = \"t\"\nname = \"a\"\ncolumns = [[\"编号\", \"ddct_id\", 20]]\n";
    fs::write(&path, format!("{before}{one}[deductions_employee]\n{after}")).expect("written");
    statements(&world, "narrow", &["--forms", path.to_str().expect("UTF-8")]).expect(0);
}

#[test]
fn a_book_with_a_day_that_no_spreadsheet_knows_still_has_statements() {
    let world = world();
    let folder = world.book().join("2025-10");
    let text = fs::read_to_string(folder.join("manifest.json")).expect("read");
    let text = text.replacen("\"as_of\": \"2025-11-30\"", "\"as_of\": \"0001-01-01\"", 1);
    let seal = format!("{}  manifest.json\n", liangqing::digest::sha256_hex(text.as_bytes()));
    fs::write(folder.join("manifest.json"), text).expect("written");
    fs::write(folder.join("manifest.sha256"), seal).expect("written");
    statements(&world, "out", &[]).expect(0);
}

#[test]
fn a_pack_shows_what_is_open_and_names_nobody() {
    let world = open_items();
    let key = world.path("key.toml");
    let key = key.to_str().expect("UTF-8");
    let mut keygen = program();
    keygen.args(["keygen", "--pseudonyms", "2025-1", "--out", key]);
    assert!(keygen.output().expect("started").status.success());
    write_statements(&world, &["--pseudonym-key", key]).expect(0);
    // Of Henan nothing is open.
    let names = |province: &str| names_in(&world.path("out").join(province));
    assert!(names("34").contains(&"verification.xlsx".to_owned()), "{:?}", names("34"));
    assert!(!names("41").contains(&"verification.xlsx".to_owned()), "{:?}", names("41"));
    let read = |file| spreadsheet(&world.path("out").join("34").join(file));
    let differences = read("differences.csv");
    assert_eq!(differences.len(), 1);
    let [treating, insured] = ["就医地记录", "参保地记录"].map(|side| differences[0][side].clone());
    assert_eq!((&differences[0]["项目"][..], &differences[0]["字段"][..]), ("人员编号", "psn_no"));
    assert!(treating.starts_with("***7777 p") && insured.starts_with("***7777 p"), "{treating}");
    assert_ne!(treating, insured);
    let copies = read("copies.csv");
    let named: Vec<[&str; 3]> = copies
        .iter()
        .map(|row| ["结算ID", "记录来源", "人员编号"].map(|column| row[column].as_str()))
        .collect();
    let of = |id, side, person| [id, side, person];
    assert_eq!(
        named,
        [
            of("'=A", "参保地", &insured[..]),
            of("D", "参保地", &treating[..]),
            of("'=A", "就医地", &treating[..]),
            of("C", "就医地", &treating[..]),
        ]
    );
    let all = fs::read_to_string(world.path("out/34/copies.json")).expect("read");
    assert!(all.contains("人员假名密钥:2025-1"), "{all}");
    for person in PERSONS {
        for file in ["copies.csv", "copies.json", "differences.csv", "differences.json"] {
            let text = fs::read_to_string(world.path("out/34").join(file)).expect("read");
            assert!(!text.contains(person), "{file}");
        }
    }
    fs::set_permissions(key, fs::Permissions::from_mode(0o644)).expect("changed");
    fs::remove_dir_all(world.path("out")).expect("removed");
    let ran = write_statements(&world, &["--pseudonym-key", key]).expect(2);
    assert!(ran.stderr.contains("others than its owner may use it"), "{}", ran.stderr);
    assert!(!world.path("out").exists());
}
