//! Messages for people: values that are worded once in each language.
//!
//! **Purpose.** Keeps a message as a sentence with its arguments until it is shown.
//!
//! **In.** An English wording with holes, as a literal of `text!`, and a value for each hole.
//!
//! **Out.** The same message in English (`Display`), or in the language of a [`Catalogue`].
//!
//! **Invariants.** Text from outside appears in holes only. It is escaped once, when it enters, and is never looked
//! up, translated or taken for a wording. The time of wording is linear in the length of the message.

#[macro_use]
mod macros;

mod catalogue;
mod escape;
mod fill;
mod message;
#[cfg(test)]
mod tests;
mod wording;

pub use self::{
    catalogue::Catalogue,
    escape::{printable, printable_lines},
    fill::{Fill, Grouped, escaped_lines, indented, items, lines, list, quoted, word},
    message::{Text, Value, holes},
};
