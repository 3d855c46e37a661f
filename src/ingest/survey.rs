//! The first read of a delivery: hashes every file, decodes and judges every row.

use std::{
    io::{self, ErrorKind},
    sync::Arc,
};

use parquet::errors::ParquetError;
use rayon::prelude::*;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    amounts::AmountColumn,
    batch::{Batch, Batches, ReadError},
    buffers::Tools,
    diagnose::diagnose,
    form::Conversion,
    months::CostMonths,
    plan::{ROWS_ALONE, ReadPlan},
    rows::CheckedBatch,
    schedule::{FilePart, Lane, Schedule, Work},
    senders::TOTALS,
    source::ParquetSource,
};
use crate::{
    columnar::{
        claims,
        guard::{damage, guarded},
        shape,
        table::TableBuilder,
    },
    diag::{Code, Failure, Finding, Outcome},
    digest::sha256_of,
    event::{Activity, Monitor},
    ingest::delivery::{Delivery, FileFacts},
    model::{
        codes::{Month, Side},
        control::{Bucket, Control, Totals, beyond_decimal},
        fields::{COMPARED_AMOUNTS, Field},
        money::{FEN_SUM_LIMIT, FenSum},
    },
    rules::{Policy, Rules},
};

/// The setting of a survey.
#[derive(Clone, Copy)]
pub struct SurveySetting<'a> {
    /// The rules.
    pub rules: &'a Rules,
    /// The policy by these rules in the period.
    pub policy: &'a Policy,
    /// The period that is cleared.
    pub period: Month,
    /// The monitor of the run.
    pub monitor: &'a Monitor,
    /// Whether every row that breaks a rule is listed, besides being counted.
    pub lists_rejects: bool,
}

/// A batch of rows as it was read.
pub struct ReadPiece<'a> {
    /// The side of the rows.
    pub side: Side,
    /// Position of their file in the delivery, and the first row, counted from 0 in the file.
    pub place: (usize, u64),
    /// Ordinal of the first row on its side.
    pub ordinal: u32,
    /// The rows.
    pub batch: Batch,
    /// The results of the row rules.
    pub checked: &'a CheckedBatch,
    /// The time that the read has reached, where rows are read in the order of time: most unread rows are not earlier.
    pub frontier: Option<i64>,
}

/// A receiver of the rows of a delivery as they are read.
pub trait RowSink: Send {
    /// Receives a batch.
    fn take(&mut self, piece: ReadPiece) -> Outcome<()>;
}

/// A row that broke a rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reject {
    /// Position of its file in the delivery.
    pub file: usize,
    /// Row in the file, from 0.
    pub row: u64,
    /// Its key, if it has one.
    pub setl_id: Option<String>,
    /// The rules that it broke, separated by commas.
    pub rules: String,
}

/// Things that were not as the contract writes them, and were taken all the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub struct Normalisations {
    /// Columns under another name.
    pub alias_columns: u64,
    /// Columns with their name in another case, or with blanks around it.
    pub respelled_columns: u64,
    /// Columns of integers for text.
    pub integer_code_columns: u64,
    /// Columns of the null type.
    pub null_columns: u64,
    /// Columns that are ignored.
    pub extra_columns: u64,
    /// Decimal columns of another scale than 2.
    pub rescaled_columns: u64,
    /// Timestamp columns converted from UTC.
    pub utc_time_columns: u64,
    /// Timestamp columns of the old type INT96.
    pub int96_columns: u64,
    /// Null optional amounts, which count as 0.
    pub null_amounts: u64,
    /// Empty texts, which count as null.
    pub empty_texts: u64,
    /// Flags with blanks around them.
    pub padded_flags: u64,
}

/// The results of the first read: totals, rejects, findings.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Survey {
    /// Each file, in the order of the delivery.
    pub files: Vec<FileFacts>,
    /// The rows that broke a rule, by file and row.
    pub rejects: Vec<Reject>,
    /// Delivered and rejected, in rows and fen.
    pub control: Control,
    /// Rows of each side by cost month.
    pub cost_months: [CostMonths; 2],
    /// Values and columns that were accepted although they are not as the contract writes them.
    pub normalisations: Normalisations,
    /// The sum of the magnitudes of the amounts of each side that break V15 or V18. As long as it fits `DECIMAL(38,2)`,
    /// no sum of amounts, in any order, overflows 128 bits.
    pub magnitudes: [FenSum; 2],
    /// The findings; any of them refuses the delivery.
    pub findings: Vec<Finding>,
}

