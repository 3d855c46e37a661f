//! 4. Cleared settlements into positions and pairs (contract §5).
//!
//! **Purpose.** Add up what cleared, hold back what audits deduct, say who owes whom.
//!
//! **In.** Plain rows as they are read, settled copies, deductions, what was carried forward.
//!
//! **Out.** [`positions::Positions`], [`pairs::Pairs`], the judged deductions.
//!
//! **Invariants.** Payment is gross: no pair is set off against another, and none flips its payer.

pub mod deductions;
pub mod pairs;
pub mod positions;
