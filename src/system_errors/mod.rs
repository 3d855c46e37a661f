//! System errors 报错 and their striking off 消号 (coordination, part 3).
//!
//! **Purpose.** Say of each error that a system has reported whether it was struck off, whether the visit settled after
//! all, or whether it is open.
//!
//! **In.** `system-errors.csv` or `system-errors.parquet` of a delivery; the open errors of the period before; the valid
//! rows of the delivery, of which visits that have an error are noted while they are read.
//!
//! **Out.** The tables `errors`, `errors_open` and `errors_refused`.
//!
//! **Invariants.** Each error leaves or stays: errors brought in and new ones are those resolved, struck off and open.
//! What a text or a code has of long numbers never enters the book. Rows are partitioned by their number, then by their
//! visit: neither a long file nor one number a million times breaks the memory that was given. Texts are data.

mod carried;
pub mod error;
mod file;
pub mod gather;
mod groups;
mod masking;
mod row;
pub mod settle;
pub mod visits;

pub use self::file::check_form;
