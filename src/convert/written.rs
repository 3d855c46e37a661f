//! The Parquet files that converted rows go into, and what lies in them.

use std::{collections::BTreeMap, fs::File, path::Path, sync::Arc};

use arrow_array::{Array, ArrayRef, cast::AsArray, types::Decimal128Type};
use arrow_schema::{Field, Schema};
use parquet::{
    arrow::{
        ProjectionMask,
        arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder},
    },
    basic::{Compression, ZstdLevel},
    errors::ParquetError,
};
use rayon::prelude::*;

use super::{
    columns::Values,
    rows::Converted,
    target::{ConvertTarget, TargetKind},
};
use crate::{
    columnar::table::{HashedParquet, reproducible},
    diag::{Failure, Outcome},
    model::money::FenSum,
    place::make_below,
    text::Text,
};

/// The rows from which on a row group ends, and from which on another file begins.
const GROUP_ROWS: u64 = 128 * 1024;
const FILE_ROWS: u64 = 4 << 20;

/// Rows and sums of a file, by the name of the field.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct WrittenTotals {
    /// Rows.
    pub(crate) rows: u64,
    /// The sum of each amount.
    pub(crate) sums: BTreeMap<&'static str, FenSum>,
}

/// A file that was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct WrittenFile {
    /// The path below the delivery.
    pub(crate) path: String,
    /// What lies in it, read back.
    pub(crate) totals: WrittenTotals,
}

/// Writes converted rows into one file, and into more where there are many.
pub(crate) struct RowWriter<'a> {
    folder: &'a Path,
    /// The path below the folder, without ending.
    stem: String,
    targets: Vec<ConvertTarget>,
    schema: Arc<Schema>,
    file: Option<HashedParquet>,
    /// Rows of the current file, and of the blocks that wait.
    rows: u64,
    waiting_rows: u64,
    waiting: Vec<Vec<ArrayRef>>,
    paths: Vec<String>,
}

impl<'a> RowWriter<'a> {
    /// Prepares files `<stem>.parquet`, `<stem>-2.parquet` and so on below a folder.
    pub(crate) fn new(
        folder: &'a Path,
        stem: String,
        targets: Vec<ConvertTarget>,
    ) -> RowWriter<'a> {
        let field =
            |target: &ConvertTarget| Field::new(target.name, Values::data_type(target.kind), true);
        let schema = Arc::new(Schema::new(targets.iter().map(field).collect::<Vec<_>>()));
        RowWriter {
            folder,
            stem,
            targets,
            schema,
            file: None,
            rows: 0,
            waiting_rows: 0,
            waiting: Vec::new(),
            paths: Vec::new(),
        }
    }

    /// Takes the next rows.
    pub(crate) fn push(&mut self, converted: Converted) -> Outcome<()> {
        let rows = converted.tally.converted;
        if rows > 0 {
            self.waiting_rows += rows;
            self.waiting.push(converted.columns);
        }
        if self.waiting_rows >= GROUP_ROWS { self.flush() } else { Ok(()) }
    }

    /// Writes the rows that wait as a row group.
    fn flush(&mut self) -> Outcome<()> {
        if self.file.is_none() {
            self.file = Some(self.create()?);
        }
        let waiting = std::mem::take(&mut self.waiting);
        if let Some(file) = &mut self.file
            && !waiting.is_empty()
        {
            let parts: Vec<&[ArrayRef]> = waiting.iter().map(Vec::as_slice).collect();
            let group = file.encoder().encode_parts(&parts)?;
            file.append(group)?;
        }
        self.rows += std::mem::take(&mut self.waiting_rows);
        if self.rows >= FILE_ROWS {
            self.close()?;
        }
        Ok(())
    }

    fn create(&mut self) -> Outcome<HashedParquet> {
        let number = self.paths.len() + 1;
        let path = match number {
            1 => format!("{}.parquet", self.stem),
            _ => format!("{}-{number}.parquet", self.stem),
        };
        let place = self.folder.join(&path);
        make_below(self.folder, place.parent().unwrap_or(self.folder))?;
        let level = ZstdLevel::try_new(1)
            .map_err(|error| Failure::Bug(text!("{}", Text::foreign(error))))?;
        let properties = reproducible().set_compression(Compression::ZSTD(level)).build();
        let file = HashedParquet::create(self.folder, &path, &self.schema, properties)?;
        self.paths.push(path);
        Ok(file)
    }

    fn close(&mut self) -> Outcome<()> {
        self.rows = 0;
        match self.file.take() {
            Some(file) => file.close().map(drop),
            None => Ok(()),
        }
    }

    /// Ends the files, reads them back, and returns what lies in each. An export without rows becomes a file without
    /// rows.
    pub(crate) fn finish(mut self) -> Outcome<Vec<WrittenFile>> {
        if self.waiting_rows > 0 || self.paths.is_empty() {
            self.flush()?;
        }
        self.close()?;
        let read = |path: &String| {
            let totals = read_back(&self.folder.join(path), &self.targets)?;
            Ok(WrittenFile { path: path.clone(), totals })
        };
        self.paths.iter().map(read).collect()
    }
}

