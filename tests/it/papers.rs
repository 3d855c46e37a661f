//! The papers of the procedure: one payment notice and one receipt notice a province and kind, and what goes with them.

use std::{
    collections::BTreeMap,
    fs,
    io::{Cursor, Read},
};

use calamine::{Data, Reader, Xlsx};
use liangqing::model::fields::Field;

use crate::decisions::{open_items, write_statements};
use crate::world::{NULL, Ran, Row, World, names_in, program, spreadsheet, tree};

/// Three periods: October suggests an emergency increase, November has QS, FH, CS and the approval, December has ND.
fn year_end() -> World {
    let world = World::new();
    let quotas = "insured_province,treating_province,quota\n34,31,1000.00\n34,32,90000.00\n";
    world.small_file("2025-10", "opening-quotas.csv", quotas);
    let to_jiangsu = |row: Row| row.with(Field::mdtrtarea_admvs, "320100");
    let of_residents = |row: Row| row.with(Field::insutype, "390");
    let october = [Row::new("A"), of_residents(Row::new("A2")), to_jiangsu(Row::new("B"))];
    world.deliver_both("2025-10", &october);
    world.run("2025-10").expect(0);
    let november = [
        Row::new("C").with(Field::insuplc_admdvs, "340200").in_month("2025-11"),
        to_jiangsu(Row::reversal("R", "B")).in_month("2025-11"),
    ];
    world.deliver_both("2025-11", &november);
    let answers =
        "notice_id,amount,approved_by,approved_on\nJJ-2025-10-34-31,2000.00,NHSA,2025-12-05\n";
    world.small_file("2025-11", "quota-changes.csv", answers);
    let first = "insured_province,treating_province,quota,approved_by,approved_on\n41,31,500.00,NHSA,2025-12-05\n";
    world.small_file("2025-11", "initial-quotas.csv", first);
    let deductions = "ddct_id,setl_id,amount,reason_code,decided_on\nD1,A,100.00,x,2025-12-01\nD2,A2,50.00,x,2025-12-01\nD3,C,9999.00,x,2025-12-01\nD4,Z,1.00,x,2025-12-01\n";
    world.small_file("2025-11", "deductions.csv", deductions);
    world.run("2025-11").expect(0);
    world.deliver_both("2025-12", &[Row::new("E").in_month("2025-12")]);
    world.run("2025-12").expect(0);
    world
}

fn statements(world: &World, period: &str, out: &str, flags: &[&str]) -> Ran {
    let mut command = program();
    command.args(["statements", "--period", period, "--book"]).arg(world.book());
    command.arg("--out").arg(world.path(out)).args(flags).output().expect("started").into()
}

/// The rows of a CSV file below the output folder; none when it is not there.
fn rows(world: &World, path: &str) -> Vec<BTreeMap<String, String>> {
    let path = world.path(path);
    if path.exists() { spreadsheet(&path) } else { Vec::new() }
}

fn workbook(world: &World, path: &str) -> Xlsx<Cursor<Vec<u8>>> {
    let bytes = fs::read(world.path(path)).expect("read");
    Xlsx::new(Cursor::new(bytes)).expect("a workbook")
}

#[test]
fn what_the_papers_list_is_what_the_tables_have() {
    let world = year_end();
    for period in ["2025-10", "2025-11", "2025-12"] {
        statements(&world, period, period, &[]).expect(0);
        let notices =
            world.table(period, "notices", &["notice_id", "kind", "payer", "payee", "amount"]);
        let mut expected: Vec<[String; 4]> = notices
            .into_iter()
            .filter(|notice| notice[1] != "JJ")
            .map(|row| [row[0].clone(), row[2].clone(), row[3].clone(), row[4].clone()])
            .collect();
        if period == "2025-11" {
            let status = world.table(period, "notice_status", &["notice_id", "approved"]);
            let approved = status.into_iter().filter(|row| row[1] != NULL);
            expected.extend(approved.map(|row| [&row[0], "34", "31", &row[1]].map(str::to_owned)));
            assert!(expected.iter().any(|row| row[0] == "JJ-2025-10-34-31" && row[3] == "2000.00"));
        }
        expected.sort();
        for (file, other, pays) in [("payments", "收款省份", true), ("receipts", "付款省份", false)]
        {
            let mut listed = Vec::new();
            for own in ["31", "32", "34", "41"] {
                for row in rows(&world, &format!("{period}/{own}/{file}.csv")) {
                    let other = row[other].trim_start_matches('*')[..2].to_owned();
                    let [payer, payee] =
                        if pays { [own.to_owned(), other] } else { [other, own.to_owned()] };
                    listed.push([row["编号"].clone(), payer, payee, row["金额"].clone()]);
                }
            }
            listed.sort();
            assert_eq!(listed, expected, "{period} {file}");
        }
    }
}

