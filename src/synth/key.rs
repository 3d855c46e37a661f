//! Writes answer keys, and other tables that are made row by row.

use std::{fs::File, path::Path, sync::Arc};

use arrow_array::{ArrayRef, RecordBatch, StringArray};
use parquet::{
    arrow::ArrowWriter,
    basic::{Compression, ZstdLevel},
    errors::{ParquetError, Result as ParquetResult},
    file::properties::WriterProperties,
};

use super::{options::SynthError, row::SyntheticId};

/// The most rows that are held as columns at a time.
pub(super) const ROWS: usize = 65_536;

/// Begins a Parquet file with the columns of an empty batch.
pub(super) fn begin(path: &Path, empty: &RecordBatch) -> ParquetResult<ArrowWriter<File>> {
    let properties = WriterProperties::builder()
        .set_created_by("liangqing synth".to_owned())
        .set_compression(Compression::ZSTD(ZstdLevel::try_new(1)?))
        .build();
    let file = File::create(path).map_err(|e| ParquetError::External(Box::new(e)))?;
    ArrowWriter::try_new(file, empty.schema(), Some(properties))
}

/// Writes an answer key.
pub(super) fn write_key<R>(
    path: &Path,
    rows: &[R],
    batch: impl Fn(&[R]) -> ParquetResult<RecordBatch>,
) -> Result<(), SynthError> {
    let write = || {
        let mut file = begin(path, &batch(&[])?)?;
        for rows in rows.chunks(ROWS) {
            file.write(&batch(rows)?)?;
        }
        file.close().map(|_| ())
    };
    write().map_err(|source| SynthError::Parquet { path: path.to_owned(), source })
}

/// Writes an answer key of settlements and classes.
pub(super) fn write_classes(
    path: &Path,
    truth: &[(SyntheticId, &'static str)],
) -> Result<(), SynthError> {
    write_key(path, truth, |rows| {
        let ids = rows.iter().map(|(id, _)| String::from_utf8_lossy(&id.text()).into_owned());
        let ids: ArrayRef = Arc::new(StringArray::from_iter_values(ids));
        let classes = StringArray::from_iter_values(rows.iter().map(|(_, class)| class));
        let classes: ArrayRef = Arc::new(classes);
        RecordBatch::try_from_iter([("setl_id", ids), ("class", classes)])
            .map_err(ParquetError::from)
    })
}
