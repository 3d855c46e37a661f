//! Bank statements → `payments.csv`.
//!
//! **Purpose.** Finds the notice that each line of a bank's export pays.
//!
//! **In.** Exports of a bank with their map; the notices of a book; the accounts and names that are known.
//!
//! **Out.** Matched lines, each with its reason, and lines that were set aside, each with why.
//!
//! **Invariants.** Nothing is taken that is not certain. Lines = matched + set aside, in rows and in fen.

mod matching;
mod number;
mod party;
