//! Small deliveries in a folder of their own, the program that clears them, and what it leaves behind.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    path::{Path, PathBuf},
    process::{Command, Output},
    sync::Arc,
};

use arrow_array::{
    Array, ArrayRef, Date32Array, Decimal128Array, RecordBatch, StringArray,
    TimestampMicrosecondArray,
    cast::AsArray,
    types::{
        Date32Type, Decimal128Type, Int32Type, Int64Type, TimestampMicrosecondType, UInt32Type,
        UInt64Type,
    },
};
use arrow_schema::{DataType, Field as Column, Schema};
use chrono::{DateTime, NaiveDate, NaiveDateTime};
use liangqing::{
    digest::sha256_hex,
    model::{
        fields::{FIELDS, FUNDS, Field, FieldKind},
        money::{FenSum, yuan},
    },
};
use parquet::{
    arrow::{ArrowWriter, arrow_reader::ParquetRecordBatchReaderBuilder},
    file::{metadata::KeyValue, properties::WriterProperties},
};
use tempfile::TempDir;

/// The program under test.
pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_liangqing");

/// The program, in English whatever the machine speaks.
pub(crate) fn program() -> Command {
    let mut command = Command::new(PROGRAM);
    command.env("LC_ALL", "C");
    command
}

/// The folder of the whole project: the package that builds the program is below it.
pub(crate) fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
}

/// How a null looks in rows that are read back.
pub(crate) const NULL: &str = "-";

/// A settlement as one side delivers it: what is not set makes it valid.
///
/// By default an employee of Anhui (34) is treated as an outpatient in Shanghai (31) for 1000.00 yuan, of
/// which the pooled fund bears 700.00 and the personal account 100.00, so 800.00 are payable. Totals
/// follow the parts, and a reversal has the opposite sign, unless they are set themselves.
#[derive(Debug, Clone, Default)]
pub(crate) struct Row {
    values: BTreeMap<Field, Option<String>>,
}

impl Row {
    pub(crate) fn new(setl_id: &str) -> Row {
        Row::default().with(Field::setl_id, setl_id)
    }

    /// The reversal of a settlement.
    pub(crate) fn reversal(setl_id: &str, original: &str) -> Row {
        Row::new(setl_id).with(Field::init_setl_id, original)
    }

    pub(crate) fn with(mut self, field: Field, value: impl Into<String>) -> Row {
        self.values.insert(field, Some(value.into()));
        self
    }

    pub(crate) fn without(mut self, field: Field) -> Row {
        self.values.insert(field, None);
        self
    }

    /// Settled on the 15th of a month.
    pub(crate) fn in_month(self, month: &str) -> Row {
        self.with(Field::setl_time, format!("{month}-15 10:00:00"))
    }

    fn text(&self, field: Field) -> Option<&str> {
        if let Some(value) = self.values.get(&field) {
            return value.as_deref();
        }
        match field {
            Field::psn_no => Some("P1"),
            Field::insuplc_admdvs => Some("340100"),
            Field::mdtrtarea_admvs => Some("310100"),
            Field::fixmedins_code => Some("H31010000001"),
            Field::insutype => Some("310"),
            Field::med_type => Some("11"),
            Field::setl_time => Some("2025-10-15 10:00:00"),
            _ => None,
        }
    }

    /// An amount in units of 10^-8 yuan.
    fn amount(&self, field: Field) -> Option<i128> {
        if let Some(value) = self.values.get(&field) {
            return value.as_deref().map(units);
        }
        let sign = if self.text(Field::init_setl_id).is_some() { -1 } else { 1 };
        let sum = |fields: &[Field]| fields.iter().filter_map(|part| self.amount(*part)).sum();
        Some(match field {
            Field::hifp_pay => sign * units("700.00"),
            Field::acct_pay => sign * units("100.00"),
            Field::psn_cash_pay => sign * units("200.00"),
            Field::fund_pay_sumamt => sum(&FUNDS),
            Field::medfee_sumamt => sum(&[
                Field::fund_pay_sumamt,
                Field::acct_pay,
                Field::psn_cash_pay,
                Field::hosp_part_amt,
            ]),
            Field::fulamt_ownpay_amt
            | Field::overlmt_selfpay
            | Field::preselfpay_amt
            | Field::inscp_scp_amt => return None,
            _ => 0,
        })
    }
}

