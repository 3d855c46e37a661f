//! Bytes by partition, in chunks: a chunk is what lay in a buffer when it was full.
//!
//! A chunk stays in memory while there is room, which several stores may share, and is spilled otherwise. Each writer
//! spills to a file of its own, because threads that write to one file wait for each other. What one store has read from a
//! file, the other one writes over: a place that was used before costs less than a new one.

use std::{
    hint::black_box,
    path::Path,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use super::store::{Partitioning, SpillFile, locked};
use crate::diag::Outcome;

/// Room in memory for the chunks of some stores: what one gives back, another takes.
pub struct ChunkRoom {
    /// Bytes of a buffer: few enough that the buffers of all partitions and threads are a small part of the memory.
    buffer: usize,
    /// Bytes that may still be taken from the allocator.
    left: AtomicUsize,
    /// Empty buffers that were given back. The allocator would keep them for the thread that had taken them.
    empty: Mutex<Vec<Vec<u8>>>,
    /// What finds no room.
    files: Vec<ChunkFile>,
}

/// A file for chunks.
struct ChunkFile {
    file: SpillFile,
    /// Places of a buffer's length whose chunks were read.
    free: Mutex<Vec<u64>>,
}

impl ChunkRoom {
    /// Makes room of some bytes. `spill` is the path of files for what finds no room, which get numbers.
    pub fn new(bytes: usize, spill: &Path) -> Arc<ChunkRoom> {
        let threads = rayon::current_num_threads();
        let buffer = bytes / 4 / Partitioning::MOST / threads;
        let file = |number: usize| SpillFile::new(spill.with_extension(number.to_string()));
        let files = (0..threads).map(|n| ChunkFile { file: file(n), free: Mutex::default() });
        Arc::new(ChunkRoom {
            buffer: buffer.clamp(LEAST_BUFFER, MOST_BUFFER),
            left: AtomicUsize::new(bytes),
            empty: Mutex::default(),
            files: files.collect(),
        })
    }

    /// Writes a chunk to a file; returns its offset.
    fn spill(&self, file: usize, chunk: &[u8]) -> Outcome<u64> {
        let ChunkFile { file, free } = &self.files[file];
        if chunk.len() > self.buffer {
            return file.write(chunk);
        }
        let offset = locked(free).pop().unwrap_or_else(|| file.reserve(self.buffer));
        file.write_at(offset, chunk)?;
        Ok(offset)
    }

    /// Takes back the place of a chunk.
    fn free(&self, file: usize, offset: u64, length: usize) {
        if length <= self.buffer {
            locked(&self.files[file].free).push(offset);
        }
    }

    /// Takes room for a full buffer of some capacity; returns an empty one. There is none where there is no room.
    fn take(&self, capacity: usize) -> Option<Vec<u8>> {
        if capacity == self.buffer
            && let Some(empty) = locked(&self.empty).pop()
        {
            return Some(empty);
        }
        let left = |left: usize| left.checked_sub(capacity);
        self.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, left).ok()?;
        Some(Vec::with_capacity(self.buffer))
    }

    fn give_back(&self, mut full: Vec<u8>) {
        if full.capacity() == self.buffer {
            full.clear();
            locked(&self.empty).push(full);
        } else {
            self.left.fetch_add(full.capacity(), Ordering::Relaxed);
        }
    }
}

/// The bytes of a buffer, at most and at least.
const MOST_BUFFER: usize = 10 << 10;
const LEAST_BUFFER: usize = 1 << 10;
/// The free bytes of a buffer that is full: nearly every value fits, so that buffers do not grow.
const SLACK: usize = 256;

/// A chunk of a partition.
enum Chunk {
    Memory(Vec<u8>),
    Spilled { file: usize, offset: u64, length: usize },
}

impl Chunk {
    const fn len(&self) -> usize {
        match self {
            Chunk::Memory(bytes) => bytes.len(),
            Chunk::Spilled { length, .. } => *length,
        }
    }
}

