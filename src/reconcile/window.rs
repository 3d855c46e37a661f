//! The window: rows whose partner is awaited, with their values at hand.
//!
//! Where files are read in the order of time, both copies of a settlement come soon after each other.
//! A batch of rows is held until the reading has passed its time. Meanwhile its undoubted rows find their
//! partners and clear; the few that are left then give up their entries and their values, and the batch
//! goes. So hardly any row has to be read again.
//!
//! Nothing here decides for good: what clears is a claim that the match examines (`matching`), once the
//! entries of all other rows are known. A window that misses a partner, in files in another order, costs
//! time and no more.
//!
//! Keys are spread over shards. Rows gather in front of a shard and are looked at many at a time, while all
//! of the shard is near the processor: a look-up of one row in a table of all would wait for memory, twice.
//! What is compared lies in the table; the batch is told which of its rows cleared.

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
        store::{locked, on_piles},
    },
    model::codes::Side,
};

mod shard;

/// How long a batch is held after the reading has passed its last row, in microseconds: clocks of two
/// provinces may differ.
const SLACK: i64 = 3_600 * 1_000_000;
const HELD_ROWS: usize = 384 * 1024;
/// Rows that are let go together, at the most; a part of the rows of a small delivery, which goes the same
/// ways as a large one.
const LET_GO_ROWS: usize = 64 * 1024;
const LET_GO_PART: usize = 16;
/// Keys are spread over so many tables, each behind a lock of its own: a power of two.
const SHARDS: usize = 64;
/// Rows that gather in front of a shard: as many in front of all as are let go together.
const fn gathered(let_go_rows: usize) -> usize {
    let_go_rows / SHARDS
}
/// Keys that are looked up together.
const LOOKED_UP_AT_A_TIME: usize = 64;
/// The window is given up when more than half of so many rows found no partner in it.
const TRIAL_ROWS: u32 = 512 * 1024;

/// Rows that are held, and tables of their keys.
pub struct Window {
    shards: Vec<Mutex<Shard>>,
    seats: Seats,
    held: Mutex<Waiting>,
    let_go_rows: usize,
    useless: AtomicBool,
    /// Rows that were let go, and those of them that had not found a partner.
    let_go: AtomicU32,
    alone: AtomicU32,
}

/// Where batches are held, by seat. What is asked of every row lies close together.
struct Seats {
    /// Tells the batches apart that had a seat one after the other; never 0.
    turns: Vec<AtomicU16>,
    treating: Vec<AtomicBool>,
    first_ordinals: Vec<AtomicU32>,
    /// Which rows cleared, those of one seat after those of the other.
    cleared: Vec<AtomicBool>,
    batches: Vec<Mutex<Option<HeldBatch>>>,
}

/// A batch that is held, with the entries of its undoubted rows.
pub struct HeldBatch {
    /// Whose rows.
    pub side: Side,
    /// Ordinal of the first of them.
    pub first_ordinal: u32,
    /// The rows.
    pub batch: Batch,
    /// Entries; when the batch is let go, only those that did not clear.
    pub entries: Vec<Entry>,
}

#[derive(Default)]
struct Waiting {
    /// Last time, seat and rows of each batch that is awaited.
    by_time: BinaryHeap<Reverse<(i64, usize, usize)>>,
    rows: usize,
    /// Seats of the batches that nobody waits for any more, and how many rows these have.
    due: Vec<usize>,
    due_rows: usize,
    free: Vec<usize>,
}

/// By the first bits, as partitions of the index: what a shard claims goes to few of them.
#[expect(clippy::cast_possible_truncation, reason = "6 bits")]
const fn shard_of(hash: u64) -> usize {
    (hash >> (64 - SHARDS.trailing_zeros())) as usize
}

