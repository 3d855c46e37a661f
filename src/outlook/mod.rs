//! How a book stands and what may come: the commands `status` and `stress`.
//!
//! **Purpose.** Say what waits, what is due, how far reserves last.
//!
//! **In.** A book, a day, scenarios.
//!
//! **Out.** Figures.
//!
//! **Invariants.** Nothing is closed or written.

pub mod status;
pub mod stress;
