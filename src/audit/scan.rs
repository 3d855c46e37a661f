//! Rows of a delivery, found by whoever asks where a settlement came from.

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
    /// The file, as a place among those that were scanned.
    pub source: usize,
    /// Its row, from 0.
    pub row: u64,
    /// Its values.
    pub record: Record,
    /// The row rules that it broke.
    pub broken: BrokenRules,
}

/// The rules by which rows are judged.
#[derive(Debug, Clone, Copy)]
pub struct RowJudge<'a> {
    /// How INT96 timestamps are meant.
    pub int96: Int96,
    /// The policy of the period.
    pub policy: &'a Policy,
    /// The period.
    pub period: Month,
}

/// Finds the rows of some files whose settlement is wanted, in the order of files and rows.
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

/// Goes over all rows of some files, judged; what is gathered of each row group comes in the order of files and
/// rows.
pub fn gather<T: Default + Send>(
    sources: &[&ParquetSource],
    judge: RowJudge,
    take: impl Fn(&mut T, &ParquetSource, &Batch, &CheckedBatch) + Sync,
    monitor: &Monitor,
) -> Outcome<Vec<T>> {
    let tools = Tools::new(&monitor.stopwatch);
    over_groups(sources, monitor, |at, group, _| {
        let (source, mut gathered) = (sources[at], T::default());
        let mut checked = CheckedBatch::default();
        for batch in Batches::open(source, group, judge.int96, ROWS_ALONE, None, &tools)? {
            let batch: Batch = batch?;
            checked.check(&batch, judge.policy, judge.period);
            take(&mut gathered, source, &batch, &checked);
        }
        Ok(gathered)
    })
}

/// Does something with each row group (file, row group, rows before it in the file), on all threads.
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
