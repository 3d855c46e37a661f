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

/// Reads the copies of a delivery. The rest of a run, and its bytes, are the same with every reader.
///
/// A reader only claims that copies are equal: the match examines every claim, and the totals of the survey prove that
/// no row is missing or there twice.
pub trait Reader: fmt::Debug + Send + Sync {
    /// Reads every row once: judges it, counts it, and finds its partner or indexes its entry, perhaps with its values.
    fn read(&self, run: Run, foreseen: Foreseen) -> Outcome<FirstRead>;

    /// Whether a read notes the visits that it is asked about. A reader that does not leaves it to this machine.
    fn notes_visits(&self) -> bool {
        false
    }

    /// Reads the valid rows of a side with these ordinals, which are sorted and distinct. Calls `take` once for each of
    /// them, in any order.
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
    fn notes_visits(&self) -> bool {
        true
    }

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
