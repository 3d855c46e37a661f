//! Settlements that are added up together.

use super::codes::{CareClass, FundClass, Month, Pair, Province};

/// A group of settlements: one pair of provinces, one fund class, one care class.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Group {
    /// The province that owes, and the province that is owed.
    pub pair: Pair,
    /// The fund class.
    pub fund: FundClass,
    /// The care class.
    pub care: CareClass,
}

impl Group {
    /// Returns its number, below 2^13 (32 · 32 · 2 · 4), in the order of groups.
    pub fn number(self) -> u16 {
        let place = ((self.pair.insured.index() * 32 + self.pair.treating.index()) * 2
            + self.fund as usize)
            * 4
            + self.care as usize;
        u16::try_from(place).expect("Invariant: there are 8,192 groups")
    }

    /// Returns the group with a number; `None` from 2^13 on.
    pub fn from_number(number: u16) -> Option<Group> {
        let number = usize::from(number);
        Some(Group {
            pair: Pair {
                insured: Province::from_index(number / 256)?,
                treating: Province::from_index(number / 8 % 32)?,
            },
            fund: FundClass::ALL[number / 4 % 2],
            care: CareClass::ALL[number % 4],
        })
    }
}

/// The key of a position. Its order is that of the fields here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PositionKey {
    /// The insured division, six digits as a number.
    pub insuplc_admdvs: u32,
    /// The province that is owed.
    pub treating: Province,
    /// The fund class.
    pub fund: FundClass,
    /// The care class.
    pub care: CareClass,
    /// The cost month.
    pub cost_month: Month,
    /// The province that owes, which follows from the division.
    pub insured: Province,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_have_numbers() {
        for number in 0..8192 {
            assert_eq!(Group::from_number(number).map(Group::number), Some(number));
        }
        assert_eq!(Group::from_number(8192), None);
    }
}
