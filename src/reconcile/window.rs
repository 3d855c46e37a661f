//! The window: decoded batches whose rows wait for their partners.
//!
//! Where files are read in the order of time, both copies of a settlement come soon after each other. A batch is held
//! until the reading has passed its time. Meanwhile its undoubted rows find their partners and clear. Then the batch is
//! evicted: each row that did not clear leaves its entry in the index, and its values. So hardly any row is read again.
//!
//! The window only claims that a settlement clears. The match examines each claim (`matching`), once the entries of all
//! other rows are known. If the window misses a partner, as in files in another order, only time is lost.
//!
//! Keys are spread over shards, hash tables behind a lock each. Rows queue in front of a shard and are probed a block
//! at a time, while the shard is in the cache: single look-ups in one large table would miss the cache twice each. The
//! table has all that is compared. Which rows of a batch cleared is noted in `Seats::cleared`.

use self::shard::{BATCH_ROWS, BUCKET, Coming, HeldRow, RowSlot, RowState, SEATS, Shard, tag_of};
use std::{
    cmp::Reverse,
    collections::BinaryHeap,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU16, AtomicU32, Ordering::Relaxed},
    },
};

use crate::{
    ingest::batch::Batch,
    keyed::{
        entry::{Claim, Entry},
        store::{counting_sort, locked},
    },
    model::codes::Side,
};

mod shard;

/// How long a batch is held after the reading has passed its last row, in microseconds: clocks of two
/// provinces may differ.
const SLACK: i64 = 3_600 * 1_000_000;
/// Rows that wait at a time, about; beyond it the earliest batches are evicted.
const HELD_ROWS: usize = 384 * 1024;
/// The most rows that are evicted together; 1/16 of a small delivery, so that it takes the same path of code.
const EVICTED_ROWS: usize = 64 * 1024;
const EVICTED_PART: usize = 16;
/// The number of shards, a power of two.
const SHARDS: usize = 64;
/// Rows of a full queue: the queues of all shards have as many as are evicted together.
const fn queue_rows(evicted_rows: usize) -> usize {
    evicted_rows / SHARDS
}
/// Rows of a block, which are probed together.
const PROBED_AT_A_TIME: usize = 64;
/// The rows of a trial: the window is given up when more than half of them found no partner in it.
const TRIAL_ROWS: u32 = 512 * 1024;

/// Batches that are held, and hash tables of their keys.
pub struct Window {
    shards: Vec<Mutex<Shard>>,
    seats: Seats,
    held: Mutex<Waiting>,
    evicted_rows: usize,
    useless: AtomicBool,
    /// Rows that were evicted, and those of them that had found no partner.
    evicted: AtomicU32,
    unmatched: AtomicU32,
}

/// The seats of held batches, a list for each property: the properties that every probe reads lie close together.
//
// All atomics are Relaxed. Rows of a key are written and asked about under the lock of its shard, and `evict` takes
// each of these locks once after it has raised the turn, before it takes the batch: so it sees every earlier write, and
// every later probe sees the new turn. Without these locks a row could clear after its batch has left.
struct Seats {
    /// The number of the batch in a seat, so that slots of an earlier one are known as stale; never 0, as 0 is no
    /// batch.
    turns: Vec<AtomicU16>,
    treating: Vec<AtomicBool>,
    first_ordinals: Vec<AtomicU32>,
    /// Whether each row cleared, seat after seat.
    cleared: Vec<AtomicBool>,
    batches: Vec<Mutex<Option<HeldBatch>>>,
}

/// A batch that is held, with the entries of its undoubted rows.
pub struct HeldBatch {
    /// The side of the rows.
    pub side: Side,
    /// Ordinal of the first row.
    pub first_ordinal: u32,
    /// The rows.
    pub batch: Batch,
    /// Entries in the order of rows; after eviction only those of rows that did not clear.
    pub entries: Vec<Entry>,
}

#[derive(Default)]
struct Waiting {
    /// Last time, seat and number of rows of each waiting batch, the earliest first.
    by_time: BinaryHeap<Reverse<(i64, usize, usize)>>,
    /// Rows of these batches.
    rows: usize,
    /// Seats of the batches that are due to be evicted, and their rows.
    due: Vec<usize>,
    due_rows: usize,
    /// Free seats.
    free: Vec<usize>,
}

