//! A shard of the window: a hash table of held rows, for the keys that begin with some bits.

use crate::{keyed::entry::Entry, model::media::Medium};

/// The most batches that are held at a time.
pub(super) const SEATS: usize = 1 << RowSlot::SEAT_BITS;

/// The most rows of a batch.
pub(super) const BATCH_ROWS: usize = 1 << RowSlot::ROW_BITS;

/// Rows of a bucket.
pub(super) const BUCKET: usize = 8;

/// A shard: a hash table with buckets, and rows that wait to be probed.
pub(super) struct Shard {
    /// Rows that are not yet probed.
    pub(super) queue: Vec<Coming>,
    pub(super) buckets: Vec<KeyBucket>,
    /// Claims that were withdrawn: hash and treating ordinal.
    pub(super) revoked: Vec<(u64, u32)>,
}

/// A bucket: the first rows of some keys. Rows of evicted batches count as free. It is two cache lines, aligned, so
/// that [`Shard::prefetch`] has to read one row of each line only.
#[derive(Clone, Copy, Default)]
#[repr(align(128))]
pub(super) struct KeyBucket(pub(super) [HeldRow; BUCKET]);

/// A row to be probed.
#[derive(Clone, Copy, Default)]
pub(super) struct Coming {
    pub(super) entry: Entry,
    pub(super) place: RowSlot,
}

/// The first row of a key (16 bytes). The default has turn 0, which no batch has: it is free.
#[derive(Clone, Copy, Default)]
pub(super) struct HeldRow {
    /// Its fingerprint while it waits; the slot of its partner once it cleared.
    pub(super) with: u64,
    /// From the high bits: 21 of the key (tag), 3 of the medium, 2 of the state, 38 of the slot.
    bits: u64,
}

/// The slot of a row, in 38 bits from the high ones: 16 of the turn, 11 of the seat, 11 of the row in its batch.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct RowSlot(pub(super) u64);

/// The state of the first row of a key.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum RowState {
    /// Its partner has not come.
    Waits = 0,
    /// Another row of the key came that is no equal partner: the values must decide.
    Doubtful = 1,
    /// It cleared with its partner.
    Cleared = 2,
}

impl RowSlot {
    pub(super) const ROW_BITS: u32 = 11;
    pub(super) const SEAT_BITS: u32 = 11;
    const BITS: u32 = RowSlot::ROW_BITS + RowSlot::SEAT_BITS + 16;

    pub(super) fn new(seat: usize, turn: u16, row: u32) -> RowSlot {
        debug_assert!(seat < SEATS && (row as usize) < BATCH_ROWS, "seat and row fit their bits");
        let seat = u64::from(turn) << RowSlot::SEAT_BITS | seat as u64;
        RowSlot(seat << RowSlot::ROW_BITS | u64::from(row))
    }

    #[expect(clippy::cast_possible_truncation, reason = "11 bits")]
    pub(super) const fn row(self) -> usize {
        self.0 as usize & (BATCH_ROWS - 1)
    }

    /// Returns its number among the rows of all seats.
    #[expect(clippy::cast_possible_truncation, reason = "22 bits")]
    pub(super) const fn number(self) -> usize {
        self.0 as usize & (SEATS * BATCH_ROWS - 1)
    }

    pub(super) const fn seat(self) -> usize {
        (self.0 >> RowSlot::ROW_BITS) as usize & (SEATS - 1)
    }

    #[expect(clippy::cast_possible_truncation, reason = "16 bits")]
    pub(super) const fn turn(self) -> u16 {
        (self.0 >> (RowSlot::ROW_BITS + RowSlot::SEAT_BITS)) as u16
    }
}

impl HeldRow {
    /// Makes a row that waits for its partner.
    pub(super) fn waiting(tag: u64, place: RowSlot, entry: &Entry) -> HeldRow {
        let medium = entry.plain.unwrap_or_default() as u64;
        let bits = (tag << 3 | medium) << 2 | RowState::Waits as u64;
        HeldRow { with: entry.fingerprint, bits: bits << RowSlot::BITS | place.0 }
    }

    /// Returns the row in another state.
    pub(super) const fn becoming(self, state: RowState, with: u64) -> HeldRow {
        let others = self.bits & !(3 << RowSlot::BITS);
        HeldRow { with, bits: others | (state as u64) << RowSlot::BITS }
    }

    pub(super) const fn tag(self) -> u64 {
        self.bits >> (RowSlot::BITS + 5)
    }

    pub(super) const fn medium(self) -> Medium {
        Medium::ALL[(self.bits >> (RowSlot::BITS + 2) & 7) as usize % Medium::ALL.len()]
    }

    pub(super) const fn place(self) -> RowSlot {
        RowSlot(self.bits & ((1 << RowSlot::BITS) - 1))
    }

    pub(super) fn state(self) -> RowState {
        match self.bits >> RowSlot::BITS & 3 {
            0 => RowState::Waits,
            2 => RowState::Cleared,
            _ => RowState::Doubtful,
        }
    }
}

/// Returns the tag of a hash: its bits 16 to 36. The top 6 bits choose the shard, the bits from 40 on the bucket.
pub(super) const fn tag_of(hash: u64) -> u64 {
    hash >> 16 & 0x1f_ffff
}

impl Shard {
    /// Makes a shard for so many rows. Half of them find their partners and take no place.
    pub(super) fn new(rows: usize) -> Shard {
        let buckets = vec![KeyBucket::default(); (rows / BUCKET).next_power_of_two()];
        Shard { queue: Vec::new(), buckets, revoked: Vec::new() }
    }

    /// Returns the bucket of a hash.
    pub(super) fn bucket(&self, hash: u64) -> usize {
        usize::try_from(hash >> 40).unwrap_or(0) & (self.buckets.len() - 1)
    }

    /// Prefetches the buckets of a block of rows.
    pub(super) fn prefetch(&self, coming: &[Coming]) {
        // No load depends on another, so they overlap. A branch in the loop would make them wait; without the black box
        // the compiler would remove them.
        let near = |all, row: &Coming| {
            let KeyBucket(rows) = &self.buckets[self.bucket(row.entry.hash)];
            all ^ rows[0].bits ^ rows[BUCKET - 1].bits
        };
        std::hint::black_box(coming.iter().fold(0, near));
    }
}

impl KeyBucket {
    /// Returns the positions of the rows that have a tag.
    pub(super) fn with_tag(&self, tag: u64) -> impl Iterator<Item = usize> + use<> {
        let KeyBucket(rows) = self;
        // All tags are compared first, into a bit mask: this loop vectorises, one with an early exit would not.
        let bits = rows.iter().zip(0..).map(|(row, bit)| u32::from(row.tag() == tag) << bit);
        let mut left = bits.fold(0, |all, bit| all | bit);
        std::iter::from_fn(move || {
            let next = (left != 0).then_some(left.trailing_zeros() as usize);
            left &= left.wrapping_sub(1);
            next
        })
    }
}
