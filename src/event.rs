//! Events of a long command, and the flag that stops it.

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use schemars::JsonSchema;
use serde::Serialize;

use crate::diag::{Failure, Outcome};
use crate::text::Text;

/// An event of a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// A stage begins.
    Stage {
        /// The work of the stage, for people.
        name: Text,
        /// The number of rows that it will process; 0 when unknown.
        rows: u64,
    },
    /// The needs of the run, estimated from the footers of the delivery.
    Estimate(Estimate),
    /// This many more rows are done.
    Rows(u64),
    /// The command has no more events.
    Done,
}

/// A rough estimate of the needs of a run, made before rows are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub struct Estimate {
    /// Rows of both sides.
    pub rows: u64,
    /// Bytes of the Parquet files.
    pub input_bytes: u64,
    /// Bytes of memory.
    pub memory_bytes: u64,
    /// Bytes of disk next to the book: the results and the spilled data.
    pub disk_bytes: u64,
    /// Seconds of one processor core, lowest and highest, by the cost model of docs/performance.md.
    pub core_seconds: [u64; 2],
    /// Whether row groups are read in step with time. Then few rows are read twice.
    pub in_step: bool,
}

/// What a run is busy with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Activity {
    /// Hash input files.
    Digest,
    /// Read pages of input files.
    Read,
    /// Decompress them.
    Decompress,
    /// Decode them into columns.
    Decode,
    /// Judge rows, add up files.
    Validate,
    /// Pack rows by person and by institution, in a review.
    Pack,
    /// Look at persons and institutions, in a review.
    Look,
    /// Add up positions.
    #[serde(rename = "add up")]
    AddUp,
    /// Find partners, in the window and by partition; look up the register.
    Match,
    /// Take doubtful settlements through the rules.
    Settle,
    /// Write register and tables, and hash them.
    Write,
}

impl Activity {
    /// All activities in the order of the data flow.
    pub const ALL: [Activity; 11] = [
        Activity::Digest,
        Activity::Read,
        Activity::Decompress,
        Activity::Decode,
        Activity::Validate,
        Activity::Pack,
        Activity::Look,
        Activity::AddUp,
        Activity::Match,
        Activity::Settle,
        Activity::Write,
    ];

    /// Returns the word for people.
    pub const fn text(self) -> Text {
        match self {
            Activity::Digest => text!("digest"),
            Activity::Read => text!("read"),
            Activity::Decompress => text!("decompress"),
            Activity::Decode => text!("decode"),
            Activity::Validate => text!("validate"),
            Activity::Pack => text!("pack"),
            Activity::Look => text!("look"),
            Activity::AddUp => text!("add up"),
            Activity::Match => text!("match"),
            Activity::Settle => text!("settle"),
            Activity::Write => text!("write"),
        }
    }

    /// Returns the name in reports for programs.
    pub const fn name(self) -> &'static str {
        match self {
            Activity::Digest => "digest",
            Activity::Read => "read",
            Activity::Decompress => "decompress",
            Activity::Decode => "decode",
            Activity::Validate => "validate",
            Activity::Pack => "pack",
            Activity::Look => "look",
            Activity::AddUp => "add up",
            Activity::Match => "match",
            Activity::Settle => "settle",
            Activity::Write => "write",
        }
    }
}

/// Measures the activities of threads if it has a clock. Only reports use the result.
#[derive(Debug, Default)]
pub struct Stopwatch {
    clock: Option<fn() -> Duration>,
    spent: [Spent; Activity::ALL.len()],
}

/// The sums of an activity over all threads.
#[derive(Debug, Default)]
struct Spent {
    // Relaxed order is enough: the sums are read for a report only, after the threads were joined.
    nanos: AtomicU64,
    rows: AtomicU64,
    bytes: AtomicU64,
}

/// The time and data of an activity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ActivityTime {
    /// The activity.
    pub activity: Activity,
    /// The time of all threads together.
    pub busy: Duration,
    /// The number of rows processed.
    pub rows: u64,
    /// The number of bytes processed.
    pub bytes: u64,
}

impl Stopwatch {
    /// Makes a stopwatch with a clock that returns the time since a fixed moment.
    pub fn new(clock: fn() -> Duration) -> Stopwatch {
        Stopwatch { clock: Some(clock), ..Stopwatch::default() }
    }

    /// Measures a piece of work.
    pub fn measure<T>(&self, activity: Activity, work: impl FnOnce() -> T) -> T {
        let Some(clock) = self.clock else { return work() };
        let begin = clock();
        let done = work();
        let nanos = u64::try_from(clock().saturating_sub(begin).as_nanos()).unwrap_or(u64::MAX);
        self.spent[activity as usize].nanos.fetch_add(nanos, Relaxed);
        done
    }

