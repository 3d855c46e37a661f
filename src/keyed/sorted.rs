//! External merge sort for rows of tables: rows come in any order and are written sorted. Rows beyond the budget of
//! memory spill to disk in sorted runs, which are merged while the table is written.

use std::{
    cmp::{Ordering, Reverse},
    collections::BinaryHeap,
    path::Path,
    sync::{Mutex, PoisonError},
};

use rayon::prelude::*;
use serde::{Serialize, de::DeserializeOwned};

use super::store::{SpillFile, locked};
use crate::{
    columnar::{entry::FileEntry, table::TableBuilder},
    diag::{Failure, Outcome},
    keyed::packed::{pack, unpack},
};

/// A row of a table that can be sorted.
pub trait SortRow: Serialize + DeserializeOwned + Send + Sync {
    /// Returns the bytes of the row in memory, about.
    fn bytes(&self) -> usize;

    /// Compares two rows. The sort is not stable, so rows that compare equal must be equal in the table.
    fn order(&self, other: &Self) -> Ordering;
}

/// Takes rows in any order, from any thread.
pub struct Sorter<T> {
    rows: Mutex<SortedRows<T>>,
    /// Bytes of rows that may be in memory.
    room: usize,
    spill: SpillFile,
}

/// Rows in memory, and the runs on disk.
struct SortedRows<T> {
    memory: Vec<T>,
    /// Bytes of the rows in memory.
    held: usize,
    runs: Vec<SortedRun>,
}

/// The place of a sorted run in the spill file.
#[derive(Debug, Clone, Copy)]
struct SortedRun {
    offset: u64,
    bytes: u64,
}

/// All rows: sorted in memory, or in sorted runs on disk.
pub struct Sorted<T> {
    memory: Vec<T>,
    runs: Vec<SortedRun>,
    /// Bytes of a run that one read takes, at least.
    read_together: u64,
    spill: SpillFile,
}

/// The largest and the smallest value of `read_together`.
const READ_TOGETHER: [u64; 2] = [256 * 1024, 4 * 1024];

impl<T: SortRow> Sorter<T> {
    /// Makes a sorter for `bytes` of memory. Its spill file has `name`, which no other sorter has.
    pub fn new(bytes: usize, scratch: &Path, name: &str) -> Sorter<T> {
        let spill = SpillFile::new(scratch.join(format!("rows-{name}")));
        let rows = Mutex::new(SortedRows { memory: Vec::new(), held: 0, runs: Vec::new() });
        Sorter { rows, room: bytes, spill }
    }

    /// Adds rows.
    pub fn push(&self, rows: Vec<T>) -> Outcome<()> {
        let more = rows.iter().map(T::bytes).fold(0, usize::saturating_add);
        let mut all = locked(&self.rows);
        all.memory.extend(rows);
        all.held = all.held.saturating_add(more);
        if all.held <= self.room {
            return Ok(());
        }
        let mut full = std::mem::take(&mut all.memory);
        all.held = 0;
        drop(all);
        // The lock is released and one thread sorts, so that other threads can push meanwhile.
        full.sort_unstable_by(T::order);
        let run = self.write(&full)?;
        locked(&self.rows).runs.push(run);
        Ok(())
    }

    /// Spills sorted rows as a run.
    fn write(&self, rows: &[T]) -> Outcome<SortedRun> {
        debug_assert!(rows.is_sorted_by(|a, b| a.order(b).is_le()), "a run is sorted");
        let mut bytes = Vec::new();
        for row in rows {
            let row = pack(row)?;
            let length = u32::try_from(row.len()).map_err(|_| damaged())?;
            bytes.extend(length.to_le_bytes());
            bytes.extend(row);
        }
        Ok(SortedRun { offset: self.spill.write(&bytes)?, bytes: bytes.len() as u64 })
    }

    /// Returns all rows, sorted.
    pub fn finish(mut self) -> Outcome<Sorted<T>> {
        let rows = self.rows.get_mut().unwrap_or_else(PoisonError::into_inner);
        let (mut memory, mut runs) =
            (std::mem::take(&mut rows.memory), std::mem::take(&mut rows.runs));
        memory.par_sort_unstable_by(T::order);
        if !runs.is_empty() {
            runs.push(self.write(&memory)?);
            memory = Vec::new();
        }
        let [most, least] = READ_TOGETHER;
        let read_together = (self.room / runs.len().max(1)) as u64;
        let read_together = read_together.clamp(least, most);
        Ok(Sorted { memory, runs, read_together, spill: self.spill })
    }
}

impl<T: SortRow> Sorted<T> {
    /// Writes the table of all rows.
    pub fn write(&self, table: fn(&[T]) -> TableBuilder, folder: &Path) -> Outcome<FileEntry> {
        if self.runs.is_empty() {
            return TableBuilder::write_by_parts(&self.memory, table, folder);
        }
        let mut merged = Merged::new(self)?;
        TableBuilder::write_as_it_comes(|| merged.next(), table, folder)
    }

