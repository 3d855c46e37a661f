//! The options of the generator, and its errors.

use std::{io, path::PathBuf};

use super::{breaks::BreakRates, rates::CoordinationRates};
use crate::{diag::Failure, model::codes::Month, rules::RulesError, text::Text};

/// The order of rows in the files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// By time of settlement. Each province has its own file.
    Time,
    /// Rows of all provinces and times are spread over all files of a side.
    Shuffled,
}

/// The options of the generator.
#[derive(Debug, Clone)]
pub struct SynthOptions {
    /// Deliveries go to `<out>/<period>/`, which must not exist yet.
    pub out: PathBuf,
    /// The first period.
    pub first_period: Month,
    /// The number of periods, at least 1.
    pub periods: u32,
    /// Settlements in each period, reversals included. Each has two copies.
    pub settlements: u64,
    /// The seed. Another seed gives another month.
    pub seed: u64,
    /// The rates of planted breaks.
    pub breaks: BreakRates,
    /// How often provinces have something to do with each other, when that is made too.
    pub coordination: Option<CoordinationRates>,
    /// The order of rows in the files.
    pub order: Order,
}

/// The most settlements in a period: serial numbers of a pair have nine digits.
pub const MOST_SETTLEMENTS: u64 = 1_000_000_000;
/// The most periods.
pub const MOST_PERIODS: u32 = 120;
/// The last period: dates must lie in this century.
pub const LAST_PERIOD: Month = Month::new(2099, 12);

/// The error of a generation.
#[derive(Debug)]
pub enum SynthError {
    /// An option is out of range.
    Options(Text),
    /// The rules do not cover the periods or the generated codes.
    Rules(RulesError),
    /// The folder of the period exists already.
    Exists(PathBuf),
    /// A file could not be written.
    Io {
        /// The file or folder.
        path: PathBuf,
        /// The error of the system.
        source: io::Error,
    },
    /// A Parquet file could not be written.
    Parquet {
        /// The file.
        path: PathBuf,
        /// The error of the writer.
        source: parquet::errors::ParquetError,
    },
    /// The output folder must not be made, or not at this path.
    Place(Failure),
    /// The caller stopped the generation. The unfinished period was removed.
    Stopped,
}

worded!(SynthError);

impl SynthError {
    /// Returns the error as a message.
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
