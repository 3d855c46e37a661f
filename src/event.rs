//! What a long command says while it works, and how it is told to stop.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use crate::diag::{Failure, Outcome};

/// Something that happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// A stage begins that will touch a number of rows.
    Stage {
        /// What it does, for people.
        name: &'static str,
        /// How many rows it will touch; 0 when that is not known.
        rows: u64,
    },
    /// So many more rows are done.
    Rows(u64),
    /// Nothing more will happen.
    Done,
}

/// Connects a run with whoever watches it.
pub struct Monitor {
    stop: Arc<AtomicBool>,
    listener: Box<dyn Fn(Event) + Send + Sync>,
}

impl Monitor {
    /// Tells events to a listener, and stops when the flag is set.
    pub fn new(stop: Arc<AtomicBool>, listener: impl Fn(Event) + Send + Sync + 'static) -> Monitor {
        Monitor { stop, listener: Box::new(listener) }
    }

    /// Nobody watches.
    pub fn silent() -> Monitor {
        Monitor::new(Arc::default(), |_| {})
    }

    /// A stage begins.
    pub fn stage(&self, name: &'static str, rows: u64) -> Outcome<()> {
        tracing::info!(rows, "{name}");
        (self.listener)(Event::Stage { name, rows });
        self.check()
    }

    /// Rows are done.
    pub fn advance(&self, rows: u64) -> Outcome<()> {
        (self.listener)(Event::Rows(rows));
        self.check()
    }

    /// Nothing more will happen.
    pub fn done(&self) {
        (self.listener)(Event::Done);
    }

    /// Fails when the run has been told to stop.
    pub fn check(&self) -> Outcome<()> {
        if self.stop.load(Ordering::Relaxed) { Err(Failure::Interrupted) } else { Ok(()) }
    }
}
