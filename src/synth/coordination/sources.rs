//! Settlements that requests and system errors are about.

use crate::model::{
    codes::{CareClass, Month, Province},
    fields::amount::MEDFEE,
};

use super::{
    super::{
        draw::hash_at,
        geography::{pair_index, pair_of},
        life::Fate,
        plan::plan,
        profile::MED_TYPES,
        rates::{CoordinationRates, within},
        row::{SyntheticId, SyntheticRow},
        world::{BirthStream, World},
    },
    nation::{Nation, SynthOutage},
};

/// A settlement that a verification is about.
#[derive(Debug, Clone, Copy)]
pub(super) struct StaySource {
    id: SyntheticId,
    pub(super) insured: Province,
    pub(super) treating: Province,
}

impl StaySource {
    /// Returns its setl_id.
    pub(super) fn setl_id(&self) -> String {
        String::from_utf8_lossy(&self.id.text()).into_owned()
    }
}

/// How a system error stands to the settlements of its visit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FaultTurn {
    /// A settlement of the period comes after it.
    Mended,
    /// One of the next period does.
    MendedNext,
    /// Only a reversal comes after it.
    Reversed,
}

/// A visit in which a transaction failed.
#[derive(Debug, Clone, Copy)]
pub(super) struct VisitSource {
    pub(super) turn: FaultTurn,
    pub(super) hash: u64,
    pub(super) insured: Province,
    pub(super) treating: Province,
    pub(super) visit: [u8; SyntheticId::VISIT_LEN],
    pub(super) institution: u32,
    pub(super) is_stay: bool,
    /// The second of the settlement, local time.
    pub(super) time: i64,
    /// Whether its province did not reach the nation then.
    pub(super) is_outage: bool,
}

/// Settlements treated in one province.
#[derive(Default)]
pub(super) struct ProvinceSources {
    pub(super) stays: Vec<StaySource>,
    /// Stays that are asked about only where a small month has too few.
    pub(super) spare: Vec<StaySource>,
    /// Stays of the period before that are asked about.
    pub(super) earlier: Vec<StaySource>,
    /// One that is asked about where no other is.
    pub(super) spare_earlier: Option<StaySource>,
    /// Settlements of the period that are no stays of the limit.
    pub(super) others: Vec<StaySource>,
    pub(super) visits: Vec<VisitSource>,
}

/// How many spare stays and how many others are kept of a province.
const KEPT: usize = 2;

/// Numbers of draws that no other draw of a settlement has.
const VERIFIED: u64 = 0xC0_0001;
const FAILED: u64 = 0xC0_0002;

/// Finds the settlements of a period that a province treats.
pub(super) fn sources(
    world: &World,
    rates: &CoordinationRates,
    nation: &Nation,
    treating: usize,
) -> ProvinceSources {
    let period = nation.period();
    let mut scan = SourceScan { world, rates, nation, period, found: ProvinceSources::default() };
    for insured in 0..32 {
        let index = pair_index(insured, treating);
        let Some(pair) = pair_of(index) else { continue };
        let pair = (pair.insured, pair.treating);
        for birth in [period.plus(-1), period, period.plus(1)] {
            if birth >= world.first {
                scan.stream(&world.stream(birth, index), pair);
            }
        }
    }
    scan.found
}

struct SourceScan<'w> {
    world: &'w World<'w>,
    rates: &'w CoordinationRates,
    nation: &'w Nation<'w>,
    period: Month,
    found: ProvinceSources,
}

impl SourceScan<'_> {
    fn stream(&mut self, stream: &BirthStream, pair: (Province, Province)) {
        for index in 0..stream.count {
            let hash = stream.hash(index);
            match (self.world.fate(hash), stream.birth.since(self.period)) {
                (None, 0) => {
                    self.verify(stream, index, pair);
                    self.fail(stream, index, pair, FaultTurn::Mended);
                }
                (None, -1) => self.verify_earlier(stream, index, pair),
                (None, 1) => self.fail(stream, index, pair, FaultTurn::MendedNext),
                (Some(Fate::Reversed), 0) => self.fail(stream, index, pair, FaultTurn::Reversed),
                _ => {}
            }
        }
    }

    fn row(&self, stream: &BirthStream, index: u64) -> SyntheticRow {
        self.world.row(stream, index, 0, self.world.time(stream.birth, stream, index))
    }

    fn is_stay(&self, row: &SyntheticRow) -> bool {
        let care = self.world.policy(self.period).care_class(MED_TYPES[row.med_type as usize]);
        care == Some(CareClass::Inpatient)
    }

    fn verify(&mut self, stream: &BirthStream, index: u64, pair: (Province, Province)) {
        let rates = &self.rates.requests;
        let is_drawn = within(hash_at(stream.hash(index), VERIFIED), rates.verified);
        let lacks = self.found.spare.len() < KEPT || self.found.others.len() < KEPT;
        if !is_drawn && !lacks {
            return;
        }
        let row = self.row(stream, index);
        let rules = &self.world.policy(self.period).coordination;
        let limit = i64::from(rules.verified_from_yuan) * 100;
        let is_large = self.is_stay(&row) && row.amounts[MEDFEE] >= limit;
        let list = match (is_large, is_drawn) {
            (true, true) => &mut self.found.stays,
            (true, false) => &mut self.found.spare,
            (false, _) => &mut self.found.others,
        };
        if list.len() < KEPT || (is_large && is_drawn) {
            list.push(source(&row, pair));
        }
    }

    fn verify_earlier(&mut self, stream: &BirthStream, index: u64, pair: (Province, Province)) {
        let is_drawn = within(hash_at(stream.hash(index), VERIFIED), self.rates.requests.earlier);
        if !is_drawn && self.found.spare_earlier.is_some() {
            return;
        }
        let row = self.row(stream, index);
        if self.is_stay(&row) && is_drawn {
            self.found.earlier.push(source(&row, pair));
        } else if self.is_stay(&row) {
            self.found.spare_earlier = Some(source(&row, pair));
        }
    }

    fn fail(
        &mut self,
        stream: &BirthStream,
        index: u64,
        (insured, treating): (Province, Province),
        turn: FaultTurn,
    ) {
        let hash = hash_at(stream.hash(index), FAILED);
        let rates = &self.rates.errors;
        let parts = match turn {
            FaultTurn::Mended => rates.of_settlements,
            FaultTurn::MendedNext => rates.of_next_month,
            FaultTurn::Reversed => rates.of_reversed,
        };
        let is_first = !self.found.visits.iter().any(|visit| visit.turn == turn);
        if !within(hash, parts) && !is_first {
            return;
        }
        let mut row = self.row(stream, index);
        if turn == FaultTurn::Reversed {
            let family = plan(self.world, stream, index, Fate::Reversed);
            row = family.deliveries.first().map_or(row, |copy| copy.row);
        }
        let is_out = |outage: &SynthOutage| outage.has(stream.pair % 32, row.time);
        self.found.visits.push(VisitSource {
            turn,
            hash,
            insured,
            treating,
            visit: row.visit(),
            institution: row.institution,
            is_stay: self.is_stay(&row),
            time: row.time,
            is_outage: self.nation.outages().iter().any(is_out),
        });
    }
}

fn source(row: &SyntheticRow, (insured, treating): (Province, Province)) -> StaySource {
    StaySource { id: row.id, insured, treating }
}
