//! Audit: a past month proven, rerun and explained, by whoever trusts nobody.
//!
//! **Purpose.** Find whatever was changed, work a closed period out again, say why any fen is where it is.
//!
//! **In.** A book; for a rerun and for the rows behind a figure, the delivery of the period.
//!
//! **Out.** What was checked and how much of it, every difference with its place.
//!
//! **Invariants.** Nothing is ever written into a book. What is checked is worked out from something else,
//! never read back; checking nothing is not a pass.

pub mod compare;
pub mod diff;
pub mod explain;
pub mod rerun;
pub mod scan;
pub mod verify;
