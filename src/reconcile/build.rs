//! Builds the index of a delivery while its rows are read for the first time.

use rustc_hash::FxHashSet;

use super::{
    breaks::SideCopy,
    engine::Foreseen,
    index::{Claim, Cleared, Entries, Entry, Keyed},
    room::Room,
    store::{Partitioning, Store},
    window::{HeldBatch, Window},
};
use crate::{
    book::{familiar::Familiar, staging::Staging},
    clear::counters::{CountScratch, Counters},
    codes::Side,
    contract::delivery::Delivery,
    diag::Outcome,
    event::Activity,
    ingest::{
        batch::Batch,
        record::Record,
        survey::{Piece, RowSink, Setting, Survey, survey},
    },
};

/// The index of a delivery, and the plain positions that it was counted into.
pub struct Index {
    /// Entries of each side by partition: of the rows that did not clear in the window.
    pub stores: [Store<Entry>; 2],
    /// Settlements that clear unless the match finds a doubt.
    pub claims: Store<Claim>,
    /// Settlements that cleared; the match fills it.
    pub cleared: Store<Cleared>,
    /// Claims that were taken back: hash and treating ordinal, in order.
    pub revoked: Vec<(u64, u32)>,
    /// Copies whose values were at hand when they did not clear, by side and ordinal.
    pub copies: [Vec<SideCopy>; 2],
    /// Positions of the plain rows of the treating side.
    pub counters: Counters,
}

/// What all threads of the first read share.
struct Shared<'a> {
    stores: [Store<Entry>; 2],
    claims: Store<Claim>,
    window: Window,
    counters: Counters,
    setting: Setting<'a>,
    /// Hashes of keys about which an open item or a decision says something; most others are denied by the
    /// table, which is nearer to the processor.
    watched: FxHashSet<u64>,
    may_be_watched: Familiar,
    /// Keys that the register may hold.
    familiar: Familiar,
}

/// One thread's part of the first read.
struct Indexer<'a> {
    shared: &'a Shared<'a>,
    entries: Entries,
    claims: Buffers<Claim>,
    parting: Parting,
    count_scratch: CountScratch,
}

/// What a thread collects of rows that did not clear in the window.
struct Parting {
    buffers: [Buffers<Entry>; 2],
    copies: [Vec<SideCopy>; 2],
}

/// What a thread collects for each partition before it hands it over.
pub(super) struct Buffers<T>(Vec<Vec<T>>);

/// Items that a thread collects for a partition.
const BUFFERED: usize = 64;

impl<T: super::store::Stored + Keyed> Buffers<T> {
    pub(super) fn new(partitions: usize) -> Buffers<T> {
        Buffers((0..partitions).map(|_| Vec::new()).collect())
    }

    pub(super) fn push(&mut self, store: &Store<T>, item: T) -> Outcome<()> {
        let partition = store.partitioning().of(item.key());
        let buffer = &mut self.0[partition];
        buffer.push(item);
        if buffer.len() == BUFFERED {
            store.push(partition, buffer)?;
            buffer.clear();
        }
        Ok(())
    }

    /// Takes all that something gives away while it works.
    fn push_all<R>(
        &mut self,
        store: &Store<T>,
        work: impl FnOnce(&mut dyn FnMut(T)) -> R,
    ) -> Outcome<R> {
        let mut pushed = Ok(());
        let done = work(&mut |item| {
            if pushed.is_ok() {
                pushed = self.push(store, item);
            }
        });
        pushed.map(|()| done)
    }

    /// Hands over what is left.
    pub(super) fn finish(self, store: &Store<T>) -> Outcome<()> {
        let mut buffers = self.0.into_iter().enumerate();
        buffers.try_for_each(|(partition, buffer)| store.push(partition, &buffer))
    }
}

