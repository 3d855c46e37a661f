//! Parcels, which executors send: copies, parts of positions, reports. Each is bytes behind a tag.
//!
//! A copy is sent with the hash of its key, and copies of one hash come together in one group. [`meet`] turns a group
//! into a claim if it has exactly two copies, one of each side, both plain and with equal fingerprints. Every other
//! group passes unchanged and is decided later, except that parts of positions are added up.

use serde::{Deserialize, Serialize};

use crate::{
    diag::Finding,
    ingest::survey::{Reject, Survey},
    keyed::{
        entry::{Claim, Entry},
        store::Storable,
    },
    model::codes::Side,
    reconcile::counters::PartialPosition as Position,
};

/// A parcel.
#[derive(Debug)]
pub(super) enum Parcel {
    /// A claim: two copies that met.
    Claim(Claim),
    /// A copy.
    Copy(Side, Entry),
    /// A part of a position.
    Position(Position),
    /// A report about the reading.
    Report(Box<Report>),
}

/// A report about the reading of a part of the delivery.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Report {
    /// A part was read. Its rejects and findings come in reports of their own, because there may be many.
    Read {
        /// The number of the part.
        part: u32,
        /// All other results of the part.
        survey: Box<Survey>,
        /// The number of other reports of the part.
        reports: u64,
    },
    /// A row that broke a rule.
    Reject(u32, Reject),
    /// A finding that refuses the delivery.
    Finding(Finding),
}

/// The error of bytes that are not parcels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("parcels in disorder")]
pub(super) struct Disorder;

mod tag {
    pub(super) const CLAIM: u8 = 0;
    pub(super) const TREATING: u8 = 1;
    pub(super) const INSURED: u8 = 2;
    pub(super) const POSITION: u8 = 3;
    pub(super) const REPORT: u8 = 4;
}

const COPY_BYTES: usize = size_of::<<Entry as Storable>::Bytes>();
const CLAIM_BYTES: usize = size_of::<<Claim as Storable>::Bytes>();
const POSITION_BYTES: usize = size_of::<Position>();

impl Parcel {
    /// Appends the parcel to bytes.
    pub(super) fn pack(&self, into: &mut Vec<u8>) -> Result<(), Disorder> {
        match self {
            Parcel::Claim(claim) => {
                into.push(tag::CLAIM);
                into.extend(claim.to_bytes());
            }
            Parcel::Copy(side, entry) => pack_copy(*side, *entry, into),
            Parcel::Position(part) => pack_position(part, into),
            Parcel::Report(report) => {
                let bytes = postcard::to_allocvec(report).map_err(|_| Disorder)?;
                into.push(tag::REPORT);
                into.extend(u32::try_from(bytes.len()).map_err(|_| Disorder)?.to_le_bytes());
                into.extend(bytes);
            }
        }
        Ok(())
    }

    /// Removes the first parcel from bytes and returns it, or `None` at the end.
    pub(super) fn unpack(bytes: &mut &[u8]) -> Result<Option<Parcel>, Disorder> {
        let Some((tag, rest)) = bytes.split_first() else { return Ok(None) };
        *bytes = rest;
        let parcel = match *tag {
            tag::CLAIM => Parcel::Claim(Claim::from_bytes(read_array::<CLAIM_BYTES>(bytes)?)),
            tag::TREATING => Parcel::Copy(Side::Treating, Entry::from_bytes(read_array(bytes)?)),
            tag::INSURED => Parcel::Copy(Side::Insured, Entry::from_bytes(read_array(bytes)?)),
            tag::POSITION => {
                let numbers = read_array::<POSITION_BYTES>(bytes)?.as_chunks::<8>().0;
                Parcel::Position(std::array::from_fn(|at| i64::from_le_bytes(numbers[at])))
            }
            tag::REPORT => {
                let length = u32::from_le_bytes(*read_array(bytes)?);
                let (report, rest) = bytes.split_at_checked(length as usize).ok_or(Disorder)?;
                *bytes = rest;
                Parcel::Report(postcard::from_bytes(report).map_err(|_| Disorder)?)
            }
            _ => return Err(Disorder),
        };
        Ok(Some(parcel))
    }
}

