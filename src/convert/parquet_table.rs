//! Parquet files of any column names and types as tables of an export.

use std::{path::Path, sync::Arc};

use arrow_array::{
    Array, ArrayRef, ArrowPrimitiveType, BooleanArray, PrimitiveArray, RecordBatch,
    cast::AsArray,
    types::{
        Date32Type, Decimal128Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type,
        Int64Type, TimestampMicrosecondType, TimestampMillisecondType, TimestampNanosecondType,
        TimestampSecondType, UInt8Type, UInt16Type, UInt32Type, UInt64Type,
    },
};
use arrow_schema::{DataType, TimeUnit};
use chrono::{DateTime, NaiveDate};

use super::table::{CellForm, ExportReader, ExportSink};
use crate::{
    diag::{Code, Failure, Finding, Outcome},
    ingest::any_parquet::AnyParquet,
    text::Text,
};

/// Rows that are decoded at a time.
const BATCH: usize = 4096;

/// A Parquet file.
pub(crate) struct ParquetTable {
    name: String,
    file: AnyParquet,
    sheets: [String; 1],
}

impl ParquetTable {
    /// Opens a file and checks its footer.
    pub(crate) fn open(path: &Path, name: &str) -> Outcome<ParquetTable> {
        let file = AnyParquet::open(name, path).map_err(refused)?;
        Ok(ParquetTable { name: name.to_owned(), file, sheets: [String::new()] })
    }
}

fn refused(finding: Finding) -> Failure {
    Failure::Unfit(text!("exports"), vec![finding])
}

impl ExportReader for ParquetTable {
    fn sheets(&self) -> &[String] {
        &self.sheets
    }

    fn left_out(&self) -> Vec<String> {
        self.file.nested().to_vec()
    }

    fn read(&mut self, _: usize, rows: &mut dyn ExportSink) -> Outcome<()> {
        // The names of the columns are the heading, line 1; rows of the file follow, the first in line 2.
        for name in self.file.columns() {
            rows.cell(name, CellForm::Text);
        }
        if !rows.end(1)? {
            return Ok(());
        }
        let mut line = 2;
        let damaged = |found: Text| refused(Finding::of_file(Code::F02, &self.name, found));
        for group in 0..self.file.row_groups() {
            for batch in self.file.batches(group, BATCH).map_err(damaged)? {
                let batch = batch.map_err(damaged)?;
                let columns = self.printers(&batch)?;
                for row in 0..batch.num_rows() {
                    for column in &columns {
                        column.send(row, rows);
                    }
                    if !rows.end(line)? {
                        return Ok(());
                    }
                    line += 1;
                }
            }
        }
        Ok(())
    }
}

impl ParquetTable {
    fn printers(&self, batch: &RecordBatch) -> Outcome<Vec<Printer>> {
        let printer = |(at, column): (usize, &ArrayRef)| {
            Printer::of(column, self.file.is_int96(at)).ok_or_else(|| {
                let name = self.file.columns().nth(at).unwrap_or_default().to_owned();
                let found = text!("the type {}", Text::foreign(column.data_type()));
                let place = text!("column {}", name);
                refused(Finding::new(Code::K09, &self.name, place, found))
            })
        };
        batch.columns().iter().enumerate().map(printer).collect()
    }
}

/// Prints the values of a column as texts.
struct Printer {
    column: ArrayRef,
    form: CellForm,
    print: fn(&ArrayRef, usize) -> String,
}

