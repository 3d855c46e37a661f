//! Takes the copies of every doubtful settlement through the rules (contract §4).

use super::{
    context::Context,
    decisions::Decisions,
    judge::Settling,
    matching::AllMatched,
    run::Run,
    tally::{DoubtTally, Settled},
};

use rayon::prelude::*;

use crate::{
    diag::{Failure, Outcome},
    event::Activity,
};

/// Takes all copies of the doubtful settlements through the steps: of both sides, new copies and open items.
pub fn settle(
    run: Run,
    context: Context,
    decisions: Decisions,
    matched: &AllMatched,
) -> Outcome<Settled> {
    let settling = Settling::new(run, context, decisions);
    let mut tally = DoubtTally::default();
    let mut all = |tallies: Vec<Outcome<DoubtTally>>| {
        tallies.into_iter().try_for_each(|of_one| {
            tally.add(of_one?);
            Ok::<(), Failure>(())
        })
    };
    let partitions = matched.in_doubt.len();
    let settled = (0..partitions).into_par_iter().map(|partition| {
        settling.measured(|| settling.settle_partition(partition, &matched.in_doubt[partition]))
    });
    all(settled.collect())?;
    // Each step searches the files of earlier reversals, which are not partitioned: so it takes many partitions.
    let some = partitions.div_ceil(STEPS_OF_REVERSALS);
    let reversed = (0..partitions).into_par_iter().step_by(some).map(|first| {
        let last = (first + some).min(partitions);
        settling.measured(|| settling.reverse_partitions(first..last))
    });
    all(reversed.collect())?;
    let rows = tally.in_doubt.iter().map(|totals| totals.rows.cast_unsigned()).sum();
    run.setting.monitor.stopwatch.count(Activity::Settle, rows, 0);
    settling.finish(tally)
}

/// The most steps in which reversals are settled.
const STEPS_OF_REVERSALS: usize = 64;
