//! System errors (coordination, part 3) and media (part 4), from outside, over several periods.

use std::{fmt::Write, fs, sync::Arc};

use arrow_array::{
    ArrayRef, Date32Array, Int64Array, NullArray, RecordBatch, StringArray,
    TimestampMicrosecondArray, TimestampNanosecondArray,
};
use chrono::{NaiveDate, NaiveDateTime};
use liangqing::model::fields::Field;

use crate::world::{Row, World, batch, with_column, write_parquet};

const HEADER: &str = "err_id,at,infno,raised_by,treating_province,insured_province,\
    fixmedins_code,class,code,text,mdtrt_id,answered_on,struck_off_on\n";

const ERRORS: [&str; 13] = [
    "treating_province",
    "insured_province",
    "class",
    "code",
    "raised_by",
    "errors",
    "brought_in",
    "resolved",
    "answered",
    "struck_off",
    "open",
    "answer_days_median",
    "oldest_open_on",
];
const OPEN: [&str; 14] = [
    "err_id",
    "at",
    "infno",
    "raised_by",
    "treating_province",
    "insured_province",
    "fixmedins_code",
    "class",
    "code",
    "text",
    "mdtrt_id",
    "answered_on",
    "struck_off_on",
    "first_period",
];
const REFUSED: [&str; 4] = ["file", "row", "err_id", "code"];
const MEDIA: [&str; 4] = ["treating_province", "care_class", "mdtrt_cert_type", "visits"];

/// Delivers rows without a header.
pub(crate) fn deliver_errors(world: &World, period: &str, rows: &str) {
    world.small_file(period, "system-errors.csv", format!("{HEADER}{rows}"));
}

fn shown(world: &World, period: &str, table: &str, columns: &[&str]) -> String {
    let rows = world.table(period, table, columns);
    rows.iter().map(|row| row.join(",") + "\n").collect()
}

/// A settlement of a visit.
pub(crate) fn visit(setl_id: &str, visit: &str, time: &str) -> Row {
    Row::new(setl_id).with(Field::mdtrt_id, visit).with(Field::setl_time, time)
}

