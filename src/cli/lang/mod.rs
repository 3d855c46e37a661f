//! The languages of the terminal.
//!
//! **Purpose.** What people read on the terminal, in English or in Chinese.
//!
//! **In.** Messages, as values; the catalogue `zh.toml`.
//!
//! **Out.** The messages in the language that was asked for.
//!
//! **Invariants.** Reports for programs and files never come through here. Every wording of the program is in the
//! catalogue; text from outside is in none.

mod catalogue;
mod given;
mod help;
mod problem;
#[cfg(test)]
mod tests;

pub(super) use self::{
    catalogue::{Lang, said, word},
    help::{Heading, Help, parse},
};
