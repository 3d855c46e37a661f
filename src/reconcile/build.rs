//! Builds the index of a delivery while its rows are read for the first time.

use super::index::{Entry, Keyed, Partitioning, Store, entries};
use crate::{
    book::staging::Staging,
    clear::positions::Counter,
    codes::Side,
    contract::delivery::Delivery,
    diag::{Code, Finding, Outcome},
    ingest::{
        batch::Batch,
        rows::Checked,
        survey::{RowSink, Setting, Survey, survey},
    },
    money::FEN_SUM_LIMIT,
};

/// The index of a delivery, and the plain positions that it was counted into.
pub struct Index {
    /// Entries of each side by partition.
    pub stores: [Store; 2],
    /// Positions of the plain rows of the treating side, as each thread counted them.
    pub counters: Vec<Counter>,
}

/// One thread's part of the first read: entries by partition, positions.
struct Indexer<'a> {
    stores: &'a [Store; 2],
    setting: Setting<'a>,
    buffers: [Vec<Vec<Entry>>; 2],
    rows: Vec<(usize, Entry)>,
    counter: Counter,
}

/// Entries that a thread collects for a partition before it hands them over.
const BUFFERED_ENTRIES: usize = 64;

impl<'a> Indexer<'a> {
    fn new(stores: &'a [Store; 2], setting: Setting<'a>) -> Indexer<'a> {
        let buffers = || vec![Vec::new(); stores[0].partitioning().count()];
        Indexer {
            stores,
            setting,
            buffers: [buffers(), buffers()],
            rows: Vec::new(),
            counter: Counter::default(),
        }
    }

    /// Hands over what is left.
    fn finish(self) -> Outcome<Counter> {
        for (store, buffers) in self.stores.iter().zip(self.buffers) {
            for (partition, buffer) in buffers.into_iter().enumerate() {
                store.push(partition, &buffer)?;
            }
        }
        Ok(self.counter)
    }
}

impl RowSink for Indexer<'_> {
    fn take(&mut self, side: Side, ordinal: u32, batch: &Batch, checked: &Checked) -> Outcome<()> {
        let Setting { policy, period, .. } = self.setting;
        self.rows.clear();
        entries(batch, checked, policy, period, ordinal, &mut self.rows);
        if side == Side::Treating {
            self.counter.count(batch, checked, &self.rows, period);
        }
        let store = &self.stores[side.index()];
        for (_, entry) in &self.rows {
            let partition = store.partitioning().of(entry.key());
            let buffer = &mut self.buffers[side.index()][partition];
            buffer.push(*entry);
            if buffer.len() == BUFFERED_ENTRIES {
                store.push(partition, buffer)?;
                buffer.clear();
            }
        }
        Ok(())
    }
}

/// Reads a delivery for the first time: judges its rows, adds them up, indexes them.
pub fn read_delivery(
    delivery: &Delivery,
    setting: Setting,
    staging: &Staging,
    memory: usize,
) -> Outcome<(Survey, Index)> {
    let rows = Side::BOTH.map(|side| delivery.rows(side));
    let partitioning = Partitioning::for_rows(rows[0].max(rows[1]));
    let scratch = staging.scratch();
    let store =
        |side: Side| Store::new(side, rows[side.index()], partitioning, memory / 2, &scratch);
    let stores = [store(Side::Treating), store(Side::Insured)];
    setting.monitor.stage("reading", rows[0] + rows[1])?;
    let threads = rayon::current_num_threads();
    let sinks = (0..threads).map(|_| Indexer::new(&stores, setting)).collect();
    let (mut survey, sinks) = survey(delivery, setting, sinks)?;
    let counters = sinks.into_iter().map(Indexer::finish).collect::<Outcome<_>>()?;
    for side in Side::BOTH {
        if survey.magnitudes[side.index()] >= FEN_SUM_LIMIT {
            let found = "amounts that together are beyond it";
            survey.findings.push(Finding::new(Code::F12, side.name(), "", found));
        }
    }
    Ok((survey, Index { stores, counters }))
}
