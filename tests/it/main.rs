//! The integration tests: the program from outside, and the laws that its results obey.

mod audit;
mod bulletin;
mod cases;
mod columns;
mod deliveries;
mod errors;
mod exits;
mod faults;
mod fixtures;
mod forger;
mod forgeries;
#[cfg(feature = "independent")]
mod independent;
mod judged;
mod languages;
mod limits;
mod looks;
mod outputs;
mod plausible;
mod policies;
mod properties;
mod publish;
mod query;
mod races;
mod replay;
mod report;
mod rules;
mod signals;
mod signing;
mod statements;
mod terminal;
mod tidy;
mod verification;
mod verify;
mod world;
mod year;
