//! The work of an executor: reads files by the rules in the job, and sends parcels.

use std::{
    fmt,
    path::Path,
    sync::{Arc, atomic::AtomicBool},
};

use datafusion::{
    arrow::{
        array::{ArrayRef, LargeBinaryBuilder, RecordBatch, UInt64Builder},
        error::ArrowError,
    },
    common::{DataFusionError, Result as Done},
    execution::TaskContext,
};

use super::{
    functions::external,
    parcels::{Parcel, Report, pack_copy},
    request::{FINDING, PROGRAM, ReadRequest, Terms, What, identity, schema},
    storage,
};
use crate::{
    diag::{Code, Failure, Finding, Outcome},
    event::Monitor,
    ingest::{
        delivery::Delivery,
        fetch::fetch,
        record::Record,
        schedule::FilePart,
        source::ParquetSource,
        survey::{ReadPiece, RowSink, Survey, SurveySetting, survey_part},
    },
    keyed::packed::pack,
    model::codes::{Month, Side},
    reconcile::{
        counters::{CountScratch, Counters},
        entries::BatchEntries,
    },
    rules::Rules,
};

/// The rows of a batch that is sent.
const BATCH_ROWS: usize = 8 * 1024;

/// The reason why a task ends early.
#[derive(thiserror::Error)]
enum TaskStop {
    #[error("{0}")]
    Failure(#[from] Failure),
    #[error(transparent)]
    DataFusion(#[from] DataFusionError),
    #[error("nobody listens any more")]
    Deaf,
}

/// Ballista shows the failure of a task by `Debug`.
impl fmt::Debug for TaskStop {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl From<ArrowError> for TaskStop {
    fn from(error: ArrowError) -> TaskStop {
        TaskStop::DataFusion(error.into())
    }
}

/// Executes the readings of a task. `send` returns whether the receiver still exists.
pub(super) fn run(
    terms: &Terms,
    readings: &[ReadRequest],
    context: &TaskContext,
    send: impl FnMut(RecordBatch) -> bool + Send,
) -> Done<()> {
    let mut sender = Sender::new(send);
    match carry_out(terms, readings, context, &mut sender) {
        Ok(()) | Err(TaskStop::Deaf) => Ok(()),
        Err(TaskStop::DataFusion(error)) => Err(error),
        Err(other) => Err(external(other)),
    }
}

fn carry_out<S: FnMut(RecordBatch) -> bool + Send>(
    terms: &Terms,
    readings: &[ReadRequest],
    context: &TaskContext,
    sender: &mut Sender<S>,
) -> Result<(), TaskStop> {
    if terms.program != PROGRAM {
        let problem = text!("{} gives work to an executor of {}", terms.program, PROGRAM);
        return Err(Failure::Usage(problem).into());
    }
    let rules = Rules::parse(&terms.rules).map_err(|error| Failure::Usage(error.text()))?;
    let period = Month::from_text(&terms.period);
    let period = period.ok_or_else(|| Failure::Bug(text!("period {}", terms.period)))?;
    let policy = rules.policy(period).map_err(|error| Failure::Usage(error.text()))?;
    let monitor = Monitor::new(Arc::new(AtomicBool::new(false)), |_| ());
    let (rules, monitor) = (&rules, &monitor);
    let setting = SurveySetting { rules, policy, period, monitor, lists_rejects: true };
    let counters = Counters::default();
    for reading in readings {
        // A downloaded file is removed at the end of its reading.
        let local = storage::download_to_spill(&reading.place, context)?;
        let path = local.as_ref().and_then(|file| file.path());
        let path = path.unwrap_or(Path::new(&reading.place));
        if let Err(error) = std::fs::metadata(path) {
            let place = text!("{}, as an executor sees it", path);
            return Err(Failure::Io { place, error }.into());
        }
        match &reading.what {
            What::Part(number, part) => {
                let report = first_read(reading, path, part, setting, &counters, sender);
                report.and_then(|survey| sender.report(*number, survey))?;
            }
            What::Rows(first, ordinals) => {
                second_read(reading, path, *first, ordinals, setting, sender)?;
            }
        }
    }
    for part in counters.parts() {
        sender.parcel(spread(part[0].cast_unsigned()), &Parcel::Position(part))?;
    }
    sender.flush()
}

/// Makes a delivery of this file alone.
fn delivery(reading: &ReadRequest, path: &Path) -> Result<Delivery, Vec<Finding>> {
    let source = ParquetSource::open(reading.side(), &reading.name, path)?;
    Ok(Delivery::of_file(source))
}

/// Reads a part of a file: sends its copies and returns its survey.
fn first_read<S: FnMut(RecordBatch) -> bool + Send>(
    reading: &ReadRequest,
    path: &Path,
    part: &FilePart,
    setting: SurveySetting,
    counters: &Counters,
    sender: &mut Sender<S>,
) -> Result<Survey, TaskStop> {
    let refused = |findings| Survey { findings, ..Survey::default() };
    let delivery = match delivery(reading, path) {
        Ok(delivery) => delivery,
        Err(findings) => return Ok(refused(findings)),
    };
    if identity(&delivery.sources[0]) != reading.identity {
        return Ok(refused(vec![changed(reading)]));
    }
    let mut packer = Packer {
        setting,
        entries: BatchEntries::default(),
        counters,
        scratch: CountScratch::default(),
        sender,
        stop: None,
    };
    let survey = survey_part(&delivery, setting, part, &mut packer);
    match packer.stop {
        Some(stop) => Err(stop),
        None => Ok(survey?),
    }
}

/// Reads some rows of a file again, with all fields.
fn second_read<S: FnMut(RecordBatch) -> bool + Send>(
    reading: &ReadRequest,
    path: &Path,
    first: u32,
    ordinals: &[u32],
    setting: SurveySetting,
    sender: &mut Sender<S>,
) -> Result<(), TaskStop> {
    let same = |delivery: &Delivery| identity(&delivery.sources[0]) == reading.identity;
    let Some(delivery) = delivery(reading, path).ok().filter(same) else {
        return sender.finding(&changed(reading));
    };
    let of_file: Vec<u32> = ordinals.iter().map(|ordinal| ordinal - first).collect();
    let bytes = |ordinal: u32, record: Record| Ok((ordinal, pack(&record)?));
    let int96 = setting.rules.int96;
    let pieces = fetch(&delivery, reading.side(), &of_file, int96, setting.monitor, bytes);
    let pieces = match pieces {
        Err(Failure::Refused(findings)) => {
            return findings.iter().try_for_each(|finding| sender.finding(finding));
        }
        pieces => pieces?,
    };
    for (ordinal, bytes) in pieces.into_iter().flatten() {
        sender.row(u64::from(first + ordinal), |into| into.extend(bytes))?;
    }
    Ok(())
}

/// Returns the finding for a file that was replaced after the survey began.
fn changed(reading: &ReadRequest) -> Finding {
    let found = text!("another file than at the beginning of this run");
    Finding::new(Code::F13, &reading.name, text!("footer"), found)
}

/// Makes parcels of rows while they are read.
struct Packer<'a, S> {
    setting: SurveySetting<'a>,
    entries: BatchEntries,
    counters: &'a Counters,
    scratch: CountScratch,
    sender: &'a mut Sender<S>,
    /// The error that stopped the reading, because a survey cannot carry it.
    stop: Option<TaskStop>,
}

impl<S: FnMut(RecordBatch) -> bool + Send> RowSink for Packer<'_, S> {
    fn take(&mut self, piece: ReadPiece) -> Outcome<()> {
        let ReadPiece { side, ordinal, batch, checked, .. } = piece;
        let SurveySetting { policy, period, .. } = self.setting;
        self.entries.index(&batch, checked, policy, period, ordinal, |_, _| false);
        if side == Side::Treating {
            let entries =
                self.entries.all().map(|entry| ((entry.ordinal - ordinal) as usize, entry));
            self.counters.count(&batch, checked, entries, &mut self.scratch);
        }
        for entry in self.entries.all() {
            if let Err(stop) = self.sender.row(entry.hash, |into| pack_copy(side, *entry, into)) {
                self.stop = Some(stop);
                return Err(Failure::Interrupted);
            }
        }
        Ok(())
    }
}

/// Sends rows in batches.
struct Sender<S> {
    send: S,
    hashes: UInt64Builder,
    parcels: LargeBinaryBuilder,
    bytes: Vec<u8>,
    rows: usize,
}

impl<S: FnMut(RecordBatch) -> bool + Send> Sender<S> {
    fn new(send: S) -> Sender<S> {
        let (hashes, parcels) = (UInt64Builder::new(), LargeBinaryBuilder::new());
        Sender { send, hashes, parcels, bytes: Vec::new(), rows: 0 }
    }

