//! Somebody who changes a closed book and makes every digest, seal and link fit again.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use arrow_array::{
    ArrayRef, BooleanArray, Date32Array, Decimal128Array, Int32Array, Int64Array, RecordBatch,
    StringArray, TimestampMicrosecondArray, UInt32Array, UInt64Array,
};
use arrow_schema::DataType;
use chrono::{NaiveDate, NaiveDateTime};
use liangqing::{
    audit::verify::{VerifyOptions, verify},
    book::manifest::{Manifest, seal},
    columnar::shape::TABLES,
    diag::Finding,
    digest::sha256_hex,
    event::Monitor,
    model::money::{FenSum, yuan},
    place::period::{MANIFEST, SEAL},
};
use parquet::arrow::{ArrowWriter, arrow_reader::ParquetRecordBatchReaderBuilder};

use crate::world::{NULL, World, columns_in, read_table};

/// The periods of the sample book.
pub(crate) const PERIODS: [&str; 3] = ["2025-10", "2025-11", "2025-12"];

/// The sample book of three months, with something in every table.
pub(crate) fn sample_book() -> World {
    crate::replay::harness::init();
    let world = World::new();
    let samples = crate::world::root().join("sample-data");
    for period in PERIODS {
        let mut run = crate::world::program();
        run.args(["run", "--quiet", "--period", period, "--input"]).arg(samples.join(period));
        run.arg("--book").arg(world.book());
        if period == PERIODS[0] {
            run.arg("--opening-quotas").arg(samples.join("opening-quotas.csv"));
        }
        assert!(run.output().expect("started").status.success());
    }
    world
}

/// What is found in a book.
pub(crate) fn findings(book: &Path) -> Vec<Finding> {
    let options =
        VerifyOptions { book: book.to_owned(), period: None, head: None, rules: Vec::new() };
    match verify(&options, None, &Monitor::silent()) {
        Ok(_) => Vec::new(),
        Err(failure) => {
            assert_eq!(failure.exit_status(), 5, "{failure}");
            failure.findings().to_vec()
        }
    }
}

/// Makes manifests and seals fit the files again, as a careful forger would.
pub(crate) fn reseal(book: &Path) {
    reseal_with(book, |_| {});
}

fn reseal_with(book: &Path, edit: impl Fn(&mut Manifest)) {
    let mut before: Option<String> = None;
    for folder in PERIODS.map(|period| book.join(period)).iter().filter(|f| f.exists()) {
        let text = fs::read(folder.join(MANIFEST)).expect("read");
        let mut manifest: Manifest = serde_json::from_slice(&text).expect("a manifest");
        for output in &mut manifest.outputs {
            let bytes = fs::read(folder.join(&output.path)).expect("read");
            output.bytes = bytes.len() as u64;
            output.sha256 = sha256_hex(&bytes);
            output.rows = read(&folder.join(&output.path)).num_rows() as u64;
        }
        manifest.previous_manifest_sha256 = before;
        edit(&mut manifest);
        let bytes = manifest.to_bytes().expect("written");
        let digest = sha256_hex(&bytes);
        fs::write(folder.join(SEAL), seal(&bytes, None)).expect("written");
        fs::write(folder.join(MANIFEST), bytes).expect("written");
        before = Some(digest);
    }
}

pub(crate) fn read(path: &Path) -> RecordBatch {
    let file = fs::File::open(path).expect("a file");
    let builder = ParquetRecordBatchReaderBuilder::try_new(file).expect("Parquet");
    let schema = Arc::clone(builder.schema());
    let batches: Vec<RecordBatch> =
        builder.build().expect("readable").collect::<Result<_, _>>().expect("readable");
    assert!(batches.len() <= 1, "small tables are read at once");
    batches.into_iter().next().unwrap_or_else(|| RecordBatch::new_empty(schema))
}

