//! One input file: its bytes, its footer, and what each of its columns stands for.

use std::{
    fs::File,
    io::{self, BufReader, Read},
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
    sync::Arc,
};

use arrow_schema::{DataType, Field as ArrowField, Schema, TimeUnit};
use bytes::Bytes;
use parquet::{
    arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions},
    basic::{ConvertedType, LogicalType, TimeUnit as ParquetTimeUnit, Type as Physical},
    errors::ParquetError,
    file::{
        metadata::{ColumnChunkMetaData, ParquetMetaData, RowGroupMetaData},
        reader::{ChunkReader, Length},
        statistics::Statistics,
    },
    schema::types::ColumnDescriptor,
};

use super::{batch::CST_OFFSET, footer, guarded};
use crate::{
    codes::Side,
    contract::fields::{FIELDS, Field, Kind},
    diag::{Code, Finding},
};

/// A file that can be read from many threads: every read names its place.
#[derive(Debug, Clone)]
pub struct SharedFile {
    file: Arc<File>,
    /// Length in bytes.
    pub len: u64,
}

impl SharedFile {
    /// Opens a file.
    pub fn open(path: &Path) -> io::Result<SharedFile> {
        let file = File::open(path)?;
        let len = file.metadata()?.len();
        Ok(SharedFile { file: Arc::new(file), len })
    }

    /// Fills a buffer with the bytes from `start` on.
    pub fn read_exact_at(&self, buffer: &mut [u8], start: u64) -> io::Result<()> {
        self.file.read_exact_at(buffer, start)
    }

    /// A reader of the bytes from `start` on.
    pub fn reader(&self, start: u64) -> FileReader {
        FileReader { file: Arc::clone(&self.file), at: start }
    }
}

/// Reads a [`SharedFile`] from a place on.
pub struct FileReader {
    file: Arc<File>,
    at: u64,
}

impl Read for FileReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read_at(buffer, self.at)?;
        self.at += read as u64;
        Ok(read)
    }
}

impl Length for SharedFile {
    fn len(&self) -> u64 {
        self.len
    }
}

impl ChunkReader for SharedFile {
    type T = BufReader<FileReader>;

    fn get_read(&self, start: u64) -> Result<Self::T, ParquetError> {
        Ok(BufReader::with_capacity(1 << 10, self.reader(start)))
    }

    fn get_bytes(&self, start: u64, length: usize) -> Result<Bytes, ParquetError> {
        let mut buffer = vec![0; length];
        self.read_exact_at(&mut buffer, start)?;
        Ok(buffer.into())
    }
}

/// A column of a file that stands for a field of the contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Column {
    /// The field.
    pub field: Field,
    /// Position among the columns of the schema's root.
    pub root: usize,
    /// Position among the leaves, as row groups count columns.
    pub leaf: usize,
    /// How its values become those of the contract.
    pub form: Form,
}

/// How a column's values become those of the contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// Text.
    Text,
    /// Integers that stand for text.
    IntegerCode,
    /// Days.
    Date,
    /// Timestamps in local time.
    LocalTime,
    /// Timestamps that are instants in UTC.
    UtcTime,
    /// INT96 timestamps.
    Int96,
    /// Decimals of a scale of 0, 1 or 2, and whether 64 bits hold them.
    Decimal {
        /// Decimals after the point.
        scale: u8,
        /// Stored as INT32 or INT64.
        narrow: bool,
    },
    /// The null type: every value is null.
    Null,
}

/// One Parquet file of a delivery.
#[derive(Debug)]
pub struct Source {
    /// Whose copies it holds.
    pub side: Side,
    /// Path below the input folder, with `/`.
    pub name: String,
    /// Where it is; it is opened for each piece of work, as there may be thousands.
    pub path: PathBuf,
    /// Length in bytes.
    pub bytes: u64,
    /// The footer.
    pub metadata: Arc<ParquetMetaData>,
    /// The schema as Arrow sees it, without hints.
    schema: Schema,
    /// The columns that stand for fields.
    pub columns: Vec<Column>,
    /// How many columns use another name.
    pub aliases: u64,
    /// How many columns are ignored.
    pub extra_columns: u64,
}