/// Chunks by partition.
pub struct ChunkStore {
    partitioning: Partitioning,
    partitions: Vec<Mutex<Vec<Chunk>>>,
    room: Arc<ChunkRoom>,
    /// The writers that were made.
    writers: AtomicUsize,
}

impl ChunkStore {
    /// Makes an empty store.
    pub fn new(partitioning: Partitioning, room: &Arc<ChunkRoom>) -> ChunkStore {
        ChunkStore {
            partitioning,
            partitions: (0..partitioning.count()).map(|_| Mutex::default()).collect(),
            room: Arc::clone(room),
            writers: AtomicUsize::new(0),
        }
    }

    /// Returns how keys are cut into partitions.
    pub const fn partitioning(&self) -> Partitioning {
        self.partitioning
    }

    /// Makes a writer, one for each thread.
    pub fn writer(&self) -> ChunkWriter<'_> {
        let number = self.writers.fetch_add(1, Ordering::Relaxed);
        let buffers = (0..self.partitions.len()).map(|_| Vec::new()).collect();
        let (waiting, ends) = (Vec::new(), Vec::new());
        ChunkWriter { store: self, file: number % self.room.files.len(), buffers, waiting, ends }
    }

    /// Returns the number of bytes of a partition, in memory and on disk.
    pub fn len(&self, partition: usize) -> usize {
        locked(&self.partitions[partition]).iter().map(Chunk::len).sum()
    }

    /// Reads the bytes of a partition, which stay. `into` is emptied first.
    pub fn read(&self, partition: usize, into: &mut Vec<u8>) -> Outcome<()> {
        into.clear();
        locked(&self.partitions[partition]).iter().try_for_each(|chunk| self.append(chunk, into))
    }

    /// Like [`ChunkStore::read`]; removes the bytes.
    pub fn take(&self, partition: usize, into: &mut Vec<u8>) -> Outcome<()> {
        into.clear();
        for chunk in std::mem::take(&mut *locked(&self.partitions[partition])) {
            self.append(&chunk, into)?;
            match chunk {
                Chunk::Memory(bytes) => self.room.give_back(bytes),
                Chunk::Spilled { file, offset, length } => self.room.free(file, offset, length),
            }
        }
        Ok(())
    }

    fn append(&self, chunk: &Chunk, into: &mut Vec<u8>) -> Outcome<()> {
        match chunk {
            Chunk::Memory(bytes) => into.extend_from_slice(bytes),
            Chunk::Spilled { file, offset, length } => {
                let begin = into.len();
                into.resize(begin + length, 0);
                self.room.files[*file].file.read(*offset, &mut into[begin..])?;
            }
        }
        Ok(())
    }
}

/// Adds values to the partitions of a store.
pub struct ChunkWriter<'a> {
    store: &'a ChunkStore,
    file: usize,
    buffers: Vec<Vec<u8>>,
    /// Values on their way to the buffers, with their partitions and ends.
    waiting: Vec<u8>,
    ends: Vec<(usize, usize)>,
}

/// Values that go to their buffers together: few enough that they stay in the nearest cache.
const TOGETHER: usize = 64;

