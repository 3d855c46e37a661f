//! What a second implementation of a run is asked, and what it answers.
//!
//! The engine calls it through [`Recompute`] before a period is published. The package `crates/independent` is the
//! one that there is.

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

/// What is to be recomputed, and what it is compared with.
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
    /// An existing folder; what does not fit into memory goes into a new folder below it, which is removed.
    pub scratch: &'a Path,
    /// Bytes of memory, about.
    pub memory: usize,
}

/// What was found equal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Compared {
    /// Every table that was compared.
    pub tables: Vec<ComparedTable>,
}

/// A table whose rows are the same in both implementations.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ComparedTable {
    /// Its name.
    pub name: &'static str,
    /// How many rows.
    pub rows: u64,
    /// Sum of its leading column of money, in fen; 0 where it has none.
    pub fen: FenSum,
}

impl Compared {
    /// Rows of all tables.
    pub fn rows(&self) -> u64 {
        self.tables.iter().map(|table| table.rows).sum()
    }

    /// What cleared, in fen.
    pub fn payable(&self) -> FenSum {
        self.tables.iter().filter(|table| table.name == "positions").map(|table| table.fen).sum()
    }
}
