//! Signals: every command ends within a second after the first signal, and at once on the second.

use std::{
    process,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
        mpsc,
    },
    thread,
    time::Duration,
};

use indicatif::{ProgressBar, ProgressDrawTarget};

use super::{failure::print, options::Format};
use crate::{diag::Failure, interrupt};

/// The time for a command to end by itself.
const ORDERLY: Duration = Duration::from_millis(500);
/// The time for a command to print its report when its result is published already.
const REPORT: Duration = Duration::from_millis(300);
/// The time for the terminal to accept the last message.
const LAST_WORDS: Duration = Duration::from_millis(150);

/// Whether the interruption has been printed.
static SAID: AtomicBool = AtomicBool::new(false);
/// The progress bar on the terminal.
static BAR: Mutex<Option<ProgressBar>> = Mutex::new(None);

/// Sets a flag on a signal. Not all work looks at the flag, so work that goes on too long is cut off.
pub(super) fn listen(stop: Arc<AtomicBool>, format: Format) {
    let mut is_first = true;
    // Without a handler a signal ends the process, and the next run cleans up.
    _ = ctrlc::set_handler(move || {
        stop.store(true, Ordering::Relaxed);
        let patience = if std::mem::take(&mut is_first) { ORDERLY } else { Duration::ZERO };
        thread::spawn(move || {
            thread::sleep(patience);
            if interrupt::is_settled() {
                thread::sleep(patience.min(REPORT));
            }
            end_process(format);
        });
    });
}

/// Registers the progress bar that must be removed from the terminal before the process ends.
pub(super) fn shows(bar: &ProgressBar) {
    *BAR.lock().unwrap_or_else(PoisonError::into_inner) = Some(bar.clone());
}

/// Prints a failure, unless the process is about to end. An interruption is printed once.
pub(super) fn failure(failure: &Failure, format: Format) {
    if matches!(failure, Failure::Interrupted) && SAID.swap(true, Ordering::Relaxed) {
        return;
    }
    print(failure, format);
}

/// Ends the process in the middle of its work.
#[expect(clippy::exit, reason = "other threads are at work that nothing else can end")]
fn end_process(format: Format) {
    let settled = interrupt::abandon();
    // Another thread may hold the terminal, or it may block, so the message is written by a thread with a time limit.
    let (done, waiting) = mpsc::channel();
    thread::spawn(move || {
        let bar = BAR.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(bar) = bar {
            bar.finish_and_clear();
            bar.set_draw_target(ProgressDrawTarget::hidden());
        }
        if !settled {
            failure(&Failure::Interrupted, format);
        }
        done.send(())
    });
    _ = waiting.recv_timeout(LAST_WORDS);
    process::exit(if settled { 0 } else { Failure::Interrupted.exit_status().into() })
}
