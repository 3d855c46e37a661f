//! One input file: its footer, and its columns mapped to fields.

use super::{
    beside::{BesideField, beside_columns},
    columns::Mapped,
    disguise,
    form::{BesideColumn, Conversion, SourceColumn},
    scope::FieldScope,
    times::{ALLOWED, CST_OFFSET},
};
use std::{
    io,
    path::{Path, PathBuf},
    sync::Arc,
};

use arrow_schema::{DataType, Field as ArrowField, Schema, TimeUnit};
use parquet::{
    arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions},
    basic::{Compression, ConvertedType, LogicalType, TimeUnit as ParquetTimeUnit},
    errors::ParquetError,
    file::{metadata::ParquetMetaData, statistics::Statistics},
};

pub use crate::columnar::shared::{FileReader, SharedFile};
use crate::{
    columnar::{
        footer::{self, footer_error},
        guard::guarded,
    },
    diag::{Code, Finding},
    model::{codes::Side, fields::Field},
    place::identity::Identity,
    text::Text,
};

/// One Parquet file of a delivery.
#[derive(Debug)]
pub struct ParquetSource {
    /// The side of its copies; it says nothing about a national file.
    pub side: Side,
    /// The part of it that is read and judged.
    pub scope: FieldScope,
    /// Path below the input folder, with `/`.
    pub name: String,
    /// Its path. The file is opened for each piece of work, as thousands of files cannot stay open.
    pub path: PathBuf,
    /// Length in bytes.
    pub bytes: u64,
    /// Its identity when its footer was read.
    identity: Identity,
    /// The footer.
    pub metadata: Arc<ParquetMetaData>,
    /// The schema as Arrow sees it, without hints.
    schema: Schema,
    /// The columns that are mapped to fields.
    pub columns: Vec<SourceColumn>,
    /// The columns that are mapped to fields beside the record; a run has none.
    pub beside: Vec<BesideColumn>,
    /// The number of columns under another name.
    pub aliases: u64,
    /// The number of columns with their name in another case, or with blanks around it.
    pub respelled: u64,
    /// The number of ignored columns.
    pub extra_columns: u64,
}

impl ParquetSource {
    /// Opens a file, reads its footer and checks its schema; fails with all findings.
    pub fn open(side: Side, name: &str, path: &Path) -> Result<ParquetSource, Vec<Finding>> {
        let unreadable = |e: io::Error| vec![Finding::of_file(Code::F02, name, text!("{}", e))];
        let file = SharedFile::open(path).map_err(unreadable)?;
        ParquetSource::of(side, FieldScope::Record, name, path, &file)
    }

    /// Reads the footer of an open file and checks its schema; fails with all findings.
    pub fn of(
        side: Side,
        scope: FieldScope,
        name: &str,
        path: &Path,
        file: &SharedFile,
    ) -> Result<ParquetSource, Vec<Finding>> {
        let refused = |place: Text, found: Text| Finding::new(Code::F02, name, place, found);
        let damaged = |found: Text| vec![refused(text!("footer"), found)];
        if file.len == 0 {
            let hint = text!(
                "fetch the file again: it was not written to its end; a side without settlements sends a Parquet file without rows"
            );
            return Err(vec![refused(text!(""), text!("an empty file")).hinting(hint)]);
        }
        if let Some((found, hint)) = disguise::of(file) {
            return Err(vec![refused(text!(""), found).hinting(hint)]);
        }
        let loaded = footer::read(file, &plain_options()).map_err(|error| match error {
            error if error == footer::ENCRYPTED => {
                vec![refused(text!(""), error).hinting(disguise::DECRYPT)]
            }
            error => damaged(error),
        })?;
        let metadata = Arc::clone(loaded.metadata());
        let lies = guarded(|| footer_error(&metadata, file.len));
        if let Some(error) = lies.unwrap_or(Some(text!("a footer that cannot be true"))) {
            return Err(damaged(error));
        }
        let mapped = Mapped::of(metadata.file_metadata().schema_descr(), name, scope);
        // Of a national file only the columns that are read have to be of use.
        let is_read = |leaf: usize| {
            let mapped = mapped.as_ref().map(|mapped| &mapped.columns[..]).unwrap_or_default();
            scope != FieldScope::National || mapped.iter().any(|column| column.leaf == leaf)
        };
        if let Some(column) = lzo_column(&metadata, is_read) {
            let hint = text!("export it with another codec, such as Zstandard or Snappy");
            let found = refused(text!("column {}", column), text!("pages packed with LZO"));
            return Err(vec![found.hinting(hint)]);
        }
        let Mapped { columns, aliases, respelled, extra_columns } = mapped?;
        Ok(ParquetSource {
            side,
            scope,
            name: name.to_owned(),
            path: path.to_owned(),
            bytes: file.len,
            identity: file.identity,
            metadata,
            schema: loaded.schema().as_ref().clone(),
            columns,
            beside: Vec::new(),
            aliases,
            respelled,
            extra_columns,
        })
    }

