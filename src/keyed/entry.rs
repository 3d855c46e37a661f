//! Records of the index: an entry of a row, a claim, a cleared settlement, a match in the register.

use super::{
    key::{Key, Keyed},
    registered::{Registered, RegisteredKind},
    store::Storable,
};
use crate::model::{group::Group, media::Medium, money::Fen};

impl Storable for Key {
    type Bytes = [u8; 12];

    fn to_bytes(self) -> [u8; 12] {
        let mut bytes = [0; 12];
        bytes[0..8].copy_from_slice(&self.hash.to_le_bytes());
        bytes[8..12].copy_from_slice(&self.check.to_le_bytes());
        bytes
    }

    fn from_bytes(bytes: &[u8; 12]) -> Key {
        let check = u32::from_le_bytes(part(bytes, 8));
        Key { hash: u64::from_le_bytes(part(bytes, 0)), check }
    }
}

impl Keyed for Entry {
    fn key(&self) -> Key {
        Key { hash: self.hash, check: self.check }
    }
}

/// The entry of a valid row in the index (32 bytes).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Entry {
    /// The part of the key by which entries are ordered and partitioned.
    pub hash: u64,
    /// The part of the key that tells keys of one hash apart.
    pub check: u32,
    /// Position of the row on its side: by file, then by row.
    pub ordinal: u32,
    /// A hash of setl_id and every compared field.
    pub fingerprint: u64,
    /// Payable in fen; 0 in an entry that is not plain.
    pub payable: u32,
    /// Number of its group.
    pub group: u16,
    /// The medium of a plain row, about which only its partner decides: it is no reversal, it is in time, its payable
    /// fits 32 bits.
    pub plain: Option<Medium>,
    /// Whether its values are in the store of copies in doubt.
    pub valued: bool,
}

impl Storable for Entry {
    type Bytes = [u8; 32];

    fn to_bytes(self) -> [u8; 32] {
        let mut bytes = [0; 32];
        bytes[0..8].copy_from_slice(&self.hash.to_le_bytes());
        bytes[8..12].copy_from_slice(&self.check.to_le_bytes());
        bytes[12..16].copy_from_slice(&self.ordinal.to_le_bytes());
        bytes[16..24].copy_from_slice(&self.fingerprint.to_le_bytes());
        bytes[24..28].copy_from_slice(&self.payable.to_le_bytes());
        bytes[28..30].copy_from_slice(&self.group.to_le_bytes());
        bytes[30] = self.plain.map_or(u8::MAX, |medium| medium as u8);
        bytes[31] = u8::from(self.valued);
        bytes
    }

    fn from_bytes(bytes: &[u8; 32]) -> Entry {
        Entry {
            hash: u64::from_le_bytes(part(bytes, 0)),
            check: u32::from_le_bytes(part(bytes, 8)),
            ordinal: u32::from_le_bytes(part(bytes, 12)),
            fingerprint: u64::from_le_bytes(part(bytes, 16)),
            payable: u32::from_le_bytes(part(bytes, 24)),
            group: u16::from_le_bytes(part(bytes, 28)),
            plain: Medium::ALL.get(usize::from(bytes[30])).copied(),
            valued: bytes[31] != 0,
        }
    }
}

/// A pair of copies with equal entries: a settlement that clears unless the match finds a doubt.
///
/// There is one for each settlement. The hash is two `u32`, so that the alignment is 4 and the size 28 bytes, not 32.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Claim {
    hash: [u32; 2],
    check: u32,
    /// Ordinals of the treating and of the insured row.
    pub ordinals: [u32; 2],
    /// Payable in fen.
    pub payable: u32,
    /// Number of its group.
    pub group: u16,
    /// The medium of the treating row, or else of the insured row.
    pub medium: Medium,
}

impl Claim {
    /// Makes a claim of a treating entry and its equal insured entry.
    #[expect(clippy::cast_possible_truncation, reason = "the hash is cut into halves")]
    pub fn of(treating: &Entry, insured: &Entry) -> Claim {
        let [of_treating, of_insured] =
            [treating, insured].map(|entry| entry.plain.unwrap_or_default());
        Claim {
            hash: [(treating.hash >> 32) as u32, treating.hash as u32],
            check: treating.check,
            ordinals: [treating.ordinal, insured.ordinal],
            payable: treating.payable,
            group: treating.group,
            medium: of_treating.or(of_insured),
        }
    }

    /// The part of the key by which settlements are ordered and partitioned.
    pub const fn hash(&self) -> u64 {
        (self.hash[0] as u64) << 32 | self.hash[1] as u64
    }
}

impl Keyed for Claim {
    fn key(&self) -> Key {
        Key { hash: self.hash(), check: self.check }
    }
}

impl Storable for Claim {
    type Bytes = [u8; 28];

    fn to_bytes(self) -> [u8; 28] {
        let mut bytes = [0; 28];
        let [high, low] = self.hash;
        let [treating, insured] = self.ordinals;
        let last = u32::from(self.group) | (self.medium as u32) << 16;
        let words = [high, low, self.check, treating, insured, self.payable, last];
        for (place, word) in bytes.as_chunks_mut::<4>().0.iter_mut().zip(words) {
            *place = word.to_le_bytes();
        }
        bytes
    }

