//! Spills rows to disk, partitioned by key, so that one partition fits into memory.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    ops::Range,
    path::{Path, PathBuf},
};

use polars::prelude::{DataFrame, IntoSeries, PolarsResult, UInt32Chunked};
use polars_io::prelude::{ParquetCompression, ParquetWriter, StatisticsOptions};

use super::stored::{OpenParquet, failed};
use crate::diag::{Failure, Outcome};

/// A scratch folder. Dropping the value removes it.
pub(super) struct Scratch {
    folder: PathBuf,
    /// The number of partitions.
    parts: u32,
}

impl Scratch {
    /// Makes the folder.
    pub(super) fn create(below: &Path, parts: u32) -> Outcome<Scratch> {
        let folder = below.join("independent");
        fs::create_dir(&folder).map_err(Failure::io(&folder))?;
        Ok(Scratch { folder, parts })
    }

    /// Returns the partitions in the order of keys.
    pub(super) fn parts(&self) -> Range<u32> {
        0..self.parts
    }

    /// Returns the partition of a key: the high bits of key × parts. It rises with the key, so a partition is a range
    /// of keys.
    pub(super) fn part_of(&self, key: u64) -> u32 {
        let part = (u128::from(key) * u128::from(self.parts)) >> 64;
        u32::try_from(part).unwrap_or_default()
    }

    /// Returns the range of keys of a partition: the inverse of [`Scratch::part_of`].
    pub(super) fn keys_of(&self, part: u32) -> Range<u128> {
        let first = |part: u32| (u128::from(part) << 64).div_ceil(u128::from(self.parts));
        first(part)..first(part + 1)
    }

    /// Begins a set of spilled rows. `key` is the column of the key.
    pub(super) fn spill(&self, name: &'static str, key: &'static str) -> SpilledRows<'_> {
        SpilledRows { scratch: self, name, key, files: Vec::new() }
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // If this fails, the staging folder around it is removed later.
        _ = fs::remove_dir_all(&self.folder);
    }
}

/// A set of rows on disk, each in the partition of its key.
pub(super) struct SpilledRows<'a> {
    scratch: &'a Scratch,
    name: &'static str,
    /// The column of the key.
    key: &'static str,
    files: Vec<PartitionedFile>,
}

/// A file, and the range of its rows for each partition.
struct PartitionedFile {
    path: PathBuf,
    parts: BTreeMap<u32, Range<usize>>,
}

impl SpilledRows<'_> {
    /// Adds rows. All calls must have the same columns.
    pub(super) fn add(&mut self, frame: &DataFrame) -> Outcome<()> {
        if frame.height() == 0 {
            return Ok(());
        }
        let path = self.scratch.folder.join(format!("{}-{}", self.name, self.files.len()));
        let parts = self.write(frame, &path).map_err(failed)?;
        self.files.push(PartitionedFile { path, parts });
        Ok(())
    }

    fn write(&self, frame: &DataFrame, path: &Path) -> PolarsResult<BTreeMap<u32, Range<usize>>> {
        let keys = frame.column(self.key)?.u64()?;
        let parts = keys.iter().map(|key| key.map(|key| self.scratch.part_of(key)));
        let parts = parts.collect::<UInt32Chunked>().with_name("part".into()).into_series();
        let mut frame = frame.clone();
        frame.with_column(parts.into())?;
        let mut pieces = BTreeMap::new();
        for piece in frame.partition_by(["part"], true)? {
            let part = piece.column("part")?.u32()?.get(0).unwrap_or_default();
            pieces.insert(part, piece.drop("part")?);
        }
        let mut places = BTreeMap::new();
        let mut end = 0;
        // Not compressed: columns with few values are short already, and the others compress badly.
        let writer = ParquetWriter::new(File::create_new(path)?)
            .with_compression(ParquetCompression::Uncompressed)
            .with_statistics(StatisticsOptions::empty());
        let mut writer = writer.batched(frame.drop("part")?.schema())?;
        for (part, mut piece) in pieces {
            piece.rechunk_mut_par();
            writer.write_batch(&piece)?;
            places.insert(part, end..end + piece.height());
            end += piece.height();
        }
        writer.finish()?;
        Ok(places)
    }

    /// Reads all rows of a partition, or `None` when there are none.
    pub(super) fn read(&self, part: u32) -> Outcome<Option<DataFrame>> {
        let mut all: Option<DataFrame> = None;
        for piece in &self.files {
            let Some(rows) = piece.parts.get(&part) else { continue };
            let frame = read(&piece.path, rows.clone()).map_err(failed)?;
            match &mut all {
                Some(all) => _ = all.vstack_mut_owned(frame).map_err(failed)?,
                None => all = Some(frame),
            }
        }
        Ok(all)
    }
}

fn read(path: &Path, rows: Range<usize>) -> PolarsResult<DataFrame> {
    let stored = OpenParquet::open(path)?;
    stored.read(stored.names(), rows)
}
