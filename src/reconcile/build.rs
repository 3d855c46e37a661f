//! Builds the index of a delivery while its rows are read for the first time.

use super::{
    memory::Room,
    run::Run,
    values::DoubtfulCopies,
    window::{HeldBatch, Window},
};
use crate::{
    diag::Outcome,
    event::Activity,
    ingest::{
        batch::Batch,
        record::Record,
        survey::{ReadPiece, RowSink, Survey, SurveySetting, survey},
    },
    keyed::{
        bloom::BloomFilter,
        entry::{Claim, Cleared, Entry, RegisterMatch},
        key::Keyed,
        store::Store,
    },
    model::codes::Side,
    reconcile::{
        counters::{CountScratch, Counters},
        entries::BatchEntries,
    },
    register::lookup::Register,
    system_errors::visits::WantedVisits,
};

/// Keys that are probably in doubt, known before a row is read. The first read keeps the values of their rows, so that
/// these need not be read again; nothing else depends on it.
#[derive(Clone, Copy)]
pub struct Foreseen<'a> {
    /// Hashes of the keys that open items or decisions name, sorted.
    pub watched: &'a [u64],
    /// The register, which may hold keys of late rows.
    pub register: &'a Register,
    /// The visits that system errors ask about; whether they have settled is noted during the read.
    pub visits: Option<&'a WantedVisits>,
}

/// The result of the first read of a delivery.
pub struct FirstRead {
    /// Totals of its files, and the rejects.
    pub survey: Survey,
    /// Its rows, for the match.
    pub index: Index,
    /// Positions: of the plain rows of the treating side at first, of all settlements that cleared after settling.
    pub counters: Counters,
}

/// The index of a delivery.
pub struct Index {
    /// Rows and settlements.
    pub stores: Stores,
    /// Claims that were withdrawn: hash and treating ordinal, sorted.
    pub revoked: Vec<(u64, u32)>,
}

/// The stores of rows and settlements, partitioned by key.
pub struct Stores {
    /// Entries of the rows of each side that did not clear in the window.
    pub of_sides: [Store<Entry>; 2],
    /// Settlements that clear unless the match finds a doubt.
    pub claims: Store<Claim>,
    /// Settlements that cleared by themselves; the match fills it.
    pub cleared: Store<Cleared>,
    /// Settlements that are in the register already; the match fills it.
    pub registered: Store<RegisterMatch>,
    /// Settlements in doubt that this period registers; settling fills it.
    pub settled: Store<RegisterMatch>,
}

/// The part of the first read that all threads share.
struct SharedIndex<'a> {
    stores: Stores,
    values: &'a DoubtfulCopies,
    window: Window,
    counters: Counters,
    setting: SurveySetting<'a>,
    /// Hashes of the keys that open items or decisions name, sorted.
    watched: &'a [u64],
    /// The same hashes: it fits the cache and spares most binary searches in `watched`.
    may_be_watched: BloomFilter,
    /// Keys that the register may hold.
    registered: BloomFilter,
    /// The visits that system errors ask about.
    visits: Option<&'a WantedVisits>,
}

/// One thread's part of the first read.
struct Indexer<'a> {
    shared: &'a SharedIndex<'a>,
    entries: BatchEntries,
    claims: Buffers<Claim>,
    parting: Parting,
    count_scratch: CountScratch,
    visit_hashes: Vec<Option<u64>>,
}

/// A thread's entries of rows that did not clear in the window.
struct Parting {
    buffers: [Buffers<Entry>; 2],
}

/// A thread's buffers, one for each partition: a store is locked once for [`BUFFERED`] items.
pub(super) struct Buffers<T>(Vec<Vec<T>>);

/// Items of a full buffer.
const BUFFERED: usize = 64;

impl<T: crate::keyed::store::Storable + Keyed> Buffers<T> {
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

    /// Calls `work` with a callback that pushes items; returns the result of `work`, or the first failure of a push.
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

    /// Flushes all buffers to the store.
    pub(super) fn finish(self, store: &Store<T>) -> Outcome<()> {
        let mut buffers = self.0.into_iter().enumerate();
        buffers.try_for_each(|(partition, buffer)| store.push(partition, &buffer))
    }
}

