//! Months for the review: a quiet nation, and in it planted cases of every rule, with an answer key.
//!
//! **Purpose.** Deliveries of any size with leads that are known, to test and measure the review (review.md).
//!
//! **In.** [`SynthOptions`](super::SynthOptions), and how many cases of each rule are planted.
//!
//! **Out.** For each period a delivery with both sides below `<out>/<period>/`, without breaks; beside them
//! `filings.parquet`, `registry.csv`, the rules `review.toml` with the values of the codes that are used, and the
//! answer key `truth-review.parquet`. It is the key of one review of all periods, in order.
//!
//! **Invariants.** The key is made by the scenes that plant the cases ([`scene`]), and by no code of the review. A scene
//! has persons and institutions of its own, so that cases do not meet; many scenes are near misses and not in the key.
//! Quiet rows are pure functions of (seed, pair, month, index) and are not kept ([`quiet`]); planted rows are.

mod bill;
mod deliver;
mod filed;
mod filing;
mod land;
mod make;
mod paid;
mod papers;
mod person;
mod places;
mod quiet;
mod scene;
mod scripts;
mod stays;
#[cfg(test)]
mod tests;
mod visits;

pub use make::generate;
