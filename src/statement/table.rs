//! A table of a period, built column by column, written as Parquet, read back by name.

use std::{fs::File, io::Write, path::Path, sync::Arc};

use arrow_array::{
    Array, ArrayRef, BooleanArray, Date32Array, Decimal128Array, Int64Array, RecordBatch,
    StringArray, TimestampMicrosecondArray, cast::AsArray, types::Decimal128Type,
};
use arrow_schema::{DataType, Field, Schema};
use parquet::{
    arrow::{
        ArrowWriter, arrow_reader::ParquetRecordBatchReaderBuilder,
        arrow_writer::ArrowWriterOptions,
    },
    basic::Compression,
    file::properties::{WriterProperties, WriterPropertiesBuilder},
};
use sha2::{Digest, Sha256};

use crate::{
    book::manifest::FileEntry,
    diag::{Failure, Outcome},
    digest::hex,
    money::{Fen, FenSum},
};

/// A table under construction.
pub struct Table {
    name: &'static str,
    fields: Vec<Field>,
    columns: Vec<ArrayRef>,
}

impl Table {
    /// An empty table.
    pub fn new(name: &'static str) -> Table {
        Table { name, fields: Vec::new(), columns: Vec::new() }
    }

    fn column(mut self, name: &str, array: impl Array + 'static) -> Table {
        self.fields.push(Field::new(name, array.data_type().clone(), true));
        self.columns.push(Arc::new(array));
        self
    }

    /// A text column.
    pub fn text<T: AsRef<str>>(self, name: &str, values: impl Iterator<Item = Option<T>>) -> Table {
        self.column(name, values.collect::<StringArray>())
    }

    /// A column of whole numbers.
    pub fn count(self, name: &str, values: impl Iterator<Item = i64>) -> Table {
        self.column(name, values.map(Some).collect::<Int64Array>())
    }

    /// A column of amounts of one record, `DECIMAL(16,2)`, given in fen.
    pub fn amount(self, name: &str, values: impl Iterator<Item = Option<Fen>>) -> Table {
        self.decimal(name, 16, values.map(|fen| fen.map(FenSum::from)))
    }

    /// A column of sums, `DECIMAL(38,2)`, given in fen.
    pub fn sum(self, name: &str, values: impl Iterator<Item = FenSum>) -> Table {
        self.decimal(name, 38, values.map(Some))
    }

    /// A column of sums, some of which are not known yet.
    pub fn sum_or_null(self, name: &str, values: impl Iterator<Item = Option<FenSum>>) -> Table {
        self.decimal(name, 38, values)
    }

    fn decimal(
        self,
        name: &str,
        digits: u8,
        values: impl Iterator<Item = Option<FenSum>>,
    ) -> Table {
        let array = values.collect::<Decimal128Array>().with_precision_and_scale(digits, 2);
        self.column(name, array.expect("Invariant: 2 decimals fit 16 and 38 digits"))
    }

    /// A column of days, counted from 1970-01-01.
    pub fn date(self, name: &str, values: impl Iterator<Item = Option<i32>>) -> Table {
        self.column(name, values.collect::<Date32Array>())
    }

    /// A column of local times, in microseconds from 1970-01-01.
    pub fn time(self, name: &str, values: impl Iterator<Item = i64>) -> Table {
        self.column(name, values.map(Some).collect::<TimestampMicrosecondArray>())
    }

    /// A column of yes and no.
    pub fn flag(self, name: &str, values: impl Iterator<Item = Option<bool>>) -> Table {
        self.column(name, values.collect::<BooleanArray>())
    }

    /// Writes the table to `<folder>/tables/<name>.parquet`.
    pub fn write(self, folder: &Path) -> Outcome<FileEntry> {
        let path = format!("tables/{}.parquet", self.name);
        let properties = reproducible().set_compression(Compression::SNAPPY).build();
        let schema = Arc::new(Schema::new(self.fields));
        let mut writer = ParquetFile::create(folder, &path, &schema, properties)?;
        let batch = RecordBatch::try_new(schema, self.columns)
            .map_err(|error| Failure::Bug(format!("table {}: {error}", self.name)))?;
        writer.write(&batch)?;
        writer.close()
    }
}

/// Properties under which equal rows give equal bytes.
pub fn reproducible() -> WriterPropertiesBuilder {
    WriterProperties::builder()
        .set_created_by("liangqing".to_owned())
        .set_max_row_group_row_count(Some(128 * 1024))
}

/// A Parquet file being written, and hashed on the way.
pub struct ParquetFile {
    path: String,
    writer: ArrowWriter<Hashing>,
    rows: u64,
}

impl ParquetFile {
    /// Starts a file at a path below a folder.
    pub fn create(
        folder: &Path,
        path: &str,
        schema: &Arc<Schema>,
        properties: WriterProperties,
    ) -> Outcome<ParquetFile> {
        let hashing = Hashing::create(&folder.join(path))?;
        let options =
            ArrowWriterOptions::new().with_properties(properties).with_skip_arrow_metadata(true);
        let writer = ArrowWriter::try_new_with_options(hashing, Arc::clone(schema), options)
            .map_err(|error| write_failure(path, error))?;
        Ok(ParquetFile { path: path.to_owned(), writer, rows: 0 })
    }