/// Returns the shard of a hash, by its first bits. Partitions of the index go by them too, so the claims of a shard go
/// to few partitions.
#[expect(clippy::cast_possible_truncation, reason = "6 bits")]
const fn shard_of(hash: u64) -> usize {
    (hash >> (64 - SHARDS.trailing_zeros())) as usize
}

impl Window {
    /// Makes an empty window for a delivery of so many rows. With 0 it holds none.
    pub fn new(rows: u64) -> Window {
        let all = usize::try_from(rows).unwrap_or(usize::MAX);
        let evicted_rows = (all / EVICTED_PART).min(EVICTED_ROWS);
        let rows = all.min(HELD_ROWS + evicted_rows);
        // A batch has a row at least, so more seats than rows are never needed.
        let seats = rows.min(SEATS);
        Window {
            shards: (0..SHARDS).map(|_| Mutex::new(Shard::new(rows / SHARDS))).collect(),
            seats: Seats::new(seats),
            held: Mutex::new(Waiting { free: (0..seats).rev().collect(), ..Waiting::default() }),
            evicted_rows,
            useless: AtomicBool::new(false),
            evicted: AtomicU32::new(0),
            unmatched: AtomicU32::new(0),
        }
    }

    /// Whether enough rows find their partners in it.
    pub fn is_useful(&self) -> bool {
        !self.useless.load(Relaxed)
    }

    /// Inserts a batch with the entries of its undoubted rows, in the order of rows; claims settlements that clear.
    /// Returns false when there is no free seat, or the batch is too large for one.
    pub fn insert(
        &self,
        side: Side,
        first_ordinal: u32,
        batch: Batch,
        entries: &[Entry],
        claim: &mut dyn FnMut(Claim),
    ) -> bool {
        debug_assert!(entries.is_sorted_by_key(|entry| entry.ordinal), "in the order of rows");
        let fits = batch.rows <= BATCH_ROWS;
        let Some(number) = fits.then(|| locked(&self.held).free.pop()).flatten() else {
            return false;
        };
        let seats = &self.seats;
        for row in &seats.cleared_of(number)[..batch.rows] {
            row.store(false, Relaxed);
        }
        seats.treating[number].store(side == Side::Treating, Relaxed);
        seats.first_ordinals[number].store(first_ordinal, Relaxed);
        let (of_batch, time) = (batch.rows, batch.time().last().unwrap_or(i64::MIN));
        let held = HeldBatch { side, first_ordinal, batch, entries: entries.to_vec() };
        *locked(&seats.batches[number]) = Some(held);
        let turn = seats.turns[number].load(Relaxed);
        let (rows, begins) = counting_sort(
            entries,
            SHARDS,
            |entry| shard_of(entry.hash),
            |entry| {
                let place = RowSlot::new(number, turn, entry.ordinal - first_ordinal);
                Coming { entry: *entry, place }
            },
        );
        self.each_shard(|at, shard| {
            shard.queue.extend_from_slice(&rows[begins[at]..begins[at + 1]]);
            if shard.queue.len() >= queue_rows(self.evicted_rows) {
                self.probe_queue(shard, claim);
            }
        });
        let mut waiting = locked(&self.held);
        waiting.by_time.push(Reverse((time, number, of_batch)));
        waiting.rows += of_batch;
        true
    }

    /// Visits every shard, locked ones last: threads do not wait for each other while there are others.
    fn each_shard(&self, mut visit: impl FnMut(usize, &mut Shard)) {
        let mut taken = Vec::new();
        for (number, shard) in self.shards.iter().enumerate() {
            match shard.try_lock() {
                Ok(mut shard) => visit(number, &mut shard),
                Err(_) => taken.push(number),
            }
        }
        for number in taken {
            visit(number, &mut locked(&self.shards[number]));
        }
    }

    /// Probes all rows that queue in front of a shard.
    fn probe_queue(&self, shard: &mut Shard, claim: &mut dyn FnMut(Claim)) {
        let mut queue = std::mem::take(&mut shard.queue);
        for block in queue.chunks(PROBED_AT_A_TIME) {
            shard.prefetch(block);
            for coming in block {
                self.probe(shard, coming, claim);
            }
        }
        queue.clear();
        shard.queue = queue;
    }

