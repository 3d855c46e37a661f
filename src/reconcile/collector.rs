//! Collects the index from the results of other machines.

use super::{
    build::{Buffers, Index, Stores},
    memory::Room,
    run::Run,
};
use crate::{
    diag::Outcome,
    keyed::entry::{Claim, Entry},
    model::codes::Side,
    reconcile::counters::{Counters, PartialPosition},
};

/// An index under construction: claims, entries and parts of positions come in any order, each once.
pub struct Collector {
    stores: Stores,
    entries: [Buffers<Entry>; 2],
    claims: Buffers<Claim>,
    counters: Counters,
}

impl Collector {
    /// Makes an empty collector for a run.
    pub fn new(run: Run) -> Collector {
        let stores = Stores::new(run, &Room::of_collector(run.delivery, run.memory));
        let partitions = run.values.partitioning().count();
        Collector {
            stores,
            entries: Side::BOTH.map(|_| Buffers::new(partitions)),
            claims: Buffers::new(partitions),
            counters: Counters::default(),
        }
    }

    /// Adds a claim: two equal copies whose key no other copy of the delivery has.
    pub fn claim(&mut self, claim: Claim) -> Outcome<()> {
        self.claims.push(&self.stores.claims, claim)
    }

    /// Adds the entry of any other copy.
    pub fn entry(&mut self, side: Side, entry: Entry) -> Outcome<()> {
        let side = side.index();
        self.entries[side].push(&self.stores.of_sides[side], entry)
    }

    /// Adds a part of a position.
    pub fn position(&mut self, part: &PartialPosition) {
        self.counters.add_part(part);
    }

    /// Returns the index and the positions.
    pub fn finish(self) -> Outcome<(Index, Counters)> {
        for (store, entries) in self.stores.of_sides.iter().zip(self.entries) {
            entries.finish(store)?;
        }
        self.claims.finish(&self.stores.claims)?;
        Ok((Index { stores: self.stores, revoked: Vec::new() }, self.counters))
    }
}
