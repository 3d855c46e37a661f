use super::*;

fn findings(name: &'static str, text: &[u8]) -> Vec<String> {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join(name), text).expect("written");
    let mut findings = Vec::new();
    SmallFiles::read(folder.path(), Month::new(2025, 10), &mut findings).expect("read");
    findings.iter().map(|f| format!("{} {}: {}", f.code, f.place, f.found)).collect()
}

#[test]
fn every_bad_value_is_a_finding() {
    let text = "permit_id,insured_province,treating_province,cost_month,until_period,past_year_close,reason\n\
                p1,99,31,2025-13,2025-1,yes,\np2,34,31,2025-10,2025-12\n";
    assert_eq!(
        findings("permits.csv", text.as_bytes()),
        [
            "S07 line 2, column insured_province: \"99\"",
            "S05 line 2, column cost_month: \"2025-13\"",
            "S05 line 2, column until_period: \"2025-1\"",
            "S06 line 2, column past_year_close: \"yes\"",
            "S03 line 3: 5 values for 7 columns",
        ]
    );
    assert_eq!(findings("payments.csv", b""), ["S02 line 1: no header"]);
    assert_eq!(
        findings("payments.csv", b"notice_id,paid_on,amount,amount,bank_name\n"),
        [
            "S02 line 1: \"notice_id,paid_on,amount,amount,bank_name\", without bank_serial; twice amount"
        ]
    );
    assert_eq!(
        findings("payments.csv", b"notice_id\n\xff\n"),
        ["S01 line 2: bytes that are not UTF-8"]
    );
    let text = "ddct_id,setl_id,amount,reason_code,decided_on\nd,s,1e3,r,2025-02-30\n";
    assert_eq!(
        findings("deductions.csv", text.as_bytes()),
        ["S04 line 2, column amount: \"1e3\"", "S05 line 2, column decided_on: \"2025-02-30\""]
    );
    let text = "notice_id,paid_on,amount,bank_name,bank_serial\nn,2025-10-01,1,b,\"s\nm,x,1,b,s\n";
    assert_eq!(findings("payments.csv", text.as_bytes()), ["S03 line 2: a quote out of place"]);
    for value in ["s\"\"", "\"s\"s", "\"s\n\"m\"\""] {
        let text =
            format!("notice_id,paid_on,amount,bank_name,bank_serial\nn,2025-10-01,1,b,{value}\n");
        let found = findings("payments.csv", text.as_bytes());
        assert!(found.len() == 1 && found[0].ends_with("a quote out of place"), "{found:?}");
    }
    let text = "notice_id,paid_on,amount,bank_name,bank_serial\nn,2025-10-01,1,\"b,\"\"\n,c\",s\n";
    assert!(findings("payments.csv", text.as_bytes()).is_empty());
    let text = "rows,file,medfee_sumamt,fund_pay_sumamt,acct_pay\n1.5,f,1,2,3.001\n";
    assert_eq!(
        findings("control-totals.csv", text.as_bytes()),
        ["S10 line 2, column rows: \"1.5\"", "S04 line 2, column acct_pay: \"3.001\""]
    );
}

#[test]
fn a_byte_order_mark_any_order_and_more_columns_are_fine() {
    let text =
        "\u{feff}bank_serial,amount,more,paid_on,notice_id,bank_name\r\n9,1.5,x,2025-10-01,n,b\r\n";
    assert!(findings("payments.csv", text.as_bytes()).is_empty());
}

#[test]
fn blank_lines_are_skipped_and_counted() {
    let text =
        "notice_id,paid_on,amount,bank_name,bank_serial\n\n\nn,2025-10-01,1,b\n\r\nn,x,1,b,s\n";
    assert_eq!(
        findings("payments.csv", text.as_bytes()),
        ["S03 line 4: 4 values for 5 columns", "S05 line 6, column paid_on: \"x\""]
    );
}

#[test]
fn lines_of_commas_and_blanks_are_those_of_a_spreadsheet() {
    let text = ",,,,\nnotice_id,paid_on,amount,bank_name,bank_serial\n,,,,\n \u{3000}\n, ,,\t,\n,,\n\
                n,2025-10-01,1,b,s\n,,,,\nn,x,1,b,s\n";
    assert_eq!(findings("payments.csv", text.as_bytes()), ["S05 line 9, column paid_on: \"x\""]);
}

#[test]
fn text_of_another_encoding_is_told() {
    assert_eq!(findings("payments.csv", b"\xff\xfen\0o\0"), ["S01 line 1: text in UTF-16"]);
    assert_eq!(
        findings("payments.csv", b"a\n\xc9\xcf\xba\xa3\n"),
        ["S01 line 2: bytes that are not UTF-8, perhaps GBK"]
    );
}

#[test]
fn opening_quotas_know_their_provinces() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("q.csv");
    fs::write(
        &path,
        "insured_province,treating_province,quota\n34,31,5\n34,31,6\n00,31,1\n35,31,-1\n",
    )
    .expect("written");
    let mut findings = Vec::new();
    OpeningQuotas::read(&path, &mut findings).expect("read");
    let codes: Vec<Code> = findings.iter().map(|finding| finding.code).collect();
    assert_eq!(codes, [Code::S08, Code::S07, Code::S09]);
}
