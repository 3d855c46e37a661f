//! Shows progress on stderr: rows, rate, time left. Shows nothing when stderr is not a terminal.

use std::{
    fmt,
    io::{self, Write},
    path::{Path, PathBuf},
    sync::{Arc, LazyLock, atomic::AtomicBool},
    time::{Duration, Instant},
};

use indicatif::{HumanCount, ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};

use super::{files::shown, lang::said, printer::warning, signals};
use crate::{
    bounded,
    event::{Estimate, Event, Monitor},
    text::{Grouped, Text},
};

/// Returns the time since the first call.
#[expect(
    clippy::disallowed_methods,
    reason = "people see how long it takes; no result depends on it"
)]
fn clock() -> Duration {
    static BEGIN: LazyLock<Instant> = LazyLock::new(Instant::now);
    BEGIN.elapsed()
}

/// Returns the bytes of memory that this process may still take, if the system says so: the free memory, or what is
/// left of the limit of its address space, whichever is less.
fn free_memory() -> Option<u64> {
    let kilobytes = |file: &str, name: &str| {
        let text = bounded::read_text(Path::new(file), bounded::SETTINGS).ok()?;
        let line = text.lines().find_map(|line| line.strip_prefix(name))?;
        let kilobytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
        Some(kilobytes << 10)
    };
    let free = kilobytes("/proc/meminfo", "MemAvailable:");
    let limits = bounded::read_text(Path::new("/proc/self/limits"), bounded::SETTINGS);
    let limits = limits.unwrap_or_default();
    let limit = limits.lines().find_map(|line| line.strip_prefix("Max address space"));
    let limit = limit.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
    let taken = kilobytes("/proc/self/status", "VmSize:");
    let left = limit.zip(taken).map(|(limit, taken)| limit.saturating_sub(taken));
    free.into_iter().chain(left).min()
}

/// Returns rows for each second, as an integer.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a rate, shown for a moment"
)]
fn rate(state: &ProgressState, out: &mut dyn fmt::Write) {
    _ = write!(out, "{}", HumanCount(state.per_sec() as u64));
}

/// Prints on stderr what a run will need. When quiet, prints shortages only.
fn print_estimate(estimate: &Estimate, book: &Path, quiet: bool) {
    let megabytes = |bytes: u64| Grouped(bytes.div_ceil(1_000_000));
    let Estimate { rows, input_bytes, memory_bytes, disk_bytes, core_seconds, .. } = *estimate;
    if !quiet {
        let [least, most] = core_seconds;
        let line = text!(
            "{} in {} MB; {} MB of memory, {} MB of disk, {} to {} core seconds",
            text!("{} row(s)", Grouped(rows)),
            megabytes(input_bytes),
            megabytes(memory_bytes),
            megabytes(disk_bytes),
            least,
            most
        );
        _ = writeln!(io::stderr().lock(), "{}", said(&Text::labelled("estimate", line)));
    }
    // The folder exists, because the run has opened its book.
    if let Ok(disk) = rustix::fs::statvfs(book) {
        let free = disk.f_bavail.saturating_mul(disk.f_frsize);
        if free < disk_bytes {
            warning(text!(
                "{} MB are free at {}, about {} MB are needed",
                megabytes(free),
                shown(book),
                megabytes(disk_bytes)
            ));
        }
    }
}

/// Makes a monitor that shows progress unless it is quiet. For a run it also prints the estimate; `book` is the folder
/// whose disk is examined.
pub(super) fn monitor(stop: Arc<AtomicBool>, quiet: bool, book: Option<PathBuf>) -> Monitor {
    let target = if quiet { ProgressDrawTarget::hidden() } else { ProgressDrawTarget::stderr() };
    let bar = ProgressBar::with_draw_target(None, target);
    signals::shows(&bar);
    Monitor::new(stop, move |event| match event {
        Event::Stage { name, rows } => {
            let template = if rows > 0 {
                text!("{msg:>16} {wide_bar} {human_pos}/{human_len} rows, {rate}/s, {eta} left")
            } else {
                text!("{msg:>16} {spinner} {elapsed}")
            };
            if let Ok(style) = ProgressStyle::with_template(&said(&template)) {
                bar.set_style(style.with_key("rate", rate));
            }
            bar.set_length(rows);
            bar.set_message(said(&name));
            bar.reset();
        }
        Event::Estimate(estimate) => {
            if let Some(book) = &book {
                bar.suspend(|| print_estimate(&estimate, book, quiet));
            }
        }
        Event::Rows(rows) => bar.inc(rows),
        Event::Done => bar.finish_and_clear(),
    })
    .with_clock(clock)
    .with_free_memory(free_memory)
}
