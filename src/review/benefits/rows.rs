//! A rule set and its rows.

use chrono::NaiveDate;

use super::{
    facts::BenefitTest,
    named::NamedValues,
    predicates::Predicates,
    words::{AreaPrefix, BenefitFactor, DayOfEveryYear, PerCent, Points, RaisingFactor, WageTimes},
};
use crate::model::{
    codes::{CareClass, FundClass, Province},
    money::Fen,
};

/// A row: its line in the file, what it fits, and what it says.
#[derive(Debug, Clone)]
pub struct BenefitRow<T> {
    /// The line on which the row begins.
    pub line: usize,
    /// What it fits.
    pub fits: Predicates,
    /// What it says.
    pub says: T,
}

/// What a row of `deductible` says.
#[derive(Debug, Clone, Copy)]
pub struct DeductibleTerms {
    /// The amount.
    pub amount: Fen,
    /// Whether any amount from 0 to it is right.
    pub or_less: bool,
    /// It is due once more for each so many full days of a stay.
    pub again_days: Option<u16>,
}

/// What a row of `ratio` says: a ratio within a band.
#[derive(Debug, Clone, Copy)]
pub struct RatioTerms {
    /// What the fund pays.
    pub percent: PerCent,
    /// The band begins above this amount.
    pub above: Fen,
    /// The band ends with this amount.
    pub upto: Option<Fen>,
}

/// What a row of `remote` says.
#[derive(Debug, Clone, Copy)]
pub struct RemoteTerms {
    /// Points to add to every ratio.
    pub points: Option<Points>,
    /// The factor on what the fund pays.
    pub factor: Option<BenefitFactor>,
    /// The per cent of the in-scope amount that the person pays first.
    pub first_share: Option<PerCent>,
    /// The factor on the deductible.
    pub deductible_factor: Option<RaisingFactor>,
}

/// What a row of `cap` says.
#[derive(Debug, Clone, Copy)]
pub struct CapTerms {
    /// The most of a benefit year.
    pub year: Option<Fen>,
    /// The most of a benefit year in wages of the set.
    pub wage_times: Option<WageTimes>,
    /// The most of one settlement.
    pub visit: Option<Fen>,
}

/// An average wage, and the day from which it counts.
#[derive(Debug, Clone, Copy)]
pub struct AverageWage {
    /// The first benefit day of this wage.
    pub from: NaiveDate,
    /// The wage.
    pub amount: Fen,
}

/// What an area pays for one fund class in a span of days.
#[derive(Debug, Clone)]
pub struct BenefitSet {
    /// The file that the set is in, without its folder.
    pub file: String,
    /// The line on which the set begins.
    pub line: usize,
    /// The insured areas.
    pub areas: Vec<AreaPrefix>,
    /// The fund class.
    pub fund_class: FundClass,
    /// The first benefit day.
    pub from: NaiveDate,
    /// The last benefit day.
    pub until: Option<NaiveDate>,
    /// The documents that the figures are from.
    pub source: String,
    /// The day on which the benefit year begins; `None` is 1 January.
    pub year_starts: Option<DayOfEveryYear>,
    /// The treating provinces in which no filing is needed.
    pub deemed: Vec<Province>,
    /// Wages, the earliest first.
    pub wages: Vec<AverageWage>,
    /// Deductibles.
    pub deductibles: Vec<BenefitRow<DeductibleTerms>>,
    /// Ratios.
    pub ratios: Vec<BenefitRow<RatioTerms>>,
    /// What is different away from home.
    pub remotes: Vec<BenefitRow<RemoteTerms>>,
    /// Caps.
    pub caps: Vec<BenefitRow<CapTerms>>,
    /// Tests of the set.
    pub tests: Vec<BenefitTest>,
    /// The values that the rows of each care class tell apart.
    pub(super) named: [NamedValues; 4],
}

impl BenefitSet {
    /// Returns what the rows fit that can be for a care class.
    pub(super) fn predicates(&self, care: CareClass) -> impl Iterator<Item = &Predicates> {
        fn of<T>(rows: &[BenefitRow<T>]) -> impl Iterator<Item = &Predicates> {
            rows.iter().map(|row| &row.fits)
        }
        let all = of(&self.deductibles)
            .chain(of(&self.ratios))
            .chain(of(&self.remotes))
            .chain(of(&self.caps));
        all.filter(move |fits| fits.is_for(care))
    }

    /// Whether a benefit day is among the days of the set.
    pub fn is_in_force(&self, day: NaiveDate) -> bool {
        self.from <= day && self.until.is_none_or(|until| day <= until)
    }
}
