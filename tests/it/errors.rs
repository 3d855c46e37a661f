//! One reproducer for each finding code, with its exact message.

use std::{fs, path::Path, sync::Arc};

use arrow_array::{ArrayRef, Float64Array, Int64Array, StringArray};
use liangqing::diag::Code;

use crate::world::{Row, World, batch, decimals, tree, with_column, without_column};

/// Runs a reproducer: the delivery that it makes for 2025-11 is refused, the book stays as it is, and a
/// finding has the code. Gives the findings.
fn refused(code: Code, spoil: fn(&World)) -> String {
    let world = World::new();
    world.deliver_both("2025-10", &[Row::new("A")]);
    world.run("2025-10").expect(0);
    let before = tree(&world.book());
    let rows = [Row::new("B").in_month("2025-11")];
    world.deliver_both("2025-11", &rows);
    spoil(&world);
    let ran = world.run("2025-11").expect(3);
    assert_eq!(ran.stdout, "");
    assert_eq!(tree(&world.book()), before, "the book was touched");
    let codes: Vec<&str> = ran
        .stderr
        .lines()
        .filter(|line| line.starts_with("  ") && !line.starts_with("   "))
        .filter_map(|line| line.split_whitespace().next())
        .collect();
    assert_eq!(codes, [code.id()], "{}", ran.stderr);
    let list = ran.stderr.strip_prefix("error: the delivery is refused\n").expect("the first line");
    let last = "1 finding in all; nothing was published and the book is as it was\n";
    list.strip_suffix(last).expect("the last line").to_owned()
}

macro_rules! reproducers {
    ($($code:ident $test:ident $spoil:expr, @$message:literal;)*) => {
        $(#[test]
        fn $test() {
            insta::assert_snapshot!(refused(Code::$code, $spoil), @$message);
        })*

        const REPRODUCED: &[Code] = &[$(Code::$code),*];
    };
}

#[test]
fn every_code_has_a_reproducer() {
    // In a first period, in one that makes yearly quotas, or with somebody else: see quotas.rs, faults.rs and
    // system_errors.rs.
    let elsewhere = [Code::G04, Code::S08, Code::S09, Code::Q06, Code::Q08, Code::F13, Code::F16];
    // Those of the auditor are no findings of a delivery: see verify.rs and audit_rerun.rs.
    let of_a_delivery = |code: &&Code| code.id().starts_with(['F', 'G', 'S', 'C', 'Q']);
    // Those of the lists that go with statements: see papers.rs.
    let of_lists = [Code::S12, Code::S13, Code::S14, Code::S15];
    let missing: Vec<&Code> = Code::ALL
        .iter()
        .filter(of_a_delivery)
        .filter(|code| !of_lists.contains(code))
        .filter(|code| !REPRODUCED.contains(code) && !elsewhere.contains(code))
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
}

const PERIOD: &str = "2025-11";
const FILE: &str = "treating/a.parquet";

fn good() -> arrow_array::RecordBatch {
    batch(&[Row::new("B").in_month(PERIOD)])
}

/// A column in place of a good one.
fn column(world: &World, name: &str, array: ArrayRef) {
    world.deliver_batch(PERIOD, FILE, &with_column(&good(), name, array));
}

fn small_file(world: &World, name: &str, lines: &[&str]) {
    world.small_file(PERIOD, name, lines.join("\n"));
}

fn requests(world: &World, line: &str) {
    let header = "request_id,kind,from_province,to_province,opened_at,problem_type,setl_id,subject";
    small_file(world, "requests.csv", &[header, line]);
}

fn decisions(world: &World, lines: &[&str]) {
    let header = "setl_id,decision,reason,decided_by,approved_by,decided_on";
    small_file(world, "decisions.csv", &[&[header], lines].concat());
}

fn quota_changes(world: &World, lines: &[&str]) {
    let header = "notice_id,amount,approved_by,approved_on";
    small_file(world, "quota-changes.csv", &[&[header], lines].concat());
}

fn initial_quotas(world: &World, lines: &[&str]) {
    let header = "insured_province,treating_province,quota,approved_by,approved_on";
    small_file(world, "initial-quotas.csv", &[&[header], lines].concat());
}

fn payments(world: &World, line: &str) {
    small_file(world, "payments.csv", &["notice_id,paid_on,amount,bank_name,bank_serial", line]);
}

