//! Leads (疑点线索) for those who check them, and what they answer.
//!
//! **Purpose.** Hand each province its own leads, show all of them on one page, and bring the answers back as deductions.
//!
//! **In.** Sorted leads, what is known of their rows, the account of the review; reply forms.
//!
//! **Out.** A folder with tables, summary, province packs and page; the lines of a `deductions.csv`.
//!
//! **Invariants.** Few leads are in memory at a time. Bare numbers of persons are in the tables alone. Equal leads give
//! equal bytes. Replies come back whole or not at all.

mod columns;
mod direction;
mod guide;
mod pack;
mod page;
pub mod replies;
mod shared;
pub mod summary;
mod tables;
mod tally;
mod workbook;
pub mod write;

#[cfg(test)]
mod samples;
#[cfg(test)]
mod tests;

use crate::{review::rule::ReviewRule, text::Text};

/// Returns the name of a rule of an id for people.
pub fn rule_name(id: &str) -> Text {
    match ReviewRule::from_id(id).map(|rule| guide::of_rule(rule).name) {
        Some([chinese, english]) => Text::named(english, chinese),
        None => Text::given(id),
    }
}
