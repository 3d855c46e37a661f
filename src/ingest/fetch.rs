//! The second read of a delivery: doubtful rows, with all their fields.

use std::sync::Arc;

use parquet::arrow::arrow_reader::{RowSelection, RowSelector};
use rayon::prelude::*;

use super::{
    batch::{Batches, ReadError},
    buffers::Tools,
    plan::ROWS_ALONE,
    record::Record,
};
use crate::{
    diag::{Code, Failure, Finding, Outcome},
    event::Monitor,
    ingest::delivery::Delivery,
    model::codes::Side,
    rules::Int96,
};

/// Some rows of one row group.
struct RowSpan<'a> {
    file: usize,
    row_group: usize,
    /// Ordinal of the row group's first row.
    base: u32,
    rows: usize,
    /// Ordinals of the wanted rows, sorted.
    wanted: &'a [u32],
}

/// Reads the rows of a side with these ordinals, which are sorted and distinct; returns the results of `make`, in
/// order, row group by row group.
pub fn fetch<T: Send>(
    delivery: &Delivery,
    side: Side,
    ordinals: &[u32],
    int96: Int96,
    monitor: &Monitor,
    make: impl Fn(u32, Record) -> Outcome<T> + Sync,
) -> Outcome<Vec<Vec<T>>> {
    debug_assert!(ordinals.is_sorted_by(|a, b| a < b), "sorted and distinct");
    let pieces = pieces(delivery, side, ordinals);
    let tools = Tools::new(&monitor.stopwatch);
    pieces
        .par_iter()
        .map(|piece| {
            monitor.check()?;
            let mut made = Vec::with_capacity(piece.wanted.len());
            let read = read(delivery, piece, int96, &tools, |ordinal, record| {
                made.push(make(ordinal, record));
            });
            monitor.advance(piece.wanted.len() as u64)?;
            if read.is_err() || made.len() != piece.wanted.len() {
                // The first read succeeded, so the file has changed since.
                let place = text!("row group {}", piece.row_group);
                let found = text!("other bytes than at the first read of this run");
                let name = &delivery.sources[piece.file].name;
                return Err(Failure::Refused(vec![Finding::new(Code::F13, name, place, found)]));
            }
            made.into_iter().collect()
        })
        .collect()
}

fn pieces<'a>(delivery: &Delivery, side: Side, ordinals: &'a [u32]) -> Vec<RowSpan<'a>> {
    let mut pieces = Vec::new();
    let mut base = 0u32;
    let mut rest = ordinals;
    let of_side = delivery.sources.iter().enumerate().filter(|(_, s)| s.side == side);
    for (file, source) in of_side {
        for (row_group, group) in source.metadata.row_groups().iter().enumerate() {
            let rows = u32::try_from(group.num_rows()).unwrap_or(0);
            let (wanted, others) = rest.split_at(rest.partition_point(|o| *o < base + rows));
            if !wanted.is_empty() {
                pieces.push(RowSpan { file, row_group, base, rows: rows as usize, wanted });
            }
            rest = others;
            base += rows;
        }
    }
    pieces
}

fn read(
    delivery: &Delivery,
    piece: &RowSpan,
    int96: Int96,
    tools: &Arc<Tools>,
    mut take: impl FnMut(u32, Record),
) -> Result<(), ReadError> {
    let source = &delivery.sources[piece.file];
    let rows: Vec<usize> = piece.wanted.iter().map(|o| (o - piece.base) as usize).collect();
    let selection = select(&rows, piece.rows);
    let mut ordinals = piece.wanted.iter();
    let wanted = piece.wanted.len().min(ROWS_ALONE);
    for batch in Batches::open(source, piece.row_group, int96, wanted, Some(selection), tools)? {
        let batch = batch?;
        for (row, ordinal) in (0..batch.rows).zip(ordinals.by_ref()) {
            take(*ordinal, Record::of(&batch, row));
        }
    }
    Ok(())
}

/// Makes the selection of sorted, distinct rows out of `all` rows.
pub fn select(rows: &[usize], all: usize) -> RowSelection {
    debug_assert!(rows.is_sorted_by(|a, b| a < b), "sorted and distinct");
    let mut selectors = Vec::with_capacity(rows.len() * 2 + 1);
    let mut next = 0;
    for row in rows {
        if *row > next {
            selectors.push(RowSelector::skip(row - next));
        }
        selectors.push(RowSelector::select(1));
        next = row + 1;
    }
    if all > next {
        selectors.push(RowSelector::skip(all - next));
    }
    selectors.into()
}
