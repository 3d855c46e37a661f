//! Builds the index of a delivery while its rows are read for the first time.

use rustc_hash::FxHashSet;

use super::{
    breaks::SideCopy,
    index::{Cleared, Entry, Keyed, entries},
    store::{Budget, Partitioning, Store},
    window::{HeldBatch, Scratch, Window},
};
use crate::{
    book::staging::Staging,
    clear::positions::{CountScratch, Counters},
    codes::Side,
    contract::delivery::Delivery,
    diag::{Code, Finding, Outcome},
    ingest::{
        batch::Batch,
        record::Record,
        rows::Checked,
        schedule::Plan,
        survey::{RowSink, Setting, Survey, survey},
    },
    money::FEN_SUM_LIMIT,
};

/// The index of a delivery, and the plain positions that it was counted into.
pub struct Index {
    /// Entries of each side by partition: of the rows that did not clear in the window.
    pub stores: [Store<Entry>; 2],
    /// Settlements that clear unless the match finds a doubt.
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
    cleared: Store<Cleared>,
    window: Window,
    counters: Counters,
    setting: Setting<'a>,
    /// Hashes of keys about which an open item or a decision says something.
    watched: FxHashSet<u64>,
}

/// One thread's part of the first read.
struct Indexer<'a> {
    shared: &'a Shared<'a>,
    buffers: [Buffers<Entry>; 2],
    cleared: Buffers<Cleared>,
    scratch: Scratch,
    copies: [Vec<SideCopy>; 2],
    count_scratch: CountScratch,
}

/// What a thread collects for each partition before it hands it over.
struct Buffers<T>(Vec<Vec<T>>);

/// Items that a thread collects for a partition.
const BUFFERED: usize = 64;

impl<T: super::store::Stored + Keyed> Buffers<T> {
    fn new(partitions: usize) -> Buffers<T> {
        Buffers((0..partitions).map(|_| Vec::new()).collect())
    }

    fn push(&mut self, store: &Store<T>, item: T) -> Outcome<()> {
        let partition = store.partitioning().of(item.key());
        let buffer = &mut self.0[partition];
        buffer.push(item);
        if buffer.len() == BUFFERED {
            store.push(partition, buffer)?;
            buffer.clear();
        }
        Ok(())
    }

    /// Hands over what is left.
    fn finish(self, store: &Store<T>) -> Outcome<()> {
        let buffers = self.0.into_iter().enumerate();
        buffers.map(|(partition, buffer)| store.push(partition, &buffer)).collect()
    }
}

impl<'a> Indexer<'a> {
    fn new(shared: &'a Shared<'a>) -> Indexer<'a> {
        let partitions = shared.cleared.partitioning().count();
        Indexer {
            shared,
            buffers: [Buffers::new(partitions), Buffers::new(partitions)],
            cleared: Buffers::new(partitions),
            scratch: Scratch::default(),
            copies: [Vec::new(), Vec::new()],
            count_scratch: CountScratch::default(),
        }
    }

    /// Puts the undoubted rows into the window; those that it lets go leave their entries and values.
    fn hold(
        &mut self,
        side: Side,
        first_ordinal: u32,
        batch: Batch,
        entries: Vec<(usize, Entry)>,
        frontier: i64,
    ) -> Outcome<()> {
        let watched = &self.shared.watched;
        let (undoubted, doubtful): (Vec<_>, Vec<_>) = entries
            .into_iter()
            .partition(|(_, entry)| entry.plain && !watched.contains(&entry.hash));
        self.leave(side, &batch, &doubtful)?;
        let time = batch.time().last().unwrap_or(i64::MIN);
        let held = HeldBatch { side, first_ordinal, batch, entries: undoubted };
        let Shared { window, cleared, .. } = self.shared;
        let mut claims = Vec::new();
        let held = window.hold(held, time, &mut self.scratch, |claim| claims.push(claim));
        for claim in claims {
            self.cleared.push(cleared, claim)?;
        }
        if let Err(held) = held {
            self.index(side, &held.entries)?;
        }
        self.let_go(Some(frontier))
    }

    fn let_go(&mut self, frontier: Option<i64>) -> Outcome<()> {
        for held in self.shared.window.let_go(frontier) {
            let HeldBatch { side, batch, entries, .. } = held;
            // Where few rows find their partners, values are not worth their memory.
            if entries.len() * 4 > batch.rows && entries.len() > 64 {
                self.index(side, &entries)?;
            } else {
                self.leave(side, &batch, &entries)?;
            }
        }
        Ok(())
    }

    /// Rows that do not clear by themselves: entries for the match, values for what it doubts.
    fn leave(&mut self, side: Side, batch: &Batch, entries: &[(usize, Entry)]) -> Outcome<()> {
        let Setting { policy, period, .. } = self.shared.setting;
        for (row, entry) in entries {
            let record = Record::of(batch, *row);
            let copy = SideCopy::delivered(side, entry.ordinal, record, policy, period)?;
            self.copies[side.index()].push(copy);
        }
        self.index(side, entries)
    }

    fn index(&mut self, side: Side, entries: &[(usize, Entry)]) -> Outcome<()> {
        let store = &self.shared.stores[side.index()];
        let buffers = &mut self.buffers[side.index()];
        entries.iter().try_for_each(|(_, entry)| buffers.push(store, *entry))
    }

    /// Hands over what is left.
    fn finish(self) -> Outcome<[Vec<SideCopy>; 2]> {
        for (store, buffers) in self.shared.stores.iter().zip(self.buffers) {
            buffers.finish(store)?;
        }
        self.cleared.finish(&self.shared.cleared)?;
        Ok(self.copies)
    }
}

