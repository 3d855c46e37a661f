//! Signals: every command ends within a second of the first, and at once on the second.

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

/// How long a command has to end by itself.
const ORDERLY: Duration = Duration::from_millis(500);
/// How long a command has to print its report when its result is in its place.
const REPORT: Duration = Duration::from_millis(300);
/// How long the terminal has to take the last words.
const LAST_WORDS: Duration = Duration::from_millis(150);

/// Whether it has been said that the command was interrupted.
static SAID: AtomicBool = AtomicBool::new(false);
/// The bar that is on the terminal.
static BAR: Mutex<Option<ProgressBar>> = Mutex::new(None);

/// Sets a flag when a signal comes. Not all work looks at it: what has not ended by then is cut off.
pub(super) fn listen(stop: Arc<AtomicBool>, format: Format) {
    let mut is_first = true;
    // Without a handler a signal ends the process, and the next run clears up.
    _ = ctrlc::set_handler(move || {
        stop.store(true, Ordering::Relaxed);
        let patience = if std::mem::take(&mut is_first) { ORDERLY } else { Duration::ZERO };
        thread::spawn(move || {
            thread::sleep(patience);
            if interrupt::is_settled() {
                thread::sleep(patience.min(REPORT));
            }
            leave(format);
        });
    });
}

/// Knows the bar that has to go from the terminal before the process does.
pub(super) fn shows(bar: &ProgressBar) {
    *BAR.lock().unwrap_or_else(PoisonError::into_inner) = Some(bar.clone());
}

/// Says why a command did not succeed, unless the process is about to end; an interruption is said once.
pub(super) fn failure(failure: &Failure, format: Format) {
    if matches!(failure, Failure::Interrupted) && SAID.swap(true, Ordering::Relaxed) {
        return;
    }
    print(failure, format);
}

/// Ends the process in the middle of its work.
#[expect(clippy::exit, reason = "other threads are at work that nothing else can end")]
fn leave(format: Format) {
    let settled = interrupt::abandon();
    // Somebody may hold the terminal, or it may take nothing any more.
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
