//! The parts of a run that its stages share, from the first read to the last settled copy.

use super::values::DoubtfulCopies;
use crate::{
    ingest::{delivery::Delivery, survey::SurveySetting},
    place::staging::Staging,
};

/// One run, from the first read of its delivery until the last copy is settled.
#[derive(Clone, Copy)]
pub struct Run<'a> {
    /// The delivery.
    pub delivery: &'a Delivery,
    /// The period, its policy, and the monitor.
    pub setting: SurveySetting<'a>,
    /// The staging folder, for the files of the period and for spill files.
    pub staging: &'a Staging,
    /// The copies in doubt.
    pub values: &'a DoubtfulCopies,
    /// Bytes of memory for the index of the delivery, on this machine.
    pub memory: usize,
}
