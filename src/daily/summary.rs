//! `summary.json`: what a run had, and what it found.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    columnar::entry::FileEntry,
    shapes::{Day, FormatNumber, Period, Sha256},
};

/// The result of a run.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[schemars(title = "daily --format json, and summary.json")]
pub struct DailySummary {
    /// The format of the report.
    pub(super) format: FormatNumber<1>,
    /// The month.
    #[schemars(with = "Period")]
    pub period: String,
    /// The day that is reconciled; null where it is every day of the month.
    #[schemars(with = "Option<Day>")]
    pub day: Option<String>,
    /// The day up to which differences age.
    #[schemars(with = "Day")]
    pub reference_day: String,
    /// The days that were reconciled, in this run and those before.
    #[schemars(with = "Vec<Day>")]
    pub days_done: Vec<String>,
    /// The Parquet files of the three sides.
    pub inputs: Vec<FileEntry>,
    /// The digest of the summary of the run before.
    #[schemars(with = "Option<Sha256>")]
    pub before: Option<String>,
    /// The digest of the rules file.
    #[schemars(with = "Sha256")]
    pub rules: String,
    /// The plausibility codes that were accepted and occurred.
    pub accepted: Vec<String>,
    /// The rows of each side.
    pub rows: BTreeMap<String, SideRows>,
    /// Settlements whose day is outside the month.
    pub outside: u64,
    /// Settlements of the days that were reconciled, by class.
    pub classes: BTreeMap<String, u64>,
    /// The rows of `differences.parquet`.
    pub differences: u64,
    /// The rows of `mended.parquet`.
    pub mended: u64,
    /// The rows of `rejects.parquet`.
    pub rejects: u64,
}

/// The rows of a side.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, JsonSchema)]
pub struct SideRows {
    /// All rows.
    pub read: u64,
    /// Those that broke a rule and take no part.
    pub rejected: u64,
}