fn read_array<'b, const N: usize>(bytes: &mut &'b [u8]) -> Result<&'b [u8; N], Disorder> {
    let (first, rest) = bytes.split_first_chunk().ok_or(Disorder)?;
    *bytes = rest;
    Ok(first)
}

/// Appends a copy to bytes.
pub(super) fn pack_copy(side: Side, entry: Entry, into: &mut Vec<u8>) {
    into.push(if side == Side::Treating { tag::TREATING } else { tag::INSURED });
    into.extend(entry.to_bytes());
}

fn pack_position(part: &Position, into: &mut Vec<u8>) {
    into.push(tag::POSITION);
    into.extend(part.iter().flat_map(|number| number.to_le_bytes()));
}

/// Appends what a group of one hash becomes.
pub(super) fn meet(group: &[u8], into: &mut Vec<u8>) -> Result<(), Disorder> {
    if group.len() == 2 * (1 + COPY_BYTES)
        && let Some(claim) = claim(group)
    {
        return Parcel::Claim(claim).pack(into);
    }
    if group.first() == Some(&tag::POSITION) && group.len() > 1 + POSITION_BYTES {
        return add_up(group, into);
    }
    into.extend(group);
    Ok(())
}

/// Returns the claim of two copies, if they clear. The caller checks the length, so no third copy can be lost.
fn claim(group: &[u8]) -> Option<Claim> {
    debug_assert_eq!(group.len(), 2 * (1 + COPY_BYTES));
    let (mut treating, mut insured) = (None, None);
    let mut rest = group;
    while let Some(Parcel::Copy(side, entry)) = Parcel::unpack(&mut rest).ok()? {
        *(if side == Side::Treating { &mut treating } else { &mut insured }) = Some(entry);
    }
    let (treating, insured) = (treating?, insured?);
    let equal = treating.hash == insured.hash && treating.fingerprint == insured.fingerprint;
    let clears = equal && treating.plain.is_some() && insured.plain.is_some();
    clears.then(|| Claim::of(&treating, &insured))
}

/// Adds up the parts of positions in a group. Where a sum would overflow, a part stays separate.
fn add_up(group: &[u8], into: &mut Vec<u8>) -> Result<(), Disorder> {
    let mut sums: Vec<Position> = Vec::new();
    let mut rest = group;
    while let Some(parcel) = Parcel::unpack(&mut rest)? {
        let Parcel::Position(part) = parcel else {
            parcel.pack(into)?;
            continue;
        };
        let mut added = sums.iter_mut().filter(|sum| sum[0] == part[0]);
        let added = added.find_map(|sum| Some((plus(sum, &part)?, sum)));
        match added {
            Some((both, sum)) => *sum = both,
            None => sums.push(part),
        }
    }
    for sum in &sums {
        pack_position(sum, into);
    }
    Ok(())
}

