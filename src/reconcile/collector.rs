//! An index that is made of what other machines found.

use super::{
    build::{Buffers, Index, Stores},
    memory::Room,
};
use crate::{
    diag::Outcome,
    ingest::delivery::Delivery,
    keyed::{
        entry::{Claim, Entry},
        store::Partitioning,
    },
    model::codes::Side,
    place::staging::Staging,
    reconcile::counters::{Counters, Part},
};

/// Takes claims, entries and parts of positions, in any order; each once.
pub struct Collector {
    stores: Stores,
    entries: [Buffers<Entry>; 2],
    claims: Buffers<Claim>,
    counters: Counters,
}

impl Collector {
    /// An empty one, for a delivery, in so many bytes of memory and beyond them on disk.
    pub fn new(
        delivery: &Delivery,
        partitioning: Partitioning,
        staging: &Staging,
        memory: usize,
    ) -> Collector {
        let room = Room::of_collector(delivery, memory);
        let rows = Side::BOTH.map(|side| delivery.rows(side));
        let stores = Stores::new(rows, partitioning, &room, staging);
        let partitions = partitioning.count();
        Collector {
            stores,
            entries: Side::BOTH.map(|_| Buffers::new(partitions)),
            claims: Buffers::new(partitions),
            counters: Counters::default(),
        }
    }

    /// Two copies that are equal, and have a key that no other copy of the delivery has.
    pub fn claim(&mut self, claim: Claim) -> Outcome<()> {
        self.claims.push(&self.stores.claims, claim)
    }

    /// A copy about which more than an equal partner decides.
    pub fn entry(&mut self, side: Side, entry: Entry) -> Outcome<()> {
        let side = side.index();
        self.entries[side].push(&self.stores.of_sides[side], entry)
    }

    /// A part of a position.
    pub fn position(&mut self, part: &Part) {
        self.counters.take(part);
    }

    /// The index.
    pub fn finish(self) -> Outcome<Index> {
        for (store, entries) in self.stores.of_sides.iter().zip(self.entries) {
            entries.finish(store)?;
        }
        self.claims.finish(&self.stores.claims)?;
        Ok(Index { stores: self.stores, revoked: Vec::new(), counters: self.counters })
    }
}