/// Units of 10^-8 yuan, and how many of them a fen has.
fn units(text: &str) -> i128 {
    let (yuan, parts) = text.split_once('.').unwrap_or((text, "00"));
    assert!((2..=8).contains(&parts.len()), "{text} has two decimals or more");
    format!("{yuan}{parts:0<8}").parse().expect("an amount")
}
const FEN: i128 = 1_000_000;

/// Rows as Arrow has them, every field of the record a column; amounts have more than two decimals where a
/// value in their column needs them.
pub(crate) fn batch(rows: &[Row]) -> RecordBatch {
    let column = |field: Field| -> ArrayRef {
        match field.kind() {
            FieldKind::Text => {
                Arc::new(rows.iter().map(|row| row.text(field)).collect::<StringArray>())
            }
            FieldKind::Date => {
                Arc::new(rows.iter().map(|row| row.text(field).map(days)).collect::<Date32Array>())
            }
            FieldKind::Time => Arc::new(
                rows.iter()
                    .map(|row| row.text(field).map(micros))
                    .collect::<TimestampMicrosecondArray>(),
            ),
            FieldKind::Amount => {
                let amounts: Vec<Option<i128>> = rows.iter().map(|row| row.amount(field)).collect();
                let any = |is: fn(&i128) -> bool| amounts.iter().flatten().any(is);
                if any(|amount| amount % FEN != 0) {
                    return decimals(amounts, 38, 8);
                }
                let wide = any(|amount| (amount / FEN).unsigned_abs() >= 10u128.pow(16));
                let fen = amounts.iter().map(|amount| amount.map(|units| units / FEN)).collect();
                decimals(fen, if wide { 38 } else { 16 }, 2)
            }
        }
    };
    let columns = FIELDS.map(|field| (field.name(), column(field)));
    of_columns(columns)
}

fn of_columns<'a>(columns: impl IntoIterator<Item = (&'a str, ArrayRef)>) -> RecordBatch {
    let (fields, arrays): (Vec<Column>, Vec<ArrayRef>) = columns
        .into_iter()
        .map(|(name, array)| (Column::new(name, array.data_type().clone(), true), array))
        .unzip();
    RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays).expect("columns of one length")
}

/// A decimal column, given in its own units.
pub(crate) fn decimals(values: Vec<Option<i128>>, digits: u8, scale: i8) -> ArrayRef {
    let array = Decimal128Array::from(values).with_precision_and_scale(digits, scale);
    Arc::new(array.expect("a decimal type"))
}

/// A batch with a column in place of the one of that name, or added at its end.
pub(crate) fn with_column(batch: &RecordBatch, name: &str, array: ArrayRef) -> RecordBatch {
    let mut columns = columns_of(batch);
    match columns.iter_mut().find(|(known, _)| known == name) {
        Some((_, old)) => *old = array,
        None => columns.push((name.to_owned(), array)),
    }
    of_columns(columns.iter().map(|(name, array)| (name.as_str(), Arc::clone(array))))
}

/// A batch without a column.
pub(crate) fn without_column(batch: &RecordBatch, name: &str) -> RecordBatch {
    let columns = columns_of(batch);
    let kept = columns.iter().filter(|(known, _)| known != name);
    of_columns(kept.map(|(name, array)| (name.as_str(), Arc::clone(array))))
}

fn columns_of(batch: &RecordBatch) -> Vec<(String, ArrayRef)> {
    let schema = batch.schema();
    let names = schema.fields().iter().map(|field| field.name().clone());
    names.zip(batch.columns().iter().cloned()).collect()
}

/// Writes a Parquet file and the folders above it.
pub(crate) fn write_parquet(path: &Path, batch: &RecordBatch) {
    write_marked(path, batch, "");
}

/// Writes a Parquet file with a mark in its footer, and the folders above it.
fn write_marked(path: &Path, batch: &RecordBatch, mark: &str) {
    fs::create_dir_all(path.parent().expect("a folder")).expect("made");
    let file = File::create(path).expect("created");
    let mark = KeyValue::new("mark".to_owned(), mark.to_owned());
    let properties = WriterProperties::builder().set_key_value_metadata(Some(vec![mark])).build();
    let mut writer =
        ArrowWriter::try_new(file, batch.schema(), Some(properties)).expect("a writer");
    writer.write(batch).expect("written");
    writer.close().expect("closed");
}

