//! A part of the window's table: what is known of the rows of some keys.

use crate::keyed::entry::Entry;

/// Batches that can be held at a time; rows of one, at the most; rows of all that are still awaited.
pub(super) const SEATS: usize = 1 << RowSlot::SEAT_BITS;

pub(super) const BATCH_ROWS: usize = 1 << RowSlot::ROW_BITS;

/// Items of a bucket.
pub(super) const BUCKET: usize = 8;

/// The rows of some keys.
pub(super) struct Shard {
    /// Rows that nobody has looked at yet.
    pub(super) gathered: Vec<Coming>,
    pub(super) buckets: Vec<KeyBucket>,
    /// Claims that turned out to be in doubt: hash and treating ordinal.
    pub(super) revoked: Vec<(u64, u32)>,
}

/// Rows that came first with their keys; those whose batch has gone are free places. Two lines of a
/// processor's cache.
#[derive(Clone, Copy, Default)]
#[repr(align(128))]
pub(super) struct KeyBucket(pub(super) [HeldRow; BUCKET]);

/// A row that comes.
#[derive(Clone, Copy, Default)]
pub(super) struct Coming {
    pub(super) entry: Entry,
    pub(super) place: RowSlot,
}

/// A row that came first with its key.
#[derive(Clone, Copy, Default)]
pub(super) struct HeldRow {
    /// Its fingerprint while it waits; the place of its partner once it cleared.
    pub(super) with: u64,
    /// 24 bits of its key, 2 that say how it stands, its place.
    bits: u64,
}

/// A row of a batch that is held: turn and seat of the batch, the row in it.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct RowSlot(pub(super) u64);

/// How a row stands.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum RowState {
    /// Its partner has not come.
    Waits = 0,
    /// Something else has come than an equal partner: the values must decide.
    Doubtful = 1,
    /// It cleared with its partner.
    Cleared = 2,
}

impl RowSlot {
    pub(super) const ROW_BITS: u32 = 11;
    pub(super) const SEAT_BITS: u32 = 11;
    const BITS: u32 = RowSlot::ROW_BITS + RowSlot::SEAT_BITS + 16;

    pub(super) fn new(seat: usize, turn: u16, row: u32) -> RowSlot {
        let seat = u64::from(turn) << RowSlot::SEAT_BITS | seat as u64;
        RowSlot(seat << RowSlot::ROW_BITS | u64::from(row))
    }

    #[expect(clippy::cast_possible_truncation, reason = "11 bits")]
    pub(super) const fn row(self) -> usize {
        self.0 as usize & (BATCH_ROWS - 1)
    }

    /// Its number among the rows of all seats.
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
    pub(super) fn new(tag: u64, state: RowState, place: RowSlot, with: u64) -> HeldRow {
        HeldRow { with, bits: (tag << 2 | state as u64) << RowSlot::BITS | place.0 }
    }

    pub(super) const fn tag(self) -> u64 {
        self.bits >> (RowSlot::BITS + 2)
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

/// The part of a key that a row keeps; others choose the shard and the bucket.
pub(super) const fn tag_of(hash: u64) -> u64 {
    hash >> 16 & 0xff_ffff
}

impl Shard {
    /// For so many rows, of which half find their partners here.
    pub(super) fn new(rows: usize) -> Shard {
        let buckets = vec![KeyBucket::default(); (rows / BUCKET).next_power_of_two()];
        Shard { gathered: Vec::new(), buckets, revoked: Vec::new() }
    }

    /// The bucket of a key.
    pub(super) fn bucket(&self, hash: u64) -> usize {
        usize::try_from(hash >> 40).unwrap_or(0) & (self.buckets.len() - 1)
    }

    /// Looks at all that a block of keys will need: the memory answers to many look-ups at a time where
    /// nothing waits for the first, and what was looked at is near afterwards.
    pub(super) fn touch(&self, coming: &[Coming]) {
        let near = |all, row: &Coming| {
            let KeyBucket(rows) = &self.buckets[self.bucket(row.entry.hash)];
            all ^ rows[0].bits ^ rows[BUCKET - 1].bits
        };
        std::hint::black_box(coming.iter().fold(0, near));
    }
}

impl KeyBucket {
    /// The places that have a tag.
    pub(super) fn with_tag(&self, tag: u64) -> impl Iterator<Item = usize> + use<> {
        let KeyBucket(rows) = self;
        let bits = rows.iter().zip(0..).map(|(row, bit)| u32::from(row.tag() == tag) << bit);
        let mut left = bits.fold(0, |all, bit| all | bit);
        std::iter::from_fn(move || {
            let next = (left != 0).then_some(left.trailing_zeros() as usize);
            left &= left.wrapping_sub(1);
            next
        })
    }
}
