//! A run on a cluster, for deliveries that are too large for one machine or are in an object store.
//!
//! **Purpose.** Apache DataFusion Ballista distributes the reading and the matching of copies over the machines of a
//! cluster. All later steps are the same code as in every run.
//!
//! **In.** A delivery in folders that all machines see, or in an object store; the address of a scheduler.
//!
//! **Out.** A [`Reader`](liangqing::reconcile::reader::Reader) whose survey and index equal those of a local read; the
//! processes of a cluster; local copies of objects in a store.
//!
//! **Invariants.** An executor reads by the rules in the job, with the code of [`liangqing::ingest`]. Two copies that
//! meet on the cluster become a claim, which the match examines. Every part of the delivery is reported once.

#[macro_use]
extern crate liangqing_base;

mod ballista;
mod functions;
mod job;
mod parcels;
mod request;
mod serve;
mod storage;
mod task;
mod waiting;

use std::{
    path::Path,
    sync::{Arc, atomic::AtomicBool},
};

// The complete list of what this package uses of the core. Its modules name it as `crate::…`.
use liangqing::{
    cluster::{Cluster, ExecutorOptions, Mirror, SchedulerOptions, parse_address},
    diag, digest, event, ingest, interrupt, keyed, model, pipeline, place, reconcile, rules, text,
};

use self::{diag::Outcome, reconcile::reader::Reader, storage::LocalCopy};

/// Apache DataFusion Ballista, and object stores with the S3 protocol.
#[derive(Debug, Clone, Copy)]
pub struct BallistaAndS3;

impl Cluster for BallistaAndS3 {
    fn engine(&self, cluster: &str, delivery: Option<Arc<dyn Mirror>>) -> Outcome<Arc<dyn Reader>> {
        ballista::engine(cluster, delivery)
    }

    fn scheduler(&self, options: &SchedulerOptions, stop: &AtomicBool) -> Outcome<()> {
        serve::scheduler(options, stop)
    }

    fn executor(&self, options: &ExecutorOptions, stop: &AtomicBool) -> Outcome<()> {
        serve::executor(options, stop)
    }

    fn delivery(&self, address: &Path, whole: bool, stop: &AtomicBool) -> Outcome<Arc<dyn Mirror>> {
        Ok(Arc::new(LocalCopy::of_delivery(address, whole, stop)?))
    }

    fn file(&self, address: &Path, stop: &AtomicBool) -> Outcome<Arc<dyn Mirror>> {
        Ok(Arc::new(LocalCopy::of_file(address, stop)?))
    }

    fn book(&self, address: &Path, stop: &AtomicBool) -> Outcome<(Arc<dyn Mirror>, Vec<String>)> {
        let (book, without) = LocalCopy::of_book(address, stop)?;
        Ok((Arc::new(book), without))
    }
}
