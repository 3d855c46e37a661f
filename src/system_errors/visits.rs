//! Visits that have an error: whether they settled after all is noted while the delivery is read.

use std::path::Path;

use rustc_hash::FxHashMap;

use crate::{
    diag::{Failure, Outcome},
    ingest::{
        batch::Batch,
        delivery::Delivery,
        plan::ReadPlan,
        rows::CheckedBatch,
        survey::{ReadPiece, RowSink, SurveySetting, survey},
    },
    keyed::{
        bloom::BloomFilter,
        key::Key,
        packed::{pack, unpack_first},
        store::{Partitioning, Store},
    },
    model::{
        codes::{Province, Side},
        fields::Field,
    },
};

/// The visits that are asked about, and those of them that have settled.
pub struct WantedVisits {
    /// Hashes of the numbers of visits, sorted and distinct.
    hashes: Vec<u64>,
    /// The same hashes: it fits the cache and spares most binary searches in `hashes`.
    may_be_wanted: BloomFilter,
    /// Settlements of wanted visits, packed, by the key of the visit.
    settled: Store<u8>,
}

/// Notes the visits of rows, and nothing else.
struct VisitSink<'a> {
    visits: &'a WantedVisits,
    hashes: Vec<Option<u64>>,
}

impl RowSink for VisitSink<'_> {
    fn take(&mut self, piece: ReadPiece) -> Outcome<()> {
        self.visits.look(&piece.batch, piece.checked, &mut self.hashes)
    }
}

/// A settlement of a visit: the visit, the treating province, and its time.
type SettledVisit<'a> = (&'a str, Province, i64);

/// The latest settlement of each visit in a province, of one partition.
#[derive(Debug, Default)]
pub(super) struct LatestVisits(FxHashMap<String, Vec<(Province, i64)>>);

impl WantedVisits {
    /// Asks about visits by the hashes of their numbers.
    pub(super) fn new(
        mut hashes: Vec<u64>,
        partitioning: Partitioning,
        memory: usize,
        scratch: &Path,
    ) -> WantedVisits {
        hashes.sort_unstable();
        hashes.dedup();
        let may_be_wanted = BloomFilter::with_capacity(hashes.len() as u64);
        for hash in &hashes {
            may_be_wanted.add(*hash);
        }
        let settled = Store::new(partitioning, 0, memory, scratch.join("errors-visits"));
        WantedVisits { hashes, may_be_wanted, settled }
    }

    /// Whether no visit is asked about.
    pub fn is_empty(&self) -> bool {
        self.hashes.is_empty()
    }

    /// Notes the rows of a batch that settle a wanted visit: valid ones that are no reversals.
    pub fn look(
        &self,
        batch: &Batch,
        checked: &CheckedBatch,
        hashes: &mut Vec<Option<u64>>,
    ) -> Outcome<()> {
        if self.is_empty() {
            return Ok(());
        }
        let visits = batch.text(Field::mdtrt_id);
        visits.map(batch.rows, hashes, |visit| visit.map(|visit| Key::of(visit).hash));
        let is_wanted = |hash: &u64| {
            self.may_be_wanted.may_contain(*hash) && self.hashes.binary_search(hash).is_ok()
        };
        let settles = |row: usize| checked.broken[row].is_valid() && !checked.reversal[row];
        for (row, hash) in hashes.iter().enumerate() {
            if !hash.as_ref().is_some_and(is_wanted) || !settles(row) {
                continue;
            }
            let known = visits.value(row).zip(checked.treating[row]).zip(batch.time().value(row));
            if let Some(((visit, treating), time)) = known {
                let settled: SettledVisit = (visit, treating, time);
                self.settled.push(self.partitioning().of(Key::of(visit)), &pack(&settled)?)?;
            }
        }
        Ok(())
    }

    /// Looks through the rows of a delivery on this machine, after another one has read them.
    pub fn look_through(
        &self,
        delivery: &Delivery,
        setting: SurveySetting,
        memory: usize,
    ) -> Outcome<()> {
        if self.is_empty() {
            return Ok(());
        }
        let rows = Side::BOTH.map(|side| delivery.rows(side));
        setting.monitor.stage(text!("looking for visits"), rows[0].saturating_add(rows[1]))?;
        let sink = |_| VisitSink { visits: self, hashes: Vec::new() };
        let sinks = (0..rayon::current_num_threads()).map(sink).collect();
        let plan = ReadPlan::alone(memory as u64);
        let (survey, _) = survey(delivery, setting, plan, sinks)?;
        match survey.findings.into_iter().next() {
            None => Ok(()),
            Some(finding) => Err(Failure::Usage(
                text!(
                    "{} cannot be read here for its system errors: {}",
                    finding.file,
                    finding.found
                )
                .hinting(text!("close the period with --engine native")),
            )),
        }
    }

    /// How visits are cut into partitions.
    pub(super) const fn partitioning(&self) -> Partitioning {
        self.settled.partitioning()
    }

    /// Returns the latest settlements of the visits of a partition.
    pub(super) fn take(&self, partition: usize) -> Outcome<LatestVisits> {
        let mut latest = LatestVisits::default();
        self.settled.drain(partition, |mut bytes| {
            while !bytes.is_empty() {
                let ((visit, treating, time), rest) = unpack_first::<SettledVisit>(bytes)?;
                latest.add(visit, treating, time);
                bytes = rest;
            }
            Ok(())
        })?;
        Ok(latest)
    }
}

impl LatestVisits {
    fn add(&mut self, visit: &str, treating: Province, time: i64) {
        if !self.0.contains_key(visit) {
            self.0.insert(visit.to_owned(), Vec::new());
        }
        let Some(places) = self.0.get_mut(visit) else { return };
        match places.iter_mut().find(|(place, _)| *place == treating) {
            Some((_, latest)) => *latest = time.max(*latest),
            None => places.push((treating, time)),
        }
    }

    /// Whether a visit has settled in a province at a time or later.
    pub(super) fn has(&self, visit: &str, treating: Province, from: i64) -> bool {
        let places = self.0.get(visit).into_iter().flatten();
        places.into_iter().any(|(place, latest)| *place == treating && *latest >= from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_latest_settlement_of_a_visit_in_its_province_counts() {
        let [shanghai, anhui] = ["31", "34"].map(|code| Province::from_text(code).expect("one"));
        let mut latest = LatestVisits::default();
        for time in [5, 9, 7] {
            latest.add("V", shanghai, time);
        }
        latest.add("V", anhui, 20);
        assert!(latest.has("V", shanghai, 9) && !latest.has("V", shanghai, 10));
        assert!(latest.has("V", anhui, 20) && !latest.has("v", anhui, 1));
    }
}
