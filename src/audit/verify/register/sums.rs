//! Sums of the register of a period, compared with its tables.

use std::collections::{BTreeMap, BTreeSet};

use super::file::{GroupPosition, RegisterFile};
use crate::{
    audit::verify::{
        checks::{Checks, differs, unequal},
        places::place,
    },
    book::manifest::REGISTER,
    diag::Code,
    keyed::key::Key,
    model::{codes::Side, money::FenSum},
    register::entries::{REVERSAL, RegisterEntry, SETTLEMENT, VOIDED},
    text::Text,
};

/// A group, and a payable in fen.
type Owed = (i32, FenSum);

/// Numbers of settlements and reversals of a group, and their payable.
#[derive(Debug, Clone, Copy, Default)]
struct OfGroup {
    settlements: i128,
    reversals: i128,
    fen: FenSum,
}

/// The sums of the register of a period.
#[derive(Debug, Default, Clone)]
pub(in crate::audit::verify) struct RegisterSums {
    /// The number of rows.
    pub(in crate::audit::verify) rows: u64,
    kinds: [i128; 3],
    groups: BTreeMap<i32, OfGroup>,
    /// Group and amount of each reversal that cleared without a decision, with its sign turned.
    taken_back: Vec<Owed>,
    /// The number of reversals that cleared by decision.
    accepted: usize,
    /// Group and payable of each reversed settlement.
    reversed: Vec<Owed>,
    /// The number of reversed settlements without an entry in the register.
    without_original: usize,
}

impl RegisterSums {
    /// Returns the number of settlements that cleared, reversals included.
    pub(in crate::audit::verify) fn cleared(&self) -> u64 {
        let [settlements, reversals, _] = self.kinds;
        u64::try_from(settlements + reversals).unwrap_or(u64::MAX)
    }

    /// Returns the payable of all entries, in fen.
    pub(in crate::audit::verify) fn payable(&self) -> FenSum {
        self.groups.values().map(|group| group.fen).sum()
    }

    pub(super) fn add(&mut self, other: RegisterSums) {
        self.rows += other.rows;
        self.accepted += other.accepted;
        self.without_original += other.without_original;
        for (kind, rows) in self.kinds.iter_mut().zip(other.kinds) {
            *kind += rows;
        }
        for (group, more) in other.groups {
            let sums = self.groups.entry(group).or_default();
            sums.settlements += more.settlements;
            sums.reversals += more.reversals;
            sums.fen += more.fen;
        }
        self.taken_back.extend(other.taken_back);
        self.reversed.extend(other.reversed);
    }

    /// Counts an entry; `accepted` has the settlements that cleared by decision, sorted.
    pub(super) fn count(&mut self, entry: &RegisterEntry, accepted: &[Key]) {
        self.rows += 1;
        match entry.kind {
            SETTLEMENT => self.kinds[0] += 1,
            REVERSAL => self.kinds[1] += 1,
            _ => self.kinds[2] += 1,
        }
        if entry.kind == VOIDED {
            return;
        }
        let sums = self.groups.entry(entry.group).or_default();
        sums.fen += entry.payable;
        if entry.kind != REVERSAL {
            sums.settlements += 1;
            return;
        }
        sums.reversals += 1;
        if accepted.binary_search(&entry.key).is_ok() {
            self.accepted += 1;
        } else {
            self.taken_back.push((entry.group, -entry.payable));
        }
    }

    /// Counts a reversed settlement; `original` is its entry, if it has cleared.
    pub(super) fn count_original(&mut self, original: Option<&RegisterEntry>) {
        match original {
            Some(entry) => self.reversed.push((entry.group, entry.payable)),
            None => self.without_original += 1,
        }
    }

    /// Compares the sums with the tables of the period.
    pub(in crate::audit::verify) fn compare(&self, file: &RegisterFile, checks: &mut Checks) {
        let path = place(file.period, REGISTER[0]);
        let groups: BTreeSet<&i32> = self.groups.keys().chain(file.cleared.keys()).collect();
        let same = groups.into_iter().map(|group| {
            let here = self.groups.get(group).copied().unwrap_or_default();
            let there = file.cleared.get(group).copied().unwrap_or_default();
            compare_group(*group, here, there)
        });
        checks.law(Code::B09, &path, text!("what positions have"), same);
        let cleared = self.kinds[0] + self.kinds[1];
        let sides = Side::BOTH
            .map(|side| differs(text!("{} side", side), cleared, file.settlements[side.index()]));
        checks.law(Code::B09, &path, text!("settlements that cleared, as control has them"), sides);
        let voided = differs("voided", self.kinds[2], file.voided);
        checks.law(Code::B09, &path, text!("as many as decisions void"), [voided]);
        let owed = Side::BOTH.map(|side| {
            let owed = file.owed[side.index()]?;
            unequal(text!("{} side", side), self.payable(), owed)
        });
        checks.law(Code::B09, &path, text!("what cleared, as control and decisions have it"), owed);
        let reversals = self.without_original <= self.accepted;
        let enough = (!reversals).then(|| text!("{} are not registered", self.without_original));
        let many = i128::try_from(file.reversed.len()).unwrap_or(i128::MAX);
        let many = differs(text!("as many as reversals"), many, self.kinds[1]);
        let path = place(file.period, REGISTER[1]);
        checks.law(Code::B09, &path, text!("originals"), [enough, many]);
        let strangers = missing(&self.taken_back, &self.reversed).into_iter().map(|owed| {
            Some(text!(
                "group {}: nothing of {} is reversed",
                owed.0,
                crate::model::money::yuan(owed.1)
            ))
        });
        checks.law(Code::B09, &path, text!("each reversal the negative of an original"), strangers);
    }
}

/// Returns what differs between the register and positions in a group.
fn compare_group(group: i32, here: OfGroup, there: GroupPosition) -> Option<Text> {
    let below = there.below && here.reversals == 0;
    let above = there.above && here.settlements == 0;
    let sign = || (below || above).then(|| text!("group {}: a position of another sign", group));
    let visits = here.settlements - here.reversals;
    differs(text!("group {}, visits", group), visits, there.visits)
        .or_else(|| unequal(text!("group {}", group), here.fen, there.fen))
        .or_else(sign)
}

/// Returns the multiset difference: items of the first list that the second does not have as often.
fn missing(first: &[Owed], second: &[Owed]) -> Vec<Owed> {
    let sorted = |list: &[Owed]| {
        let mut list = list.to_vec();
        list.sort_unstable();
        list
    };
    let mut second = sorted(second).into_iter().peekable();
    let mut first = sorted(first);
    first.retain(|owed| {
        while second.next_if(|other| other < owed).is_some() {}
        second.next_if_eq(owed).is_none()
    });
    first
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_reversal_needs_an_original_of_its_own() {
        let missing = |first: &[(i32, i128)], second: &[(i32, i128)]| {
            let [first, second] = [first, second].map(|owed| {
                owed.iter().map(|(group, fen)| (*group, FenSum::new(*fen))).collect::<Vec<_>>()
            });
            let missing = missing(&first, &second).into_iter();
            missing.map(|(group, fen)| (group, fen.fen())).collect::<Vec<_>>()
        };
        let second = [(1, 5), (2, 7), (1, 5)];
        assert!(missing(&[(2, 7), (1, 5), (1, 5)], &second).is_empty());
        assert_eq!(missing(&[(1, 5), (1, 5), (1, 5), (3, 7)], &second), [(1, 5), (3, 7)]);
    }
}
