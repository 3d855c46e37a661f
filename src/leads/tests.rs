//! The output folder as a whole.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use arrow_array::{
    Array, ArrayRef,
    cast::AsArray,
    types::{Date32Type, Decimal128Type, Int64Type},
};
use arrow_schema::DataType;
use chrono::NaiveDate;

use super::{
    samples::{self, written},
    workbook::MOST_LINES,
};
use crate::{
    digest::sha256_hex,
    ingest::any_parquet::AnyParquet,
    model::{
        codes::Province,
        money::{FenSum, yuan},
    },
    privacy::pseudonym::{self, Pseudonyms},
    review::{found::FoundLead, rule::ReviewRule},
    workbook::{CellContent, CellSink, Unreadable, WorkbookBounds, XlsxFile},
};

/// Some leads of three rules, and one of a book.
fn some() -> Vec<FoundLead> {
    let mut leads = vec![samples::of_book(31), samples::two_provinces(1), samples::burst(150)];
    leads.extend((1..=3).map(samples::care_during_a_stay));
    leads
}

/// All files below a folder.
fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut folders: Vec<PathBuf> = vec![folder.to_owned()];
    while let Some(inner) = folders.pop() {
        for entry in fs::read_dir(inner).expect("a folder").flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(folder).expect("below").to_string_lossy().into_owned();
                found.insert(name, fs::read(&path).expect("read"));
            }
        }
    }
    found
}

fn shown(column: &ArrayRef, row: usize) -> String {
    if column.is_null(row) {
        return String::new();
    }
    match column.data_type() {
        DataType::Utf8View => column.as_string_view().value(row).to_owned(),
        DataType::Int64 => column.as_primitive::<Int64Type>().value(row).to_string(),
        DataType::Boolean => column.as_boolean().value(row).to_string(),
        DataType::Decimal128(_, 2) => {
            yuan(FenSum::new(column.as_primitive::<Decimal128Type>().value(row)))
        }
        DataType::Date32 => {
            let day = column.as_primitive::<Date32Type>().value(row);
            NaiveDate::from_epoch_days(day).expect("a day").to_string()
        }
        other => panic!("{other}"),
    }
}

/// The rows of a table, as texts.
fn rows(folder: &Path, name: &str) -> Vec<Vec<String>> {
    let file = AnyParquet::open(name, &folder.join(name)).expect("opened");
    let mut rows = Vec::new();
    for group in 0..file.row_groups() {
        for batch in file.batches(group, 1000).expect("opened") {
            let batch = batch.expect("read");
            for row in 0..batch.num_rows() {
                let cell = |column: &ArrayRef| shown(column, row);
                rows.push(batch.columns().iter().map(cell).collect());
            }
        }
    }
    rows
}

/// A cell: row, column, text.
type PlacedCell = (u32, u32, String);

/// The cells of a sheet.
#[derive(Default)]
struct PlacedCells(Vec<PlacedCell>);

impl CellSink for PlacedCells {
    fn cell(
        &mut self,
        row: u32,
        column: u32,
        text: &str,
        _: CellContent,
    ) -> Result<bool, Unreadable> {
        self.0.push((row, column, text.to_owned()));
        Ok(true)
    }
}

fn sheets(bytes: &[u8]) -> Vec<(String, Vec<PlacedCell>)> {
    let mut book =
        XlsxFile::open(std::io::Cursor::new(bytes), WorkbookBounds::EXPORT).expect("opened");
    let names = book.sheets();
    let read = |(at, name): (usize, String)| {
        let mut cells = PlacedCells::default();
        book.read(at, &mut cells).expect("read");
        (name, cells.0)
    };
    names.into_iter().enumerate().map(read).collect()
}

