//! Brings errors and their news together: rows count in the order of the file, after the errors of the period before.

use std::{
    collections::BTreeMap,
    path::Path,
    sync::atomic::{AtomicU64, Ordering::Relaxed},
};

use chrono::NaiveDate;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::{
    carried,
    error::{ErrorState, SystemError},
    file,
    groups::{GroupPart, GroupTally},
    masking::cut,
    row::RowLimits,
    visits::WantedVisits,
};
use crate::{
    columnar::entry::FileEntry,
    diag::{Finding, Outcome, codes::ErrorRule},
    event::Monitor,
    keyed::{
        key::Key,
        packed::{pack, unpack_first},
        sorted::{SortRow, Sorter},
        store::{Partitioning, Store},
    },
    model::codes::Month,
    rules::Int96,
};

/// What errors are read from, and by what they are judged.
#[derive(Clone, Copy)]
pub struct ErrorsRequest<'a> {
    /// The folder of the delivery.
    pub input: &'a Path,
    /// The period before, where it has open errors.
    pub carried: Option<&'a Path>,
    /// The period.
    pub period: Month,
    /// The as-of day.
    pub as_of: NaiveDate,
    /// What INT96 is.
    pub int96: Int96,
    /// Bytes of the memory of the run.
    pub memory: usize,
    /// The folder for what does not fit it.
    pub scratch: &'a Path,
    /// Who watches.
    pub monitor: &'a Monitor,
}

/// Errors of which the delivery's rows have yet to say whether their visits settled.
pub struct PendingErrors {
    /// The file of the delivery.
    pub entry: Option<FileEntry>,
    /// The visits that are asked about.
    pub visits: WantedVisits,
    /// Errors that a visit may resolve, packed, by the key of the visit.
    pub(super) waiting: Store<u8>,
    pub(super) ledger: ErrorLedger,
}

/// What becomes of errors and rows.
pub(super) struct ErrorLedger {
    pub(super) period: Month,
    pub(super) open: Sorter<SystemError>,
    pub(super) groups: Sorter<GroupPart>,
    pub(super) refused: Sorter<RefusedError>,
    /// Rows of the file: all, refused, news.
    pub(super) rows: [AtomicU64; 3],
    /// Errors of the period before.
    pub(super) carried: AtomicU64,
}

/// A row that is refused.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct RefusedError {
    /// Whether it is a row of the Parquet file.
    pub(super) parquet: bool,
    /// Its number.
    pub(super) row: u64,
    /// Its err_id, cut.
    pub(super) err_id: Option<String>,
    /// The place of its code.
    pub(super) code: usize,
}

impl RefusedError {
    fn of(name: &str, row: u64, err_id: Option<&str>, code: ErrorRule) -> RefusedError {
        let err_id = err_id.map(|err_id| cut(err_id).to_owned());
        RefusedError { parquet: name.ends_with(".parquet"), row, err_id, code: code as usize }
    }
}

impl SortRow for RefusedError {
    fn bytes(&self) -> usize {
        64 + self.err_id.as_ref().map_or(0, String::len)
    }

    fn order(&self, other: &RefusedError) -> std::cmp::Ordering {
        self.row.cmp(&other.row)
    }
}

impl SortRow for SystemError {
    fn bytes(&self) -> usize {
        400
    }

    fn order(&self, other: &SystemError) -> std::cmp::Ordering {
        self.err_id.cmp(&other.err_id)
    }
}

/// Bytes of packed rows that a partition should have, about.
const OF_PARTITION: u64 = 1 << 20;
/// Bytes in a file for each of which a packed row takes some: Parquet is compressed.
const UNPACKED: u64 = 4;

/// Reads the errors of a delivery and those of the period before; adds all findings.
pub fn gather(request: ErrorsRequest, findings: &mut Vec<Finding>) -> Outcome<PendingErrors> {
    let ErrorsRequest { input, carried, memory, scratch, period, .. } = request;
    let name = file::name(input, findings);
    let length = |path: std::path::PathBuf| path.metadata().map_or(0, |found| found.len());
    let table = carried.map(|folder| folder.join(crate::columnar::shape::ERRORS_OPEN.path()));
    let bytes = name.map(|name| length(input.join(name))).unwrap_or_default()
        + table.map(length).unwrap_or_default();
    let partitioning = Partitioning::for_bytes(bytes.saturating_mul(UNPACKED), OF_PARTITION);
    let store = |name: &str| {
        Store::new(partitioning, 0, memory / 16, scratch.join(format!("errors-{name}")))
    };
    let ledger = ErrorLedger {
        period,
        open: Sorter::new(memory / 32, scratch, "errors-open"),
        groups: Sorter::new(memory / 64, scratch, "errors-groups"),
        refused: Sorter::new(memory / 64, scratch, "errors-refused"),
        rows: Default::default(),
        carried: AtomicU64::new(0),
    };
    let by_id: Store<u8> = store("by-id");
    let entry = read(request, name, &by_id, &ledger, findings)?;
    let waiting: Store<u8> = store("by-visit");
    let parquet = name.is_some_and(|name| name.ends_with(".parquet"));
    let folded = (0..partitioning.count()).into_par_iter().map(|partition| {
        request.monitor.check()?;
        fold(&by_id, partition, &waiting, &ledger, parquet)
    });
    let hashes: Vec<Vec<u64>> = folded.collect::<Outcome<_>>()?;
    let visits = WantedVisits::new(hashes.concat(), partitioning, memory / 16, scratch);
    Ok(PendingErrors { entry, visits, waiting, ledger })
}

