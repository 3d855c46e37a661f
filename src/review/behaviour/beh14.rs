//! BEH-14, a cost unlike its peers (次均费用离群; procedure §56): the mean medfee of an institution in a treating province,
//! care class and month (`settlements` or more) against the means of its peers, itself among them: same treating province,
//! care class, month and level (`institutions` or more). 6745·│x − median│ ≥ `factor`·MAD, MAD above 0. Means are in whole
//! fen, halves up; a median of an even number is the lower one, in MAD too. Statistical; ours.
//!
//! The level of an institution is the one level of all its settlements there; several levels or none are unknown, which is
//! a level of its own. 0.6745 times the distance over the median of distances estimates standard deviations, so 35,000
//! stands for 3.5 of them.

use super::{
    groups::{by_key, number},
    numbers::{mean, sum, times},
};
use crate::{
    model::{
        codes::{CareClass, Month, Province},
        money::FenSum,
    },
    review::{
        benefits::words::HospitalLevel,
        lead::{Detail, Lead},
        row::ReviewedRow,
        rule::ReviewRule,
        subject::InstitutionRows,
        thresholds::PeerLimits,
    },
};

/// The mean of normal distances, in ten-thousandths.
const NORMAL: i128 = 6745;

/// What peers have in common.
type PeerKey = (Province, CareClass, Month, Option<HospitalLevel>);

/// The mean cost of an institution in a treating province, care class and month.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CostMean {
    institution: Box<str>,
    peers: PeerKey,
    settlements: u64,
    mean: FenSum,
}

/// An institution whose cost is unlike that of its peers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CostOutlier {
    mean: CostMean,
    median: FenSum,
    /// The median of the distances from the median.
    mad: FenSum,
    peers: u64,
}

impl CostOutlier {
    /// Returns the code of the institution.
    pub fn institution(&self) -> &str {
        &self.mean.institution
    }
}

/// Returns what tells the means of an institution apart.
fn cell(row: &ReviewedRow) -> (Province, CareClass, Month) {
    (row.treating_province(), row.care, row.month())
}

/// Returns the means of an institution.
pub fn cost_means(rows: &InstitutionRows<'_>, limits: &PeerLimits) -> Vec<CostMean> {
    let mut means = Vec::new();
    by_key(rows.settlements, cell, |of_cell| {
        let settlements = number(of_cell);
        if settlements < limits.settlements {
            return;
        }
        let (province, care, month) = cell(of_cell[0]);
        means.push(CostMean {
            institution: rows.institution.into(),
            peers: (province, care, month, level(of_cell)),
            settlements,
            mean: mean(sum(of_cell, |row| row.medfee), settlements),
        });
    });
    means
}

/// Returns the one level that settlements have.
fn level(rows: &[&ReviewedRow]) -> Option<HospitalLevel> {
    let mut levels = rows.iter().filter_map(|row| row.optional.level);
    let first = levels.next()?;
    levels.all(|level| level == first).then_some(first)
}

/// Finds the means that are unlike those of their peers, by institution.
pub fn outliers(mut means: Vec<CostMean>, limits: &PeerLimits) -> Vec<CostOutlier> {
    means.sort_unstable_by(|a, b| {
        let rest = |mean: &CostMean| (mean.peers, mean.mean);
        rest(a).cmp(&rest(b)).then_with(|| a.institution.cmp(&b.institution))
    });
    let mut found = Vec::new();
    for peers in means.chunk_by(|a, b| a.peers == b.peers) {
        if number(peers) < limits.institutions {
            continue;
        }
        let median = peers[(peers.len() - 1) / 2].mean;
        let mut distances: Vec<FenSum> =
            peers.iter().map(|peer| (peer.mean - median).abs()).collect();
        distances.sort_unstable();
        let mad = distances[(distances.len() - 1) / 2];
        let unlike = peers.iter().filter(|peer| {
            let distance = (peer.mean - median).abs();
            mad.is_positive() && times(distance.fen(), NORMAL) >= times(mad.fen(), limits.factor)
        });
        let outlier = |mean: &CostMean| CostOutlier {
            mean: mean.clone(),
            median,
            mad,
            peers: number(peers),
        };
        found.extend(unlike.map(outlier));
    }
    found.sort_unstable_by(|a, b| a.mean.institution.cmp(&b.mean.institution));
    found
}

/// Finds the leads of an institution, one an outlier.
pub fn cost_leads<'a>(
    rows: &InstitutionRows<'a>,
    outliers: &[CostOutlier],
    leads: &mut Vec<Lead<'a>>,
) {
    let first = outliers.partition_point(|one| one.institution() < rows.institution);
    let own = outliers[first..].iter().take_while(|one| one.institution() == rows.institution);
    for CostOutlier { mean, median, mad, peers } in own {
        let (province, care, month, _) = mean.peers;
        let is_there = |row: &&ReviewedRow| cell(row) == (province, care, month);
        let suspects = rows.settlements.iter().copied().filter(is_there).collect();
        let above = (mean.mean - *median).fen().max(0);
        let detail = Detail::default()
            .with_yuan("mean", mean.mean)
            .with_yuan("median", *median)
            .with_yuan("mad", *mad)
            .with("peers", peers);
        let lead = Lead::of(ReviewRule::Beh14, suspects, detail.text());
        leads.push(lead.at_stake(FenSum::new(times(above, mean.settlements))));
    }
}
