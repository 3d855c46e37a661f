//! 1. The rules of a valid delivery, file and row (contract §2, §3).
//!
//! **Purpose.** Decide in one place what is accepted, before any money is added.
//!
//! **In.** The input folder of a period.
//!
//! **Out.** Its small files, read; the names and columns of its Parquet files; findings.
//!
//! **Invariants.** Nothing is accepted in part: any finding refuses the delivery, and all are listed.

pub mod accounts;
pub mod bounds;
mod column;
pub mod columns;
mod coordination_columns;
pub mod encoding;
mod header;
pub mod lines;
pub mod listed;
pub mod names;
pub mod near;
pub mod parts;
pub mod registry;
pub mod requests;
pub mod small_files;
pub(crate) mod streamed;
pub mod walk;
