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
    /// Names of the files beside its folders.
    pub small: &'static [&'static str],
    /// A folder that another command reads.
    pub(super) of_others: Option<&'static str>,
}

/// The names of the system errors, of which a delivery has one.
pub const SYSTEM_ERRORS: [&str; 2] = ["system-errors.csv", "system-errors.parquet"];

/// The names beside its folders that a run reads: small files, and system errors.
pub(super) const RUN_FILES: [&str; small_files::NAMES.len() + SYSTEM_ERRORS.len()] = {
    let mut names = [""; small_files::NAMES.len() + SYSTEM_ERRORS.len()];
    let mut at = 0;
    while at < names.len() {
        let small = small_files::NAMES.len();
        names[at] = if at < small { small_files::NAMES[at] } else { SYSTEM_ERRORS[at - small] };
        at += 1;
    }
    names
};

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
    /// What a run reads: both sides, every small file, and system errors.
    pub const RUN: DeliveryParts = DeliveryParts {
        folders: &[TREATING_FOLDER, INSURED_FOLDER],
        small: &RUN_FILES,
        of_others: Some(NATIONAL),
    };

    /// What daily reconciliation reads: three copies and the control totals.
    pub const DAILY: DeliveryParts = DeliveryParts {
        folders: &[TREATING_FOLDER, NATIONAL_FOLDER, INSURED_FOLDER],
        small: &[CONTROL_TOTALS.name],
        of_others: None,
    };
}
