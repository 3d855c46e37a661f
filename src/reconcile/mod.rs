//! 3. Two copies into cleared settlements and breaks (contract §4).
//!
//! **Purpose.** Find the partner of every row, clear copies that agree, classify all others.
//!
//! **In.** The delivery's valid rows, open items, the register, permits, decisions.
//!
//! **Out.** [`tally::Settled`] and the cleared entries of the index; breaks; open items.
//!
//! **Invariants.** No result depends on threads, files or the order of rows. The match clears undoubted settlements
//! only; every doubt is settled on the values. Nothing clears twice.

pub mod breaks;
pub mod build;
pub mod collector;
pub mod context;
pub mod counters;
pub mod decisions;
pub mod entries;
mod judge;
pub mod matching;
pub mod media;
pub mod memory;
pub mod named;
pub mod proof;
pub mod reader;
pub mod registering;
mod reversal;
mod reversals;
pub mod run;
pub mod settle;
pub mod tally;
pub mod values;
pub mod window;
