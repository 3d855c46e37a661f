//! What the register holds of a settlement.

use crate::model::{group::Group, money::Fen};

/// What the register knows of a settlement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Registered {
    /// What it is.
    pub kind: Kind,
    /// What was owed, in fen; 0 when voided.
    pub payable: Fen,
    /// Who owed whom, from which fund, for what; none when voided.
    pub group: Option<Group>,
    /// Which of the earlier periods holds it, the oldest is 0; none when this one will.
    pub earlier: Option<u16>,
}

/// What a registered settlement is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A normal settlement that cleared.
    Settlement,
    /// A reversal that cleared.
    Reversal,
    /// Given up by decision.
    Voided,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Kind; 3] = [Kind::Settlement, Kind::Reversal, Kind::Voided];
}
