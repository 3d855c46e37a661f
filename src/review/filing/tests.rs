//! Tables of filings as provinces write them.

use std::{path::Path, sync::Arc};

use arrow_array::{
    ArrayRef, Date32Array, Int32Array, NullArray, RecordBatch, StringArray,
    TimestampMillisecondArray,
};
use arrow_schema::{Field, Schema};

use super::{
    columns::FILING_COLUMNS,
    reader::{FilingsSurvey, read_filings},
};
use crate::{
    diag::{Failure, Finding},
    review::rules_file::ReviewRules,
};

const HEADER: &str =
    "psn_no,insu_admdvs,rloc_admdvs,rloc_rea,begndate,enddate,crte_time,vali_flag\n";

/// Filings of a file as lines, what was read besides, and the findings.
fn read(path: &Path) -> (Vec<String>, FilingsSurvey, Vec<String>) {
    let text = "format = 1\n[values]\nrloc_rea = { 1 = \"long_term\", 2 = \"transfer\", 9 = \"\" }";
    let rules = ReviewRules::parse(text).expect("it is good");
    let (mut lines, mut findings) = (Vec::new(), Vec::new());
    let read = read_filings(path, &rules.values, &mut findings, &mut |filing| {
        let kind = filing.kind.map(|kind| format!("{kind:?}")).unwrap_or_default();
        lines.push(format!(
            "{} {} {} {kind}{} {} {:?} {:?} {}",
            filing.psn_no,
            filing.insured_province(),
            filing.place,
            filing.unknown_kind.unwrap_or(if filing.kind.is_none() { "-" } else { "" }),
            filing.begin,
            filing.end,
            filing.made,
            filing.valid
        ));
        Ok(())
    });
    let said = |finding: &Finding| format!("{} {}: {}", finding.code, finding.place, finding.found);
    (lines, read.expect("it is read"), findings.iter().map(said).collect())
}

fn csv(lines: &str) -> (Vec<String>, FilingsSurvey, Vec<String>) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("filings.csv");
    std::fs::write(&path, format!("{HEADER}{lines}")).expect("written");
    read(&path)
}

