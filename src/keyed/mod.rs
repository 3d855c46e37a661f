//! Settlements by key: a few bytes of each, in memory or spilled to disk.
//!
//! **Purpose.** Hold one small value for each settlement, partitioned and sorted by its key, also when memory does not
//! hold all of them.
//!
//! **In.** Values with keys.
//!
//! **Out.** Partitions, sorted tables, a Bloom filter of keys.
//!
//! **Invariants.** Partitions are in the order of keys. Spilled items come back unchanged.

pub mod bloom;
pub mod chunks;
pub mod entry;
pub mod key;
pub mod packed;
pub mod registered;
pub mod sorted;
pub mod store;