    /// Adds rows and bytes that an activity processed.
    pub fn count(&self, activity: Activity, rows: u64, bytes: u64) {
        self.spent[activity as usize].rows.fetch_add(rows, Relaxed);
        self.spent[activity as usize].bytes.fetch_add(bytes, Relaxed);
    }

    /// Returns the measured times of what was done. Pages are read and decompressed inside of decoding, so their time is subtracted
    /// there.
    pub fn timings(&self) -> Vec<ActivityTime> {
        let nanos = |activity: Activity| self.spent[activity as usize].nanos.load(Relaxed);
        let within = nanos(Activity::Read) + nanos(Activity::Decompress);
        let timing = |activity: Activity| {
            let without = if activity == Activity::Decode { within } else { 0 };
            let Spent { rows, bytes, .. } = &self.spent[activity as usize];
            ActivityTime {
                activity,
                busy: Duration::from_nanos(nanos(activity).saturating_sub(without)),
                rows: rows.load(Relaxed),
                bytes: bytes.load(Relaxed),
            }
        };
        let all = Activity::ALL.into_iter().map(timing);
        all.filter(|timing| !timing.busy.is_zero() || timing.rows > 0).collect()
    }
}

/// Connects a run with its observer.
pub struct Monitor {
    stop: Arc<AtomicBool>,
    listener: Box<dyn Fn(Event) + Send + Sync>,
    /// Returns the bytes of free memory, if known.
    free_memory: fn() -> Option<u64>,
    /// Measures the run.
    pub stopwatch: Arc<Stopwatch>,
}

impl Monitor {
    /// Makes a monitor that sends events to a listener and stops when the flag is set.
    pub fn new(stop: Arc<AtomicBool>, listener: impl Fn(Event) + Send + Sync + 'static) -> Monitor {
        let free_memory = || None;
        Monitor { stop, listener: Box::new(listener), free_memory, stopwatch: Arc::default() }
    }

    /// Measures with a clock.
    #[must_use]
    pub fn with_clock(self, clock: fn() -> Duration) -> Monitor {
        Monitor { stopwatch: Arc::new(Stopwatch::new(clock)), ..self }
    }

    /// Makes the run stop before it needs more memory than is free.
    #[must_use]
    pub fn with_free_memory(self, free_memory: fn() -> Option<u64>) -> Monitor {
        Monitor { free_memory, ..self }
    }

    /// Fails when something will need more memory than is free, or more than `most` bytes; `key` is the field by which
    /// rows lie together.
    pub fn check_memory(
        &self,
        bytes: u64,
        most: u64,
        key: &str,
        what: impl FnOnce() -> Text,
    ) -> Outcome<()> {
        let free = (self.free_memory)().unwrap_or(u64::MAX).min(most);
        if bytes <= free {
            return Ok(());
        }
        Err(Failure::Io {
            place: text!("memory"),
            error: io::Error::other(text!("{} take about {} MiB of memory, and {} MiB are free", what(), bytes >> 20, free >> 20).hinting(text!("do all rows have one {}? otherwise give more --memory, or take a larger machine", key))),
        })
    }

    /// Makes a monitor without a listener.
    pub fn silent() -> Monitor {
        Monitor::new(Arc::default(), |_| {})
    }

    /// Returns a monitor for a part that runs beside other parts: the same flag and stopwatch, but no listener.
    pub fn of_part(&self) -> Monitor {
        let stop = Arc::clone(&self.stop);
        let part = Monitor::new(stop, |_| {}).with_free_memory(self.free_memory);
        Monitor { stopwatch: Arc::clone(&self.stopwatch), ..part }
    }

    /// Reports the beginning of a stage. Fails when the run must stop.
    pub fn stage(&self, name: Text, rows: u64) -> Outcome<()> {
        tracing::info!(rows, "{name}");
        (self.listener)(Event::Stage { name, rows });
        self.check()
    }

    /// Reports the estimate.
    pub fn estimate(&self, estimate: Estimate) {
        (self.listener)(Event::Estimate(estimate));
    }

    /// Reports processed rows. Fails when the run must stop.
    pub fn advance(&self, rows: u64) -> Outcome<()> {
        (self.listener)(Event::Rows(rows));
        self.check()
    }

    /// Reports the end.
    pub fn done(&self) {
        (self.listener)(Event::Done);
    }

    /// Fails when the run must stop.
    pub fn check(&self) -> Outcome<()> {
        if self.stop.load(Relaxed) { Err(Failure::Interrupted) } else { Ok(()) }
    }
}