#[test]
fn equal_leads_give_equal_bytes_and_sums_of_all_files() {
    let folder = tempfile::tempdir().expect("a folder");
    let [ample, scarce] = ["ample", "scarce"].map(|name| folder.path().join(name));
    written(&ample, &some(), usize::MAX, None).expect("written");
    let mut other = some();
    other.reverse();
    fs::create_dir(&scarce).expect("an empty folder may be there");
    written(&scarce, &other, 0, None).expect("written");
    let (files, others) = (files(&ample), files(&scarce));
    assert!(files == others);
    let expected = [
        "SHA256SUMS",
        "lead_settlements.parquet",
        "leads.parquet",
        "provinces/11/leads.csv",
        "provinces/11/leads.xlsx",
        "provinces/31/leads.csv",
        "provinces/31/leads.xlsx",
        "provinces/32/leads.csv",
        "provinces/32/leads.xlsx",
        "provinces/44/leads.csv",
        "provinces/44/leads.xlsx",
        "provinces/61/leads.csv",
        "provinces/61/leads.xlsx",
        "review.html",
        "summary.json",
    ];
    assert_eq!(files.keys().collect::<Vec<_>>(), expected);
    let sums = String::from_utf8(files["SHA256SUMS"].clone()).expect("text");
    let line = |path: &&str| format!("{}  {path}\n", sha256_hex(&files[*path]));
    assert_eq!(sums, expected[1..].iter().map(line).collect::<String>());
    let failure = written(&ample, &some(), 0, None).expect_err("it is taken");
    assert_eq!(failure.exit_status(), 2);
}

#[test]
fn tables_have_the_leads_in_order_and_where_their_rows_are() {
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().join("out");
    written(&out, &some(), 0, None).expect("written");
    let leads = rows(&out, "leads.parquet");
    let ids: Vec<&str> = leads.iter().map(|row| row[0].as_str()).collect();
    let expected = [
        "BEH-04-000001",
        "BEH-04-000002",
        "BEH-04-000003",
        "BEH-06-000001",
        "BEH-13-000001",
        "BEH-20-000001",
    ];
    assert_eq!(ids, expected);
    let row = |row: &[&str]| row.iter().map(ToString::to_string).collect::<Vec<_>>();
    assert_eq!(
        leads[0],
        row(&[
            "BEH-04-000001",
            "BEH-04",
            "consistent",
            "31",
            "",
            "61",
            "61000000000000000001",
            "",
            "2025-10-01",
            "2025-10-10",
            "2",
            "123.45",
            "stay_institution=H31011500000009",
            "false",
        ])
    );
    // Of the last suspect is Guangdong; the other one is Beijing.
    assert_eq!(leads[3][3..6], ["44", "11", "61"]);
    // Rows 6 and 7: of the second only every third is cleared. A lead from a book has nothing to clear.
    assert_eq!((leads[5][10].as_str(), leads[5][13].as_str()), ("0", ""));
    let settlements = rows(&out, "lead_settlements.parquet");
    assert_eq!(settlements.len(), 3 * 2 + 2 + 150);
    assert_eq!(
        settlements[..2],
        [
            row(&[
                "BEH-04-000001",
                "V00001",
                "suspect",
                "1",
                "treating/a.parquet",
                "2",
                "31",
                "123.45",
                "false"
            ]),
            row(&[
                "BEH-04-000001",
                "S00001",
                "context",
                "1",
                "treating/a.parquet",
                "3",
                "31",
                "12345.67",
                "true"
            ]),
        ]
    );
}

#[test]
fn the_summary_counts_each_suspect_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().join("out");
    let mut leads = some();
    let mut again = samples::care_during_a_stay(1);
    again.rule = ReviewRule::Beh08;
    leads.push(again);
    let summary = written(&out, &leads, usize::MAX, None).expect("written");
    let text = String::from_utf8(files(&out)["summary.json"].clone()).expect("text");
    let value: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!(value, serde_json::to_value(&summary).expect("JSON"));
    let keys: Vec<&str> = text.lines().filter(|line| line.starts_with("  \"")).collect();
    let keys: Vec<&str> = keys.iter().filter_map(|line| line.split('"').nth(1)).collect();
    assert_eq!(
        keys,
        [
            "month",
            "covered_months",
            "inputs",
            "rules_run",
            "rules_left_out",
            "rows",
            "persons",
            "leads",
            "fen",
            "fen_once",
            "by_rule",
            "by_province",
            "benefits",
            "unknown_values",
        ]
    );
    let visits = 4 * 12_345 + 2 * 12_345 + 150 * 12_345;
    assert_eq!(value["fen"], (visits + 900).to_string());
    assert_eq!(value["fen_once"], (visits - 12_345).to_string());
    assert_eq!(value["covered_months"], serde_json::json!(["2025-09", "2025-10"]));
    assert_eq!(value["rules_run"], serde_json::json!(["BEH-01", "BEH-04", "BEH-06"]));
    assert_eq!(value["rows"]["read"], 100);
    let first = serde_json::json!(
        { "rule": "BEH-04", "strength": "consistent", "leads": 3, "settlements": 6, "fen": "37035" });
    assert_eq!(value["by_rule"][0], first);
    let first = serde_json::json!(
        { "treating_province": "31", "rule": "BEH-04", "leads": 3, "fen": "37035" });
    assert_eq!(value["by_province"][0], first);
    assert_eq!(value["benefits"]["areas_without"][0]["area"], "510100");
}

