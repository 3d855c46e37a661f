//! Parquet files, read with Polars.

use std::{
    fs::File,
    io,
    ops::Range,
    path::{Path, PathBuf},
    sync::Arc,
};

use polars::prelude::{
    BooleanChunked, DataFrame, DataType, Int128Chunked, PolarsError, PolarsResult, Series,
    StringChunked,
};
use polars_io::{SerReader, parquet::metadata::FileMetadata, prelude::ParquetReader};
use polars_parquet::parquet::{
    metadata::SchemaDescriptor,
    read::read_metadata,
    schema::types::{
        ParquetType, PhysicalType, PrimitiveConvertedType, PrimitiveLogicalType, PrimitiveType,
    },
    statistics::Statistics,
};

use super::delta::{self, wrong};
use crate::{
    diag::{Failure, Outcome},
    text::Text,
};

/// An open Parquet file.
pub(super) struct OpenParquet {
    path: PathBuf,
    metadata: Arc<FileMetadata>,
}

impl OpenParquet {
    /// Opens a file. Its Parquet types decide; an Arrow schema in its metadata is ignored.
    pub(super) fn open(path: &Path) -> PolarsResult<OpenParquet> {
        let mut metadata = read_metadata(&mut File::open(path)?)?;
        metadata.key_value_metadata = None;
        Ok(OpenParquet { path: path.to_owned(), metadata: Arc::new(metadata) })
    }

    /// Makes decimals stored as bytes stay bytes, because Polars does not support all their lengths or their nulls.
    pub(super) fn with_raw_decimals(mut self) -> OpenParquet {
        let metadata = Arc::make_mut(&mut self.metadata);
        let fields = metadata.schema_descr.fields().iter().cloned().map(|field| match field {
            ParquetType::PrimitiveType(primitive) if is_bytes(&primitive) => {
                let PrimitiveType { field_info, physical_type, .. } = primitive;
                let bare = PrimitiveType {
                    field_info,
                    physical_type,
                    logical_type: None,
                    converted_type: None,
                };
                ParquetType::PrimitiveType(bare)
            }
            other => other,
        });
        let fields = fields.collect();
        metadata.schema_descr = SchemaDescriptor::new(metadata.schema_descr.name().into(), fields);
        self
    }

    /// Returns the number of rows.
    pub(super) fn rows(&self) -> usize {
        self.metadata.num_rows
    }

    /// Returns the top-level columns of primitive types.
    pub(super) fn columns(&self) -> impl Iterator<Item = &PrimitiveType> {
        self.metadata.schema_descr.fields().iter().filter_map(|field| match field {
            ParquetType::PrimitiveType(primitive) => Some(primitive),
            ParquetType::GroupType { .. } => None,
        })
    }

    /// Returns the names of the columns.
    pub(super) fn names(&self) -> Vec<String> {
        self.columns().map(|column| column.field_info.name.to_string()).collect()
    }

    /// Reads columns of some rows. Only pages of their row groups are read.
    pub(super) fn read(&self, columns: Vec<String>, rows: Range<usize>) -> PolarsResult<DataFrame> {
        let mut reader = ParquetReader::new(File::open(&self.path)?);
        reader.set_metadata(Arc::clone(&self.metadata));
        reader.with_columns(Some(columns)).with_slice(Some((rows.start, rows.len()))).finish()
    }

    /// Reads one column of rows of one row group, with whichever decoder supports it.
    pub(super) fn read_column(&self, column: &str, rows: Range<usize>) -> PolarsResult<Series> {
        let read = self.read(vec![column.to_owned()], rows.clone());
        let read =
            read.and_then(|frame| Ok(frame.column(column)?.as_materialized_series().clone()));
        read.or_else(|error| {
            delta::read(&self.path, &self.metadata, column, rows).map_err(|_| error)
        })
    }

    /// Reads an INT96 column of rows of one row group as bytes.
    pub(super) fn read_int96(&self, column: &str, rows: Range<usize>) -> PolarsResult<Series> {
        delta::read_int96(&self.path, &self.metadata, column, rows)
    }

    /// Returns the row range of each row group.
    pub(super) fn row_groups(&self) -> impl Iterator<Item = Range<usize>> {
        let mut end = 0;
        self.metadata.row_groups.iter().map(move |group| {
            let start = end;
            end += group.num_rows();
            start..end
        })
    }

    /// Returns the rows of row groups that may hold a number of a range, by the statistics of a column.
    pub(super) fn rows_within(&self, column: &str, wanted: &Range<u128>) -> Vec<Range<usize>> {
        let groups = self.metadata.row_groups.iter().zip(self.row_groups());
        let may_hold = groups.filter(|(group, _)| {
            let chunk = group.columns_under_root_iter(column).and_then(|mut chunks| chunks.next());
            let statistics = chunk.and_then(|chunk| chunk.statistics(&self.metadata.footer_buf));
            let Some(Ok(Statistics::Int64(statistics))) = statistics else { return true };
            let bound = |value: Option<i64>| value.map(|value| u128::from(value.cast_unsigned()));
            bound(statistics.min_value).is_none_or(|min| min < wanted.end)
                && bound(statistics.max_value).is_none_or(|max| max >= wanted.start)
        });
        may_hold.map(|(_, rows)| rows).collect()
    }
}

fn is_bytes(primitive: &PrimitiveType) -> bool {
    let bytes = matches!(
        primitive.physical_type,
        PhysicalType::ByteArray | PhysicalType::FixedLenByteArray(_)
    );
    bytes && decimals_of(primitive).is_some()
}

