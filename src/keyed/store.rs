//! A store of items by hash partition of their keys: in memory within a budget, spilled to disk beyond it.

use std::{
    borrow::Cow,
    fs::File,
    os::unix::fs::FileExt,
    path::PathBuf,
    sync::{
        Mutex, MutexGuard, OnceLock, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use super::key::Key;
use crate::diag::{Failure, Outcome};

/// An item of a store. It has a fixed size on disk, about as many bytes as in memory.
pub trait Storable: Copy + Send {
    /// Its bytes on disk.
    type Bytes: AsRef<[u8]> + Default + AsMut<[u8]>;

    /// Encodes an item.
    fn to_bytes(self) -> Self::Bytes;

    /// Decodes an item.
    fn from_bytes(bytes: &Self::Bytes) -> Self;

    /// Encodes items, one after the other.
    fn all_to_bytes(items: &[Self]) -> Cow<'_, [u8]> {
        let mut bytes = Vec::with_capacity(size_of::<Self::Bytes>() * items.len());
        for item in items {
            bytes.extend_from_slice(item.to_bytes().as_ref());
        }
        bytes.into()
    }

    /// Decodes items and appends them to a list.
    fn all_from_bytes(bytes: Vec<u8>, into: &mut Vec<Self>) {
        let mut item = Self::Bytes::default();
        into.extend(bytes.chunks_exact(size_of::<Self::Bytes>()).map(|bytes| {
            item.as_mut().copy_from_slice(bytes);
            Self::from_bytes(&item)
        }));
    }
}

/// A byte of packed values, which have different lengths.
impl Storable for u8 {
    type Bytes = [u8; 1];

    fn to_bytes(self) -> [u8; 1] {
        [self]
    }

    fn from_bytes(bytes: &[u8; 1]) -> u8 {
        bytes[0]
    }

    fn all_to_bytes(items: &[u8]) -> Cow<'_, [u8]> {
        items.into()
    }

    fn all_from_bytes(bytes: Vec<u8>, into: &mut Vec<u8>) {
        into.extend(bytes);
    }
}

/// How keys are cut into partitions: by their first bits.
#[derive(Debug, Clone, Copy)]
pub struct Partitioning {
    bits: u32,
}

impl Partitioning {
    /// The most partitions that there are.
    pub const MOST: usize = 4096;

    /// Chooses the number of partitions for a number of rows, so that one fits the cache. No result depends on it.
    pub fn for_rows(rows: u64) -> Partitioning {
        // Sixteen at least, so that small deliveries take the same path of code as large ones.
        let wanted = (rows / 32_768).max(1).next_power_of_two().clamp(16, 512);
        Partitioning { bits: wanted.trailing_zeros() }
    }

    /// Chooses the number of partitions for a number of bytes, so that one has about `each`. No result depends on it.
    pub fn for_bytes(bytes: u64, each: u64) -> Partitioning {
        let wanted = (bytes / each.max(1)).max(1).next_power_of_two().clamp(16, Self::MOST as u64);
        Partitioning { bits: wanted.trailing_zeros() }
    }

    /// Returns the number of partitions.
    pub const fn count(self) -> usize {
        1 << self.bits
    }

    /// Returns the partition of a key.
    pub const fn of(self, key: Key) -> usize {
        // Two shifts: with 0 bits a single one would be by 64, which overflows.
        (key.hash >> 1 >> (63 - self.bits)) as usize
    }

    /// Returns the first and the last hash of a partition.
    pub const fn range(self, partition: usize) -> (u64, u64) {
        let first = (partition as u64) << (63 - self.bits) << 1;
        (first, first | (u64::MAX >> self.bits))
    }
}

/// Items by partition. A partition that is full spills to disk.
pub struct Store<T> {
    partitioning: Partitioning,
    partitions: Vec<Mutex<Partition<T>>>,
    /// Items that a partition may have in memory.
    room: usize,
    /// Items that a partition is expected to have.
    expected: usize,
    spill: SpillFile,
}

struct Partition<T> {
    memory: Vec<T>,
    /// Offset and number of items of each piece on disk.
    pieces: Vec<(u64, usize)>,
}

impl<T> Default for Partition<T> {
    fn default() -> Partition<T> {
        Partition { memory: Vec::new(), pieces: Vec::new() }
    }
}

/// The file for spilled bytes, created with the first of them. Threads write and read at the same time.
pub(crate) struct SpillFile {
    path: PathBuf,
    file: OnceLock<File>,
    /// Serves the creation of the file.
    creation: Mutex<()>,
    /// Where the next bytes go.
    end: AtomicU64,
}

