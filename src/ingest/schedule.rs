//! In which order the rows of a delivery are read.
//!
//! Exports are usually written in the order of `setl_time`, and both copies of a settlement carry nearly
//! the same time. So the row groups of both sides are read in step: always a piece of the one that stands
//! at the earliest time. Then the copies of a settlement come soon after each other, and a row's values
//! need not be kept, or read again, for longer than that. A row group is opened when the sweep gets to
//! the earliest time that its footer names.
//!
//! Every open row group holds a page of each column. Where footers say that too many would be open at a
//! time, row groups are read one after the other instead. Results do not depend on the order.

use std::{
    cmp::Reverse,
    collections::BinaryHeap,
    ops::Range,
    sync::{Mutex, MutexGuard, PoisonError},
};

use super::{batch::Batches, source::ParquetSource};
use crate::{
    columnar::footer::most_rows,
    diag::{Code, Finding},
    ingest::delivery::Delivery,
};

/// A row group, and where in it the reading stands.
pub struct Lane {
    /// Position of its file in the delivery.
    pub file: usize,
    /// The row group.
    pub row_group: usize,
    /// The next row, counted from the start of the file.
    pub row: u64,
    /// Ordinal of the next row on its side.
    pub ordinal: u32,
    /// Rows that are still to come.
    pub left: u64,
    /// The time at which it stands, in microseconds local time.
    pub time: i64,
    /// The reader, once it is open.
    pub batches: Option<Batches>,
}

impl Lane {
    /// Whether it has to be read to its end, as it takes room from others.
    pub(super) fn takes_room(&self) -> bool {
        self.batches.as_ref().is_some_and(Batches::takes_room)
    }
}

/// A piece of work for one thread.
pub enum Work {
    /// Hash a file.
    Digest(usize),
    /// Read rows of a row group; all other rows that are not read yet are as late as `frontier` or later
    /// where files are in the order of time; `None` where row groups are read one after the other.
    Rows {
        /// The row group.
        lane: Box<Lane>,
        /// The earliest time at which any row group stands.
        frontier: Option<i64>,
    },
}

/// Some row groups of one file, in order, which are read on their own.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct FilePart {
    /// Position of the file in the delivery.
    pub file: usize,
    /// The row groups.
    pub row_groups: Range<usize>,
    /// Their first row, counted from the start of the file.
    pub row: u64,
    /// Its ordinal on its side.
    pub ordinal: u32,
    /// Whether the file is hashed with them.
    pub digest: bool,
}

impl FilePart {
    /// Every row and file of a delivery, once: parts of at least so many rows, where a file has them.
    pub fn all_of(delivery: &Delivery, rows: u64) -> Result<Vec<FilePart>, Finding> {
        let mut parts: Vec<FilePart> = Vec::new();
        let mut of_last = 0;
        let no_groups =
            |file| FilePart { file, row_groups: 0..0, row: 0, ordinal: 0, digest: true };
        for lane in lanes(delivery)? {
            while parts.last().map_or(0, |part| part.file + 1) < lane.file {
                parts.push(no_groups(parts.last().map_or(0, |part| part.file + 1)));
            }
            let is_first = parts.last().is_none_or(|part| part.file < lane.file);
            if is_first || of_last >= rows {
                let row_groups = lane.row_group..lane.row_group;
                let Lane { file, row, ordinal, .. } = lane;
                parts.push(FilePart { file, row_groups, row, ordinal, digest: is_first });
                of_last = 0;
            }
            if let Some(part) = parts.last_mut() {
                part.row_groups.end = lane.row_group + 1;
                of_last += lane.left;
            }
        }
        let next = parts.last().map_or(0, |part| part.file + 1);
        parts.extend((next..delivery.sources.len()).map(no_groups));
        Ok(parts)
    }
}

/// The work that is left.
pub struct Schedule {
    in_step: bool,
    state: Mutex<ScheduleState>,
}

struct ScheduleState {
    digests: Vec<usize>,
    /// Row groups by the time at which they stand.
    waiting: BinaryHeap<Reverse<(i64, usize)>>,
    lanes: Vec<Option<Lane>>,
    /// Which row group each thread is at work on, and its time.
    at_work: Vec<Option<(i64, usize)>>,
}

