//! The integration tests: the program from outside, and the laws that its results obey.
#![allow(
    clippy::disallowed_methods,
    reason = "tests start programs, measure, and read what was made"
)]

mod audit_rerun;
mod audited;
mod built_in;
mod bulletin;
mod cases;
mod check;
mod citations;
mod claims;
mod columns;
mod completions;
mod convert;
mod convert_small;
mod decisions;
mod deliveries;
mod diff;
mod docs;
mod errors;
mod exits;
mod explain;
mod faults;
mod figures;
mod fixtures;
mod forger;
mod forgeries;
mod help;
mod independent;
mod init;
mod judged;
mod keygen;
mod languages;
mod limits;
mod man;
mod outputs;
mod pages;
mod papers;
mod people;
mod plausible;
mod policies;
mod properties;
mod publish;
mod query;
mod quotas;
mod races;
mod replay;
mod report;
mod rules;
mod run;
mod schemas;
mod signals;
mod signing;
mod statements;
mod status;
mod stress;
mod structure;
mod synth;
mod terminal;
mod tidy;
mod tools;
mod verify;
mod world;
mod year;