/// Locks a mutex, poisoned or not: after a panic the run ends, so nobody sees the data behind the lock.
pub(crate) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Counting sort, stable: maps each item and groups the results by bucket. Returns them, and where each bucket begins
/// (`buckets + 1` offsets, the last is the number of items).
pub(crate) fn counting_sort<T, U: Copy>(
    items: &[T],
    buckets: usize,
    bucket_of: impl Fn(&T) -> usize,
    make: impl Fn(&T) -> U,
) -> (Vec<U>, Vec<usize>) {
    let mut begins = vec![0; buckets + 1];
    for item in items {
        begins[bucket_of(item) + 1] += 1;
    }
    for bucket in 0..buckets {
        begins[bucket + 1] += begins[bucket];
    }
    let Some(first) = items.first() else { return (Vec::new(), begins) };
    let mut next = begins.clone();
    let mut made = vec![make(first); items.len()];
    for item in items {
        let at = &mut next[bucket_of(item)];
        made[*at] = make(item);
        *at += 1;
    }
    (made, begins)
}

impl<T: Storable> Store<T> {
    /// Makes an empty store for about `items`, within `bytes` of memory. `spill` is the path of its spill file.
    pub fn new(partitioning: Partitioning, items: u64, bytes: usize, spill: PathBuf) -> Store<T> {
        let count = partitioning.count();
        // Hashes are spread evenly, so a capacity of little more than the mean is enough for nearly every partition.
        let mean = usize::try_from(items).unwrap_or(usize::MAX) / count;
        Store {
            partitioning,
            partitions: (0..count).map(|_| Mutex::default()).collect(),
            room: bytes / count / size_of::<T>(),
            expected: mean.saturating_add(mean / 16 + 64),
            spill: SpillFile::new(spill),
        }
    }

    /// Returns how keys are cut into partitions.
    pub const fn partitioning(&self) -> Partitioning {
        self.partitioning
    }

    /// Adds items to a partition.
    pub fn push(&self, partition: usize, items: &[T]) -> Outcome<()> {
        let mut place = locked(&self.partitions[partition]);
        if place.memory.capacity() == 0 {
            place.memory.reserve_exact(self.room.min(self.expected));
        }
        // Reserved memory is used up to its capacity, even beyond `room`; new memory is reserved up to `room` only.
        let most = place.memory.capacity().max(self.room);
        if place.memory.len() + items.len() > most && !place.memory.is_empty() {
            let piece = self.write(&place.memory)?;
            place.pieces.push(piece);
            place.memory.clear();
        }
        let needed = place.memory.len() + items.len();
        if needed > place.memory.capacity() {
            let more = (place.memory.capacity() * 2).min(self.room).max(needed);
            let more = more - place.memory.len();
            place.memory.reserve_exact(more);
        }
        place.memory.extend_from_slice(items);
        Ok(())
    }

    /// Returns the number of items of a partition, in memory and on disk.
    pub fn len(&self, partition: usize) -> usize {
        let place = locked(&self.partitions[partition]);
        place.memory.len() + place.pieces.iter().map(|(_, count)| count).sum::<usize>()
    }

    /// Fills an empty partition with items, whose order stays.
    pub fn put(&self, partition: usize, items: Vec<T>) -> Outcome<()> {
        let mut place = locked(&self.partitions[partition]);
        debug_assert!(place.memory.is_empty() && place.pieces.is_empty(), "an empty partition");
        if items.len() > self.room {
            place.pieces.push(self.write(&items)?);
        } else {
            place.memory = items;
        }
        Ok(())
    }

    /// Calls `look` with the items of a partition: in their order after `put`, in any order after `push`.
    pub fn visit<R>(&self, partition: usize, look: impl FnOnce(&[T]) -> R) -> Outcome<R> {
        let place = locked(&self.partitions[partition]);
        if place.pieces.is_empty() {
            return Ok(look(&place.memory));
        }
        let mut items = Vec::new();
        for (offset, count) in &place.pieces {
            self.read(*offset, *count, &mut items)?;
        }
        items.extend_from_slice(&place.memory);
        Ok(look(&items))
    }

    /// Removes all items of a partition and returns them, in any order.
    pub fn take(&self, partition: usize) -> Outcome<Vec<T>> {
        let Partition { memory, pieces } =
            std::mem::take(&mut *locked(&self.partitions[partition]));
        let mut items = memory;
        items.reserve_exact(pieces.iter().map(|(_, count)| count).sum());
        for (offset, count) in pieces {
            self.read(offset, count, &mut items)?;
        }
        Ok(items)
    }

    /// Removes all items of a partition and shows them, in the order in which one thread pushed them: what was pushed
    /// together lies together, and one piece of what was spilled is in memory at a time.
    pub fn drain(
        &self,
        partition: usize,
        mut look: impl FnMut(&[T]) -> Outcome<()>,
    ) -> Outcome<()> {
        let Partition { memory, pieces } =
            std::mem::take(&mut *locked(&self.partitions[partition]));
        let mut items = Vec::new();
        for (offset, count) in pieces {
            items.clear();
            self.read(offset, count, &mut items)?;
            look(&items)?;
        }
        look(&memory)
    }

