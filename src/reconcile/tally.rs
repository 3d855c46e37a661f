//! The results of settling: tables, and totals of the copies in doubt.

use std::collections::BTreeMap;

use super::{
    breaks::{Break, BreakField, OpenItem},
    decisions::Decisions,
    media::MediaCounts,
};
use crate::{
    keyed::{key::Key, sorted::Sorted},
    model::{
        codes::Side,
        control::{Control, Totals},
    },
};

/// The results of settling. The settlements to be registered are in the stores of the index.
pub struct Settled {
    /// The settlements and rows that did not clear.
    pub breaks: Sorted<Break>,
    /// The differences behind mismatches.
    pub break_fields: Sorted<BreakField>,
    /// The copies that are carried.
    pub open_items: Sorted<OpenItem>,
    /// Decisions, with their effects.
    pub decisions: Decisions,
    /// The totals of the copies.
    pub tally: DoubtTally,
}

/// The totals of copies in doubt, in rows and fen.
#[derive(Debug, Default)]
pub struct DoubtTally {
    /// Totals by bucket.
    pub control: Control,
    /// Totals of the doubtful rows of each side's delivery.
    pub in_doubt: [Totals; 2],
    /// Totals of the settlements that cleared, one copy of each.
    pub cleared: Totals,
    /// The number of settlements that were voided in this period.
    pub voided: u64,
    /// The number of breaks by class.
    pub classes: BTreeMap<&'static str, u64>,
    /// The number of rows of a side that an earlier period cleared, by its number in the book.
    pub already_cleared: BTreeMap<(Side, Option<u16>), u64>,
    /// Keys of the settlements that were reversed in this period, sorted.
    pub reversed: Vec<Key>,
    /// The settlements that cleared, by medium.
    pub media: MediaCounts,
}

impl DoubtTally {
    /// Adds another tally, whose reversed keys are all above those of this one.
    pub(super) fn add(&mut self, other: DoubtTally) {
        self.control.merge(&other.control);
        for (all, more) in self.in_doubt.iter_mut().zip(other.in_doubt) {
            *all += more;
        }
        self.cleared += other.cleared;
        self.media.merge(&other.media);
        self.voided += other.voided;
        for (class, count) in other.classes {
            *self.classes.entry(class).or_default() += count;
        }
        for (earlier, count) in other.already_cleared {
            *self.already_cleared.entry(earlier).or_default() += count;
        }
        let (last, next) = (self.reversed.last(), other.reversed.first());
        debug_assert!(last.is_none() || next.is_none() || last < next, "keys come in order");
        self.reversed.extend(other.reversed);
    }
}