    /// Probes a row: it clears with its partner, waits for it, or makes the rows of its key doubtful.
    fn probe(&self, shard: &mut Shard, coming: &Coming, claim: &mut dyn FnMut(Claim)) {
        let Coming { entry, place } = coming;
        let (tag, at) = (tag_of(entry.hash), shard.bucket(entry.hash));
        let bucket = &shard.buckets[at];
        let is_held = |at: &usize| self.is_held(bucket.0[*at].place());
        if let Some(first) = bucket.with_tag(tag).find(is_held) {
            let row = self.resolve(bucket.0[first], coming, &mut shard.revoked, claim);
            shard.buckets[at].0[first] = row;
        } else if let Some(free) = (0..BUCKET).find(|at| !is_held(at)) {
            let row = HeldRow::waiting(tag, *place, entry);
            shard.buckets[at].0[free] = row;
        }
        // If the bucket is full, the row is not in the table. It leaves its entry, and the match finds its partner.
    }

    /// Returns the new state of the first row of a key when a second or a third one comes.
    fn resolve(
        &self,
        row: HeldRow,
        coming: &Coming,
        revoked: &mut Vec<(u64, u32)>,
        claim: &mut dyn FnMut(Claim),
    ) -> HeldRow {
        let Coming { entry, place } = coming;
        let (first, second) = (row.place(), RowSlot(row.with));
        let sides = [first, *place].map(|place| self.side(place));
        let now = |state, with| row.becoming(state, with);
        match row.state() {
            RowState::Waits if sides[0] != sides[1] && row.with == entry.fingerprint => {
                let (ordinal, plain) = (self.ordinal(first), Some(row.medium()));
                let other = &Entry { ordinal, plain, ..*entry };
                let (treating, insured) = match sides[1] {
                    Side::Treating => (entry, other),
                    Side::Insured => (other, entry),
                };
                claim(Claim::of(treating, insured));
                self.set_cleared([first, *place], true);
                now(RowState::Cleared, place.0)
            }
            // The match sees the entries of all rows of the key.
            RowState::Doubtful => row,
            RowState::Cleared if !self.is_held(second) => row,
            // Another key with the same tag and bucket: the new row leaves its entry, and the match finds its partner.
            _ if self.hash(first) != Some(entry.hash) => row,
            RowState::Cleared => {
                let treating = if sides[0] == Side::Treating { first } else { second };
                revoked.push((entry.hash, self.ordinal(treating)));
                self.set_cleared([first, second], false);
                now(RowState::Doubtful, 0)
            }
            RowState::Waits => now(RowState::Doubtful, 0),
        }
    }

    /// Evicts the batches that the reading has passed, once they have many rows; all batches without a frontier. Claims
    /// settlements that clear before. Returns the batches with the entries that did not clear.
    pub fn evict(&self, frontier: Option<i64>, claim: &mut dyn FnMut(Claim)) -> Vec<HeldBatch> {
        let due = self.due(frontier);
        if due.is_empty() {
            return Vec::new();
        }
        self.each_shard(|_, shard| self.probe_queue(shard, claim));
        for seat in &due {
            let turn = &self.seats.turns[*seat];
            turn.store(turn.load(Relaxed).checked_add(1).unwrap_or(1), Relaxed);
        }
        // A thread in a shard may still use the old turn. After this barrier none does (see `Seats`).
        self.shards.iter().for_each(|shard| drop(locked(shard)));
        let evicted = due.iter().filter_map(|seat| self.take_unmatched(*seat)).collect();
        locked(&self.held).free.extend(due);
        evicted
    }

