//! The index of a delivery: one small entry a row, partitioned by key.

use std::{
    fs::File,
    io::{Seek, SeekFrom},
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};

use xxhash_rust::xxh3::{xxh3_64, xxh3_128};

use crate::{
    codes::{Month, Side},
    contract::fields::Field,
    diag::{Failure, Outcome},
    ingest::{
        batch::Batch,
        record::{Group, IDENTITY_FIELDS},
        rows::Checked,
    },
    money::Fen,
    rules::Policy,
};

/// A settlement's key: 96 bits of the stable hash of its setl_id.
///
/// Two keys of a national month and ten years of register (2.4·10^7 and 3·10^9) are mistaken for each
/// other with a chance of 10^-12. Within a delivery every doubt is decided on the values; two such keys
/// that both clear in one period end the run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    /// The part by which keys are ordered and partitioned.
    pub hash: u64,
    /// The part that tells keys of one hash apart.
    pub check: u32,
}

impl Key {
    /// The key of a setl_id.
    pub fn of(setl_id: &str) -> Key {
        Key::and_rest(setl_id).0
    }

    /// The key, and the 64 bits of the hash that fingerprints start from.
    #[expect(clippy::cast_possible_truncation, reason = "the hash is cut into parts")]
    fn and_rest(setl_id: &str) -> (Key, u64) {
        let hash = xxh3_128(setl_id.as_bytes());
        (Key { hash: (hash >> 64) as u64, check: hash as u32 }, hash as u64)
    }
}

/// Something that has a key; lists of it are ordered by that.
pub trait Keyed {
    /// The key.
    fn key(&self) -> Key;
}

impl Keyed for Key {
    fn key(&self) -> Key {
        *self
    }
}

impl Keyed for Entry {
    fn key(&self) -> Key {
        Key { hash: self.hash, check: self.check }
    }
}

/// What the index keeps of a valid row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Entry {
    /// The part of the key by which entries are ordered and partitioned.
    pub hash: u64,
    /// The part of the key that tells keys of one hash apart.
    pub check: u32,
    /// Position of the row on its side: by file, then by row.
    pub ordinal: u32,
    /// A hash of setl_id and every compared field.
    pub fingerprint: u64,
    /// Payable in fen; 0 in an entry that is not plain.
    pub payable: u32,
    /// Number of its group.
    pub group: u16,
    /// Whether nothing but its partner decides about it: no reversal, in time, an ordinary amount.
    pub plain: bool,
}

/// Bytes of an entry, in memory and on disk.
const ENTRY_BYTES: usize = 32;

impl Entry {
    fn to_bytes(self) -> [u8; ENTRY_BYTES] {
        let mut bytes = [0; ENTRY_BYTES];
        bytes[0..8].copy_from_slice(&self.hash.to_le_bytes());
        bytes[8..12].copy_from_slice(&self.check.to_le_bytes());
        bytes[12..16].copy_from_slice(&self.ordinal.to_le_bytes());
        bytes[16..24].copy_from_slice(&self.fingerprint.to_le_bytes());
        bytes[24..28].copy_from_slice(&self.payable.to_le_bytes());
        bytes[28..30].copy_from_slice(&self.group.to_le_bytes());
        bytes[30] = u8::from(self.plain);
        bytes
    }

    fn from_bytes(bytes: &[u8; ENTRY_BYTES]) -> Entry {
        fn part<const N: usize>(bytes: &[u8; ENTRY_BYTES], at: usize) -> [u8; N] {
            std::array::from_fn(|i| bytes[at + i])
        }
        Entry {
            hash: u64::from_le_bytes(part(bytes, 0)),
            check: u32::from_le_bytes(part(bytes, 8)),
            ordinal: u32::from_le_bytes(part(bytes, 12)),
            fingerprint: u64::from_le_bytes(part(bytes, 16)),
            payable: u32::from_le_bytes(part(bytes, 24)),
            group: u16::from_le_bytes(part(bytes, 28)),
            plain: bytes[30] != 0,
        }
    }
}

/// Appends the entries of a batch's valid rows, each with its row; the first row has an ordinal.
pub fn entries(
    batch: &Batch,
    checked: &Checked,
    policy: &Policy,
    period: Month,
    first_ordinal: u32,
    into: &mut Vec<(usize, Entry)>,
) {
    let keys = keys(batch);
    let fingerprints = fingerprints(batch, checked, &keys);
    let reversal = batch.text(Field::init_setl_id).map(batch.rows, |text| text.is_some());
    let mut timely = TimelyMonths { policy, period, last: None };
    let rows = (first_ordinal..).zip(keys).zip(fingerprints).enumerate();
    for (row, ((ordinal, (key, _)), fingerprint)) in rows {
        if !checked.broken[row].is_valid() {
            continue;
        }
        let in_time = checked.month[row].is_some_and(|month| timely.contains(month));
        let payable = plain_payable(checked.payable[row], in_time, reversal[row]);
        into.push((
            row,
            Entry {
                hash: key.hash,
                check: key.check,
                ordinal,
                fingerprint,
                payable: payable.unwrap_or(0),
                group: checked.group(row).map_or(0, Group::number),
                plain: payable.is_some(),
            },
        ));
    }
}

