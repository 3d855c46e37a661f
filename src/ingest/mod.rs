//! 2. Files into typed columns and rejects (contract §3).
//!
//! **Purpose.** Decode what any writer wrote, and judge every row.
//!
//! **In.** Parquet files.
//!
//! **Out.** [`batch::Batch`]: text, local time and fen by column; [`survey::Survey`]: totals, rejects.
//!
//! **Invariants.** Every byte of every file is hashed, and every page of every column is checked, also of ignored
//! columns. A row that breaks a rule is listed with all the rules that it broke. Damage never becomes a value. A claim
//! of a file is checked before memory is allocated for it.

pub mod amounts;
pub(crate) mod any_parquet;
pub mod batch;
pub mod beside;
pub mod buffers;
mod columns;
pub mod delivery;
mod diagnose;
mod disguise;
pub mod fetch;
pub mod form;
mod lengths;
pub mod months;
mod pages;
pub mod plan;
pub mod record;
pub mod rows;
pub mod schedule;
pub mod scope;
pub mod senders;
mod sending;
pub mod source;
pub mod survey;
pub mod text;
pub mod times;
pub(crate) mod typed_table;