    /// Has fields read beside the record; adds all findings.
    pub(super) fn read_beside(&mut self, fields: &[BesideField], findings: &mut Vec<Finding>) {
        let schema = self.metadata.file_metadata().schema_descr();
        self.beside = beside_columns(schema, &self.name, fields, findings);
    }

    /// Returns the folder of the delivery in which the file lies.
    pub fn folder(&self) -> &str {
        self.name.split('/').next().unwrap_or_default()
    }

    /// Returns the leaves of the columns that are read.
    pub(super) fn leaves(&self) -> impl Iterator<Item = usize> {
        let beside = self.beside.iter().map(|column| (column.leaf, column.form));
        let all = self.columns.iter().map(|column| (column.leaf, column.form)).chain(beside);
        all.filter(|(_, form)| *form != Conversion::Null).map(|(leaf, _)| leaf)
    }

    /// Opens the file once more; fails when it is not the file whose footer was read.
    pub fn reopen(&self) -> io::Result<SharedFile> {
        let file = SharedFile::open(&self.path)?;
        match self.identity.difference(&file.identity) {
            None => Ok(file),
            Some(found) => Err(io::Error::other(found)),
        }
    }

    /// Returns the file reduced to each of the columns that are read, with the leaf of the column.
    pub(super) fn each_alone(&self) -> impl Iterator<Item = (usize, ParquetSource)> {
        let of_record =
            self.columns.iter().map(|column| (column.leaf, self.alone(vec![*column], vec![])));
        let beside =
            self.beside.iter().map(|column| (column.leaf, self.alone(vec![], vec![*column])));
        of_record.chain(beside)
    }

    /// Returns the file reduced to some columns.
    pub(super) fn alone(
        &self,
        columns: Vec<SourceColumn>,
        beside: Vec<BesideColumn>,
    ) -> ParquetSource {
        ParquetSource {
            name: self.name.clone(),
            path: self.path.clone(),
            metadata: Arc::clone(&self.metadata),
            schema: self.schema.clone(),
            columns,
            beside,
            ..*self
        }
    }

    /// Returns the name of a leaf column in the file.
    pub(super) fn column_name(&self, leaf: usize) -> String {
        self.metadata.file_metadata().schema_descr().column(leaf).path().string()
    }

    /// Returns the number of rows of the file.
    pub fn rows(&self) -> u64 {
        let groups = self.metadata.row_groups().iter();
        groups.map(|group| group.num_rows().cast_unsigned()).fold(0, u64::saturating_add)
    }

    /// Returns the reader options of a row group: decimals in 64 bits where they fit, codes as dictionaries.
    pub fn reader_metadata(&self, row_group: usize) -> Result<ArrowReaderMetadata, ParquetError> {
        let group = self.metadata.row_group(row_group);
        let mut fields: Vec<Arc<ArrowField>> = self.schema.fields().iter().cloned().collect();
        for column in &self.columns {
            let dictionary = group.column(column.leaf).dictionary_page_offset().is_some();
            if let Some(hint) = column.hint(fields[column.root].data_type(), dictionary) {
                let hinted = fields[column.root].as_ref().clone().with_data_type(hint);
                fields[column.root] = Arc::new(hinted);
            }
        }
        for column in &self.beside {
            let dictionary = group.column(column.leaf).dictionary_page_offset().is_some();
            if let Some(hint) = column.form.hint(fields[column.root].data_type(), dictionary) {
                let hinted = fields[column.root].as_ref().clone().with_data_type(hint);
                fields[column.root] = Arc::new(hinted);
            }
        }
        let options = plain_options().with_schema(Arc::new(Schema::new(fields)));
        ArrowReaderMetadata::try_new(Arc::clone(&self.metadata), options)
    }

