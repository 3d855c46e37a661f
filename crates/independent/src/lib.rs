//! The second implementation: a period recomputed in Polars, and compared with the tables of the engine.
//!
//! **Purpose.** The engine proves itself, so a fault could hide in both its result and its proof. This code is slow
//! and set-oriented, and shares only words with the engine: [`crate::model::codes`], [`crate::model::money`], the
//! names of fields, the policy. It reads Parquet with another reader and adds up with other arithmetic.
//!
//! **In.** A delivery, the earlier periods of the book, the rules, and a folder with the tables of the period.
//!
//! **Out.** [`Compared`]: the equal tables, in rows and in fen. Otherwise a failure with the differing rows.
//!
//! **Invariants.** It changes no result: the engine's tables are published or they are not. A file that Polars cannot
//! read fails the recomputation and is never skipped. Memory is bounded by partitions of keys.

#[macro_use]
extern crate liangqing_base;

mod both;
mod compare;
mod delivery;
mod delta;
mod earlier;
mod facts;
mod ledger;
mod money;
mod period;
mod reversals;
mod rowrules;
mod rows;
mod side;
mod spill;
mod stored;
mod tables;

// The complete list of what this package uses of the project. Its modules name it as `crate::…`.
use liangqing_base::{
    diag, event,
    independent::{Compared, ComparedTable, RecomputeTask},
    model, rules, text,
};

pub use self::period::recompute;
