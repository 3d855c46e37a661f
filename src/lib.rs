//! 两清 liangqing: clears China's cross-province medical-insurance settlements.
//!
//! A delivery holds two copies of a month's settlements, one of each province. A run takes the copies through
//! [`contract`], [`ingest`], [`reconcile`], [`clear`] and [`reserve`], and closes a period in a [`book`]. [`engine`]
//! calls these stages and asserts the control totals between them: read it first.
//!
//! The modules form floors. A module uses modules of lower floors, and no others; a test reads every path and holds
//! the plan.
//!
//! | floor | modules | what they are for |
//! |---|---|---|
//! | 1 | `text` | messages as values, worded once in each language |
//! | 2 | `diag` `digest` `bounded` `spelling` `shapes` | findings, failures and exit statuses; SHA-256; reading small files within bounds; how texts of files and reports are written |
//! | 3 | `model` `event` `interrupt` `toml_keys` | the vocabulary: codes, money, days, fields, control totals; what a run tells its watcher; what a signal removes; TOML key by key |
//! | 4 | `place` `rules` | locks, staging, output folders; policy as dated data |
//! | 5 | `columnar` `workbook` `signing` `independent` | Parquet in and out; cells of workbooks; signatures over manifests; what a second implementation is asked |
//! | 6 | `contract` `keyed` `privacy` | small files and names of a delivery; settlements by key, in memory and on disk; masks and pseudonyms |
//! | 7 | `ingest` `book` | Parquet files → judged rows; closed periods, their chain and their tables |
//! | 8 | `register` `plausible` `judged` `query` `coordination` `system_errors` `known` | what earlier periods cleared; slips that are asked about; deductions and payments in short; what SQL is asked; requests between provinces and their replies; system errors and what becomes of them; what daily reconciliation knew |
//! | 9 | `reconcile` `pipeline` `rehearsal` `review` | two copies → cleared settlements and breaks; the settings of a run; a delivery looked at before the run; leads in the records themselves |
//! | 10 | `clear` `cluster` | cleared settlements → positions → pairs, deductions; what a cluster is asked |
//! | 11 | `reserve` | pairs → quotas, reserves, notices, payments |
//! | 12 | `handover` `policy_tests` `figures` | what a period takes over from the one before; the tests that a rules file has of itself; the figures that several outputs show |
//! | 13 | `engine` `page` | calls all of these, asserts their totals, publishes; what pages for people have in common |
//! | 14 | `audit` `convert` `outlook` `statements` `daily` | a closed period proven, rerun, explained; exports made a delivery; where a book stands; papers for provinces; three copies of each day reconciled |
//! | 15 | `report` `bulletin` `synth` `leads` | one page about a period; the nation's figures; synthetic deliveries; leads for provinces, and their replies |
//! | 16 | `cli` | the command line |
//!
//! Money is whole fen ([`model::money`]), policy is dated data ([`rules`]), and only the declared inputs decide.

#![cfg_attr(test, allow(clippy::disallowed_methods, reason = "tests read what they have made"))]

#[macro_use]
extern crate liangqing_base;

// The lowest floors are a package of their own: src/base.rs.
pub use liangqing_base::{diag, event, independent, model, rules, shapes, text};

pub mod bounded;
pub mod digest;
pub mod spelling;
mod toml_keys;

pub mod interrupt;

pub mod place;

pub mod columnar;
pub mod signing;
mod workbook;

pub mod contract;
pub mod keyed;
pub mod privacy;

pub mod book;
pub mod ingest;

pub mod coordination;
pub mod judged;
pub mod known;
pub mod plausible;
pub mod query;
pub mod register;
pub mod review;
pub mod system_errors;

pub mod pipeline;
pub mod reconcile;
pub mod rehearsal;

pub mod clear;
pub mod cluster;

pub mod reserve;

pub mod figures;
pub mod handover;
pub mod policy_tests;

pub mod engine;
pub mod page;

pub mod audit;
pub mod convert;
pub mod daily;
pub mod outlook;
pub mod statements;

pub mod bulletin;
pub mod leads;
pub mod report;
pub mod synth;

pub mod cli;
