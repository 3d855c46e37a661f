//! Leads handed out, filled in by people, and read back: from the form to the pairs of the next period.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use calamine::{Reader, Xlsx, open_workbook};
use liangqing::{
    diag::{Failure, Finding},
    event::Monitor,
    keyed::sorted::Sorter,
    leads::{
        replies::{self, LeadReplies},
        write::{LeadSource, write},
    },
    model::{
        codes::{CareClass, FundClass},
        money::{Fen, FenSum},
    },
    review::{
        account::{ReviewAccount, RowPlace},
        found::{FoundLead, LeadSettlement},
        rule::ReviewRule,
    },
};
use rust_xlsxwriter::{ExcelDateTime, Format, Workbook};

use crate::world::{Row, World};

/// The columns of an answer, as forms have them.
pub(crate) const ANSWER: [&str; 6] =
    ["verdict", "amount", "reason", "decided_by", "approved_by", "decided_on"];
pub(crate) const SIGNED: [&str; 4] = ["处方重复", "张三", "李四", "2025-11-20"];

fn settlement(setl_id: &str, treating: &str) -> LeadSettlement {
    LeadSettlement {
        setl_id: setl_id.into(),
        ordinal: u64::from(setl_id.as_bytes()[0]),
        psn_no: "34000000000012345678".into(),
        institution: "H31010000001".into(),
        insured: "340100".into(),
        treating: treating.into(),
        care: CareClass::Outpatient,
        fund: FundClass::Employee,
        med_type: "11".into(),
        time: 1_760_493_600_000_000,
        begin: None,
        end: None,
        medfee: Fen::new(100_000),
        payable: Fen::new(80_000),
        hifp_pay: Fen::new(70_000),
        in_scope: Some(Fen::new(90_000)),
        act_pay_dedc: Some(Fen::new(2_000)),
    }
}

fn lead(rule: ReviewRule, suspects: &[&str], context: &[&str]) -> FoundLead {
    let rows = |ids: &[&str]| ids.iter().map(|id| settlement(id, "310100")).collect();
    FoundLead {
        rule,
        strength: rule.strength(),
        amount: FenSum::new(80_000 * suspects.len() as i128),
        detail: "count=3".to_owned(),
        suspects: rows(suspects),
        context: rows(context),
        of_book: None,
    }
}

/// Leads in Shanghai, one of them with a settlement in Guangdong; the folder that `review` makes of them.
pub(crate) fn handed_out(world: &World) -> PathBuf {
    let mut apart = lead(ReviewRule::Beh06, &["A", "G"], &[]);
    apart.suspects[1].treating = "440100".into();
    let leads = [
        apart,
        lead(ReviewRule::Beh07, &["A", "B", "C", "D", "E", "=X "], &["F"]),
        lead(ReviewRule::Beh16, &["H"], &[]),
        lead(ReviewRule::Ben06, &["J"], &[]),
    ];
    let out = world.path("leads");
    let sorter = Sorter::new(usize::MAX, &world.path(""), "leads");
    sorter.push(leads.into()).expect("pushed");
    let source = LeadSource {
        leads: &sorter.finish().expect("sorted"),
        place: &|row| RowPlace { input: 1, file: "treating/a.parquet", row },
        cleared: &|_| None,
        account: &ReviewAccount::default(),
        pseudonyms: None,
    };
    write(&out, &source, &Monitor::silent()).expect("written");
    out
}

/// The lines of the form of a province, as CSV.
pub(crate) fn form(leads: &Path, province: &str) -> Vec<Vec<String>> {
    let path = leads.join(format!("provinces/{province}/leads.csv"));
    let text = fs::read_to_string(path).expect("read");
    let text = text.strip_prefix('\u{feff}').expect("a mark");
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(text.as_bytes());
    let line = |line: csv::Result<csv::StringRecord>| {
        line.expect("a line").iter().map(str::to_owned).collect()
    };
    reader.records().map(line).collect()
}

/// The place of a column by its name for programs.
pub(crate) fn place(lines: &[Vec<String>], name: &str) -> usize {
    let of = |heading: &String| heading.split(' ').nth(1) == Some(name);
    lines[0].iter().position(of).expect("a column")
}

