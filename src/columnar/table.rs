//! A table of a period, built column by column and written as Parquet.

use std::{fs::File, io::Write, path::Path, sync::Arc};

use arrow_array::{
    Array, ArrayRef, BooleanArray, Date32Array, Decimal128Array, Int64Array, RecordBatch,
    StringArray, TimestampMicrosecondArray,
};
use arrow_schema::{Field, Schema};
use parquet::{
    arrow::{
        ArrowWriter,
        arrow_writer::{
            ArrowColumnChunk, ArrowRowGroupWriterFactory, ArrowWriterOptions, compute_leaves,
        },
    },
    basic::Compression,
    errors::ParquetError,
    file::{
        properties::{WriterProperties, WriterPropertiesBuilder},
        writer::SerializedFileWriter,
    },
};
use rayon::prelude::*;
use sha2::{Digest, Sha256};

use crate::{
    columnar::{entry::FileEntry, shape::TableSpec},
    diag::{Failure, Outcome, shown},
    digest::hex,
    model::money::{Fen, FenSum},
    text::Text,
};

/// A table under construction: the columns of its shape, in their order.
pub struct TableBuilder {
    spec: TableSpec,
    fields: Vec<Field>,
    columns: Vec<ArrayRef>,
    /// Whether it is a table of version 2 of the contract.
    is_old: bool,
}

impl TableBuilder {
    /// An empty table.
    pub fn new(spec: TableSpec) -> TableBuilder {
        TableBuilder { spec, fields: Vec::new(), columns: Vec::new(), is_old: false }
    }

    /// A table without rows.
    pub fn empty(spec: TableSpec) -> TableBuilder {
        spec.columns().into_iter().fold(TableBuilder::new(spec), |table, (name, kind)| {
            table.column(name, arrow_array::new_empty_array(&kind.data_type()))
        })
    }

    /// Leaves out the column that books of version 2 of the contract do not have.
    #[must_use]
    pub fn without_added(mut self) -> TableBuilder {
        if let Some(at) =
            self.fields.iter().position(|field| Some(field.name().as_str()) == self.spec.added)
        {
            self.fields.remove(at);
            self.columns.remove(at);
            self.is_old = true;
        }
        self
    }

    /// Whether it has the columns of its shape.
    fn check(&self) -> Outcome<()> {
        let made =
            self.fields.iter().map(|field| (field.name().as_str(), field.data_type().clone()));
        let is_left_out = |name: &str| self.is_old && self.spec.added == Some(name);
        let shape = self.spec.columns().into_iter().filter(|(name, _)| !is_left_out(name));
        Failure::unless(made.eq(shape.map(|(name, kind)| (name, kind.data_type()))), || {
            text!("table {}: not the columns of its shape", self.spec.name)
        })
    }

    fn column(mut self, name: &str, array: impl Array + 'static) -> TableBuilder {
        self.fields.push(Field::new(name, array.data_type().clone(), true));
        self.columns.push(Arc::new(array));
        self
    }

    /// A text column.
    pub fn text<T: AsRef<str>>(
        self,
        name: &str,
        values: impl Iterator<Item = Option<T>>,
    ) -> TableBuilder {
        self.column(name, values.collect::<StringArray>())
    }

    /// A column of whole numbers.
    pub fn count(self, name: &str, values: impl Iterator<Item = i64>) -> TableBuilder {
        self.column(name, values.map(Some).collect::<Int64Array>())
    }

    /// A column of whole numbers, some of which are not known.
    pub fn count_or_null(
        self,
        name: &str,
        values: impl Iterator<Item = Option<i64>>,
    ) -> TableBuilder {
        self.column(name, values.collect::<Int64Array>())
    }

    /// A column of amounts of one record, `DECIMAL(16,2)`, given in fen.
    pub fn amount(self, name: &str, values: impl Iterator<Item = Option<Fen>>) -> TableBuilder {
        self.decimal(name, 16, values.map(|fen| fen.map(FenSum::from)))
    }

    /// A column of sums, `DECIMAL(38,2)`, given in fen.
    pub fn sum(self, name: &str, values: impl Iterator<Item = FenSum>) -> TableBuilder {
        self.decimal(name, 38, values.map(Some))
    }

    /// A column of sums, some of which are not known yet.
    pub fn sum_or_null(
        self,
        name: &str,
        values: impl Iterator<Item = Option<FenSum>>,
    ) -> TableBuilder {
        self.decimal(name, 38, values)
    }

