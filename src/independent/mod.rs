//! The second implementation: a period recomputed in Polars, and compared with the tables of the engine.
//!
//! **Purpose.** A fault of the engine should not go unseen because the engine proves itself. This code is
//! slow and set-oriented, and shares only words with the engine: [`crate::model::codes`], [`crate::model::money`], the
//! names of fields, the policy. It reads Parquet with another reader and adds up with other arithmetic.
//!
//! **In.** A delivery, the earlier periods of the book, the rules, and a folder with the tables of the period.
//!
//! **Out.** [`Compared`]: what was found equal, in rows and in fen. Otherwise the differing rows, as a
//! failure.
//!
//! **Invariants.** It decides nothing: the engine's tables are published or they are not. What Polars cannot
//! read fails the recomputation, and is never left out. Memory is bounded by partitions of keys.

use std::path::{Path, PathBuf};

use crate::{
    diag::{Failure, Outcome},
    event::Monitor,
    model::{codes::Month, money::FenSum},
    rules::Rules,
};

#[cfg(feature = "independent")]
mod both;
#[cfg(feature = "independent")]
mod compare;
#[cfg(feature = "independent")]
mod delivery;
#[cfg(feature = "independent")]
mod delta;
#[cfg(feature = "independent")]
mod earlier;
#[cfg(feature = "independent")]
mod facts;
#[cfg(feature = "independent")]
mod ledger;
#[cfg(feature = "independent")]
mod money;
#[cfg(feature = "independent")]
mod period;
#[cfg(feature = "independent")]
mod reversals;
#[cfg(feature = "independent")]
mod rowrules;
#[cfg(feature = "independent")]
mod rows;
#[cfg(feature = "independent")]
mod side;
#[cfg(feature = "independent")]
mod spill;
#[cfg(feature = "independent")]
mod stored;
#[cfg(feature = "independent")]
mod tables;

/// What is to be recomputed, and what it is compared with.
#[derive(Debug, Clone, Copy)]
pub struct Task<'a> {
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

/// Fails unless the program has the second implementation.
pub fn available() -> Outcome<()> {
    if cfg!(feature = "independent") {
        return Ok(());
    }
    Err(Failure::Usage(
        "this program was built without the independent recomputation; build it with: cargo build \
         --release --features independent"
            .to_owned(),
    ))
}

/// Recomputes a period and compares its tables.
///
/// Fails with [`Failure::Differences`] where rows differ, and with [`Failure::Usage`] when Polars cannot read a
/// file of the delivery.
pub fn recompute(task: &Task, monitor: &Monitor) -> Outcome<Compared> {
    available()?;
    #[cfg(feature = "independent")]
    return period::recompute(task, monitor);
    #[cfg(not(feature = "independent"))]
    Err(Failure::Bug(format!("no second implementation of {} {monitor:p}", task.period)))
}