/// Adds two parts of one position, or returns `None` on overflow.
fn plus(one: &Position, other: &Position) -> Option<Position> {
    let mut both = *one;
    for (sum, more) in both[1..].iter_mut().zip(&other[1..]) {
        *sum = sum.checked_add(*more)?;
    }
    Some(both)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{model::media::Medium, text::Text};

    fn entry(ordinal: u32) -> Entry {
        Entry {
            hash: 9 << 60,
            check: 3,
            ordinal,
            fingerprint: 17,
            payable: 5,
            group: 8,
            plain: Some(Medium::default()),
            valued: false,
        }
    }

    fn met(parcels: &[Parcel]) -> Vec<Parcel> {
        let (mut group, mut bytes) = (Vec::new(), Vec::new());
        parcels.iter().try_for_each(|parcel| parcel.pack(&mut group)).expect("packed");
        meet(&group, &mut bytes).expect("met");
        let mut rest = &bytes[..];
        std::iter::from_fn(|| Parcel::unpack(&mut rest).expect("in order")).collect()
    }

    #[test]
    fn two_equal_plain_copies_of_both_sides_are_a_claim() {
        let (treating, insured) = (entry(1), entry(2));
        for pair in [[Side::Treating, Side::Insured], [Side::Insured, Side::Treating]] {
            let of = |side| if side == Side::Treating { treating } else { insured };
            let met = met(&pair.map(|side| Parcel::Copy(side, of(side))));
            let [Parcel::Claim(claim)] = &met[..] else { panic!("{met:?}") };
            assert_eq!(*claim, Claim::of(&treating, &entry(2)));
        }
    }

    #[test]
    fn whatever_else_meets_stays_as_it_is() {
        let copy = |side, entry| Parcel::Copy(side, entry);
        let (treating, insured) = (Side::Treating, Side::Insured);
        let groups = [
            vec![copy(treating, entry(1))],
            vec![copy(treating, entry(1)), copy(treating, entry(2))],
            vec![copy(treating, entry(1)), copy(insured, Entry { fingerprint: 1, ..entry(2) })],
            vec![copy(treating, entry(1)), copy(insured, Entry { plain: None, ..entry(2) })],
            vec![copy(treating, entry(1)), copy(insured, entry(2)), copy(insured, entry(3))],
        ];
        for group in groups {
            let met = met(&group);
            assert_eq!(format!("{met:?}"), format!("{group:?}"));
        }
    }

    #[test]
    fn parts_of_a_position_add_up_and_nothing_else_is_lost() {
        let part = |key, amount| {
            let mut part = [1; 15];
            (part[0], part[14]) = (key, amount);
            part
        };
        let parts = [part(7, 1), part(8, 2), part(7, 3), part(7, i64::MAX), part(7, 1)];
        let mut parcels: Vec<Parcel> = parts.map(Parcel::Position).into();
        parcels.push(Parcel::Copy(Side::Insured, entry(4)));
        let met = met(&parcels);
        let copies = met.iter().filter(|parcel| matches!(parcel, Parcel::Copy(..))).count();
        let sum = |key: i64, at: usize| -> i128 {
            let of_key = met.iter().filter_map(|parcel| match parcel {
                Parcel::Position(part) if part[0] == key => Some(i128::from(part[at])),
                _ => None,
            });
            of_key.sum()
        };
        assert_eq!((met.len(), copies), (4, 1));
        assert_eq!((sum(7, 1), sum(7, 14)), (4, i128::from(i64::MAX) + 5));
        assert_eq!((sum(8, 1), sum(8, 14)), (1, 2));
    }

    #[test]
    fn reports_come_back_and_bytes_in_disorder_are_told() {
        let reject = Reject { file: 0, row: 5, setl_id: None, rules: "V01".to_owned() };
        let finding = Finding::new(
            crate::diag::Code::F02,
            "treating/a",
            text!("footer"),
            Text::given("short"),
        );
        let reports = [
            Report::Read { part: 3, survey: Box::default(), reports: 2 },
            Report::Reject(1, reject),
            Report::Finding(finding),
        ];
        for report in reports {
            let written = format!("{report:?}");
            let mut bytes = Vec::new();
            Parcel::Report(Box::new(report)).pack(&mut bytes).expect("packed");
            for cut in 1..bytes.len() {
                assert!(Parcel::unpack(&mut &bytes[..cut]).is_err());
            }
            let mut rest = &bytes[..];
            let Ok(Some(Parcel::Report(report))) = Parcel::unpack(&mut rest) else {
                panic!("{written}")
            };
            assert_eq!(format!("{report:?}"), written);
        }
        assert!(Parcel::unpack(&mut &[9u8][..]).is_err());
    }
}
