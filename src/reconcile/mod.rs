//! Two copies into cleared settlements and breaks.
pub mod breaks;
pub mod build;
pub mod decisions;
pub mod index;
pub mod matching;
pub mod proof;
pub mod settle;
