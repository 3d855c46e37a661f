//! Who reads the copies of a delivery and finds their partners: this machine, or a cluster.

use std::fmt;

use super::{
    build::{Foreseen, Index, read_delivery},
    values::Values,
};
use crate::{
    diag::Outcome,
    ingest::{
        delivery::Delivery,
        fetch::fetch,
        record::Record,
        survey::{Setting, Survey},
    },
    model::codes::Side,
    place::staging::Staging,
};

/// Reads the copies of a delivery. Whatever the engine, the rest of a run is the same, and so are its bytes.
///
/// What an engine finds equal is a claim, no more: the match examines every claim, and the proof that no
/// row is missing or there twice is made with the totals of the survey.
pub trait Engine: fmt::Debug + Send + Sync {
    /// Reads every row once: judges it, adds it up, finds its partner or leaves its entry, and perhaps its
    /// values. `memory` is the bytes that it may take on this machine.
    fn read(
        &self,
        delivery: &Delivery,
        setting: Setting,
        staging: &Staging,
        foreseen: Foreseen,
        values: &Values,
        memory: usize,
    ) -> Outcome<(Survey, Index)>;

    /// Reads the valid rows of a side with these ordinals, which are in order and given once each; gives each
    /// of them once, in any order.
    fn fetch(
        &self,
        delivery: &Delivery,
        side: Side,
        ordinals: &[u32],
        setting: Setting,
        take: &(dyn Fn(u32, Record) -> Outcome<()> + Sync),
    ) -> Outcome<()>;
}

/// This machine.
#[derive(Debug, Clone, Copy, Default)]
pub struct Native;

impl Engine for Native {
    fn read(
        &self,
        delivery: &Delivery,
        setting: Setting,
        staging: &Staging,
        foreseen: Foreseen,
        values: &Values,
        memory: usize,
    ) -> Outcome<(Survey, Index)> {
        read_delivery(delivery, setting, staging, foreseen, values, memory)
    }

    fn fetch(
        &self,
        delivery: &Delivery,
        side: Side,
        ordinals: &[u32],
        setting: Setting,
        take: &(dyn Fn(u32, Record) -> Outcome<()> + Sync),
    ) -> Outcome<()> {
        fetch(delivery, side, ordinals, setting.rules.int96, setting.monitor, take).map(drop)
    }
}
