//! What a period takes over from the one before: open items, permits, quotas, reserves, deductions, notices.
//!
//! **Purpose.** Read the tables of closed periods into the values that a close begins with.
//!
//! **In.** The folders of closed periods.
//!
//! **Out.** Values of the stages.
//!
//! **Invariants.** What is taken over is what the period before carried, in rows and in cost.

pub mod brought;
pub mod permits;