/// Reads a delivery as planned, with one thread for each sink; returns the sinks too.
pub fn survey<S: RowSink>(
    delivery: &Delivery,
    setting: SurveySetting,
    plan: ReadPlan,
    sinks: Vec<S>,
) -> Outcome<(Survey, Vec<S>)> {
    let mut all = Survey::begin(delivery);
    let schedule = match Schedule::new(delivery, plan.in_step, sinks.len()) {
        Ok(schedule) => schedule,
        Err(finding) => {
            all.findings.push(finding);
            return Ok((all, sinks));
        }
    };
    let tools = Tools::planned(&setting.monitor.stopwatch, plan);
    let reading = ReadContext { delivery, setting, batch_rows: plan.batch_rows, tools };
    let workers: Vec<Outcome<(Survey, S)>> = sinks
        .into_par_iter()
        .enumerate()
        .with_max_len(1)
        .map(|(thread, mut sink)| Ok((read(&reading, &schedule, thread, &mut sink)?, sink)))
        .collect();
    let mut sinks = Vec::new();
    for worker in workers {
        let (local, sink) = worker?;
        all.absorb(local);
        sinks.push(sink);
    }
    Ok((all.finish(), sinks))
}

/// Reads a part of a delivery of one file. Findings and counts of columns, and findings of all files, are not in it.
pub fn survey_part(
    delivery: &Delivery,
    setting: SurveySetting,
    part: &FilePart,
    sink: &mut impl RowSink,
) -> Outcome<Survey> {
    let tools = Tools::new(&setting.monitor.stopwatch);
    let reading = ReadContext { delivery, setting, batch_rows: ROWS_ALONE, tools };
    read(&reading, &Schedule::of_part(delivery, part), 0, sink)
}

/// Does the scheduled work of a thread.
fn read<S: RowSink>(
    reading: &ReadContext,
    schedule: &Schedule,
    thread: usize,
    sink: &mut S,
) -> Outcome<Survey> {
    let mut local = Survey::of(reading.delivery);
    let mut checked = CheckedBatch::default();
    while let Some(work) = schedule.next_work(thread) {
        reading.setting.monitor.check()?;
        match work {
            Work::Digest(file) => local.digest(reading.delivery, file, reading.setting.monitor)?,
            Work::Rows { lane, frontier } => {
                let rest = local.rows(reading, *lane, frontier, &mut checked, sink)?;
                schedule.put_back(thread, rest);
            }
        }
    }
    Ok(local)
}

/// The parameters of the read that all row groups share.
struct ReadContext<'a> {
    delivery: &'a Delivery,
    setting: SurveySetting<'a>,
    batch_rows: usize,
    tools: Arc<Tools>,
}

impl Survey {
    /// Makes the survey of a delivery before the first row is read.
    pub fn begin(delivery: &Delivery) -> Survey {
        Survey { normalisations: column_normalisations(&delivery.sources), ..Survey::of(delivery) }
    }

    fn of(delivery: &Delivery) -> Survey {
        let files = vec![FileFacts::default(); delivery.sources.len()];
        Survey { files, ..Survey::default() }
    }

    /// Sorts rejects and findings, and checks the totals, when everything has been read.
    pub fn finish(mut self) -> Survey {
        self.rejects.sort_by_key(|reject| (reject.file, reject.row));
        // Row group 2 comes before row group 10.
        self.findings.sort_by_cached_key(|finding| {
            let place = finding.place.to_string();
            (finding.file.clone(), place.len(), place, finding.code)
        });
        for side in Side::BOTH {
            let mut totals = [Bucket::Delivered, Bucket::Rejected]
                .map(|b| self.control.get(side, b))
                .into_iter();
            if self.magnitudes[side.index()] >= FEN_SUM_LIMIT || !totals.all(Totals::fit) {
                self.findings.push(beyond_decimal(side));
            }
        }
        self
    }

    fn digest(&mut self, delivery: &Delivery, file: usize, monitor: &Monitor) -> Outcome<()> {
        let source = &delivery.sources[file];
        monitor.stopwatch.count(Activity::Digest, 0, source.bytes);
        let hash = || source.reopen().and_then(|file| sha256_of(file.reader(0)));
        match monitor.stopwatch.measure(Activity::Digest, hash) {
            Ok(sha256) => self.files[file].sha256 = sha256,
            Err(error) if error.kind() == ErrorKind::NotFound => self.changed(source, &error),
            Err(error) if error.raw_os_error().is_some() => {
                return Err(Failure::io(&source.path)(error));
            }
            Err(error) => self.changed(source, &error),
        }
        self.files[file].bytes = source.bytes;
        Ok(())
    }

    fn changed(&mut self, source: &ParquetSource, error: &io::Error) {
        self.findings.push(Finding::of_file(Code::F13, &source.name, text!("{}", error)));
    }

