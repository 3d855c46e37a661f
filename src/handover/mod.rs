//! The state that a period takes over from the one before: open items, permits, quotas, reserves, deductions, notices.
//!
//! **Purpose.** Read the tables of closed periods into the values with which a close begins.
//!
//! **In.** The folders of closed periods.
//!
//! **Out.** Values of the stages.
//!
//! **Invariants.** The open items are those that the period before carried, in rows and in cost.

pub mod brought;
pub mod permits;
