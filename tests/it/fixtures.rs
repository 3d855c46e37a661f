//! Files of many writers (`tests/fixtures`): accepted ones hold the rows they should, the others are refused.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use liangqing::{
    diag::{Failure, Finding, Outcome},
    engine::{RunOptions, RunReport, run},
    event::Monitor,
    ingest::{batch::Batches, record::Record, source::ParquetSource, survey::Normalisations},
    model::{
        codes::{Month, Side},
        fields::{FIELDS, Field, FieldKind},
        money::yuan,
    },
    plausible::CODES,
    rules::{Int96, Rules},
};

use crate::world::{Row, World, tree};

fn folder() -> PathBuf {
    crate::world::root().join("tests/fixtures")
}

/// Rows of a list of fixtures, with the columns that its header names.
fn list<const N: usize>(name: &str, columns: [&str; N]) -> Vec<[String; N]> {
    let mut reader = csv::Reader::from_path(folder().join(name)).expect("a list");
    let header = reader.headers().expect("a header").clone();
    let places =
        columns.map(|column| header.iter().position(|known| known == column).expect("the column"));
    let records = reader.records().map(|record| record.expect("a line"));
    records.map(|record| places.map(|place| record[place].to_owned())).collect()
}

/// The rows that a base has, every field as text.
fn expected(base: &str) -> Vec<Vec<String>> {
    let name = match base {
        "full" => "expected.csv".to_owned(),
        base => format!("expected-{base}.csv"),
    };
    list(&name, FIELDS.map(Field::name)).into_iter().map(Vec::from).collect()
}

/// The rows of a file as the library reads them.
fn rows(path: &Path, int96: Int96) -> Result<Vec<Vec<String>>, String> {
    let source =
        ParquetSource::open(Side::Treating, "fixture", path).map_err(|f| format!("{f:?}"))?;
    let mut rows = Vec::new();
    for row_group in 0..source.metadata.num_row_groups() {
        let batches = Batches::open(&source, row_group, int96, 1000, None, &Arc::default());
        for batch in batches.map_err(|error| format!("{error:?}"))? {
            let batch = batch.map_err(|error| format!("{error:?}"))?;
            rows.extend((0..batch.rows).map(|row| as_text(&Record::of(&batch, row))));
        }
    }
    Ok(rows)
}

fn as_text(record: &Record) -> Vec<String> {
    let day = |day: Option<i32>| {
        let day = day.and_then(chrono::NaiveDate::from_epoch_days);
        day.map(|day| day.to_string()).unwrap_or_default()
    };
    let value = |field: Field| match (field.kind(), field) {
        (FieldKind::Text, _) => record.text(field).unwrap_or_default().to_owned(),
        (FieldKind::Date, Field::begndate) => day(record.begndate),
        (FieldKind::Date, _) => day(record.enddate),
        (FieldKind::Time, _) => {
            let seconds = record.setl_time.div_euclid(1_000_000);
            let time = chrono::DateTime::from_timestamp(seconds, 0).expect("a time");
            time.format("%Y-%m-%d %H:%M:%S").to_string()
        }
        (FieldKind::Amount, _) => record.amount(field).map(yuan).unwrap_or_default(),
    };
    FIELDS.map(value).into()
}

/// The first place in which rows are not as expected.
fn first_difference(found: &[Vec<String>], expected: &[Vec<String>]) -> Option<String> {
    if found.len() != expected.len() {
        return Some(format!("{} rows, expected {}", found.len(), expected.len()));
    }
    found.iter().zip(expected).enumerate().find_map(|(row, (found, expected))| {
        let mut fields = FIELDS.iter().zip(found.iter().zip(expected));
        let (field, (found, expected)) = fields.find(|(_, (found, expected))| found != expected)?;
        Some(format!("row {row}, {}: {found:?}, expected {expected:?}", field.name()))
    })
}

