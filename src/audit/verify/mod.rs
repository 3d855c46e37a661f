//! Verification: every digest, the chain, and every figure of a book that follows from others.
//!
//! **Purpose.** Find whatever was changed in a book since it was published, or never was right.
//!
//! **In.** A book; where they are known, the digest of its head and the keys that sign.
//!
//! **Out.** How much was checked, or every finding with its place.
//!
//! **Invariants.** A figure is compared with what it is made of, in other columns, tables or periods. The
//! engine's own code for clearing and reserves is not called.

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
mod settlements;
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