    /// Returns the seats of the batches that the reading has passed, and of the earliest others when there are too
    /// many. None while they have few rows.
    fn due(&self, frontier: Option<i64>) -> Vec<usize> {
        let mut waiting = locked(&self.held);
        let seats = self.seats.turns.len();
        let few_seats = waiting.free.len() < seats / 16;
        while let Some(Reverse((time, seat, rows))) = waiting.by_time.peek().copied() {
            let full = waiting.rows > HELD_ROWS || few_seats && waiting.due.len() < seats / 4;
            let awaited = |frontier| time.saturating_add(SLACK) >= frontier;
            if frontier.is_some_and(awaited) && !full {
                break;
            }
            waiting.by_time.pop();
            waiting.rows -= rows;
            waiting.due.push(seat);
            waiting.due_rows += rows;
        }
        if frontier.is_some() && waiting.due_rows < self.evicted_rows && !few_seats {
            return Vec::new();
        }
        waiting.due_rows = 0;
        std::mem::take(&mut waiting.due)
    }

    /// Returns the claims that were withdrawn: hash and treating ordinal, sorted.
    pub fn revoked(self) -> Vec<(u64, u32)> {
        let shards = self.shards.into_iter();
        let mut revoked: Vec<(u64, u32)> = shards
            .flat_map(|shard| shard.into_inner().unwrap_or_else(PoisonError::into_inner).revoked)
            .collect();
        revoked.sort_unstable();
        revoked
    }

    /// Takes a batch out of its seat, with the entries that did not clear; gives the window up when these are too many.
    fn take_unmatched(&self, seat: usize) -> Option<HeldBatch> {
        let mut held = locked(&self.seats.batches[seat]).take()?;
        let cleared = self.seats.cleared_of(seat);
        let count = |entries: &[Entry]| u32::try_from(entries.len()).unwrap_or(0);
        let rows = count(&held.entries);
        let first = held.first_ordinal;
        held.entries.retain(|entry| !cleared[(entry.ordinal - first) as usize].load(Relaxed));
        let evicted = self.evicted.fetch_add(rows, Relaxed) + rows;
        let alone = count(&held.entries);
        let unmatched = self.unmatched.fetch_add(alone, Relaxed) + alone;
        if evicted > TRIAL_ROWS {
            self.useless.fetch_or(unmatched > evicted / 2, Relaxed);
            self.evicted.store(0, Relaxed);
            self.unmatched.store(0, Relaxed);
        }
        Some(held)
    }

    /// Whether the batch of a row still has its seat.
    fn is_held(&self, place: RowSlot) -> bool {
        place.turn() != 0 && self.seats.turns[place.seat()].load(Relaxed) == place.turn()
    }

    fn set_cleared(&self, places: [RowSlot; 2], is_cleared: bool) {
        for place in places {
            self.seats.cleared[place.number()].store(is_cleared, Relaxed);
        }
    }

    /// Returns the hash of the key of a row, from its entry.
    fn hash(&self, place: RowSlot) -> Option<u64> {
        let (batch, ordinal) = (locked(&self.seats.batches[place.seat()]), self.ordinal(place));
        let entries = &batch.as_ref()?.entries;
        let at = entries.binary_search_by_key(&ordinal, |entry| entry.ordinal).ok()?;
        Some(entries[at].hash)
    }

    fn ordinal(&self, place: RowSlot) -> u32 {
        let row = u32::try_from(place.row()).expect("Invariant: a row has 11 bits");
        self.seats.first_ordinals[place.seat()].load(Relaxed) + row
    }

    fn side(&self, place: RowSlot) -> Side {
        let treating = self.seats.treating[place.seat()].load(Relaxed);
        if treating { Side::Treating } else { Side::Insured }
    }
}

impl Seats {
    fn new(seats: usize) -> Seats {
        fn all<T>(count: usize, of_one: impl Fn() -> T) -> Vec<T> {
            std::iter::repeat_with(of_one).take(count).collect()
        }
        Seats {
            turns: all(seats, || AtomicU16::new(1)),
            treating: all(seats, AtomicBool::default),
            first_ordinals: all(seats, AtomicU32::default),
            cleared: all(seats * BATCH_ROWS, AtomicBool::default),
            batches: all(seats, Mutex::default),
        }
    }

    /// Returns the flags of the rows of a seat.
    fn cleared_of(&self, seat: usize) -> &[AtomicBool] {
        &self.cleared[seat * BATCH_ROWS..][..BATCH_ROWS]
    }
}

#[cfg(test)]
mod tests;