/// Enters an answer into the line of a lead and a settlement.
pub(crate) fn answer(lines: &mut [Vec<String>], lead_id: &str, setl_id: &str, entries: [&str; 6]) {
    let places = ANSWER.map(|name| place(lines, name));
    let [lead, setl] = ["lead_id", "setl_id"].map(|name| place(lines, name));
    let line = lines.iter_mut().find(|line| line[lead] == lead_id && line[setl] == setl_id);
    let line = line.expect("a line of the form");
    for (place, entry) in places.into_iter().zip(entries) {
        entry.clone_into(&mut line[place]);
    }
}

pub(crate) fn so(amount: &str) -> [&str; 6] {
    let [reason, by, approved, on] = SIGNED;
    ["属实", amount, reason, by, approved, on]
}

/// Writes lines as CSV with a delimiter, in an encoding.
pub(crate) fn save(path: &Path, lines: &[Vec<String>], delimiter: u8, gb: bool) {
    let mut writer = csv::WriterBuilder::new().delimiter(delimiter).from_writer(Vec::new());
    for line in lines {
        writer.write_record(line).expect("written");
    }
    let text = String::from_utf8(writer.into_inner().expect("written")).expect("text");
    let bytes =
        if gb { encoding_rs::GB18030.encode(&text).0.into_owned() } else { text.into_bytes() };
    fs::write(path, bytes).expect("written");
}

/// Saves lines as a workbook whose columns stand the other way round, amounts as numbers and days as days.
#[expect(clippy::disallowed_types, reason = "a spreadsheet has no other numbers")]
fn save_workbook(path: &Path, lines: &[Vec<String>]) {
    let [amount, day] = ["amount", "decided_on"].map(|name| place(lines, name));
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    let dated = Format::new().set_num_format("yyyy/m/d");
    sheet.write_string(0, 0, "核查表").expect("written");
    for (row, line) in (2..).zip(lines) {
        // A blank line between headings and lines, as people leave them.
        let row = if row > 2 { row + 1 } else { row };
        for (column, cell) in line.iter().enumerate() {
            let at = u16::try_from(line.len() - column).expect("few");
            let written = match cell {
                cell if cell.is_empty() => continue,
                cell if column == amount && row > 2 => {
                    sheet.write_number(row, at, cell.parse::<f64>().expect("a number"))
                }
                cell if column == day && row > 2 => {
                    let day = ExcelDateTime::parse_from_str(cell).expect("a day");
                    sheet.write_datetime_with_format(row, at, day, &dated)
                }
                cell => sheet.write_string(row, at, cell.trim_start_matches('\'')),
            };
            written.expect("written");
        }
    }
    book.save(path).expect("saved");
}

pub(crate) fn read(forms: &[&Path], leads: &Path, book: Option<&Path>) -> LeadReplies {
    replies::read(forms, leads, book).unwrap_or_else(|failure| panic!("{:?}", told(&failure)))
}

fn told(failure: &Failure) -> Vec<String> {
    assert_eq!(failure.exit_status(), 3, "{failure}");
    failure.findings().iter().map(|finding: &Finding| finding.text().to_string()).collect()
}

/// What is wrong with forms, each finding cut before what is expected.
pub(crate) fn refused(forms: &[&Path], leads: &Path, book: Option<&Path>) -> Vec<String> {
    told(&replies::read(forms, leads, book).expect_err("refused"))
}