impl Schedule {
    /// All rows and files of a delivery, for so many threads.
    pub fn new(delivery: &Delivery, in_step: bool, threads: usize) -> Result<Schedule, Finding> {
        let lanes = lanes(delivery)?;
        let order = |(index, lane): (usize, &Lane)| {
            // One after the other: treating files first, in their order.
            let time = if in_step { lane.time } else { i64::try_from(index).unwrap_or(i64::MAX) };
            Reverse((time, index))
        };
        let waiting = lanes.iter().enumerate().map(order).collect();
        let state = ScheduleState {
            digests: (0..delivery.sources.len()).rev().collect(),
            waiting,
            lanes: lanes.into_iter().map(Some).collect(),
            at_work: vec![None; threads],
        };
        Ok(Schedule { in_step, state: Mutex::new(state) })
    }

    /// A part, for one thread. Of the delivery there is nothing but its file.
    pub fn of_part(delivery: &Delivery, part: &FilePart) -> Schedule {
        let groups = delivery.sources[0].metadata.row_groups();
        let (mut row, mut ordinal) = (part.row, part.ordinal);
        let lane = |row_group: usize| {
            let left = groups[row_group].num_rows().cast_unsigned();
            let lane = Lane { file: 0, row_group, row, ordinal, left, time: 0, batches: None };
            (row, ordinal) = (row + left, after(ordinal, left).unwrap_or(u32::MAX));
            Some(lane)
        };
        let lanes: Vec<Option<Lane>> = part.row_groups.clone().map(lane).collect();
        let waiting = (0..lanes.len()).map(|lane| Reverse((0, lane))).collect();
        let digests = if part.digest { vec![0] } else { Vec::new() };
        let state = ScheduleState { digests, waiting, lanes, at_work: vec![None] };
        Schedule { in_step: false, state: Mutex::new(state) }
    }

    /// Work for a thread; none when nothing is left for it.
    pub fn take(&self, thread: usize) -> Option<Work> {
        let mut state = self.locked();
        let ScheduleState { digests, waiting, lanes, at_work } = &mut *state;
        if let Some(file) = digests.pop() {
            return Some(Work::Digest(file));
        }
        let Reverse(next) = waiting.pop()?;
        at_work[thread] = Some(next);
        let frontier = at_work.iter().flatten().map(|(time, _)| *time).min();
        let lane = lanes[next.1].take()?;
        Some(Work::Rows { lane: Box::new(lane), frontier: frontier.filter(|_| self.in_step) })
    }

    /// Gives a row group back, if rows of it are left.
    pub fn put_back(&self, thread: usize, lane: Option<Lane>) {
        let mut state = self.locked();
        if let Some(((_, index), lane)) = state.at_work[thread].take().zip(lane) {
            state.waiting.push(Reverse((lane.time, index)));
            state.lanes[index] = Some(lane);
        }
    }

    fn locked(&self) -> MutexGuard<'_, ScheduleState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Every row group, by file, with its place.
fn lanes(delivery: &Delivery) -> Result<Vec<Lane>, Finding> {
    let mut lanes = Vec::new();
    let (mut ordinals, mut bytes) = ([0u32; 2], [0u64; 2]);
    for (file, source) in delivery.sources.iter().enumerate() {
        let mut row = 0;
        let bytes = &mut bytes[source.side.index()];
        *bytes = bytes.saturating_add(source.bytes);
        for (row_group, group) in source.metadata.row_groups().iter().enumerate() {
            let left = group.num_rows().cast_unsigned();
            let next = &mut ordinals[source.side.index()];
            let (ordinal, batches) = (*next, None);
            let time = source.times(row_group).map_or(i64::MIN, |(first, _)| first);
            lanes.push(Lane { file, row_group, row, ordinal, left, time, batches });
            row += left;
            *next = after(*next, left).ok_or_else(|| too_many(source, row_group))?;
            if u64::from(*next) > most_rows(*bytes) {
                return Err(without_bytes(source, row_group, *next, *bytes));
            }
        }
    }
    Ok(lanes)
}

fn after(ordinal: u32, rows: u64) -> Option<u32> {
    u32::try_from(rows).ok().and_then(|rows| ordinal.checked_add(rows))
}

fn without_bytes(source: &ParquetSource, row_group: usize, rows: u32, bytes: u64) -> Finding {
    let found = text!("{} rows on its side in files of {} bytes", rows, bytes);
    Finding::new(Code::F02, &source.name, text!("row group {}", row_group), found)
}

fn too_many(source: &ParquetSource, row_group: usize) -> Finding {
    let found = text!("more than {} rows on its side", u32::MAX);
    let place = text!("row group {}", row_group);
    let hint = text!(
        "see whether files are there twice or are of other periods: no month has so many rows"
    );
    Finding::new(Code::F02, &source.name, place, found).hinting(hint)
}
