//! Progress on stderr: rows, rate, time left; nothing when stderr is not a terminal.

use std::{
    fmt::Write,
    path::PathBuf,
    sync::{Arc, LazyLock, atomic::AtomicBool},
    time::{Duration, Instant},
};

use indicatif::{HumanCount, ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};

use super::{lang::said, printer, signals};
use crate::event::{Event, Monitor};

/// The time since the program first asked for it.
fn clock() -> Duration {
    static BEGIN: LazyLock<Instant> = LazyLock::new(Instant::now);
    BEGIN.elapsed()
}

/// Bytes of memory that this program may still take, where the system says so: what is free, and what is left of a
/// limit of its own.
fn free_memory() -> Option<u64> {
    let kilobytes = |file: &str, name: &str| {
        let text = std::fs::read_to_string(file).ok()?;
        let line = text.lines().find_map(|line| line.strip_prefix(name))?;
        let kilobytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
        Some(kilobytes << 10)
    };
    let free = kilobytes("/proc/meminfo", "MemAvailable:");
    let limits = std::fs::read_to_string("/proc/self/limits").unwrap_or_default();
    let limit = limits.lines().find_map(|line| line.strip_prefix("Max address space"));
    let limit = limit.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
    let taken = kilobytes("/proc/self/status", "VmSize:");
    let left = limit.zip(taken).map(|(limit, taken)| limit.saturating_sub(taken));
    free.into_iter().chain(left).min()
}

/// Rows a second, whole.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a rate, shown for a moment"
)]
fn rate(state: &ProgressState, out: &mut dyn Write) {
    _ = write!(out, "{}", HumanCount(state.per_sec() as u64));
}

/// A monitor that shows progress, unless it is to be quiet; for a run, also what it will need of the disk
/// on which its book lies.
pub(super) fn monitor(stop: Arc<AtomicBool>, quiet: bool, book: Option<PathBuf>) -> Monitor {
    let target = if quiet { ProgressDrawTarget::hidden() } else { ProgressDrawTarget::stderr() };
    let bar = ProgressBar::with_draw_target(None, target);
    signals::shows(&bar);
    Monitor::new(stop, move |event| match event {
        Event::Stage { name, rows } => {
            let template = if rows > 0 {
                "{msg:>16} {wide_bar} {human_pos}/{human_len} rows, {rate}/s, {eta} left"
            } else {
                "{msg:>16} {spinner} {elapsed}"
            };
            if let Ok(style) = ProgressStyle::with_template(&said(template)) {
                bar.set_style(style.with_key("rate", rate));
            }
            bar.set_length(rows);
            bar.set_message(said(name));
            bar.reset();
        }
        Event::Estimate(estimate) => {
            if let Some(book) = &book {
                bar.suspend(|| printer::estimate(&estimate, book, quiet));
            }
        }
        Event::Rows(rows) => bar.inc(rows),
        Event::Done => bar.finish_and_clear(),
    })
    .with_clock(clock)
    .with_free_memory(free_memory)
}