impl Source {
    /// Opens a file, reads its footer and checks its schema; all findings at once.
    pub fn open(side: Side, name: &str, path: &Path) -> Result<Source, Vec<Finding>> {
        let damaged = |error: String| vec![Finding::new(Code::F02, name, "footer", error)];
        let file = SharedFile::open(path).map_err(|e| damaged(e.to_string()))?;
        if file.len == 0 {
            return Err(damaged("an empty file".into()));
        }
        let loaded = footer::read(&file, plain_options()).map_err(damaged)?;
        let metadata = Arc::clone(loaded.metadata());
        let lies = guarded(|| footer_error(&metadata, file.len));
        if let Some(error) = lies.unwrap_or(Some("a footer that cannot be true".into())) {
            return Err(damaged(error));
        }
        let mut source = Source {
            side,
            name: name.to_owned(),
            path: path.to_owned(),
            bytes: file.len,
            metadata,
            schema: loaded.schema().as_ref().clone(),
            columns: Vec::new(),
            aliases: 0,
            extra_columns: 0,
        };
        let findings = source.map_columns();
        if findings.is_empty() { Ok(source) } else { Err(findings) }
    }

    /// Rows of the file.
    pub fn rows(&self) -> u64 {
        let groups = self.metadata.row_groups().iter();
        groups.map(|group| group.num_rows().cast_unsigned()).fold(0, u64::saturating_add)
    }

    /// Reader options of a row group: decimals in 64 bits where these hold them, codes as dictionaries.
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
        let options = plain_options().with_schema(Arc::new(Schema::new(fields)));
        ArrowReaderMetadata::try_new(Arc::clone(&self.metadata), options)
    }

    /// The earliest and the latest `setl_time` of a row group, in microseconds local time, if its footer
    /// says so.
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
            if column.form == Form::UtcTime { micros.saturating_add(CST_OFFSET) } else { micros }
        };
        let (first, last) = (local(*times.min_opt()?), local(*times.max_opt()?));
        // A footer may lie.
        (first <= last).then_some((first, last))
    }

    /// About how many bytes a row group takes while it is read: a page of each column, as it lies in
    /// the file and decompressed.
    pub fn open_bytes(&self, row_group: usize) -> u64 {
        let group = self.metadata.row_group(row_group);
        let of_column = |column: &Column| {
            let chunk = group.column(column.leaf);
            let bytes = chunk.uncompressed_size().max(0).cast_unsigned();
            // A page has an entry of some 16 bytes in the page index; without one, pages of the usual
            // size are assumed.
            let pages = match chunk.offset_index_length() {
                Some(length) => u64::from(length.unsigned_abs()) / 16,
                None => bytes >> 20,
            };
            bytes / pages.max(1)
        };
        // A footer may lie: sums of all row groups stay within 64 bits.
        self.columns.iter().map(of_column).fold(0, u64::saturating_add).min(1 << 40)
    }

    fn map_columns(&mut self) -> Vec<Finding> {
        let mut findings = Vec::new();
        let schema = self.metadata.file_metadata().schema_descr_ptr();
        let mut seen: [Option<String>; FIELDS.len()] = [const { None }; FIELDS.len()];
        for (root, node) in schema.root_schema().get_fields().iter().enumerate() {
            let Some((field, alias)) = Field::of_column(node.name()) else {
                self.extra_columns += 1;
                continue;
            };
            let place = format!("column {}", node.name());
            if let Some(first) = &seen[field.index()] {
                let found = format!("{} beside {first}, both {}", node.name(), field.name());
                findings.push(Finding::new(Code::F08, &self.name, place, found));
                continue;
            }
            seen[field.index()] = Some(node.name().to_owned());
            self.aliases += u64::from(alias);
            let leaf = (0..schema.num_columns())
                .find(|leaf| schema.get_column_root_idx(*leaf) == root && node.is_primitive());
            let form = match leaf {
                Some(leaf) => form_of(field, &schema.column(leaf)),
                None => Err((Code::F04, "a nested column".to_owned())),
            };
            match (form, leaf) {
                (Ok(form), Some(leaf)) => self.columns.push(Column { field, root, leaf, form }),
                (Err((code, found)), _) => {
                    findings.push(Finding::new(code, &self.name, place, found));
                }
                (Ok(_), None) => {}
            }
        }
        let missing = FIELDS.into_iter().filter(|f| f.required() && seen[f.index()].is_none());
        findings.extend(missing.map(|field| {
            Finding::new(
                Code::F03,
                &self.name,
                format!("column {}", field.name()),
                "no such column",
            )
        }));
        findings
    }
}

