//! The copies of a settlement that one side has: a row as bytes, and several rows together.

use serde::{Deserialize, Serialize};

use super::holder::Holder;
use crate::{
    diag::{Failure, Outcome},
    model::money::FenSum,
};

/// A valid row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct CopyRow<'a> {
    pub(super) holder: Holder,
    pub(super) is_reversal: bool,
    pub(super) setl_id: &'a [u8],
    pub(super) placed: Placed,
    /// medfee_sumamt, fund_pay_sumamt and acct_pay, in fen.
    pub(super) amounts: [i64; 3],
}

/// The day and the divisions of a row, in the order in which one of several rows is chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Placed {
    /// Time of settlement, in microseconds local time.
    pub(super) time: i64,
    pub(super) insured: u32,
    pub(super) treating: u32,
}

/// An item of a partition.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum PackedItem<'a> {
    /// A valid row.
    Row(CopyRow<'a>),
    /// A difference of the run before, packed.
    Before { setl_id: &'a [u8], difference: &'a [u8] },
}

/// The first byte of an item: the holder of a row and whether it is a reversal, or a difference of the run before.
const REVERSAL: u8 = 0b100;
const BEFORE: u8 = 0b1000;

impl CopyRow<'_> {
    /// Appends the row to bytes. A setl_id that is valid has at most 160 bytes.
    pub(super) fn pack(&self, into: &mut Vec<u8>) {
        let reversal = if self.is_reversal { REVERSAL } else { 0 };
        into.extend([self.holder as u8 | reversal, u8::try_from(self.setl_id.len()).unwrap_or(0)]);
        into.extend_from_slice(self.setl_id);
        into.extend(self.placed.time.to_le_bytes());
        into.extend(self.placed.insured.to_le_bytes());
        into.extend(self.placed.treating.to_le_bytes());
        for amount in self.amounts {
            pack_number(amount, into);
        }
    }
}

/// Appends a difference of the run before to bytes.
pub(super) fn pack_before(setl_id: &str, difference: &[u8], into: &mut Vec<u8>) -> Outcome<()> {
    let lengths = u8::try_from(setl_id.len()).ok().zip(u32::try_from(difference.len()).ok());
    let Some((length, size)) = lengths else { return Err(damaged()) };
    into.extend([BEFORE, length]);
    into.extend_from_slice(setl_id.as_bytes());
    into.extend(size.to_le_bytes());
    into.extend_from_slice(difference);
    Ok(())
}

/// Appends a number: small magnitudes in few bytes.
fn pack_number(number: i64, into: &mut Vec<u8>) {
    let mut rest = (number << 1 ^ number >> 63).cast_unsigned();
    while rest >= 0x80 {
        into.push(rest.to_le_bytes()[0] | 0x80);
        rest >>= 7;
    }
    into.push(rest.to_le_bytes()[0]);
}

/// Shows every item of some bytes.
pub(super) fn unpack_items(
    mut bytes: &[u8],
    mut look: impl FnMut(PackedItem) -> Outcome<()>,
) -> Outcome<()> {
    while !bytes.is_empty() {
        let item = next_item(&mut bytes).ok_or_else(damaged)?;
        look(item)?;
    }
    Ok(())
}

fn next_item<'a>(bytes: &mut &'a [u8]) -> Option<PackedItem<'a>> {
    let [head, length] = chunk(bytes)?;
    let setl_id = bytes.split_off(..usize::from(length))?;
    if head == BEFORE {
        let size = u32::from_le_bytes(chunk(bytes)?);
        let difference = bytes.split_off(..usize::try_from(size).ok()?)?;
        return Some(PackedItem::Before { setl_id, difference });
    }
    let placed = Placed {
        time: i64::from_le_bytes(chunk(bytes)?),
        insured: u32::from_le_bytes(chunk(bytes)?),
        treating: u32::from_le_bytes(chunk(bytes)?),
    };
    let amounts = [next_number(bytes)?, next_number(bytes)?, next_number(bytes)?];
    let holder = *Holder::ALL.get(usize::from(head & !REVERSAL))?;
    let is_reversal = head & REVERSAL != 0;
    Some(PackedItem::Row(CopyRow { holder, is_reversal, setl_id, placed, amounts }))
}

/// Takes the first bytes.
fn chunk<const N: usize>(bytes: &mut &[u8]) -> Option<[u8; N]> {
    let (first, rest) = bytes.split_first_chunk()?;
    *bytes = rest;
    Some(*first)
}

