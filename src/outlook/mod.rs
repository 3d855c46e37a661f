//! The state of a book and forecasts: the commands `status` and `stress`.
//!
//! **Purpose.** Show open items, deadlines, and how long reserves last.
//!
//! **In.** A book, a day, scenarios.
//!
//! **Out.** Figures.
//!
//! **Invariants.** Books are only read.

pub mod deadlines;
pub mod icalendar;
pub mod levels;
pub mod status;
pub mod stress;
