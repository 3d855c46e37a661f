//! Audit: proves, reruns and explains a closed period without trust in its author.
//!
//! **Purpose.** Find every change, compute a closed period again, explain where each fen comes from.
//!
//! **In.** A book; for a rerun, and for the rows behind a figure, also the delivery of the period.
//!
//! **Out.** Counts of all checks, and every difference with its place.
//!
//! **Invariants.** Nothing is written into a book. A figure is computed from other figures and then compared.
//! A run without any check fails.

pub mod compare;
pub mod diff;
pub mod explain;
pub mod rerun;
pub mod scan;
pub mod verify;