    fn decimal(
        self,
        name: &str,
        digits: u8,
        values: impl Iterator<Item = Option<FenSum>>,
    ) -> TableBuilder {
        let numbers = values.map(|sum| sum.map(FenSum::fen));
        let array = numbers.collect::<Decimal128Array>().with_precision_and_scale(digits, 2);
        self.column(name, array.expect("Invariant: 2 decimals fit 16 and 38 digits"))
    }

    /// A column of days, counted from 1970-01-01.
    pub fn date(self, name: &str, values: impl Iterator<Item = Option<i32>>) -> TableBuilder {
        self.column(name, values.collect::<Date32Array>())
    }

    /// A column of local times, in microseconds from 1970-01-01.
    pub fn time(self, name: &str, values: impl Iterator<Item = i64>) -> TableBuilder {
        self.column(name, values.map(Some).collect::<TimestampMicrosecondArray>())
    }

    /// A column of yes and no.
    pub fn flag(self, name: &str, values: impl Iterator<Item = Option<bool>>) -> TableBuilder {
        self.column(name, values.collect::<BooleanArray>())
    }

    /// Writes the table to `<folder>/tables/<name>.parquet`.
    pub fn write(self, folder: &Path) -> Outcome<FileEntry> {
        let path = self.spec.path();
        self.write_at(folder, &path)
    }

    /// Writes the table to a path below a folder.
    pub fn write_at(self, folder: &Path, path: &str) -> Outcome<FileEntry> {
        let mut file = self.create_at(folder, path)?;
        let batch = RecordBatch::try_new(Arc::new(Schema::new(self.fields)), self.columns)
            .map_err(|error| {
                Failure::Bug(text!("table {}: {}", self.spec.name, Text::foreign(error)))
            })?;
        let starts: Vec<usize> = (0..batch.num_rows()).step_by(GROUP_ROWS).collect();
        let encoder = file.encoder();
        file.append_all(&starts, |start| {
            let rows = GROUP_ROWS.min(batch.num_rows() - start);
            Ok((encoder.encode(batch.slice(*start, rows).columns())?, ()))
        })?;
        file.close()
    }

    /// Writes a table of many rows, of which few are there as columns at a time: the same bytes.
    pub fn write_by_parts<T: Sync>(
        rows: &[T],
        table: impl Fn(&[T]) -> TableBuilder + Sync,
        folder: &Path,
    ) -> Outcome<FileEntry> {
        let mut file = table(&[]).create(folder)?;
        let parts: Vec<&[T]> = rows.chunks(GROUP_ROWS).collect();
        let encoder = file.encoder();
        file.append_all(&parts, |part| Ok((encoder.encode(&table(part).columns)?, ())))?;
        file.close()
    }

    /// Writes a table of rows that come one after the other, in order, of which few are in memory at a time:
    /// the same bytes.
    pub fn write_as_it_comes<T: Send + Sync>(
        mut next: impl FnMut() -> Outcome<Option<T>> + Send,
        table: impl Fn(&[T]) -> TableBuilder + Sync,
        folder: &Path,
    ) -> Outcome<FileEntry> {
        let mut file = table(&[]).create(folder)?;
        let encoder = file.encoder();
        let mut part = || -> Outcome<Vec<T>> {
            std::iter::from_fn(|| next().transpose()).take(GROUP_ROWS).collect()
        };
        let mut rows = part()?;
        while !rows.is_empty() {
            let encode = || {
                let columns = table(&rows).columns;
                encoder.encode(&columns)
            };
            let (group, more) = rayon::join(encode, &mut part);
            file.append(group?)?;
            rows = more?;
        }
        file.close()
    }

    /// The file for it.
    fn create(&self, folder: &Path) -> Outcome<HashedParquet> {
        self.create_at(folder, &self.spec.path())
    }

    fn create_at(&self, folder: &Path, path: &str) -> Outcome<HashedParquet> {
        self.check()?;
        let properties = reproducible().set_compression(Compression::SNAPPY).build();
        let schema = Arc::new(Schema::new(self.fields.clone()));
        HashedParquet::create(folder, path, &schema, properties)
    }
}

/// A table of rows that are given one after the other, in order, of which few are in memory at a time.
pub struct TableWriter<T> {
    file: HashedParquet,
    rows: Vec<T>,
    table: fn(&[T]) -> TableBuilder,
}

