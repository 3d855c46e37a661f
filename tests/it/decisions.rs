//! `decisions import`: the replies of provinces become decisions, or every reason why not is told.

use std::{fs, path::Path};

use liangqing::model::fields::Field;
use rust_xlsxwriter::{ExcelDateTime, Format, Workbook};

use crate::world::{Ran, Row, World, program, tree};

pub(crate) const PERSONS: [&str; 2] = ["P34000000000000777777", "P34000000000000888777777"];

/// A month that leaves open: A with another person and amount, C without its insured copy, D without its
/// treating copy; B of another pair cleared.
pub(crate) fn open_items() -> World {
    let world = World::new();
    let row = |id| Row::new(id).with(Field::psn_no, PERSONS[0]);
    let a = row("=A");
    let other = a.clone().with(Field::psn_no, PERSONS[1]);
    let b = row("B").with(Field::insuplc_admdvs, "410100");
    world.deliver("2025-10", "treating/a.parquet", &[a, b.clone(), row("C")]);
    world.deliver("2025-10", "insured/a.parquet", &[other, b, row("D")]);
    world.run("2025-10").expect(0);
    world
}

fn liangqing(arguments: &[&str], world: &World) -> Ran {
    let mut command = program();
    command.args(arguments).arg("--book").arg(world.book());
    command.output().expect("started").into()
}

pub(crate) fn write_statements(world: &World, flags: &[&str]) -> Ran {
    let out = world.path("out");
    let out = out.to_str().expect("UTF-8");
    let period = ["statements", "--period", "2025-10", "--out", out];
    liangqing(&[&period, flags].concat(), world)
}

fn import(world: &World, replies: &[&Path], flags: &[&str]) -> Ran {
    let replies = replies.iter().map(|path| path.to_str().expect("UTF-8"));
    let arguments: Vec<&str> =
        ["decisions", "import"].into_iter().chain(replies).chain(flags.iter().copied()).collect();
    liangqing(&arguments, world)
}

/// The reply form of a province, as lines.
fn form(world: &World, province: &str) -> Vec<Vec<String>> {
    let path = world.path("out").join(province).join("reply.csv");
    let text = fs::read_to_string(path).expect("read");
    let text = text.strip_prefix('\u{feff}').expect("a mark of UTF-8");
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(text.as_bytes());
    reader.records().map(|r| r.expect("CSV").iter().map(str::to_owned).collect()).collect()
}

/// Enters answers, setl_id and five values, into a form.
fn fill(form: &mut [Vec<String>], answers: &[(&str, [&str; 5])]) {
    let id = form[0].iter().position(|heading| heading == "结算ID").expect("a column");
    let first = form[0].iter().position(|heading| heading == "处理意见").expect("a column");
    for (setl_id, values) in answers {
        let line = form.iter_mut().find(|line| line[id] == *setl_id).expect("a line");
        for (cell, value) in line[first..].iter_mut().zip(values) {
            (*value).clone_into(cell);
        }
    }
}

fn save_csv(world: &World, name: &str, form: &[Vec<String>]) -> std::path::PathBuf {
    let path = world.path(name);
    let mut writer = csv::Writer::from_path(&path).expect("made");
    for line in form {
        writer.write_record(line).expect("written");
    }
    writer.flush().expect("written");
    path
}

const ACCEPT: [&str; 5] = ["采信就医地", "已核对发票", "张三", "李四", "2025-11-20"];
const VOID: [&str; 5] = ["作废", "重复上传", "张三", "李四", "2025/11/5"];

