//! Where what belongs to keys is kept, by partition of these: in memory within a budget and beyond it on disk.

use std::{
    borrow::Cow,
    fs::File,
    io::{Seek, SeekFrom},
    os::unix::fs::FileExt,
    path::PathBuf,
    sync::{Mutex, MutexGuard, PoisonError},
};

use super::key::Key;
use crate::diag::{Failure, Outcome};

/// What a store holds: about as many bytes on disk as in memory.
pub trait Storable: Copy + Send {
    /// Its bytes on disk.
    type Bytes: AsRef<[u8]> + Default + AsMut<[u8]>;

    /// As it lies on disk.
    fn to_bytes(self) -> Self::Bytes;

    /// As it was put on disk.
    fn from_bytes(bytes: &Self::Bytes) -> Self;

    /// Puts items on disk.
    fn all_to_bytes(items: &[Self]) -> Cow<'_, [u8]> {
        let mut bytes = Vec::with_capacity(size_of::<Self::Bytes>() * items.len());
        for item in items {
            bytes.extend_from_slice(item.to_bytes().as_ref());
        }
        bytes.into()
    }

    /// Adds items that were put on disk to others.
    fn all_from_bytes(bytes: Vec<u8>, into: &mut Vec<Self>) {
        let mut item = Self::Bytes::default();
        into.extend(bytes.chunks_exact(size_of::<Self::Bytes>()).map(|bytes| {
            item.as_mut().copy_from_slice(bytes);
            Self::from_bytes(&item)
        }));
    }
}

/// A part of something that was packed.
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
    /// Partitions that fit a processor's cache, for a number of rows; results do not depend on it.
    pub fn for_rows(rows: u64) -> Partitioning {
        // Never a single one: small deliveries cross the same borders as large ones.
        let wanted = (rows / 32_768).max(1).next_power_of_two().clamp(16, 512);
        Partitioning { bits: wanted.trailing_zeros() }
    }

    /// How many partitions there are.
    pub const fn count(self) -> usize {
        1 << self.bits
    }

    /// The partition of a key.
    pub const fn of(self, key: Key) -> usize {
        // Two steps, as a shift by 64 bits is not defined.
        (key.hash >> 1 >> (63 - self.bits)) as usize
    }

    /// First and last hash of a partition.
    pub const fn range(self, partition: usize) -> (u64, u64) {
        let first = (partition as u64) << (63 - self.bits) << 1;
        (first, first | (u64::MAX >> self.bits))
    }
}

/// Items by partition, in memory within a budget and beyond it on disk.
pub struct Store<T> {
    partitioning: Partitioning,
    partitions: Vec<Mutex<Partition<T>>>,
    /// Items that a partition may have in memory.
    room: usize,
    /// Items that it is expected to have.
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

/// The file that takes what does not fit the budget; made when it is needed.
pub(crate) struct SpillFile {
    path: PathBuf,
    file: Mutex<Option<File>>,
}

/// Locks; what a panic left behind is never shown, as the run ends with it.
pub(crate) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What is made of each item, pile by pile and in order within a pile; says where each pile begins, and where
/// the last ends.
pub(crate) fn on_piles<T, U: Copy>(
    items: &[T],
    piles: usize,
    pile_of: impl Fn(&T) -> usize,
    make: impl Fn(&T) -> U,
) -> (Vec<U>, Vec<usize>) {
    let mut begins = vec![0; piles + 1];
    for item in items {
        begins[pile_of(item) + 1] += 1;
    }
    for pile in 0..piles {
        begins[pile + 1] += begins[pile];
    }
    let Some(first) = items.first() else { return (Vec::new(), begins) };
    let mut next = begins.clone();
    let mut made = vec![make(first); items.len()];
    for item in items {
        let at = &mut next[pile_of(item)];
        made[*at] = make(item);
        *at += 1;
    }
    (made, begins)
}

impl<T: Storable> Store<T> {
    /// An empty store for so many items, about, that may take so many bytes of memory; the spill file is
    /// made when it is needed.
    pub fn new(partitioning: Partitioning, items: u64, bytes: usize, spill: PathBuf) -> Store<T> {
        let count = partitioning.count();
        // Hashes spread evenly: a little more than the mean is enough for nearly every partition.
        let mean = usize::try_from(items).unwrap_or(usize::MAX) / count;
        Store {
            partitioning,
            partitions: (0..count).map(|_| Mutex::default()).collect(),
            room: bytes / count / size_of::<T>(),
            expected: mean.saturating_add(mean / 16 + 64),
            spill: SpillFile::new(spill),
        }
    }

