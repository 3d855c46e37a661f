//! Reads columns that Polars cannot decode, or not without loss, by presenting them as columns of another type.
//!
//! Decimals of fixed length in DELTA_BYTE_ARRAY are encoded like bytes of variable length. INT96 is stored like bytes
//! of a fixed length; Polars itself keeps only what 64 bits of nanoseconds can hold.

use std::{
    fs::File,
    io::{self, Cursor, Read, Seek, SeekFrom},
    ops::Range,
    path::Path,
};

use polars::prelude::{ArrowDataType, ArrowField, PolarsError, PolarsResult, Series};
use polars_parquet::{
    parquet::{
        metadata::{ColumnChunkMetadata, FileMetadata},
        read::{BasicDecompressor, PageMetaData, PageReader},
        schema::types::PhysicalType,
    },
    read::{Filter, column_iter_to_arrays},
};

use crate::text::Text;

/// Reads rows of one row group, of a column of fixed-length bytes, as bytes.
pub(super) fn read(
    path: &Path,
    metadata: &FileMetadata,
    column: &str,
    rows: Range<usize>,
) -> PolarsResult<Series> {
    let (chunk, rows) = place(metadata, column, rows)?;
    let PhysicalType::FixedLenByteArray(length) = chunk.physical_type() else {
        return Err(wrong(text!("column {} is not of a fixed length", column)));
    };
    let wanted = rows.len();
    let bytes = (PhysicalType::ByteArray, ArrowDataType::BinaryView);
    let series = read_as(path, chunk, column, rows, bytes)?;
    // Pages of another encoding have no lengths, so what was read from them is not valid.
    let right = series.binary()?.iter().flatten().all(|bytes| bytes.len() == length);
    if right && series.len() == wanted {
        return Ok(series);
    }
    Err(wrong(text!("column {} is not in DELTA_BYTE_ARRAY", column)))
}

/// Reads rows of one row group, of an INT96 column, as bytes.
pub(super) fn read_int96(
    path: &Path,
    metadata: &FileMetadata,
    column: &str,
    rows: Range<usize>,
) -> PolarsResult<Series> {
    const BYTES: usize = 12;
    let (chunk, rows) = place(metadata, column, rows)?;
    let wanted = rows.len();
    let bytes = (PhysicalType::FixedLenByteArray(BYTES), ArrowDataType::FixedSizeBinary(BYTES));
    let series = read_as(path, chunk, column, rows, bytes)?;
    if chunk.physical_type() == PhysicalType::Int96 && series.len() == wanted {
        return Ok(series);
    }
    Err(wrong(text!("column {} is not INT96", column)))
}

/// Returns the column chunk that contains some rows, and their range within it.
fn place<'a>(
    metadata: &'a FileMetadata,
    column: &str,
    rows: Range<usize>,
) -> PolarsResult<(&'a ColumnChunkMetadata, Range<usize>)> {
    let mut start = 0;
    let group = metadata.row_groups.iter().find(|group| {
        let here = (start..start + group.num_rows()).contains(&rows.start);
        start += if here { 0 } else { group.num_rows() };
        here
    });
    let chunk = group.and_then(|group| group.columns_under_root_iter(column)?.next());
    let chunk = chunk.ok_or_else(|| wrong(text!("no column {}", column)))?;
    Ok((chunk, rows.start - start..rows.end - start))
}

/// Reads rows of a chunk as if it had another type.
fn read_as(
    path: &Path,
    chunk: &ColumnChunkMetadata,
    column: &str,
    rows: Range<usize>,
    (physical, data): (PhysicalType, ArrowDataType),
) -> PolarsResult<Series> {
    let mut page = PageMetaData::from(chunk);
    page.descriptor.primitive_type.physical_type = physical;
    page.descriptor.primitive_type.logical_type = None;
    page.descriptor.primitive_type.converted_type = None;
    let primitive = page.descriptor.primitive_type.clone();
    let bytes = Cursor::new(bytes_of(path, chunk)?.into());
    let pages = PageReader::new_with_page_meta(bytes, page, Vec::new(), usize::MAX);
    let field = ArrowField::new(column.into(), data, true);
    let filter = Filter::new_ranged(rows.start, rows.end);
    let pages = BasicDecompressor::new(pages, Vec::new());
    let (arrays, _) =
        column_iter_to_arrays(vec![pages], vec![&primitive], field.clone(), Some(filter))?;
    Series::try_from((&field, arrays))
}

fn bytes_of(path: &Path, chunk: &ColumnChunkMetadata) -> PolarsResult<Vec<u8>> {
    let range = chunk.byte_range();
    let mut bytes = Vec::new();
    let mut file = File::open(path)?;
    file.seek(SeekFrom::Start(range.start))?;
    file.take(range.end - range.start).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Wraps a problem with a file in an error of Polars.
pub(super) fn wrong(found: Text) -> PolarsError {
    io::Error::from(found).into()
}