impl ChunkWriter<'_> {
    /// Adds the value that `value` appends to the bytes of a partition.
    pub fn append(&mut self, partition: usize, value: impl FnOnce(&mut Vec<u8>)) -> Outcome<()> {
        value(&mut self.waiting);
        self.ends.push((partition, self.waiting.len()));
        if self.ends.len() < TOGETHER { Ok(()) } else { self.distribute() }
    }

    /// Brings the values that wait to their buffers.
    fn distribute(&mut self) -> Outcome<()> {
        // The ends of buffers come into the cache together, not one after the other.
        let last = |(partition, _): &(usize, usize)| self.buffers[*partition].last().copied();
        black_box(self.ends.iter().filter_map(last).fold(0, u8::wrapping_add));
        let mut begin = 0;
        let ends = std::mem::take(&mut self.ends);
        for (partition, end) in &ends {
            let buffer = &mut self.buffers[*partition];
            if buffer.capacity() == 0 {
                buffer.reserve_exact(self.store.room.buffer);
            }
            buffer.extend_from_slice(&self.waiting[begin..*end]);
            begin = *end;
            if buffer.len() + SLACK >= self.store.room.buffer {
                self.flush(*partition)?;
            }
        }
        self.ends = ends;
        self.ends.clear();
        self.waiting.clear();
        Ok(())
    }

    /// Adds the buffer of a partition to its chunks, and leaves an empty one.
    fn flush(&mut self, partition: usize) -> Outcome<()> {
        let buffer = &mut self.buffers[partition];
        let chunk = if let Some(empty) = self.store.room.take(buffer.capacity()) {
            Chunk::Memory(std::mem::replace(buffer, empty))
        } else {
            let offset = self.store.room.spill(self.file, buffer)?;
            let chunk = Chunk::Spilled { file: self.file, offset, length: buffer.len() };
            buffer.clear();
            chunk
        };
        locked(&self.store.partitions[partition]).push(chunk);
        Ok(())
    }

    /// Adds what is still in the buffers.
    pub fn finish(mut self) -> Outcome<()> {
        self.distribute()?;
        for partition in 0..self.buffers.len() {
            if !self.buffers[partition].is_empty() {
                self.flush(partition)?;
            }
            drop(std::mem::take(&mut self.buffers[partition]));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keyed::key::Key;

    /// Two writers add values to two stores that share room; everything comes back, also after a first store is empty.
    #[test]
    fn chunks_come_back_whatever_the_room() {
        let folder = tempfile::tempdir().expect("a folder");
        for (room, name) in [(usize::MAX >> 1, "ample"), (40_000, "scarce"), (0, "none")] {
            let shared = ChunkRoom::new(room, &folder.path().join(name));
            let partitioning = Partitioning::for_bytes(1, 1);
            let stores = [(); 2].map(|()| ChunkStore::new(partitioning, &shared));
            let value = |number: usize| number.to_le_bytes().repeat(1 + number % 40);
            let partition_of = |number: usize| {
                let hash = (number as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
                partitioning.of(Key { hash, check: 0 })
            };
            for store in &stores {
                let mut writers = [store.writer(), store.writer()];
                for number in 0..2_000 {
                    let add = |buffer: &mut Vec<u8>| buffer.extend(value(number));
                    let writer = &mut writers[number % 2];
                    writer.append(partition_of(number), add).expect("added");
                }
                for writer in writers {
                    writer.finish().expect("finished");
                }
                let (mut read, mut taken) = (vec![7], vec![7]);
                for partition in 0..partitioning.count() {
                    let those = (0..2_000).filter(|number| partition_of(*number) == partition);
                    let length: usize = those.clone().map(|number| value(number).len()).sum();
                    assert_eq!(store.len(partition), length);
                    store.read(partition, &mut read).expect("read");
                    store.take(partition, &mut taken).expect("taken");
                    assert_eq!(read, taken);
                    assert_eq!(store.len(partition), 0);
                    let (even, odd): (Vec<usize>, Vec<usize>) = those.partition(|n| n % 2 == 0);
                    let mut wanted =
                        [even, odd].concat().into_iter().map(value).collect::<Vec<_>>();
                    let mut found: Vec<Vec<u8>> = Vec::new();
                    let mut rest = &taken[..];
                    while let Some(number) = rest.first_chunk() {
                        let length = value(usize::from_le_bytes(*number)).len();
                        found.push(rest[..length].to_vec());
                        rest = &rest[length..];
                    }
                    wanted.sort_unstable();
                    found.sort_unstable();
                    assert_eq!(found, wanted);
                }
                let empty: usize = locked(&shared.empty).iter().map(Vec::capacity).sum();
                assert_eq!(shared.left.load(Ordering::Relaxed) + empty, room);
            }
        }
        let spilled = |name: &str| {
            let files = std::fs::read_dir(folder.path()).expect("a folder");
            files
                .filter(|file| {
                    let name_of = file.as_ref().expect("a file").file_name();
                    name_of.to_string_lossy().starts_with(name)
                })
                .count()
        };
        assert_eq!(spilled("ample"), 0);
        assert!(spilled("scarce") > 0 && spilled("none") > 0);
    }
}