/// Returns the number of decimals of a decimal column.
pub(super) fn decimals_of(primitive: &PrimitiveType) -> Option<usize> {
    match (&primitive.logical_type, &primitive.converted_type) {
        (Some(PrimitiveLogicalType::Decimal(_, scale)), _)
        | (None, Some(PrimitiveConvertedType::Decimal(_, scale))) => Some(*scale),
        _ => None,
    }
}

/// A table of a period in memory: texts, booleans, and numbers (money in fen, days and times from 1970-01-01).
pub(super) struct TableOf {
    path: PathBuf,
    frame: DataFrame,
}

impl TableOf {
    /// Reads `<folder>/tables/<name>.parquet`.
    pub(super) fn read(folder: &Path, name: &str, columns: Option<&[&str]>) -> Outcome<TableOf> {
        let path = folder.join("tables").join(format!("{name}.parquet"));
        let owned = |name: &&str| (*name).to_owned();
        let columns = columns.map(|columns| columns.iter().map(owned).collect());
        let frame = OpenParquet::open(&path).and_then(|stored| {
            stored.read(columns.unwrap_or_else(|| stored.names()), 0..stored.rows())
        });
        let frame = frame.map_err(|error| unreadable(&path, &error))?;
        Ok(TableOf { path, frame })
    }

    /// Returns the number of rows.
    pub(super) fn rows(&self) -> usize {
        self.frame.height()
    }

    /// Returns the money columns.
    pub(super) fn decimals(&self) -> Vec<String> {
        let columns = self.frame.columns().iter();
        let decimals = columns.filter(|column| matches!(column.dtype(), DataType::Decimal(..)));
        decimals.map(|column| column.name().to_string()).collect()
    }

    /// Returns a text column.
    pub(super) fn texts(&self, name: &str) -> Outcome<StringChunked> {
        let column = self.frame.column(name).and_then(|column| column.str().cloned());
        column.map_err(|error| unreadable(&self.path, &error))
    }

    /// Returns a boolean column.
    pub(super) fn flags(&self, name: &str) -> Outcome<BooleanChunked> {
        let column = self.frame.column(name).and_then(|column| column.bool().cloned());
        column.map_err(|error| unreadable(&self.path, &error))
    }

    /// Returns a numeric column.
    pub(super) fn numbers(&self, name: &str) -> Outcome<Int128Chunked> {
        let column = self
            .frame
            .column(name)
            .and_then(|column| numbers(column.as_materialized_series())?.i128().cloned());
        column.map_err(|error| unreadable(&self.path, &error))
    }

    /// Returns the table with each column as texts, booleans or numbers.
    pub(super) fn plain(&self) -> Outcome<DataFrame> {
        let plain = |series: &Series| match series.dtype() {
            DataType::String | DataType::Boolean => Ok(series.clone()),
            _ => numbers(series),
        };
        let columns = self.frame.materialized_column_iter();
        let columns = columns.map(|series| plain(series).map(Into::into));
        columns
            .collect::<PolarsResult<Vec<_>>>()
            .and_then(|columns| DataFrame::new(self.frame.height(), columns))
            .map_err(|error| unreadable(&self.path, &error))
    }
}

/// Converts integers, amounts with two decimals, days or times to numbers.
fn numbers(series: &Series) -> PolarsResult<Series> {
    match series.dtype() {
        DataType::Decimal(_, 2) | DataType::Date | DataType::Datetime(..) => {}
        dtype if dtype.is_integer() => {}
        dtype => {
            let name = series.name().as_str();
            return Err(wrong(text!("column {} is {}", name, dtype.to_string())));
        }
    }
    series.to_physical_repr().cast(&DataType::Int128)
}

/// Returns the failure for a file of the book that cannot be read.
pub(super) fn unreadable(path: &Path, error: &PolarsError) -> Failure {
    Failure::Book(text!(
        "the independent recomputation cannot read {}: {}",
        path,
        error_text(error)
    ))
}

/// Words an error of Polars: our own message, a system error, or its text.
pub(super) fn error_text(error: &PolarsError) -> Text {
    match error {
        PolarsError::IO { error, msg: None } => text!("{}", **error),
        error => Text::foreign(error),
    }
}

/// Converts an error of a computation: a bug, or a failure of the disk.
pub(super) fn failed(error: PolarsError) -> Failure {
    match error {
        PolarsError::IO { error, .. } => Failure::Io {
            place: text!("the independent recomputation"),
            error: error.raw_os_error().map_or_else(
                || io::Error::new(error.kind(), error.to_string()),
                io::Error::from_raw_os_error,
            ),
        },
        error => Failure::Bug(text!("independent recomputation: {}", Text::foreign(error))),
    }
}

/// Sums a money column in fen, checked. Null counts as 0.
pub(super) fn sum(frame: &DataFrame, column: &str) -> Outcome<i128> {
    let series = frame.column(column).map_err(failed)?.as_materialized_series();
    let wide = series.cast(&DataType::Int128).map_err(failed)?;
    let mut values = wide.i128().map_err(failed)?.iter().flatten();
    let sum = values.try_fold(0i128, i128::checked_add);
    sum.ok_or_else(|| {
        Failure::Usage(text!(
            "the independent recomputation cannot add up amounts beyond DECIMAL(38,2)"
        ))
    })
}
