//! The requests of a job to an executor, and what identifies their files and results.

use std::sync::Arc;

use datafusion::arrow::datatypes::{DataType, Field as DataField, Schema, SchemaRef};
use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_64;

use super::functions::PARCELS;
use crate::{
    ingest::{schedule::FilePart, source::ParquetSource},
    model::codes::Side,
};

/// The name and version of the program, which a job and its executors must share.
pub(super) const PROGRAM: &str = concat!("liangqing ", env!("CARGO_PKG_VERSION"));

/// The terms of a job: its rules.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Terms {
    /// The program that made the job. Another version might read differently.
    pub(super) program: String,
    /// The text of the rules file.
    pub(super) rules: String,
    /// The period.
    pub(super) period: String,
}

/// A request to read from a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct ReadRequest {
    /// Whether the file has copies of the treating side.
    pub(super) treating: bool,
    /// Its path below the input folder.
    pub(super) name: String,
    /// The path of the file, or its address in an object store.
    pub(super) place: String,
    /// Identifies the content of the file: see [`identity`].
    pub(super) identity: u64,
    /// The rows to read.
    pub(super) what: What,
}

/// The rows of a file to read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum What {
    /// Every row of some row groups, for the first time.
    Part(u32, FilePart),
    /// Rows by their ordinals. The first number is the ordinal of the file's first row.
    Rows(u32, Vec<u32>),
}

impl ReadRequest {
    pub(super) fn side(&self) -> Side {
        if self.treating { Side::Treating } else { Side::Insured }
    }
}

/// Stands for an ordinal in the row of a finding, when rows are read again.
pub(super) const FINDING: u64 = u64::MAX;

/// Returns a fingerprint of a file, to detect a replacement: its length and the places of its pages.
pub(super) fn identity(source: &ParquetSource) -> u64 {
    let groups = source.metadata.row_groups();
    let mut numbers = vec![source.bytes.cast_signed()];
    for group in groups {
        numbers.push(group.num_rows());
        for column in group.columns() {
            numbers.extend([column.data_page_offset(), column.compressed_size()]);
        }
    }
    xxh3_64(&numbers.iter().flat_map(|number| number.to_le_bytes()).collect::<Vec<u8>>())
}

/// The schema of a job's results: the hash of a key, or an ordinal, and bytes.
pub(super) fn schema() -> SchemaRef {
    let hash = DataField::new("hash", DataType::UInt64, false);
    Arc::new(Schema::new(vec![hash, DataField::new("parcels", PARCELS, false)]))
}