    fn row(&mut self, hash: u64, write: impl FnOnce(&mut Vec<u8>)) -> Result<(), TaskStop> {
        self.bytes.clear();
        write(&mut self.bytes);
        self.hashes.append_value(hash);
        self.parcels.append_value(&self.bytes);
        self.rows += 1;
        if self.rows == BATCH_ROWS { self.flush() } else { Ok(()) }
    }

    fn parcel(&mut self, hash: u64, parcel: &Parcel) -> Result<(), TaskStop> {
        let mut packed = Ok(());
        self.row(hash, |into| packed = parcel.pack(into))?;
        packed.map_err(|error| TaskStop::DataFusion(external(error)))
    }

    /// Sends the results of a part: its totals, and each reject and finding separately.
    fn report(&mut self, part: u32, mut survey: Survey) -> Result<(), TaskStop> {
        let rejects = std::mem::take(&mut survey.rejects);
        let findings = std::mem::take(&mut survey.findings);
        let count = (rejects.len() + findings.len()) as u64;
        let reports =
            std::iter::once(Report::Read { part, survey: Box::new(survey), reports: count })
                .chain(rejects.into_iter().map(|reject| Report::Reject(part, reject)))
                .chain(findings.into_iter().map(Report::Finding));
        for (number, report) in (0u64..).zip(reports) {
            // Reports are spread over all groups. The group of a report has no meaning.
            let hash = spread(u64::from(part) << 40 | number);
            self.parcel(hash, &Parcel::Report(Box::new(report)))?;
        }
        Ok(())
    }

