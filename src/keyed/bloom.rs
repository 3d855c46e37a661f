//! Which keys the register may hold: a table of bits, asked while rows are read.
//!
//! A settlement that cleared in an earlier period and is delivered again is a break, for which the values of
//! its copies are needed. The match, which looks the register up, would find that out when nothing is at
//! hand any more, and a few such rows are in almost every page. So the rows that are late are asked about at
//! once: no key of the register is denied, one in thirty others is taken for one and kept for nothing.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// Keys for each word of the table.
const KEYS_OF_WORD: u64 = 4;

/// Some keys, as bits; two of one word for each.
#[derive(Debug, Default)]
pub struct Familiar(Vec<AtomicU64>);

impl Familiar {
    /// A table for so many keys.
    pub fn with_room(keys: u64) -> Familiar {
        let words = usize::try_from(keys.div_ceil(KEYS_OF_WORD)).unwrap_or(usize::MAX);
        Familiar((0..words).map(|_| AtomicU64::new(0)).collect())
    }

    /// Bytes of a table for so many keys.
    pub const fn bytes(keys: u64) -> u64 {
        keys.div_ceil(KEYS_OF_WORD).saturating_mul(8)
    }

    /// Takes a key in, by its hash.
    pub fn add(&self, hash: u64) {
        if let Some(word) = self.0.get(self.place(hash)) {
            word.fetch_or(bits(hash), Relaxed);
        }
    }

    /// Whether a key may have been taken in.
    pub fn may_have(&self, hash: u64) -> bool {
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
        let familiar = Familiar::with_room(100_000);
        (0..100_000).for_each(|n| familiar.add(hash(n)));
        assert!((0..100_000).all(|n| familiar.may_have(hash(n))));
        let mistaken = (100_000..200_000).filter(|n| familiar.may_have(hash(*n))).count();
        assert!(mistaken < 4_000, "{mistaken}");
        assert!(!Familiar::default().may_have(7));
    }
}