/// Reads rows and sums of a file as another program would: from the file alone.
fn read_back(path: &Path, targets: &[ConvertTarget]) -> Outcome<WrittenTotals> {
    let damaged = |error: ParquetError| {
        Failure::Bug(text!("{} cannot be read back: {}", path, Text::foreign(error)))
    };
    let file = File::open(path).map_err(Failure::io(path))?;
    let metadata =
        ArrowReaderMetadata::load(&file, ArrowReaderOptions::default()).map_err(damaged)?;
    let amounts: Vec<(usize, &'static str)> = targets
        .iter()
        .enumerate()
        .filter(|(_, target)| target.kind == TargetKind::Amount)
        .map(|(at, target)| (at, target.name))
        .collect();
    let groups = metadata.metadata().num_row_groups();
    let of_group = |group: usize| -> Outcome<WrittenTotals> {
        let file = File::open(path).map_err(Failure::io(path))?;
        let builder = ParquetRecordBatchReaderBuilder::new_with_metadata(file, metadata.clone());
        let leaves = amounts.iter().map(|(at, _)| *at);
        let mask = ProjectionMask::leaves(builder.parquet_schema(), leaves);
        let reader = builder.with_projection(mask).with_row_groups(vec![group]).build();
        let mut totals = WrittenTotals::default();
        for batch in reader.map_err(damaged)? {
            let batch = batch.map_err(|error| damaged(ParquetError::General(error.to_string())))?;
            totals.rows += batch.num_rows() as u64;
            for ((_, name), column) in amounts.iter().zip(batch.columns()) {
                let column = column.as_primitive_opt::<Decimal128Type>().ok_or_else(|| {
                    Failure::Bug(text!(
                        "{}: {} is read back as {}",
                        path,
                        name,
                        Text::foreign(column.data_type())
                    ))
                })?;
                let sum = column
                    .iter()
                    .flatten()
                    .map(FenSum::new)
                    .fold(FenSum::default(), FenSum::saturating_add);
                let all = totals.sums.entry(*name).or_default();
                *all = all.saturating_add(sum);
            }
        }
        Ok(totals)
    };
    let parts = (0..groups).into_par_iter().map(of_group).collect::<Outcome<Vec<_>>>()?;
    let none = amounts.iter().map(|(_, name)| (*name, FenSum::default())).collect();
    let mut totals = WrittenTotals { rows: 0, sums: none };
    for part in &parts {
        totals.add(part);
    }
    Ok(totals)
}

impl WrittenTotals {
    /// Adds the rows and sums of another file.
    pub(crate) fn add(&mut self, other: &WrittenTotals) {
        self.rows += other.rows;
        for (name, sum) in &other.sums {
            let all = self.sums.entry(name).or_default();
            *all = all.saturating_add(*sum);
        }
    }
}
