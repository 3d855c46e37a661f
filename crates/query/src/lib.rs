//! SQL over the tables of closed periods.
//!
//! **Purpose.** Answer what somebody asks of a book in SQL.
//!
//! **In.** A book, some of its periods or all of them, a statement.
//!
//! **Out.** Rows, of the types that the tables have.
//!
//! **Invariants.** Nothing but the tables of the book is read, and nothing is written. Whoever does not ask for
//! the numbers of persons and visits gets them masked before the statement sees them, so that no SQL brings
//! them back. The same book and the same statement give the same rows in the same order.

#[macro_use]
extern crate liangqing_base;

mod answer;
mod engine;
mod frames;
mod statement;

// All that this package has of the core; its modules name it as `crate::…`.
use liangqing::{
    book, columnar, diag,
    query::{Answer, PERIOD, Question, closed, columns},
    text,
};

pub use self::engine::answer;
