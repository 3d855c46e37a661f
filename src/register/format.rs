//! The register (已清算登记): every settlement that ever cleared or was voided, by key.
//!
//! A period keeps its own part in two Parquet files, sorted by key, with delta-encoded keys (about 14 bytes for each
//! settlement). Row groups end at multiples of 1/512 of the range of hashes, once they have enough rows: so a partition
//! of a delivery reads few row groups besides its own.
//!
//! `register.parquet`: key, check (96 bits of the hash of setl_id), payable, group, kind.
//! `reversals.parquet`: key and check of each settlement that a cleared reversal reversed.

use std::{path::Path, sync::Arc};

use arrow_array::{ArrayRef, Decimal128Array, Int32Array, UInt32Array, UInt64Array};
use arrow_schema::{DataType, Field, Schema};
use parquet::{
    basic::{Compression, Encoding},
    file::properties::WriterProperties,
    schema::types::ColumnPath,
};

use crate::{
    columnar::{
        entry::FileEntry,
        table::{EncodedRowGroup, Encoder, HashedParquet, reproducible},
    },
    diag::{Failure, Outcome},
    keyed::{
        entry::RegisterMatch,
        key::Key,
        registered::{Registered, RegisteredKind},
    },
    model::{
        group::Group,
        money::{Fen, FenSum},
    },
    text::Text,
};

/// File names below a period's folder.
pub(crate) const SETTLEMENTS: &str = "register.parquet";
pub(crate) const REVERSALS: &str = "reversals.parquet";
pub(crate) fn schema() -> Arc<Schema> {
    Arc::new(Schema::new(vec![
        Field::new("key", DataType::UInt64, false),
        Field::new("check", DataType::UInt32, false),
        Field::new("payable", DataType::Decimal128(16, 2), false),
        Field::new("group", DataType::Int32, false),
        Field::new("kind", DataType::Int32, false),
    ]))
}

pub(crate) fn properties() -> WriterProperties {
    let mut properties = reproducible().set_compression(Compression::UNCOMPRESSED);
    for (column, encoding) in [
        ("key", Encoding::DELTA_BINARY_PACKED),
        ("check", Encoding::PLAIN),
        ("payable", Encoding::DELTA_BINARY_PACKED),
    ] {
        properties = properties
            .set_column_dictionary_enabled(ColumnPath::from(column), false)
            .set_column_encoding(ColumnPath::from(column), encoding);
    }
    properties.build()
}

/// Rows of the register, column by column.
#[derive(Default)]
pub(crate) struct RegisterRows {
    pub(crate) keys: Vec<u64>,
    pub(crate) checks: Vec<u32>,
    pub(crate) payables: Vec<FenSum>,
    pub(crate) groups: Vec<i32>,
    pub(crate) kinds: Vec<i32>,
}

impl RegisterRows {
    pub(crate) fn push(
        &mut self,
        key: Key,
        payable: Fen,
        group: Option<u16>,
        kind: RegisteredKind,
    ) {
        self.keys.push(key.hash);
        self.checks.push(key.check);
        self.payables.push(payable.into());
        self.groups.push(group.map_or(-1, i32::from));
        self.kinds.push(kind as i32);
    }

    pub(crate) fn push_listed(&mut self, (key, registered): &RegisterMatch) {
        let Registered { kind, payable, group, .. } = registered;
        self.push(*key, *payable, group.map(Group::number), *kind);
    }

    /// Encodes a row group; fails unless its keys are sorted and distinct.
    pub(crate) fn encode(self, encoder: &Encoder) -> Outcome<EncodedRowGroup> {
        let keys = self.keys.iter().zip(&self.checks);
        Failure::unless(keys.is_sorted_by(|a, b| a < b), || text!("register: a settlement twice"))?;
        let payables = self.payables.into_iter().map(FenSum::fen);
        let payables = Decimal128Array::from_iter_values(payables).with_precision_and_scale(16, 2);
        let columns: Vec<ArrayRef> = vec![
            Arc::new(UInt64Array::from(self.keys)),
            Arc::new(UInt32Array::from(self.checks)),
            Arc::new(payables.map_err(bug)?),
            Arc::new(Int32Array::from(self.groups)),
            Arc::new(Int32Array::from(self.kinds)),
        ];
        encoder.encode(&columns)
    }
}

fn bug(error: impl std::fmt::Display) -> Failure {
    Failure::Bug(text!("register: {}", Text::foreign(error)))
}

/// Writes the keys of the settlements that this period's cleared reversals reversed; fails unless they are sorted and
/// distinct.
pub(crate) fn write_reversals(folder: &Path, originals: &[Key]) -> Outcome<FileEntry> {
    Failure::unless(originals.is_sorted_by(|a, b| a < b), || text!("a reversal twice"))?;
    let schema = Arc::new(Schema::new(schema().fields()[..2].to_vec()));
    let mut file = HashedParquet::create(folder, REVERSALS, &schema, properties())?;
    let columns: Vec<ArrayRef> = vec![
        Arc::new(originals.iter().map(|key| Some(key.hash)).collect::<UInt64Array>()),
        Arc::new(originals.iter().map(|key| Some(key.check)).collect::<UInt32Array>()),
    ];
    if !originals.is_empty() {
        file.append(file.encoder().encode(&columns)?)?;
    }
    file.close()
}
