//! The arithmetic of review §6 for very many settlements: what the facts of a settlement leave open is worked out once
//! for all settlements of these facts, and then there are only its amounts.
//!
//! [`BenefitSet::expected`] is the reference; tests compare both.

use super::{
    expected::{AS_IT_IS, AllowedDeductible, FittingRows, WHOLE},
    facts::BenefitFacts,
    rows::{BenefitSet, RemoteTerms},
    words::{FilingClass, Scaled},
};
use crate::model::money::{Fen, FenSum};
use crate::review::numbers::half_up;

/// What the facts of a settlement leave open, each outcome once.
#[derive(Debug)]
pub struct BenefitPlan {
    outcomes: Result<Vec<OpenOutcome>, FilingClass>,
    /// What is different away from home in each case of a class, in the order of cases; none where it has no rows.
    remotes: Vec<Option<RemoteContent>>,
}

/// What a row of `remote` says, in ten-thousandths: points, factor, first share, factor on the deductible. A row without
/// anything is as no row.
type RemoteContent = [i128; 4];

/// A way in which what the fund pays may be worked out.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct OpenOutcome {
    /// What the person pays first, in ten-thousandths of a per cent.
    first_share: i128,
    deductible: Option<OpenDeductible>,
    bands: Vec<OpenBand>,
    factor: i128,
    /// The most of a visit, in 10^-16 fen.
    most: i128,
}

/// A deductible that a row allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct OpenDeductible {
    amount: i128,
    factor: i128,
    or_less: bool,
    again_days: Option<u16>,
}

/// A part of the year's base with one ratio, in millionths of a fen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct OpenBand {
    from: i128,
    upto: i128,
    percent: i128,
}

/// The least and the most, in 10^-16 fen.
struct ExactRange(Option<(i128, i128)>);

impl ExactRange {
    fn take(&mut self, pays: i128) {
        let (lo, hi) = self.0.unwrap_or((pays, pays));
        self.0 = Some((lo.min(pays), hi.max(pays)));
    }
}

/// A hundredth of the sum of all that 128 bits hold: above every amount.
const NO_END: i128 = i128::MAX / 100;

impl BenefitPlan {
    /// Works out what facts leave open. Amounts are not looked at, but whether the deductible is stated is.
    pub fn of(set: &BenefitSet, facts: &BenefitFacts<'_>) -> BenefitPlan {
        let is_stated = facts.act_pay_dedc.is_some();
        let (mut outcomes, mut remotes) = (Vec::new(), Vec::new());
        for class in facts.classes {
            let before = outcomes.len();
            for case in set.cases(facts, *class) {
                let rows = FittingRows::find(set, case, is_stated).ok();
                remotes.push(rows.as_ref().map(|rows| content(rows.remote.map(|row| row.says))));
                outcomes.extend(rows.as_ref().map(OpenOutcome::of));
            }
            if outcomes.len() == before {
                return BenefitPlan { outcomes: Err(*class), remotes };
            }
        }
        outcomes.sort_unstable();
        outcomes.dedup();
        BenefitPlan { outcomes: Ok(outcomes), remotes }
    }

    fn outcomes(&self) -> &[OpenOutcome] {
        self.outcomes.as_deref().unwrap_or_default()
    }

    /// Whether every possible class has a case with all the rows that it needs.
    pub fn is_judged(&self) -> bool {
        self.outcomes.is_ok()
    }

    /// Returns the least and the most that the fund may pay; none where it is not judged.
    pub fn range(
        &self,
        in_scope: Fen,
        act_pay_dedc: Option<Fen>,
        days: Option<u16>,
    ) -> Option<(Fen, Fen)> {
        let mut range = ExactRange(None);
        for outcome in self.outcomes() {
            if let Some(paid) = act_pay_dedc {
                outcome.pays(in_scope, paid.into(), &mut range);
                continue;
            }
            for allowed in outcome.deductible.iter().flat_map(|deductible| deductible.allowed(days))
            {
                outcome.pays(in_scope, allowed.from, &mut range);
                if allowed.upto != allowed.from {
                    outcome.pays(in_scope, allowed.upto, &mut range);
                }
            }
        }
        let fen = |exact: i128| {
            let rounded = half_up(exact, WHOLE * WHOLE * AS_IT_IS);
            Fen::new(i64::try_from(rounded).expect("Invariant: not above the amount"))
        };
        range.0.map(|(lo, hi)| (fen(lo), fen(hi)))
    }

    /// Iterates over the deductibles that rows allow, in no order.
    pub fn deductibles(&self, days: Option<u16>) -> impl Iterator<Item = AllowedDeductible> {
        let deductibles = self.outcomes().iter().filter_map(|outcome| outcome.deductible);
        deductibles.flat_map(move |deductible| deductible.allowed(days))
    }

