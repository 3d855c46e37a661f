//! A seeded generator of national deliveries, with an answer key.
//!
//! **Purpose.** Deliveries of any size that look like the country's, with every break class planted at
//! given rates, to test, measure and try out the engine.
//!
//! **In.** [`SynthOptions`]: where, which periods, how many settlements, the seed, the rates, the order.
//!
//! **Out.** For each period a delivery (contract section 2) below `<out>/<period>/`, and the answer key
//! `truth.parquet`: the rows (setl_id, class) that the engine has to list in that period's `breaks`. Beside the periods
//! the quotas with which a book of them begins, `opening-quotas.csv`.
//!
//! **Invariants.** Every value is a pure function of (seed, period of birth, pair, index). A settlement is generated
//! once for each side and not kept, so memory does not grow with the month. The same options give the same bytes for
//! any number of threads. The fate of a planted settlement in later periods is decided at its birth (`plan`). The
//! answer key follows from its copies, by a reading of the contract that shares no code with the engine (`judge`). So do
//! the notices that payments and top-ups answer (`money`).

mod alter;
mod breaks;
mod clock;
mod column;
mod coordination;
mod deliver;
mod draw;
mod extra;
mod geography;
mod judge;
mod key;
mod life;
mod money;
mod options;
#[cfg(test)]
mod oracle;
mod pace;
mod parallel;
mod payments;
mod period;
mod plan;
mod profile;
mod rates;
mod review;
mod row;
mod scan;
mod small;
mod summary;
mod table;
#[cfg(test)]
mod tests;
mod world;

pub use self::{
    breaks::{BreakRates, BreaksError},
    options::{LAST_PERIOD, MOST_PERIODS, MOST_SETTLEMENTS, Order, SynthError, SynthOptions},
    period::generate,
    rates::CoordinationRates,
    review::generate as generate_review,
    small::OPENING as OPENING_QUOTAS,
    summary::{Measure, Summary},
};
