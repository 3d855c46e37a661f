//! The languages of the terminal.
//!
//! **Purpose.** Words messages for people on the terminal, in English or in Chinese.
//!
//! **In.** Messages as values; the catalogue `zh.toml`.
//!
//! **Out.** The messages in the wanted language.
//!
//! **Invariants.** Reports for programs and files never pass through here. Every wording of the program is in the
//! catalogue; text from outside is never looked up in it.

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
