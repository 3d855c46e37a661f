//! Verification of a book: digests, the chain, and every figure that follows from other figures.
//!
//! **Purpose.** Find every change of a book since it was published, and every figure that was wrong from the start.
//!
//! **In.** A book; optionally the digest of its newest manifest and the trusted keys.
//!
//! **Out.** Counts of all checks, or every finding with its place.
//!
//! **Invariants.** A figure is compared with its parts in other columns, tables or periods. The code of the
//! engine for clearing and reserves is not called.

mod broken;
mod brought;
mod carry;
mod checks;
mod copies;
mod decided;
mod fates;
mod figures;
mod files;
mod history;
mod inputs;
mod money;
mod notices;
mod pairs;
mod places;
mod policies;
mod register;
mod requests;
mod settlements;
mod system_errors;
mod tables;
mod timing;
mod verified;
mod verifier;

pub(super) use self::tables::payable_of;
pub use self::{
    figures::PeriodVerified,
    policies::{OtherDay, RulesInForce},
    verified::{Verified, VerifyOptions, VouchedPeriod},
    verifier::verify,
};
