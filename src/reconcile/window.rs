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
//! A row is found by its key in a table of buckets, each as large as a line of a processor's cache; the
//! table holds 16 bits of the key and the row's place, so that it is small and stays near the processor.
//! What is to be compared lies with the batch.

use std::{
    cmp::Reverse,
    collections::BinaryHeap,
    sync::{
        Mutex, OnceLock, PoisonError,
        atomic::{AtomicBool, AtomicU16, AtomicU32, AtomicU64, Ordering::Relaxed},
    },
};

use super::{
    index::{Claim, Entry},
    store::locked,
};
use crate::{codes::Side, ingest::batch::Batch};

/// How long a batch is held after the reading has passed its last row, in microseconds: clocks of two
/// provinces may differ.
const SLACK: i64 = 3_600 * 1_000_000;
/// Batches that can be held at a time; rows of one, at the most; rows of all.
const SEATS: usize = 1024;
const BATCH_ROWS: usize = 2048;
const HELD_ROWS: usize = 384 * 1024;
/// Keys are spread over so many tables, each behind a lock of its own.
const SHARDS: usize = 64;
/// Items of a bucket.
const BUCKET: usize = 8;
/// Keys that are looked up together.
const LOOKED_UP_AT_A_TIME: usize = 32;
/// The window is given up when more than half of so many rows found no partner in it.
const TRIAL_ROWS: u32 = 512 * 1024;

/// Rows that are held, and a table of their keys.
pub struct Window {
    shards: Vec<Mutex<Shard>>,
    seats: Vec<Seat>,
    /// Tells the batches apart that had a seat one after the other; never 0.
    turns: Vec<AtomicU16>,
    held: Mutex<Waiting>,
    useless: AtomicBool,
    /// Rows that were let go, and those of them that had not found a partner.
    let_go: AtomicU32,
    alone: AtomicU32,
}

/// The keys of a shard; an item whose batch has been let go is free.
struct Shard {
    buckets: Vec<Bucket>,
    /// Claims that turned out to be in doubt: hash and treating ordinal.
    revoked: Vec<(u64, u32)>,
}

#[derive(Clone, Copy, Default)]
#[repr(align(64))]
struct Bucket([Item; BUCKET]);

/// A row that came first with its key, and a part of the key.
#[derive(Clone, Copy, Default)]
struct Item {
    tag: u16,
    place: Place,
}

/// A row of a batch that is held.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
struct Place {
    seat: u16,
    turn: u16,
    row: u16,
}

/// Where a batch is held. Rows change under the lock of their shard only.
struct Seat {
    treating: AtomicBool,
    first_ordinal: AtomicU32,
    /// Made when the seat is first taken.
    rows: OnceLock<Vec<HeldRow>>,
    batch: Mutex<Option<HeldBatch>>,
}

#[derive(Default)]
struct HeldRow {
    hash: AtomicU64,
    fingerprint: AtomicU64,
    state: AtomicU64,
}

/// How a row stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    /// Its partner has not come.
    Waits,
    /// Something else has come than an equal partner: the values must decide.
    Doubtful,
    /// It cleared with its partner; the place is that of the one that came second.
    Cleared(Place),
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

struct Waiting {
    /// Last time and seat of each batch.
    by_time: BinaryHeap<Reverse<(i64, usize)>>,
    rows: usize,
    free: Vec<usize>,
}

const fn shard_of(hash: u64) -> usize {
    // The first bits choose the partition of the index, the last ones the place in the shard.
    (hash >> 40) as usize % SHARDS
}

#[expect(clippy::cast_possible_truncation, reason = "16 bits of the hash")]
const fn tag_of(hash: u64) -> u16 {
    (hash >> 24) as u16
}

/// Sorts entries by shard; says where each shard ends, after a 0.
fn by_shard(entries: &[Entry]) -> (Vec<Entry>, [usize; SHARDS + 1]) {
    let mut ends = [0; SHARDS + 1];
    for entry in entries {
        ends[shard_of(entry.hash) + 1] += 1;
    }
    for shard in 0..SHARDS {
        ends[shard + 1] += ends[shard];
    }
    let mut next = ends;
    let mut sorted = entries.to_vec();
    for entry in entries {
        let place = &mut next[shard_of(entry.hash)];
        sorted[*place] = *entry;
        *place += 1;
    }
    (sorted, ends)
}

impl Shard {
    /// The bucket of a key.
    fn bucket(&self, hash: u64) -> usize {
        usize::try_from(hash & 0xff_ffff).unwrap_or(0) & (self.buckets.len() - 1)
    }
}

impl State {
    fn to_bits(self) -> u64 {
        match self {
            State::Waits => 0,
            State::Doubtful => 1,
            State::Cleared(Place { seat, turn, row }) => {
                2 | u64::from(seat) << 16 | u64::from(turn) << 32 | u64::from(row) << 48
            }
        }
    }