impl<'a> Indexer<'a> {
    fn new(shared: &'a SharedIndex<'a>) -> Indexer<'a> {
        let partitions = shared.stores.claims.partitioning().count();
        Indexer {
            shared,
            entries: BatchEntries::default(),
            claims: Buffers::new(partitions),
            parting: Parting { buffers: [Buffers::new(partitions), Buffers::new(partitions)] },
            count_scratch: CountScratch::default(),
            visit_hashes: Vec::new(),
        }
    }

    /// Inserts the undoubted rows into the window, and indexes the doubtful ones and those that the window evicts.
    fn insert(&mut self, side: Side, first: u32, batch: Batch, frontier: i64) -> Outcome<()> {
        let BatchEntries { undoubted, doubtful, .. } = &self.entries;
        self.parting.index_with_values(self.shared, side, first, &batch, doubtful)?;
        let SharedIndex { window, stores, .. } = self.shared;
        let held = self.claims.push_all(&stores.claims, |claim| {
            window.insert(side, first, batch, undoubted, claim)
        })?;
        if !held {
            self.parting.index(self.shared, side, undoubted.iter().copied())?;
        }
        self.evict(Some(frontier))
    }

    /// Indexes the rows that the window evicts.
    fn evict(&mut self, frontier: Option<i64>) -> Outcome<()> {
        let SharedIndex { window, stores, .. } = self.shared;
        let evicted =
            self.claims.push_all(&stores.claims, |claim| window.evict(frontier, claim))?;
        evicted.into_iter().try_for_each(|held| self.parting.index_evicted(self.shared, held))
    }

    /// Flushes all buffers.
    fn finish(self) -> Outcome<()> {
        let Stores { of_sides, claims, .. } = &self.shared.stores;
        for (store, buffers) in of_sides.iter().zip(self.parting.buffers) {
            buffers.finish(store)?;
        }
        self.claims.finish(claims)
    }
}

impl Parting {
    /// Indexes the rows of an evicted batch.
    fn index_evicted(&mut self, shared: &SharedIndex, held: HeldBatch) -> Outcome<()> {
        let HeldBatch { side, first_ordinal, batch, entries } = held;
        // Where few rows find their partners in the window, many clear in the match later: their values would be stored
        // for nothing.
        if entries.len() * 4 > batch.rows && entries.len() > 64 {
            self.index(shared, side, entries.iter().copied())
        } else {
            self.index_with_values(shared, side, first_ordinal, &batch, &entries)
        }
    }

    /// Adds entries to the index and the values of their rows to the store of copies in doubt.
    fn index_with_values(
        &mut self,
        shared: &SharedIndex,
        side: Side,
        first_ordinal: u32,
        batch: &Batch,
        entries: &[Entry],
    ) -> Outcome<()> {
        let row_of = |entry: &Entry| (entry.ordinal - first_ordinal) as usize;
        // The batch has left the cache: all its values are prefetched, so that the loads overlap.
        batch.prefetch(entries.iter().map(row_of));
        for entry in entries {
            let record = Record::of(batch, row_of(entry));
            shared.values.push(side, Some(entry.ordinal), shared.setting.period, &record)?;
        }
        self.index(shared, side, entries.iter().map(|entry| Entry { valued: true, ..*entry }))
    }

    /// Adds entries to the index.
    fn index(
        &mut self,
        shared: &SharedIndex,
        side: Side,
        mut entries: impl Iterator<Item = Entry>,
    ) -> Outcome<()> {
        let store = &shared.stores.of_sides[side.index()];
        let buffers = &mut self.buffers[side.index()];
        entries.try_for_each(|entry| buffers.push(store, entry))
    }
}

