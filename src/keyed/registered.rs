//! What the register holds of a settlement.

use crate::model::{group::Group, money::Fen};

/// What the register knows of a settlement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Registered {
    /// What it is.
    pub kind: RegisteredKind,
    /// What was owed, in fen; 0 when voided.
    pub payable: Fen,
    /// Who owed whom, from which fund, for what; none when voided.
    pub group: Option<Group>,
    /// Which of the earlier periods holds it, the oldest is 0; none when this one will.
    pub earlier: Option<u16>,
}

/// What a registered settlement is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RegisteredKind {
    /// A normal settlement that cleared.
    Settlement,
    /// A reversal that cleared.
    Reversal,
    /// Given up by decision.
    Voided,
}

impl RegisteredKind {
    /// Every kind.
    pub const ALL: [RegisteredKind; 3] =
        [RegisteredKind::Settlement, RegisteredKind::Reversal, RegisteredKind::Voided];
}