impl Window {
    /// An empty window for a delivery of so many rows; none are held when there are 0.
    pub fn new(rows: u64) -> Window {
        let all = usize::try_from(rows).unwrap_or(usize::MAX);
        let let_go_rows = (all / LET_GO_PART).min(LET_GO_ROWS);
        let rows = all.min(HELD_ROWS + let_go_rows);
        // No batch is without rows.
        let seats = rows.min(SEATS);
        Window {
            shards: (0..SHARDS).map(|_| Mutex::new(Shard::new(rows / SHARDS))).collect(),
            seats: Seats::new(seats),
            held: Mutex::new(Waiting { free: (0..seats).rev().collect(), ..Waiting::default() }),
            let_go_rows,
            useless: AtomicBool::new(false),
            let_go: AtomicU32::new(0),
            alone: AtomicU32::new(0),
        }
    }

    /// Whether rows find their partners in it.
    pub fn is_useful(&self) -> bool {
        !self.useless.load(Relaxed)
    }

    /// Holds a batch whose last row has a time, with the entries of its undoubted rows; claims what clears.
    /// Says whether it could be held.
    pub fn hold(
        &self,
        side: Side,
        first_ordinal: u32,
        batch: Batch,
        entries: &[Entry],
        claim: &mut dyn FnMut(Claim),
    ) -> bool {
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
        let (rows, begins) = on_piles(
            entries,
            SHARDS,
            |entry| shard_of(entry.hash),
            |entry| {
                let place = RowSlot::new(number, turn, entry.ordinal - first_ordinal);
                Coming { entry: *entry, place }
            },
        );
        self.each_shard(|at, shard| {
            shard.gathered.extend_from_slice(&rows[begins[at]..begins[at + 1]]);
            if shard.gathered.len() >= gathered(self.let_go_rows) {
                self.meet_gathered(shard, claim);
            }
        });
        let mut waiting = locked(&self.held);
        waiting.by_time.push(Reverse((time, number, of_batch)));
        waiting.rows += of_batch;
        true
    }

    /// Visits every shard, those last that others are in.
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

    /// Looks at the rows that gathered in front of a shard.
    fn meet_gathered(&self, shard: &mut Shard, claim: &mut dyn FnMut(Claim)) {
        let mut gathered = std::mem::take(&mut shard.gathered);
        for block in gathered.chunks(LOOKED_UP_AT_A_TIME) {
            shard.touch(block);
            for coming in block {
                self.meet(shard, coming, claim);
            }
        }
        gathered.clear();
        shard.gathered = gathered;
    }

    /// A row comes: it clears with its partner, waits for it, or casts doubt on rows of its key.
    fn meet(&self, shard: &mut Shard, coming: &Coming, claim: &mut dyn FnMut(Claim)) {
        let Coming { entry, place } = coming;
        let (tag, at) = (tag_of(entry.hash), shard.bucket(entry.hash));
        let bucket = &shard.buckets[at];
        let is_held = |at: &usize| self.is_held(bucket.0[*at].place());
        if let Some(first) = bucket.with_tag(tag).find(is_held) {
            let row = self.answer(bucket.0[first], coming, &mut shard.revoked, claim);
            shard.buckets[at].0[first] = row;
        } else if let Some(free) = (0..BUCKET).find(|at| !is_held(at)) {
            let row = HeldRow::new(tag, RowState::Waits, *place, entry.fingerprint);
            shard.buckets[at].0[free] = row;
        }
        // A full bucket leaves the row alone: it waits, and the match finds its partner.
    }