/// The payable of a row about which nothing but its partner decides: it is no reversal, in time, and of
/// an ordinary size.
pub fn plain_payable(payable: Fen, in_time: bool, reversal: bool) -> Option<u32> {
    if in_time && !reversal { u32::try_from(payable).ok() } else { None }
}

/// Remembers the last answer: neighbouring rows mostly share their month.
struct TimelyMonths<'a> {
    policy: &'a Policy,
    period: Month,
    last: Option<(Month, bool)>,
}

impl TimelyMonths<'_> {
    fn contains(&mut self, month: Month) -> bool {
        if let Some((_, timely)) = self.last.filter(|(last, _)| *last == month) {
            return timely;
        }
        let timing = self.policy.timing(month, self.period);
        let timely = timing.in_time();
        self.last = Some((month, timely));
        timely
    }
}

fn keys(batch: &Batch) -> Vec<(Key, u64)> {
    let ids = batch.text(Field::setl_id);
    (0..batch.rows).map(|row| Key::and_rest(ids.value(row).unwrap_or_default())).collect()
}

/// Hashes setl_id and every compared field of each row.
fn fingerprints(batch: &Batch, checked: &Checked, keys: &[(Key, u64)]) -> Vec<u64> {
    let mut prints: Vec<u64> = keys.iter().map(|(_, rest)| *rest).collect();
    for field in IDENTITY_FIELDS {
        let hashes = batch.text(field).map(batch.rows, |text| match text {
            Some(text) => xxh3_64(text.as_bytes()),
            None => 0,
        });
        mix(&mut prints, hashes.into_iter());
    }
    mix(&mut prints, checked.month.iter().map(|month| month.map_or(0, |m| m.number().into())));
    for index in 0..13 {
        match batch.amount(index) {
            Some(column) => mix(&mut prints, column.fen.iter().map(|fen| fen.cast_unsigned())),
            None => mix(&mut prints, std::iter::repeat_n(0, batch.rows)),
        }
    }
    prints
}

