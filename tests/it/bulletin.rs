//! Bulletins: figures that tie to the tables, few persons that stay unknown, and what is refused.

use std::{
    collections::BTreeMap,
    fs,
    io::Cursor,
    path::{Path, PathBuf},
    process::Command,
};

use calamine::{Reader, Xlsx};
use liangqing::model::{fields::Field, money::parse_sum};

use crate::world::{Ran, Row, World, names_in, program, spreadsheet, tree};

type Rows = Vec<BTreeMap<String, String>>;

fn bulletin(world: &World, out: &str, flags: &[&str]) -> Ran {
    let mut command = program();
    command.args(["bulletin", "--quiet", "--book"]).arg(world.book());
    command.arg("--out").arg(world.path(out)).args(flags).output().expect("started").into()
}

fn path(path: &Path) -> &str {
    path.to_str().expect("UTF-8")
}

/// A sheet as CSV.
fn sheet(world: &World, out: &str, file: &str) -> Rows {
    spreadsheet(&world.path(out).join(format!("{file}.csv")))
}

fn number(text: &str) -> i128 {
    text.parse().unwrap_or_else(|_| panic!("{text:?} is no number"))
}

fn fen(text: &str) -> i128 {
    parse_sum(text).unwrap_or_else(|_| panic!("{text:?} is no amount")).fen()
}

/// A small month of the whole country.
fn country() -> World {
    let world = World::new();
    let made: Ran = program()
        .args(["synth", "--quiet", "--period", "2025-10", "--settlements", "4000", "--out"])
        .arg(world.path("in"))
        .output()
        .expect("started")
        .into();
    made.expect(0);
    // Rows that break rules, which so few settlements need not have by themselves.
    let bad = [
        Row::new("bad-1").with(Field::fixmedins_code, "X"),
        Row::new("bad-2").with(Field::insuplc_admdvs, "99"),
        Row::new("bad-3").with(Field::medfee_sumamt, "1.00").with(Field::psn_no, ""),
    ];
    world.deliver("2025-10", "treating/zz.parquet", &bad);
    fs::remove_file(world.input("2025-10").join("control-totals.csv")).expect("removed");
    world.run("2025-10").expect(0);
    world
}

/// The built-in template with a threshold under which nothing is left out.
fn showing_all(world: &World) -> PathBuf {
    let forms = include_str!("../../pipelines/forms.toml");
    let path = world.path("all.toml");
    fs::write(&path, forms.replace("threshold = 5", "threshold = 1")).expect("written");
    path
}

fn sum(rows: &[Vec<String>], column: usize) -> i128 {
    rows.iter()
        .map(|row| if row[column].contains('.') { fen(&row[column]) } else { number(&row[column]) })
        .sum()
}

fn written_with_all(world: &World) {
    let (input, forms) = (world.input("2025-10"), showing_all(world));
    let flags = ["--period", "2025-10", "--input", path(&input), "--forms", path(&forms)];
    let ran = bulletin(world, "all", &flags).expect(0);
    assert!(ran.stdout.contains("left out  0 values"), "{}", ran.stdout);
}