    /// How keys are cut into partitions.
    pub const fn partitioning(&self) -> Partitioning {
        self.partitioning
    }

    /// Adds items to a partition.
    pub fn push(&self, partition: usize, items: &[T]) -> Outcome<()> {
        let mut place = locked(&self.partitions[partition]);
        if place.memory.capacity() == 0 {
            place.memory.reserve_exact(self.room.min(self.expected));
        }
        // Memory that is there is used, and never more than there is room for.
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

    /// How many items a partition has.
    pub fn len(&self, partition: usize) -> usize {
        let place = locked(&self.partitions[partition]);
        place.memory.len() + place.pieces.iter().map(|(_, count)| count).sum::<usize>()
    }

    /// Puts items, in order, into a partition that has been taken out.
    pub fn put(&self, partition: usize, items: Vec<T>) -> Outcome<()> {
        let mut place = locked(&self.partitions[partition]);
        if items.len() > self.room {
            place.pieces.push(self.write(&items)?);
        } else {
            place.memory = items;
        }
        Ok(())
    }

    /// Shows the items of a partition: those that were put there in their order, those that were added in any.
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

    /// Takes all items of a partition out.
    pub fn take(&self, partition: usize) -> Outcome<Vec<T>> {
        let Partition { memory, pieces } =
            std::mem::take(&mut *locked(&self.partitions[partition]));
        let mut items = memory;
        for (offset, count) in pieces {
            self.read(offset, count, &mut items)?;
        }
        Ok(items)
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
    /// Nothing yet, at a path.
    pub(crate) fn new(path: PathBuf) -> SpillFile {
        SpillFile { path, file: Mutex::new(None) }
    }

    /// Takes bytes; says where they are.
    pub(crate) fn write(&self, bytes: &[u8]) -> Outcome<u64> {
        let mut guard = locked(&self.file);
        let io = |error| Failure::io(&self.path)(error);
        let file = match &mut *guard {
            Some(file) => file,
            none => {
                let mut options = File::options();
                options.read(true).write(true).create_new(true);
                none.insert(options.open(&self.path).map_err(io)?)
            }
        };
        let offset = file.seek(SeekFrom::End(0)).map_err(io)?;
        file.write_all_at(bytes, offset).map_err(io)?;
        Ok(offset)
    }

    /// Gives bytes back.
    pub(crate) fn read(&self, offset: u64, bytes: &mut [u8]) -> Outcome<()> {
        let guard = locked(&self.file);
        let file =
            guard.as_ref().ok_or_else(|| Failure::Bug(text!("what was spilled has no file")))?;
        file.read_exact_at(bytes, offset).map_err(Failure::io(&self.path))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keyed::{entry::Entry, key::Keyed};

    fn entry(hash: u64, ordinal: u32) -> Entry {
        let check = ordinal ^ 7;
        let fingerprint = hash ^ 0x63;
        let (group, plain, valued) = (8191, true, false);
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
            let taken = partitions().flat_map(|partition| store.take(partition).expect("taken"));
            let mut taken: Vec<Entry> = taken.collect();
            taken.sort_unstable();
            assert_eq!(taken, entries);
        }
        assert!(!folder.path().join("ample").exists());
        assert!(folder.path().join("scarce").exists());
    }
}