fn days(text: &str) -> i32 {
    text.parse::<NaiveDate>().expect("a day").to_epoch_days()
}

/// Microseconds of a time; the ends of their range are what databases export for infinity.
fn micros(text: &str) -> i64 {
    match text {
        "infinity" => return i64::MAX,
        "-infinity" => return i64::MIN,
        _ => {}
    }
    let time = NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S%.f").expect("a time");
    time.and_utc().timestamp_micros()
}

/// What a run of the program gave back.
#[derive(Debug)]
pub(crate) struct Ran {
    /// Exit status; 128 + n when signal n ended it.
    pub(crate) status: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl From<Output> for Ran {
    fn from(output: Output) -> Ran {
        use std::os::unix::process::ExitStatusExt;
        let killed = || output.status.signal().map_or(-1, |signal| 128 + signal);
        Ran {
            status: output.status.code().unwrap_or_else(killed),
            stdout: String::from_utf8(output.stdout).expect("UTF-8"),
            stderr: String::from_utf8(output.stderr).expect("UTF-8"),
        }
    }
}

impl Ran {
    /// Fails the test unless the program ended with a status.
    #[track_caller]
    pub(crate) fn expect(self, status: i32) -> Ran {
        let Ran { status: found, stdout, stderr } = &self;
        assert_eq!(*found, status, "stdout:\n{stdout}\nstderr:\n{stderr}");
        self
    }
}

/// A folder with deliveries `in/<period>` and a book `book`.
#[derive(Debug)]
pub(crate) struct World {
    folder: TempDir,
}

impl World {
    pub(crate) fn new() -> World {
        World { folder: tempfile::tempdir().expect("a folder") }
    }

    pub(crate) fn path(&self, below: &str) -> PathBuf {
        self.folder.path().join(below)
    }

    pub(crate) fn input(&self, period: &str) -> PathBuf {
        self.path("in").join(period)
    }

    pub(crate) fn book(&self) -> PathBuf {
        self.path("book")
    }

    /// Writes rows to a Parquet file of a delivery.
    pub(crate) fn deliver(&self, period: &str, file: &str, rows: &[Row]) {
        self.deliver_batch(period, file, &batch(rows));
    }

    pub(crate) fn deliver_batch(&self, period: &str, file: &str, batch: &RecordBatch) {
        // No two of them have the same bytes.
        write_marked(&self.input(period).join(file), batch, &format!("{period}/{file}"));
    }

    /// Writes the same rows to a file of each side.
    pub(crate) fn deliver_both(&self, period: &str, rows: &[Row]) {
        for side in ["treating", "insured"] {
            self.deliver(period, &format!("{side}/a.parquet"), rows);
        }
    }

