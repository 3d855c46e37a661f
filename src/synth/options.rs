//! What is generated, and why nothing (more) is.

use std::{io, path::PathBuf};

use super::breaks::BreakRates;
use crate::{diag::Failure, model::codes::Month, rules::RulesError, text::Text};

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
    pub breaks: BreakRates,
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
#[derive(Debug)]
pub enum SynthError {
    /// An option is out of range.
    Options(Text),
    /// The rules do not fit the periods or the codes that are generated.
    Rules(RulesError),
    /// The period's folder is there already.
    Exists(PathBuf),
    /// A file could not be written.
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A Parquet file could not be made.
    Parquet {
        /// The file.
        path: PathBuf,
        /// What went wrong.
        source: parquet::errors::ParquetError,
    },
    /// A folder may not be made, or not in its place.
    Place(Failure),
    /// The caller asked to stop; the period under way was removed.
    Stopped,
}

worded!(SynthError);

impl SynthError {
    /// The error as a message.
    pub fn text(&self) -> Text {
        match self {
            SynthError::Options(problem) => problem.clone(),
            SynthError::Rules(error) => error.text(),
            SynthError::Exists(path) => {
                text!("{} is there already; nothing is overwritten", path)
            }
            SynthError::Io { path, source } => text!("{}: {}", path, source),
            SynthError::Parquet { path, source } => text!("{}: {}", path, Text::foreign(source)),
            SynthError::Place(failure) => failure.text(),
            SynthError::Stopped => text!("interrupted, nothing was published"),
        }
    }
}

impl From<RulesError> for SynthError {
    fn from(error: RulesError) -> SynthError {
        SynthError::Rules(error)
    }
}

impl From<Failure> for SynthError {
    fn from(failure: Failure) -> SynthError {
        SynthError::Place(failure)
    }
}