/// Folds one more value into each fingerprint: a 128-bit product, its halves combined.
#[expect(clippy::cast_possible_truncation, reason = "the product is cut into halves")]
fn mix(prints: &mut [u64], values: impl Iterator<Item = u64>) {
    const MULTIPLIER: u64 = 0x9e37_79b9_7f4a_7c15;
    const OFFSET: u64 = 0xd1b5_4a32_d192_ed03;
    for (print, value) in prints.iter_mut().zip(values) {
        let product = u128::from(*print ^ value ^ OFFSET) * u128::from(MULTIPLIER);
        *print = (product as u64) ^ ((product >> 64) as u64).rotate_left(29);
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

/// Entries of one side by partition, in memory within a budget and beyond it on disk.
pub struct Store {
    partitioning: Partitioning,
    partitions: Vec<Mutex<Partition>>,
    budget: Budget,
    spill: Spill,
}

#[derive(Default)]
struct Partition {
    memory: Vec<Entry>,
    /// Offset and number of entries of each piece on disk.
    pieces: Vec<(u64, usize)>,
}

/// How many bytes of entries may be in memory.
pub struct Budget {
    bytes: usize,
    used: AtomicUsize,
}

/// The file that takes what does not fit the budget.
struct Spill {
    path: PathBuf,
    file: Mutex<Option<File>>,
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Store {
    /// An empty store; the spill file is made in a folder when it is needed.
    pub fn new(
        side: Side,
        rows: u64,
        partitioning: Partitioning,
        bytes: usize,
        folder: &Path,
    ) -> Store {
        let count = partitioning.count();
        let fits = usize::try_from(rows).unwrap_or(usize::MAX).saturating_mul(ENTRY_BYTES) <= bytes;
        // Hashes spread evenly: a little more than the mean is enough for nearly every partition.
        let mean = usize::try_from(rows).unwrap_or(0) / count;
        let capacity = if fits { mean + mean / 32 + 16 } else { 0 };
        let empty = || Partition { memory: Vec::with_capacity(capacity), pieces: Vec::new() };
        Store {
            partitioning,
            partitions: (0..count).map(|_| Mutex::new(empty())).collect(),
            budget: Budget { bytes, used: AtomicUsize::new(0) },
            spill: Spill {
                path: folder.join(format!("index-{}", side.name())),
                file: Mutex::new(None),
            },
        }
    }

    /// How keys are cut into partitions.
    pub const fn partitioning(&self) -> Partitioning {
        self.partitioning
    }

    /// Adds entries to a partition.
    pub fn push(&self, partition: usize, entries: &[Entry]) -> Outcome<()> {
        let mut place = locked(&self.partitions[partition]);
        place.memory.extend_from_slice(entries);
        let bytes = entries.len() * ENTRY_BYTES;
        let used = self.budget.used.fetch_add(bytes, Ordering::Relaxed) + bytes;
        if used > self.budget.bytes {
            let piece = self.spill.write(&place.memory)?;
            place.pieces.push(piece);
            self.budget.used.fetch_sub(place.memory.len() * ENTRY_BYTES, Ordering::Relaxed);
            place.memory = Vec::new();
        }
        Ok(())
    }

    /// Puts entries, in order, into a partition that has been taken out.
    pub fn put(&self, partition: usize, entries: Vec<Entry>) -> Outcome<()> {
        let bytes = entries.len() * ENTRY_BYTES;
        let mut place = locked(&self.partitions[partition]);
        if self.budget.used.load(Ordering::Relaxed) + bytes > self.budget.bytes {
            place.pieces.push(self.spill.write(&entries)?);
        } else {
            self.budget.used.fetch_add(bytes, Ordering::Relaxed);
            place.memory = entries;
        }
        Ok(())
    }

    /// Shows the entries of a partition, in the order in which they were put there.
    pub fn visit<T>(&self, partition: usize, look: impl FnOnce(&[Entry]) -> T) -> Outcome<T> {
        let place = locked(&self.partitions[partition]);
        if place.pieces.is_empty() {
            return Ok(look(&place.memory));
        }
        let mut entries = Vec::new();
        for (offset, count) in &place.pieces {
            self.spill.read(*offset, *count, &mut entries)?;
        }
        Ok(look(&entries))
    }

    /// Takes all entries of a partition out.
    pub fn take(&self, partition: usize) -> Outcome<Vec<Entry>> {
        let Partition { memory, pieces } =
            std::mem::take(&mut *locked(&self.partitions[partition]));
        self.budget.used.fetch_sub(memory.len() * ENTRY_BYTES, Ordering::Relaxed);
        let mut entries = memory;
        for (offset, count) in pieces {
            self.spill.read(offset, count, &mut entries)?;
        }
        Ok(entries)
    }
}

impl Spill {
    fn write(&self, entries: &[Entry]) -> Outcome<(u64, usize)> {
        let bytes: Vec<u8> = entries.iter().flat_map(|entry| entry.to_bytes()).collect();
        let mut guard = locked(&self.file);
        let io = |error| Failure::Io { place: self.path.display().to_string(), error };
        let file = match &mut *guard {
            Some(file) => file,
            none => {
                let mut options = File::options();
                options.read(true).write(true).create_new(true);
                none.insert(options.open(&self.path).map_err(io)?)
            }
        };
        let offset = file.seek(SeekFrom::End(0)).map_err(io)?;
        file.write_all_at(&bytes, offset).map_err(io)?;
        Ok((offset, entries.len()))
    }

    fn read(&self, offset: u64, count: usize, into: &mut Vec<Entry>) -> Outcome<()> {
        let mut bytes = vec![0; count * ENTRY_BYTES];
        let guard = locked(&self.file);
        let file =
            guard.as_ref().ok_or_else(|| Failure::Bug("a spilled piece has no file".into()))?;
        file.read_exact_at(&mut bytes, offset).map_err(Failure::io(&self.path))?;
        drop(guard);
        into.extend(bytes.as_chunks::<ENTRY_BYTES>().0.iter().map(Entry::from_bytes));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(hash: u64, ordinal: u32) -> Entry {
        let check = ordinal ^ 7;
        Entry {
            hash,
            check,
            ordinal,
            fingerprint: hash ^ 0x63,
            payable: 5,
            group: 8191,
            plain: true,
        }
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
    fn an_entry_is_as_small_as_it_says() {
        assert_eq!(size_of::<Entry>(), ENTRY_BYTES);
    }

    #[test]
    fn a_store_gives_back_what_it_took_whatever_its_budget() {
        let folder = tempfile::tempdir().expect("a folder");
        for (budget, side) in [(usize::MAX, Side::Treating), (200, Side::Insured)] {
            let store =
                Store::new(side, 100, Partitioning::for_rows(100_000), budget, folder.path());
            let entries: Vec<Entry> =
                (0..100).map(|n| entry(u64::MAX / 100 * u64::from(n), n)).collect();
            for entry in &entries {
                store.push(store.partitioning().of(entry.key()), &[*entry]).expect("pushed");
            }
            let mut back: Vec<Entry> = (0..store.partitioning().count())
                .flat_map(|partition| store.take(partition).expect("taken"))
                .collect();
            back.sort_unstable();
            assert_eq!(back, entries);
        }
        assert!(!folder.path().join("index-treating").exists());
        assert!(folder.path().join("index-insured").exists());
    }
}