impl Column {
    /// The Arrow type to ask the reader for, where it is not the one it takes by itself.
    fn hint(&self, natural: &DataType, dictionary: bool) -> Option<DataType> {
        let keys_are_unique = matches!(
            self.field,
            Field::setl_id | Field::mdtrt_id | Field::init_setl_id | Field::psn_no
        );
        match (self.form, natural) {
            (Form::Text, DataType::Utf8) if dictionary && !keys_are_unique => {
                Some(DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8)))
            }
            (Form::Text, _) => Some(DataType::Utf8View),
            (Form::Decimal { narrow: true, .. }, DataType::Decimal128(precision, scale)) => {
                Some(DataType::Decimal64(*precision, *scale))
            }
            (Form::Int96, DataType::Timestamp(..)) => {
                Some(DataType::Timestamp(TimeUnit::Microsecond, None))
            }
            _ => None,
        }
    }
}

fn plain_options() -> ArrowReaderOptions {
    // The Arrow schema that some writers embed is left out: the Parquet types alone decide.
    ArrowReaderOptions::new().with_skip_arrow_metadata(true)
}

/// A footer that reads well but cannot be true.
pub(super) fn footer_error(metadata: &ParquetMetaData, len: u64) -> Option<String> {
    let declared = metadata.file_metadata().num_rows();
    let groups = metadata.row_groups();
    let rows = groups.iter().map(RowGroupMetaData::num_rows).fold(0, i64::saturating_add);
    if rows != declared || groups.iter().any(|group| group.num_rows() < 0) {
        return Some(format!("{declared} rows declared, {rows} in its row groups"));
    }
    groups.iter().enumerate().find_map(|(index, group)| {
        let lie = group.columns().iter().find_map(|column| column_error(column, group, len))?;
        Some(format!("row group {index}, {lie}"))
    })
}

/// What a footer says of a column chunk that cannot be true.
fn column_error(
    column: &ColumnChunkMetaData,
    group: &RowGroupMetaData,
    len: u64,
) -> Option<String> {
    let name = column.column_path();
    let start = column.dictionary_page_offset().unwrap_or(column.data_page_offset());
    let end = start.checked_add(column.compressed_size());
    let inside = |end: i64| start >= 0 && end >= start && end.cast_unsigned() <= len;
    if !end.is_some_and(inside) {
        return Some(format!("column {name}: bytes beyond the file"));
    }
    let (dictionary, data) = (column.dictionary_page_offset(), column.data_page_offset());
    // Of nothing some writers say that it lies anywhere.
    let nothing = column.num_values() == 0;
    if !nothing && dictionary.is_some_and(|dictionary| dictionary > data) {
        return Some(format!("column {name}: a dictionary behind what it is for"));
    }
    let flat = column.column_descr().max_rep_level() == 0;
    (flat && column.num_values() != group.num_rows()).then(|| {
        format!("column {name}: {} values for {} rows", column.num_values(), group.num_rows())
    })
}

/// The form of a field's column, or why it is refused.
fn form_of(field: Field, column: &ColumnDescriptor) -> Result<Form, (Code, String)> {
    let wrong = || (Code::F04, format!("{} for {}", describe(column), kind_name(field.kind())));
    if column.max_rep_level() > 0 {
        return Err((Code::F04, "a repeated column".to_owned()));
    }
    if matches!(column.logical_type_ref(), Some(LogicalType::Unknown)) {
        return if field.required() { Err(wrong()) } else { Ok(Form::Null) };
    }
    match field.kind() {
        Kind::Text => text_form(column).ok_or_else(wrong),
        Kind::Date => is_date(column).then_some(Form::Date).ok_or_else(wrong),
        Kind::Time => time_form(column).ok_or_else(wrong),
        Kind::Amount => amount_form(column),
    }
}

