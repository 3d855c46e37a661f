//! 2. Files into typed columns and rejects (contract §3).
//!
//! **Purpose.** Decode what any writer wrote, and judge every row.
//!
//! **In.** Parquet files.
//!
//! **Out.** [`batch::Batch`]: text, local time and fen by column; [`survey::Survey`]: totals, rejects.
//!
//! **Invariants.** Every byte of every file is hashed, and every page of every column is looked at, also of
//! columns that are ignored; a row that breaks a rule is listed with all the rules that it broke; damage
//! never becomes a value; nothing that a file claims takes memory before it is known that it can be so.

pub mod amounts;
pub mod batch;
pub mod buffers;
pub mod claims;
mod codec;
mod columns;
mod diagnose;
mod disguise;
pub mod fetch;
pub mod footer;
mod lengths;
pub mod months;
mod pages;
mod payload;
pub mod record;
pub mod rows;
pub mod schedule;
mod shared;
pub mod source;
pub mod survey;
pub mod text;
mod thrift;
pub mod times;

use std::{
    cell::Cell,
    panic::{AssertUnwindSafe, catch_unwind, set_hook, take_hook},
};

thread_local! {
    static DECODING: Cell<bool> = const { Cell::new(false) };
}

/// Runs a decoder over bytes of unknown origin: what makes it panic is damage too.
pub(crate) fn guarded<T>(decode: impl FnOnce() -> T) -> Option<T> {
    let outer = DECODING.replace(true);
    let decoded = catch_unwind(AssertUnwindSafe(decode)).ok();
    DECODING.set(outer);
    decoded
}

/// Keeps panics of decoders off stderr; they are reported as damage of the file.
pub fn quiet_decoder_panics() {
    let usual = take_hook();
    set_hook(Box::new(move |panic| {
        if !DECODING.get() {
            usual(panic);
        }
    }));
}
