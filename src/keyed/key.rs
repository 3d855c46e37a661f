//! Keys of settlements.

use xxhash_rust::xxh3::xxh3_128;

/// A settlement's key: 96 bits of the stable hash of its setl_id.
///
/// A collision between the keys of a national month and of ten years of register (2.4·10^7 and 3·10^9) has a
/// probability of 10^-12. Within a delivery every doubt is decided on the values. If two different settlements of one
/// key both clear in one period, the run fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    /// The part by which keys are ordered and partitioned.
    pub hash: u64,
    /// The part that tells keys of one hash apart.
    pub check: u32,
}

impl Key {
    /// The key of a setl_id.
    pub fn of(setl_id: &str) -> Key {
        Key::and_rest(setl_id).0
    }

    /// Returns the key, and the 64 bits of the hash that fingerprints start from.
    #[expect(clippy::cast_possible_truncation, reason = "the hash is cut into parts")]
    pub(crate) fn and_rest(setl_id: &str) -> (Key, u64) {
        let hash = xxh3_128(setl_id.as_bytes());
        (Key { hash: (hash >> 64) as u64, check: hash as u32 }, hash as u64)
    }
}

/// An item with a key. Lists of such items are sorted by it.
pub trait Keyed {
    /// The key.
    fn key(&self) -> Key;
}

impl Keyed for Key {
    fn key(&self) -> Key {
        *self
    }
}

/// Returns the items of a sorted list whose hashes lie between two hashes, both included.
pub(crate) fn within<K: Keyed>(list: &[K], first: u64, last: u64) -> &[K] {
    let start = list.partition_point(|keyed| keyed.key().hash < first);
    let end = list.partition_point(|keyed| keyed.key().hash <= last);
    &list[start..end.max(start)]
}
