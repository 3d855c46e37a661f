//! A pool of buffers for Parquet pages.
//!
//! A national month is thousands of pages of a megabyte, of which hundreds are open at a time. In fresh memory a page
//! takes half as long again as its decompression: the kernel clears new memory first. So buffers are used again, for
//! pages as they lie in the file and for decompressed ones (`pages`).

use std::{
    collections::BTreeMap,
    io,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
};

use bytes::Bytes;

use super::plan::ReadPlan;
use crate::event::Stopwatch;

/// The tools that the readers of a delivery share: stopwatch, buffers, and a limit of memory.
#[derive(Debug, Default)]
pub struct Tools {
    /// Measures the time of each activity.
    pub stopwatch: Arc<Stopwatch>,
    /// Buffers that are free.
    idle: Mutex<Idle>,
    /// The plan, where there is one.
    plan: Option<ReadPlan>,
    /// Bytes that are reserved for row groups.
    taken: Mutex<u64>,
    freed: Condvar,
}

/// A reservation of bytes for a row group, until it has been read.
#[derive(Debug)]
pub(super) struct HeldBytes {
    bytes: u64,
    tools: Arc<Tools>,
}

/// Free buffers by their size.
#[derive(Debug, Default)]
struct Idle {
    by_size: BTreeMap<usize, Vec<Vec<u8>>>,
    bytes: usize,
}

/// A buffer in use. It goes back to the pool when the last `Bytes` of it is dropped.
struct Lent {
    buffer: Vec<u8>,
    length: usize,
    tools: Arc<Tools>,
}

/// The most bytes of free buffers.
const MOST_IDLE: usize = 64 << 20;
/// Sizes are rounded up to parts of a power of two, so that pages of about the same size share buffers.
const PARTS: usize = 8;
/// Buffers of this size and above are allocated fallibly: the system may refuse them.
const LARGE: usize = 8 << 20;
/// Bytes that row groups may take together, where no plan allows more; a single one may take any number.
const ROOM: u64 = 256 << 20;
/// A row group is as planned when its pages take at most so many times the bytes of its footer, and so many more.
const AS_PLANNED: u64 = 4;
const MORE_THAN_PLANNED: u64 = 1 << 20;
/// Smaller buffers are not pooled.
const SMALLEST: usize = 4 << 10;

impl Tools {
    /// Makes tools without a plan.
    pub fn new(stopwatch: &Arc<Stopwatch>) -> Arc<Tools> {
        Arc::new(Tools { stopwatch: Arc::clone(stopwatch), ..Tools::default() })
    }

    /// Makes tools for a read as planned.
    pub(super) fn planned(stopwatch: &Arc<Stopwatch>, plan: ReadPlan) -> Arc<Tools> {
        let stopwatch = Arc::clone(stopwatch);
        Arc::new(Tools { stopwatch, plan: Some(plan), ..Tools::default() })
    }

    /// Reserves memory for a row group, and waits until there is some. Row groups that are read in step and are about
    /// as large as planned need no reservation, and none is returned. Any other row group has to be read to its end at
    /// once: a thread that put it back could wait for memory that only this row group would free.
    pub(super) fn reserve(
        self: &Arc<Tools>,
        bytes: u64,
        planned: impl Fn() -> u64,
    ) -> Option<HeldBytes> {
        let most = self.plan.map_or(ROOM, |plan| plan.room.max(ROOM));
        let as_planned = || planned().saturating_mul(AS_PLANNED).saturating_add(MORE_THAN_PLANNED);
        if self.plan.is_some_and(|plan| plan.in_step) && bytes <= as_planned() {
            return None;
        }
        let mut taken = self.taken();
        while *taken > 0 && taken.saturating_add(bytes) > most {
            taken = self.freed.wait(taken).unwrap_or_else(PoisonError::into_inner);
        }
        *taken = taken.saturating_add(bytes);
        Some(HeldBytes { bytes, tools: Arc::clone(self) })
    }

    fn taken(&self) -> MutexGuard<'_, u64> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns bytes of a pooled buffer, which `fill` has to write completely: the buffer has arbitrary content.
    pub(super) fn bytes<E: From<io::Error>>(
        self: &Arc<Tools>,
        length: usize,
        fill: impl FnOnce(&mut [u8]) -> Result<(), E>,
    ) -> Result<Bytes, E> {
        let size = rounded(length);
        let buffer = match self.reuse(size) {
            Some(buffer) => buffer,
            None => fresh(size)?,
        };
        let mut lent = Lent { buffer, length, tools: Arc::clone(self) };
        fill(&mut lent.buffer[..length])?;
        Ok(Bytes::from_owner(lent))
    }

    /// Takes a free buffer from the pool.
    fn reuse(&self, size: usize) -> Option<Vec<u8>> {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        let buffer = idle.by_size.get_mut(&size)?.pop()?;
        idle.bytes -= size;
        Some(buffer)
    }

