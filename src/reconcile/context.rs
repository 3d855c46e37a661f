//! The context of the rules: all that they read besides the copies themselves.

use super::{build::Index, counters::Counters, named::NamedSettlements};
use crate::{
    model::codes::Month,
    register::lookup::Register,
    rules::{Permit, Policy},
};

/// The context of the rules: all that they read besides the copies themselves.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    /// The period that is cleared.
    pub period: Month,
    /// Its policy.
    pub policy: &'a Policy,
    /// The permits in force.
    pub permits: &'a [Permit],
    /// The register of earlier periods.
    pub register: &'a Register,
    /// The settlements that the match cleared or found in the register.
    pub index: &'a Index,
    /// Positions, to which settled copies are added and from which they are subtracted.
    pub counters: &'a Counters,
    /// The settlements that requests name.
    pub named: &'a NamedSettlements,
}