    /// Writes a small file of a delivery.
    pub(crate) fn small_file(&self, period: &str, name: &str, text: impl AsRef<[u8]>) {
        let path = self.input(period).join(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("made");
        fs::write(path, text).expect("written");
    }

    /// The command that closes a period of the book; opening quotas next to the deliveries are taken, and a
    /// first period without them is meant.
    pub(crate) fn command(&self, period: &str) -> Command {
        let mut command = self.asking_command(period);
        command.args(["--accept", "G04"]);
        command
    }

    /// The same, with nothing that is meant.
    pub(crate) fn asking_command(&self, period: &str) -> Command {
        let mut command = program();
        command.args(["run", "--quiet", "--period", period, "--input"]).arg(self.input(period));
        command.arg("--book").arg(self.book());
        let quotas = self.input(period).join("opening-quotas.csv");
        if quotas.exists() {
            command.arg("--opening-quotas").arg(quotas);
        }
        command
    }

    pub(crate) fn run(&self, period: &str) -> Ran {
        self.run_with(period, &[])
    }

    pub(crate) fn run_with(&self, period: &str, flags: &[&str]) -> Ran {
        self.command(period).args(flags).output().expect("started").into()
    }

    pub(crate) fn verify(&self, flags: &[&str]) -> Ran {
        let mut command = program();
        command.args(["verify", "--quiet", "--book"]).arg(self.book()).args(flags);
        command.output().expect("started").into()
    }

    /// Some columns of a table of a closed period.
    pub(crate) fn table(&self, period: &str, name: &str, columns: &[&str]) -> Vec<Vec<String>> {
        let path = self.book().join(period).join("tables").join(format!("{name}.parquet"));
        read_table(&path, columns)
    }
}

/// Some columns of a Parquet file as text.
pub(crate) fn read_table(path: &Path, columns: &[&str]) -> Vec<Vec<String>> {
    let file = File::open(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let builder = ParquetRecordBatchReaderBuilder::try_new(file).expect("a Parquet file");
    let mut rows = Vec::new();
    for batch in builder.build().expect("a reader") {
        let batch = batch.expect("a batch");
        let arrays: Vec<&ArrayRef> = columns
            .iter()
            .map(|name| {
                let array = batch.column_by_name(name);
                array.unwrap_or_else(|| panic!("{} has no column {name}", path.display()))
            })
            .collect();
        rows.extend(
            (0..batch.num_rows()).map(|row| arrays.iter().map(|array| value(array, row)).collect()),
        );
    }
    rows
}

/// Every column of a Parquet file, in its order.
pub(crate) fn columns_in(path: &Path) -> Vec<String> {
    let file = File::open(path).expect("a file");
    let builder = ParquetRecordBatchReaderBuilder::try_new(file).expect("a Parquet file");
    builder.schema().fields().iter().map(|field| field.name().clone()).collect()
}

fn value(array: &ArrayRef, row: usize) -> String {
    if array.is_null(row) {
        return NULL.to_owned();
    }
    match array.data_type() {
        DataType::Utf8 => array.as_string::<i32>().value(row).to_owned(),
        DataType::Boolean => array.as_boolean().value(row).to_string(),
        DataType::Int32 => array.as_primitive::<Int32Type>().value(row).to_string(),
        DataType::Int64 => array.as_primitive::<Int64Type>().value(row).to_string(),
        DataType::UInt32 => array.as_primitive::<UInt32Type>().value(row).to_string(),
        DataType::UInt64 => array.as_primitive::<UInt64Type>().value(row).to_string(),
        DataType::Decimal128(_, 2) => {
            yuan(FenSum::new(array.as_primitive::<Decimal128Type>().value(row)))
        }
        DataType::Date32 => {
            let day = array.as_primitive::<Date32Type>().value(row);
            NaiveDate::from_epoch_days(day).expect("a day").to_string()
        }
        DataType::Timestamp(..) => {
            let micros = array.as_primitive::<TimestampMicrosecondType>().value(row);
            let time = DateTime::from_timestamp_micros(micros).expect("a time");
            time.format("%Y-%m-%dT%H:%M:%S").to_string()
        }
        other => panic!("no column of a table is {other}"),
    }
}

/// Everything below a folder: each file with its digest, each folder. A folder that is not there is the
/// same as an empty one.
pub(crate) fn tree(folder: &Path) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let Ok(entries) = fs::read_dir(folder) else { return found };
    for entry in entries {
        let path = entry.expect("an entry").path();
        let name = path.file_name().expect("a name").to_string_lossy().into_owned();
        if path.is_dir() {
            let below = tree(&path).into_iter().map(|(file, sha)| (format!("{name}/{file}"), sha));
            found.extend(below);
            found.insert(name, "folder".to_owned());
        } else {
            found.insert(name, sha256_hex(&fs::read(&path).expect("read")));
        }
    }
    found
}

/// The rows of a CSV file for spreadsheets, by heading.
pub(crate) fn spreadsheet(path: &Path) -> Vec<BTreeMap<String, String>> {
    let bytes = fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let text = bytes.strip_prefix(b"\xef\xbb\xbf").expect("a mark of UTF-8");
    csv::Reader::from_reader(text).deserialize().collect::<Result<_, _>>().expect("CSV")
}

/// Names in a folder.
pub(crate) fn names_in(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).expect("a folder");
    let mut names: Vec<String> = entries
        .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

/// Copies a folder.
pub(crate) fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("made");
    for entry in fs::read_dir(from).expect("a folder") {
        let path = entry.expect("an entry").path();
        let to = to.join(path.file_name().expect("a name"));
        if path.is_dir() {
            copy(&path, &to);
        } else {
            fs::copy(&path, &to).expect("copied");
        }
    }
}