    /// Returns the earliest and the latest `setl_time` of a row group by its footer, in microseconds local time,
    /// clamped to the allowed times (V17); none without statistics.
    pub fn times(&self, row_group: usize) -> Option<(i64, i64)> {
        let column = self.columns.iter().find(|column| column.field == Field::setl_time)?;
        let chunk = self.metadata.row_group(row_group).column(column.leaf);
        let Some(Statistics::Int64(times)) = chunk.statistics() else { return None };
        let unit = match chunk.column_descr().logical_type_ref() {
            Some(LogicalType::Timestamp(time)) => time.unit,
            _ if chunk.column_descr().converted_type() == ConvertedType::TIMESTAMP_MILLIS => {
                ParquetTimeUnit::MILLIS
            }
            _ => ParquetTimeUnit::MICROS,
        };
        let local = |time: i64| {
            let micros = match unit {
                ParquetTimeUnit::MILLIS => time.saturating_mul(1_000),
                ParquetTimeUnit::MICROS => time,
                ParquetTimeUnit::NANOS => time.div_euclid(1_000),
            };
            if column.form == Conversion::UtcTime {
                micros.saturating_add(CST_OFFSET)
            } else {
                micros
            }
        };
        let (first, last) = (local(*times.min_opt()?), local(*times.max_opt()?));
        let within = |time: i64| time.clamp(ALLOWED.start, ALLOWED.end);
        // Statistics are unproven: they order the read and decide nothing.
        (first <= last).then_some((within(first), within(last)))
    }

    /// Estimates the bytes that a row group takes while it is read: a page of each column, compressed and decompressed.
    pub fn open_bytes(&self, row_group: usize) -> u64 {
        let group = self.metadata.row_group(row_group);
        let of_column = |leaf: usize| {
            let chunk = group.column(leaf);
            let bytes = chunk.uncompressed_size().max(0).cast_unsigned();
            // A page has an entry of some 16 bytes in the page index; without one, pages of the usual
            // size are assumed.
            let pages = match chunk.offset_index_length() {
                Some(length) => u64::from(length.unsigned_abs()) / 16,
                None => bytes >> 20,
            };
            bytes / pages.max(1)
        };
        // A footer may claim any size. The limit keeps sums over all row groups within 64 bits.
        self.leaves().map(of_column).fold(0, u64::saturating_add).min(1 << 40)
    }
}

impl SourceColumn {
    /// Returns the Arrow type to ask the reader for; none where its default is right.
    fn hint(&self, natural: &DataType, dictionary: bool) -> Option<DataType> {
        let keys_are_unique = matches!(
            self.field,
            Field::setl_id | Field::mdtrt_id | Field::init_setl_id | Field::psn_no
        );
        self.form.hint(natural, dictionary && !keys_are_unique)
    }
}

impl Conversion {
    /// Returns the Arrow type to ask the reader for; none where its default is right.
    fn hint(self, natural: &DataType, dictionary: bool) -> Option<DataType> {
        match (self, natural) {
            (Conversion::Text, DataType::Utf8) if dictionary => {
                Some(DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8)))
            }
            (Conversion::Text, _) => Some(DataType::Utf8View),
            (Conversion::Decimal { narrow: true, .. }, DataType::Decimal128(precision, scale)) => {
                Some(DataType::Decimal64(*precision, *scale))
            }
            (Conversion::Int96, DataType::Timestamp(..)) => {
                Some(DataType::Timestamp(TimeUnit::Microsecond, None))
            }
            _ => None,
        }
    }
}

pub(super) fn plain_options() -> ArrowReaderOptions {
    // The Arrow schema that some writers embed is ignored: only the Parquet types decide.
    ArrowReaderOptions::new().with_skip_arrow_metadata(true)
}

/// Finds the first of some columns with the codec LZO, which has no decoder.
pub(super) fn lzo_column(
    metadata: &ParquetMetaData,
    is_read: impl Fn(usize) -> bool,
) -> Option<String> {
    let chunks = metadata.row_groups().iter().flat_map(|group| group.columns().iter().enumerate());
    let mut lzo = chunks
        .filter(|(leaf, chunk)| matches!(chunk.compression(), Compression::LZO) && is_read(*leaf));
    lzo.next().map(|(_, chunk)| chunk.column_path().string())
}
