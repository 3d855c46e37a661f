//! A seeded national generator with an answer key.
//!
//! **Purpose.** Deliveries of any size that look like the country's, with every break class planted at
//! given rates, to test, measure and try out the engine.
//!
//! **In.** [`SynthOptions`]: where, which periods, how many settlements, the seed, the rates, the order.
//!
//! **Out.** For each period a delivery (contract section 2) below `<out>/<period>/`, and the answer key
//! `truth.parquet`: the rows (setl_id, class) that the engine has to list in that period's `breaks`.
//!
//! **Invariants.** Every value is a pure function of (seed, period of birth, pair, index): a settlement
//! is generated once for each side rather than kept, so that memory does not grow with the month, and
//! the same options give the same bytes whatever the number of threads. Whatever becomes of a planted
//! settlement in later periods is decided at its birth ([`plan`]); the answer key follows from its
//! copies by a reading of the contract that shares no code with the engine ([`judge`]).

mod alter;
mod breaks;
mod clock;
mod column;
mod deliver;
mod draw;
mod geography;
mod judge;
mod life;
#[cfg(test)]
mod oracle;
mod period;
mod plan;
mod profile;
mod row;
mod scan;
mod summary;
mod table;
#[cfg(test)]
mod tests;
mod world;

use std::{io, path::PathBuf};

pub use self::{
    breaks::{Breaks, BreaksError},
    summary::{Measure, Summary},
};
use crate::{
    diag::Failure,
    model::codes::Month,
    rules::{Rules, RulesError},
};

/// In which order rows lie in the files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// By time of settlement; a file holds what one province sends.
    Time,
    /// Rows of all provinces and times are spread over all files of a side.
    Shuffled,
}

/// What to generate.
#[derive(Debug, Clone)]
pub struct SynthOptions {
    /// Deliveries go to `<out>/<period>/`, which must not exist yet.
    pub out: PathBuf,
    /// The first period.
    pub first_period: Month,
    /// How many periods, at least 1.
    pub periods: u32,
    /// Settlements a period, each with two copies, reversals included.
    pub settlements: u64,
    /// The seed: another seed, another month.
    pub seed: u64,
    /// What is planted.
    pub breaks: Breaks,
    /// In which order rows lie in the files.
    pub order: Order,
}

/// The most settlements a period: serial numbers of a pair have nine digits.
pub const MOST_SETTLEMENTS: u64 = 1_000_000_000;
/// The most periods.
pub const MOST_PERIODS: u32 = 120;
/// The last period: settlements end with the century.
pub const LAST_PERIOD: Month = Month::new(2099, 12);

/// Why nothing (more) was generated.
#[derive(Debug, thiserror::Error)]
pub enum SynthError {
    /// An option is out of range.
    #[error("{0}")]
    Options(String),
    /// The rules do not fit the periods or the codes that are generated.
    #[error(transparent)]
    Rules(#[from] RulesError),
    /// The period's folder is there already.
    #[error("{} is there already; nothing is overwritten", crate::diag::shown(.0))]
    Exists(PathBuf),
    /// A file could not be written.
    #[error("{}: {source}", crate::diag::shown(.path))]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A Parquet file could not be made.
    #[error("{}: {source}", crate::diag::shown(.path))]
    Parquet {
        /// The file.
        path: PathBuf,
        /// What went wrong.
        source: parquet::errors::ParquetError,
    },
    /// A folder may not be made, or not in its place.
    #[error(transparent)]
    Place(#[from] Failure),
    /// The caller asked to stop; the period under way was removed.
    #[error("stopped")]
    Stopped,
}

/// Generates the deliveries, on the threads of the current rayon pool. `progress` hears how many rows
/// were written since its last call, from any thread, and says whether to go on.
pub fn generate(
    options: &SynthOptions,
    rules: &Rules,
    progress: &(dyn Fn(u64) -> bool + Sync),
) -> Result<Summary, SynthError> {
    period::generate(options, rules, progress)
}
