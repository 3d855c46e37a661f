//! Refused deductions and payments are told wherever people and programs look, not in a table alone.

use std::{fs, path::Path};

use serde_json::{Value, json};

use crate::world::{Ran, program, spreadsheet};

fn sample(below: &str) -> String {
    format!("{}/sample-data/{below}", crate::world::root().display())
}

fn ran(folder: &Path, arguments: &[&str]) -> Ran {
    program().args(arguments).current_dir(folder).output().expect("started").into()
}

fn value(ran: &Ran) -> Value {
    serde_json::from_str(&ran.stdout).expect("JSON")
}

/// The sample month, of whose seven deductions five are refused; in the next one two payments of one serial number.
fn closed_book() -> (tempfile::TempDir, [Ran; 2]) {
    let folder = tempfile::tempdir().expect("a folder");
    let at = folder.path();
    let (first, quotas) = (sample("2025-10"), sample("opening-quotas.csv"));
    let run = ["run", "--quiet", "--book", "book", "--period"];
    let close = ["2025-10", "--input", &first, "--opening-quotas", &quotas];
    let first = ran(at, &[&run[..], &close].concat()).expect(0);
    let second = at.join("2025-11");
    for side in ["treating", "insured"] {
        fs::create_dir_all(second.join(side)).expect("made");
        for entry in fs::read_dir(sample(&format!("2025-11/{side}"))).expect("read") {
            let entry = entry.expect("an entry");
            if entry.path().extension().is_some_and(|extension| extension == "parquet") {
                fs::copy(entry.path(), second.join(side).join(entry.file_name())).expect("copied");
            }
        }
    }
    let payments = "notice_id,paid_on,amount,bank_name,bank_serial\n\
        QS-2025-10-34-31,2025-12-05,46000.00,B,2.02512E+17\n\
        QS-2025-10-32-31,2025-12-05,2000.00,B,2.02512E+17\n";
    fs::write(second.join("payments.csv"), payments).expect("written");
    let second = ran(at, &[&run[..], &["2025-11", "--input", "2025-11"]].concat()).expect(0);
    (folder, [first, second])
}

#[track_caller]
fn says(text: &str, lines: &[&str]) {
    for line in lines {
        assert!(text.lines().any(|found| found == *line), "{line}\nis not in\n{text}");
    }
}

const DEDUCTIONS: [&str; 6] = [
    "deducted  2 deductions, 650.00 yuan",
    "refused   D01: 1 deduction, 100.00 yuan, no settlement that has cleared",
    "refused   D02: 1 deduction, 600.00 yuan, more than is payable for the settlement",
    "refused   D03: 1 deduction, 50.00 yuan, a settlement that was reversed",
    "refused   D04: 1 deduction, 50.00 yuan, a ddct_id that was used before",
    "refused   D05: 1 deduction, 0.00 yuan, an amount that is not above 0",
];
const PAYMENTS: [&str; 2] = [
    "paid      1 payment, 46,000.00 yuan",
    "refused   P02: 1 payment, 2,000.00 yuan, a bank_serial that was used before",
];

#[test]
fn people_are_told_of_what_was_refused() {
    let (folder, [first, second]) = closed_book();
    let at = folder.path();
    says(&first.stdout, &DEDUCTIONS);
    says(
        &first.stdout,
        &[
            "  - tell the auditors of 5 refused deductions, 800.00 yuan (D01 1, D02 1, D03 1, D04 1, D05 1; tables/deductions.parquet)",
        ],
    );
    says(&second.stdout, &PAYMENTS);
    says(
        &second.stdout,
        &[
            "  - settle with the bank 1 refused payment, 2,000.00 yuan (P02 1; tables/payments.parquet)",
        ],
    );
    let status = ran(at, &["status", "--book", "book", "--as-of", "2026-01-10"]).expect(0);
    says(&status.stdout, &PAYMENTS);
    let statements = ["statements", "--book", "book", "--period", "2025-10", "--out", "forms"];
    says(&ran(at, &statements).expect(0).stdout, &DEDUCTIONS);
    let report = ["report", "--book", "book", "--period", "2025-10", "--out", "page.html"];
    says(&ran(at, &report).expect(0).stdout, &DEDUCTIONS);
    let page = fs::read_to_string(at.join("page.html")).expect("read");
    for told in
        ["D01", "D05", "more than is payable for the settlement", "超出该结算的应付金额", "600.00"]
    {
        assert!(page.contains(told), "{told} is not on the page");
    }
    // The province, the nation: refused ones whose settlement nobody knows are told to the nation alone.
    let sheet = |of: &str| {
        let rows = spreadsheet(&at.join("forms").join(of).join("judged.csv"));
        let row = |row: &std::collections::BTreeMap<String, String>| {
            ["业务", "结果", "代码", "笔数", "金额"].map(|name| row[name].clone()).join(" ")
        };
        rows.iter().map(row).collect::<Vec<_>>()
    };
    let all = sheet("national");
    assert_eq!(all[0], "审核扣款 接受  2 650.00");
    assert!(all.contains(&"审核扣款 未接受 D01 1 100.00".to_owned()), "{all:?}");
    let own = sheet("34");
    assert!(own.contains(&"审核扣款 未接受 D03 1 50.00".to_owned()), "{own:?}");
    assert!(!own.iter().any(|row| row.contains("D01")), "{own:?}");
}

#[test]
fn programs_are_told_of_what_was_refused() {
    let (folder, _) = closed_book();
    let at = folder.path();
    let (input, quotas) = (sample("2025-10"), sample("opening-quotas.csv"));
    let run =
        ["run", "--quiet", "--dry-run", "--format", "json", "--book", "new", "--period", "2025-10"];
    let told = value(
        &ran(at, &[&run[..], &["--input", &input, "--opening-quotas", &quotas]].concat()).expect(0),
    );
    assert_eq!(told["deductions"]["accepted"], json!({ "rows": 2, "amount": "650.00" }));
    assert_eq!(told["deductions"]["refused"], json!({ "rows": 5, "amount": "800.00" }));
    let codes: Vec<&str> = told["deductions"]["refused_by_code"]
        .as_array()
        .expect("a list")
        .iter()
        .filter_map(|code| code["code"].as_str())
        .collect();
    assert_eq!(codes, ["D01", "D02", "D03", "D04", "D05"]);
    assert_eq!(told["payments"]["refused"]["rows"], 0);
    for command in [
        &["status", "--as-of", "2026-01-10"][..],
        &["statements", "--period", "2025-11", "--out", "forms"],
        &["report", "--period", "2025-11", "--out", "page.html"],
    ] {
        let command = [command, &["--book", "book", "--format", "json"]].concat();
        let told = value(&ran(at, &command).expect(0));
        let refused = &told["payments"]["refused_by_code"][0];
        assert_eq!((&refused["code"], &refused["rows"]), (&"P02".into(), &1.into()), "{told}");
        assert_eq!(told["payments"]["accepted"]["amount"], "46000.00", "{told}");
    }
}
