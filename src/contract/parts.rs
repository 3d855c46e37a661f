//! The parts of a delivery that a command reads: folders of Parquet files, and small files.

use super::{columns::CONTROL_TOTALS, small_files};
use crate::model::codes::Side;

/// A folder of Parquet files.
#[derive(Debug, Clone, Copy)]
pub struct CopyFolder {
    /// Its name.
    pub name: &'static str,
    /// The side of its copies; that of the national folder says nothing.
    pub side: Side,
    /// Beginnings of names that people give it.
    pub(super) words: [&'static str; 2],
}

/// The parts that a command reads.
#[derive(Debug, Clone, Copy)]
pub struct DeliveryParts {
    /// Its folders.
    pub folders: &'static [CopyFolder],
    /// Names of its small files.
    pub small: &'static [&'static str],
    /// A folder that another command reads.
    pub(super) of_others: Option<&'static str>,
}

/// The folder of the copies of the national system.
pub const NATIONAL: &str = "national";

const TREATING_FOLDER: CopyFolder =
    CopyFolder { name: Side::Treating.name(), side: Side::Treating, words: ["treat", "就医"] };
const INSURED_FOLDER: CopyFolder =
    CopyFolder { name: Side::Insured.name(), side: Side::Insured, words: ["insur", "参保"] };
// The side takes no part: files of the folder are known by their scope.
const NATIONAL_FOLDER: CopyFolder =
    CopyFolder { name: NATIONAL, side: Side::Treating, words: ["nation", "国家"] };

impl DeliveryParts {
    /// What a run reads: both sides and every small file.
    pub const RUN: DeliveryParts = DeliveryParts {
        folders: &[TREATING_FOLDER, INSURED_FOLDER],
        small: &small_files::NAMES,
        of_others: Some(NATIONAL),
    };

    /// What daily reconciliation reads: three copies and the control totals.
    pub const DAILY: DeliveryParts = DeliveryParts {
        folders: &[TREATING_FOLDER, NATIONAL_FOLDER, INSURED_FOLDER],
        small: &[CONTROL_TOTALS.name],
        of_others: None,
    };
}
