//! A Parquet file of any columns, read within the same bounds as the files of a delivery.

use std::{path::Path, sync::Arc};

use arrow_array::RecordBatch;
use arrow_schema::{DataType, Field as ArrowField, Schema, TimeUnit};
use parquet::{
    arrow::{
        ProjectionMask,
        arrow_reader::{ArrowReaderMetadata, ParquetRecordBatchReader},
        parquet_to_arrow_field_levels,
    },
    basic::Type as Physical,
    errors::ParquetError,
    file::metadata::ParquetMetaData,
};

use super::{
    buffers::Tools,
    disguise,
    pages::FileRowGroup,
    source::{lzo_column, plain_options},
};
use crate::{
    columnar::{
        claims,
        footer::{self, footer_error},
        guard::{damage, guarded, of_decoder},
        shared::SharedFile,
    },
    diag::{Code, Finding},
    event::Stopwatch,
    text::Text,
};

/// An open Parquet file.
pub(crate) struct AnyParquet {
    file: Arc<SharedFile>,
    metadata: Arc<ParquetMetaData>,
    /// The footer with the types in which columns are decoded.
    hinted: ArrowReaderMetadata,
    /// Names and leaves of the columns that are not nested.
    columns: Vec<(String, usize)>,
    /// The columns that are nested, which are not read.
    nested: Vec<String>,
    tools: Arc<Tools>,
}

impl AnyParquet {
    /// Opens a file and checks its footer; fails with a finding.
    pub(crate) fn open(name: &str, path: &Path) -> Result<AnyParquet, Finding> {
        let refused = |found: Text| Finding::of_file(Code::F02, name, found);
        let file = SharedFile::open(path).map_err(|error| refused(text!("{}", error)))?;
        let loaded = footer::read(&file, &plain_options()).map_err(refused)?;
        let metadata = Arc::clone(loaded.metadata());
        let lies = guarded(|| footer_error(&metadata, file.len));
        if let Some(error) = lies.unwrap_or(Some(text!("a footer that cannot be true"))) {
            return Err(refused(error));
        }
        if let Some(column) = lzo_column(&metadata, |_| true) {
            let found = text!("pages packed with LZO");
            return Err(Finding::new(Code::F02, name, text!("column {}", column), found));
        }
        let (mut columns, mut nested) = (Vec::new(), Vec::new());
        let schema = metadata.file_metadata().schema_descr();
        for (root, node) in schema.root_schema().get_fields().iter().enumerate() {
            let leaf = (0..schema.num_columns())
                .find(|leaf| schema.get_column_root_idx(*leaf) == root && node.is_primitive());
            match leaf {
                Some(leaf) => columns.push((node.name().to_owned(), leaf)),
                None => nested.push(node.name().to_owned()),
            }
        }
        let hinted = hinted(&loaded).map_err(|error| refused(of_decoder(&error)))?;
        let tools = Tools::new(&Arc::new(Stopwatch::default()));
        Ok(AnyParquet { file: Arc::new(file), metadata, hinted, columns, nested, tools })
    }

    /// Keeps some of the columns; the others are not read.
    pub(crate) fn keep(&mut self, is_kept: impl Fn(&str) -> bool) {
        self.columns.retain(|(name, _)| is_kept(name));
    }

    /// Iterates over the names of the columns that are read.
    pub(crate) fn columns(&self) -> impl Iterator<Item = &str> {
        self.columns.iter().map(|(name, _)| name.as_str())
    }

    /// Returns the names of the nested columns, which are not read.
    pub(crate) fn nested(&self) -> &[String] {
        &self.nested
    }

    /// Returns whether the column at a place holds INT96 timestamps.
    pub(crate) fn is_int96(&self, at: usize) -> bool {
        let schema = self.metadata.file_metadata().schema_descr();
        schema.column(self.columns[at].1).physical_type() == Physical::INT96
    }

    /// Returns the number of row groups.
    pub(crate) fn row_groups(&self) -> usize {
        self.metadata.num_row_groups()
    }

    /// Reads the rows of a row group, some at a time, in the order of [`AnyParquet::columns`].
    pub(crate) fn batches(
        &self,
        group: usize,
        rows: usize,
    ) -> Result<impl Iterator<Item = Result<RecordBatch, Text>> + use<>, Text> {
        let opened = guarded(|| self.reader(group, rows)).ok_or(PANIC)?;
        let mut reader = opened.map_err(|error| of_decoder(&error))?;
        Ok(std::iter::from_fn(move || match guarded(|| reader.next()) {
            None => Some(Err(PANIC)),
            Some(next) => {
                next.map(|batch| batch.map_err(|error| of_decoder(&ParquetError::from(error))))
            }
        }))
    }

    fn reader(&self, group: usize, rows: usize) -> Result<ParquetRecordBatchReader, ParquetError> {
        let leaves = || self.columns.iter().map(|(_, leaf)| *leaf);
        let schema = self.metadata.file_metadata().schema_descr();
        let mask = ProjectionMask::leaves(schema, leaves());
        let levels =
            parquet_to_arrow_field_levels(schema, mask, Some(self.hinted.schema().fields()))?;
        claims::check_columns(&self.file, self.metadata.row_group(group), leaves())
            .map_err(damage)?;
        let group = FileRowGroup {
            file: Arc::clone(&self.file),
            metadata: &self.metadata,
            number: group,
            tools: Arc::clone(&self.tools),
        };
        ParquetRecordBatchReader::try_new_with_row_groups(&levels, &group, rows, None)
    }
}

const PANIC: Text = text!("a page that cannot be decoded");

/// Chooses the types in which columns are decoded: texts and bytes as views, INT96 in microseconds.
fn hinted(loaded: &ArrowReaderMetadata) -> Result<ArrowReaderMetadata, ParquetError> {
    let hint = |field: &Arc<ArrowField>| {
        let kind = match field.data_type() {
            DataType::Utf8 => DataType::Utf8View,
            DataType::Binary => DataType::BinaryView,
            _ => return Arc::clone(field),
        };
        Arc::new(field.as_ref().clone().with_data_type(kind))
    };
    let fields: Vec<Arc<ArrowField>> = loaded
        .schema()
        .fields()
        .iter()
        .enumerate()
        .map(|(root, field)| if is_int96(loaded, root) { micros(field) } else { hint(field) })
        .collect();
    let options = plain_options().with_schema(Arc::new(Schema::new(fields)));
    ArrowReaderMetadata::try_new(Arc::clone(loaded.metadata()), options)
}

fn is_int96(loaded: &ArrowReaderMetadata, root: usize) -> bool {
    let schema = loaded.metadata().file_metadata().schema_descr();
    let fields = schema.root_schema().get_fields();
    fields
        .get(root)
        .is_some_and(|node| node.is_primitive() && node.get_physical_type() == Physical::INT96)
}

/// INT96 in microseconds: nanoseconds end in the year 2262.
fn micros(field: &Arc<ArrowField>) -> Arc<ArrowField> {
    let micros = DataType::Timestamp(TimeUnit::Microsecond, None);
    Arc::new(field.as_ref().clone().with_data_type(micros))
}

/// Recognises a file that is neither Parquet nor text, and says what to do about it.
pub(crate) fn disguise(path: &Path) -> std::io::Result<Option<(Text, Text)>> {
    SharedFile::open(path).map(|file| disguise::of_no_text(&file))
}