#[test]
fn every_variant_holds_the_rows_of_its_base() {
    let mut bases: BTreeMap<String, Vec<Vec<String>>> = BTreeMap::new();
    let mut problems = Vec::new();
    let variants = list("variants.csv", ["file", "base"]);
    assert!(variants.len() > 100);
    for [file, base] in variants {
        let path = folder().join(&file);
        // INT96 that holds local time equals its base when the rules say so.
        let readings = if base == "shifted8" {
            vec![(Int96::Utc, "shifted8"), (Int96::Local, "full")]
        } else {
            vec![(Int96::Utc, base.as_str())]
        };
        for (int96, base) in readings {
            let expected = bases.entry(base.to_owned()).or_insert_with(|| expected(base));
            let difference = match rows(&path, int96) {
                Ok(found) => first_difference(&found, expected),
                Err(error) => Some(error),
            };
            problems.extend(difference.map(|difference| format!("{file}: {difference}")));
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

#[test]
fn disputed_files_are_refused_or_right() {
    for [file, base] in list("disputed.csv", ["file", "base"]) {
        if let Ok(found) = rows(&folder().join(&file), Int96::Utc) {
            assert_eq!(first_difference(&found, &expected(&base)), None, "{file}");
        }
    }
}

/// Runs a delivery in this process, as a dry run.
fn try_delivery(world: &World) -> Outcome<RunReport> {
    let options = RunOptions {
        engine: std::sync::Arc::new(liangqing::reconcile::reader::Local),
        period: Month::new(2025, 11),
        input: world.input("2025-11"),
        book: world.book(),
        opening_quotas: None,
        daily: None,
        rules: Rules::built_in(),
        accept: CODES.into(),
        as_of: None,
        memory: 1 << 20,
        signer: None,
        form: liangqing::columnar::shape::TableForm::default(),
        dry_run: true,
        usual_percent: None,
        independent: None,
    };
    run(&options, &Monitor::silent())
}

/// A delivery of the period 2025-11 with a fixture on sides.
fn deliver(file: &str, sides: &[&str]) -> World {
    let world = World::new();
    for side in sides {
        let to = world.input("2025-11").join(side);
        fs::create_dir_all(&to).expect("made");
        fs::copy(folder().join(file), to.join("fixture.parquet")).expect("copied");
    }
    world
}

/// What was normalised, in the words of `variants.csv`.
fn normalised(report: &RunReport) -> BTreeSet<&'static str> {
    let Normalisations {
        alias_columns,
        respelled_columns,
        integer_code_columns,
        null_columns,
        extra_columns,
        rescaled_columns,
        utc_time_columns,
        int96_columns,
        null_amounts,
        empty_texts,
        padded_flags,
    } = report.normalisations;
    let counts = [
        ("alias", alias_columns),
        ("respelled", respelled_columns),
        ("integer_code", integer_code_columns),
        ("null_column", null_columns),
        ("extra_column", extra_columns),
        ("decimal_scale", rescaled_columns),
        ("timestamp_utc", utc_time_columns),
        ("int96", int96_columns),
        ("null_amount", null_amounts),
        ("empty_text", empty_texts),
        ("padded_flag", padded_flags),
    ];
    counts.into_iter().filter(|(_, count)| *count > 0).map(|(name, _)| name).collect()
}

#[test]
fn every_variant_is_a_delivery_and_its_normalisations_are_counted() {
    let mut problems = Vec::new();
    for [file, base, normalisations] in list("variants.csv", ["file", "base", "normalisations"]) {
        let world = deliver(&file, &["treating", "insured"]);
        let report = match try_delivery(&world) {
            Ok(report) => report,
            Err(failure) => {
                problems.push(format!("{file}: {failure:?}"));
                continue;
            }
        };
        let expected: BTreeSet<&str> =
            normalisations.split(',').filter(|name| !name.is_empty()).collect();
        let found = normalised(&report);
        if report.rejects > 0 {
            problems.push(format!("{file}: {} rejects", report.rejects));
        }
        // Whether a column without values was converted is nobody's concern.
        if found != expected && base != "empty" {
            problems.push(format!("{file}: {found:?}, expected {expected:?}"));
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

/// The code of a finding for each reason in `refused.csv`.
fn code_of(why: &str) -> &'static str {
    match why {
        "damaged" | "checksum" => "F02",
        "missing_column" => "F03",
        "wrong_kind" => "F04",
        "float_amount" => "F05",
        "integer_amount" => "F06",
        "decimal_scale" | "decimal_precision" => "F07",
        "field_twice" => "F08",
        other => panic!("no code for {other}"),
    }
}

#[test]
fn every_refused_file_has_a_finding_of_its_code() {
    let mut problems = Vec::new();
    let refused = list("refused.csv", ["file", "why"]);
    assert!(refused.len() > 50);
    for [file, why] in refused {
        let world = deliver(&file, &["treating"]);
        world.deliver("2025-11", "insured/empty.parquet", &[]);
        let found = match try_delivery(&world) {
            Err(Failure::Refused(findings)) => findings,
            other => {
                problems.push(format!("{file} ({why}): {other:?}"));
                continue;
            }
        };
        let fits = |finding: &Finding| {
            finding.code.id() == code_of(&why) && finding.file == "treating/fixture.parquet"
        };
        if !found.iter().any(fits) {
            problems.push(format!("{file} ({why}): {found:?}"));
        }
        if !tree(&world.book()).is_empty() {
            problems.push(format!("{file}: the book was touched"));
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

#[test]
fn a_refused_file_ends_the_program_with_3() {
    let mut seen = BTreeSet::new();
    for [file, why] in list("refused.csv", ["file", "why"]) {
        if !seen.insert(why.clone()) {
            continue;
        }
        let world = deliver(&file, &["insured"]);
        world.deliver("2025-10", "treating/a.parquet", &[Row::new("A")]);
        world.deliver("2025-10", "insured/a.parquet", &[]);
        world.run("2025-10").expect(0);
        let before = tree(&world.path(""));
        world.deliver("2025-11", "treating/a.parquet", &[]);
        let ran = world.run("2025-11").expect(3);
        assert!(ran.stderr.contains(&format!("  {} insured/", code_of(&why))), "{}", ran.stderr);
        fs::remove_dir_all(world.input("2025-11").join("treating")).expect("removed");
        assert_eq!(tree(&world.path("")), before, "{file}");
    }
    assert_eq!(seen.len(), 9);
}