#[test]
fn sums_are_those_of_the_tables() {
    let world = country();
    written_with_all(&world);
    let total = |file: &str, column: &str| {
        let rows = sheet(&world, "all/monthly", file);
        rows.last().expect("a total")[column].clone()
    };
    let parts = |file: &str, column: &str| -> i128 {
        let rows = sheet(&world, "all/monthly", file);
        rows[..rows.len() - 1].iter().map(|row| number(&row[column])).sum()
    };
    let table = |name: &str, columns: &[&str]| world.table("2025-10", name, columns);
    let positions = table("positions", &["visits", "medfee_sumamt", "fund_pay_sumamt"]);
    for (columns, at) in [
        (["参保人人次", "本地就医人次"], 0),
        (["参保人医疗费总额", "本地就医医疗费总额"], 1),
        (["参保人基金支付", "本地就医基金支付"], 2),
    ] {
        for column in columns {
            let value = total("volumes", column);
            let found = if at == 0 { number(&value) } else { fen(&value) };
            assert_eq!(found, sum(&positions, at), "{column}");
        }
    }
    let control = table("control", &["side", "bucket", "rows"]);
    let bucket = |side: &str, bucket: &str| {
        let row = control.iter().find(|row| row[0] == side && row[1] == bucket);
        number(&row.expect("a bucket")[2])
    };
    let sides = sheet(&world, "all/monthly", "sides");
    let pairs = sheet(&world, "all/monthly", "pairs");
    for (row, side) in sides.iter().zip(["treating", "insured"]) {
        assert_eq!(number(&row["已清算"]), bucket(side, "cleared"));
        assert_eq!(number(&row["本期送达"]), bucket(side, "delivered"));
        let column =
            if side == "treating" { "就医地有效记录" } else { "参保地有效记录" };
        let delivered: i128 = pairs.iter().map(|row| number(&row[column])).sum();
        assert_eq!(delivered, bucket(side, "delivered") - bucket(side, "rejected"));
        let cleared: i128 = pairs.iter().map(|row| number(&row["清算笔数"])).sum();
        assert_eq!(cleared, bucket(side, "cleared"));
    }
    let breaks = table("breaks", &["class", "lateness"]);
    for file in ["breaks_treating", "breaks_insured"] {
        assert_eq!(number(&total(file, "合计")), breaks.len() as i128);
        assert_eq!(parts(file, "合计"), breaks.len() as i128);
        let missing = breaks.iter().filter(|row| row[0] == "missing_insured").count();
        assert_eq!(parts(file, "参保地无记录"), missing as i128);
    }
    let refused = breaks.iter().filter(|row| row[0] == "late_refused").count();
    assert_eq!(number(&total("late", "超期拒收")), refused as i128);
    assert_eq!(parts("late", "超期拒收"), refused as i128);
    let rejects = table("rejects", &["rules"]);
    let valid = bucket("treating", "delivered") - bucket("treating", "rejected");
    for file in ["errors", "error_provinces"] {
        let rows = sheet(&world, "all/monthly", file);
        let own = rows.iter().filter(|row| row["报送方"] != "合计");
        let of_rule = |rule: &str| own.clone().map(|row| number(&row[rule])).sum::<i128>();
        assert!(!rejects.is_empty());
        assert_eq!(of_rule("校验退回"), rejects.len() as i128);
        for rule in ["V01", "V02", "V08", "V11"] {
            let broken = rejects.iter().filter(|row| row[0].split(',').any(|code| code == rule));
            assert_eq!(of_rule(rule), broken.count() as i128, "{file} {rule}");
        }
    }
    assert_eq!(parts("areas", "参保人有效记录"), valid);
    assert_eq!(parts("areas", "本地就医有效记录"), valid);
    assert!(number(&total("institutions", "有结算的医疗机构")) > 0);
}

/// Columns of counts that are protected, by sheet.
fn is_protected(file: &str, column: &str) -> bool {
    let texts = ["省份", "参保省", "就医省", "统筹地区", "迟报月数", "双向开通"];
    let money = ["医疗费", "基金", "总额", "率", "报送比"];
    !texts.contains(&column)
        && !money.iter().any(|word| column.contains(word))
        && ["volumes", "pairs", "late", "breaks_treating", "breaks_insured", "areas"]
            .contains(&file)
}

#[test]
fn few_persons_are_not_shown_and_cannot_be_worked_out() {
    let world = country();
    written_with_all(&world);
    let input = world.input("2025-10");
    let ran = bulletin(&world, "out", &["--period", "2025-10", "--input", path(&input)]).expect(0);
    assert!(!ran.stdout.contains("left out  0 values"), "{}", ran.stdout);
    let mut left_out = 0;
    for file in ["volumes", "pairs", "late", "breaks_treating", "breaks_insured", "areas"] {
        let (all, shown) = (sheet(&world, "all/monthly", file), sheet(&world, "out/monthly", file));
        assert_eq!(all.len(), shown.len());
        for (all, shown) in all.iter().zip(&shown) {
            for (column, value) in shown {
                match value.as_str() {
                    "<5" | "*" => left_out += 1,
                    value => assert_eq!(value, all[column], "{file} {column}"),
                }
                if is_protected(file, column) {
                    let count = number(&all[column]);
                    // Few settlements are few persons; reversals may take a count of visits to anything.
                    let few =
                        (1..5).contains(&count) && file != "volumes" && column != "已清算人次";
                    assert!(!few || value == "<5", "{file} {column}: {count} is {value}");
                    assert!(
                        value != "*" || !(1..5).contains(&count) || column == "已清算人次",
                        "{file}"
                    );
                }
            }
        }
    }
    let said = ran.stdout.replace(',', "");
    assert!(said.contains(&format!("left out  {left_out} value")), "{}", ran.stdout);
    for file in ["breaks_treating", "breaks_insured"] {
        let (all, shown) = (sheet(&world, "all/monthly", file), sheet(&world, "out/monthly", file));
        let columns: Vec<&String> = shown[0]
            .keys()
            .filter(|column| is_protected(file, column) && *column != "合计")
            .collect();
        let value =
            |row: usize, column: &str| (number(&all[row][column]), shown[row][column].as_str());
        let last = all.len() - 1;
        for row in 0..=last {
            let parts: Vec<_> = columns.iter().map(|column| value(row, column)).collect();
            no_single_solution(&parts, value(row, "合计"));
        }
        for column in columns.iter().map(|column| column.as_str()).chain(["合计"]) {
            let parts: Vec<_> = (0..last).map(|row| value(row, column)).collect();
            no_single_solution(&parts, value(last, column));
        }
    }
}