impl<'a> Indexer<'a> {
    fn new(shared: &'a Shared<'a>) -> Indexer<'a> {
        let partitions = shared.claims.partitioning().count();
        Indexer {
            shared,
            entries: Entries::default(),
            claims: Buffers::new(partitions),
            parting: Parting {
                buffers: [Buffers::new(partitions), Buffers::new(partitions)],
                copies: [Vec::new(), Vec::new()],
            },
            count_scratch: CountScratch::default(),
        }
    }

    /// Puts the undoubted rows into the window; those that it lets go leave their entries and values.
    fn hold(&mut self, side: Side, first: u32, batch: Batch, frontier: i64) -> Outcome<()> {
        let Entries { undoubted, doubtful, .. } = &self.entries;
        self.parting.leave(self.shared, side, first, &batch, doubtful)?;
        let Shared { window, claims: store, .. } = self.shared;
        let held = self
            .claims
            .push_all(store, |claim| window.hold(side, first, batch, undoubted, claim))?;
        if !held {
            self.parting.index(self.shared, side, undoubted.iter())?;
        }
        self.let_go(Some(frontier))
    }

    /// Rows that the window lets go.
    fn let_go(&mut self, frontier: Option<i64>) -> Outcome<()> {
        let Shared { window, claims: store, .. } = self.shared;
        let gone = self.claims.push_all(store, |claim| window.let_go(frontier, claim))?;
        gone.into_iter().try_for_each(|held| self.parting.part_with(self.shared, held))
    }

    /// Hands over what is left.
    fn finish(self) -> Outcome<[Vec<SideCopy>; 2]> {
        let Parting { buffers, copies } = self.parting;
        for (store, buffers) in self.shared.stores.iter().zip(buffers) {
            buffers.finish(store)?;
        }
        self.claims.finish(&self.shared.claims)?;
        Ok(copies)
    }
}

impl Parting {
    /// Rows that the window let go.
    fn part_with(&mut self, shared: &Shared, held: HeldBatch) -> Outcome<()> {
        let HeldBatch { side, first_ordinal, batch, entries } = held;
        // Where few rows find their partners, values are not worth their memory.
        if entries.len() * 4 > batch.rows && entries.len() > 64 {
            self.index(shared, side, entries.iter())
        } else {
            self.leave(shared, side, first_ordinal, &batch, &entries)
        }
    }

    /// Rows that do not clear by themselves: entries for the match, values for what it doubts.
    fn leave(
        &mut self,
        shared: &Shared,
        side: Side,
        first_ordinal: u32,
        batch: &Batch,
        entries: &[Entry],
    ) -> Outcome<()> {
        let Setting { policy, period, .. } = shared.setting;
        let row_of = |entry: &Entry| (entry.ordinal - first_ordinal) as usize;
        // The batch is no longer near the processor: all amounts are asked for before the first is needed.
        let near = |all, entry| all ^ batch.glance(row_of(entry));
        std::hint::black_box(entries.iter().fold(0, near));
        for entry in entries {
            let record = Record::of(batch, row_of(entry));
            let copy = SideCopy::delivered(side, entry.ordinal, record, policy, period)?;
            self.copies[side.index()].push(copy);
        }
        self.index(shared, side, entries.iter())
    }

    fn index<'e>(
        &mut self,
        shared: &Shared,
        side: Side,
        mut entries: impl Iterator<Item = &'e Entry>,
    ) -> Outcome<()> {
        let store = &shared.stores[side.index()];
        let buffers = &mut self.buffers[side.index()];
        entries.try_for_each(|entry| buffers.push(store, *entry))
    }
}