#[test]
fn returned_money_stands_in_the_papers_of_the_treating_province_with_a_mark() {
    let world = year_end();
    statements(&world, "2025-11", "out", &[]).expect(0);
    let of = |file: &str, column: &str| -> Vec<[String; 3]> {
        let of_row = |row: BTreeMap<String, String>| {
            [row["附件"].clone(), row[column].clone(), row["编号"].clone()]
        };
        rows(&world, file).into_iter().map(of_row).collect()
    };
    let line = |annex: &str, province: &str, id: &str| [annex, province, id].map(str::to_owned);
    assert_eq!(
        of("out/32/payments.csv", "收款省份"),
        [line("附件15", "*34 安徽省", "FH-2025-11-34-32")]
    );
    assert_eq!(
        of("out/34/receipts.csv", "付款省份"),
        [line("附件16", "*32 江苏省", "FH-2025-11-34-32")]
    );
    assert_eq!(
        of("out/34/payments.csv", "收款省份"),
        [
            line("附件15", "31 上海市", "QS-2025-11-34-31"),
            line("附件8", "31 上海市", "JJ-2025-10-34-31"),
        ]
    );
    assert_eq!(
        of("out/41/payments.csv", "收款省份"),
        [line("附件3", "31 上海市", "CS-2025-11-41-31")]
    );
    // Payments stand before receipts, and the first sheet says what there is.
    let book = workbook(&world, "out/34/notices.xlsx");
    assert_eq!(
        book.sheet_names(),
        ["说明", "附件15费用付款", "附件8紧急调增付款", "附件16费用收款"]
    );
    statements(&world, "2025-12", "december", &[]).expect(0);
    let back = of("december/31/payments.csv", "收款省份");
    assert!(back.contains(&line("附件6", "*34 安徽省", "ND-2025-12-34-31")), "{back:?}");
}

#[test]
fn a_suggestion_is_no_notice() {
    let world = year_end();
    statements(&world, "2025-10", "out", &[]).expect(0);
    for own in ["31", "34", "national"] {
        let suggested = rows(&world, &format!("out/{own}/suggestions.csv"));
        assert_eq!(suggested.len(), 1, "{own}");
        assert_eq!(suggested[0]["建议编号"], "JJ-2025-10-34-31");
        assert_eq!(suggested[0]["使用率"], "160.00%");
        let text =
            fs::read_to_string(world.path(&format!("out/{own}/suggestions.json"))).expect("read");
        assert!(!text.contains("付款通知书\"") && text.contains("不是付款通知书"), "{text}");
    }
    assert!(!world.path("out/32/suggestions.xlsx").exists());
    assert!(rows(&world, "out/34/payments.csv").iter().all(|row| !row["编号"].starts_with("JJ")));
}

#[test]
fn accounts_are_those_in_force_on_the_day_of_issue() {
    let world = year_end();
    let header = "province,name,bank,bank_code,account,from\n";
    let accounts = world.path("accounts.csv");
    let path = accounts.to_str().expect("UTF-8");
    let lines = "31,沪一,工商银行,001020,0031001,2025-01-01\n31,沪二,工商银行,001020,0031002,2025-12-31\n31,沪三,工商银行,001020,0031003,2026-01-01\n32,苏,建设银行,,6222 0000-1,2025-01-01\n";
    fs::write(&accounts, format!("{header}{lines}")).expect("written");
    let ran = statements(&world, "2025-11", "out", &["--accounts", path]).expect(0);
    assert!(ran.stdout.contains("no account in force on the day of issue: 34"), "{}", ran.stdout);
    let payments = rows(&world, "out/34/payments.csv");
    assert_eq!((&*payments[0]["收款账户户名"], &*payments[0]["账号"]), ("沪二", "0031002"));
    let annex = rows(&world, "out/34/accounts.csv");
    let named: Vec<[&str; 2]> = annex.iter().map(|row| [&*row["省份"], &*row["账号"]]).collect();
    assert_eq!(named, [["31 上海市", "0031002"], ["34 安徽省", ""]]);
    assert_eq!(rows(&world, "out/32/payments.csv")[0]["账号"], "(未登记)");
    let guide = fs::read_to_string(world.path("out/32/guide-notices.json")).expect("read");
    assert!(guide.contains("34 安徽省"), "{guide}");
    let none = statements(&world, "2025-11", "none", &[]).expect(0);
    assert!(!none.stdout.contains("no account"), "{}", none.stdout);
    let bad = "99,A,B,,1,2025-01-01\n31,A,B,,1,2025-02-30\n31,A,B,,1,2025-01-01\n31,A,B,,1,2025-01-01\n32,A,B,,,2025-01-01\n33,A,B,,6.2E+18,2025-01-01\n";
    fs::write(&accounts, format!("{header}{bad}")).expect("written");
    let names = world.path("names.csv");
    fs::write(&names, "code,name\n340100,a\n340100,b\n").expect("written");
    let flags = ["--accounts", path, "--names", names.to_str().expect("UTF-8")];
    let told = statements(&world, "2025-11", "bad", &flags).expect(3).stderr;
    for code in ["S05", "S07", "S12", "S13", "S14", "S15"] {
        assert!(told.contains(code), "{code}: {told}");
    }
    assert!(!world.path("bad").exists());
}