/// A reader who knows the total and what is shown cannot tell any of few from one number.
fn no_single_solution(parts: &[(i128, &str)], total: (i128, &str)) {
    let unknown: Vec<(i128, &str)> =
        parts.iter().copied().filter(|(_, shown)| ["<5", "*"].contains(shown)).collect();
    if ["<5", "*"].contains(&total.1) {
        assert!(!unknown.is_empty(), "{parts:?} {total:?}");
        return;
    }
    let left: i128 = unknown.iter().map(|(count, _)| count).sum();
    let few = unknown.iter().filter(|(_, shown)| *shown == "<5").count() as i128;
    let hidden = unknown.len() as i128 - few;
    if few == 0 {
        return;
    }
    let ways = (1..5).filter(|value| {
        let others = left - value;
        others >= (few - 1) + 5 * hidden && (hidden > 0 || others <= 4 * (few - 1))
    });
    assert!(ways.count() > 1, "{parts:?} {total:?}");
}

#[test]
fn an_area_of_one_person_is_not_shown_however_often_they_come() {
    let world = World::new();
    let person = |at: usize, area: &str, who: String| {
        Row::new(&format!("S{area}-{at:03}"))
            .with(Field::psn_no, who)
            .with(Field::mdtrtarea_admvs, area)
    };
    let one = (0..20).map(|at| person(at, "320100", "P1".to_owned()));
    let many = (0..20).map(|at| person(at, "320500", format!("P{at}")));
    let more = (0..30).map(|at| person(at, "321000", format!("P{at}")));
    world.deliver_both("2025-10", &one.chain(many).chain(more).collect::<Vec<_>>());
    world.run("2025-10").expect(0);
    let input = world.input("2025-10");
    bulletin(&world, "out", &["--period", "2025-10", "--input", path(&input)]).expect(0);
    let rows = sheet(&world, "out/monthly", "areas");
    let shown: Vec<[&str; 3]> = rows
        .iter()
        .map(|row| ["统筹地区", "本地就医有效记录", "双向开通"].map(|c| row[c].as_str()))
        .collect();
    let expected = [
        ["320100", "<5", "否"],
        ["320500", "*", "否"],
        ["321000", "30", "否"],
        ["340100", "0", "否"],
        ["", "70", "0"],
    ];
    assert_eq!(shown, expected);
}

#[test]
fn a_bulletin_names_nobody_and_has_the_same_bytes_each_time() {
    let planted = ["P34000000000000777777", "V31000000000000888888", "S-PLANTED-0001"];
    let world = World::new();
    let row =
        |id: &str| Row::new(id).with(Field::psn_no, planted[0]).with(Field::mdtrt_id, planted[1]);
    let rejected = row("S-PLANTED-0001-R").with(Field::fund_pay_sumamt, "1.00");
    let rows = [row(planted[2]), row("S-PLANTED-0001-B"), rejected];
    world.deliver("2025-10", "treating/a.parquet", &rows);
    world.deliver("2025-10", "insured/a.parquet", &rows[..1]);
    world.run("2025-10").expect(0);
    let input = world.input("2025-10");
    for out in ["out", "again"] {
        let ran = bulletin(&world, out, &["--period", "2025-10", "--input", path(&input)]);
        ran.expect(0);
    }
    assert_eq!(tree(&world.path("out")), tree(&world.path("again")));
    assert_eq!(names_in(&world.path("out")), ["SHA256SUMS", "monthly"]);
    let mut sums = Command::new("sha256sum");
    sums.args(["--check", "--quiet", "SHA256SUMS"]).current_dir(world.path("out"));
    assert!(sums.status().expect("started").success());
    let mut texts = Vec::new();
    for (file, _) in tree(&world.path("out")) {
        let file = world.path("out").join(file);
        if file.extension().is_some_and(|kind| kind == "xlsx") {
            let bytes = fs::read(&file).expect("read");
            let mut book: Xlsx<_> = Xlsx::new(Cursor::new(bytes)).expect("a workbook");
            assert_eq!(book.sheet_names()[..2], ["要点", "分省结算量"]);
            texts.extend(book.worksheets().iter().map(|(_, range)| format!("{range:?}")));
        } else if file.is_file() {
            texts.push(fs::read_to_string(&file).expect("text"));
        }
    }
    for secret in planted {
        assert!(!texts.iter().any(|text| text.contains(secret)), "{secret}");
    }
    assert!(
        texts
            .iter()
            .any(|text| text.contains("2025年10月跨省异地就医直接结算运行通报——分省结算量"))
    );
    bulletin(&world, "out", &["--period", "2025-10"]).expect(2);
    bulletin(&world, "none", &["--period", "2025-11"]).expect(4);
    assert!(!world.path("none").exists());
}

