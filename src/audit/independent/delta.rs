//! Decimals of fixed length in DELTA_BYTE_ARRAY, which Polars has no decoder for.
//!
//! The encoding is that of bytes of any length, for which Polars has one: it is told that the column has them.

use std::{
    fs::File,
    io::{Cursor, Read, Seek, SeekFrom},
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

/// Some rows, all of one row group, of a column of bytes of fixed length, as bytes.
pub(super) fn read(
    path: &Path,
    metadata: &FileMetadata,
    column: &str,
    rows: Range<usize>,
) -> PolarsResult<Series> {
    let mut start = 0;
    let group = metadata.row_groups.iter().find(|group| {
        let here = (start..start + group.num_rows()).contains(&rows.start);
        start += if here { 0 } else { group.num_rows() };
        here
    });
    let chunk = group.and_then(|group| group.columns_under_root_iter(column)?.next());
    let chunk = chunk.ok_or_else(|| wrong(format!("no column {column}")))?;
    let PhysicalType::FixedLenByteArray(length) = chunk.physical_type() else {
        return Err(wrong(format!("column {column} is not of a fixed length")));
    };

    let mut page = PageMetaData::from(chunk);
    page.descriptor.primitive_type.physical_type = PhysicalType::ByteArray;
    let primitive = page.descriptor.primitive_type.clone();
    let bytes = Cursor::new(bytes_of(path, chunk)?.into());
    let pages = PageReader::new_with_page_meta(bytes, page, Vec::new(), usize::MAX);
    let field = ArrowField::new(column.into(), ArrowDataType::BinaryView, true);
    let filter = Filter::new_ranged(rows.start - start, rows.end - start);
    let pages = BasicDecompressor::new(pages, Vec::new());
    let (arrays, _) =
        column_iter_to_arrays(vec![pages], vec![&primitive], field.clone(), Some(filter))?;
    let series = Series::try_from((&field, arrays))?;
    // Pages of another encoding have no lengths in them.
    let right = series.binary()?.iter().flatten().all(|bytes| bytes.len() == length);
    if right && series.len() == rows.len() {
        return Ok(series);
    }
    Err(wrong(format!("column {column} is not in DELTA_BYTE_ARRAY")))
}

fn bytes_of(path: &Path, chunk: &ColumnChunkMetadata) -> PolarsResult<Vec<u8>> {
    let range = chunk.byte_range();
    let mut bytes = Vec::new();
    let mut file = File::open(path)?;
    file.seek(SeekFrom::Start(range.start))?;
    file.take(range.end - range.start).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn wrong(found: String) -> PolarsError {
    PolarsError::SchemaMismatch(found.into())
}