#[test]
fn pooling_areas_and_funds_add_up_to_the_notices() {
    let world = year_end();
    let names = world.path("names.csv");
    fs::write(&names, "code,name\n340100,合肥市\n").expect("written");
    let flags = ["--names", names.to_str().expect("UTF-8")];
    statements(&world, "2025-11", "out", &flags).expect(0);
    let areas = rows(&world, "out/34/pooling.csv");
    let amounts: Vec<[&str; 2]> =
        areas.iter().map(|row| [&*row["统筹区或项目"], &*row["金额"]]).collect();
    assert_eq!(
        amounts,
        [
            ["340100 合肥市", "-800.00"],
            ["340200", "800.00"],
            ["各统筹区小计", "0.00"],
            ["减:审核扣款", "-150.00"],
            ["加:上期结转", "0.00"],
            ["加:就医省返还(列入收款通知书)", "800.00"],
            ["减:结转下期", "0.00"],
            ["合计(付款通知书所列应付)", "650.00"],
        ]
    );
    assert_eq!((&*areas[0]["下拨"], &*areas[1]["上解"]), ("800.00", "800.00"));
    let payments = rows(&world, "out/34/payments.csv");
    assert_eq!(payments[0]["金额"], "650.00");
    let ids = |file: &str| -> Vec<String> {
        let all = rows(&world, &format!("out/34/{file}.csv"));
        all.into_iter().map(|row| row["扣款编号"].clone()).collect()
    };
    assert_eq!(ids("deductions"), ["D1", "D2"]);
    assert_eq!(
        (ids("deductions_employee"), ids("deductions_resident")),
        (vec!["D1".to_owned()], vec!["D2".to_owned()])
    );
    // What was refused goes back: to the province where the settlement is known, all of it to the nation.
    let refused = |own: &str| rows(&world, &format!("out/{own}/refused.csv")).len();
    assert_eq!((refused("34"), refused("32"), refused("national")), (1, 0, 2));
}

#[test]
fn names_stand_beside_the_codes_of_places() {
    let world = open_items();
    let names = world.path("names.csv");
    fs::write(&names, "code,name\nH31010000001,瑞金医院\n340100,合肥市\n").expect("written");
    write_statements(&world, &["--names", names.to_str().expect("UTF-8")]).expect(0);
    for row in rows(&world, "out/34/copies.csv") {
        assert_eq!(row["定点医药机构编号"], "H31010000001 瑞金医院");
        assert_eq!(row["参保地区划"], "340100 合肥市");
        assert_eq!(row["就医地区划"], "310100");
    }
}

#[test]
fn an_archive_a_province_has_the_same_bytes_each_time() {
    let world = year_end();
    statements(&world, "2025-11", "folders", &[]).expect(0);
    for out in ["one", "two"] {
        statements(&world, "2025-11", out, &["--zip"]).expect(0);
    }
    assert_eq!(tree(&world.path("one")), tree(&world.path("two")));
    let names = ["31.zip", "32.zip", "34.zip", "41.zip", "SHA256SUMS", "national.zip"];
    assert_eq!(names_in(&world.path("one")), names);
    let bytes = fs::read(world.path("one/34.zip")).expect("read");
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).expect("an archive");
    let names = archive.file_names().map(|name| name.expect("a name").into_owned());
    let packed: Vec<String> = names.collect();
    let mut sorted = packed.clone();
    sorted.sort();
    assert_eq!(packed, sorted);
    let mut text = Vec::new();
    archive.by_name("34/notices.xlsx").expect("a file").read_to_end(&mut text).expect("read");
    assert_eq!(text, fs::read(world.path("folders/34/notices.xlsx")).expect("read"));
}

#[test]
fn five_thousand_rejected_rows_go_back_with_their_meaning() {
    let world = World::new();
    let bad = |n: u32| Row::new(&format!("X{n:05}")).with(Field::insutype, "999");
    let mut rows_of_side: Vec<Row> = (0..5_000).map(bad).collect();
    rows_of_side.push(Row::new("A"));
    world.deliver("2025-10", "treating/31.parquet", &rows_of_side);
    world.deliver("2025-10", "insured/34.parquet", &[Row::new("A")]);
    world.run("2025-10").expect(0);
    statements(&world, "2025-10", "out", &[]).expect(0);
    let returned = rows(&world, "out/national/rejects.csv");
    assert_eq!(returned.len(), 5_000);
    assert_eq!(returned[0]["文件"], "treating/31.parquet");
    assert!(returned[0]["含义"].contains("险种类型"), "{:?}", returned[0]);
    let files = rows(&world, "out/national/reject_files.csv");
    assert_eq!((&*files[0]["代码"], &*files[0]["行数"]), ("V04", "5000"));
    let sheet = workbook(&world, "out/national/returned.xlsx")
        .worksheet_range("退回明细")
        .expect("a sheet");
    // Who signs, signs below the last row.
    let last = sheet.rows().next_back().expect("a row");
    assert!(last[0].to_string().contains("经办人"), "{last:?}");
    assert_eq!(sheet.get_value((5_002, 3)), Some(&Data::Float(4_999.0)));
}