/// Stores every error of the period before, then every row of the file that is not refused by itself.
fn read(
    request: ErrorsRequest,
    name: Option<&str>,
    by_id: &Store<u8>,
    ledger: &ErrorLedger,
    findings: &mut Vec<Finding>,
) -> Outcome<Option<FileEntry>> {
    let ErrorsRequest { input, carried, period, as_of, int96, monitor, .. } = request;
    let store = |row: Option<u64>, error: &SystemError| {
        let partition = by_id.partitioning().of(Key::of(&error.err_id));
        by_id.push(partition, &pack(&(row, error))?)
    };
    if let Some(folder) = carried {
        carried::each(folder, &mut |error| {
            ledger.carried.fetch_add(1, Relaxed);
            store(None, &error)
        })?;
    }
    let Some(name) = name else { return Ok(None) };
    monitor.stage(text!("reading system errors"), 0)?;
    let limits = RowLimits { last_day: as_of.to_epoch_days(), period };
    file::read(input, name, int96, monitor, findings, &mut |row, cells| {
        ledger.rows[0].fetch_add(1, Relaxed);
        match limits.judge(cells) {
            Ok(error) => store(Some(row), &error),
            Err(code) => ledger.refuse(RefusedError::of(name, row, cells[0].text(), code)),
        }
    })
}

/// Brings the rows of the errors of a partition together, and settles what no visit can resolve. Returns the hashes of
/// the visits of the others.
fn fold(
    by_id: &Store<u8>,
    partition: usize,
    waiting: &Store<u8>,
    ledger: &ErrorLedger,
    parquet: bool,
) -> Outcome<Vec<u64>> {
    let mut errors: BTreeMap<String, SystemError> = BTreeMap::new();
    by_id.drain(partition, |mut bytes| {
        while !bytes.is_empty() {
            let ((row, error), rest) = unpack_first::<(Option<u64>, SystemError)>(bytes)?;
            bytes = rest;
            match (errors.get_mut(&error.err_id), row) {
                (None, _) => _ = errors.insert(error.err_id.clone(), error),
                (Some(known), Some(row)) if known.contradicts(&error) => {
                    let (err_id, code) = (Some(error.err_id), ErrorRule::N06 as usize);
                    ledger.refuse(RefusedError { parquet, row, err_id, code })?;
                }
                (Some(known), _) => {
                    known.take_news(&error);
                    ledger.rows[2].fetch_add(1, Relaxed);
                }
            }
        }
        Ok(())
    })?;
    let (mut settling, mut hashes) = (ledger.settling(), Vec::new());
    for error in errors.into_values() {
        match &error.mdtrt_id {
            Some(visit) if error.struck_off_on.is_none() => {
                let key = Key::of(visit);
                waiting.push(waiting.partitioning().of(key), &pack(&error)?)?;
                hashes.push(key.hash);
            }
            _ => settling.settle(error, false)?,
        }
    }
    settling.finish()?;
    Ok(hashes)
}

impl ErrorLedger {
    fn refuse(&self, row: RefusedError) -> Outcome<()> {
        self.rows[1].fetch_add(1, Relaxed);
        self.refused.push(vec![row])
    }

    /// Settles errors, on any thread.
    pub(super) fn settling(&self) -> ErrorSettling<'_> {
        let tally = GroupTally::new(self.period, &self.groups);
        ErrorSettling { ledger: self, tally, open: Vec::new() }
    }
}

/// Settles errors one after the other.
pub(super) struct ErrorSettling<'a> {
    ledger: &'a ErrorLedger,
    tally: GroupTally<'a>,
    open: Vec<SystemError>,
}

/// Open errors that a thread holds before it hands them on.
const HELD_OPEN: usize = 1024;

impl ErrorSettling<'_> {
    /// Settles an error whose visit has settled, or has not.
    pub(super) fn settle(&mut self, error: SystemError, has_settled: bool) -> Outcome<()> {
        let state = match error.struck_off_on {
            Some(_) => ErrorState::StruckOff,
            None if has_settled => ErrorState::Resolved,
            None => ErrorState::Open,
        };
        self.tally.add(&error, state)?;
        if state == ErrorState::Open {
            self.open.push(error);
        }
        if self.open.len() < HELD_OPEN { Ok(()) } else { self.hand_on() }
    }

    fn hand_on(&mut self) -> Outcome<()> {
        self.ledger.open.push(std::mem::take(&mut self.open))
    }

    /// Hands on what is held.
    pub(super) fn finish(mut self) -> Outcome<()> {
        self.hand_on()?;
        self.tally.hand_on()
    }
}
