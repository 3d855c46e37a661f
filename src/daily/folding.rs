//! The settlements of a partition: rows by setl_id.

use xxhash_rust::xxh3::xxh3_64;

use super::{
    copies::{HeldCopies, PackedItem},
    differences::Difference,
};
use crate::{
    diag::{Failure, Outcome},
    keyed::packed::unpack,
};

/// A settlement: the rows of each side, and the difference that it was in the run before.
#[derive(Debug, Default)]
pub(super) struct Folded {
    /// Where its setl_id begins and ends.
    setl_id: (usize, usize),
    pub(super) copies: [HeldCopies; 3],
    pub(super) before: Option<Box<Difference>>,
}

/// Rows are folded by setl_id as they come, so a setl_id takes the same room however often it comes.
#[derive(Default)]
pub(super) struct Folding {
    /// All setl_id, one after the other.
    ids: Vec<u8>,
    settlements: Vec<Folded>,
    /// Places of settlements + 1 by hash; 0 is free. There are twice as many as settlements, at least.
    slots: Vec<u32>,
}

impl Folding {
    /// Removes all settlements; the memory is used again.
    pub(super) fn clear(&mut self) {
        self.ids.clear();
        self.settlements.clear();
        self.slots.fill(0);
    }

    /// Adds an item.
    pub(super) fn add(&mut self, item: &PackedItem) -> Outcome<()> {
        match item {
            PackedItem::Row(row) => {
                self.of(row.setl_id).copies[row.holder.index()].add(row);
            }
            PackedItem::Before { setl_id, difference } => {
                let difference: Difference = unpack(difference)?;
                if self.of(setl_id).before.replace(Box::new(difference)).is_some() {
                    let setl_id = String::from_utf8_lossy(setl_id);
                    let problem =
                        text!("--before: setl_id {} is open there twice", setl_id.as_ref());
                    return Err(Failure::Usage(problem));
                }
            }
        }
        Ok(())
    }

    /// Returns the settlement with a setl_id, and makes it when it is new.
    fn of(&mut self, setl_id: &[u8]) -> &mut Folded {
        if self.settlements.len() * 2 >= self.slots.len() {
            self.grow();
        }
        let mask = self.slots.len() - 1;
        let mut slot = hash(setl_id) & mask;
        loop {
            match self.slots[slot] {
                0 => break,
                place if self.id_at(place as usize - 1) == setl_id => {
                    return &mut self.settlements[place as usize - 1];
                }
                _ => slot = (slot + 1) & mask,
            }
        }
        let begin = self.ids.len();
        self.ids.extend_from_slice(setl_id);
        let setl_id = (begin, self.ids.len());
        self.settlements.push(Folded { setl_id, ..Folded::default() });
        self.slots[slot] = u32::try_from(self.settlements.len()).unwrap_or(u32::MAX);
        let last = self.settlements.len() - 1;
        &mut self.settlements[last]
    }

    fn id_at(&self, place: usize) -> &[u8] {
        let (begin, end) = self.settlements[place].setl_id;
        &self.ids[begin..end]
    }

    fn grow(&mut self) {
        let size = (self.slots.len() * 2).max(1024);
        self.slots.clear();
        self.slots.resize(size, 0);
        for place in 0..self.settlements.len() {
            let mut slot = hash(self.id_at(place)) & (size - 1);
            while self.slots[slot] != 0 {
                slot = (slot + 1) & (size - 1);
            }
            self.slots[slot] = u32::try_from(place + 1).unwrap_or(u32::MAX);
        }
    }

    /// Shows each settlement with its setl_id, in the order in which they came.
    pub(super) fn each(&self, mut look: impl FnMut(&str, &Folded) -> Outcome<()>) -> Outcome<()> {
        self.settlements.iter().try_for_each(|folded| {
            let (begin, end) = folded.setl_id;
            let setl_id = std::str::from_utf8(&self.ids[begin..end]);
            let setl_id = setl_id.map_err(|_| Failure::Bug(text!("a setl_id is not UTF-8")))?;
            look(setl_id, folded)
        })
    }
}

/// Returns a hash of which the partition says nothing.
#[expect(clippy::cast_possible_truncation, reason = "a place in a table takes the low bits")]
fn hash(setl_id: &[u8]) -> usize {
    xxh3_64(setl_id) as usize
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::daily::{
        copies::{CopyRow, Placed},
        holder::Holder,
    };

    #[test]
    fn settlements_are_found_again_however_many_there_are() {
        let mut folding = Folding::default();
        for round in 0..2 {
            folding.clear();
            for number in (0..5000).chain(0..5000).chain(0..7) {
                let setl_id = format!("S{number}");
                let placed = Placed { time: round, insured: 340_000, treating: 310_000 };
                let (holder, setl_id) = (Holder::Insured, setl_id.as_bytes());
                let (is_reversal, amounts) = (false, [1, 0, 0]);
                let row = CopyRow { holder, is_reversal, setl_id, placed, amounts };
                folding.add(&PackedItem::Row(row)).expect("added");
            }
            let mut rows = Vec::new();
            let look = |setl_id: &str, folded: &Folded| {
                assert_eq!(setl_id, format!("S{}", rows.len()));
                rows.push(folded.copies[2].rows);
                Ok(())
            };
            folding.each(look).expect("shown");
            assert_eq!(rows.len(), 5000);
            assert!(rows[..7].iter().all(|rows| *rows == 3));
            assert!(rows[7..].iter().all(|rows| *rows == 2));
        }
    }
}