#[test]
fn answers_become_deductions_and_these_lower_the_next_pairs() {
    let world = World::new();
    let ids = ["A", "B", "C", "D", "E", "F", "=X "];
    world.deliver_both("2025-10", &ids.map(Row::new));
    world.run("2025-10").expect(0);
    let leads = handed_out(&world);
    let mut lines = form(&leads, "31");
    answer(&mut lines, "BEH-07-000001", "A", so("800"));
    answer(&mut lines, "BEH-07-000001", "B", so("1.5"));
    answer(&mut lines, "BEH-07-000001", "C", so(""));
    answer(&mut lines, "BEH-07-000001", "'=X ", so("7.25"));
    let [reason, by, approved, on] = SIGNED;
    answer(&mut lines, "BEH-07-000001", "D", ["不属实", "", reason, by, approved, on]);
    answer(&mut lines, "BEH-16-000001", "H", so(""));
    let [comma, semicolon, book] = ["a.csv", "b.csv", "c.xlsx"].map(|name| world.path(name));
    save(&comma, &lines, b',', false);
    save(&semicolon, &lines, b';', true);
    save_workbook(&book, &lines);
    let mut expected = None;
    for form in [&comma, &semicolon, &book] {
        let found = read(&[form], &leads, Some(&world.book()));
        let counts = (found.answered, found.confirmed, found.refuted, found.unanswered);
        // Open and not answered: A in BEH-06, E, J. Closed are G, of Guangdong, and F, which is context.
        assert_eq!(counts, (6, 5, 1, 3), "{}", form.display());
        assert_eq!(found.amount, "808.75");
        let csv = String::from_utf8(found.to_csv().expect("CSV")).expect("text");
        assert_eq!(*expected.get_or_insert_with(|| csv.clone()), csv);
    }
    // All of them together say the same: the first of equal answers stands.
    let together = read(&[&comma, &semicolon, &book], &leads, None);
    assert_eq!((together.answered, together.unanswered), (6, 3));
    let csv = String::from_utf8(together.to_csv().expect("CSV")).expect("text");
    assert_eq!(
        csv,
        "ddct_id,setl_id,amount,reason_code,decided_on\n\
         FC-=X ,=X ,7.25,BEH-07,2025-11-20\n\
         FC-A,A,800.00,BEH-07,2025-11-20\n\
         FC-B,B,1.50,BEH-07,2025-11-20\n"
    );
    world.deliver_both(
        "2025-11",
        &[Row::new("N").in_month("2025-11"), Row::new("M").in_month("2025-11")],
    );
    world.small_file("2025-11", "deductions.csv", &csv);
    world.run("2025-11").expect(0);
    let pairs = world.table("2025-11", "pairs", &["gross", "deductions", "payable"]);
    assert_eq!(pairs, [["1600.00", "808.75", "791.25"]]);
    // The same answers once more: nothing is deducted twice.
    let again = refused(&[&comma], &leads, Some(&world.book()));
    assert_eq!(again.len(), 3);
    assert!(
        again.iter().all(|found| found.starts_with("W05 ") && found.contains("accepted before"))
    );
}

#[test]
fn what_a_book_would_not_accept_is_found_before() {
    let world = World::new();
    world.deliver_both("2025-10", &["A", "B", "C", "D"].map(Row::new));
    world.run("2025-10").expect(0);
    world.deliver_both(
        "2025-11",
        &[Row::reversal("R", "C").in_month("2025-11"), Row::new("N").in_month("2025-11")],
    );
    let deductions = "ddct_id,setl_id,amount,reason_code,decided_on\n\
                      k1,A,10.00,x,2025-12-01\nFC-B,B,5.00,x,2025-12-01\nk2,D,10.00,x,2025-12-01\n";
    world.small_file("2025-11", "deductions.csv", deductions);
    world.run("2025-11").expect(0);
    let leads = handed_out(&world);
    let mut lines = form(&leads, "31");
    for (id, amount) in [("A", "790.01"), ("B", "1"), ("C", "1"), ("D", "790.00"), ("E", "1")] {
        answer(&mut lines, "BEH-07-000001", id, so(amount));
    }
    let form = world.path("form.csv");
    save(&form, &lines, b',', false);
    let found = refused(&[&form], &leads, Some(&world.book()));
    let found: Vec<&str> =
        found.iter().map(|found| found.split("setl_id ").nth(1).expect("a place")).collect();
    assert_eq!(found.len(), 4);
    for (found, begin) in found.iter().zip([
        "A: found 790.01 and 10.00 accepted before, of 800.00 that cleared",
        "B: found FC-B, which was accepted before",
        "C: found a settlement that was reversed",
        "E: found a settlement that the book has not cleared",
    ]) {
        assert!(found.starts_with(begin), "{found}");
    }
    read(&[&form], &leads, None);
}

