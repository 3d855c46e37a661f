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
};

/// Keys of which it is known before a row is read that more than two equal copies may decide. Whoever has
/// their values at hand need not read them again; nothing else depends on it.
#[derive(Clone, Copy)]
pub struct Foreseen<'a> {
    /// Hashes of those about which open items or decisions say something, in order.
    pub watched: &'a [u64],
    /// The register, which may hold keys of late rows.
    pub register: &'a Register,
}

/// What comes of the first read of a delivery.
pub struct FirstRead {
    /// What its files hold, and where its rows went.
    pub survey: Survey,
    /// What is kept of its rows for the match.
    pub index: Index,
    /// Positions: of the plain rows of the treating side, until settling makes them those of what cleared.
    pub counters: Counters,
}

/// The index of a delivery.
pub struct Index {
    /// What is kept of rows and settlements.
    pub stores: Stores,
    /// Claims that were taken back: hash and treating ordinal, in order.
    pub revoked: Vec<(u64, u32)>,
}

/// What is kept of rows and settlements, by the partition of the key.
pub struct Stores {
    /// Entries of each side: of the rows that did not clear in the window.
    pub of_sides: [Store<Entry>; 2],
    /// Settlements that clear unless the match finds a doubt.
    pub claims: Store<Claim>,
    /// Settlements that cleared by themselves; the match fills it.
    pub cleared: Store<Cleared>,
    /// Those that are in the register already; the match fills it.
    pub registered: Store<RegisterMatch>,
    /// Those in doubt that the register will keep; settling fills it.
    pub settled: Store<RegisterMatch>,
}

/// What all threads of the first read share.
struct SharedIndex<'a> {
    stores: Stores,
    values: &'a DoubtfulCopies,
    window: Window,
    counters: Counters,
    setting: SurveySetting<'a>,
    /// Hashes of keys about which an open item or a decision says something, in order; most others are denied
    /// by the table, which is nearer to the processor.
    watched: &'a [u64],
    may_be_watched: BloomFilter,
    /// Keys that the register may hold.
    registered: BloomFilter,
}

/// One thread's part of the first read.
struct Indexer<'a> {
    shared: &'a SharedIndex<'a>,
    entries: BatchEntries,
    claims: Buffers<Claim>,
    parting: Parting,
    count_scratch: CountScratch,
}

/// What a thread collects of rows that did not clear in the window.
struct Parting {
    buffers: [Buffers<Entry>; 2],
}

/// What a thread collects for each partition before it hands it over.
pub(super) struct Buffers<T>(Vec<Vec<T>>);

/// Items that a thread collects for a partition.
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
    fn new(shared: &'a SharedIndex<'a>) -> Indexer<'a> {
        let partitions = shared.stores.claims.partitioning().count();
        Indexer {
            shared,
            entries: BatchEntries::default(),
            claims: Buffers::new(partitions),
            parting: Parting { buffers: [Buffers::new(partitions), Buffers::new(partitions)] },
            count_scratch: CountScratch::default(),
        }
    }

    /// Puts the undoubted rows into the window; those that it lets go leave their entries and values.
    fn hold(&mut self, side: Side, first: u32, batch: Batch, frontier: i64) -> Outcome<()> {
        let BatchEntries { undoubted, doubtful, .. } = &self.entries;
        self.parting.leave(self.shared, side, first, &batch, doubtful)?;
        let SharedIndex { window, stores, .. } = self.shared;
        let held = self
            .claims
            .push_all(&stores.claims, |claim| window.hold(side, first, batch, undoubted, claim))?;
        if !held {
            self.parting.index(self.shared, side, undoubted.iter().copied())?;
        }
        self.let_go(Some(frontier))
    }

    /// Rows that the window lets go.
    fn let_go(&mut self, frontier: Option<i64>) -> Outcome<()> {
        let SharedIndex { window, stores, .. } = self.shared;
        let gone = self.claims.push_all(&stores.claims, |claim| window.let_go(frontier, claim))?;
        gone.into_iter().try_for_each(|held| self.parting.part_with(self.shared, held))
    }

    /// Hands over what is left.
    fn finish(self) -> Outcome<()> {
        let Stores { of_sides, claims, .. } = &self.shared.stores;
        for (store, buffers) in of_sides.iter().zip(self.parting.buffers) {
            buffers.finish(store)?;
        }
        self.claims.finish(claims)
    }
}

impl Parting {
    /// Rows that the window let go.
    fn part_with(&mut self, shared: &SharedIndex, held: HeldBatch) -> Outcome<()> {
        let HeldBatch { side, first_ordinal, batch, entries } = held;
        // Where few rows find their partners, values are not worth their memory.
        if entries.len() * 4 > batch.rows && entries.len() > 64 {
            self.index(shared, side, entries.iter().copied())
        } else {
            self.leave(shared, side, first_ordinal, &batch, &entries)
        }
    }

    /// Rows that do not clear by themselves: entries for the match, values for what it doubts.
    fn leave(
        &mut self,
        shared: &SharedIndex,
        side: Side,
        first_ordinal: u32,
        batch: &Batch,
        entries: &[Entry],
    ) -> Outcome<()> {
        let row_of = |entry: &Entry| (entry.ordinal - first_ordinal) as usize;
        // The batch is no longer near the processor: all values are asked for before the first is needed.
        batch.glance(entries.iter().map(row_of));
        for entry in entries {
            let record = Record::of(batch, row_of(entry));
            shared.values.push(side, Some(entry.ordinal), shared.setting.period, &record)?;
        }
        self.index(shared, side, entries.iter().map(|entry| Entry { valued: true, ..*entry }))
    }

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
        let ReadPiece { side, ordinal, batch, checked, frontier } = piece;
        let SharedIndex { setting, watched, may_be_watched, registered, window, counters, .. } =
            self.shared;
        let SurveySetting { policy, period, monitor, .. } = *setting;
        let stopwatch = &monitor.stopwatch;
        // What came before is rarely of this month when it comes again; such rows are read once more.
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
            Some(frontier) if window.is_useful() => self.hold(side, ordinal, batch, frontier),
            _ => {
                self.parting.index(self.shared, side, self.entries.all().copied())?;
                // Nothing is held where nothing was; what was is of no use any more.
                self.let_go(None)
            }
        })
    }
}

impl Stores {
    /// Empty ones.
    pub(super) fn new(run: Run, room: &Room) -> Stores {
        let Run { delivery, staging, values, .. } = run;
        let partitioning = values.partitioning();
        let spill = |name: &str| staging.scratch().join(format!("index-{name}"));
        let (of_side, claims) = room.expected(Side::BOTH.map(|side| delivery.rows(side)));
        // What cleared comes as what was claimed goes: as many, in fewer bytes.
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

/// Reads a delivery for the first time: judges its rows, adds them up, indexes them.
pub fn read_delivery(run: Run, foreseen: Foreseen) -> Outcome<FirstRead> {
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
    };
    setting.monitor.stage(text!("reading"), rows[0].saturating_add(rows[1]))?;
    let sinks = (0..threads).map(|_| Indexer::new(&shared)).collect();
    let (survey, mut sinks) = survey(delivery, setting, room.plan, sinks)?;
    if let Some(sink) = sinks.first_mut() {
        sink.let_go(None)?;
    }
    sinks.into_iter().try_for_each(Indexer::finish)?;
    let SharedIndex { stores, window, counters, .. } = shared;
    let index = Index { stores, revoked: window.revoked() };
    Ok(FirstRead { survey, index, counters })
}