impl<T> TableWriter<T> {
    /// Starts a table at a path below a folder.
    pub fn create(
        folder: &Path,
        path: &str,
        table: fn(&[T]) -> TableBuilder,
    ) -> Outcome<TableWriter<T>> {
        Ok(TableWriter { file: table(&[]).create_at(folder, path)?, rows: Vec::new(), table })
    }

    /// Adds a row.
    pub fn push(&mut self, row: T) -> Outcome<()> {
        self.rows.push(row);
        if self.rows.len() < GROUP_ROWS { Ok(()) } else { self.append() }
    }

    fn append(&mut self) -> Outcome<()> {
        let group = self.file.encoder().encode(&(self.table)(&self.rows).columns)?;
        self.rows.clear();
        self.file.append(group)
    }

    /// Writes the rest and closes the file.
    pub fn close(mut self) -> Outcome<FileEntry> {
        if !self.rows.is_empty() {
            self.append()?;
        }
        self.file.close()
    }
}

/// Rows of a row group of a table.
const GROUP_ROWS: usize = 128 * 1024;

/// Properties under which equal rows give equal bytes.
pub fn reproducible() -> WriterPropertiesBuilder {
    WriterProperties::builder().set_created_by("liangqing".to_owned())
}

/// A Parquet file being written, and hashed on the way.
pub struct HashedParquet {
    path: String,
    writer: SerializedFileWriter<Hashing>,
    encoder: Arc<Encoder>,
    rows: u64,
}

/// Makes row groups of a file, on any thread.
pub struct Encoder {
    path: String,
    schema: Arc<Schema>,
    factory: ArrowRowGroupWriterFactory,
}

/// A row group that can be appended to its file.
pub struct EncodedRowGroup {
    rows: usize,
    columns: Vec<ArrowColumnChunk>,
}

impl HashedParquet {
    /// Starts a file at a path below a folder.
    pub fn create(
        folder: &Path,
        path: &str,
        schema: &Arc<Schema>,
        properties: WriterProperties,
    ) -> Outcome<HashedParquet> {
        let hashing = Hashing::create(&folder.join(path))?;
        let options =
            ArrowWriterOptions::new().with_properties(properties).with_skip_arrow_metadata(true);
        let (writer, factory) =
            ArrowWriter::try_new_with_options(hashing, Arc::clone(schema), options)
                .and_then(ArrowWriter::into_serialized_writer)
                .map_err(|error| write_failure(path, error))?;
        let path = path.to_owned();
        let schema = Arc::clone(schema);
        let encoder = Arc::new(Encoder { path: path.clone(), schema, factory });
        Ok(HashedParquet { path, writer, encoder, rows: 0 })
    }

    /// What makes its row groups.
    pub fn encoder(&self) -> Arc<Encoder> {
        Arc::clone(&self.encoder)
    }

    /// Appends a row group.
    pub fn append(&mut self, group: EncodedRowGroup) -> Outcome<()> {
        self.rows += group.rows as u64;
        let append = || {
            let mut writer = self.writer.next_row_group()?;
            for column in group.columns {
                column.append_to_row_group(&mut writer)?;
            }
            writer.close().map(drop)
        };
        append().map_err(|error| write_failure(&self.path, error))
    }

    /// Appends what is made of each item, in their order: some row groups are made while those before
    /// them are written.
    pub fn append_all<T: Sync, R: Send>(
        &mut self,
        items: &[T],
        make: impl Fn(&T) -> Outcome<(EncodedRowGroup, R)> + Sync,
    ) -> Outcome<Vec<R>> {
        let mut made: Vec<(EncodedRowGroup, R)> = Vec::new();
        let mut results = Vec::with_capacity(items.len());
        let mut append = |made: Vec<(EncodedRowGroup, R)>| {
            made.into_iter().try_for_each(|(group, result)| {
                results.push(result);
                self.append(group)
            })
        };
        for items in items.chunks(rayon::current_num_threads() * 4) {
            let before = std::mem::take(&mut made);
            let (appended, now) = rayon::join(
                || append(before),
                || items.par_iter().map(&make).collect::<Outcome<Vec<_>>>(),
            );
            appended?;
            made = now?;
        }
        append(made)?;
        Ok(results)
    }

    /// Writes the footer and makes the file durable.
    pub fn close(mut self) -> Outcome<FileEntry> {
        self.writer.finish().map_err(|error| write_failure(&self.path, error))?;
        self.writer.inner().close(self.path, self.rows)
    }
}