    /// Returns a buffer to the pool, or frees it when the pool is full.
    fn recycle(&self, buffer: Vec<u8>) {
        let size = buffer.len();
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if size >= SMALLEST && idle.has_room(size) {
            idle.bytes += size;
            idle.by_size.entry(size).or_default().push(buffer);
        }
    }
}

/// Allocates a buffer.
fn fresh(size: usize) -> io::Result<Vec<u8>> {
    if size < LARGE {
        return Ok(vec![0; size]);
    }
    let mut buffer = Vec::new();
    buffer.try_reserve_exact(size).map_err(|_| io::Error::from(io::ErrorKind::OutOfMemory))?;
    buffer.resize(size, 0);
    Ok(buffer)
}

impl Drop for HeldBytes {
    fn drop(&mut self) {
        *self.tools.taken() -= self.bytes;
        self.tools.freed.notify_all();
    }
}

impl Idle {
    /// Makes room for a buffer by dropping buffers of other sizes; false when that is not enough.
    fn has_room(&mut self, size: usize) -> bool {
        while self.bytes + size > MOST_IDLE {
            let mut of_others = self.by_size.iter_mut().filter(|(other, _)| **other != size);
            let dropped = of_others.find_map(|(other, buffers)| buffers.pop().map(|_| *other));
            let Some(other) = dropped else { return false };
            self.bytes -= other;
        }
        true
    }
}

/// Rounds a length up to a size of buffers.
fn rounded(length: usize) -> usize {
    let power = length.max(SMALLEST).checked_next_power_of_two();
    let step = power.map(|power| power / 2 / PARTS);
    step.and_then(|step| length.checked_next_multiple_of(step)).unwrap_or(length)
}

impl AsRef<[u8]> for Lent {
    fn as_ref(&self) -> &[u8] {
        &self.buffer[..self.length]
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        self.tools.recycle(std::mem::take(&mut self.buffer));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(tools: &Arc<Tools>, length: usize, byte: u8) -> Bytes {
        let fill = |bytes: &mut [u8]| {
            bytes.fill(byte);
            Ok::<_, io::Error>(())
        };
        tools.bytes(length, fill).expect("filled")
    }

    #[test]
    fn a_buffer_is_used_again_when_its_bytes_are_gone_and_not_before() {
        let tools = Arc::new(Tools::default());
        let first = filled(&tools, 100_000, 1);
        let part = first.slice(10..20);
        let place = first.as_ptr();
        drop(first);
        assert_ne!(filled(&tools, 100_000, 2).as_ptr(), place);
        assert_eq!(part[..], [1; 10]);
        drop(part);
        let again = [filled(&tools, 99_999, 3), filled(&tools, 100_001, 4)];
        assert!(again.iter().any(|bytes| bytes.as_ptr() == place));
        assert!(again[0].iter().all(|byte| *byte == 3) && again[0].len() == 99_999);
    }

    #[test]
    fn row_groups_wait_for_each_other_where_they_do_not_fit_together() {
        let plan = ReadPlan { in_step: false, batch_rows: 1, bytes: 0, room: 0 };
        let tools = Tools::planned(&Arc::default(), plan);
        let large = tools.reserve(ROOM * 2, || 0).expect("alone it fits");
        assert_eq!(*tools.taken(), ROOM * 2);
        std::thread::scope(|scope| {
            let next = scope.spawn(|| tools.reserve(ROOM, || 0).map(|taken| taken.bytes));
            assert_eq!(*tools.taken(), ROOM * 2, "the other waits");
            drop(large);
            assert_eq!(next.join().expect("no panic"), Some(ROOM));
        });
        assert_eq!(*tools.taken(), 0);
        // In step, row groups as planned reserve nothing.
        let tools = Tools::planned(&Arc::default(), ReadPlan { in_step: true, ..plan });
        assert!(tools.reserve(4 << 20, || 1 << 20).is_none());
        assert!(tools.reserve(6 << 20, || 1 << 20).is_some());
    }

    #[test]
    fn what_is_kept_has_a_limit() {
        let tools = Arc::new(Tools::default());
        let all: Vec<Bytes> = (0..100).map(|_| filled(&tools, 1 << 20, 1)).collect();
        drop(all);
        assert_eq!(tools.idle.lock().expect("alone").bytes, MOST_IDLE);
        drop(filled(&tools, 10, 1));
        assert_eq!(tools.idle.lock().expect("alone").bytes, MOST_IDLE);
        // Buffers of another size are dropped for it.
        drop(filled(&tools, 2 << 20, 1));
        let idle = tools.idle.lock().expect("alone");
        assert_eq!(idle.bytes, MOST_IDLE);
        assert_eq!(idle.by_size[&(2 << 20)].len(), 1);
    }

    #[test]
    fn sizes_are_rounded_by_an_eighth_at_the_most() {
        for length in [0, 1, 4_096, 4_097, 100_000, (1 << 20) + 1, 3 << 20] {
            let size = rounded(length);
            assert!(size >= length && size <= length.max(SMALLEST) / 8 * 9 + 1, "{length} {size}");
        }
        assert_eq!(rounded(usize::MAX), usize::MAX);
    }
}