    #[expect(clippy::cast_possible_truncation, reason = "a group has 16 bits")]
    fn from_bytes(bytes: &[u8; 28]) -> Claim {
        let word = |at: usize| u32::from_le_bytes(part(bytes, at * 4));
        Claim {
            hash: [word(0), word(1)],
            check: word(2),
            ordinals: [word(3), word(4)],
            payable: word(5),
            group: word(6) as u16,
            medium: Medium::ALL[(word(6) >> 16) as usize % Medium::ALL.len()],
        }
    }
}

/// A settlement that cleared on the entries of its two copies, with all that the register keeps of it.
///
/// There is one for each settlement, from the match to the end of the run. Every number is cut into `u16`, so that the
/// alignment is 2 and the size 18 bytes: hash (4 parts), check (2), payable (2), group (1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cleared([u16; 9]);

impl Cleared {
    /// Makes a cleared settlement of a claim.
    #[expect(clippy::cast_possible_truncation, reason = "the numbers are cut into parts")]
    pub const fn of(claim: &Claim) -> Cleared {
        let [high, low] = claim.hash;
        let (check, payable) = (claim.check, claim.payable);
        Cleared([
            (high >> 16) as u16,
            high as u16,
            (low >> 16) as u16,
            low as u16,
            (check >> 16) as u16,
            check as u16,
            (payable >> 16) as u16,
            payable as u16,
            claim.group,
        ])
    }

    const fn word(self, at: usize) -> u32 {
        (self.0[at] as u32) << 16 | self.0[at + 1] as u32
    }

    /// Payable in fen.
    pub const fn payable(self) -> u32 {
        self.word(6)
    }

    /// Number of its group.
    pub const fn group(self) -> u16 {
        self.0[8]
    }
}

impl Keyed for Cleared {
    fn key(&self) -> Key {
        let hash = u64::from(self.word(0)) << 32 | u64::from(self.word(2));
        Key { hash, check: self.word(4) }
    }
}

impl Storable for Cleared {
    type Bytes = [u8; 18];

    fn to_bytes(self) -> [u8; 18] {
        let mut bytes = [0; 18];
        for (place, part) in bytes.as_chunks_mut::<2>().0.iter_mut().zip(self.0) {
            *place = part.to_le_bytes();
        }
        bytes
    }

    fn from_bytes(bytes: &[u8; 18]) -> Cleared {
        Cleared(std::array::from_fn(|at| u16::from_le_bytes(part(bytes, at * 2))))
    }
}

/// A settlement that is in the register or will be, with its entry there.
pub type RegisterMatch = (Key, Registered);

impl Keyed for RegisterMatch {
    fn key(&self) -> Key {
        self.0
    }
}

impl Storable for RegisterMatch {
    type Bytes = [u8; 25];

    fn to_bytes(self) -> [u8; 25] {
        let (key, Registered { kind, payable, group, earlier }) = self;
        let mut bytes = [0; 25];
        bytes[0..12].copy_from_slice(&key.to_bytes());
        bytes[12..20].copy_from_slice(&payable.fen().to_le_bytes());
        bytes[20..22].copy_from_slice(&group.map_or(u16::MAX, Group::number).to_le_bytes());
        bytes[22] = kind as u8;
        bytes[23..25].copy_from_slice(&earlier.unwrap_or(u16::MAX).to_le_bytes());
        bytes
    }

    fn from_bytes(bytes: &[u8; 25]) -> RegisterMatch {
        let earlier = u16::from_le_bytes(part(bytes, 23));
        let registered = Registered {
            kind: RegisteredKind::ALL[usize::from(bytes[22])],
            payable: Fen::new(i64::from_le_bytes(part(bytes, 12))),
            group: Group::from_number(u16::from_le_bytes(part(bytes, 20))),
            earlier: (earlier != u16::MAX).then_some(earlier),
        };
        (Key::from_bytes(&part(bytes, 0)), registered)
    }
}

fn part<const N: usize>(bytes: &[u8], at: usize) -> [u8; N] {
    std::array::from_fn(|i| bytes[at + i])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_kinds_come_back_from_their_bytes() {
        let entry = Entry {
            hash: 0x0123_4567_89ab_cdef,
            check: 7,
            ordinal: 9,
            fingerprint: u64::MAX - 2,
            payable: 5,
            group: 8191,
            plain: Some(Medium::SocialCard),
            valued: true,
        };
        assert_eq!(Entry::from_bytes(&entry.to_bytes()), entry);
        let claim = Claim::of(&entry, &Entry { ordinal: 11, ..entry });
        assert_eq!((claim.ordinals, claim.medium), ([9, 11], Medium::SocialCard));
        assert_eq!(Claim::from_bytes(&claim.to_bytes()), claim);
        let cleared = Cleared::of(&claim);
        assert_eq!(Cleared::from_bytes(&cleared.to_bytes()), cleared);
        assert_eq!((cleared.payable(), cleared.group()), (entry.payable, entry.group));
        assert_eq!(cleared.key(), entry.key());
        assert_eq!([size_of::<Entry>(), size_of::<Claim>(), size_of::<Cleared>()], [32, 28, 18]);
    }
}
