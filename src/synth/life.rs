//! The fates of planted settlements, and the shape of their lives.

use crate::model::codes::{Month, Side};

use super::row::{SyntheticId, SyntheticRow};

/// The fate of a planted settlement. `breaks.toml` explains each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    Late(i32),
    Reversed,
    ReversedNext,
    MissingInsured,
    MissingTreating,
    FieldMismatch,
    AmountMismatch,
    AlreadyCleared,
    Duplicate,
    Conflict,
    LateRefused,
    Expired,
    Voided,
    Accepted,
    ReversalUnpaired,
    ReversalMismatch,
    AlreadyReversed,
    Rejected,
}

impl Fate {
    /// Whether a reversal belongs to it, as one more settlement of the month.
    pub(super) const fn adds_reversal(self) -> bool {
        matches!(
            self,
            Fate::Reversed
                | Fate::ReversedNext
                | Fate::ReversalUnpaired
                | Fate::ReversalMismatch
                | Fate::AlreadyReversed
        )
    }

    /// Whether one of its copies may be in another province's file.
    pub(super) const fn may_stray(self) -> bool {
        matches!(self, Fate::Duplicate | Fate::Conflict)
    }
}

/// The most periods between the birth and the last copy.
pub(super) const LAST_DELIVERY: i32 = 2;

/// One delivered copy.
#[derive(Debug, Clone, Copy)]
pub(super) struct DeliveredCopy {
    /// Index of the settlement in the family.
    pub(super) member: usize,
    /// Periods after the birth.
    pub(super) after: i32,
    /// The side of the copy.
    pub(super) side: Side,
    /// The copy.
    pub(super) row: SyntheticRow,
    /// Whether it is in the file of the next province.
    pub(super) astray: bool,
    /// Whether it breaks a row rule.
    pub(super) rejected: bool,
}

/// A decision of contract section 4.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PlannedVerdict {
    /// The copy of this side clears as it stands.
    Accept(Side),
    /// The settlement is removed for good.
    Void,
}

/// A decision, and the period of its delivery.
#[derive(Debug, Clone, Copy)]
pub(super) struct PlannedDecision {
    /// Index of the settlement in the family.
    pub(super) member: usize,
    /// Periods after the birth.
    pub(super) after: i32,
    /// The verdict.
    pub(super) verdict: PlannedVerdict,
}

/// A settlement, its reversals, and all their deliveries.
pub(super) struct Family {
    /// The period of its first copy.
    pub(super) birth: Month,
    /// The ids of the settlement and, after it, of its reversals.
    pub(super) members: Vec<SyntheticId>,
    /// The copies.
    pub(super) deliveries: Vec<DeliveredCopy>,
    /// The decisions.
    pub(super) decisions: Vec<PlannedDecision>,
}