    #[expect(clippy::cast_possible_truncation, reason = "parts of 16 bits")]
    fn from_bits(bits: u64) -> State {
        match bits & 3 {
            0 => State::Waits,
            1 => State::Doubtful,
            _ => State::Cleared(Place {
                seat: (bits >> 16) as u16,
                turn: (bits >> 32) as u16,
                row: (bits >> 48) as u16,
            }),
        }
    }
}

impl Window {
    /// An empty window for a delivery of so many rows; none are held when there are 0.
    pub fn new(rows: u64) -> Window {
        let rows = usize::try_from(rows).unwrap_or(usize::MAX).min(HELD_ROWS);
        let seats = if rows == 0 { 0 } else { SEATS };
        let buckets = vec![Bucket::default(); (rows / BUCKET / SHARDS).next_power_of_two()];
        let shard = || Mutex::new(Shard { buckets: buckets.clone(), revoked: Vec::new() });
        let seat = || Seat {
            treating: AtomicBool::new(false),
            first_ordinal: AtomicU32::new(0),
            rows: OnceLock::new(),
            batch: Mutex::new(None),
        };
        Window {
            shards: (0..SHARDS).map(|_| shard()).collect(),
            seats: (0..seats).map(|_| seat()).collect(),
            turns: (0..seats).map(|_| AtomicU16::new(1)).collect(),
            held: Mutex::new(Waiting {
                by_time: BinaryHeap::new(),
                rows: 0,
                free: (0..seats).rev().collect(),
            }),
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
        mut claim: impl FnMut(Claim),
    ) -> bool {
        let fits = batch.rows <= BATCH_ROWS;
        let Some(number) = fits.then(|| locked(&self.held).free.pop()).flatten() else {
            return false;
        };
        let seat = &self.seats[number];
        let rows = seat.rows.get_or_init(|| (0..BATCH_ROWS).map(|_| HeldRow::default()).collect());
        seat.treating.store(side == Side::Treating, Relaxed);
        seat.first_ordinal.store(first_ordinal, Relaxed);
        let row_of = |entry: &Entry| (entry.ordinal - first_ordinal) as usize;
        for entry in entries {
            let row = &rows[row_of(entry)];
            row.hash.store(entry.hash, Relaxed);
            row.fingerprint.store(entry.fingerprint, Relaxed);
            row.state.store(State::Waits.to_bits(), Relaxed);
        }
        let turn = self.turns[number].load(Relaxed);
        let (entries, ends) = by_shard(entries);
        for (shard, ends) in self.shards.iter().zip(ends.windows(2)) {
            let mut table = locked(shard);
            for block in entries[ends[0]..ends[1]].chunks(LOOKED_UP_AT_A_TIME) {
                self.touch(&table, block.iter().map(|entry| entry.hash));
                for entry in block {
                    let row = narrow(row_of(entry));
                    let place = Place { seat: narrow(number), turn, row };
                    self.meet(&mut table, side, place, entry, &mut claim);
                }
            }
        }
        let (rows, time) = (batch.rows, batch.time().last().unwrap_or(i64::MIN));
        *locked(&seat.batch) = Some(HeldBatch { side, first_ordinal, batch, entries });
        let mut waiting = locked(&self.held);
        waiting.by_time.push(Reverse((time, number)));
        waiting.rows += rows;
        true
    }

    /// Looks at all that a block of keys will need: the memory answers to many look-ups at a time where
    /// nothing waits for the first, and what was looked at is near afterwards.
    fn touch(&self, table: &Shard, hashes: impl Iterator<Item = u64> + Clone) {
        let near = |all, hash| all ^ table.buckets[table.bucket(hash)].0[0].tag;
        std::hint::black_box(hashes.clone().fold(0, near));
        let row =
            |hash| {
                let Bucket(items) = &table.buckets[table.bucket(hash)];
                let tag = tag_of(hash);
                // No branch: it would be guessed, wrongly half of the time.
                items.iter().fold(Place::default(), |found, item| {
                    if item.tag == tag { item.place } else { found }
                })
            };
        let near = |all, hash| {
            let Place { seat, row, .. } = row(hash);
            let rows = self.seats[usize::from(seat)].rows.get();
            all ^ rows.map_or(0, |rows| rows[usize::from(row)].hash.load(Relaxed))
        };
        std::hint::black_box(hashes.fold(0, near));
    }

    /// A row comes: it clears with its partner, waits for it, or casts doubt on rows of its key.
    fn meet(
        &self,
        table: &mut Shard,
        side: Side,
        place: Place,
        entry: &Entry,
        claim: &mut impl FnMut(Claim),
    ) {
        let tag = tag_of(entry.hash);
        let at = table.bucket(entry.hash);
        let Bucket(items) = &mut table.buckets[at];
        let mut free = None;
        for item in items {
            if !self.is_held(item.place) {
                free = Some(item);
            } else if item.tag == tag && self.row(item.place).hash.load(Relaxed) == entry.hash {
                let first = item.place;
                return self.answer(first, &mut table.revoked, side, place, entry, claim);
            }
        }
        // A full bucket leaves the row alone: it waits, and the match finds its partner.
        if let Some(free) = free {
            *free = Item { tag, place };
        }
    }

    /// A row comes whose key has come before.
    fn answer(
        &self,
        first: Place,
        revoked: &mut Vec<(u64, u32)>,
        side: Side,
        place: Place,
        entry: &Entry,
        claim: &mut impl FnMut(Claim),
    ) {
        let row = self.row(first);
        match State::from_bits(row.state.load(Relaxed)) {
            State::Waits
                if self.side(first) != side
                    && row.fingerprint.load(Relaxed) == entry.fingerprint =>
            {
                let other = self.ordinal(first);
                let (treating, insured) = match side {
                    Side::Treating => (entry.ordinal, other),
                    Side::Insured => (other, entry.ordinal),
                };
                claim(Claim::of(&Entry { ordinal: treating, ..*entry }, insured));
                self.set(first, State::Cleared(place));
                self.set(place, State::Cleared(place));
            }
            State::Waits => self.set(first, State::Doubtful),
            State::Cleared(second) if self.is_held(second) => {
                let treating = if self.side(first) == Side::Treating { first } else { second };
                revoked.push((entry.hash, self.ordinal(treating)));
                self.set(first, State::Doubtful);
                self.set(second, State::Doubtful);
            }
            // The match sees that there is one row too many.
            State::Cleared(_) | State::Doubtful => {}
        }
    }

    /// Lets the batches go that the reading has left behind, or all, with the entries that did not clear.
    pub fn let_go(&self, frontier: Option<i64>) -> Vec<HeldBatch> {
        let due = self.due(frontier);
        if due.is_empty() {
            return Vec::new();
        }
        for (seat, _) in &due {
            let next = self.turns[*seat].load(Relaxed).checked_add(1).unwrap_or(1);
            self.turns[*seat].store(next, Relaxed);
        }
        // Whoever is in a shard may still have seen them; whoever enters it from now on does not.
        self.shards.iter().for_each(|shard| drop(locked(shard)));
        let seats: Vec<usize> = due.iter().map(|(seat, _)| *seat).collect();
        let gone = due.into_iter().map(|(seat, held)| self.still_open(seat, held)).collect();
        locked(&self.held).free.extend(seats);
        gone
    }

    /// Takes out the batches that nobody waits for any more, and the earliest when there are too many.
    fn due(&self, frontier: Option<i64>) -> Vec<(usize, HeldBatch)> {
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
        due
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

    /// Leaves the entries that did not clear; gives the window up when these are too many.
    fn still_open(&self, seat: usize, mut held: HeldBatch) -> HeldBatch {
        let count = |entries: &[Entry]| u32::try_from(entries.len()).unwrap_or(0);
        let rows = count(&held.entries);
        let seat = &self.seats[seat];
        let first = held.first_ordinal;
        held.entries.retain(|entry| {
            let row = (entry.ordinal - first) as usize;
            let state = seat.rows.get().map_or(0, |rows| rows[row].state.load(Relaxed));
            !matches!(State::from_bits(state), State::Cleared(_))
        });
        let let_go = self.let_go.fetch_add(rows, Relaxed) + rows;
        let alone = count(&held.entries);
        let alone = self.alone.fetch_add(alone, Relaxed) + alone;
        if let_go > TRIAL_ROWS {
            self.useless.fetch_or(alone > let_go / 2, Relaxed);
            self.let_go.store(0, Relaxed);
            self.alone.store(0, Relaxed);
        }
        held
    }

    fn is_held(&self, place: Place) -> bool {
        place.turn != 0 && self.turns[usize::from(place.seat)].load(Relaxed) == place.turn
    }

    fn row(&self, place: Place) -> &HeldRow {
        let rows = self.seats[usize::from(place.seat)].rows.get();
        let rows = rows.expect("Invariant: a batch that is held has a seat");
        &rows[usize::from(place.row)]
    }

    fn set(&self, place: Place, state: State) {
        self.row(place).state.store(state.to_bits(), Relaxed);
    }

    fn ordinal(&self, place: Place) -> u32 {
        self.seats[usize::from(place.seat)].first_ordinal.load(Relaxed) + u32::from(place.row)
    }

    fn side(&self, place: Place) -> Side {
        let treating = self.seats[usize::from(place.seat)].treating.load(Relaxed);
        if treating { Side::Treating } else { Side::Insured }
    }
}

fn narrow(number: usize) -> u16 {
    u16::try_from(number).expect("Invariant: seats and rows of a batch are fewer than 65,536")
}

#[cfg(test)]
mod tests;