#[test]
fn every_fault_of_a_form_is_named_with_its_line() {
    let world = World::new();
    let leads = handed_out(&world);
    let mut lines = form(&leads, "31");
    let beh = "BEH-07-000001";
    answer(&mut lines, "BEH-06-000001", "A", so("1.00"));
    answer(&mut lines, beh, "A", so("2.00"));
    answer(&mut lines, "BEH-06-000001", "G", so(""));
    answer(&mut lines, beh, "F", so(""));
    answer(&mut lines, beh, "B", ["不属实", "5", "", "张三", "张 三", "2025-02-30"]);
    answer(&mut lines, beh, "C", ["对", "0", "x", "", "", ""]);
    answer(&mut lines, beh, "D", so("800.01"));
    answer(&mut lines, beh, "E", so("1.001"));
    answer(&mut lines, "BEH-16-000001", "H", so("1"));
    answer(&mut lines, "BEN-06-000001", "J", so("1"));
    let mut stranger = lines[1].clone();
    stranger[place(&lines, "lead_id")] = "BEH-07-000009".to_owned();
    lines.push(stranger);
    let (first, second) = (world.path("1.csv"), world.path("2.csv"));
    save(&first, &lines, b',', false);
    let found = refused(&[&first], &leads, None);
    let name = first.to_str().expect("UTF-8");
    let found: Vec<String> = found.iter().map(|found| found.replace(name, "1.csv")).collect();
    insta::assert_snapshot!(found.join("\n"));

    // One line twice: the same entries are one answer, others are not.
    let mut lines = form(&leads, "31");
    answer(&mut lines, beh, "A", so("2.00"));
    save(&first, &lines, b',', false);
    answer(&mut lines, beh, "A", so("2.01"));
    save(&second, &lines, b',', false);
    let once = read(&[&first], &leads, None).unanswered;
    let twice = read(&[&first, &first], &leads, None);
    assert_eq!((twice.answered, twice.unanswered), (1, once));
    let found = refused(&[&first, &second], &leads, None);
    assert!(
        found.len() == 1
            && found[0].starts_with("W04 ")
            && found[0].contains("another answer than in")
    );
}

#[test]
fn what_is_no_form_is_refused() {
    let world = World::new();
    let leads = handed_out(&world);
    let path = world.path("form");
    let lines = form(&leads, "31");
    for name in ["decided_on", "pack"] {
        let at = place(&lines, name);
        let mut without = lines.clone();
        for line in &mut without {
            line.remove(at);
        }
        save(&path, &without, b',', false);
        let found = refused(&[&path], &leads, None);
        assert!(found[0].starts_with("W01 ") && found[0].contains(name), "{found:?}");
    }
    let mut twice = lines.clone();
    for line in &mut twice {
        line.push("扣款金额".to_owned());
    }
    save(&path, &twice, b',', false);
    let found = refused(&[&path], &leads, None);
    assert!(found[0].contains("two columns with the heading 扣款金额 amount"), "{found:?}");
    save(&path, &lines[..1], b',', false);
    let found = refused(&[&path], &leads, None);
    assert!(found[0].contains("no line below the headings"), "{found:?}");
    for (bytes, what) in [
        (&b"PK\x03\x04 no archive"[..], "W01 "),
        (b"\xd0\xcf\x11\xe0 an old one", "old form .xls"),
        (b"\xff\xfe\xff\xff", "neither UTF-8 nor GB18030"),
        (b"", "no line with the headings"),
    ] {
        fs::write(&path, bytes).expect("written");
        let found = refused(&[&path, &path], &leads, None);
        assert!(found.len() == 2 && found[0].contains(what), "{found:?}");
    }
    save(&path, &lines, b',', false);
    let found = refused(&[&path], &world.path("nowhere"), None);
    assert!(found[0].starts_with("W06 SHA256SUMS"), "{found:?}");
    assert_eq!(read(&[&path], &leads, None).answered, 0);
}

#[test]
fn another_reader_finds_the_workbook_as_the_csv_has_it() {
    let world = World::new();
    let leads = handed_out(&world);
    let lines = form(&leads, "31");
    let mut book: Xlsx<_> = open_workbook(leads.join("provinces/31/leads.xlsx")).expect("opened");
    let mut found: BTreeMap<String, Vec<Vec<String>>> = BTreeMap::new();
    for name in book.sheet_names() {
        let range = book.worksheet_range(&name).expect("a sheet");
        let rows = range.rows().skip(5).map(|row| row.iter().map(ToString::to_string).collect());
        found.insert(name, rows.collect());
    }
    let headings = found.values().next().expect("a sheet")[0].clone();
    assert_eq!(headings.join("|").replace('\n', " "), lines[0].join("|"));
    let ids: Vec<[&str; 2]> = found
        .values()
        .flat_map(|rows| &rows[1..])
        .map(|row| [row[0].as_str(), row[1].as_str()])
        .collect();
    let expected: Vec<[&str; 2]> =
        lines[1..].iter().map(|line| [&*line[0], line[1].trim_start_matches('\'')]).collect();
    assert_eq!(ids, expected);
}
