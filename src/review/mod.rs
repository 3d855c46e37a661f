//! Review: what both sides agree on is looked at again.
//!
//! **Purpose.** Reconciliation cannot see an error that both copies have. The rules of the insured place say what its
//! fund should have paid ([`benefits`]); rules on behaviour say what nobody does ([`behaviour`]).
//!
//! **In.** Benefit files, and what is known of a settlement.
//!
//! **Out.** The range of what the fund may have paid, with the steps that lead to it.
//!
//! **Invariants.** Only the files and the settlement decide. Nothing is rounded before the end, and then once.

pub mod account;
pub mod behaviour;
pub mod benefit_rules;
pub mod benefits;
pub mod book;
mod cell;
pub mod context;
pub mod credentials;
pub mod detail;
pub mod examine;
pub mod explain;
pub mod fields;
pub mod filing;
pub mod found;
pub mod keys;
pub mod lead;
mod numbers;
pub mod packed_rows;
mod passes;
pub mod reader;
pub mod registry;
pub mod row;
mod row_bytes;
pub mod rule;
pub mod rules_file;
pub mod subject;
pub mod thresholds;
mod toml_reader;
