//! Copies in doubt, with all their values: by the partition of their key, packed, until they are settled.
//!
//! There may be few of them or, when a month is sent again or a side is left out, as many as rows: in memory
//! within a budget, and beyond it on disk.

use super::{
    breaks::SideCopy,
    memory::{PACKED, RoomInDoubt},
};
use crate::{
    diag::{Failure, Outcome},
    ingest::{delivery::Delivery, record::Record},
    keyed::{
        key::Key,
        packed::{pack, unpack_all},
        store::{Partitioning, Store},
    },
    model::codes::{Month, Side},
    place::staging::Staging,
    rules::Policy,
};

/// A copy as it is packed: what the policy makes of it is worked out again.
pub(super) type PackedCopy<R> = (Side, Option<u32>, Month, R);

/// Copies in doubt, and the settlements that are named besides them.
pub struct DoubtfulCopies {
    copies: Store<u8>,
    /// Keys that reversals and deductions name, and that nobody has looked for in the register yet.
    named: Store<Key>,
    /// The memory for them, and for what comes of them.
    pub(super) room: RoomInDoubt,
}

impl DoubtfulCopies {
    /// None yet, of a delivery; `memory` is the bytes that a run may take.
    pub fn new(delivery: &Delivery, memory: usize, staging: &Staging) -> DoubtfulCopies {
        let room = RoomInDoubt::of(delivery, memory);
        let rows = Side::BOTH.map(|side| delivery.rows(side));
        let partitioning = Partitioning::for_rows(rows[0].max(rows[1]));
        let spill = |name| staging.scratch().join(name);
        DoubtfulCopies {
            copies: Store::new(partitioning, room.rows * PACKED, room.values, spill("values")),
            named: Store::new(partitioning, 0, room.named, spill("named")),
            room,
        }
    }

    /// How keys are cut into partitions.
    pub const fn partitioning(&self) -> Partitioning {
        self.copies.partitioning()
    }

    /// Takes a copy.
    pub fn push(
        &self,
        side: Side,
        ordinal: Option<u32>,
        first_period: Month,
        record: &Record,
    ) -> Outcome<()> {
        let partition = self.partitioning().of(Key::of(record.setl_id()));
        let packed: PackedCopy<&Record> = (side, ordinal, first_period, record);
        self.copies.push(partition, &pack(&packed)?)?;
        record.reverses().map_or(Ok(()), |original| self.name(original))
    }

    /// Takes the key of a settlement that something says something about.
    pub fn name(&self, setl_id: &str) -> Outcome<()> {
        let key = Key::of(setl_id);
        self.named.push(self.partitioning().of(key), &[key])
    }

    /// Takes the keys of a partition out that were named since this was last asked, in order.
    pub fn named(&self, partition: usize) -> Outcome<Vec<Key>> {
        let mut named = self.named.take(partition)?;
        named.sort_unstable();
        named.dedup();
        Ok(named)
    }

    /// Bytes that the copies of a partition are packed in.
    pub fn bytes(&self, partition: usize) -> usize {
        self.copies.len(partition)
    }

    /// Takes the copies of a partition out, in no order.
    pub fn take(&self, partition: usize, policy: &Policy, period: Month) -> Outcome<Vec<SideCopy>> {
        unpack_all(&self.copies.take(partition)?, |packed| {
            SideCopy::of_packed(packed, policy, period)
        })
    }
}

impl SideCopy {
    /// The copy that was packed; `policy` is the policy of the period.
    pub(super) fn of_packed(
        packed: PackedCopy<Box<Record>>,
        policy: &Policy,
        period: Month,
    ) -> Outcome<SideCopy> {
        let (side, ordinal, first_period, record) = packed;
        let facts = record.facts(policy, period).ok_or_else(|| {
            Failure::Bug(text!("a valid row of the {} side has no class", side.name()))
        })?;
        Ok(SideCopy { side, ordinal, first_period, record, facts })
    }

    /// What is packed of it.
    pub(super) fn packed(&self) -> PackedCopy<&Record> {
        (self.side, self.ordinal, self.first_period, &self.record)
    }
}
