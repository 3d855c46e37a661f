//! Requests between provinces and their replies: what is accepted, what is due when, and how each stands at a close
//! (coordination, part 2).
//!
//! **Purpose.** Keep cost verifications and problems in the book, with dates that nobody has to reckon by hand.
//!
//! **In.** What the book knows of earlier requests; the lines of `requests.csv` and `replies.csv`; the settlements that
//! verifications name; the as-of day.
//!
//! **Out.** The rows of the tables `coordination` and `replies`.
//!
//! **Invariants.** No money moves. States and dates follow from dates alone. A refused line changes nothing.

pub mod judge;
pub mod known;
pub mod request;
pub mod rows;
pub mod timing;
pub mod totals;

#[cfg(test)]
mod tests;
