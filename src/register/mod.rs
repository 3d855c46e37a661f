//! The register (已清算登记): every settlement that ever cleared or was voided, by key.
//!
//! **Purpose.** Find out what an earlier period did with a settlement.
//!
//! **In.** The folders of closed periods.
//!
//! **Out.** The entries of keys in the register.
//!
//! **Invariants.** Only row groups whose key range holds a wanted key are read.

pub mod entries;
pub(crate) mod format;
mod keyed_file;
pub mod lookup;
