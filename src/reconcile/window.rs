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

use std::{
    cmp::Reverse,
    collections::BinaryHeap,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU16, AtomicU32, AtomicU64, Ordering},
    },
};

use super::index::{Cleared, Entry};
use crate::{codes::Side, ingest::batch::Batch};

/// How long a batch is held after the reading has passed its last row, in microseconds: clocks of two
/// provinces may differ.
const SLACK: i64 = 3_600 * 1_000_000;
/// Batches that can be held at a time, and rows.
const SEATS: usize = 2048;
const HELD_ROWS: usize = 768 * 1024;
/// Rows of a batch, at the most.
const BATCH_ROWS: usize = 4096;
/// Keys are spread over so many tables, each behind a lock of its own.
const SHARDS: usize = 64;
/// Items of a table among which a key is looked for.
const PROBES: usize = 8;
/// The window is given up when more than half of so many rows found no partner in it.
const TRIAL_ROWS: u32 = 512 * 1024;

/// Rows that are held, and a table of their keys.
pub struct Window {
    shards: Vec<Mutex<Shard>>,
    seats: Vec<Seat>,
    held: Mutex<Waiting>,
    useless: AtomicBool,
    /// Rows that were let go, and those of them that had not found a partner.
    let_go: AtomicU32,
    alone: AtomicU32,
}

/// The keys of a shard; an item whose batch has been let go is free.
struct Shard {
    items: Vec<Item>,
    /// Claims that turned out to be in doubt: hash and treating ordinal.
    revoked: Vec<(u64, u32)>,
}

/// A row that waits for its partner, or a pair that cleared.
#[derive(Clone, Copy, Default)]
struct Item {
    hash: u64,
    fingerprint: u64,
    row: Place,
    partner: Place,
    state: State,
    side: u8,
}

