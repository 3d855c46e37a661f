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
mod digests;
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
mod small;
mod spreadsheet;
mod table;
mod tables;
mod tally;
mod target;
mod text_table;
mod totals;
mod value;
mod written;

use std::path::{Path, PathBuf};

use self::{
    conversion::CopiesConversion,
    exports::Export,
    map::{ExportMap, InputRule},
    payments::{BookNotices, PaymentsConversion},
    small::SmallConversion,
    tables::Tables,
    target::{ConvertTarget, settlement, small_file},
};
pub use self::{
    guess::Guess as GuessReport,
    listing::Sayer,
    map::MapFile,
    payments::{
        BankParties, LeftReason, LineAside, MatchReason, PaymentMatch, PaymentSum, PaymentTotals,
        PaymentsReport,
    },
    report::{ChangedField, ConvertReport, ConvertedFile, ConvertedTable, DifferingSum},
};
use crate::{
    bounded,
    contract::columns::FileColumns,
    diag::{Failure, Outcome},
    event::Monitor,
    model::codes::Side,
    place::{
        addition::Addition,
        output::{Readers, Replace, write_file},
    },
};

/// What exports become.
#[derive(Debug, Clone, Copy)]
pub enum Destination {
    /// The copies of a side.
    Copies(Side),
    /// A small file.
    File(&'static FileColumns),
    /// The payments of bank statements.
    Payments,
}

impl Destination {
    /// Returns the file of a name without ending, such as `deductions`.
    pub fn file(name: &str) -> Option<Destination> {
        match name {
            "payments" => Some(Destination::Payments),
            name => small::named(name).map(Destination::File),
        }
    }

    /// Returns the names of files without ending.
    pub fn files() -> Vec<&'static str> {
        small::names().chain(["payments"]).collect()
    }

    fn targets(self) -> Vec<ConvertTarget> {
        match self {
            Destination::Copies(_) => settlement(),
            Destination::File(file) => small_file(file),
            Destination::Payments => payments::targets(),
        }
    }

    /// Returns the name of its known headings.
    fn kind(self) -> &'static str {
        match self {
            Destination::Copies(_) => "settlement",
            Destination::File(file) => file.name.trim_end_matches(".csv"),
            Destination::Payments => "payments",
        }
    }
}

/// What a command asks for.
#[derive(Debug, Clone, Copy)]
pub struct ConvertRequest<'a> {
    /// What the exports become.
    pub into: Destination,
    /// The path of the map.
    pub map: &'a Path,
    /// The delivery.
    pub out: Option<&'a Path>,
    /// Files and folders of exports.
    pub exports: &'a [PathBuf],
    /// Whether floating point numbers are taken for the fen that they stand for.
    pub from_float: bool,
    /// Whether a refused row refuses the conversion.
    pub strict: bool,
    /// Words messages in the language of the command.
    pub say: Sayer,
}

/// Guesses a map from exports, and writes it.
pub fn guess(request: &ConvertRequest) -> Outcome<GuessReport> {
    if request.map.symlink_metadata().is_ok() {
        let problem = text!("{} is there already, and is not replaced", request.map);
        return Err(Failure::Usage(problem.hinting(text!("name another map, or move it away"))));
    }
    let exports = Export::list(request.exports)?;
    let (targets, kind) = (request.into.targets(), request.into.kind());
    let guessed = guess::guess(&exports, &targets, kind, &InputRule::default(), request.say)?;
    write_file(request.map, Replace::No, Readers::Usual, guessed.map.as_bytes())?;
    Ok(guessed)
}

/// What a conversion did.
pub enum ConversionOutcome {
    /// Rows became rows.
    Rows(Box<ConvertReport>),
    /// Lines of bank statements were matched with notices.
    Payments(Box<PaymentsReport>),
}

/// What bank statements are matched with.
pub struct PaymentSources<'a> {
    /// The book.
    pub book: &'a Path,
    /// The accounts and names that are known.
    pub parties: &'a BankParties,
}

/// Converts exports, and adds the files to a delivery.
pub fn convert(
    request: &ConvertRequest,
    payments: Option<&PaymentSources>,
    monitor: &Monitor,
) -> Outcome<ConversionOutcome> {
    let Some(out) = request.out else {
        return Err(Failure::Usage(text!("--out is missing")));
    };
    let targets = request.into.targets();
    let names: Vec<&'static str> = targets.iter().map(|target| target.name).collect();
    let map_text = bounded::read_text(request.map, bounded::SETTINGS)
        .map_err(|error| Failure::Usage(text!("{} cannot be read: {}", request.map, error)))?;
    let map = ExportMap::of(&map_text, request.map, &names)?;
    let exports = Export::list(request.exports)?;
    let tables =
        Tables { map: &map, targets: &targets, exports: &exports, from_float: request.from_float };
    let ConvertRequest { strict, say, .. } = *request;
    let (map_text, delivery) = (map_text.as_str(), Addition::to(out)?);
    let account = match request.into {
        Destination::Copies(side) => {
            CopiesConversion { side, tables, map_text, strict, say }.run(&delivery, monitor)?
        }
        Destination::File(file) => {
            SmallConversion { file, tables, map_text, strict, say }.run(&delivery, monitor)?
        }
        Destination::Payments => {
            let Some(sources) = payments else {
                return Err(Failure::Usage(text!("--book is missing")));
            };
            let mut notices = BookNotices::read(sources.book)?;
            notices.approve(delivery.folder())?;
            let (notices, parties) = (&notices, sources.parties);
            let conversion = PaymentsConversion { tables, map_text, notices, parties, say };
            return conversion
                .run(&delivery, monitor)
                .map(Box::new)
                .map(ConversionOutcome::Payments);
        }
    };
    Ok(ConversionOutcome::Rows(Box::new(ConvertReport::of(&account))))
}
