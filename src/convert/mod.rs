//! Exports of provinces → deliveries.
//!
//! **Purpose.** Brings the exports that provinces have (CSV, workbooks, Parquet of any names and types) into the form
//! of a delivery, as a map says.
//!
//! **In.** Exports and a map.
//!
//! **Out.** Parquet files with control totals; the list of what was changed and of what was refused.
//!
//! **Invariants.** Nothing is guessed. Rows read = rows written + rows refused + rows set aside, and the totals of what
//! was read are those of what lies in the files.

mod account;
mod block;
mod columns;
mod conversion;
mod exports;
mod guess;
mod heading;
mod known_headings;
mod listing;
mod map;
mod parquet_table;
mod payments;
mod report;
mod rows;
mod spreadsheet;
mod table;
mod tally;
mod target;
mod text_table;
mod totals;
mod value;
mod written;

use std::path::{Path, PathBuf};

use self::{
    conversion::Conversion,
    exports::Export,
    listing::Sayer,
    map::{ExportMap, InputRule},
    target::settlement,
};
pub(crate) use self::{guess::Guess as GuessReport, map::MapFile, report::ConvertReport};
use crate::{
    bounded,
    diag::{Failure, Outcome},
    event::Monitor,
    model::codes::Side,
    place::{
        addition::Addition,
        output::{Readers, Replace, write_file},
    },
};

/// What a command asks for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ConvertRequest<'a> {
    /// The side of the copies.
    pub(crate) side: Side,
    /// The path of the map.
    pub(crate) map: &'a Path,
    /// The delivery.
    pub(crate) out: Option<&'a Path>,
    /// Files and folders of exports.
    pub(crate) exports: &'a [PathBuf],
    /// Whether floating point numbers are taken for the fen that they stand for.
    pub(crate) from_float: bool,
    /// Whether a refused row refuses the conversion.
    pub(crate) strict: bool,
    /// Words messages in the language of the command.
    pub(crate) say: Sayer,
}

/// Guesses a map from the first export, and writes it.
pub(crate) fn guess(request: &ConvertRequest) -> Outcome<GuessReport> {
    let exports = Export::list(request.exports)?;
    let targets = settlement();
    let guessed =
        guess::guess(&exports[0], &targets, "settlement", &InputRule::default(), request.say)?;
    write_file(request.map, Replace::No, Readers::Usual, guessed.map.as_bytes())?;
    Ok(guessed)
}

/// Converts exports, and adds the files to a delivery.
pub(crate) fn convert(request: &ConvertRequest, monitor: &Monitor) -> Outcome<ConvertReport> {
    let Some(out) = request.out else {
        return Err(Failure::Usage(text!("--out is missing")));
    };
    let targets = settlement();
    let names: Vec<&'static str> = targets.iter().map(|target| target.name).collect();
    let map_text = bounded::read_text(request.map, bounded::SETTINGS)
        .map_err(|error| Failure::Usage(text!("{} cannot be read: {}", request.map, error)))?;
    let map = ExportMap::of(&map_text, request.map, &names)?;
    let exports = Export::list(request.exports)?;
    let conversion = Conversion {
        side: request.side,
        map_text: &map_text,
        map: &map,
        targets: &targets,
        exports: &exports,
        from_float: request.from_float,
        strict: request.strict,
        say: request.say,
    };
    let account = conversion.run(&Addition::to(out)?, monitor)?;
    Ok(ConvertReport::of(&account))
}
