//! The same run on a cluster: deliveries that outgrow one machine, or lie in an object store.
//!
//! **Purpose.** Apache DataFusion Ballista shares the reading and the matching of copies out to the machines
//! of a cluster. Everything after that is the code that every run has.
//!
//! **In.** A delivery in folders that all machines see, or in an object store; the address of a scheduler.
//!
//! **Out.** An [`Reader`](liangqing::reconcile::reader::Reader): a survey and an index, equal to those that this
//! machine would have made; the processes of a cluster; copies of what is in an object store.
//!
//! **Invariants.** An executor reads by the rules that the job brings, with the code of [`liangqing::ingest`]. What
//! meets on the cluster is a claim, which the match examines. Every part of the delivery is reported once.

#[macro_use]
extern crate liangqing_base;

mod ballista;
mod functions;
mod job;
mod parcels;
mod serve;
mod storage;
mod task;
mod waiting;

use std::{
    path::Path,
    sync::{Arc, atomic::AtomicBool},
};

// All that this package has of the core; its modules name it as `crate::…`.
use liangqing::{
    cluster::{Cluster, ExecutorOptions, Mirror, SchedulerOptions, parse_address},
    diag, digest, event, ingest, interrupt, keyed, model, pipeline, place, reconcile, rules, text,
};

use self::{diag::Outcome, reconcile::reader::Reader, storage::LocalCopy};

/// Apache DataFusion Ballista, and object stores that speak S3.
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
