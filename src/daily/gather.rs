//! Takes rows as they are read: valid ones to the partition of their setl_id, others to the list of rejects.

use std::ops::RangeInclusive;

use super::{
    copies::{CopyRow, Placed},
    holder::Holder,
    rejects::DailyReject,
};
use crate::{
    diag::Outcome,
    event::{Activity, Monitor},
    ingest::{
        batch::{Batch, DAY},
        delivery::Delivery,
        rows::CheckedBatch,
        survey::{ReadPiece, RowSink},
    },
    keyed::{key::Key, sorted::Sorter, store::Store},
    model::{fields::Field, money::Fen},
};

/// What all threads of a read share.
pub(super) struct Gathering<'a> {
    pub(super) delivery: &'a Delivery,
    /// The days of the period.
    pub(super) period: RangeInclusive<i32>,
    pub(super) rows: &'a Store<u8>,
    pub(super) rejects: &'a Sorter<DailyReject>,
    /// Bytes of rows that a thread holds for a partition.
    pub(super) held: usize,
    pub(super) monitor: &'a Monitor,
}

/// What was read.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Gathered {
    /// The rows of each side.
    pub(super) read: [u64; 3],
    /// Those that broke a rule.
    pub(super) rejected: [u64; 3],
    /// The last day in the period of a valid row.
    pub(super) last_day: Option<i32>,
}

impl Gathered {
    /// Adds what another thread has read.
    pub(super) fn absorb(&mut self, other: &Gathered) {
        for side in 0..3 {
            self.read[side] += other.read[side];
            self.rejected[side] += other.rejected[side];
        }
        self.last_day = self.last_day.max(other.last_day);
    }
}

/// A thread of the read.
pub(super) struct Gatherer<'a> {
    shared: &'a Gathering<'a>,
    /// Rows of each partition that are not in the store yet.
    held: Vec<Vec<u8>>,
    gathered: Gathered,
    // Buffers, used again for each batch.
    insured: Vec<u32>,
    treating: Vec<u32>,
}

impl<'a> Gatherer<'a> {
    /// Makes a thread that has read nothing yet.
    pub(super) fn new(shared: &'a Gathering<'a>) -> Gatherer<'a> {
        let held = vec![Vec::new(); shared.rows.partitioning().count()];
        let gathered = Gathered::default();
        Gatherer { shared, held, gathered, insured: Vec::new(), treating: Vec::new() }
    }

    /// Stores the rest, and says what was read.
    pub(super) fn finish(self) -> Outcome<Gathered> {
        for (partition, rows) in self.held.iter().enumerate().filter(|(_, rows)| !rows.is_empty()) {
            self.shared.rows.push(partition, rows)?;
        }
        Ok(self.gathered)
    }

    fn valid_rows(&mut self, holder: Holder, batch: &Batch, checked: &CheckedBatch) -> Outcome<()> {
        batch.text(Field::insuplc_admdvs).divisions(batch.rows, &mut self.insured);
        batch.text(Field::mdtrtarea_admvs).divisions(batch.rows, &mut self.treating);
        let (setl_ids, times) = (batch.text(Field::setl_id), batch.time());
        let amounts = [Field::medfee_sumamt, Field::fund_pay_sumamt, Field::acct_pay]
            .map(|field| batch.amount(field));
        let partitioning = self.shared.rows.partitioning();
        for row in (0..batch.rows).filter(|row| checked.broken[*row].is_valid()) {
            let (Some(setl_id), Some(time)) = (setl_ids.value(row), times.value(row)) else {
                continue;
            };
            let fen = |at: usize| amounts[at].and_then(|column| column.value(row));
            let copy = CopyRow {
                holder,
                is_reversal: checked.reversal[row],
                setl_id: setl_id.as_bytes(),
                placed: Placed { time, insured: self.insured[row], treating: self.treating[row] },
                amounts: [0, 1, 2].map(|at| fen(at).map_or(0, Fen::fen)),
            };
            self.note_day(time);
            let partition = partitioning.of(Key::of(setl_id));
            let held = &mut self.held[partition];
            copy.pack(held);
            if held.len() >= self.shared.held {
                self.shared.rows.push(partition, held)?;
                held.clear();
            }
        }
        Ok(())
    }

    fn note_day(&mut self, time: i64) {
        let day = day_of(time);
        if Some(day) > self.gathered.last_day && self.shared.period.contains(&day) {
            self.gathered.last_day = Some(day);
        }
    }

    fn rejects(&mut self, piece: &ReadPiece) -> Outcome<()> {
        let (file, first) = piece.place;
        let name = &self.shared.delivery.sources[file].name;
        let setl_ids = piece.batch.text(Field::setl_id);
        let broken = piece.checked.broken.iter().enumerate();
        let rejects =
            broken.filter(|(_, broken)| !broken.is_valid()).map(|(row, broken)| DailyReject {
                file: name.clone(),
                row: first + row as u64,
                setl_id: setl_ids.value(row).map(str::to_owned),
                rules: broken.codes(),
            });
        let rejects: Vec<DailyReject> = rejects.collect();
        let holder = Holder::of(&self.shared.delivery.sources[file]).index();
        self.gathered.read[holder] += piece.batch.rows as u64;
        self.gathered.rejected[holder] += rejects.len() as u64;
        if rejects.is_empty() { Ok(()) } else { self.shared.rejects.push(rejects) }
    }
}

impl RowSink for Gatherer<'_> {
    fn take(&mut self, piece: ReadPiece) -> Outcome<()> {
        self.rejects(&piece)?;
        let holder = Holder::of(&self.shared.delivery.sources[piece.place.0]);
        let stopwatch = &self.shared.monitor.stopwatch;
        stopwatch.count(Activity::Match, piece.batch.rows as u64, 0);
        stopwatch.measure(Activity::Match, || self.valid_rows(holder, &piece.batch, piece.checked))
    }
}

/// Returns the day of a time, from 1970-01-01. Times of valid rows are of this century.
pub(super) fn day_of(time: i64) -> i32 {
    i32::try_from(time.div_euclid(DAY)).unwrap_or(i32::MAX)
}
