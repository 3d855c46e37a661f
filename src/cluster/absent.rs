//! What a program says that was built without the feature `cluster`.

use std::{
    path::Path,
    sync::{Arc, atomic::AtomicBool},
};

use super::{ExecutorOptions, SchedulerOptions};
use crate::{
    diag::{Failure, Outcome},
    reconcile::reader::Engine,
};

fn absent<T>() -> Outcome<T> {
    Err(Failure::Usage(
        "this program was built without clusters and object stores; build it with: cargo build \
         --release --features cluster"
            .to_owned(),
    ))
}

/// A copy of what is in an object store: there is none.
#[derive(Debug)]
pub enum Mirror {}

impl Mirror {
    /// Copies nothing.
    pub fn of_delivery(_: &Path, _: bool, _: &AtomicBool) -> Outcome<Mirror> {
        absent()
    }

    /// Copies nothing.
    pub fn of_file(_: &Path, _: &AtomicBool) -> Outcome<Mirror> {
        absent()
    }

    /// Copies nothing.
    pub fn of_book(_: &Path, _: &AtomicBool) -> Outcome<(Mirror, Vec<String>)> {
        absent()
    }

    /// The copy.
    pub fn path(&self) -> &Path {
        match *self {}
    }

    /// Sends nothing.
    pub fn send_period(&self, _: &str) -> Outcome<()> {
        match *self {}
    }
}

/// The engine of a cluster.
pub fn engine(_: &str, _: Option<Arc<Mirror>>) -> Outcome<Arc<dyn Engine>> {
    absent()
}

/// Runs a scheduler.
pub fn scheduler(_: &SchedulerOptions, _: &AtomicBool) -> Outcome<()> {
    absent()
}

/// Runs an executor.
pub fn executor(_: &ExecutorOptions, _: &AtomicBool) -> Outcome<()> {
    absent()
}