impl RowSink for Indexer<'_> {
    fn take(&mut self, piece: Piece) -> Outcome<()> {
        let Piece { side, ordinal, batch, checked, frontier } = piece;
        let Shared { setting, watched, may_be_watched, familiar, window, counters, .. } =
            self.shared;
        let Setting { policy, period, monitor, .. } = *setting;
        let stopwatch = &monitor.stopwatch;
        let is_foreseen = |hash, late| {
            (may_be_watched.may_have(hash) && watched.contains(&hash))
                || (late && familiar.may_have(hash))
        };
        stopwatch.measure(Activity::Match, || {
            self.entries.index(&batch, checked, policy, period, ordinal, is_foreseen);
        });
        stopwatch.count(Activity::Match, batch.rows as u64, 0);
        if side == Side::Treating {
            let entries =
                self.entries.all().map(|entry| ((entry.ordinal - ordinal) as usize, entry));
            stopwatch.measure(Activity::AddUp, || {
                counters.count(&batch, checked, entries, period, &mut self.count_scratch);
            });
            stopwatch.count(Activity::AddUp, batch.rows as u64, 0);
        }
        stopwatch.measure(Activity::Match, || match frontier {
            Some(frontier) if window.is_useful() => self.hold(side, ordinal, batch, frontier),
            _ => {
                self.parting.index(self.shared, side, self.entries.all())?;
                // Nothing is held where nothing was; what was is of no use any more.
                self.let_go(None)
            }
        })
    }
}

/// The stores of an index, empty.
pub(super) struct Stores {
    pub(super) of_sides: [Store<Entry>; 2],
    pub(super) claims: Store<Claim>,
    pub(super) cleared: Store<Cleared>,
}

impl Stores {
    pub(super) fn new(rows: [u64; 2], room: &Room, staging: &Staging) -> Stores {
        let partitioning = Partitioning::for_rows(rows[0].max(rows[1]));
        let spill = |name: &str| staging.scratch().join(format!("index-{name}"));
        let (of_side, claims) = room.expected(rows);
        // What cleared comes as what was claimed goes: as many, in fewer bytes.
        let of_cleared = room.of_cleared / size_of::<Claim>() * size_of::<Cleared>();
        Stores {
            of_sides: Side::BOTH.map(|side| {
                let expected = of_side[side.index()];
                Store::new(partitioning, expected, room.of_side, spill(side.name()))
            }),
            claims: Store::new(partitioning, claims, room.of_cleared, spill("claims")),
            cleared: Store::new(partitioning, 0, of_cleared, spill("cleared")),
        }
    }
}

/// Reads a delivery for the first time: judges its rows, adds them up, indexes them. `memory` is the bytes
/// that it may take.
pub fn read_delivery(
    delivery: &Delivery,
    setting: Setting,
    staging: &Staging,
    foreseen: Foreseen,
    memory: usize,
) -> Outcome<(Survey, Index)> {
    let rows = Side::BOTH.map(|side| delivery.rows(side));
    let threads = rayon::current_num_threads();
    let room = Room::of(delivery, memory, threads);
    tracing::info!(?room, "memory");
    setting.monitor.estimate(room.estimate(delivery));
    let Stores { of_sides, claims, cleared } = Stores::new(rows, &room, staging);
    let may_be_watched = Familiar::with_room(foreseen.watched.len() as u64);
    foreseen.watched.iter().for_each(|hash| may_be_watched.add(*hash));
    let shared = Shared {
        stores: of_sides,
        claims,
        window: Window::new(if room.plan.in_step { rows[0].saturating_add(rows[1]) } else { 0 }),
        counters: Counters::default(),
        setting,
        watched: foreseen.watched.iter().copied().collect(),
        may_be_watched,
        familiar: foreseen.register.familiar(memory, setting.monitor)?,
    };
    setting.monitor.stage("reading", rows[0].saturating_add(rows[1]))?;
    let sinks = (0..threads).map(|_| Indexer::new(&shared)).collect();
    let (survey, mut sinks) = survey(delivery, setting, room.plan, sinks)?;
    if let Some(sink) = sinks.first_mut() {
        sink.let_go(None)?;
    }
    let mut copies = [Vec::new(), Vec::new()];
    for sink in sinks {
        for (all, more) in copies.iter_mut().zip(sink.finish()?) {
            all.extend(more);
        }
    }
    for of_side in &mut copies {
        of_side.sort_unstable_by_key(|copy| copy.ordinal);
    }
    tracing::debug!(values = ?copies.each_ref().map(Vec::len), "left by the window");
    let Shared { stores, claims, window, counters, .. } = shared;
    let revoked = window.revoked();
    Ok((survey, Index { stores, claims, cleared, revoked, copies, counters }))
}
