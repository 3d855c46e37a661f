//! Settlements that are added up together.

use super::codes::{CareClass, FundClass, Month, Pair, Province};

/// Who owes whom, from which fund, for what kind of care.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Group {
    /// Who owes whom.
    pub pair: Pair,
    /// From which fund.
    pub fund: FundClass,
    /// For what kind of care.
    pub care: CareClass,
}

impl Group {
    /// A number below 2^13 for this group.
    pub fn number(self) -> u16 {
        let place = ((self.pair.insured.index() * 32 + self.pair.treating.index()) * 2
            + self.fund as usize)
            * 4
            + self.care as usize;
        u16::try_from(place).expect("Invariant: there are 8,192 groups")
    }

    /// The group with a number.
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

/// What a position is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PositionKey {
    /// The insured division, six digits as a number.
    pub insuplc_admdvs: u32,
    /// The province that is owed.
    pub treating: Province,
    /// From which fund.
    pub fund: FundClass,
    /// For what kind of care.
    pub care: CareClass,
    /// The cost month.
    pub cost_month: Month,
    /// The province that owes; the division decides it.
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
