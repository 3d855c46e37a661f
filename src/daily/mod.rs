//! Daily three-way reconciliation (docs/coordination.md, part 1).
//!
//! **Purpose.** Say each day which settlements the treating provinces, the national system and the insured provinces
//! do not have alike, since when, and who is to look.
//!
//! **In.** Three copies of a day, or of the month so far; the result of an earlier run of the month.
//!
//! **Out.** A new folder of six tables, `summary.json` and a page. Nothing goes into a book.
//!
//! **Invariants.** A settlement has one class. Nothing is netted, and the tolerance is zero. Neither threads nor memory
//! nor the order of rows and files change a byte. What is held of rows fits the memory that was given.

mod before;
mod class;
mod copies;
mod differences;
mod folding;
mod gather;
mod holder;
mod page;
mod rejects;
mod results;
mod run;
mod settle;
mod summary;
mod totals;

pub use self::{
    run::{DailyRequest, run},
    summary::DailySummary,
};