/// A row of a batch that is held.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
struct Place {
    seat: u16,
    /// Tells the batches apart that had a seat one after the other; never 0 for a batch.
    turn: u16,
    row: u16,
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum State {
    /// One row has come.
    #[default]
    Waits,
    /// Its partner has come, and they are equal.
    Cleared,
    /// Something else has come: the values must decide.
    Doubtful,
}

/// Where a batch is held.
struct Seat {
    turn: AtomicU16,
    first_ordinal: AtomicU32,
    /// A bit a row: set while it has not cleared.
    open: Vec<AtomicU64>,
    batch: Mutex<Option<HeldBatch>>,
}

/// A batch that is held, with the entries of its undoubted rows.
pub struct HeldBatch {
    /// Whose rows.
    pub side: Side,
    /// The rows.
    pub batch: Batch,
    /// Each entry with its row; when the batch is let go, only those that did not clear.
    pub entries: Vec<(usize, Entry)>,
}

struct Waiting {
    /// Last time and seat of each batch.
    by_time: BinaryHeap<Reverse<(i64, usize)>>,
    rows: usize,
    free: Vec<usize>,
}

/// What a thread needs to put rows into the window.
pub struct Scratch {
    /// Positions of entries, shard by shard.
    order: Vec<usize>,
    /// Where each shard ends, after a 0.
    ends: [usize; SHARDS + 1],
}

impl Default for Scratch {
    fn default() -> Scratch {
        Scratch { order: Vec::new(), ends: [0; SHARDS + 1] }
    }
}

impl Scratch {
    /// Sorts entries by shard.
    fn sort(&mut self, entries: &[(usize, Entry)]) {
        self.ends = [0; SHARDS + 1];
        for (_, entry) in entries {
            self.ends[shard_of(entry.hash) + 1] += 1;
        }
        for shard in 0..SHARDS {
            self.ends[shard + 1] += self.ends[shard];
        }
        let mut next = self.ends;
        self.order.resize(entries.len(), 0);
        for (index, (_, entry)) in entries.iter().enumerate() {
            let place = &mut next[shard_of(entry.hash)];
            self.order[*place] = index;
            *place += 1;
        }
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

const fn shard_of(hash: u64) -> usize {
    // The first bits choose the partition, the last ones the place in the shard.
    (hash >> 32) as usize % SHARDS
}

impl Window {
    /// An empty window for a delivery of so many rows.
    pub fn new(rows: u64) -> Window {
        let rows = usize::try_from(rows).unwrap_or(usize::MAX).min(HELD_ROWS);
        let items = (rows * 2 / SHARDS).next_power_of_two().max(PROBES * 2);
        let shard = || Mutex::new(Shard { items: vec![Item::default(); items], revoked: Vec::new() });
        let seat = || Seat {
            turn: AtomicU16::new(1),
            first_ordinal: AtomicU32::new(0),
            open: (0..BATCH_ROWS / 64).map(|_| AtomicU64::new(0)).collect(),
            batch: Mutex::new(None),
        };
        Window {
            shards: (0..SHARDS).map(|_| shard()).collect(),
            seats: (0..SEATS).map(|_| seat()).collect(),
            held: Mutex::new(Waiting {
                by_time: BinaryHeap::new(),
                rows: 0,
                free: (0..SEATS).rev().collect(),
            }),
            useless: AtomicBool::new(false),
            let_go: AtomicU32::new(0),
            alone: AtomicU32::new(0),
        }
    }

    /// Whether rows find their partners in it.
    pub fn is_useful(&self) -> bool {
        !self.useless.load(Ordering::Relaxed)
    }

    /// Holds a batch whose last row has a time; claims what clears. Gives the batch back when it cannot
    /// be held.
    pub fn hold(
        &self,
        held: HeldBatch,
        time: i64,
        scratch: &mut Scratch,
        mut claim: impl FnMut(Cleared),
    ) -> Result<(), HeldBatch> {
        let fits = held.batch.rows <= BATCH_ROWS;
        let Some(number) = fits.then(|| locked(&self.held).free.pop()).flatten() else {
            return Err(held);
        };
        let seat = &self.seats[number];
        seat.first_ordinal.store(ordinal_of_first(&held), Ordering::Relaxed);
        for (row, _) in &held.entries {
            seat.open[row / 64].fetch_or(1 << (row % 64), Ordering::Relaxed);
        }
        let turn = seat.turn.load(Ordering::Relaxed);
        let place = |row: usize| Place { seat: narrow(number), turn, row: narrow(row) };
        scratch.sort(&held.entries);
        for (shard, ends) in self.shards.iter().zip(scratch.ends.windows(2)) {
            let mut table = locked(shard);
            for index in &scratch.order[ends[0]..ends[1]] {
                let (row, entry) = &held.entries[*index];
                self.meet(&mut table, held.side, place(*row), entry, &mut claim);
            }
        }
        let rows = held.batch.rows;
        *locked(&seat.batch) = Some(held);
        let mut waiting = locked(&self.held);
        waiting.by_time.push(Reverse((time, number)));
        waiting.rows += rows;
        Ok(())
    }

    /// A row comes: it clears with its partner, waits for it, or casts doubt on rows of its key.
    fn meet(
        &self,
        table: &mut Shard,
        side: Side,
        place: Place,
        entry: &Entry,
        claim: &mut impl FnMut(Cleared),
    ) {
        let mask = table.items.len() - 1;
        let start = usize::try_from(entry.hash & 0xffff_ffff).unwrap_or(0);
        let mut free = None;
        for probe in 0..PROBES {
            let at = (start + probe) & mask;
            let item = &mut table.items[at];
            if !self.is_held(item.row) {
                free = free.or(Some(at));
                if item.row.turn == 0 {
                    break;
                }
            } else if item.hash == entry.hash {
                return self.answer(item, &mut table.revoked, side, place, entry, claim);
            }
        }
        // A full table leaves the row alone: it stays open, and the match finds its partner.
        if let Some(at) = free {
            table.items[at] = Item {
                hash: entry.hash,
                fingerprint: entry.fingerprint,
                row: place,
                partner: Place::default(),
                state: State::Waits,
                side: narrow_side(side),
            };
        }
    }

    fn answer(
        &self,
        item: &mut Item,
        revoked: &mut Vec<(u64, u32)>,
        side: Side,
        place: Place,
        entry: &Entry,
        claim: &mut impl FnMut(Cleared),
    ) {
        match item.state {
            State::Waits
                if item.side != narrow_side(side) && item.fingerprint == entry.fingerprint =>
            {
                let other = self.ordinal(item.row);
                let [treating, insured] = match side {
                    Side::Treating => [entry.ordinal, other],
                    Side::Insured => [other, entry.ordinal],
                };
                claim(Cleared::of(&Entry { ordinal: treating, ..*entry }, insured));
                self.close(item.row);
                self.close(place);
                (item.partner, item.state) = (place, State::Cleared);
            }
            State::Cleared if self.is_held(item.partner) => {
                let rows = [item.row, item.partner];
                let treating = rows[usize::from(item.side != narrow_side(Side::Treating))];
                revoked.push((item.hash, self.ordinal(treating)));
                rows.into_iter().for_each(|row| self.reopen(row));
                item.state = State::Doubtful;
            }
            // The match sees that there is one row too many.
            State::Cleared | State::Doubtful => {}
            State::Waits => item.state = State::Doubtful,
        }
    }

    /// Lets the batches go that the reading has left behind, or all, with the entries that did not clear.
    pub fn let_go(&self, frontier: Option<i64>) -> Vec<HeldBatch> {
        let mut due = Vec::new();
        let mut waiting = locked(&self.held);
        while let Some(Reverse((time, seat))) = waiting.by_time.peek().copied() {
            let full = waiting.rows > HELD_ROWS || waiting.free.len() < SEATS / 16;
            let awaited = |frontier| time.saturating_add(SLACK) >= frontier;
            if frontier.is_some_and(awaited) && !full {
                break;
            }
            waiting.by_time.pop();
            let batch = locked(&self.seats[seat].batch).take();
            waiting.rows -= batch.as_ref().map_or(0, |held| held.batch.rows);
            due.extend(batch.map(|batch| (seat, batch)));
        }
        drop(waiting);
        if due.is_empty() {
            return Vec::new();
        }
        for (seat, _) in &due {
            let turn = &self.seats[*seat].turn;
            // Of 65,536 turns the first, 0, is that of no batch.
            let next = turn.load(Ordering::Relaxed).checked_add(1).unwrap_or(1);
            turn.store(next, Ordering::Relaxed);
        }
        // Whoever is in a shard may still have seen them; whoever enters it from now on does not.
        self.shards.iter().for_each(|shard| drop(locked(shard)));
        let seats: Vec<usize> = due.iter().map(|(seat, _)| *seat).collect();
        let gone = due.into_iter().map(|(seat, batch)| self.leave(seat, batch)).collect();
        locked(&self.held).free.extend(seats);
        gone
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

    fn leave(&self, seat: usize, mut held: HeldBatch) -> HeldBatch {
        let open = &self.seats[seat].open;
        let rows = u32::try_from(held.entries.len()).unwrap_or(0);
        held.entries.retain(|(row, _)| open[row / 64].load(Ordering::Relaxed) >> (row % 64) & 1 == 1);
        open.iter().for_each(|word| word.store(0, Ordering::Relaxed));
        let alone = u32::try_from(held.entries.len()).unwrap_or(0);
        let let_go = self.let_go.fetch_add(rows, Ordering::Relaxed) + rows;
        let alone = self.alone.fetch_add(alone, Ordering::Relaxed) + alone;
        if let_go > TRIAL_ROWS {
            self.useless.fetch_or(alone > let_go / 2, Ordering::Relaxed);
            self.let_go.store(0, Ordering::Relaxed);
            self.alone.store(0, Ordering::Relaxed);
        }
        held
    }

    fn is_held(&self, place: Place) -> bool {
        place.turn != 0 && self.seats[usize::from(place.seat)].turn.load(Ordering::Relaxed) == place.turn
    }

    fn ordinal(&self, place: Place) -> u32 {
        let seat = &self.seats[usize::from(place.seat)];
        seat.first_ordinal.load(Ordering::Relaxed) + u32::from(place.row)
    }

    fn close(&self, place: Place) {
        let (word, bit) = self.bit(place);
        word.fetch_and(!bit, Ordering::Relaxed);
    }

    fn reopen(&self, place: Place) {
        let (word, bit) = self.bit(place);
        word.fetch_or(bit, Ordering::Relaxed);
    }

    fn bit(&self, place: Place) -> (&AtomicU64, u64) {
        let row = usize::from(place.row);
        (&self.seats[usize::from(place.seat)].open[row / 64], 1 << (row % 64))
    }
}

/// The ordinal of the first row of a batch.
fn ordinal_of_first(held: &HeldBatch) -> u32 {
    let first = held.entries.first();
    first.map_or(0, |(row, entry)| entry.ordinal.wrapping_sub(u32::try_from(*row).unwrap_or(0)))
}

fn narrow(number: usize) -> u16 {
    u16::try_from(number).expect("Invariant: seats and rows of a batch are fewer than 65,536")
}

const fn narrow_side(side: Side) -> u8 {
    side as u8
}
