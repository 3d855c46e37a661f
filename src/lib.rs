//! 两清 liangqing: clears China's cross-province medical-insurance settlements.
//!
//! A delivery holds two copies of a month's settlements, one of each province. A run takes it through
//! the stages in the order in which the modules below are declared, and closes a period in a book:
//!
//! | stage | in → out |
//! |---|---|
//! | [`contract`] | folder → accepted files |
//! | [`ingest`] | files → typed columns, rejects |
//! | [`reconcile`] | two copies → cleared settlements, breaks |
//! | [`clear`] | cleared → positions → pairs, deductions |
//! | [`reserve`] | pairs → quotas, reserves, notices, payments |
//! | [`statement`] | all of these → tables |
//! | [`book`] | everything → a closed period |
//! | [`forms`] | a closed period → what people read, print and sign |
//! | [`report`] | a closed period and those before it → one page for people |
//! | [`bulletin`] | closed periods → what the nation is told |
//! | [`query`] | closed periods → answers to SQL |
//! | [`audit`] | a closed period → proven, rerun, explained |
//! | [`cluster`] | the first two stages on many machines |
//!
//! [`engine`] calls them and asserts the control totals between them: read it first. Money is whole fen
//! ([`money`]), policy is dated data ([`rules`]), and nothing but the declared inputs decides.

pub mod engine;

pub mod bounded;
pub mod columnar;
pub mod diag;
pub mod digest;
pub mod event;
pub mod interrupt;
pub mod judged;
pub mod model;
pub mod place;
pub mod privacy;
pub mod spelling;

pub mod pipeline;
pub mod plausible;
pub mod rules;

pub mod contract;
pub mod ingest;
pub mod keyed;
pub mod reconcile;
pub mod register;

pub mod clear;
pub mod reserve;

pub mod book;
pub mod handover;
pub mod independent;

pub mod audit;
pub mod bulletin;
pub mod outlook;
pub mod query;
pub mod report;
pub mod signing;
pub mod statements;

pub mod cli;
pub mod cluster;
pub mod synth;
