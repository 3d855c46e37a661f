//! Random draws: counter-based hashing, and tables for skewed distributions.
#![expect(
    clippy::disallowed_types,
    clippy::float_arithmetic,
    clippy::cast_possible_truncation,
    reason = "tables of synthetic values, not money on its way through the engine"
)]
// Only + − × ÷ are used on floats. IEEE 754 defines their results exactly, so the tables are equal on every machine.
// exp() and ln() of a platform's library have no such guarantee.

const GOLDEN: u64 = 0x9E37_79B9_7F4A_7C15;

/// Mixes a number: the finalizer of splitmix64. Every input bit affects all output bits.
pub(super) const fn mix(value: u64) -> u64 {
    let value = (value ^ (value >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    value ^ (value >> 31)
}

/// Hashes a counter under a base.
pub(super) const fn hash_at(base: u64, counter: u64) -> u64 {
    mix(base.wrapping_add(counter.wrapping_mul(GOLDEN)))
}

/// A sequence of hashes that starts from a seed.
pub(super) struct Draw(u64);

impl Draw {
    /// Starts the sequence of a seed.
    pub(super) const fn new(seed: u64) -> Draw {
        Draw(seed)
    }

    /// Returns the next 64 bits.
    pub(super) const fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(GOLDEN);
        mix(self.0)
    }

    /// Returns a number below `limit`, drawn from the next hash.
    pub(super) const fn below(&mut self, limit: u64) -> u64 {
        below(self.bits() >> 32, limit)
    }
}

/// Scales 32 random bits to a number below `limit` (at most 2^32).
pub(super) const fn below(bits: u64, limit: u64) -> u64 {
    ((bits & 0xFFFF_FFFF) * limit) >> 32
}

/// A lognormal distribution of amounts, as a table of 4,097 points.
pub(super) struct Lognormal {
    table: Vec<i64>,
}

impl Lognormal {
    /// Makes the distribution with this mean (in fen) and spread (in hundredths of the logarithm).
    pub(super) fn new(mean: u32, spread: u32) -> Lognormal {
        let spread = f64::from(spread) / 100.0;
        // The normal variable is √3 · the sum of four uniform variables from −½ to ½.
        let half = spread * SQRT_3 / 2.0;
        let one = (exp(half) - exp(-half)) / (2.0 * half);
        let scale = f64::from(mean) / (one * one * one * one);
        let point = |index: i32| {
            let z = (f64::from(index) / 1024.0 - 2.0) * SQRT_3;
            (scale * exp(spread * z)) as i64
        };
        Lognormal { table: (0..=4096).map(point).collect() }
    }

    /// Returns an amount in fen for 64 random bits.
    pub(super) fn fen(&self, bits: u64) -> i64 {
        let sum = (bits & 0xFFFF) + (bits >> 16 & 0xFFFF) + (bits >> 32 & 0xFFFF) + (bits >> 48);
        let place = (sum >> 6) as usize;
        let (low, high) = (self.table[place], self.table[place + 1]);
        (low + (high - low) * (sum & 63).cast_signed() / 64).max(100)
    }
}

const SQRT_3: f64 = 1.732_050_807_568_877_2;

/// Returns e^x for small |x|, from the series of x ÷ 1024.
fn exp(x: f64) -> f64 {
    let x = x / 1024.0;
    let mut sum = 1.0;
    let mut term = 1.0;
    for n in 1..12 {
        term = term * x / f64::from(n);
        sum += term;
    }
    for _ in 0..10 {
        sum *= sum;
    }
    sum
}

/// A Zipf distribution: the weight of rank r (0 to n − 1) is 1 ÷ (r + 4).
pub(super) struct Zipf {
    /// The first rank of each 1024th part of the weight.
    table: Vec<u16>,
}

impl Zipf {
    /// Makes the distribution over `n` ranks.
    pub(super) fn new(n: u16) -> Zipf {
        let weight = |rank: u16| (1u64 << 40) / (u64::from(rank) + 4);
        let total: u64 = (0..n).map(weight).sum();
        let mut table = Vec::with_capacity(1025);
        let (mut rank, mut reached) = (0, weight(0));
        for part in 0..1024u64 {
            while rank + 1 < n && reached <= total / 1024 * part {
                rank += 1;
                reached += weight(rank);
            }
            table.push(rank);
        }
        table.push(n.saturating_sub(1));
        Zipf { table }
    }

    /// Returns a rank for 32 random bits.
    pub(super) fn rank(&self, bits: u64) -> usize {
        let part = (bits & 0x3FF) as usize;
        let (low, high) = (self.table[part], self.table[part + 1]);
        usize::from(low) + (((bits >> 10 & 0xF_FFFF) * u64::from(high - low + 1)) >> 20) as usize
    }
}

/// A permutation of the numbers below a limit: a Feistel network with cycle walking.
pub(super) struct Permutation {
    limit: u64,
    half: u32,
    keys: [u64; 3],
}

impl Permutation {
    /// Makes the permutation of a seed.
    pub(super) const fn new(limit: u64, seed: u64) -> Permutation {
        let bits = 64 - limit.saturating_sub(1).leading_zeros();
        let half = if bits < 2 { 1 } else { bits.div_ceil(2) };
        Permutation { limit, half, keys: [hash_at(seed, 1), hash_at(seed, 2), hash_at(seed, 3)] }
    }

    /// Returns the image of a number.
    pub(super) fn apply(&self, number: u64) -> u64 {
        let mask = (1u64 << self.half) - 1;
        let mut value = number;
        loop {
            for key in self.keys {
                let (high, low) = (value >> self.half, value & mask);
                value = low << self.half | (high ^ mix(low ^ key) & mask);
            }
            if value < self.limit {
                return value;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lognormal_has_its_mean() {
        let amounts = Lognormal::new(2_430_000, 90);
        let count = 400_000;
        let sum: i64 = (0..count).map(|n| amounts.fen(hash_at(7, n))).sum();
        let mean = sum / count.cast_signed();
        assert!((2_400_000..2_460_000).contains(&mean), "{mean}");
    }

    #[test]
    fn zipf_reaches_every_rank() {
        for n in [1u16, 2, 50, 5000] {
            let zipf = Zipf::new(n);
            let mut seen = vec![0u32; n.into()];
            for draw in 0..400_000 {
                seen[zipf.rank(hash_at(3, draw))] += 1;
            }
            assert!(seen.iter().all(|count| *count > 0), "{n}");
            assert!(seen[0] >= seen[usize::from(n) - 1]);
        }
    }

    #[test]
    fn permutation_is_one() {
        for limit in [1u64, 2, 3, 10, 1000] {
            let permutation = Permutation::new(limit, 9);
            let mut seen: Vec<u64> = (0..limit).map(|n| permutation.apply(n)).collect();
            seen.sort_unstable();
            assert!(seen.iter().copied().eq(0..limit));
        }
    }
}