    /// Whether another class has another row of `remote` in a case of the same facts. Both plans are of one class.
    pub fn is_remote_unlike(&self, other: &BenefitPlan) -> bool {
        let both = self.remotes.iter().zip(&other.remotes);
        both.filter_map(|(own, other)| Some((own.as_ref()?, other.as_ref()?)))
            .any(|(own, other)| own != other)
    }
}

/// Returns what a row of `remote` says.
fn content(says: Option<RemoteTerms>) -> RemoteContent {
    let or = |value: Option<i128>, otherwise| value.unwrap_or(otherwise);
    let Some(says) = says else { return [0, AS_IT_IS, 0, AS_IT_IS] };
    [
        or(says.points.map(Scaled::ten_thousandths), 0),
        or(says.factor.map(Scaled::ten_thousandths), AS_IT_IS),
        or(says.first_share.map(Scaled::ten_thousandths), 0),
        or(says.deductible_factor.map(Scaled::ten_thousandths), AS_IT_IS),
    ]
}

impl OpenOutcome {
    fn of(rows: &FittingRows<'_>) -> OpenOutcome {
        let [points, factor, first_share, on_deductible] = content(rows.remote.map(|row| row.says));
        let edges = rows.ratios.iter().flat_map(|row| [Some(row.says.above), row.says.upto]);
        let edges = edges.flatten().map(|edge| i128::from(edge.fen()) * WHOLE);
        let mut edges: Vec<i128> = edges.chain([0]).collect();
        edges.sort_unstable();
        edges.dedup();
        let mut bands: Vec<OpenBand> = Vec::new();
        for (at, from) in edges.iter().enumerate() {
            let upto = edges.get(at + 1).copied().unwrap_or(NO_END);
            // Of rows that overlap the first one wins.
            let row = rows.ratios.iter().find(|row| {
                let end = row.says.upto.map_or(NO_END, |upto| i128::from(upto.fen()) * WHOLE);
                i128::from(row.says.above.fen()) * WHOLE <= *from && upto <= end
            });
            let row = row.expect("Invariant: bands leave no gap");
            let percent = row.says.percent.ten_thousandths() + points;
            let percent = percent.clamp(0, WHOLE);
            match bands.last_mut() {
                Some(last) if last.percent == percent => last.upto = upto,
                _ => bands.push(OpenBand { from: *from, upto, percent }),
            }
        }
        let fen = WHOLE * WHOLE * AS_IT_IS;
        OpenOutcome {
            first_share,
            deductible: rows.deductible.map(|row| OpenDeductible {
                amount: row.says.amount.fen().into(),
                factor: on_deductible,
                or_less: row.says.or_less,
                again_days: row.says.again_days,
            }),
            bands,
            factor,
            most: rows.visit_cap.map_or(i128::MAX, |cap| i128::from(cap.fen()) * fen),
        }
    }

    /// Takes every amount that the fund may pay with a deductible: what was used before is not known.
    fn pays(&self, in_scope: Fen, deductible: FenSum, range: &mut ExactRange) {
        let base =
            i128::from(in_scope.fen()) * (WHOLE - self.first_share) - deductible.fen() * WHOLE;
        if base <= 0 {
            range.take(0);
            return;
        }
        let mut take = |sum: i128| range.take((sum * self.factor).min(self.most));
        if let [band] = self.bands[..] {
            take(base * band.percent);
            return;
        }
        // Between two of these what the fund pays is linear: a band begins or ends where the base does.
        for edge in self.bands.iter().map(|band| band.from) {
            take(self.sum(edge, base));
            if edge > base {
                take(self.sum(edge - base, base));
            }
        }
    }

    /// Adds the bands of a base up, after what was used before.
    fn sum(&self, used_before: i128, base: i128) -> i128 {
        let end = used_before + base;
        let of_band = |band: &OpenBand| {
            let length = end.min(band.upto) - used_before.max(band.from);
            length.max(0) * band.percent
        };
        self.bands.iter().map(of_band).sum()
    }
}

impl OpenDeductible {
    fn allowed(self, days: Option<u16>) -> impl Iterator<Item = AllowedDeductible> {
        let more = self.again_days.map_or(0, |again| days.unwrap_or(0) / again);
        (1..=i128::from(more) + 1).map(move |times| {
            let upto = FenSum::new(half_up(self.amount * times * self.factor, AS_IT_IS));
            AllowedDeductible { from: if self.or_less { FenSum::ZERO } else { upto }, upto }
        })
    }
}
