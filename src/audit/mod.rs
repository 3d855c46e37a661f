//! Auditing: closed periods, and those about to be closed, are looked at a second time.
//!
//! **Purpose.** Nothing has to be believed: whatever the engine published can be found again by other means.
//!
//! **In.** A delivery, the book before it, the tables of a period.
//!
//! **Out.** What was compared, or every difference ([`crate::diag::Failure::Difference`]).
//!
//! **Invariants.** What an audit looks at it never changes; a comparison of nothing is not a pass.

pub mod independent;