pub(crate) fn write(path: &Path, batches: &[RecordBatch]) {
    let file = fs::File::create(path).expect("made");
    let mut writer = ArrowWriter::try_new(file, batches[0].schema(), None).expect("a writer");
    for batch in batches {
        writer.write(batch).expect("written");
    }
    writer.close().expect("closed");
}

/// A row by column, as text; nothing is [`NULL`].
pub(crate) type Line = BTreeMap<String, String>;

/// Columns and their values.
pub(crate) type Cells<'a> = &'a [(&'a str, &'a str)];

/// A book whose tables are changed as text.
pub(crate) struct Forger {
    book: PathBuf,
}

impl Forger {
    pub(crate) fn of(book: &Path) -> Forger {
        Forger { book: book.to_owned() }
    }

    fn path(&self, period: &str, table: &str) -> PathBuf {
        let folder = self.book.join(period);
        match table {
            "register" | "reversals" => folder.join(format!("{table}.parquet")),
            _ => folder.join("tables").join(format!("{table}.parquet")),
        }
    }

    /// Changes the rows of a table, which are brought into its order again.
    pub(crate) fn edit(&self, period: &str, table: &str, edit: impl FnOnce(&mut Vec<Line>)) {
        let path = self.path(period, table);
        let names = columns_in(&path);
        let columns: Vec<&str> = names.iter().map(String::as_str).collect();
        let rows = read_table(&path, &columns).into_iter();
        let mut rows: Vec<Line> =
            rows.map(|row| names.iter().cloned().zip(row).collect()).collect();
        edit(&mut rows);
        sort(table, &mut rows);
        let schema = read(&path).schema();
        let arrays = schema.fields().iter().map(|field| {
            let values: Vec<&str> = rows.iter().map(|row| row[field.name()].as_str()).collect();
            array(&values, field.data_type())
        });
        let batch = RecordBatch::try_new(Arc::clone(&schema), arrays.collect());
        write(&path, &[batch.expect("columns of one length")]);
    }

    /// Changes cells of the rows that have some values; an amount that begins with `+` is added.
    pub(crate) fn set(&self, period: &str, table: &str, of: Cells, to: Cells) {
        self.edit(period, table, |rows| {
            let mut some = false;
            for row in rows.iter_mut().filter(|row| has(row, of)) {
                some = true;
                for (column, value) in to {
                    let old = fen(&row[*column]);
                    let new = match value.strip_prefix('+') {
                        Some(more) => yuan(FenSum::new(old + fen(more))),
                        None => (*value).to_owned(),
                    };
                    row.insert((*column).to_owned(), new);
                }
            }
            assert!(some, "{period} {table} {of:?}");
        });
    }

    /// Removes the rows that have some values.
    pub(crate) fn remove(&self, period: &str, table: &str, of: Cells) {
        self.edit(period, table, |rows| {
            let before = rows.len();
            rows.retain(|row| !has(row, of));
            assert!(rows.len() < before, "{period} {table} {of:?}");
        });
    }

    /// Moves rows, cost and payable from a bucket of control to another, on a side.
    pub(crate) fn shift(&self, period: &str, side: &str, buckets: [&str; 2], totals: [i64; 3]) {
        let [rows, medfee, payable] = totals.map(i128::from);
        for (bucket, sign) in buckets.into_iter().zip([-1, 1]) {
            self.edit(period, "control", |lines| {
                let of = [("side", side), ("bucket", bucket)];
                let line = lines.iter_mut().find(|line| has(line, &of)).expect("a bucket");
                let more = |text: &str, more: i128| yuan(FenSum::new(fen(text) + sign * more));
                let found: i128 = line["rows"].parse().expect("a number");
                line.insert("rows".to_owned(), (found + sign * rows).to_string());
                let medfee = more(&line["medfee_sumamt"], medfee * 100);
                let payable = more(&line["payable"], payable * 100);
                line.extend([
                    ("medfee_sumamt".to_owned(), medfee),
                    ("payable".to_owned(), payable),
                ]);
            });
        }
    }

