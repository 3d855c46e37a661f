//! Hides the numbers of persons and visits in output for people.
//!
//! **Purpose.** No reader of a page or a workbook learns who a person is.
//!
//! **In.** Numbers as deliveries have them; a key.
//!
//! **Out.** Masked numbers, pseudonyms.
//!
//! **Invariants.** A key is never shown.

pub mod mask;
pub mod pseudonym;