impl Encoder {
    /// Makes a row group of columns, each column for itself.
    pub fn encode(&self, columns: &[ArrayRef]) -> Outcome<EncodedRowGroup> {
        self.encode_parts(&[columns])
    }

    /// Makes a row group of columns that come in parts, one below the other.
    pub fn encode_parts(&self, parts: &[&[ArrayRef]]) -> Outcome<EncodedRowGroup> {
        // The number of a row group matters to encrypted files only.
        let writers = self.factory.create_column_writers(0);
        let writers = writers.map_err(|error| write_failure(&self.path, error))?;
        let fields = self.schema.fields();
        let columns_made = writers
            .into_par_iter()
            .enumerate()
            .map(|(at, mut writer)| {
                for part in parts {
                    for leaf in compute_leaves(&fields[at], &part[at])? {
                        writer.write(&leaf)?;
                    }
                }
                writer.close()
            })
            .collect::<Result<Vec<_>, ParquetError>>()
            .map_err(|error| write_failure(&self.path, error))?;
        let rows = parts.iter().map(|part| part.first().map_or(0, Array::len)).sum();
        Ok(EncodedRowGroup { rows, columns: columns_made })
    }
}

fn write_failure(path: &str, error: ParquetError) -> Failure {
    match error {
        ParquetError::External(error) => match error.downcast::<std::io::Error>() {
            Ok(error) => Failure::Io { place: text!("{}", path), error: *error },
            Err(error) => Failure::Bug(text!("writing {}: {}", path, Text::foreign(error))),
        },
        error => Failure::Bug(text!("writing {}: {}", path, Text::foreign(error))),
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
        Ok(Hashing { place: shown(path), file, digest: Sha256::new(), bytes: 0 })
    }

    /// Makes the file durable and says what it is.
    pub fn close(&self, path: String, rows: u64) -> Outcome<FileEntry> {
        let io = |error| Failure::Io { place: Text::given(&self.place), error };
        self.file.sync_all().map_err(io)?;
        let sha256 = hex(&self.digest.clone().finalize());
        Ok(FileEntry { path, bytes: self.bytes, rows, sha256 })
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::columnar::shape::{self, CellKind};

    const SOME: TableSpec =
        shape::table("some", &["row"], None, &[("row", CellKind::Count), ("text", CellKind::Text)]);

    #[test]
    fn a_table_is_written_in_its_shape_only() {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::create_dir(folder.path().join("tables")).expect("made");
        let rows = || std::iter::once(1);
        let text = || std::iter::once(Some("a"));
        let refused = [
            TableBuilder::new(SOME).count("row", rows()),
            TableBuilder::new(SOME).text("text", text()).count("row", rows()),
            TableBuilder::new(SOME).text("row", text()).text("text", text()),
            TableBuilder::new(SOME).count("row", rows()).text("text", text()).text("more", text()),
        ];
        for table in refused {
            assert!(matches!(table.write(folder.path()), Err(Failure::Bug(_))));
        }
        let table = TableBuilder::new(SOME).count("row", rows()).text("text", text());
        assert!(table.write(folder.path()).is_ok());
    }

    #[test]
    fn a_table_by_parts_is_the_same_table() {
        let rows: Vec<i64> = (0..).take(GROUP_ROWS + 1000).collect();
        let table = |rows: &[i64]| {
            let text = rows.iter().map(|row| (row % 7 != 0).then(|| row.to_string()));
            TableBuilder::new(SOME).count("row", rows.iter().copied()).text("text", text)
        };
        let folders = [(); 3].map(|()| tempfile::tempdir().expect("a folder"));
        let [whole, parts, coming] = folders.each_ref().map(tempfile::TempDir::path);
        for folder in [whole, parts, coming] {
            std::fs::create_dir(folder.join("tables")).expect("made");
        }
        let whole = table(&rows).write(whole).expect("written");
        assert_eq!(TableBuilder::write_by_parts(&rows, table, parts).expect("written"), whole);
        let single = tempfile::tempdir().expect("a folder");
        let mut writer = TableWriter::create(single.path(), "some.parquet", table).expect("made");
        rows.iter().try_for_each(|row| writer.push(*row)).expect("written");
        assert_eq!(writer.close().expect("closed").sha256, whole.sha256);
        let mut rows = rows.into_iter().map(Some);
        let next = || Ok(rows.next().flatten());
        assert_eq!(TableBuilder::write_as_it_comes(next, table, coming).expect("written"), whole);
    }
}
