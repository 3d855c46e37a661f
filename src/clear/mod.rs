//! Cleared settlements into positions and pairs.
pub mod deductions;
pub mod pairs;
pub mod positions;