#[test]
fn a_province_answers_its_own_suspects_and_sees_no_number_of_a_person() {
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().join("out");
    let mut leads = some();
    leads[1].suspects[0].setl_id = "=A1".into();
    written(&out, &leads, 0, None).expect("written");
    let files = files(&out);
    let lines = |province: &str| {
        let bytes = &files[&format!("provinces/{province}/leads.csv")];
        let text =
            std::str::from_utf8(bytes).expect("text").strip_prefix('\u{feff}').expect("a mark");
        let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(text.as_bytes());
        reader.records().map(|line| line.expect("a line")).collect::<Vec<_>>()
    };
    let of = |province| {
        let lines = lines(province);
        let place = |name: &str| {
            lines[0]
                .iter()
                .position(|heading| heading.ends_with(&format!(" {name}")))
                .expect("a column")
        };
        let places = ["lead_id", "setl_id", "role", "open"].map(place);
        let cells = |line: &csv::StringRecord| places.map(|at| line[at].to_owned()).join(" ");
        lines[1..].iter().map(cells).collect::<Vec<_>>()
    };
    let own = "BEH-06-000001 '=A1 嫌疑 suspect 是 yes";
    let closed = own.replace("是 yes", "否 no");
    let other = "BEH-06-000001 B00001 嫌疑 suspect";
    assert_eq!(of("11"), [own, &format!("{other} 否 no")]);
    assert_eq!(of("44"), [closed.clone(), format!("{other} 是 yes")]);
    // All insured in Shaanxi, for information; the many of the burst too.
    let informed = of("61");
    assert_eq!(informed.len(), 3 * 2 + 2 + 150);
    let information = closed.replace("否 no", "否，仅供知悉 no, for information");
    assert!(informed.iter().all(|line| line.ends_with("否，仅供知悉 no, for information")));
    assert!(informed.contains(&information));
    assert_eq!(
        of("31")[..2],
        ["BEH-04-000001 V00001 嫌疑 suspect 是 yes", "BEH-04-000001 S00001 旁证 context 否 no",]
    );
    for (path, bytes) in files.iter().filter(|(path, _)| !path.ends_with(".parquet")) {
        let bytes = if path.ends_with("xlsx") {
            format!("{:?}", sheets(bytes)).into_bytes()
        } else {
            bytes.clone()
        };
        let text = String::from_utf8(bytes).expect("text");
        assert!(!text.contains("6100000000000000"), "{path}");
        assert!(path == "SHA256SUMS" || path == "summary.json" || text.contains("***00"), "{path}");
    }
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).contains("6100000000000000");
    assert!(text(&files["leads.parquet"]));
}

#[test]
fn no_control_character_reaches_a_reader() {
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().join("out");
    let mut leads = some();
    for one in leads.iter_mut().flat_map(|lead| lead.suspects.iter_mut().chain(&mut lead.context)) {
        one.psn_no = "6100000000000000\u{1b}[1".into();
        one.institution = "H\u{1b}[31m\u{202e}".into();
        one.setl_id = format!("{}\u{1b}", one.setl_id).into();
    }
    written(&out, &leads, 0, None).expect("written");
    let files = files(&out);
    for path in ["review.html", "provinces/31/leads.csv", "provinces/61/leads.csv"] {
        let text = std::str::from_utf8(&files[path]).expect("text");
        assert!(text.contains("[1") && !text.contains('\u{1b}'), "{path}");
    }
    assert!(!String::from_utf8_lossy(&files["review.html"]).contains('\u{202e}'));
}

