//! The integration tests: the program from outside, and the laws that its results obey.

mod cases;
mod errors;
mod exits;
mod fixtures;
#[cfg(feature = "independent")]
mod independent;
mod looks;
mod policies;
mod properties;
mod publish;
mod rules;
mod tidy;
mod world;
mod year;