    /// Cuts the book off after a period.
    pub(crate) fn cut(&self, last: &str) {
        for period in PERIODS.into_iter().filter(|period| *period > last) {
            fs::remove_dir_all(self.book.join(period)).expect("removed");
        }
    }

    /// Makes control in the manifests fit the tables, then all digests; a manifest may be changed before.
    pub(crate) fn seal(&self, edit: impl Fn(&mut Manifest)) {
        reseal_with(&self.book, |manifest| {
            let path = self.path(&manifest.period, "control");
            let columns = ["side", "bucket", "rows", "medfee_sumamt", "payable"];
            let rows = read_table(&path, &columns);
            for entry in &mut manifest.control {
                let of = [&entry.side, &entry.bucket];
                let row = rows.iter().find(|row| [&row[0], &row[1]] == of).expect("a bucket");
                entry.rows = row[2].parse().expect("a number");
                (entry.medfee_sumamt, entry.payable) = (row[3].clone(), row[4].clone());
            }
            edit(manifest);
        });
    }
}

fn has(row: &Line, values: Cells) -> bool {
    values.iter().all(|(column, value)| row[*column] == *value)
}

/// Brings rows into the order of their table; what orders otherwise than text stays where it is.
fn sort(table: &str, rows: &mut [Line]) {
    let spec = TABLES.iter().find(|spec| spec.name == table);
    match table {
        "register" | "reversals" => rows.sort_by_key(|row| {
            ["key", "check"].map(|column| row[column].parse::<u64>().expect("a number"))
        }),
        "control" | "break_fields" => {}
        "rejects" => rows.sort_by_key(|row| {
            let number: i64 = row["row"].parse().expect("a number");
            (row["side"].clone(), row["file"].clone(), number)
        }),
        _ => {
            let key = spec.expect("a table").key;
            rows.sort_by_key(|row| {
                key.iter().map(|column| row[*column].clone()).collect::<Vec<_>>()
            });
        }
    }
}

/// An amount as fen; anything else is 0.
fn fen(text: &str) -> i128 {
    let Some((yuan, cents)) = text.split_once('.').filter(|(_, cents)| cents.len() == 2) else {
        return 0;
    };
    format!("{yuan}{cents}").parse().unwrap_or(0)
}

/// A column of text as a type of the tables.
fn array(values: &[&str], kind: &DataType) -> ArrayRef {
    let there = || values.iter().map(|value| (*value != NULL).then_some(*value));
    macro_rules! parsed {
        ($array:ty) => {
            Arc::new(there().map(|v| v.map(|v| v.parse().expect("a number"))).collect::<$array>())
        };
    }
    match kind {
        DataType::Utf8 => Arc::new(there().collect::<StringArray>()),
        DataType::Boolean => Arc::new(
            there()
                .map(|v| v.map(|v| v.parse::<bool>().expect("a flag")))
                .collect::<BooleanArray>(),
        ),
        DataType::Decimal128(digits, scale) => {
            let fen = there().map(|value| value.map(fen)).collect::<Decimal128Array>();
            Arc::new(fen.with_precision_and_scale(*digits, *scale).expect("fits"))
        }
        DataType::Date32 => {
            let day = |text: &str| text.parse::<NaiveDate>().expect("a day").to_epoch_days();
            Arc::new(there().map(|value| value.map(day)).collect::<Date32Array>())
        }
        DataType::Timestamp(..) => {
            let time = |text: &str| {
                let time = NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S");
                time.expect("a time").and_utc().timestamp_micros()
            };
            Arc::new(there().map(|value| value.map(time)).collect::<TimestampMicrosecondArray>())
        }
        DataType::Int64 => parsed!(Int64Array),
        DataType::Int32 => parsed!(Int32Array),
        DataType::UInt64 => parsed!(UInt64Array),
        DataType::UInt32 => parsed!(UInt32Array),
        other => panic!("no column of a table is {other}"),
    }
}
