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
//! | 1 | `diag` `digest` `bounded` `spelling` | findings, failures and exit statuses; SHA-256; reading small files within bounds |
//! | 2 | `model` `event` `interrupt` | the vocabulary: codes, money, days, fields, control totals; what a run tells its watcher; what a signal removes |
//! | 3 | `place` `rules` | locks, staging, output folders; policy as dated data |
//! | 4 | `columnar` `signing` `independent` | Parquet in and out; signatures over manifests |
//! | 5 | `contract` `keyed` `privacy` | small files and names of a delivery; settlements by key, in memory and on disk; masks and pseudonyms |
//! | 6 | `ingest` `book` | Parquet files → judged rows; closed periods, their chain and their tables |
//! | 7 | `register` `plausible` `judged` `query` | what earlier periods cleared; slips that are asked about; deductions and payments in short |
//! | 8 | `reconcile` `pipeline` | two copies → cleared settlements and breaks; the settings of a run |
//! | 9 | `clear` `cluster` | cleared settlements → positions → pairs, deductions |
//! | 10 | `reserve` | pairs → quotas, reserves, notices, payments |
//! | 11 | `handover` | what a period takes over from the one before |
//! | 12 | `engine` | calls all of these, asserts their totals, publishes |
//! | 13 | `audit` `outlook` `statements` | a closed period proven, rerun, explained; where a book stands; papers for provinces |
//! | 14 | `report` `bulletin` `synth` | one page about a period; the nation's figures; synthetic deliveries |
//! | 15 | `cli` | the command line |
//!
//! Money is whole fen ([`model::money`]), policy is dated data ([`rules`]), and nothing but the declared inputs
//! decides.

pub mod bounded;
pub mod diag;
pub mod digest;
pub mod spelling;

pub mod event;
pub mod interrupt;
pub mod model;

pub mod place;
pub mod rules;

pub mod columnar;
pub mod signing;

pub mod contract;
pub mod keyed;
pub mod privacy;

pub mod book;
pub mod ingest;

pub mod judged;
pub mod plausible;
pub mod register;

pub mod pipeline;
pub mod reconcile;

pub mod clear;

pub mod reserve;

pub mod handover;

pub mod engine;

pub mod audit;
pub mod outlook;
pub mod statements;

pub mod bulletin;
pub mod report;
pub mod synth;

pub mod cli;

pub mod cluster;
pub mod independent;
pub mod query;