#[test]
fn replies_become_decisions_that_the_next_period_takes() {
    let world = open_items();
    write_statements(&world, &[]).expect(0);
    let mut reply = form(&world, "34");
    fill(&mut reply, &[("'=A", ACCEPT), ("D", VOID)]);
    let reply = save_csv(&world, "34.csv", &reply);
    // The other province gives the same answer, in a workbook, with a real date.
    let mut workbook = Workbook::new();
    let sheet = workbook.add_worksheet();
    for (row, line) in (4..).zip(form(&world, "31")) {
        for (column, value) in (0..).zip(line) {
            sheet.write_string(row, column, value).expect("written");
        }
    }
    for (column, value) in (8..).zip(&ACCEPT[..4]) {
        sheet.write_string(5, column, *value).expect("written");
    }
    let day = ExcelDateTime::parse_from_str("2025-11-21").expect("a day");
    let format = Format::new().set_num_format("yyyy-mm-dd");
    sheet.write_datetime_with_format(5, 12, &day, &format).expect("written");
    let other = world.path("31.xlsx");
    workbook.save(&other).expect("saved");

    let ran = import(&world, &[&reply, &other], &[]).expect(0);
    for line in
        ["accept_treating 1 settlement, 800.00 yuan", "void            1 settlement, 0.00 yuan"]
    {
        assert!(ran.stdout.contains(line), "{}", ran.stdout);
    }
    assert!(ran.stdout.contains("unanswered      3 lines"), "{}", ran.stdout);
    world.deliver_both("2025-11", &[Row::new("E").in_month("2025-11")]);
    let out = world.input("2025-11").join("decisions.csv");
    let flags = ["--out", out.to_str().expect("UTF-8")];
    import(&world, &[&reply, &other], &flags).expect(0);
    let text = fs::read_to_string(&out).expect("read");
    assert_eq!(
        text,
        "setl_id,decision,reason,decided_by,approved_by,decided_on\n\
         =A,accept_treating,已核对发票,张三,李四,2025-11-20\n\
         D,void,重复上传,张三,李四,2025-11-05\n"
    );
    import(&world, &[&reply, &other], &flags).expect(2);
    world.run("2025-11").expect(0);
    let decided = world.table("2025-11", "decisions", &["setl_id", "decision", "class_without"]);
    assert_eq!(
        decided,
        [["=A", "accept_treating", "field_mismatch"], ["D", "void", "missing_treating"]]
    );
}

#[test]
fn whatever_is_wrong_with_replies_is_listed_and_nothing_is_written() {
    let world = open_items();
    write_statements(&world, &[]).expect(0);
    let mut reply = form(&world, "34");
    let id = reply[0].iter().position(|heading| heading == "结算ID").expect("a column");
    let mut stranger = reply[1].clone();
    "Z".clone_into(&mut stranger[id]);
    reply.push(stranger);
    fill(
        &mut reply,
        &[
            ("'=A", ["采信就医地", "", "张三", "张 三", "2025-11-31"]),
            ("C", ["同意", "", "张三", "李四", "2025-11-20"]),
            ("D", ["accept_treating", "", "张三", "李四", "2025-11-20"]),
            ("Z", VOID),
        ],
    );
    let reply = save_csv(&world, "34.csv", &reply);
    let mut other = form(&world, "31");
    fill(&mut other, &[("D", VOID)]);
    let first = save_csv(&world, "31.csv", &other);
    fill(&mut other, &[("D", ["accept_insured", "", "王五", "赵六", "2025-11-20"])]);
    let second = save_csv(&world, "31-again.csv", &other);
    fs::write(world.path("letter.csv"), "Dear colleagues\n").expect("written");
    let gbk = world.path("gbk.csv");
    fs::write(&gbk, b"\xbd\xe1\xcb\xe3ID\n").expect("written");
    let before = tree(&world.path(""));
    let letter = world.path("letter.csv");
    let out = world.path("decisions.csv");
    let flags = ["--out", out.to_str().expect("UTF-8")];
    let ran = import(&world, &[&reply, &first, &second, &letter, &gbk], &flags).expect(3);
    assert_eq!(ran.stdout, "");
    for part in [
        "34.csv, line 2, setl_id =A: found no day",
        "C04 ",
        "C06 ",
        "34.csv, line 4, setl_id D: found no treating copy",
        "C01 ",
        "31-again.csv line 4, D: found void in ",
        "T01 ",
        "S01 ",
        "8 findings in all; nothing was written",
    ] {
        assert!(ran.stderr.contains(part), "{part} is not in {}", ran.stderr);
    }
    assert_eq!(tree(&world.path("")), before);
    // Nothing entered: nothing to write.
    let blank = save_csv(&world, "blank.csv", &form(&world, "34"));
    import(&world, &[&blank], &[]).expect(0);
    import(&world, &[&blank], &flags).expect(2);
    import(&world, &[&world.path("absent.csv")], &flags).expect(6);
    assert!(!out.exists());
}
