//! The second implementation: a period recomputed in Polars, and compared with the tables of the engine.
//!
//! **Purpose.** A fault of the engine should not go unseen because the engine proves itself. This code is
//! slow and set-oriented, and shares only words with the engine: [`crate::model::codes`], [`crate::model::money`], the
//! names of fields, the policy. It reads Parquet with another reader and adds up with other arithmetic.
//!
//! **In.** A delivery, the earlier periods of the book, the rules, and a folder with the tables of the period.
//!
//! **Out.** [`Compared`]: what was found equal, in rows and in fen. Otherwise the differing rows, as a
//! failure.
//!
//! **Invariants.** It decides nothing: the engine's tables are published or they are not. What Polars cannot
//! read fails the recomputation, and is never left out. Memory is bounded by partitions of keys.

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

// All that this package has of the project; its modules name it as `crate::…`.
use liangqing_base::{
    diag, event,
    independent::{Compared, ComparedTable, RecomputeTask},
    model, rules, text,
};

pub use self::period::recompute;
