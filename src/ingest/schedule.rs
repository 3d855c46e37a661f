//! Schedules the read of a delivery: which rows a thread reads next.
//!
//! Exports are usually written in the order of `setl_time`, and both copies of a settlement have nearly the same time.
//! So the row groups of both sides are read in step: a thread always takes a batch of the one that is at the earliest
//! time. Then the copies of a settlement come soon after each other, and the values of a row are needed for that long
//! only. A row group is opened when the read gets to the earliest time that its footer names.
//!
//! Every open row group holds a page of each column. Where footers say that too many would be open at a time, row
//! groups are read one after the other instead. Results do not depend on the order.

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

/// A row group, and the position of the read in it.
pub struct Lane {
    /// Position of its file in the delivery.
    pub file: usize,
    /// The row group.
    pub row_group: usize,
    /// The next row, counted from the start of the file.
    pub row: u64,
    /// Ordinal of the next row on its side.
    pub ordinal: u32,
    /// The number of rows that are still to be read.
    pub left: u64,
    /// The time of the last row that was read, in microseconds local time; at first the earliest by its footer.
    pub time: i64,
    /// Its reader, once it is open.
    pub batches: Option<Batches>,
}

impl Lane {
    /// Whether it has to be read to its end at once, as others may wait for its memory.
    pub(super) fn takes_room(&self) -> bool {
        self.batches.as_ref().is_some_and(Batches::takes_room)
    }
}

/// A piece of work for one thread.
pub enum Work {
    /// Hash a file.
    Digest(usize),
    /// Read rows of a row group.
    Rows {
        /// The row group.
        lane: Box<Lane>,
        /// The earliest time of any row group that is being read. Where files are in the order of time, no unread row
        /// is earlier. `None` where row groups are read one after the other.
        frontier: Option<i64>,
    },
}

/// Consecutive row groups of one file, which are read on their own.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct FilePart {
    /// Position of the file in the delivery.
    pub file: usize,
    /// The row groups.
    pub row_groups: Range<usize>,
    /// Their first row, counted from the start of the file.
    pub row: u64,
    /// The ordinal of this row on its side.
    pub ordinal: u32,
    /// Whether the file is hashed too: in one of its parts.
    pub digest: bool,
}

impl FilePart {
    /// Cuts a delivery into parts that have every row once and hash every file once. A part has at least `rows` rows,
    /// if its file has so many left.
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

/// A queue of work for all threads.
pub struct Schedule {
    in_step: bool,
    state: Mutex<ScheduleState>,
}

struct ScheduleState {
    /// Files that are still to be hashed.
    digests: Vec<usize>,
    /// A heap of the row groups that no thread has: time and index, the earliest first.
    waiting: BinaryHeap<Reverse<(i64, usize)>>,
    /// Row groups by index; none while a thread has it.
    lanes: Vec<Option<Lane>>,
    /// Time and index of the row group that each thread has.
    at_work: Vec<Option<(i64, usize)>>,
}

impl Schedule {
    /// Schedules all rows and files of a delivery, for so many threads.
    pub fn new(delivery: &Delivery, in_step: bool, threads: usize) -> Result<Schedule, Finding> {
        let lanes = lanes(delivery)?;
        let order = |(index, lane): (usize, &Lane)| {
            // When they are read one after the other, the index takes the place of the time.
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

    /// Schedules a part, for one thread. The delivery has only the file of the part.
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

    /// Returns the next work of a thread; none when no row group is waiting.
    pub fn next_work(&self, thread: usize) -> Option<Work> {
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

    /// Returns a row group to the queue; `None` when it has been read to its end.
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

/// Makes a lane for every row group, in the order of files.
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
