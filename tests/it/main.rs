//! The integration tests: the program from outside, and the laws that its results obey.

mod audit;
mod bulletin;
mod cases;
mod errors;
mod exits;
mod faults;
mod fixtures;
#[cfg(feature = "independent")]
mod independent;
mod languages;
mod looks;
mod people;
mod policies;
mod properties;
mod publish;
mod query;
mod replay;
mod report;
mod rules;
mod signing;
mod statements;
mod tidy;
mod verification;
mod verify;
mod world;
mod year;
