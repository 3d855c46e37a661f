//! Runs the tasks of a period on all threads.

use std::sync::{
    Mutex, PoisonError,
    atomic::{AtomicUsize, Ordering},
};

use super::options::SynthError;

/// Runs tasks on all threads of the pool. Returns the results in the order of tasks, or the first error.
pub(super) fn in_parallel<T: Copy + Sync, D: Send>(
    tasks: &[T],
    work: impl Fn(T) -> Result<D, SynthError> + Sync,
) -> Result<Vec<D>, SynthError> {
    // Relaxed order is enough: `fetch_add` hands out each index once, and results pass through the mutex.
    let next = AtomicUsize::new(0);
    let failed = AtomicUsize::new(0);
    let results: Mutex<Vec<(usize, Result<D, SynthError>)>> = Mutex::new(Vec::new());
    let take = || {
        while failed.load(Ordering::Relaxed) == 0 {
            let index = next.fetch_add(1, Ordering::Relaxed);
            let Some(task) = tasks.get(index) else { break };
            let result = work(*task);
            if result.is_err() {
                failed.fetch_add(1, Ordering::Relaxed);
            }
            if let Ok(mut results) = results.lock() {
                results.push((index, result));
            }
        }
    };
    rayon::scope(|scope| {
        for _ in 0..rayon::current_num_threads() {
            scope.spawn(|_| take());
        }
    });
    let mut results = results.into_inner().unwrap_or_else(PoisonError::into_inner);
    results.sort_by_key(|(index, _)| *index);
    results.into_iter().map(|(_, result)| result).collect()
}