#[test]
fn coverage_needs_the_very_delivery_of_the_period() {
    let world = World::new();
    world.deliver_both("2025-10", &[Row::new("A")]);
    world.run("2025-10").expect(0);
    bulletin(&world, "without", &["--period", "2025-10"]).expect(0);
    for (file, column) in [("institutions", "就医省"), ("areas", "省份"), ("targets", "就诊类别")]
    {
        assert_eq!(sheet(&world, "without/monthly", file)[0][column], "未提供", "{file}");
    }
    assert_eq!(sheet(&world, "without/monthly", "pairs")[0]["就医地清算报送比"], "未提供");
    world.deliver("2025-10", "insured/a.parquet", &[Row::new("B")]);
    world.deliver("2025-10", "insured/b.parquet", &[Row::new("C")]);
    let input = world.input("2025-10");
    let ran =
        bulletin(&world, "other", &["--period", "2025-10", "--input", path(&input)]).expect(5);
    assert!(ran.stderr.contains("--input is not the delivery of 2025-10"), "{}", ran.stderr);
    assert!(ran.stderr.contains("A01 insured/a.parquet"), "{}", ran.stderr);
    assert!(ran.stderr.contains("A01 insured/b.parquet"), "{}", ran.stderr);
    assert!(ran.stderr.contains("2 findings in all"), "{}", ran.stderr);
    assert!(!world.path("other").exists());
}

#[test]
fn the_network_stands_next_to_its_targets() {
    let world = World::new();
    world.deliver_both("2025-10", &[Row::new("A")]);
    world.run("2025-10").expect(0);
    let registry = world.path("registry.csv");
    let lines = [
        "county,fixmedins_code,kind,care_classes,opened_on",
        "340102,H34010200001,H,inpatient;outpatient;chronic,2025-10-31",
        "340103,H34010300001,H,outpatient,2022-01-01",
        "340103,P34010300001,P,pharmacy,2022-01-01",
        "310115,H31011500001,H,chronic;outpatient,2025-11-01",
        "310104,H31010400001,H,outpatient,",
    ];
    fs::write(&registry, lines.join("\n")).expect("written");
    let flags = ["--period", "2025-10", "--registry", path(&registry)];
    bulletin(&world, "out", &flags).expect(0);
    let targets = sheet(&world, "out/monthly", "targets");
    let columns = ["就诊类别", "县", "已联网县", "占比", "目标", "期限", "是否达标"];
    let shown: Vec<[&str; 7]> =
        targets.iter().map(|row| columns.map(|c| row[c].as_str())).collect();
    let expected = [
        ["门诊慢特病", "4", "1", "25.00%", "100%", "2024-12-31", "否"],
        ["住院", "4", "1", "25.00%", "", "", ""],
        ["普通门诊", "4", "2", "50.00%", "100%", "2022-12-31", "否"],
        ["药店购药", "4", "1", "25.00%", "", "", ""],
    ];
    assert_eq!(shown, expected);
    let networks = sheet(&world, "out/monthly", "networks");
    assert_eq!(networks[0]["省份"], "31 上海市");
    assert_eq!(networks[0]["普通门诊"], "0.00%");
    assert_eq!(networks[1]["普通门诊"], "100.00%");
}

