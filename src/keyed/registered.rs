//! The entry of a settlement in the register.

use crate::model::{group::Group, money::Fen};

/// The entry of a settlement in the register.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Registered {
    /// Whether it is a settlement, a reversal, or voided.
    pub kind: RegisteredKind,
    /// The payable in fen; 0 when voided.
    pub payable: Fen,
    /// Provinces, fund class and care class; none when voided.
    pub group: Option<Group>,
    /// The number of the earlier period that registered it, the oldest is 0; none when this period does.
    pub earlier: Option<u16>,
}

/// The kind of a registered settlement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RegisteredKind {
    /// A normal settlement that cleared.
    Settlement,
    /// A reversal that cleared.
    Reversal,
    /// A settlement that a decision voided.
    Voided,
}

impl RegisteredKind {
    /// Every kind.
    pub const ALL: [RegisteredKind; 3] =
        [RegisteredKind::Settlement, RegisteredKind::Reversal, RegisteredKind::Voided];
}
