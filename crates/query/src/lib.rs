//! SQL over the tables of closed periods.
//!
//! **Purpose.** Answers questions about a book in SQL.
//!
//! **In.** A book, some of its periods or all of them, a statement.
//!
//! **Out.** Rows with the types of the tables.
//!
//! **Invariants.** Only the tables of the book are read, and nothing is written. Unless numbers of persons and visits
//! are asked for, they are masked before the statement sees them, so no SQL can reveal them. The same book and the
//! same statement give the same rows in the same order.

#[macro_use]
extern crate liangqing_base;

mod answer;
mod engine;
mod frames;
mod statement;

// The complete list of what this package uses of the core. Its modules name it as `crate::…`.
use liangqing::{
    book, columnar, diag,
    query::{Answer, PERIOD, Question, closed, columns},
    text,
};

pub use self::engine::answer;
