//! What all that reads and settles the copies of a delivery shares.

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
    /// The period, its policy, and who watches.
    pub setting: SurveySetting<'a>,
    /// Where files are made: those of the period, and what memory does not hold.
    pub staging: &'a Staging,
    /// The copies in doubt.
    pub values: &'a DoubtfulCopies,
    /// Bytes of memory for the index of the delivery, on this machine.
    pub memory: usize,
}