    fn write(&self, items: &[T]) -> Outcome<(u64, usize)> {
        Ok((self.spill.write(&T::all_to_bytes(items))?, items.len()))
    }

    fn read(&self, offset: u64, count: usize, into: &mut Vec<T>) -> Outcome<()> {
        let mut bytes = vec![0; count * size_of::<T::Bytes>()];
        self.spill.read(offset, &mut bytes)?;
        T::all_from_bytes(bytes, into);
        Ok(())
    }
}

impl SpillFile {
    /// Makes a spill file at a path; nothing is created yet.
    pub(crate) fn new(path: PathBuf) -> SpillFile {
        let (file, creation, end) = (OnceLock::new(), Mutex::new(()), AtomicU64::new(0));
        SpillFile { path, file, creation, end }
    }

    /// Returns the file, which is created where there is none.
    fn file(&self) -> Outcome<&File> {
        let creation = locked(&self.creation);
        if self.file.get().is_none() {
            let mut options = File::options();
            options.read(true).write(true).create_new(true);
            let file = options.open(&self.path).map_err(Failure::io(&self.path))?;
            self.file.get_or_init(|| file);
        }
        drop(creation);
        self.opened()
    }

    fn opened(&self) -> Outcome<&File> {
        self.file.get().ok_or_else(|| Failure::Bug(text!("what was spilled has no file")))
    }

    /// Appends bytes; returns their offset.
    pub(crate) fn write(&self, bytes: &[u8]) -> Outcome<u64> {
        let offset = self.reserve(bytes.len());
        self.write_at(offset, bytes)?;
        Ok(offset)
    }

    /// Appends a place for some bytes; returns its offset.
    pub(crate) fn reserve(&self, length: usize) -> u64 {
        self.end.fetch_add(length as u64, Ordering::Relaxed)
    }

    /// Writes bytes to a place.
    pub(crate) fn write_at(&self, offset: u64, bytes: &[u8]) -> Outcome<()> {
        self.file()?.write_all_at(bytes, offset).map_err(Failure::io(&self.path))
    }

    /// Reads bytes from an offset on.
    pub(crate) fn read(&self, offset: u64, bytes: &mut [u8]) -> Outcome<()> {
        self.opened()?.read_exact_at(bytes, offset).map_err(Failure::io(&self.path))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keyed::{entry::Entry, key::Keyed};

    fn entry(hash: u64, ordinal: u32) -> Entry {
        let check = ordinal ^ 7;
        let fingerprint = hash ^ 0x63;
        let (group, plain, valued) = (8191, Some(crate::model::media::Medium::None), false);
        Entry { hash, check, ordinal, fingerprint, payable: 5, group, plain, valued }
    }

    #[test]
    fn partitions_cover_every_key_in_order() {
        for rows in [0, 40_000, 1_000_000, u64::MAX] {
            let partitioning = Partitioning::for_rows(rows);
            let mut next = Some(0u64);
            for partition in 0..partitioning.count() {
                let (first, last) = partitioning.range(partition);
                assert_eq!(Some(first), next);
                assert_eq!(partitioning.of(Key { hash: first, check: 0 }), partition);
                assert_eq!(partitioning.of(Key { hash: last, check: 0 }), partition);
                next = last.checked_add(1);
            }
            assert_eq!(next, None);
        }
    }

    #[test]
    fn a_store_gives_back_what_it_took_whatever_its_budget() {
        let folder = tempfile::tempdir().expect("a folder");
        for (bytes, name) in [(usize::MAX, "ample"), (800, "scarce")] {
            let partitioning = Partitioning::for_rows(100_000);
            let store = Store::new(partitioning, 100, bytes, folder.path().join(name));
            let entries: Vec<Entry> =
                (0..100).map(|n| entry(u64::MAX / 100 * u64::from(n), n)).collect();
            for entry in &entries {
                store.push(partitioning.of(entry.key()), &[*entry]).expect("pushed");
            }
            let partitions = || 0..partitioning.count();
            let shown = partitions().flat_map(|partition| {
                let shown = store.visit(partition, <[Entry]>::to_vec).expect("shown");
                assert_eq!(shown.len(), store.len(partition));
                shown
            });
            let mut shown: Vec<Entry> = shown.collect();
            shown.sort_unstable();
            assert_eq!(shown, entries);
            // Every other partition is taken, the others are drained.
            let mut taken = Vec::new();
            for partition in partitions() {
                let show = |items: &[Entry]| {
                    taken.extend_from_slice(items);
                    Ok(())
                };
                if partition % 2 == 0 {
                    store.drain(partition, show).expect("drained");
                } else {
                    taken.extend(store.take(partition).expect("taken"));
                }
                assert_eq!(store.len(partition), 0);
            }
            taken.sort_unstable();
            assert_eq!(taken, entries);
        }
        assert!(!folder.path().join("ample").exists());
        assert!(folder.path().join("scarce").exists());
    }
}