impl RowSink for Indexer<'_> {
    fn take(
        &mut self,
        side: Side,
        ordinal: u32,
        batch: Batch,
        checked: &Checked,
        frontier: Option<i64>,
    ) -> Outcome<()> {
        let Setting { policy, period, .. } = self.shared.setting;
        let entries = entries(&batch, checked, policy, period, ordinal);
        if side == Side::Treating {
            let scratch = &mut self.count_scratch;
            self.shared.counters.count(&batch, checked, &entries, period, scratch);
        }
        match frontier.filter(|_| self.shared.window.is_useful()) {
            Some(frontier) => self.hold(side, ordinal, batch, entries, frontier),
            None => self.index(side, &entries),
        }
    }
}

/// Reads a delivery for the first time: judges its rows, adds them up, indexes them. `watched` are hashes
/// of keys about which open items or decisions say something, `memory` the bytes that it may take.
pub fn read_delivery(
    delivery: &Delivery,
    setting: Setting,
    staging: &Staging,
    watched: &[u64],
    memory: usize,
) -> Outcome<(Survey, Index)> {
    let rows = Side::BOTH.map(|side| delivery.rows(side));
    let threads = rayon::current_num_threads();
    let plan = Plan::of(delivery, memory as u64 / 2, threads);
    let partitioning = Partitioning::for_rows(rows[0].max(rows[1]));
    let budget = Budget::new(memory.saturating_sub(usize::try_from(plan.bytes).unwrap_or(memory)));
    let scratch = staging.scratch();
    let shared = Shared {
        stores: Side::BOTH.map(|side| {
            Store::new(partitioning, &budget, scratch.join(format!("index-{}", side.name())))
        }),
        cleared: Store::new(partitioning, &budget, scratch.join("index-cleared")),
        window: Window::new(if plan.in_step { rows[0] + rows[1] } else { 0 }),
        counters: Counters::default(),
        setting,
        watched: watched.iter().copied().collect(),
    };
    if plan.in_step {
        shared.cleared.expect(rows[0].min(rows[1]));
    } else {
        shared.stores.iter().zip(rows).for_each(|(store, rows)| store.expect(rows));
    }
    setting.monitor.stage("reading", rows[0] + rows[1])?;
    let sinks = (0..threads).map(|_| Indexer::new(&shared)).collect();
    let (mut survey, mut sinks) = survey(delivery, setting, plan, sinks)?;
    if let Some(sink) = sinks.first_mut() {
        sink.let_go(None)?;
    }
    let mut copies = [Vec::new(), Vec::new()];
    for sink in sinks {
        for (all, more) in copies.iter_mut().zip(sink.finish()?) {
            all.extend(more);
        }
    }
    copies.iter_mut().for_each(|of_side| of_side.sort_unstable_by_key(|copy| copy.ordinal));
    for side in Side::BOTH {
        if survey.magnitudes[side.index()] >= FEN_SUM_LIMIT {
            let found = "amounts that together are beyond it";
            survey.findings.push(Finding::new(Code::F12, side.name(), "", found));
        }
    }
    let Shared { stores, cleared, window, counters, .. } = shared;
    Ok((survey, Index { stores, cleared, revoked: window.revoked(), copies, counters }))
}