#[test]
fn with_a_key_persons_have_pseudonyms_beside_what_is_masked() {
    let folder = tempfile::tempdir().expect("a folder");
    let (key, out) = (folder.path().join("key"), folder.path().join("out"));
    pseudonym::keygen(&key, "2025-7").expect("made");
    let key = Pseudonyms::read(&key).expect("read");
    written(&out, &some(), 0, Some(&key)).expect("written");
    let files = files(&out);
    let shown = format!("***0001 {}", key.of("61000000000000000001"));
    let text = |path: &str| String::from_utf8(files[path].clone()).expect("text");
    assert!(text("provinces/31/leads.csv").contains(&shown));
    assert!(text("review.html").contains(&shown) && text("review.html").contains("2025-7"));
}

#[test]
fn a_workbook_has_a_sheet_for_each_rule_and_parts_of_long_ones() {
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().join("out");
    written(&out, &some(), 0, None).expect("written");
    let found = sheets(&files(&out)["provinces/61/leads.xlsx"]);
    let names: Vec<&str> = found.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(
        names,
        ["BEH-04 住院期间门诊购药", "BEH-06 不可能行程", "BEH-13 单日冲量", "BEH-13 单日冲量 2"]
    );
    let ids = |cells: &[PlacedCell]| {
        let ids = cells.iter().filter(|(row, column, _)| *row > 5 && *column == 1);
        ids.map(|(_, _, id)| id.clone()).collect::<Vec<_>>()
    };
    assert_eq!(ids(&found[2].1).len(), MOST_LINES as usize);
    assert_eq!(ids(&found[3].1).first().map(String::as_str), Some("Z00100"));
    let of = |row, column| {
        let cell = found[0].1.iter().find(|(at, of, _)| (*at, *of) == (row, column));
        cell.map(|(_, _, text)| text.as_str())
    };
    assert_eq!(of(0, 0), Some("BEH-04 住院期间门诊购药 Care during a stay · 61 陕西省"));
    assert_eq!((of(5, 0), of(5, 15)), (Some("疑点编号\nlead_id"), Some("扣款金额\namount")));
    assert_eq!((of(6, 8), of(6, 31)), (Some("123.45"), Some("2")));
}

/// Leads of every rule in every province, more than a page lists.
pub(super) fn nation() -> Vec<FoundLead> {
    let mut leads = Vec::new();
    for (at, rule) in ReviewRule::ALL.iter().enumerate() {
        for province in Province::all() {
            let n = at as u64 * 32 + province.index() as u64;
            let division = format!("{province}0100");
            let person = format!("61000000000001{n:06}");
            let visit = |k: u64| {
                samples::visit(
                    &format!("V{n:05}-{k}"),
                    100 * n + k,
                    &person,
                    &division,
                    1 + i32::try_from(k).expect("few") * 2,
                )
            };
            let stay =
                samples::stay(&format!("S{n:05}"), 100 * n + 99, &person, &division, (2, 12));
            let mut lead = samples::lead(
                *rule,
                (0..=n % 12).map(visit).collect(),
                vec![stay],
                "count=3;days=2",
            );
            lead.amount += FenSum::new(i128::from(n * n * 100));
            if n % 2 == 1 {
                for one in lead.suspects.iter_mut().chain(&mut lead.context) {
                    one.institution = format!("H{division}{at:08}").into();
                }
            }
            leads.push(lead);
        }
    }
    leads
}

#[test]
fn the_page_of_a_nation_is_small_and_says_what_it_leaves_out() {
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().join("out");
    written(&out, &nation(), usize::MAX, None).expect("written");
    let page = String::from_utf8(files(&out)["review.html"].clone()).expect("text");
    assert!(page.len() < 1_500_000, "{}", page.len());
    assert!(!page.contains("<script") && !page.contains("http:") && !page.contains("https:"));
    for rule in ReviewRule::ALL {
        assert!(page.contains(&format!("id=\"{}\"", rule.id())), "{}", rule.id());
        assert!(page.contains(&format!("id=\"{}-000003\"", rule.id())), "{}", rule.id());
    }
    assert!(page.contains("Leads not shown: </span>22<"));
    assert!(page.contains("Institutions not shown: </span>"));
    assert!(page.contains("a&#60;b") && !page.contains("a<b"));
    assert_eq!(page.matches("class=\"day-by-day\"").count(), 3 * ReviewRule::ALL.len());
}
