//! What a planted settlement may become, and the shape of its life.

use crate::model::codes::{Month, Side};

use super::row::{SyntheticId, SyntheticRow};

/// What is planted in a settlement; `breaks.toml` says what each means.
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
    /// Whether a reversal belongs to it, one more settlement of the month.
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

    /// Whether a copy of it may lie in another province's file.
    pub(super) const fn may_stray(self) -> bool {
        matches!(self, Fate::Duplicate | Fate::Conflict)
    }
}

/// Copies come at most this many periods after the birth.
pub(super) const LAST_DELIVERY: i32 = 2;

/// One delivered copy.
#[derive(Debug, Clone, Copy)]
pub(super) struct DeliveredCopy {
    /// Which settlement of the family.
    pub(super) member: usize,
    /// Periods after the birth.
    pub(super) after: i32,
    /// Whose copy.
    pub(super) side: Side,
    /// The copy.
    pub(super) row: SyntheticRow,
    /// It lies in the file of the next province.
    pub(super) astray: bool,
    /// It breaks a row rule.
    pub(super) rejected: bool,
}

/// A decision of contract section 4.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PlannedVerdict {
    /// The copy of this side clears as it stands.
    Accept(Side),
    /// The settlement leaves for good.
    Void,
}

/// A decision and when it is delivered.
#[derive(Debug, Clone, Copy)]
pub(super) struct PlannedDecision {
    /// Which settlement of the family.
    pub(super) member: usize,
    /// Periods after the birth.
    pub(super) after: i32,
    /// What is decided.
    pub(super) verdict: PlannedVerdict,
}

/// A settlement, its reversals, and everything that is delivered of them.
pub(super) struct Family {
    /// The period of its first copy.
    pub(super) birth: Month,
    /// Ids: the settlement, then its reversals.
    pub(super) members: Vec<SyntheticId>,
    /// The copies.
    pub(super) deliveries: Vec<DeliveredCopy>,
    /// The decisions.
    pub(super) decisions: Vec<PlannedDecision>,
}
