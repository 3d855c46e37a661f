//! Copies in doubt with all their values, packed, by the partition of their key, until they are settled.
//!
//! Mostly they are few. When a month is sent again or a side is left out, all rows are in doubt: then they spill to
//! disk.

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

/// The packed form of a copy. The facts of the policy are not in it; they are derived again.
pub(super) type PackedCopy<R> = (Side, Option<u32>, Month, R);

/// The store of copies in doubt, and of the keys that they name.
pub struct DoubtfulCopies {
    copies: Store<u8>,
    /// Keys that reversals and deductions name, and that were not yet looked up in the register.
    named: Store<Key>,
    /// The memory for copies in doubt and for the rows of tables that they become.
    pub(super) room: RoomInDoubt,
}

impl DoubtfulCopies {
    /// Makes an empty store for a delivery; `memory` is the bytes that a run may take.
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

    /// Returns how keys are cut into partitions.
    pub const fn partitioning(&self) -> Partitioning {
        self.copies.partitioning()
    }

    /// Adds a copy, and the key that it names if it is a reversal.
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

    /// Adds the key of a settlement that a reversal or a deduction names.
    pub fn name(&self, setl_id: &str) -> Outcome<()> {
        let key = Key::of(setl_id);
        self.named.push(self.partitioning().of(key), &[key])
    }

    /// Removes and returns the keys of a partition that were named since the last call, sorted and distinct.
    pub fn named(&self, partition: usize) -> Outcome<Vec<Key>> {
        let mut named = self.named.take(partition)?;
        named.sort_unstable();
        named.dedup();
        Ok(named)
    }

    /// Returns the bytes of the packed copies of a partition.
    pub fn bytes(&self, partition: usize) -> usize {
        self.copies.len(partition)
    }

    /// Removes and returns the copies of a partition, in any order.
    pub fn take(&self, partition: usize, policy: &Policy, period: Month) -> Outcome<Vec<SideCopy>> {
        unpack_all(&self.copies.take(partition)?, |packed| SideCopy::unpack(packed, policy, period))
    }
}

impl SideCopy {
    /// Unpacks a copy; `policy` is the policy of the period.
    pub(super) fn unpack(
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

    /// Returns its packed form.
    pub(super) fn packed(&self) -> PackedCopy<&Record> {
        (self.side, self.ordinal, self.first_period, &self.record)
    }
}