    /// Writes rows.
    pub fn write(&mut self, batch: &RecordBatch) -> Outcome<()> {
        self.rows += batch.num_rows() as u64;
        self.writer.write(batch).map_err(|error| write_failure(&self.path, error))
    }

    /// Ends a row group.
    pub fn end_row_group(&mut self) -> Outcome<()> {
        self.writer.flush().map_err(|error| write_failure(&self.path, error))
    }

    /// Writes the footer and makes the file durable.
    pub fn close(self) -> Outcome<FileEntry> {
        let hashing = self.writer.into_inner().map_err(|error| write_failure(&self.path, error))?;
        hashing.close(self.path, self.rows)
    }
}

fn write_failure(path: &str, error: parquet::errors::ParquetError) -> Failure {
    match error {
        parquet::errors::ParquetError::External(error) => {
            match error.downcast::<std::io::Error>() {
                Ok(error) => Failure::Io { place: path.to_owned(), error: *error },
                Err(error) => Failure::Bug(format!("writing {path}: {error}")),
            }
        }
        error => Failure::Bug(format!("writing {path}: {error}")),
    }
}

/// A file that hashes what is written to it.
pub struct Hashing {
    place: String,
    file: File,
    digest: Sha256,
    bytes: u64,
}

impl Hashing {
    /// Makes a new file.
    pub fn create(path: &Path) -> Outcome<Hashing> {
        let file = File::create_new(path).map_err(Failure::io(path))?;
        Ok(Hashing { place: path.display().to_string(), file, digest: Sha256::new(), bytes: 0 })
    }

    /// Makes the file durable and says what it is.
    pub fn close(self, path: String, rows: u64) -> Outcome<FileEntry> {
        let io = |error| Failure::Io { place: self.place.clone(), error };
        self.file.sync_all().map_err(io)?;
        Ok(FileEntry { path, bytes: self.bytes, rows, sha256: hex(&self.digest.finalize()) })
    }
}

impl Write for Hashing {
    fn write(&mut self, buffer: &[u8]) -> std::io::Result<usize> {
        let written = self.file.write(buffer)?;
        self.digest.update(&buffer[..written]);
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.file.flush()
    }
}

/// A table read back from a closed period.
pub struct Stored {
    place: String,
    batches: Vec<RecordBatch>,
}

impl Stored {
    /// Reads `<folder>/tables/<name>.parquet`.
    pub fn read(folder: &Path, name: &str) -> Outcome<Stored> {
        let path = folder.join("tables").join(format!("{name}.parquet"));
        let place = path.display().to_string();
        let file = File::open(&path).map_err(Failure::io(&path))?;
        let damaged = |error: String| Failure::Book(format!("{place} cannot be read: {error}"));
        let batches = ParquetRecordBatchReaderBuilder::try_new(file)
            .and_then(ParquetRecordBatchReaderBuilder::build)
            .map_err(|error| damaged(error.to_string()))?
            .collect::<Result<Vec<_>, _>>()
            .map_err(|error| damaged(error.to_string()))?;
        Ok(Stored { place, batches })
    }

    fn arrays(&self, name: &str, kind: fn(&DataType) -> bool) -> Outcome<Vec<&ArrayRef>> {
        let array = |batch: &RecordBatch| {
            let index = batch.schema().index_of(name).ok()?;
            kind(batch.column(index).data_type()).then_some(index)
        };
        self.batches
            .iter()
            .map(|batch| {
                array(batch).map(|index| batch.column(index)).ok_or_else(|| {
                    Failure::Book(format!("{}: column {name} is not what it was", self.place))
                })
            })
            .collect()
    }

    /// A text column.
    pub fn texts(&self, name: &str) -> Outcome<Vec<Option<&str>>> {
        let arrays = self.arrays(name, |t| *t == DataType::Utf8)?;
        Ok(arrays.into_iter().flat_map(|array| array.as_string::<i32>().iter()).collect())
    }

    /// A column of amounts or sums, in fen.
    pub fn fen(&self, name: &str) -> Outcome<Vec<Option<FenSum>>> {
        let arrays = self.arrays(name, |t| matches!(t, DataType::Decimal128(_, 2)))?;
        Ok(arrays.into_iter().flat_map(|a| a.as_primitive::<Decimal128Type>().iter()).collect())
    }

    /// A column of yes and no.
    pub fn flags(&self, name: &str) -> Outcome<Vec<Option<bool>>> {
        let arrays = self.arrays(name, |t| *t == DataType::Boolean)?;
        Ok(arrays.into_iter().flat_map(|array| array.as_boolean().iter()).collect())
    }

    /// A column of days, from 1970-01-01.
    pub fn dates(&self, name: &str) -> Outcome<Vec<Option<i32>>> {
        let arrays = self.arrays(name, |t| *t == DataType::Date32)?;
        let values = |array: &ArrayRef| {
            array.as_primitive::<arrow_array::types::Date32Type>().iter().collect::<Vec<_>>()
        };
        Ok(arrays.into_iter().flat_map(values).collect())
    }
}
