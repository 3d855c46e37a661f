//! Scans a delivery for the rows of given settlements.

use std::sync::Arc;

use rayon::prelude::*;

use crate::{
    diag::{Failure, Outcome},
    event::Monitor,
    ingest::{
        batch::{Batch, Batches, ReadError},
        buffers::Tools,
        plan::ROWS_ALONE,
        record::Record,
        rows::{BrokenRules, CheckedBatch},
        source::ParquetSource,
    },
    keyed::key::Key,
    model::{codes::Month, fields::Field},
    rules::{Int96, Policy},
    text::quoted,
};

/// A row of an input file.
#[derive(Debug, Clone)]
pub struct ScannedRow {
    /// The index of the file in the list of scanned files.
    pub source: usize,
    /// The number of the row in the file, from 0.
    pub row: u64,
    /// Its values.
    pub record: Record,
    /// The row rules that it breaks.
    pub broken: BrokenRules,
}

/// The rules by which rows are judged.
#[derive(Debug, Clone, Copy)]
pub struct RowJudge<'a> {
    /// The meaning of INT96 timestamps.
    pub int96: Int96,
    /// The policy of the period.
    pub policy: &'a Policy,
    /// The period.
    pub period: Month,
}

/// Returns the rows of wanted settlements, in the order of files and rows.
pub fn scan(
    sources: &[&ParquetSource],
    judge: RowJudge,
    wanted: impl Fn(Key) -> bool + Sync,
    monitor: &Monitor,
) -> Outcome<Vec<ScannedRow>> {
    let tools = Tools::new(&monitor.stopwatch);
    let found: Vec<Vec<ScannedRow>> = over_groups(sources, monitor, |at, group, begin| {
        let rows = scan_group(sources[at], group, judge, &tools, &wanted)?;
        let placed = |row: ScannedRow| ScannedRow { source: at, row: begin + row.row, ..row };
        Ok(rows.into_iter().map(placed).collect())
    })?;
    Ok(found.into_iter().flatten().collect())
}

/// Judges all rows of the files and folds each row group into a `T`. Returns the results in the order of
/// files and row groups.
pub fn gather<T: Default + Send>(
    sources: &[&ParquetSource],
    judge: RowJudge,
    fold: impl Fn(&mut T, &ParquetSource, &Batch, &CheckedBatch) + Sync,
    monitor: &Monitor,
) -> Outcome<Vec<T>> {
    let tools = Tools::new(&monitor.stopwatch);
    over_groups(sources, monitor, |at, group, _| {
        let (source, mut gathered) = (sources[at], T::default());
        let mut checked = CheckedBatch::default();
        for batch in Batches::open(source, group, judge.int96, ROWS_ALONE, None, &tools)? {
            let batch: Batch = batch?;
            checked.check(&batch, judge.policy, judge.period);
            fold(&mut gathered, source, &batch, &checked);
        }
        Ok(gathered)
    })
}

/// Calls `work` for each row group in parallel, with the file, the row group and the rows before it in the file.
fn over_groups<T: Send>(
    sources: &[&ParquetSource],
    monitor: &Monitor,
    work: impl Fn(usize, usize, u64) -> Result<T, ReadError> + Sync,
) -> Outcome<Vec<T>> {
    let groups: Vec<(usize, usize, u64)> = sources
        .iter()
        .enumerate()
        .flat_map(|(at, source)| {
            let mut first = 0;
            source.metadata.row_groups().iter().enumerate().map(move |(group, metadata)| {
                let begin = first;
                first += metadata.num_rows().unsigned_abs();
                (at, group, begin)
            })
        })
        .collect();
    let all: u64 = sources.iter().map(|source| source.rows()).sum();
    monitor.stage(text!("searching delivery"), all)?;
    groups
        .into_par_iter()
        .map(|(at, group, begin)| {
            let done = work(at, group, begin);
            let done = done.map_err(|problem| unreadable(sources[at], &problem))?;
            monitor.advance(sources[at].metadata.row_group(group).num_rows().unsigned_abs())?;
            Ok(done)
        })
        .collect()
}

fn unreadable(source: &ParquetSource, problem: &ReadError) -> Failure {
    Failure::Usage(text!("{} cannot be read: {}", source.name, quoted(problem)))
}

fn scan_group(
    source: &ParquetSource,
    group: usize,
    judge: RowJudge,
    tools: &Arc<Tools>,
    wanted: &impl Fn(Key) -> bool,
) -> Result<Vec<ScannedRow>, ReadError> {
    let mut found = Vec::new();
    let mut begin = 0;
    let mut checked = CheckedBatch::default();
    for batch in Batches::open(source, group, judge.int96, ROWS_ALONE, None, tools)? {
        let batch: Batch = batch?;
        let setl_ids = batch.text(Field::setl_id);
        let is_wanted = |row: &usize| setl_ids.value(*row).is_some_and(|id| wanted(Key::of(id)));
        let rows: Vec<usize> = (0..batch.rows).filter(is_wanted).collect();
        if !rows.is_empty() {
            checked.check(&batch, judge.policy, judge.period);
        }
        found.extend(rows.into_iter().map(|row| ScannedRow {
            source: 0,
            row: begin + row as u64,
            record: Record::of(&batch, row),
            broken: checked.broken[row],
        }));
        begin += batch.rows as u64;
    }
    Ok(found)
}