    /// Shows every row, one after the other, in order.
    pub fn for_each(&self, mut look: impl FnMut(&T) -> Outcome<()>) -> Outcome<()> {
        if self.runs.is_empty() {
            return self.memory.iter().try_for_each(look);
        }
        let mut merged = Merged::new(self)?;
        while let Some(row) = merged.next()? {
            look(&row)?;
        }
        Ok(())
    }
}

/// Merges runs.
struct Merged<'a, T> {
    readers: Vec<RunReader<'a>>,
    /// A heap of the first unread row of each run that has any.
    first: BinaryHeap<Reverse<First<T>>>,
}

/// The first unread row of a run.
struct First<T> {
    row: T,
    run: usize,
}

impl<'a, T: SortRow> Merged<'a, T> {
    fn new(sorted: &'a Sorted<T>) -> Outcome<Merged<'a, T>> {
        let reader = |run: &SortedRun| RunReader {
            spill: &sorted.spill,
            run: *run,
            read_together: sorted.read_together,
            bytes: Vec::new(),
            at: 0,
        };
        let readers = sorted.runs.iter().map(reader).collect();
        let mut merged = Merged { readers, first: BinaryHeap::new() };
        (0..sorted.runs.len()).try_for_each(|run| merged.advance(run))?;
        Ok(merged)
    }

    fn advance(&mut self, run: usize) -> Outcome<()> {
        if let Some(bytes) = self.readers[run].next()? {
            let row = unpack(bytes)?;
            self.first.push(Reverse(First { row, run }));
        }
        Ok(())
    }

    fn next(&mut self) -> Outcome<Option<T>> {
        let Some(Reverse(First { row, run })) = self.first.pop() else { return Ok(None) };
        self.advance(run)?;
        Ok(Some(row))
    }
}

impl<T: SortRow> Ord for First<T> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.row.order(&other.row)
    }
}

impl<T: SortRow> PartialOrd for First<T> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<T: SortRow> PartialEq for First<T> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl<T: SortRow> Eq for First<T> {}

/// Reads a run block by block.
struct RunReader<'a> {
    spill: &'a SpillFile,
    /// The part of the run that is still to be read.
    run: SortedRun,
    read_together: u64,
    bytes: Vec<u8>,
    at: usize,
}

impl RunReader<'_> {
    /// Returns the bytes of the next row; none at the end of the run.
    fn next(&mut self) -> Outcome<Option<&[u8]>> {
        if self.bytes.len() == self.at && self.run.bytes == 0 {
            return Ok(None);
        }
        self.fill(4)?;
        let length = self.bytes[self.at..].first_chunk().ok_or_else(damaged)?;
        let length = u32::from_le_bytes(*length) as usize;
        self.fill(4 + length)?;
        let begin = self.at + 4;
        self.at = begin + length;
        self.bytes.get(begin..self.at).map(Some).ok_or_else(damaged)
    }

    /// Reads until `bytes` are in the buffer, or the run ends.
    fn fill(&mut self, bytes: usize) -> Outcome<()> {
        let there = self.bytes.len() - self.at;
        if there >= bytes {
            return Ok(());
        }
        self.bytes.drain(..self.at);
        self.at = 0;
        let more = ((bytes - there) as u64).max(self.read_together).min(self.run.bytes);
        self.bytes.resize(there + usize::try_from(more).map_err(|_| damaged())?, 0);
        self.spill.read(self.run.offset, &mut self.bytes[there..])?;
        self.run = SortedRun { offset: self.run.offset + more, bytes: self.run.bytes - more };
        Ok(())
    }
}

fn damaged() -> Failure {
    Failure::Bug(text!("rows on disk are not what they were"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::place::staging::Staging;

    impl SortRow for (u64, String) {
        fn bytes(&self) -> usize {
            64
        }

        fn order(&self, other: &Self) -> Ordering {
            self.cmp(other)
        }
    }

    #[test]
    fn rows_come_in_their_order_whatever_the_room() {
        let folder = tempfile::tempdir().expect("a folder");
        let staging = Staging::inside(folder.path()).expect("made");
        // Numbers that repeat, texts of many lengths: one is longer than what is read at a time.
        let row = |n: u64| {
            let length = if n == 77 { 300_000 } else { usize::try_from(n % 50).expect("small") };
            (n * 7919 % 4999, "x".repeat(length))
        };
        let rows: Vec<(u64, String)> = (0..10_000).map(row).collect();
        let mut expected = rows.clone();
        expected.sort();
        for (bytes, runs) in [(usize::MAX, 0), (64 * 1000, 9), (0, 100)] {
            let sorter = Sorter::new(bytes, &staging.scratch(), &format!("of-{bytes}"));
            rows.chunks(100).for_each(|some| sorter.push(some.to_vec()).expect("pushed"));
            let sorted = sorter.finish().expect("finished");
            assert_eq!(sorted.runs.len(), if runs == 0 { 0 } else { runs + 1 });
            let mut found = Vec::new();
            let keep = |row: &(u64, String)| {
                found.push(row.clone());
                Ok(())
            };
            sorted.for_each(keep).expect("read");
            assert!(found == expected, "{bytes}");
        }
    }
}
