//! Errors counted by provinces, class, code and who has raised them: the table `errors`.

use std::{cmp::Ordering, collections::BTreeMap};

use serde::{Deserialize, Serialize};

use super::error::{ErrorClass, ErrorState, RaisedBy, SystemError};
use crate::{
    columnar::{shape, table::TableBuilder},
    diag::Outcome,
    keyed::sorted::{SortRow, Sorter},
    model::codes::{Month, Province},
};

/// Groups that a thread counts before it hands them on.
const HELD_GROUPS: usize = 4096;

/// The errors that are counted together, in the order of the table.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) struct GroupKey {
    treating: Province,
    insured: Option<Province>,
    class: ErrorClass,
    code: Option<String>,
    raised_by: RaisedBy,
}

/// The counts of a group, or of a part of it.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) struct GroupCounts {
    errors: u64,
    brought_in: u64,
    resolved: u64,
    struck_off: u64,
    open: u64,
    /// How many were answered after so many days.
    answered: BTreeMap<i32, u64>,
    oldest_open: Option<i32>,
}

/// A group, or a part of it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) struct GroupPart {
    pub(super) key: GroupKey,
    pub(super) counts: GroupCounts,
}

impl SortRow for GroupPart {
    fn bytes(&self) -> usize {
        200 + self.key.code.as_ref().map_or(0, String::len) + 48 * self.counts.answered.len()
    }

    fn order(&self, other: &GroupPart) -> Ordering {
        self.cmp(other)
    }
}

impl GroupCounts {
    fn add(&mut self, error: &SystemError, state: ErrorState, period: Month) {
        self.errors += 1;
        self.brought_in += u64::from(error.first_period != period);
        match state {
            ErrorState::Open => {
                self.open += 1;
                let day = error.day();
                self.oldest_open = Some(self.oldest_open.map_or(day, |oldest| oldest.min(day)));
            }
            ErrorState::Resolved => self.resolved += 1,
            ErrorState::StruckOff => self.struck_off += 1,
        }
        if let Some(answered_on) = error.answered_on {
            *self.answered.entry(answered_on - error.day()).or_default() += 1;
        }
    }

    /// Adds another part of the group.
    pub(super) fn merge(&mut self, other: GroupCounts) {
        self.errors += other.errors;
        self.brought_in += other.brought_in;
        self.resolved += other.resolved;
        self.struck_off += other.struck_off;
        self.open += other.open;
        for (days, errors) in other.answered {
            *self.answered.entry(days).or_default() += errors;
        }
        let oldest = [self.oldest_open, other.oldest_open];
        self.oldest_open = oldest.into_iter().flatten().min();
    }

    /// The errors that were answered.
    fn answered(&self) -> u64 {
        self.answered.values().sum()
    }

    /// The median of the days to an answer, the lower one of an even number.
    fn median(&self) -> Option<i64> {
        let middle = self.answered().checked_sub(1)? / 2;
        let mut before = 0;
        let at_middle = |(days, errors): (&i32, &u64)| {
            before += errors;
            (before > middle).then_some(i64::from(*days))
        };
        self.answered.iter().find_map(at_middle)
    }

    /// What every error has become: all, brought in, resolved, struck off, open.
    pub(super) const fn sums(&self) -> [u64; 5] {
        [self.errors, self.brought_in, self.resolved, self.struck_off, self.open]
    }
}

/// The groups that a thread counts.
pub(super) struct GroupTally<'a> {
    period: Month,
    held: BTreeMap<GroupKey, GroupCounts>,
    all: &'a Sorter<GroupPart>,
}

impl<'a> GroupTally<'a> {
    pub(super) fn new(period: Month, all: &'a Sorter<GroupPart>) -> GroupTally<'a> {
        GroupTally { period, held: BTreeMap::new(), all }
    }

    /// Counts an error.
    pub(super) fn add(&mut self, error: &SystemError, state: ErrorState) -> Outcome<()> {
        let key = GroupKey {
            treating: error.treating,
            insured: error.insured,
            class: error.class,
            code: error.code.clone(),
            raised_by: error.raised_by,
        };
        self.held.entry(key).or_default().add(error, state, self.period);
        if self.held.len() < HELD_GROUPS { Ok(()) } else { self.hand_on() }
    }

    /// Hands on what is held.
    pub(super) fn hand_on(&mut self) -> Outcome<()> {
        let held = std::mem::take(&mut self.held);
        self.all.push(held.into_iter().map(|(key, counts)| GroupPart { key, counts }).collect())
    }
}

/// Makes the table `errors` of sorted groups.
pub(super) fn errors_table(groups: &[GroupPart]) -> TableBuilder {
    let count = |of: fn(&GroupCounts) -> u64| {
        groups.iter().map(move |group| i64::try_from(of(&group.counts)).unwrap_or(i64::MAX))
    };
    let keys = || groups.iter().map(|group| &group.key);
    TableBuilder::new(shape::ERRORS)
        .text("treating_province", keys().map(|key| Some(key.treating.to_string())))
        .text("insured_province", keys().map(|key| key.insured.map(|one| one.to_string())))
        .text("class", keys().map(|key| Some(key.class.name())))
        .text("code", keys().map(|key| key.code.as_deref()))
        .text("raised_by", keys().map(|key| Some(key.raised_by.name())))
        .count("errors", count(|counts| counts.errors))
        .count("brought_in", count(|counts| counts.brought_in))
        .count("resolved", count(|counts| counts.resolved))
        .count("answered", count(GroupCounts::answered))
        .count("struck_off", count(|counts| counts.struck_off))
        .count("open", count(|counts| counts.open))
        .count_or_null("answer_days_median", groups.iter().map(|group| group.counts.median()))
        .date("oldest_open_on", groups.iter().map(|group| group.counts.oldest_open))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_the_lower_one_of_an_even_number() {
        let of = |days: &[i32]| {
            let mut counts = GroupCounts::default();
            for days in days {
                *counts.answered.entry(*days).or_default() += 1;
            }
            counts.median()
        };
        assert_eq!(of(&[]), None);
        assert_eq!(of(&[3]), Some(3));
        assert_eq!(of(&[9, 1]), Some(1));
        assert_eq!(of(&[9, 1, 4]), Some(4));
        assert_eq!(of(&[9, 1, 4, 5]), Some(4));
        assert_eq!(of(&[2, 2, 2, 7, 7, 7]), Some(2));
    }
}
