//! Credentials that several persons have used: found by digests, before any row is looked at.

use std::path::Path;

use rayon::prelude::*;
use xxhash_rust::xxh3::xxh3_64;

use super::keys::{RowBits, RowStates};
use crate::{
    diag::Outcome,
    event::Monitor,
    keyed::{
        key::Key,
        store::{Partitioning, Storable, Store},
    },
};

/// A credential that a row names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct CredentialUse {
    token: u128,
    person: u64,
    ordinal: u64,
}

impl CredentialUse {
    /// Makes the use of a credential by a person.
    pub fn of(token: u128, psn_no: &str, ordinal: u64) -> CredentialUse {
        CredentialUse { token, person: xxh3_64(psn_no.as_bytes()), ordinal }
    }
}

impl Storable for CredentialUse {
    type Bytes = [u8; 32];

    fn to_bytes(self) -> [u8; 32] {
        let mut bytes = [0; 32];
        bytes[..16].copy_from_slice(&self.token.to_le_bytes());
        bytes[16..24].copy_from_slice(&self.person.to_le_bytes());
        bytes[24..].copy_from_slice(&self.ordinal.to_le_bytes());
        bytes
    }

    fn from_bytes(bytes: &[u8; 32]) -> CredentialUse {
        let half = |from: usize| u64::from_le_bytes(std::array::from_fn(|at| bytes[from + at]));
        CredentialUse {
            token: u128::from(half(0)) | u128::from(half(8)) << 64,
            person: half(16),
            ordinal: half(24),
        }
    }
}

/// The uses of all credentials.
pub struct CredentialUses(Store<CredentialUse>);

impl CredentialUses {
    /// Makes an empty store for so many rows, within `bytes` of memory, with its spill file in a folder.
    pub fn new(rows: u64, bytes: usize, scratch: &Path) -> CredentialUses {
        let spill = scratch.join("credentials");
        CredentialUses(Store::new(Partitioning::for_rows(rows), rows, bytes, spill))
    }

    /// Adds uses.
    pub fn push(&self, uses: &[CredentialUse]) -> Outcome<()> {
        let partitioning = self.0.partitioning();
        let of =
            |one: &CredentialUse| partitioning.of(Key { hash: (one.token >> 64) as u64, check: 0 });
        let mut sorted = uses.to_vec();
        sorted.sort_unstable_by_key(of);
        sorted.chunk_by(|a, b| of(a) == of(b)).try_for_each(|some| self.0.push(of(&some[0]), some))
    }

    /// Marks the settlements, of `rows` rows, whose credential so many `persons` have used.
    pub fn shared(
        self,
        persons: u64,
        rows: u64,
        states: &RowStates,
        monitor: &Monitor,
    ) -> Outcome<RowBits> {
        let shared = RowBits::new(rows);
        (0..self.0.partitioning().count()).into_par_iter().try_for_each(|partition| {
            monitor.check()?;
            let mut uses = self.0.take(partition)?;
            uses.retain(|one| {
                !states.dropped.has(one.ordinal) && !states.reversed.has(one.ordinal)
            });
            uses.sort_unstable();
            for of_token in uses.chunk_by(|a, b| a.token == b.token) {
                let by_person = of_token.chunk_by(|a, b| a.person == b.person);
                if by_person.count() as u64 >= persons {
                    for one in of_token {
                        shared.set(one.ordinal);
                    }
                }
            }
            Ok(())
        })?;
        Ok(shared)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_use_comes_back_from_disk() {
        let one = CredentialUse::of(u128::MAX - 5, "P1", 1 << 33);
        assert_eq!(CredentialUse::from_bytes(&one.to_bytes()), one);
    }
}