fn next_number(bytes: &mut &[u8]) -> Option<i64> {
    let mut number = 0;
    for shift in (0..64).step_by(7) {
        let byte = *bytes.split_off_first()?;
        number |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some((number >> 1).cast_signed() ^ -(number & 1).cast_signed());
        }
    }
    None
}

fn damaged() -> Failure {
    Failure::Bug(text!("rows on disk are not what they were"))
}

/// The facts of a side that are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct CopyFacts {
    /// medfee, fund and acct.
    pub(super) sums: [FenSum; 3],
    /// −1 for a reversal, else 1; none when rows differ in it.
    pub(super) sign: Option<i8>,
}

/// The rows of a settlement on one side.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct HeldCopies {
    pub(super) rows: u64,
    pub(super) sums: [FenSum; 3],
    /// How many of them are reversals.
    reversals: u64,
    /// The first in the order of [`Placed`].
    pub(super) first: Placed,
}

impl Default for HeldCopies {
    fn default() -> HeldCopies {
        let first = Placed { time: i64::MAX, insured: u32::MAX, treating: u32::MAX };
        HeldCopies { rows: 0, sums: [FenSum::ZERO; 3], reversals: 0, first }
    }
}

impl HeldCopies {
    /// Adds a row.
    pub(super) fn add(&mut self, row: &CopyRow) {
        self.rows += 1;
        self.reversals += u64::from(row.is_reversal);
        self.first = self.first.min(row.placed);
        for (sum, amount) in self.sums.iter_mut().zip(row.amounts) {
            // 2^32 rows of less than 10^16 fen stay far below 128 bits.
            *sum = sum.saturating_add(FenSum::new(amount.into()));
        }
    }

    /// Returns the facts; none where the side has no row.
    pub(super) fn facts(&self) -> Option<CopyFacts> {
        let sign = match self.reversals {
            0 => Some(1),
            reversals if reversals == self.rows => Some(-1),
            _ => None,
        };
        (self.rows > 0).then_some(CopyFacts { sums: self.sums, sign })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(amounts: [i64; 3], is_reversal: bool, time: i64) -> CopyRow<'static> {
        let placed = Placed { time, insured: 340_100, treating: 310_101 };
        CopyRow { holder: Holder::National, is_reversal, setl_id: b"S1", placed, amounts }
    }

    #[test]
    fn items_come_back_as_they_were() {
        let long = [b'x'; 160];
        let rows = [
            row([0, 1, -1], false, 0),
            row([i64::MAX, i64::MIN, 9_999_999_999_999_999], true, -1),
            CopyRow { holder: Holder::Insured, setl_id: &long, ..row([64, -65, 127], true, 5) },
            CopyRow { holder: Holder::Treating, setl_id: b"", ..row([128, 0, 0], false, 5) },
        ];
        let mut bytes = Vec::new();
        rows[..2].iter().for_each(|row| row.pack(&mut bytes));
        pack_before("S2", b"difference", &mut bytes).expect("short");
        rows[2..].iter().for_each(|row| row.pack(&mut bytes));
        let mut found = Vec::new();
        unpack_items(&bytes, |item| {
            found.push(match item {
                PackedItem::Row(row) => rows.iter().position(|one| *one == row),
                PackedItem::Before { setl_id, difference } => {
                    (setl_id == b"S2" && difference == b"difference").then_some(9)
                }
            });
            Ok(())
        })
        .expect("whole");
        assert_eq!(found, [Some(0), Some(1), Some(9), Some(2), Some(3)]);
        let cut = unpack_items(&bytes[..bytes.len() - 1], |_| Ok(()));
        assert_eq!(cut.expect_err("cut off").exit_status(), 1);
    }

    #[test]
    fn rows_of_a_side_add_up_and_their_sign_is_null_when_they_differ() {
        let mut copies = HeldCopies::default();
        assert_eq!(copies.facts(), None);
        copies.add(&row([100, 50, 0], false, 7));
        let facts = |fen: [i128; 3], sign| Some(CopyFacts { sums: fen.map(FenSum::new), sign });
        assert_eq!(copies.facts(), facts([100, 50, 0], Some(1)));
        copies.add(&row([-100, -50, 0], true, 5));
        assert_eq!(copies.facts(), facts([0, 0, 0], None));
        assert_eq!((copies.rows, copies.first.time), (2, 5));
        let mut reversed = HeldCopies::default();
        reversed.add(&row([0, 0, 0], true, 5));
        reversed.add(&row([0, 0, 0], true, 5));
        assert_eq!(reversed.facts(), facts([0, 0, 0], Some(-1)));
    }
}
