//! What the rules look at besides the copies themselves.

use super::{build::Index, counters::Counters};
use crate::{
    model::codes::Month,
    register::lookup::Register,
    rules::{Permit, Policy},
};

/// What the rules look at besides the copies themselves.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    /// The period that is cleared.
    pub period: Month,
    /// Its policy.
    pub policy: &'a Policy,
    /// The permits in force.
    pub permits: &'a [Permit],
    /// What earlier periods cleared.
    pub register: &'a Register,
    /// What the match cleared, and found in the register.
    pub index: &'a Index,
    /// Positions: what is settled goes into them and out of them.
    pub counters: &'a Counters,
}
