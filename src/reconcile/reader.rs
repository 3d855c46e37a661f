//! Who reads the copies of a delivery and finds their partners: this machine, or a cluster.

use std::fmt;

use super::{
    build::{FirstRead, Foreseen, read_delivery},
    run::Run,
};
use crate::{
    diag::Outcome,
    ingest::{fetch::fetch, record::Record},
    model::codes::Side,
};

/// Reads the copies of a delivery. Whatever the engine, the rest of a run is the same, and so are its bytes.
///
/// What an engine finds equal is a claim, no more: the match examines every claim, and the proof that no
/// row is missing or there twice is made with the totals of the survey.
pub trait Reader: fmt::Debug + Send + Sync {
    /// Reads every row once: judges it, adds it up, finds its partner or leaves its entry, and perhaps its
    /// values.
    fn read(&self, run: Run, foreseen: Foreseen) -> Outcome<FirstRead>;

    /// Reads the valid rows of a side with these ordinals, which are in order and given once each; gives each
    /// of them once, in any order.
    fn fetch(
        &self,
        run: Run,
        side: Side,
        ordinals: &[u32],
        take: &(dyn Fn(u32, Record) -> Outcome<()> + Sync),
    ) -> Outcome<()>;
}

/// This machine.
#[derive(Debug, Clone, Copy, Default)]
pub struct Local;

impl Reader for Local {
    fn read(&self, run: Run, foreseen: Foreseen) -> Outcome<FirstRead> {
        read_delivery(run, foreseen)
    }

    fn fetch(
        &self,
        run: Run,
        side: Side,
        ordinals: &[u32],
        take: &(dyn Fn(u32, Record) -> Outcome<()> + Sync),
    ) -> Outcome<()> {
        let Run { delivery, setting, .. } = run;
        fetch(delivery, side, ordinals, setting.rules.int96, setting.monitor, take).map(drop)
    }
}