    /// A row comes whose key has come before: how the first stands then.
    fn answer(
        &self,
        row: HeldRow,
        coming: &Coming,
        revoked: &mut Vec<(u64, u32)>,
        claim: &mut dyn FnMut(Claim),
    ) -> HeldRow {
        let Coming { entry, place } = coming;
        let (first, second) = (row.place(), RowSlot(row.with));
        let sides = [first, *place].map(|place| self.side(place));
        let now = |state, with| HeldRow::new(row.tag(), state, first, with);
        match row.state() {
            RowState::Waits if sides[0] != sides[1] && row.with == entry.fingerprint => {
                let other = self.ordinal(first);
                let (treating, insured) = match sides[1] {
                    Side::Treating => (entry.ordinal, other),
                    Side::Insured => (other, entry.ordinal),
                };
                claim(Claim::of(&Entry { ordinal: treating, ..*entry }, insured));
                self.set_cleared([first, *place], true);
                now(RowState::Cleared, place.0)
            }
            // The match sees that there is one row too many.
            RowState::Doubtful => row,
            RowState::Cleared if !self.is_held(second) => row,
            // Another key, of which the same bits are looked at: the match finds its rows.
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

    /// Lets the batches go that the reading has left behind, when these are many, or all, with the entries
    /// that did not clear; claims what clears before.
    pub fn let_go(&self, frontier: Option<i64>, claim: &mut dyn FnMut(Claim)) -> Vec<HeldBatch> {
        let due = self.due(frontier);
        if due.is_empty() {
            return Vec::new();
        }
        self.each_shard(|_, shard| self.meet_gathered(shard, claim));
        for seat in &due {
            let turn = &self.seats.turns[*seat];
            turn.store(turn.load(Relaxed).checked_add(1).unwrap_or(1), Relaxed);
        }
        // Whoever is in a shard may still have seen them; whoever enters it from now on does not.
        self.shards.iter().for_each(|shard| drop(locked(shard)));
        let gone = due.iter().filter_map(|seat| self.still_open(*seat)).collect();
        locked(&self.held).free.extend(due);
        gone
    }

    /// The seats of the batches that nobody waits for any more, and of the earliest when there are too many.
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
        if frontier.is_some() && waiting.due_rows < self.let_go_rows && !few_seats {
            return Vec::new();
        }
        waiting.due_rows = 0;
        std::mem::take(&mut waiting.due)
    }

    /// The claims that turned out to be in doubt: hash and treating ordinal, in order.
    pub fn revoked(self) -> Vec<(u64, u32)> {
        let shards = self.shards.into_iter();
        let mut revoked: Vec<(u64, u32)> = shards
            .flat_map(|shard| shard.into_inner().unwrap_or_else(PoisonError::into_inner).revoked)
            .collect();
        revoked.sort_unstable();
        revoked
    }

    /// A batch with the entries that did not clear; gives the window up when these are too many.
    fn still_open(&self, seat: usize) -> Option<HeldBatch> {
        let mut held = locked(&self.seats.batches[seat]).take()?;
        let cleared = self.seats.cleared_of(seat);
        let count = |entries: &[Entry]| u32::try_from(entries.len()).unwrap_or(0);
        let rows = count(&held.entries);
        let first = held.first_ordinal;
        held.entries.retain(|entry| !cleared[(entry.ordinal - first) as usize].load(Relaxed));
        let let_go = self.let_go.fetch_add(rows, Relaxed) + rows;
        let alone = count(&held.entries);
        let alone = self.alone.fetch_add(alone, Relaxed) + alone;
        if let_go > TRIAL_ROWS {
            self.useless.fetch_or(alone > let_go / 2, Relaxed);
            self.let_go.store(0, Relaxed);
            self.alone.store(0, Relaxed);
        }
        Some(held)
    }

    fn is_held(&self, place: RowSlot) -> bool {
        place.turn() != 0 && self.seats.turns[place.seat()].load(Relaxed) == place.turn()
    }

    fn set_cleared(&self, places: [RowSlot; 2], is_cleared: bool) {
        for place in places {
            self.seats.cleared[place.number()].store(is_cleared, Relaxed);
        }
    }

    /// The hash of the key of a row, which its entry has.
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

    /// Which rows of a seat cleared.
    fn cleared_of(&self, seat: usize) -> &[AtomicBool] {
        &self.cleared[seat * BATCH_ROWS..][..BATCH_ROWS]
    }
}

#[cfg(test)]
mod tests;