    /// Reads a batch of a row group, or all of its batches when there is no frontier; returns the row group if it has
    /// rows left.
    fn rows<S: RowSink>(
        &mut self,
        reading: &ReadContext,
        mut lane: Lane,
        frontier: Option<i64>,
        checked: &mut CheckedBatch,
        sink: &mut S,
    ) -> Outcome<Option<Lane>> {
        let source = &reading.delivery.sources[lane.file];
        loop {
            match self.piece(reading, source, &mut lane, frontier, checked, sink) {
                Ok(true) if frontier.is_some() && !lane.takes_room() => return Ok(Some(lane)),
                Ok(true) => {}
                Ok(false) => return Ok(None),
                Err(ReadStop::Failure(failure)) => return Err(failure),
                Err(ReadStop::Read(error)) => {
                    // The row group is closed before it is opened again.
                    lane.batches = None;
                    let int96 = reading.setting.rules.int96;
                    self.findings.push(diagnose(source, &lane, error, int96, &reading.tools));
                    return Ok(None);
                }
            }
        }
    }

    /// Reads the next batch of a row group; false at its end.
    fn piece<S: RowSink>(
        &mut self,
        reading: &ReadContext,
        source: &ParquetSource,
        lane: &mut Lane,
        frontier: Option<i64>,
        checked: &mut CheckedBatch,
        sink: &mut S,
    ) -> Result<bool, ReadStop> {
        let SurveySetting { rules, policy, period, monitor, .. } = reading.setting;
        if lane.batches.is_none() {
            let (rows, tools) = (reading.batch_rows, &reading.tools);
            let opened = Batches::open(source, lane.row_group, rules.int96, rows, None, tools);
            lane.batches = Some(opened.map_err(ReadStop::Read)?);
        }
        let Some(batch) = lane.batches.as_mut().and_then(Iterator::next) else {
            if lane.left > 0 {
                return Err(damage(text!("{} rows are missing", lane.left)).into());
            }
            guarded(|| check_ignored(source, lane.row_group, &reading.tools))
                .ok_or(ReadError::Panic)
                .map_err(ReadStop::Read)??;
            return Ok(false);
        };
        let batch = batch.map_err(ReadStop::Read)?;
        let rows = batch.rows as u64;
        lane.left = lane
            .left
            .checked_sub(rows)
            .ok_or_else(|| damage(text!("more rows than its footer says")))?;
        monitor.stopwatch.measure(Activity::Validate, || {
            checked.judge(source.scope, &batch, policy, period);
            self.account(source.side, lane.file, &batch, checked, lane.row, reading.setting);
        });
        for activity in [Activity::Decode, Activity::Validate] {
            monitor.stopwatch.count(activity, rows, 0);
        }
        lane.time = batch.time().last().unwrap_or(lane.time);
        let (side, place, ordinal) = (source.side, (lane.file, lane.row), lane.ordinal);
        sink.take(ReadPiece { side, place, ordinal, batch, checked, frontier })?;
        lane.row += rows;
        lane.ordinal += u32::try_from(rows).unwrap_or(0);
        monitor.advance(rows)?;
        Ok(true)
    }

    /// Adds a batch to the totals.
    fn account(
        &mut self,
        side: Side,
        file: usize,
        batch: &Batch,
        checked: &CheckedBatch,
        first_row: u64,
        SurveySetting { policy, lists_rejects, .. }: SurveySetting,
    ) {
        let total = |field: Field| batch.amount(field).map_or(FenSum::ZERO, AmountColumn::total);
        let facts = &mut self.files[file];
        facts.rows += batch.rows as u64;
        for (sum, field) in facts.sums.iter_mut().zip(TOTALS) {
            *sum = sum.saturating_add(total(field));
        }
        facts.senders.count(side, batch, checked, first_row);
        let delivered = Totals {
            rows: i64::try_from(batch.rows).unwrap_or(i64::MAX),
            medfee: total(Field::medfee_sumamt),
            payable: policy.payable_fields().map(total).fold(FenSum::ZERO, FenSum::saturating_add),
        };
        self.control.add(side, Bucket::Delivered, delivered);
        self.cost_months[side.index()].count(checked);
        let magnitudes = COMPARED_AMOUNTS.into_iter().filter_map(|field| batch.amount(field));
        let magnitude =
            magnitudes.map(AmountColumn::magnitude).fold(FenSum::ZERO, FenSum::saturating_add);
        let sum = &mut self.magnitudes[side.index()];
        *sum = sum.saturating_add(magnitude);
        for (row, broken) in checked.broken.iter().enumerate().filter(|(_, b)| !b.is_valid()) {
            self.control.add(side, Bucket::Rejected, real_totals(batch, row, policy));
            let reject = || Reject {
                file,
                row: first_row + row as u64,
                setl_id: batch.text(Field::setl_id).value(row).map(str::to_owned),
                rules: broken.codes(),
            };
            self.rejects.extend(lists_rejects.then(reject));
        }
        self.normalisations.null_amounts += batch.null_amounts();
        self.normalisations.empty_texts += batch.empty_texts();
        self.normalisations.padded_flags += checked.padded_flags;
    }