    /// Sends a finding instead of a row, when rows cannot be read again.
    fn finding(&mut self, finding: &Finding) -> Result<(), TaskStop> {
        let bytes = postcard::to_allocvec(finding).map_err(external)?;
        self.row(FINDING, |into| into.extend(bytes))
    }

    fn flush(&mut self) -> Result<(), TaskStop> {
        if self.rows == 0 {
            return Ok(());
        }
        self.rows = 0;
        let columns: [ArrayRef; 2] =
            [Arc::new(self.hashes.finish()), Arc::new(self.parcels.finish())];
        let batch = RecordBatch::try_new(schema(), columns.to_vec())?;
        if (self.send)(batch) { Ok(()) } else { Err(TaskStop::Deaf) }
    }
}

/// Spreads a number over 64 bits (Fibonacci hashing).
const fn spread(number: u64) -> u64 {
    number.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_work_of_another_version_is_refused() {
        let terms = Terms {
            program: "liangqing 0.0.1".to_owned(),
            rules: Rules::built_in().text,
            period: "2025-10".to_owned(),
        };
        let done = run(&terms, &[], &TaskContext::default(), |_| true);
        let problem = done.expect_err("refused").to_string();
        let expected = format!("liangqing 0.0.1 gives work to an executor of {PROGRAM}");
        assert!(problem.contains(&expected), "{problem}");
        let own = Terms { program: PROGRAM.to_owned(), ..terms };
        run(&own, &[], &TaskContext::default(), |_| true).expect("nothing to do");
    }
}