#[test]
fn filings_are_read_from_csv() {
    let (lines, read, findings) = csv("\
P1,61,3101,1,2025-01-01,,2025-01-01 08:00:00,1
P1,659001,110000,7,2025-01-02,2024-01-01,,0
P2,610100,510000,,1970-01-01,9999-12-31,,
P2,610100,510000,9,1969-12-31,,1970-01-01 00:00:01,x
");
    assert_eq!(findings, [""; 0]);
    assert_eq!(
        lines,
        [
            "P1 61 310100 LongTerm 20089 None Some(1735718400000000) true",
            "P1 66 110000 7 20090 Some(19723) None false",
            "P2 61 510000  0 Some(2932896) None true",
            "P2 61 510000 - -1 None Some(1000000) true",
        ]
    );
    assert_eq!(read.rows, 4);
    let provinces = crate::model::codes::Province::all().filter(|one| read.provinces.has(*one));
    assert_eq!(provinces.map(|one| one.to_string()).collect::<Vec<_>>(), ["61", "66"]);
}

#[test]
fn everything_that_is_wrong_is_told_at_once() {
    let (lines, read, findings) = csv("\
,71,610,1,2025-02-30,2025-1-1,2025-01-01T08:00:00,1
P1,61,31,1,,,2025-01-01 24:00:00,1
P1,61,31,1,2025-01-01,,2025-01-01 23:59:60,1
P1,61,31,1,2025-01-01,,2025-01-01 23:59:59,1
P1, 61,31,1,2025-01-01,,,1
");
    assert_eq!((lines.len(), read.rows), (1, 1));
    assert_eq!(
        findings,
        [
            "S13 line 2, column psn_no: nothing",
            "N06 line 2, column insu_admdvs: \"71\"",
            "N06 line 2, column rloc_admdvs: \"610\"",
            "S05 line 2, column begndate: \"2025-02-30\"",
            "S05 line 2, column enddate: \"2025-1-1\"",
            "N07 line 2, column crte_time: \"2025-01-01T08:00:00\"",
            "S13 line 3, column begndate: nothing",
            "N07 line 3, column crte_time: \"2025-01-01 24:00:00\"",
            "N07 line 4, column crte_time: \"2025-01-01 23:59:60\"",
            "N06 line 6, column insu_admdvs: \" 61\"",
        ]
    );
}

/// Writes a table of columns, all optional.
fn parquet(path: &Path, columns: Vec<(&str, ArrayRef)>) {
    let fields =
        columns.iter().map(|(name, array)| Field::new(*name, array.data_type().clone(), true));
    let schema = Arc::new(Schema::new(fields.collect::<Vec<_>>()));
    let arrays = columns.into_iter().map(|(_, array)| array).collect();
    let batch = RecordBatch::try_new(Arc::clone(&schema), arrays).expect("a batch");
    let file = std::fs::File::create(path).expect("a file");
    let mut writer = parquet::arrow::ArrowWriter::try_new(file, schema, None).expect("a writer");
    writer.write(&batch).expect("written");
    writer.close().expect("closed");
}

fn texts(values: &[&str]) -> ArrayRef {
    Arc::new(StringArray::from(values.to_vec()))
}

fn good_columns() -> Vec<(&'static str, ArrayRef)> {
    let zoned = TimestampMillisecondArray::from(vec![Some(1_735_689_600_000), None]);
    vec![
        ("remark", texts(&["x", "y"])),
        ("vali_flag", Arc::new(Int32Array::from(vec![Some(0), None]))),
        ("psn_no", texts(&["P1", "P2"])),
        ("insu_admdvs", Arc::new(Int32Array::from(vec![610_100, 61]))),
        ("rloc_admdvs", texts(&["3101", "310000"])),
        ("rloc_rea", Arc::new(Int32Array::from(vec![1, 2]))),
        ("begndate", Arc::new(Date32Array::from(vec![20_089, 20_090]))),
        ("enddate", texts(&["2025-01-05", ""])),
        ("crte_time", Arc::new(zoned.with_timezone("UTC"))),
    ]
}

#[test]
fn filings_are_read_from_parquet() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("filings.PARQUET");
    parquet(&path, good_columns());
    let (lines, _, findings) = read(&path);
    assert_eq!(findings, [""; 0]);
    assert_eq!(
        lines,
        [
            // 00:00 in UTC is 08:00 local time.
            "P1 61 310100 LongTerm 20089 Some(20093) Some(1735718400000000) false",
            "P2 61 310000 Transfer 20090 None None true",
        ]
    );
}

#[test]
fn a_wrong_parquet_table_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("filings.parquet");
    let with = |name: &str, array: ArrayRef| {
        let mut columns = good_columns();
        columns.retain(|(column, _)| *column != name);
        columns
            .push((FILING_COLUMNS.into_iter().find(|column| *column == name).expect("one"), array));
        columns
    };
    parquet(&path, with("begndate", Arc::new(Int32Array::from(vec![1, 2]))));
    assert_eq!(read(&path).2, ["F04 column begndate: the type Int32"]);
    parquet(&path, with("begndate", Arc::new(Date32Array::from(vec![Some(3_000_000), None]))));
    assert_eq!(
        read(&path).2,
        [
            "S05 row 0, column begndate: day 3000000 from 1970-01-01",
            "S13 row 1, column begndate: nothing"
        ]
    );
    parquet(&path, with("rloc_rea", texts(&["1", &"x".repeat(65_537)])));
    assert_eq!(read(&path).2, ["F15 row 1, column rloc_rea: more than 65536 bytes"]);
    parquet(&path, with("rloc_rea", Arc::new(NullArray::new(2))));
    assert_eq!(read(&path).2, [""; 0]);
    parquet(&path, good_columns().into_iter().take(3).collect());
    assert_eq!(
        read(&path).2,
        ["F03 : no column insu_admdvs, rloc_admdvs, rloc_rea, begndate, enddate, crte_time"]
    );
    std::fs::write(&path, "no Parquet").expect("written");
    assert!(read(&path).2[0].starts_with("F02"));
}

#[test]
fn a_file_that_is_not_there_is_a_matter_of_the_command_line() {
    let failure = read_filings(
        Path::new("no/such.csv"),
        &ReviewRules::built_in().values,
        &mut Vec::new(),
        &mut |_| Ok(()),
    )
    .expect_err("it is not there");
    assert!(matches!(failure, Failure::Usage(_)), "{failure}");
}