#[test]
fn a_bad_registry_is_refused_with_all_that_is_wrong() {
    let world = World::new();
    world.deliver_both("2025-10", &[Row::new("A")]);
    world.run("2025-10").expect(0);
    let registry = world.path("registry.csv");
    let lines = [
        "fixmedins_code,county,kind,care_classes,opened_on",
        "H34010200001,340102,H,outpatient,2022-01-01",
        "X34010200001,340102,X,outpatient,2022-01-01",
        "H34010200002,720102,H,outpatient,2022-01-01",
        "H34010200003,340102,P,outpatient,2022-01-01",
        "H34010200004,340102,H,outpatient|dental,2022-01-01",
        "H34010200005,340102,H,outpatient,2022-02-30",
        "H34010200001,340102,H,inpatient,2022-01-01",
        "H34010200006,340102,H",
    ];
    fs::write(&registry, lines.join("\n")).expect("written");
    let flags = ["--period", "2025-10", "--registry", path(&registry)];
    let ran = bulletin(&world, "out", &flags).expect(3);
    for finding in [
        "N01 registry.csv, line 3, column fixmedins_code: found \"X34010200001\"",
        "N03 registry.csv, line 3, column kind: found \"X\"",
        "N02 registry.csv, line 4, column county: found \"720102\"",
        "N03 registry.csv, line 5, column kind: found \"P\"",
        "N04 registry.csv, line 6, column care_classes: found \"outpatient|dental\"",
        "S05 registry.csv, line 7, column opened_on: found \"2022-02-30\"",
        "N05 registry.csv, line 8, column fixmedins_code: found \"H34010200001\"",
        "S03 registry.csv, line 9: found 3 values for 5 columns",
        "8 findings in all",
    ] {
        assert!(ran.stderr.contains(finding), "{finding}\n{}", ran.stderr);
    }
    assert!(!world.path("out").exists());
    let missing = world.path("missing.csv");
    bulletin(&world, "out", &["--period", "2025-10", "--registry", path(&missing)]).expect(2);
}

#[test]
fn a_quarter_ties_to_payments_and_notices() {
    let world = World::new();
    let sample = crate::world::root().join("sample-data");
    let mut quotas = vec![];
    for period in ["2025-10", "2025-11", "2025-12"] {
        if period == "2025-10" {
            quotas = vec![
                "--opening-quotas".to_owned(),
                path(&sample.join("opening-quotas.csv")).to_owned(),
            ];
        }
        let mut command = program();
        command.args(["run", "--quiet", "--period", period, "--input"]).arg(sample.join(period));
        let ran: Ran =
            command.arg("--book").arg(world.book()).args(&quotas).output().expect("run").into();
        ran.expect(0);
        quotas.clear();
    }
    bulletin(&world, "out", &["--period", "2025-12", "--quarter"]).expect(0);
    let rows = sheet(&world, "out/quarterly", "quarter");
    let total = rows.last().expect("a total");
    let paid: i128 = ["2025-10", "2025-11", "2025-12"]
        .iter()
        .flat_map(|period| world.table(period, "payments", &["amount", "accepted"]))
        .filter(|row| row[1] == "true")
        .map(|row| fen(&row[0]))
        .sum();
    assert!(paid > 0);
    let open: i128 = world
        .table("2025-12", "notice_status", &["status", "amount", "approved", "paid"])
        .iter()
        .filter(|row| ["unpaid", "partial"].contains(&row[0].as_str()))
        .map(|row| fen(if row[2] == "-" { &row[1] } else { &row[2] }) - fen(&row[3]))
        .sum();
    for (columns, expected) in [(["已付", "已收"], paid), (["待付", "待收"], open)] {
        for column in columns {
            let parts: i128 = rows[..rows.len() - 1].iter().map(|row| fen(&row[column])).sum();
            assert_eq!([fen(&total[column]), parts], [expected; 2], "{column}");
        }
    }
    for row in &rows {
        assert_eq!(fen(&row["已付"]), fen(&row["按期付"]) + fen(&row["逾期付"]));
        assert!(fen(&row["其中逾期"]) <= fen(&row["待付"]));
    }
    let ran = bulletin(&world, "no", &["--period", "2025-11", "--quarter"]).expect(2);
    assert!(ran.stderr.contains("does not end a quarter"), "{}", ran.stderr);
    bulletin(&world, "no", &["--period", "2025-12", "--quarter", "--input", "in"]).expect(2);
    let short = World::new();
    short.deliver_both("2025-12", &[Row::new("A").in_month("2025-12")]);
    short.run("2025-12").expect(0);
    let ran = bulletin(&short, "out", &["--period", "2025-12", "--quarter"]).expect(4);
    assert!(ran.stderr.contains("period 2025-10 is not closed"), "{}", ran.stderr);
}