    /// Adds the survey of a part of a file, which is the file `file` of the delivery.
    pub fn absorb_part(&mut self, file: usize, mut part: Survey) {
        for (own, others) in self.files[file..].iter_mut().zip(part.files.drain(..)) {
            own.absorb(&others);
        }
        self.absorb(part);
    }

    fn absorb(&mut self, other: Survey) {
        for (own, others) in self.files.iter_mut().zip(other.files) {
            own.absorb(&others);
        }
        for (own, others) in self.magnitudes.iter_mut().zip(other.magnitudes) {
            *own = own.saturating_add(others);
        }
        for (own, others) in self.cost_months.iter_mut().zip(&other.cost_months) {
            own.absorb(others);
        }
        self.rejects.extend(other.rejects);
        self.findings.extend(other.findings);
        self.normalisations.null_amounts += other.normalisations.null_amounts;
        self.normalisations.empty_texts += other.normalisations.empty_texts;
        self.normalisations.padded_flags += other.normalisations.padded_flags;
        for side in Side::BOTH {
            for bucket in [Bucket::Delivered, Bucket::Rejected] {
                self.control.add(side, bucket, other.control.get(side, bucket));
            }
        }
    }
}

/// The error of a row group that was not read to its end.
enum ReadStop {
    Read(ReadError),
    Failure(Failure),
}

impl From<ParquetError> for ReadStop {
    fn from(error: ParquetError) -> ReadStop {
        ReadStop::Read(error.into())
    }
}

impl From<Failure> for ReadStop {
    fn from(failure: Failure) -> ReadStop {
        ReadStop::Failure(failure)
    }
}

/// Returns the totals of a row, with real amounts also where they are unfit.
fn real_totals(batch: &Batch, row: usize, policy: &Policy) -> Totals {
    let real =
        |field: Field| batch.amount(field).map_or(FenSum::ZERO, |column| column.counted(row));
    let payable = policy.payable_fields().map(real).fold(FenSum::ZERO, FenSum::saturating_add);
    Totals { rows: 1, medfee: real(Field::medfee_sumamt), payable }
}

/// Checks the pages of ignored columns: damage there is damage of the file. They are not unpacked, as there is no bound
/// for their unpacked size.
fn check_ignored(
    source: &ParquetSource,
    row_group: usize,
    tools: &Tools,
) -> Result<(), ParquetError> {
    let group = source.metadata.row_group(row_group);
    let mut read = vec![false; group.num_columns()];
    for leaf in source.leaves() {
        read[leaf] = true;
    }
    if !source.scope.checks_others() || read.iter().all(|read| *read) {
        return Ok(());
    }
    let file = source.reopen()?;
    let ignored = group.columns().iter().zip(read).filter(|(_, read)| !read);
    tools.stopwatch.measure(Activity::Read, || {
        for (chunk, _) in ignored {
            claims::check_ignored(&file, chunk).map_err(damage)?;
        }
        Ok(())
    })
}

fn column_normalisations(sources: &[ParquetSource]) -> Normalisations {
    let count = |form: fn(&Conversion) -> bool| {
        let columns = sources.iter().flat_map(|source| &source.columns);
        columns.filter(|column| form(&column.form)).count() as u64
    };
    Normalisations {
        alias_columns: sources.iter().map(|source| source.aliases).sum(),
        respelled_columns: sources.iter().map(|source| source.respelled).sum(),
        extra_columns: sources.iter().map(|source| source.extra_columns).sum(),
        integer_code_columns: count(|form| *form == Conversion::IntegerCode),
        null_columns: count(|form| *form == Conversion::Null),
        rescaled_columns: count(
            |form| matches!(form, Conversion::Decimal { scale, .. } if *scale != 2),
        ),
        utc_time_columns: count(|form| *form == Conversion::UtcTime),
        int96_columns: count(|form| *form == Conversion::Int96),
        ..Normalisations::default()
    }
}

/// Makes the table `rejects`.
pub fn rejects_table(delivery: &Delivery, rejects: &[Reject]) -> TableBuilder {
    let source = |reject: &Reject| &delivery.sources[reject.file];
    let mut order: Vec<&Reject> = rejects.iter().collect();
    order.sort_by_key(|reject| (source(reject).side.name(), reject.file, reject.row));
    TableBuilder::new(shape::REJECTS)
        .text("side", order.iter().map(|r| Some(source(r).side.name())))
        .text("file", order.iter().map(|r| Some(&source(r).name)))
        .count("row", order.iter().map(|r| i64::try_from(r.row).unwrap_or(i64::MAX)))
        .text("setl_id", order.iter().map(|r| r.setl_id.as_deref()))
        .text("rules", order.iter().map(|r| Some(&r.rules)))
}
