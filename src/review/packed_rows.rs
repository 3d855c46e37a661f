//! Rows of the review by partition, in memory and on disk.

use std::sync::Arc;

use xxhash_rust::xxh3::xxh3_64;

use super::{
    filing::{self, Filing},
    row::ReviewedRow,
    row_bytes::{self, TextRoom},
};
use crate::{
    diag::Outcome,
    event::Monitor,
    keyed::{
        chunks::{ChunkRoom, ChunkStore, ChunkWriter},
        key::Key,
        store::Partitioning,
    },
    text::Text,
};

/// What a row is among the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It passed the row rules; more is not known yet, or it is a settlement.
    Settlement,
    /// It is a reversal.
    Reversal,
    /// A reversal names it.
    Reversed,
    /// It breaks V06 alone.
    NoDisease,
}

impl Standing {
    const ALL: [Standing; 4] =
        [Standing::Settlement, Standing::Reversal, Standing::Reversed, Standing::NoDisease];
}

/// Values that are cut into partitions by a key.
pub struct PackedStore(ChunkStore);

/// The bytes of a partition: with its rows unpacked it has its place in the cache of a processor.
const PARTITION: u64 = 512 << 10;

impl PackedStore {
    /// Makes a store for about `bytes`.
    pub fn new(bytes: u64, room: &Arc<ChunkRoom>) -> PackedStore {
        PackedStore(ChunkStore::new(Partitioning::for_bytes(bytes, PARTITION), room))
    }

    /// Makes a store with the partitions of another one.
    pub fn beside(other: &PackedStore, room: &Arc<ChunkRoom>) -> PackedStore {
        PackedStore(ChunkStore::new(other.0.partitioning(), room))
    }

    /// Returns the number of partitions.
    pub fn count(&self) -> usize {
        self.0.partitioning().count()
    }

    /// Returns the partition of a key.
    pub fn partition_of(&self, key: &[u8]) -> usize {
        self.0.partitioning().of(Key { hash: xxh3_64(key), check: 0 })
    }

    /// Makes a writer, one for each thread.
    pub fn writer(&self) -> PackedWriter<'_> {
        PackedWriter { store: self, chunks: self.0.writer() }
    }

    /// Returns the bytes of a partition.
    pub fn bytes(&self, partition: usize) -> usize {
        self.0.len(partition)
    }

    /// Reads the bytes of a partition, which stay.
    pub fn read(&self, partition: usize, into: &mut Vec<u8>) -> Outcome<()> {
        self.0.read(partition, into)
    }

    /// Like [`PackedStore::read`]; removes the bytes.
    pub fn take(&self, partition: usize, into: &mut Vec<u8>) -> Outcome<()> {
        self.0.take(partition, into)
    }

    /// Fails when the values of a partition do not fit the memory. `key` is the field by which rows share it.
    pub fn must_fit(
        &self,
        partition: usize,
        most: u64,
        monitor: &Monitor,
        key: &str,
        what: impl FnOnce() -> Text,
    ) -> Outcome<()> {
        let needed = (self.bytes(partition) as u64).saturating_mul(UNPACKED);
        if needed <= PARTITION * UNPACKED * 8 {
            return Ok(());
        }
        monitor.check_memory(needed, most, key, what)
    }
}

/// Bytes in memory for each packed byte.
const UNPACKED: u64 = 4;

/// Adds values to the partitions of a store.
pub struct PackedWriter<'a> {
    store: &'a PackedStore,
    chunks: ChunkWriter<'a>,
}

impl PackedWriter<'_> {
    /// Adds a filing.
    pub fn push_filing(&mut self, filing: &Filing<'_>) -> Outcome<()> {
        self.append(filing.psn_no.as_bytes(), |buffer| filing::bytes::append(filing, buffer))
    }

    /// Adds a row, with what is known of it.
    pub fn push_row(&mut self, standing: Standing, row: &ReviewedRow<'_>) -> Outcome<()> {
        self.append(row.psn_no.as_bytes(), |buffer| {
            buffer.push(standing as u8);
            row_bytes::append(row, buffer);
        })
    }

    /// Adds a row that lies packed already, with what it is now.
    pub fn push_packed(&mut self, key: &[u8], standing: Standing, packed: &[u8]) -> Outcome<()> {
        self.append(key, |buffer| {
            buffer.push(standing as u8);
            buffer.extend_from_slice(packed);
        })
    }

    /// Like [`PackedWriter::push_packed`], without the digest of its credential.
    pub fn push_without_token(
        &mut self,
        key: &[u8],
        standing: Standing,
        packed: &[u8],
    ) -> Outcome<()> {
        let mut appended = Ok(());
        self.append(key, |buffer| {
            buffer.push(standing as u8);
            appended = row_bytes::append_without_token(packed, buffer);
        })?;
        appended
    }

    fn append(&mut self, key: &[u8], value: impl FnOnce(&mut Vec<u8>)) -> Outcome<()> {
        self.chunks.append(self.store.partition_of(key), value)
    }

    /// Adds what is still in the buffers.
    pub fn finish(self) -> Outcome<()> {
        self.chunks.finish()
    }
}