impl Printer {
    /// Returns the printer of a column, or `None` for a type that has no text.
    fn of(column: &ArrayRef, int96: bool) -> Option<Printer> {
        let (form, print): (CellForm, fn(&ArrayRef, usize) -> String) = match column.data_type() {
            DataType::Null => (CellForm::Text, |_, _| String::new()),
            DataType::Utf8View => {
                (CellForm::Text, |column, row| column.as_string_view().value(row).to_owned())
            }
            DataType::BinaryView => (CellForm::Text, |column, row| {
                String::from_utf8_lossy(column.as_binary_view().value(row)).into_owned()
            }),
            DataType::FixedSizeBinary(_) => (CellForm::Text, |column, row| {
                String::from_utf8_lossy(column.as_fixed_size_binary().value(row)).into_owned()
            }),
            DataType::Boolean => (CellForm::Truth, |column, row| {
                let truth: &BooleanArray = column.as_boolean();
                u8::from(truth.value(row)).to_string()
            }),
            DataType::Int8 => (CellForm::Whole, whole::<Int8Type>),
            DataType::Int16 => (CellForm::Whole, whole::<Int16Type>),
            DataType::Int32 => (CellForm::Whole, whole::<Int32Type>),
            DataType::Int64 => (CellForm::Whole, whole::<Int64Type>),
            DataType::UInt8 => (CellForm::Whole, whole::<UInt8Type>),
            DataType::UInt16 => (CellForm::Whole, whole::<UInt16Type>),
            DataType::UInt32 => (CellForm::Whole, whole::<UInt32Type>),
            DataType::UInt64 => (CellForm::Whole, whole::<UInt64Type>),
            DataType::Float32 => (CellForm::Single, whole::<Float32Type>),
            DataType::Float64 => (CellForm::Double, whole::<Float64Type>),
            DataType::Decimal128(..) => (CellForm::Decimal, |column, row| {
                column.as_primitive::<Decimal128Type>().value_as_string(row)
            }),
            DataType::Date32 => (CellForm::Day, |column, row| {
                let days = column.as_primitive::<Date32Type>().value(row);
                NaiveDate::from_epoch_days(days)
                    .map_or_else(|| days.to_string(), |day| day.to_string())
            }),
            DataType::Timestamp(unit, zone) => {
                // INT96 is an instant, as Spark and Hive write it.
                let form = if zone.is_some() || int96 { CellForm::Instant } else { CellForm::Time };
                (
                    form,
                    match unit {
                        TimeUnit::Second => |column, row| {
                            stamp(column.as_primitive::<TimestampSecondType>().value(row), 1)
                        },
                        TimeUnit::Millisecond => |column, row| {
                            stamp(
                                column.as_primitive::<TimestampMillisecondType>().value(row),
                                1_000,
                            )
                        },
                        TimeUnit::Microsecond => |column, row| {
                            stamp(
                                column.as_primitive::<TimestampMicrosecondType>().value(row),
                                1_000_000,
                            )
                        },
                        TimeUnit::Nanosecond => |column, row| {
                            stamp(
                                column.as_primitive::<TimestampNanosecondType>().value(row),
                                1_000_000_000,
                            )
                        },
                    },
                )
            }
            _ => return None,
        };
        Some(Printer { column: Arc::clone(column), form, print })
    }

    fn send(&self, row: usize, rows: &mut dyn ExportSink) {
        if self.column.is_null(row) {
            rows.cell("", CellForm::Text);
        } else if let Some(texts) = self.column.as_string_view_opt() {
            rows.cell(texts.value(row), CellForm::Text);
        } else {
            rows.cell(&(self.print)(&self.column, row), self.form);
        }
    }
}

fn whole<T: ArrowPrimitiveType>(column: &ArrayRef, row: usize) -> String
where
    T::Native: std::fmt::Display,
{
    let column: &PrimitiveArray<T> = column.as_primitive();
    column.value(row).to_string()
}

/// Writes a time since 1970 in parts of a second.
fn stamp(value: i64, parts: i64) -> String {
    let (seconds, rest) = (value.div_euclid(parts), value.rem_euclid(parts));
    let nanoseconds = rest * (1_000_000_000 / parts);
    let time = u32::try_from(nanoseconds).ok().and_then(|n| DateTime::from_timestamp(seconds, n));
    // A time that does not exist stays a number, which no rule takes for a time.
    time.map_or_else(
        || format!("{value}?"),
        |time| {
            let written = time.naive_utc().format("%Y-%m-%dT%H:%M:%S%.f");
            written.to_string()
        },
    )
}