#[test]
fn errors_are_struck_off_resolved_or_open_over_several_periods() {
    let world = World::new();
    world.deliver_both(
        "2025-10",
        &[
            visit("A", "V1", "2025-10-15 10:00:00"),
            visit("B", "V2", "2025-10-15 10:00:00"),
            visit("C", "V3", "2025-10-15 10:00:00"),
        ],
    );
    deliver_errors(
        &world,
        "2025-10",
        "E1,2025-10-15 10:00:00,2207,treating,31,34,H31010000001,timeout,,超时,V1,,\n\
         E2,2025-10-15 10:00:01,2207,treating,31,34,,timeout,,超时,V2,2025-10-17,\n\
         E3,2025-10-15 09:00:00,,national,33,,,timeout,,,V3,,\n\
         E4,2025-10-01 09:00:00,,insured,31,34,,amount,X12345678,号110105194912310021X,V1,2025-10-05,2025-10-06\n\
         E5,2025-10-02 09:00:00,,institution,31,34,,other,c1,,,,\n\
         E5,2025-10-02 23:00:00,,institution,31,,,other,c2,t,,2025-10-03,\n\
         E5,2025-10-02 23:00:00,,institution,31,33,,other,c2,t,,2025-10-03,\n\
         E5,2025-10-03 00:00:00,,institution,31,34,,other,,,,,2025-10-04\n\
         ,2025-10-03 00:00:00,,institution,31,34,,other,,,,,2025-10-04\n",
    );
    world.run("2025-10").expect(0);
    insta::assert_snapshot!(shown(&world, "2025-10", "errors", &ERRORS), @r"
    31,34,amount,X********,insured,1,0,0,1,1,0,4,-
    31,34,other,c1,institution,1,0,0,1,0,1,1,2025-10-02
    31,34,timeout,-,treating,2,0,1,1,0,1,2,2025-10-15
    33,-,timeout,-,national,1,0,0,0,0,1,-,2025-10-15
    ");
    insta::assert_snapshot!(shown(&world, "2025-10", "errors_open", &OPEN), @r"
    E2,2025-10-15T10:00:01,2207,treating,31,34,-,timeout,-,超时,V2,2025-10-17,-,2025-10
    E3,2025-10-15T09:00:00,-,national,33,-,-,timeout,-,-,V3,-,-,2025-10
    E5,2025-10-02T09:00:00,-,institution,31,34,-,other,c1,-,-,2025-10-03,-,2025-10
    ");
    insta::assert_snapshot!(shown(&world, "2025-10", "errors_refused", &REFUSED), @r"
    system-errors.csv,6,E5,N06
    system-errors.csv,7,E5,N06
    system-errors.csv,8,-,N01
    ");
    a_month_later(&world);
    // Without a file open errors are carried on.
    world.deliver_both("2025-12", &[Row::new("G").in_month("2025-12")]);
    let ran = world.run("2025-12").expect(0);
    assert!(ran.stdout.contains("0 new and 2 brought in: 0 resolved, 0 struck off, 2 open"));
    insta::assert_snapshot!(shown(&world, "2025-12", "errors_open", &OPEN[..1]), @r"
    E1
    E5
    ");
    world.verify(&[]).expect(0);
}

/// E2 is struck off by its news, E3 settles a month later; E5 stays; E1 has left and is new again.
fn a_month_later(world: &World) {
    world.deliver_both(
        "2025-11",
        &[
            visit("D", "V3", "2025-11-15 10:00:00").with(Field::mdtrtarea_admvs, "330100"),
            visit("F", "V1", "2025-11-15 10:00:00"),
        ],
    );
    deliver_errors(
        world,
        "2025-11",
        "E2,2025-10-15 00:00:00,,insured,31,,,other,,,,2025-12-01,2025-12-31\n\
         E1,2025-10-15 11:00:00,2207,treating,31,34,,timeout,,超时,V9,,\n\
         E5,2025-10-02 00:00:00,,insured,33,,,other,,,,,2025-12-01\n",
    );
    world.run("2025-11").expect(0);
    insta::assert_snapshot!(shown(world, "2025-11", "errors", &ERRORS), @r"
    31,34,other,c1,institution,1,1,0,1,0,1,1,2025-10-02
    31,34,timeout,-,treating,2,1,0,1,1,1,2,2025-10-15
    33,-,timeout,-,national,1,1,1,0,0,0,-,-
    ");
    insta::assert_snapshot!(shown(world, "2025-11", "errors_open", &OPEN), @r"
    E1,2025-10-15T11:00:00,2207,treating,31,34,-,timeout,-,超时,V9,-,-,2025-11
    E5,2025-10-02T09:00:00,-,institution,31,34,-,other,c1,-,-,2025-10-03,-,2025-10
    ");
    insta::assert_snapshot!(shown(world, "2025-11", "errors_refused", &REFUSED), @"system-errors.csv,2,E5,N06");
}

#[test]
fn reversals_and_rejected_rows_resolve_nothing() {
    let world = World::new();
    let reversal = Row::reversal("R", "A").with(Field::mdtrt_id, "V2");
    let rejected = Row::new("X").with(Field::mdtrt_id, "V3").with(Field::fixmedins_code, "H1");
    let rows = [Row::new("A").with(Field::mdtrt_id, "V1"), reversal, rejected];
    world.deliver("2025-10", "treating/a.parquet", &rows);
    // Of one side is enough.
    let alone = Row::new("B").with(Field::mdtrt_id, "V4");
    world.deliver("2025-10", "insured/a.parquet", &[rows[0].clone(), rows[1].clone(), alone]);
    let mut errors = String::new();
    for visit in ["V1", "V2", "V3", "V4", "v1"] {
        let line = "2025-10-15 10:00:00,,treating,31,,,other,,,";
        writeln!(errors, "{visit},{line}{visit},,").expect("written");
    }
    deliver_errors(&world, "2025-10", &errors);
    world.run("2025-10").expect(0);
    insta::assert_snapshot!(shown(&world, "2025-10", "errors_open", &OPEN[..1]), @r"
    V2
    V3
    v1
    ");
}

#[test]
fn a_file_of_another_form_is_refused() {
    let world = World::new();
    world.deliver_both("2025-10", &[Row::new("A")]);
    let refused = |bytes: &[u8]| {
        world.small_file("2025-10", "system-errors.csv", bytes);
        world.run("2025-10").expect(3).stderr
    };
    insta::assert_snapshot!(refused(b""), @r"
    error: the delivery is refused
      S02 system-errors.csv, line 1: found no header, expected a header line with every column once
        hint: name the columns as the contract does; order is free, further columns are ignored
    1 finding in all; nothing was published and the book is as it was
    ");
    insta::assert_snapshot!(refused(b"err_id,at\nE,2025-10-01\n"), @r#"
    error: the delivery is refused
      S02 system-errors.csv, line 1: found "err_id,at", without infno, raised_by, treating_province, insured_province, fixmedins_code, class, code, text, mdtrt_id, answered_on, struck_off_on, expected a header line with every column once
        hint: name the columns as the contract does; order is free, further columns are ignored
    1 finding in all; nothing was published and the book is as it was
    "#);
    insta::assert_snapshot!(refused(format!("{HEADER}E,2025-10-01\n").as_bytes()), @r"
    error: the delivery is refused
      S03 system-errors.csv, line 2: found 2 values for 13 columns, expected as many values as the header has columns
        hint: quote values that hold commas or line breaks
    1 finding in all; nothing was published and the book is as it was
    ");
    insta::assert_snapshot!(refused(&[HEADER.as_bytes(), b"\xb1\xb1\n"].concat()), @r"
    error: the delivery is refused
      S01 system-errors.csv, line 2: found bytes that are not UTF-8, perhaps GBK, expected UTF-8 text
        hint: save the file as CSV UTF-8
    1 finding in all; nothing was published and the book is as it was
    ");
    fs::write(world.input("2025-10").join("system-errors.parquet"), b"PAR1").expect("written");
    insta::assert_snapshot!(refused(HEADER.as_bytes()), @r"
    error: the delivery is refused
      F16 system-errors.csv: found system-errors.parquet beside system-errors.csv, expected system errors in one file, CSV or Parquet
        hint: deliver system-errors.csv or system-errors.parquet, with all rows in it
    1 finding in all; nothing was published and the book is as it was
    ");
    fs::remove_file(world.input("2025-10").join("system-errors.csv")).expect("removed");
    insta::assert_snapshot!(world.run("2025-10").expect(3).stderr, @r"
    error: the delivery is refused
      F02 system-errors.parquet: found a file that does not end like a Parquet file: cut off, or with something behind its end, expected a whole, undamaged Parquet file
        hint: ask the sender for the file again and compare its sha256 with theirs
    1 finding in all; nothing was published and the book is as it was
    ");
    fs::remove_file(world.input("2025-10").join("system-errors.parquet")).expect("removed");
    for name in ["system_errors.csv", "System-Errors.Parquet"] {
        world.small_file("2025-10", name, HEADER);
    }
    insta::assert_snapshot!(world.run("2025-10").expect(3).stderr, @r"
    error: the delivery is refused
      G01 System-Errors.Parquet: found a name that is not read, in place of system-errors.parquet, expected nothing that looks like a part of the delivery and is not read
        hint: give it the name that is meant, or take it away; `--accept G01` if it is meant to be left out
      G01 system_errors.csv: found a name that is not read, in place of system-errors.csv, expected nothing that looks like a part of the delivery and is not read
        hint: give it the name that is meant, or take it away; `--accept G01` if it is meant to be left out
    2 findings in all; nothing was published and the book is as it was
    ");
}

/// Rows of a file, each value as CSV has it, as Parquet.
fn as_parquet(rows: &[[&str; 13]]) -> RecordBatch {
    let names: Vec<&str> = HEADER.trim_end().split(',').collect();
    let texts = |at: usize| -> ArrayRef {
        let value = |row: &[&str; 13]| Some(row[at].to_owned()).filter(|text| !text.is_empty());
        Arc::new(rows.iter().map(value).collect::<StringArray>())
    };
    let days = |at: usize| -> ArrayRef {
        let day =
            |row: &[&str; 13]| row[at].parse::<NaiveDate>().ok().map(|day| day.to_epoch_days());
        Arc::new(rows.iter().map(day).collect::<Date32Array>())
    };
    let time = |row: &[&str; 13]| {
        let time = NaiveDateTime::parse_from_str(row[1], "%Y-%m-%d %H:%M:%S").ok()?;
        Some(time.and_utc().timestamp_micros() * 1000 + 999)
    };
    let columns = (0..13).map(|at| {
        let array: ArrayRef = match at {
            1 => Arc::new(rows.iter().map(time).collect::<TimestampNanosecondArray>()),
            11 | 12 => days(at),
            at => texts(at),
        };
        (names[at], array)
    });
    RecordBatch::try_from_iter_with_nullable(columns.map(|(name, array)| (name, array, true)))
        .expect("a batch")
}

/// Rows of every kind.
const ROWS: [[&str; 13]; 5] = [
    [
        "E1",
        "2025-10-15 10:00:00",
        "2207",
        "treating",
        "31",
        "34",
        "",
        "other",
        "c",
        "t",
        "V1",
        "",
        "",
    ],
    [
        "E2",
        "2025-10-15 10:00:00",
        "",
        "national",
        "31",
        "",
        "H",
        "amount",
        "",
        "",
        "",
        "2025-10-20",
        "",
    ],
    [
        "E1",
        "2025-10-15 11:00:00",
        "",
        "treating",
        "31",
        "34",
        "",
        "other",
        "",
        "",
        "",
        "2025-10-16",
        "2025-10-18",
    ],
    ["E3", "", "", "treating", "31", "34", "", "other", "", "", "", "", ""],
    ["", "2025-10-15 10:00:00", "", "treating", "31", "34", "", "other", "", "", "", "", ""],
];

#[test]
fn csv_and_parquet_give_the_same_tables() {
    let told = |parquet: bool| {
        let world = World::new();
        world.deliver_both("2025-10", &[Row::new("A")]);
        if parquet {
            let path = world.input("2025-10").join("system-errors.parquet");
            write_parquet(&path, &as_parquet(&ROWS));
        } else {
            let lines: Vec<String> = ROWS.iter().map(|row| row.join(",")).collect();
            deliver_errors(&world, "2025-10", &lines.join("\n"));
        }
        world.run("2025-10").expect(0);
        let refused = shown(&world, "2025-10", "errors_refused", &REFUSED);
        let [errors, open] = [("errors", &ERRORS[..]), ("errors_open", &OPEN[..])]
            .map(|(table, columns)| shown(&world, "2025-10", table, columns));
        (errors, open, refused.replace(".parquet", ".csv"))
    };
    let (of_csv, of_parquet) = (told(false), told(true));
    assert_eq!(of_csv, of_parquet);
    insta::assert_snapshot!(of_csv.2, @r"
    system-errors.csv,3,E3,N02
    system-errors.csv,4,-,N01
    ");
}

#[test]
fn columns_of_parquet_may_be_null_or_whole_numbers() {
    let world = World::new();
    world.deliver_both("2025-10", &[Row::new("A")]);
    let row =
        ["E", "2025-10-15 10:00:00", "", "treating", "31", "", "", "other", "", "", "", "", ""];
    let all = as_parquet(&[row; 2]);
    let names: Vec<&str> = HEADER.trim_end().split(',').collect();
    let with = |changes: &[(usize, ArrayRef)]| {
        let columns = (0..13).map(|at| {
            let changed = changes.iter().find(|(place, _)| *place == at);
            (
                names[at],
                changed.map_or_else(|| Arc::clone(all.column(at)), |(_, array)| Arc::clone(array)),
                true,
            )
        });
        let path = world.input("2025-10").join("system-errors.parquet");
        write_parquet(&path, &RecordBatch::try_from_iter_with_nullable(columns).expect("one"));
        let ran = world.run_with("2025-10", &["--dry-run"]);
        let line = ran.stdout.lines().find(|line| line.starts_with("errors"));
        line.map_or_else(
            || ran.stderr.clone(),
            |line| line.trim_start_matches("errors").trim().to_owned(),
        )
    };
    let nulls = || -> ArrayRef { Arc::new(NullArray::new(2)) };
    let codes: ArrayRef = Arc::new(Int64Array::from(vec![31, 31]));
    let numbers: ArrayRef = Arc::new(Int64Array::from(vec![12_345_678, 2]));
    insta::assert_snapshot!(with(&[(4, codes), (8, numbers.clone()), (0, numbers)]), @"2 new and 0 brought in: 0 resolved, 0 struck off, 2 open; 0 rows refused");
    insta::assert_snapshot!(with(&[(1, nulls())]), @"0 new and 0 brought in: 0 resolved, 0 struck off, 0 open; 2 rows refused");
    let unused = [2, 5, 6, 8, 9, 10, 11, 12].map(|at| (at, nulls()));
    insta::assert_snapshot!(with(&unused), @"1 new and 0 brought in: 0 resolved, 0 struck off, 1 open; 0 rows refused");
    let utc = TimestampMicrosecondArray::from(vec![946_655_999_999_999, 946_656_000_000_000]);
    insta::assert_snapshot!(with(&[(1, Arc::new(utc.with_timezone("UTC")))]), @"1 new and 0 brought in: 0 resolved, 0 struck off, 1 open; 1 row refused");
    let texts: ArrayRef = Arc::new(StringArray::from(vec![row[1]; 2]));
    insta::assert_snapshot!(with(&[(1, texts)]), @r"
    error: the delivery is refused
      F04 system-errors.parquet, column at: found the type Utf8View, expected a column of the kind that the contract names
        hint: export the column as TIMESTAMP
    1 finding in all; nothing was published and the book is as it was
    ");
}

#[test]
fn cleared_settlements_are_counted_by_medium() {
    let world = World::new();
    let row = |setl_id: &str| Row::new(setl_id);
    let rows = [
        row("A"),
        row("B"),
        row("C"),
        row("D"),
        row("E").with(Field::med_type, "21"),
        Row::reversal("R", "A"),
    ];
    let media = |values: &[Option<&str>]| -> ArrayRef {
        Arc::new(values.iter().copied().collect::<StringArray>())
    };
    let treating = [Some("01"), Some(" 2 "), None, Some(""), Some("9"), Some("01")];
    let insured = [Some("03"), None, Some("3"), None, Some("01"), None];
    let with =
        |values: &[Option<&str>]| with_column(&batch(&rows), "mdtrt_cert_type", media(values));
    world.deliver_batch("2025-10", "treating/a.parquet", &with(&treating));
    world.deliver_batch("2025-10", "insured/a.parquet", &with(&insured));
    // Carried, and without a medium when it clears.
    let alone = with_column(&batch(&[row("Z")]), "mdtrt_cert_type", media(&[Some("02")]));
    world.deliver_batch("2025-10", "treating/z.parquet", &alone);
    world.run("2025-10").expect(0);
    insta::assert_snapshot!(shown(&world, "2025-10", "media", &MEDIA), @r"
    31,inpatient,other,1
    31,outpatient,01,0
    31,outpatient,02,1
    31,outpatient,03,1
    31,outpatient,none,1
    ");
    // Nobody says the medium.
    world.deliver("2025-11", "treating/a.parquet", &[Row::new("N").in_month("2025-11")]);
    world.deliver("2025-11", "insured/a.parquet", &[Row::new("N").in_month("2025-11")]);
    world.run_with("2025-11", &["--dry-run"]).expect(0);
    // A copy that was carried has none; that of the other side counts.
    let late = with_column(&batch(&[row("Z")]), "MDTRT_CERT_TYPE", media(&[Some("03")]));
    world.deliver_batch("2025-11", "insured/z.parquet", &late);
    world.run_with("2025-11", &["--accept", "G02"]).expect(0);
    insta::assert_snapshot!(shown(&world, "2025-11", "media", &MEDIA), @r"
    31,outpatient,03,1
    31,outpatient,none,1
    ");
    world.deliver_both("2025-12", &[Row::new("G").in_month("2025-12")]);
    world.run("2025-12").expect(0);
    assert_eq!(shown(&world, "2025-12", "media", &MEDIA), "");
    world.verify(&[]).expect(0);
}
