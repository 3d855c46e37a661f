//! A month with coordination: what is found in it, and what is written beside it.

use std::{collections::BTreeMap, path::Path, sync::Arc};

use arrow_array::{ArrayRef, Int64Array, RecordBatch, StringArray};
use parquet::errors::ParquetError;

use crate::model::codes::Month;

use super::{
    super::{
        key::{write_classes, write_key},
        options::SynthError,
        rates::CoordinationRates,
        row::SyntheticId,
        small::write_csv,
        world::World,
    },
    dates::AskedDates,
    faults::{FAULT_COLUMNS, FaultBook, FaultPapers},
    nation::Nation,
    requests::{AskedStays, REPLY_COLUMNS, REQUEST_COLUMNS, RequestBook, RequestPapers},
    sources::{ProvinceSources, sources},
};

/// Coordination over all periods.
pub(in crate::synth) struct Coordination<'w> {
    world: &'w World<'w>,
    rates: &'w CoordinationRates,
    requests: RequestBook,
    faults: FaultBook,
}

/// What the settlements that one province treated give.
pub(in crate::synth) struct CoordinationScan {
    daily: Vec<(SyntheticId, &'static str)>,
    sources: ProvinceSources,
}

/// What the answer keys of a period hold, by name.
#[derive(Default)]
pub(in crate::synth) struct CoordinationMade {
    /// Settlements of each class of daily reconciliation.
    pub(in crate::synth) daily: BTreeMap<&'static str, u64>,
    /// Requests in each state.
    pub(in crate::synth) requests: BTreeMap<&'static str, u64>,
    /// System errors in each state.
    pub(in crate::synth) faults: BTreeMap<&'static str, u64>,
}

impl<'w> Coordination<'w> {
    /// Begins before the first period.
    pub(in crate::synth) fn new(
        world: &'w World<'w>,
        rates: &'w CoordinationRates,
    ) -> Coordination<'w> {
        Coordination {
            world,
            rates,
            requests: RequestBook::default(),
            faults: FaultBook::default(),
        }
    }

    /// Returns the nation of a period.
    pub(in crate::synth) fn nation(&self, period: Month) -> Nation<'w> {
        Nation::new(self.world, &self.rates.national, period)
    }

    /// Scans the settlements that a province treated.
    pub(in crate::synth) fn scan(&self, nation: &Nation, treating: usize) -> CoordinationScan {
        CoordinationScan {
            daily: nation.truth(treating),
            sources: sources(self.world, self.rates, nation, treating),
        }
    }

    /// Writes what stands beside the delivery.
    pub(in crate::synth) fn write(
        &mut self,
        period: Month,
        folder: &Path,
        scans: Vec<CoordinationScan>,
    ) -> Result<CoordinationMade, SynthError> {
        let (mut daily, mut spare, mut visits) = (Vec::new(), Vec::new(), Vec::new());
        let (mut earlier, mut spare_earlier) = (Vec::new(), None);
        let mut asked = AskedStays::default();
        for CoordinationScan { daily: own, sources } in scans {
            daily.extend(own);
            asked.stays.extend(sources.stays);
            asked.others.extend(sources.others);
            spare.extend(sources.spare);
            earlier.extend(sources.earlier);
            spare_earlier = spare_earlier.or(sources.spare_earlier);
            visits.extend(sources.visits);
        }
        daily.sort_unstable();
        write_classes(&folder.join("truth-daily.parquet"), &daily)?;
        let CoordinationRates { requests: rates, errors, .. } = self.rates;
        let lacking = rates.least_verified.saturating_sub(asked.stays.len());
        asked.stays.extend(spare.into_iter().take(lacking));
        spare_earlier = spare_earlier.filter(|_| earlier.is_empty());
        asked.stays.extend(earlier.into_iter().chain(spare_earlier));
        let births: u64 = self.world.births(period).iter().sum();
        let problems = part(births, rates.problems).max(rates.least_problems);
        let sets = |all: u64, parts| usize::try_from(part(all, parts)).unwrap_or(usize::MAX).max(1);
        let refused = sets(problems + asked.stays.len() as u64, rates.refused);
        let dates = AskedDates {
            calendar: self.world.calendar,
            rules: &self.world.policy(period).coordination,
        };
        let papers = self.requests.deliver(period, &asked, (problems, refused), dates);
        write_requests(folder, &papers)?;
        let refused = sets(visits.len() as u64, errors.refused);
        let faults = self.faults.deliver(&self.world.geography, period, &visits, refused);
        write_faults(folder, &faults)?;
        Ok(CoordinationMade {
            daily: counted(daily.into_iter().map(|(_, class)| class)),
            requests: counted(papers.truth.iter().map(|(_, _, state)| *state)),
            faults: counted(faults.truth.iter().map(|(_, state)| *state)),
        })
    }
}

/// Returns so many parts of a million.
const fn part(all: u64, parts: u32) -> u64 {
    all.saturating_mul(parts as u64) / 1_000_000
}

fn counted(names: impl Iterator<Item = &'static str>) -> BTreeMap<&'static str, u64> {
    let mut counts = BTreeMap::new();
    for name in names {
        *counts.entry(name).or_default() += 1;
    }
    counts
}

fn write_requests(folder: &Path, papers: &RequestPapers) -> Result<(), SynthError> {
    let lines = papers.requests.iter().cloned();
    write_csv(folder.join("requests.csv"), REQUEST_COLUMNS, lines)?;
    write_csv(folder.join("replies.csv"), REPLY_COLUMNS, papers.replies.iter().cloned())?;
    write_key(&folder.join("truth-coordination.parquet"), &papers.truth, |truth| {
        let ids = StringArray::from_iter_values(truth.iter().map(|(id, ..)| id));
        let rows: Int64Array = truth.iter().map(|(_, row, _)| *row).collect();
        let states = StringArray::from_iter_values(truth.iter().map(|(.., state)| state));
        let (ids, rows, states): (ArrayRef, ArrayRef, ArrayRef) =
            (Arc::new(ids), Arc::new(rows), Arc::new(states));
        let columns = [("request_id", ids, false), ("row", rows, true), ("state", states, false)];
        RecordBatch::try_from_iter_with_nullable(columns).map_err(ParquetError::from)
    })
}

fn write_faults(folder: &Path, papers: &FaultPapers) -> Result<(), SynthError> {
    write_csv(folder.join("system-errors.csv"), FAULT_COLUMNS, papers.lines.iter().cloned())?;
    write_key(&folder.join("truth-errors.parquet"), &papers.truth, |truth| {
        let ids: ArrayRef = Arc::new(StringArray::from_iter_values(truth.iter().map(|(id, _)| id)));
        let states = StringArray::from_iter_values(truth.iter().map(|(_, state)| state));
        let states: ArrayRef = Arc::new(states);
        RecordBatch::try_from_iter([("err_id", ids), ("state", states)]).map_err(ParquetError::from)
    })
}
