//! The common vocabulary: codes, money, days, fields of a settlement, control totals.
//!
//! **Purpose.** Each term of the field is one type, defined in one place.
//!
//! **In.** Text and numbers of any input.
//!
//! **Out.** Valid values of these types.
//!
//! **Invariants.** No policy and no file is known here. Money is whole fen.

pub mod calendar;
pub mod codes;
pub mod control;
pub mod dates;
pub mod fields;
pub mod group;
pub mod institution;
pub mod meanings;
pub mod media;
pub mod money;
pub mod requests;
pub mod verdict;
pub mod words;
