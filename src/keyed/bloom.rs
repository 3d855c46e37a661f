//! A Bloom filter of the keys that the register holds, asked while rows are read.
//!
//! A settlement that cleared in an earlier period and is delivered again is a break, and a break needs the values of
//! its copies. The match looks keys up in the register, but by then the rows are gone: they would have to be read
//! again, and a few such rows are in almost every page. So the first read asks the filter about late rows at once.
//! There are no false negatives. The rate of false positives is about one in thirty; it costs the memory for the values
//! of these rows.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// Keys for each word of the filter.
const KEYS_OF_WORD: u64 = 4;

/// A blocked Bloom filter: each key sets two bits of one 64-bit word, so that a look-up loads one cache line.
#[derive(Debug, Default)]
pub struct BloomFilter(Vec<AtomicU64>);

impl BloomFilter {
    /// Makes an empty filter for a number of keys.
    pub fn with_capacity(keys: u64) -> BloomFilter {
        let words = usize::try_from(keys.div_ceil(KEYS_OF_WORD)).unwrap_or(usize::MAX);
        BloomFilter((0..words).map(|_| AtomicU64::new(0)).collect())
    }

    /// Returns the bytes of a filter for a number of keys.
    pub const fn bytes(keys: u64) -> u64 {
        keys.div_ceil(KEYS_OF_WORD).saturating_mul(8)
    }

    /// Adds a key by its hash.
    pub fn add(&self, hash: u64) {
        if let Some(word) = self.0.get(self.place(hash)) {
            // Relaxed: bits are only ever set, and the threads that add keys are joined before any thread asks.
            word.fetch_or(bits(hash), Relaxed);
        }
    }

    /// Whether a key may have been added. It is true for every key that was added.
    pub fn may_contain(&self, hash: u64) -> bool {
        let word = self.0.get(self.place(hash));
        word.is_some_and(|word| word.load(Relaxed) & bits(hash) == bits(hash))
    }

    /// The word of a hash, chosen by its first bits: sorted hashes go through the table from front to back.
    #[expect(clippy::cast_possible_truncation, reason = "below the length of the table")]
    fn place(&self, hash: u64) -> usize {
        ((u128::from(hash) * self.0.len() as u128) >> 64) as usize
    }
}

/// The bits that a hash sets in its word, chosen by its last twelve bits.
const fn bits(hash: u64) -> u64 {
    (1 << (hash & 63)) | (1 << ((hash >> 6) & 63))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_key_is_denied_and_few_others_are_taken_for_one() {
        let hash = |n: u64| n.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let filter = BloomFilter::with_capacity(100_000);
        (0..100_000).for_each(|n| filter.add(hash(n)));
        assert!((0..100_000).all(|n| filter.may_contain(hash(n))));
        let mistaken = (100_000..200_000).filter(|n| filter.may_contain(hash(*n))).count();
        assert!(mistaken < 4_000, "{mistaken}");
        assert!(!BloomFilter::default().may_contain(7));
    }
}
