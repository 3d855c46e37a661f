//! Where copies in doubt went.

use std::collections::BTreeMap;

use super::{
    breaks::{Break, BreakField, OpenItem},
    decisions::Decisions,
};
use crate::{
    keyed::{key::Key, sorted::Sorted},
    model::{
        codes::Side,
        control::{Control, Totals},
    },
};

/// What became of the doubtful settlements; the index has what the register keeps of them.
pub struct Settled {
    /// What did not clear.
    pub breaks: Sorted<Break>,
    /// The differences behind mismatches.
    pub break_fields: Sorted<BreakField>,
    /// The copies that are carried.
    pub open_items: Sorted<OpenItem>,
    /// Decisions, and what they did.
    pub decisions: Decisions,
    /// Where the copies went.
    pub tally: DoubtTally,
}

/// Where copies in doubt went, in rows and fen.
#[derive(Debug, Default)]
pub struct DoubtTally {
    /// Where they went.
    pub control: Control,
    /// What came of each side's delivery.
    pub in_doubt: [Totals; 2],
    /// The copy of each settlement that cleared.
    pub cleared: Totals,
    /// Settlements that were voided now.
    pub voided: u64,
    /// Breaks by class.
    pub classes: BTreeMap<&'static str, u64>,
    /// Rows of a side that an earlier period, by its place in the book, has cleared.
    pub already_cleared: BTreeMap<(Side, Option<u16>), u64>,
    /// Settlements that were reversed now, in the order of their keys.
    pub reversed: Vec<Key>,
}

impl DoubtTally {
    /// Adds what was found elsewhere; keys come in order.
    pub(super) fn add(&mut self, other: DoubtTally) {
        self.control.merge(&other.control);
        for (all, more) in self.in_doubt.iter_mut().zip(other.in_doubt) {
            *all += more;
        }
        self.cleared += other.cleared;
        self.voided += other.voided;
        for (class, count) in other.classes {
            *self.classes.entry(class).or_default() += count;
        }
        for (earlier, count) in other.already_cleared {
            *self.already_cleared.entry(earlier).or_default() += count;
        }
        self.reversed.extend(other.reversed);
    }
}
