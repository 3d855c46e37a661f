//! What provinces have to do with each other between two closes, beside a month's delivery (coordination.md).
//!
//! **Purpose.** A national copy of each month, requests with their replies, and system errors, with answer keys.
//!
//! **In.** The months as they are generated anyway, and how often things happen ([`CoordinationRates`](super::CoordinationRates)).
//!
//! **Out.** Below `<out>/<period>/`: `national/`, `requests.csv`, `replies.csv`, `system-errors.csv`; beside them
//! `truth-daily.parquet`, `truth-coordination.parquet` and `truth-errors.parquet`. The rows of both provinces are what
//! they are without.
//!
//! **Invariants.** Nothing of it is worked out by the code that is tested with it: classes, states and dates are a second
//! reading of the contract. National copies are pure functions of the settlement and are not kept; requests and errors that
//! may come again are, a few in a thousand settlements.

mod asked;
mod classes;
mod dates;
mod faults;
mod month;
mod nation;
mod requests;
mod scripts;
mod sources;

pub(super) use {
    month::{Coordination, CoordinationMade, CoordinationScan},
    nation::Nation,
};
