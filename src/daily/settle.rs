//! The classes of settlements, and what becomes of the differences of the run before (docs/coordination.md, 1.2 and 1.3).

use std::{
    ops::RangeInclusive,
    sync::atomic::{AtomicUsize, Ordering::Relaxed},
};

use rayon::prelude::*;

use super::{
    class::{DailyClass, classify, compared},
    copies::{HeldCopies, Placed, unpack_items},
    differences::{Difference, Mended, Mending, Provinces},
    folding::{Folded, Folding},
    gather::day_of,
    holder::Holder,
    results::ResultRow,
    totals::{DayGroup, DaySums},
};
use crate::{
    diag::{Failure, Outcome},
    event::{Activity, Monitor},
    keyed::{sorted::Sorter, store::Store},
    model::codes::Province,
};

/// The days that a run is about, from 1970-01-01.
#[derive(Debug, Clone)]
pub(super) struct DailyDays {
    /// Those of the period.
    pub(super) period: RangeInclusive<i32>,
    /// Those that are reconciled.
    pub(super) scope: RangeInclusive<i32>,
    /// The day up to which differences age.
    pub(super) reference: i32,
}

/// Takes rows of tables from all threads.
pub(super) struct DailySorters {
    pub(super) differences: Sorter<Difference>,
    pub(super) mended: Sorter<Mended>,
    pub(super) results: Sorter<ResultRow>,
}

/// What all settlements have together.
#[derive(Debug, Default)]
pub(super) struct Settlements {
    /// Settlements whose day is outside the period.
    pub(super) outside: u64,
    pub(super) sums: DaySums,
}

/// Settles every partition.
pub(super) fn settle(
    rows: &Store<u8>,
    days: &DailyDays,
    sorters: &DailySorters,
    monitor: &Monitor,
) -> Outcome<Settlements> {
    let next = AtomicUsize::new(0);
    let count = rows.partitioning().count();
    let work = |_| -> Outcome<Settlements> {
        let mut worker = SettleThread::new(days);
        let mut folding = Folding::default();
        loop {
            let partition = next.fetch_add(1, Relaxed);
            if partition >= count {
                return Ok(worker.found);
            }
            monitor.check()?;
            let mut read = 0;
            monitor.stopwatch.measure(Activity::Settle, || -> Outcome<()> {
                folding.clear();
                rows.drain(partition, |bytes| {
                    unpack_items(bytes, |item| {
                        read += 1;
                        folding.add(&item)
                    })
                })?;
                folding.each(|setl_id, folded| worker.settle(setl_id, folded))?;
                worker.hand_over(sorters)
            })?;
            monitor.stopwatch.count(Activity::Settle, read, 0);
            monitor.advance(read)?;
        }
    };
    let threads = 0..rayon::current_num_threads();
    let found: Vec<Settlements> =
        threads.into_par_iter().with_max_len(1).map(work).collect::<Outcome<_>>()?;
    let mut all = Settlements::default();
    for one in &found {
        all.outside += one.outside;
        all.sums.absorb(&one.sums);
    }
    Ok(all)
}

/// A thread that settles.
struct SettleThread<'a> {
    days: &'a DailyDays,
    found: Settlements,
    differences: Vec<Difference>,
    mended: Vec<Mended>,
    results: Vec<ResultRow>,
}

impl<'a> SettleThread<'a> {
    fn new(days: &'a DailyDays) -> SettleThread<'a> {
        SettleThread {
            days,
            found: Settlements::default(),
            differences: Vec::new(),
            mended: Vec::new(),
            results: Vec::new(),
        }
    }

    fn hand_over(&mut self, sorters: &DailySorters) -> Outcome<()> {
        sorters.differences.push(std::mem::take(&mut self.differences))?;
        sorters.mended.push(std::mem::take(&mut self.mended))?;
        sorters.results.push(std::mem::take(&mut self.results))
    }

    /// Settles all rows of a setl_id, and the difference that it was.
    fn settle(&mut self, setl_id: &str, folded: &Folded) -> Outcome<()> {
        let before = folded.before.as_deref();
        let Some(placed) = chosen(&folded.copies) else {
            if let Some(was) = before {
                self.without_rows(was);
            }
            return Ok(());
        };
        let day = day_of(placed.time);
        if !self.days.period.contains(&day) {
            self.found.outside += 1;
            self.mend(before, Mending::OtherMonth);
            return Ok(());
        }
        let provinces = provinces(placed)?;
        let (class, look) = classify(&folded.copies);
        let in_scope = self.days.scope.contains(&day);
        if in_scope {
            self.found.sums.add(DayGroup { day, provinces, class }, &folded.copies);
            self.results(setl_id, provinces, &folded.copies);
        }
        if class == DailyClass::Agrees {
            self.mend(before, Mending::Agrees);
        } else if in_scope || before.is_some() {
            let since = before.map_or(day, |was| was.since);
            let facts = folded.copies.each_ref().map(HeldCopies::facts);
            let (setl_id, age) = (setl_id.to_owned(), self.age(since));
            self.differences.push(Difference {
                day,
                setl_id,
                class,
                provinces,
                facts,
                look,
                since,
                age,
            });
        }
        Ok(())
    }

    /// Settles a difference of the run before that has no valid row.
    fn without_rows(&mut self, was: &Difference) {
        if self.days.scope.contains(&was.day) {
            self.mend(Some(was), Mending::Gone);
        } else {
            self.differences.push(self.aged(was));
        }
    }

    fn mend(&mut self, was: Option<&Difference>, how: Mending) {
        let mended = was.map(|was| Mended { was: self.aged(was), how });
        self.mended.extend(mended);
    }

    /// Returns a difference as it was, but older.
    fn aged(&self, was: &Difference) -> Difference {
        Difference { age: self.age(was.since), ..was.clone() }
    }

    fn age(&self, since: i32) -> i64 {
        i64::from(self.days.reference.saturating_sub(since)).max(0)
    }

    fn results(&mut self, setl_id: &str, provinces: Provinces, copies: &[HeldCopies; 3]) {
        let national = &copies[Holder::National.index()];
        let roles = [
            (provinces.treating, true, Holder::Treating),
            (provinces.insured, false, Holder::Insured),
        ];
        self.results.extend(roles.into_iter().filter_map(|(province, is_treating, holder)| {
            let result = compared(national, &copies[holder.index()])?;
            let setl_id = setl_id.to_owned();
            Some(ResultRow { province, is_treating, setl_id, result })
        }));
    }
}

/// Returns the day and the divisions of a settlement: of the first side that has it.
fn chosen(copies: &[HeldCopies; 3]) -> Option<Placed> {
    copies.iter().find(|copies| copies.rows > 0).map(|copies| copies.first)
}

fn provinces(placed: Placed) -> Outcome<Provinces> {
    let both = Province::of_number(placed.insured).zip(Province::of_number(placed.treating));
    let both = both.map(|(insured, treating)| Provinces::of(insured, treating));
    both.ok_or_else(|| Failure::Bug(text!("a valid row whose province is unknown")))
}
