//! The interface to a second implementation of a run.
//!
//! The engine calls it through [`Recompute`] before a period is published. The package `crates/independent` implements
//! it.

use std::path::{Path, PathBuf};

use crate::{
    diag::Outcome,
    event::Monitor,
    model::{codes::Month, money::FenSum},
    rules::Rules,
};

/// Recomputes a period and compares its tables.
///
/// Fails with [`Failure::Differences`](crate::diag::Failure::Differences) where rows differ, and with
/// [`Failure::Usage`](crate::diag::Failure::Usage) when a file of the delivery cannot be read.
pub type Recompute = fn(&RecomputeTask, &Monitor) -> Outcome<Compared>;

/// The task of a recomputation: a period, and the tables to compare with.
#[derive(Debug, Clone, Copy)]
pub struct RecomputeTask<'a> {
    /// The delivery's folder.
    pub input: &'a Path,
    /// The closed periods before it, oldest first, with their folders.
    pub earlier: &'a [(Month, PathBuf)],
    /// The rules.
    pub rules: &'a Rules,
    /// The period.
    pub period: Month,
    /// The folder whose `tables` are compared.
    pub result: &'a Path,
    /// An existing folder. Spilled data goes into a new folder below it, which is removed at the end.
    pub scratch: &'a Path,
    /// Bytes of memory, approximately.
    pub memory: usize,
}

/// The result of a comparison without differences.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Compared {
    /// Every compared table.
    pub tables: Vec<ComparedTable>,
}

/// A table whose rows are the same in both implementations.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ComparedTable {
    /// Its name.
    pub name: &'static str,
    /// The number of rows.
    pub rows: u64,
    /// The sum of its leading money column in fen; 0 without such a column.
    pub fen: FenSum,
}

impl Compared {
    /// Returns the number of rows of all tables.
    pub fn rows(&self) -> u64 {
        self.tables.iter().map(|table| table.rows).sum()
    }

    /// Returns the cleared sum in fen.
    pub fn payable(&self) -> FenSum {
        self.tables.iter().filter(|table| table.name == "positions").map(|table| table.fen).sum()
    }
}