/// A row of a partition as it was unpacked.
#[derive(Debug)]
pub struct UnpackedRow<'a> {
    /// A digest of the person or the institution, by which rows are sorted fast.
    pub digest: u64,
    /// What it is.
    pub standing: Standing,
    /// The row.
    pub row: ReviewedRow<'a>,
    /// The bytes of the row.
    pub packed: &'a [u8],
}

impl<'a> UnpackedRow<'a> {
    /// Returns the digest and the number of its person, if rows are digested by person.
    pub fn person(&self) -> (u64, &'a str) {
        (self.digest, self.row.psn_no)
    }
}

/// Bytes of the shortest packed rows, so that memory is taken once.
const SHORTEST: usize = 64;

/// Empties a list of rows and keeps its memory for others: memory that was used before costs less than new memory.
pub fn emptied<'a>(mut rows: Vec<UnpackedRow<'_>>) -> Vec<UnpackedRow<'a>> {
    rows.clear();
    // The standard library collects in place.
    rows.into_iter().map(|_| unreachable!("an empty list")).collect()
}

/// Unpacks all rows of a partition; `key` is the text of a row by which they are digested. `texts` is memory for texts.
pub fn unpacked_rows<'a>(
    bytes: &'a [u8],
    texts: &'a mut Vec<u8>,
    key: impl Fn(&ReviewedRow<'a>) -> &'a str,
) -> Outcome<Vec<UnpackedRow<'a>>> {
    let mut all = Vec::new();
    unpack_rows(bytes, texts, key, &mut all)?;
    Ok(all)
}

/// Like [`unpacked_rows`], into a list.
pub fn unpack_rows<'a>(
    mut bytes: &'a [u8],
    texts: &'a mut Vec<u8>,
    key: impl Fn(&ReviewedRow<'a>) -> &'a str,
    all: &mut Vec<UnpackedRow<'a>>,
) -> Outcome<()> {
    all.reserve(bytes.len() / SHORTEST);
    let mut room = TextRoom::of(texts, bytes.len());
    while !bytes.is_empty() {
        let (standing, rest) = bytes.split_first().ok_or_else(row_bytes::damaged)?;
        let standing = *Standing::ALL.get(usize::from(*standing)).ok_or_else(row_bytes::damaged)?;
        let (row, after) = row_bytes::first(rest, &mut room)?;
        let packed = &rest[..rest.len() - after.len()];
        let digest = xxh3_64(key(&row).as_bytes());
        all.push(UnpackedRow { digest, standing, row, packed });
        bytes = after;
    }
    Ok(())
}

/// Returns rows so that those of one person or institution lie together, each by (setl_time, setl_id).
pub fn together<'r, 'a>(
    rows: impl Iterator<Item = &'r UnpackedRow<'a>>,
    key: impl Fn(&ReviewedRow<'a>) -> &'a str,
) -> Vec<&'r UnpackedRow<'a>>
where
    'a: 'r,
{
    let mut sorted: Vec<(u64, i64, &UnpackedRow)> =
        rows.map(|one| (one.digest, one.row.time, one)).collect();
    let by_id = |one: &UnpackedRow, other: &UnpackedRow| one.row.setl_id.cmp(other.row.setl_id);
    sorted.sort_unstable_by(|(digest, time, one), (other_digest, other_time, other)| {
        (digest, time).cmp(&(other_digest, other_time)).then_with(|| by_id(one, other))
    });
    // Texts of one digest are one text, but for those that somebody has looked for long.
    let same = |one: &UnpackedRow<'a>, other: &UnpackedRow<'a>| key(&one.row) == key(&other.row);
    for of_digest in sorted.chunk_by_mut(|(digest, ..), (other_digest, ..)| digest == other_digest)
    {
        if of_digest.windows(2).any(|two| !same(two[0].2, two[1].2)) {
            // The sort is stable.
            of_digest.sort_by_key(|(_, _, one)| key(&one.row));
        }
    }
    sorted.into_iter().map(|(_, _, one)| one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::review::filing::samples::stay;

    /// Digests are equal where somebody looked for it; the texts tell such persons apart.
    #[test]
    fn persons_of_one_digest_stay_apart() {
        let row = |setl_id, psn_no, time, digest| UnpackedRow {
            digest,
            standing: Standing::Settlement,
            row: ReviewedRow { psn_no, time, ..stay(setl_id) },
            packed: &[],
        };
        let rows = [
            row("S1", "P2", 1, 7),
            row("S2", "P1", 2, 7),
            row("S3", "P2", 3, 7),
            row("S5", "P1", 1, 7),
            row("S4", "P1", 1, 7),
            row("S6", "P0", 9, 8),
            row("S7", "P9", 9, 6),
        ];
        let sorted = together(rows.iter(), |row| row.psn_no);
        let ids: Vec<&str> = sorted.iter().map(|one| one.row.setl_id).collect();
        assert_eq!(ids, ["S7", "S4", "S5", "S2", "S1", "S3", "S6"]);
    }
}
