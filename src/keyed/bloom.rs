//! A Bloom filter of the keys that the register holds, asked while rows are read.
//!
//! A settlement that cleared in an earlier period and is delivered again is a break, and a break needs the values of its
//! copies. The match looks keys up in the register, but then the rows are no longer at hand: they would have to be read
//! again, and a few such rows are in almost every page. So late rows are asked about at once. The filter never denies a
//! key of the register. It takes one in thirty other keys for a key of the register; the values of these rows are kept
//! for nothing.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// Keys for each word of the filter.
const KEYS_OF_WORD: u64 = 4;

/// A blocked Bloom filter: each key sets two bits of one 64-bit word, so that a question loads one cache line.
#[derive(Debug, Default)]
pub struct BloomFilter(Vec<AtomicU64>);

impl BloomFilter {
    /// A filter for so many keys.
    pub fn with_capacity(keys: u64) -> BloomFilter {
        let words = usize::try_from(keys.div_ceil(KEYS_OF_WORD)).unwrap_or(usize::MAX);
        BloomFilter((0..words).map(|_| AtomicU64::new(0)).collect())
    }

    /// Bytes of a filter for so many keys.
    pub const fn bytes(keys: u64) -> u64 {
        keys.div_ceil(KEYS_OF_WORD).saturating_mul(8)
    }

    /// Adds a key by its hash.
    pub fn add(&self, hash: u64) {
        if let Some(word) = self.0.get(self.place(hash)) {
            word.fetch_or(bits(hash), Relaxed);
        }
    }

    /// Whether a key may have been added: never false for a key that was.
    pub fn may_contain(&self, hash: u64) -> bool {
        let word = self.0.get(self.place(hash));
        word.is_some_and(|word| word.load(Relaxed) & bits(hash) == bits(hash))
    }

    /// The first bits choose the word: hashes in their order go through the table in its order.
    #[expect(clippy::cast_possible_truncation, reason = "below the length of the table")]
    fn place(&self, hash: u64) -> usize {
        ((u128::from(hash) * self.0.len() as u128) >> 64) as usize
    }
}

/// The last bits of a hash choose the bits of its word.
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