fn text_form(column: &ColumnDescriptor) -> Option<Form> {
    let text = matches!(
        column.logical_type_ref(),
        Some(LogicalType::String | LogicalType::Enum | LogicalType::Json)
    ) || matches!(
        column.converted_type(),
        ConvertedType::UTF8 | ConvertedType::ENUM | ConvertedType::JSON
    );
    match column.physical_type() {
        Physical::BYTE_ARRAY if text => Some(Form::Text),
        Physical::INT32 | Physical::INT64 if is_plain_integer(column) => Some(Form::IntegerCode),
        _ => None,
    }
}

fn is_plain_integer(column: &ColumnDescriptor) -> bool {
    match column.logical_type_ref() {
        Some(LogicalType::Integer { .. }) => true,
        Some(_) => false,
        None => matches!(
            column.converted_type(),
            ConvertedType::NONE
                | ConvertedType::INT_8
                | ConvertedType::INT_16
                | ConvertedType::INT_32
                | ConvertedType::INT_64
                | ConvertedType::UINT_8
                | ConvertedType::UINT_16
                | ConvertedType::UINT_32
                | ConvertedType::UINT_64
        ),
    }
}

fn is_date(column: &ColumnDescriptor) -> bool {
    column.physical_type() == Physical::INT32
        && (matches!(column.logical_type_ref(), Some(LogicalType::Date))
            || column.converted_type() == ConvertedType::DATE)
}

fn time_form(column: &ColumnDescriptor) -> Option<Form> {
    match (column.physical_type(), column.logical_type_ref(), column.converted_type()) {
        (Physical::INT96, _, _) => Some(Form::Int96),
        (Physical::INT64, Some(LogicalType::Timestamp(t)), _) => {
            Some(if t.is_adjusted_to_u_t_c { Form::UtcTime } else { Form::LocalTime })
        }
        // A converted type alone is UTC-adjusted, as the format defines.
        (
            Physical::INT64,
            None,
            ConvertedType::TIMESTAMP_MILLIS | ConvertedType::TIMESTAMP_MICROS,
        ) => Some(Form::UtcTime),
        _ => None,
    }
}

fn amount_form(column: &ColumnDescriptor) -> Result<Form, (Code, String)> {
    let physical = column.physical_type();
    let (scale, precision) = match (column.logical_type_ref(), column.converted_type()) {
        (Some(LogicalType::Decimal(decimal)), _) => (decimal.scale, decimal.precision),
        (None, ConvertedType::DECIMAL) => (column.type_scale(), column.type_precision()),
        _ => {
            let code = match physical {
                Physical::FLOAT | Physical::DOUBLE => Code::F05,
                Physical::INT32 | Physical::INT64 if is_plain_integer(column) => Code::F06,
                Physical::FIXED_LEN_BYTE_ARRAY
                    if matches!(column.logical_type_ref(), Some(LogicalType::Float16)) =>
                {
                    Code::F05
                }
                _ => Code::F04,
            };
            return Err((code, format!("{} for an amount", describe(column))));
        }
    };
    if precision > 38 {
        return Err((Code::F07, format!("DECIMAL({precision},{scale})")));
    }
    match u8::try_from(scale) {
        Ok(scale @ 0..=2) => {
            let narrow = matches!(physical, Physical::INT32 | Physical::INT64);
            Ok(Form::Decimal { scale, narrow })
        }
        _ => Err((Code::F07, format!("DECIMAL({precision},{scale})"))),
    }
}

fn kind_name(kind: Kind) -> &'static str {
    match kind {
        Kind::Text => "text",
        Kind::Date => "a date",
        Kind::Time => "a timestamp",
        Kind::Amount => "an amount",
    }
}

fn describe(column: &ColumnDescriptor) -> String {
    match (column.logical_type_ref(), column.converted_type()) {
        (Some(logical), _) => format!("{} {logical:?}", column.physical_type()),
        (None, ConvertedType::NONE) => column.physical_type().to_string(),
        (None, converted) => format!("{} {converted}", column.physical_type()),
    }
}