fn permit(world: &World, line: &str) {
    let header = "permit_id,insured_province,treating_province,cost_month,until_period,past_year_close,reason";
    small_file(world, "permits.csv", &[header, line]);
}

fn control_totals(world: &World, lines: &[&str]) {
    let header = "file,rows,medfee_sumamt,fund_pay_sumamt,acct_pay";
    small_file(world, "control-totals.csv", &[&[header], lines].concat());
}

/// Delivers the bytes of a file once more.
fn copied(world: &World, period: &str, from: &str, to: &str) {
    let (from, to) = (world.input(period).join(from), world.input(PERIOD).join(to));
    fs::copy(from, to).expect("copied");
}

/// Ten rows of two cost months, so many of the period.
fn ten_rows(of_the_period: usize, earlier: &str) -> Vec<Row> {
    let month = |n: usize| if n < of_the_period { PERIOD } else { earlier };
    (0..10).map(|n| Row::new(&format!("B{n}")).in_month(month(n))).collect()
}

/// Leaves only one side's copy of the settlement.
fn one_copy(world: &World) {
    world.deliver(PERIOD, "insured/a.parquet", &[]);
}

fn remove(path: &Path) {
    fs::remove_file(path).expect("removed");
}

reproducers! {
    F01 no_file_on_a_side
    |world| remove(&world.input(PERIOD).join(FILE)),
    @r#"
    F01 treating: found no Parquet file, expected at least one Parquet file on each side
      hint: deliver both treating/*.parquet and insured/*.parquet; a side without settlements sends one empty file
    "#;

    F02 a_damaged_file
    |world| fs::write(world.input(PERIOD).join(FILE), "PAR1 and nothing more PAR1").expect("written"),
    @r#"
    F02 treating/a.parquet, footer: found a footer of 543519343 bytes in a file of 26 bytes, expected a whole, undamaged Parquet file
      hint: ask the sender for the file again and compare its sha256 with theirs
    "#;

    F03 a_missing_column
    |world| {
        let others = without_column(&without_column(&good(), "psn_no"), "med_type");
        let medi_type = Arc::new(StringArray::from(vec!["11"]));
        world.deliver_batch(PERIOD, FILE, &with_column(&others, "medi_type", medi_type));
    },
    @r#"
    F03 treating/a.parquet: found no column psn_no, med_type; meant may be medi_type = med_type; the columns, 32, are setl_id, mdtrt_id, init_setl_id, insuplc_admdvs, mdtrtarea_admvs, fixmedins_code, insutype, dise_codg, begndate, enddate, setl_time, refd_setl_flag, fulamt_advpay_flag, medfee_sumamt, hifp_pay, cvlserv_pay, hifes_pay, hifmi_pay, hifob_pay, hifdm_pay, maf_pay, oth_pay, fund_pay_sumamt, acct_pay, psn_cash_pay, hosp_part_amt, acct_mulaid_pay, fulamt_ownpay_amt, overlmt_selfpay, preselfpay_amt, inscp_scp_amt, medi_type, expected every required column
      hint: export the columns under their national names or one of their known other names; what stands in the path alone (Hive partitions) is not read
    "#;

    F04 a_column_of_the_wrong_kind
    |world| column(world, "setl_time", Arc::new(StringArray::from(vec!["2025-11-15"]))),
    @r#"
    F04 treating/a.parquet, column setl_time: found BYTE_ARRAY String for a timestamp; export it as TIMESTAMP, expected a column of the kind that the contract names
      hint: export the column with the type of the contract
    "#;

    F05 floating_point_amounts
    |world| column(world, "acct_pay", Arc::new(Float64Array::from(vec![100.0]))),
    @r#"
    F05 treating/a.parquet, column acct_pay: found DOUBLE for an amount, expected a decimal amount
      hint: cast to DECIMAL(16,2) where the exact value is still known; floating point has lost it
    "#;

    F06 plain_integer_amounts
    |world| column(world, "acct_pay", Arc::new(Int64Array::from(vec![100]))),
    @r#"
    F06 treating/a.parquet, column acct_pay: found INT64 for an amount, expected a decimal amount
      hint: plain integers may be yuan or fen: cast to DECIMAL(16,2)
    "#;

    F07 nineteen_decimals
    |world| column(world, "acct_pay", decimals(vec![Some(10i128.pow(21))], 38, 19)),
    @r#"
    F07 treating/a.parquet, column acct_pay: found DECIMAL(38,19), expected a scale from 0 to 18 and a precision of at most 38
      hint: export DECIMAL(16,2)
    "#;

    F08 a_field_twice
    |world| column(world, "cash_payamt", decimals(vec![Some(20_000)], 16, 2)),
    @r#"
    F08 treating/a.parquet, column cash_payamt: found cash_payamt beside psn_cash_pay, both psn_cash_pay, expected each field once
      hint: drop one of the columns
    "#;

    F09 other_totals
    |world| control_totals(world, &[
        "treating/a.parquet,1,1000.00,700.00,100.00",
        "insured/a.parquet,1,1000,700.0,100.01",
    ]),
    @r#"
    F09 insured/a.parquet, column acct_pay: found 100.00 where 100.01 is declared, expected the totals that control-totals.csv declares
      hint: ask the sender which is right: the file or the totals; send both again together
    "#;

    F10 a_file_that_is_not_listed
    |world| control_totals(world, &["treating/a.parquet,1,1000.00,700.00,100.00"]),
    @r#"
    F10 insured/a.parquet: found a file that is not listed, expected control-totals.csv lists every Parquet file exactly once
      hint: complete the list, or send the file that is missing
    "#;

    F11 the_same_file_twice
    |world| copied(world, PERIOD, FILE, "treating/b.parquet"),
    @r#"
    F11 treating/b.parquet: found the same bytes as treating/a.parquet, expected each file once on a side
      hint: remove one of the two
    "#;

    F12 amounts_beyond_every_decimal
    |world| column(world, "acct_pay", decimals(vec![Some(10i128.pow(37))], 38, 0)),
    @r#"
    F12 treating/a.parquet, row group 0, row 0, column acct_pay: found an amount beyond it, expected amounts and their sums within DECIMAL(38,2)
      hint: ask the sender for the file again
    "#;

    G01 a_name_that_is_not_read
    |world| world.small_file(PERIOD, "treating/31.PARQUET", "PAR1"),
    @r#"
    G01 treating/31.PARQUET: found a name that is not read, in place of treating/31.parquet, expected nothing that looks like a part of the delivery and is not read
      hint: give it the name that is meant, or take it away; `--accept G01` if it is meant to be left out
    "#;

    G02 other_months_than_the_period
    |world| world.deliver(PERIOD, FILE, &ten_rows(4, "2025-10")),
    @r#"
    G02 treating: found 4 of 10 rows of 2025-11, by month: 2025-10: 6, 2025-11: 4, expected a side at least half of whose rows have the period as their cost month
      hint: compare --period with the folder; `--accept G02` if it is meant
    "#;

    G03 what_an_earlier_period_has_cleared
    |world| {
        let again = (0..5).map(|_| Row::new("A"));
        let new = ten_rows(5, PERIOD).into_iter().take(5);
        world.deliver(PERIOD, FILE, &again.chain(new).collect::<Vec<_>>());
    },
    @r#"
    G03 treating: found 5 of 10 valid rows cleared already, by period: 2025-10: 5, expected a side less than half of whose rows an earlier period has cleared
      hint: compare the folder with those of the earlier periods; `--accept G03` if it is meant
    "#;

    G05 a_file_of_an_earlier_period
    |world| copied(world, "2025-10", "insured/a.parquet", "treating/b.parquet"),
    @r#"
    G05 treating/b.parquet: found the same bytes as insured/a.parquet of 2025-10, expected files that no earlier period was closed with
      hint: compare the folder with that of the earlier period; `--accept G05` if it is meant
    "#;

    G06 a_file_of_both_sides
    |world| copied(world, PERIOD, FILE, "insured/a.parquet"),
    @r#"
    G06 insured/a.parquet: found the same bytes as treating/a.parquet, expected files that only one side has
      hint: ask whose file it is, and for the other side's own; `--accept G06` if it is meant
    "#;

    G07 a_table_with_its_old_versions
    |world| world.small_file(PERIOD, "insured/_delta_log/00000000000000000000.json", "{}"),
    @r#"
    G07 insured/_delta_log: found the folder of a table format, with files of old versions beside it, expected Parquet files alone, not a table with its older versions
      hint: export the current version; `--accept G07` if every file is meant to count
    "#;

    F14 a_name_that_is_not_utf8
    |world| {
        use std::os::unix::ffi::OsStrExt;
        let name = std::ffi::OsStr::from_bytes(b"treating/\xcb\xc4.parquet");
        fs::copy(world.input(PERIOD).join(FILE), world.input(PERIOD).join(name)).expect("copied");
    },
    @r#"
    F14 treating/\xCB\xC4.parquet: found a name that is not UTF-8, expected names in UTF-8
      hint: rename the file or the folder
    "#;

    F15 a_text_of_a_hundred_thousand_letters
    |world| {
        let text = StringArray::from(vec!["x".repeat(100_000)]);
        column(world, "dise_codg", Arc::new(text));
    },
    @r#"
    F15 treating/a.parquet, row group 0, column dise_codg: found a text of 100000 bytes, expected texts of at most 65,536 bytes
      hint: export the column as the contract has it: its texts are codes and names
    "#;

    S01 bytes_that_are_not_utf8
    |world| world.small_file(PERIOD, "payments.csv", b"notice_id,paid_on,amount,bank_name,bank_serial\n\xff,,,,\n"),
    @r#"
    S01 payments.csv, line 2: found bytes that are not UTF-8, expected UTF-8 text
      hint: save the file as CSV UTF-8
    "#;

    S02 a_header_without_a_column
    |world| small_file(world, "payments.csv", &["notice_id,paid_on,bank_name,bank_serial"]),
    @r#"
    S02 payments.csv, line 1: found "notice_id,paid_on,bank_name,bank_serial", without amount, expected a header line with every column once
      hint: name the columns as the contract does; order is free, further columns are ignored
    "#;

    S03 a_short_line
    |world| payments(world, "n,2025-12-01,1.00,bank"),
    @r#"
    S03 payments.csv, line 2: found 4 values for 5 columns, expected as many values as the header has columns
      hint: quote values that hold commas or line breaks
    "#;

    S04 an_amount_with_separators
    |world| payments(world, "n,2025-12-01,\"1,000.00\",bank,s"),
    @r#"
    S04 payments.csv, line 2, column amount: found "1,000.00", expected digits with at most two decimals
      hint: write amounts as 1234.56, without separators, blanks or signs other than a minus
    "#;

    S05 a_day_that_does_not_exist
    |world| payments(world, "n,2025-11-31,1.00,bank,s"),
    @r#"
    S05 payments.csv, line 2, column paid_on: found "2025-11-31", expected a day YYYY-MM-DD or a month YYYY-MM that exists
      hint: correct the date
    "#;

    S06 a_flag_that_is_not_0_or_1
    |world| permit(world, "P1,34,31,2025-05,2025-12,no,agreed"),
    @r#"
    S06 permits.csv, line 2, column past_year_close: found "no", expected 0 or 1
      hint: correct the flag
    "#;

    S07 an_unknown_province
    |world| permit(world, "P1,34,71,2025-05,2025-12,0,agreed"),
    @r#"
    S07 permits.csv, line 2, column treating_province: found "71", expected the two-digit code of one of the 32 provinces
      hint: correct the code
    "#;

    S10 rows_that_are_no_whole_number
    |world| control_totals(world, &[
        "treating/a.parquet,1,1000.00,700.00,100.00",
        "insured/a.parquet,1,1000.00,700.00,100.00",
        "insured/a.parquet,one,0,0,0",
    ]),
    @r#"
    S10 control-totals.csv, line 4, column rows: found "one", expected a whole number
      hint: write the count in digits
    "#;

    S11 a_line_without_end
    |world| payments(world, &"x".repeat(2 << 20)),
    @r#"
    S11 payments.csv, line 2: found a line of more than 1 MiB, expected a small file: at most 256 MiB, 4,000,000 lines, 1 MiB a line
      hint: look at the place: a quote that is never closed makes one line of many; a file that is really so large is not the one that the contract means
    "#;

    S16 a_request_without_a_number
    |world| requests(world, ",problem,34,31,2025-12-01,other,,"),
    @r#"
    S16 requests.csv, line 2, column request_id: found "", expected a request_id of 1 to 40 characters
      hint: fill it in, or shorten it
    "#;

    S17 a_kind_that_is_not_in_the_list
    |world| requests(world, "a,question,34,31,2025-12-01,other,,"),
    @r#"
    S17 requests.csv, line 2, column kind: found "question", expected a word of the list for this column
      hint: correct the word (docs/inputs.md has the list)
    "#;

    S18 a_verification_with_a_type
    |world| requests(world, "a,verification,34,31,2025-12-01,other,B,"),
    @r#"
    S18 requests.csv, line 2, column problem_type: found "other", expected a problem_type with a problem, and none with a verification
      hint: fill in the type, or remove it
    "#;

    C01 a_decision_on_what_was_never_delivered
    |world| decisions(world, &["X,void,r,Li,Wang,2025-12-01"]),
    @r#"
    C01 decisions.csv, line 2, setl_id X: found no copy of it at step 5, expected a settlement that this period has to decide on
      hint: remove the decision: the settlement was cleared, refused, rejected or never delivered
    "#;

    C02 a_decision_for_a_copy_that_is_not_there
    |world| {
        one_copy(world);
        decisions(world, &["B,accept_insured,r,Li,Wang,2025-12-01"]);
    },
    @r#"
    C02 decisions.csv, line 2, setl_id B: found no insured copy, expected a decision for a copy that exists
      hint: accept the copy that is there, or void the settlement
    "#;

    C03 two_decisions_on_a_settlement
    |world| {
        one_copy(world);
        decisions(world, &["B,void,r,Li,Wang,2025-12-01", "B,void,r,Li,Wang,2025-12-01"]);
    },
    @r#"
    C03 decisions.csv, line 3, setl_id B: found another decision on it, expected one decision a settlement
      hint: keep one of the lines
    "#;

    C04 a_decision_approved_by_who_decided
    |world| {
        one_copy(world);
        decisions(world, &["B,void,r,Li Si,\u{3000}LI  SI,2025-12-01"]);
    },
    @r#"
    C04 decisions.csv, line 2, setl_id B: found "Li Si" and "\u{3000}LI  SI", expected decided_by and approved_by, two different persons
      hint: have a second person approve the decision
    "#;

    C05 a_decision_that_is_not_needed
    |world| decisions(world, &["B,accept_treating,r,Li,Wang,2025-12-01"]),
    @r#"
    C05 decisions.csv, line 2, setl_id B: found a settlement that no step would have held, expected a decision that is needed
      hint: remove it: the settlement clears or leaves without it
    "#;

    C06 a_decision_that_is_no_word
    |world| {
        one_copy(world);
        decisions(world, &["B,clear,r,Li,Wang,2025-12-01"]);
    },
    @r#"
    C06 decisions.csv, line 2, setl_id B: found "clear", expected accept_treating, accept_insured or void
      hint: correct the decision
    "#;

    Q01 an_answer_to_no_proposal
    |world| quota_changes(world, &["QS-2025-10-34-31,1.00,Chen,2025-12-01"]),
    @r#"
    Q01 quota-changes.csv, line 2, notice_id QS-2025-10-34-31: found no such proposal, expected the notice_id of an emergency proposal of an earlier period
      hint: correct the notice_id
    "#;

    Q02 a_second_answer
    |world| quota_changes(world, &[
        "JJ-2025-10-34-31,1.00,Chen,2025-12-01",
        "JJ-2025-10-34-31,1.00,Chen,2025-12-01",
    ]),
    @r#"
    Q02 quota-changes.csv, line 3, notice_id JJ-2025-10-34-31: found a second answer, expected one answer a proposal
      hint: remove the line: the proposal has been answered
    "#;

    Q03 an_approved_amount_of_nothing
    |world| quota_changes(world, &["JJ-2025-10-34-31,0.00,Chen,2025-12-01"]),
    @r#"
    Q03 quota-changes.csv, line 2, notice_id JJ-2025-10-34-31: found 0.00, expected an approved amount above 0
      hint: correct the amount
    "#;

    Q04 an_approval_by_nobody
    |world| quota_changes(world, &["JJ-2025-10-34-31,1.00,\" \",2025-12-01"]),
    @r#"
    Q04 quota-changes.csv, line 2, notice_id JJ-2025-10-34-31: found no name, expected the name of who approved it
      hint: fill in approved_by
    "#;

    Q05 an_initial_quota_of_one_province
    |world| initial_quotas(world, &["34,34,1.00,Chen,2025-12-01"]),
    @r#"
    Q05 initial-quotas.csv, line 2: found "34" and "34", expected two different provinces of the 32, by their two-digit codes
      hint: correct the provinces
    "#;

    Q07 a_second_initial_quota
    |world| initial_quotas(world, &["35,31,1.00,Chen,2025-12-01", "35,31,2.00,Chen,2025-12-01"]),
    @r#"
    Q07 initial-quotas.csv, line 3: found 35-31 again, expected each pair once
      hint: remove the second line
    "#;
}