impl RowSink for Indexer<'_> {
    fn take(&mut self, piece: ReadPiece) -> Outcome<()> {
        let ReadPiece { side, ordinal, batch, checked, frontier, .. } = piece;
        let SharedIndex { setting, watched, may_be_watched, registered, window, counters, .. } =
            self.shared;
        let SurveySetting { policy, period, monitor, .. } = *setting;
        let stopwatch = &monitor.stopwatch;
        if let Some(visits) = self.shared.visits {
            visits.look(&batch, checked, &mut self.visit_hashes)?;
        }
        // A settlement that came in an earlier period is almost always late now. A timely row of such a key is read
        // again.
        let is_foreseen = |hash, late| {
            let watched =
                || may_be_watched.may_contain(hash) && watched.binary_search(&hash).is_ok();
            late && (registered.may_contain(hash) || watched())
        };
        stopwatch.measure(Activity::Match, || {
            self.entries.index(&batch, checked, policy, period, ordinal, is_foreseen);
        });
        stopwatch.count(Activity::Match, batch.rows as u64, 0);
        if side == Side::Treating {
            let entries =
                self.entries.all().map(|entry| ((entry.ordinal - ordinal) as usize, entry));
            stopwatch.measure(Activity::AddUp, || {
                counters.count(&batch, checked, entries, &mut self.count_scratch);
            });
            stopwatch.count(Activity::AddUp, batch.rows as u64, 0);
        }
        stopwatch.measure(Activity::Match, || match frontier {
            Some(frontier) if window.is_useful() => self.insert(side, ordinal, batch, frontier),
            _ => {
                self.parting.index(self.shared, side, self.entries.all().copied())?;
                // The window was never used or is given up: it is emptied.
                self.evict(None)
            }
        })
    }
}

impl Stores {
    /// Makes empty stores for a run.
    pub(super) fn new(run: Run, room: &Room) -> Stores {
        let Run { delivery, staging, values, .. } = run;
        let partitioning = values.partitioning();
        let spill = |name: &str| staging.scratch().join(format!("index-{name}"));
        let (of_side, claims) = room.expected(Side::BOTH.map(|side| delivery.rows(side)));
        // The match replaces each `Claim` (28 bytes) by a `Cleared` (18 bytes), partition by partition: equal counts.
        let of_cleared = room.of_cleared / size_of::<Claim>() * size_of::<Cleared>();
        Stores {
            of_sides: Side::BOTH.map(|side| {
                let expected = of_side[side.index()];
                Store::new(partitioning, expected, room.of_side, spill(side.name()))
            }),
            claims: Store::new(partitioning, claims, room.of_cleared, spill("claims")),
            cleared: Store::new(partitioning, 0, of_cleared, spill("cleared")),
            registered: Store::new(partitioning, 0, room.of_listed, spill("registered")),
            settled: Store::new(partitioning, 0, room.of_listed, spill("settled")),
        }
    }
}

/// Reads a delivery for the first time: judges its rows, counts them into positions, indexes them.
pub fn read_delivery(run: Run, foreseen: Foreseen) -> Outcome<FirstRead> {
    debug_assert!(foreseen.watched.is_sorted(), "watched hashes are sorted");
    let Run { delivery, setting, values, memory, .. } = run;
    let rows = Side::BOTH.map(|side| delivery.rows(side));
    let threads = rayon::current_num_threads();
    let room = Room::of(delivery, memory, threads);
    tracing::info!(?room, "memory");
    setting.monitor.estimate(room.estimate(delivery));
    let may_be_watched = BloomFilter::with_capacity(foreseen.watched.len() as u64);
    foreseen.watched.iter().for_each(|hash| may_be_watched.add(*hash));
    let shared = SharedIndex {
        stores: Stores::new(run, &room),
        values,
        window: Window::new(if room.plan.in_step { rows[0].saturating_add(rows[1]) } else { 0 }),
        counters: Counters::default(),
        setting,
        watched: foreseen.watched,
        may_be_watched,
        registered: foreseen.register.filter(memory, setting.monitor)?,
        visits: foreseen.visits,
    };
    setting.monitor.stage(text!("reading"), rows[0].saturating_add(rows[1]))?;
    let sinks = (0..threads).map(|_| Indexer::new(&shared)).collect();
    let (survey, mut sinks) = survey(delivery, setting, room.plan, sinks)?;
    if let Some(sink) = sinks.first_mut() {
        sink.evict(None)?;
    }
    sinks.into_iter().try_for_each(Indexer::finish)?;
    let SharedIndex { stores, window, counters, .. } = shared;
    let index = Index { stores, revoked: window.revoked() };
    Ok(FirstRead { survey, index, counters })
}
