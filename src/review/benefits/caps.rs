//! The yearly caps of a set (review §6, BEN-04).

use chrono::NaiveDate;

use super::{
    expected::AS_IT_IS,
    facts::BenefitFacts,
    rows::{BenefitSet, CapTerms},
};
use crate::model::{codes::CareClass, money::FenSum};
use crate::review::numbers::half_up;

/// The cap of a benefit year.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct YearlyCap {
    /// The place of the row among those of `cap`.
    pub row: usize,
    /// The cap.
    pub amount: FenSum,
}

impl BenefitSet {
    /// Returns the cap of a year that a row says on a benefit day; none where it says nothing.
    fn cap_of(&self, says: &CapTerms, day: i32) -> Option<FenSum> {
        if let Some(year) = says.year {
            return Some(year.into());
        }
        let times = says.wage_times?.ten_thousandths();
        let day = NaiveDate::from_epoch_days(day)?;
        let wage = self.wages.iter().rev().find(|wage| wage.from <= day)?;
        Some(FenSum::new(half_up(i128::from(wage.amount.fen()) * times, AS_IT_IS)))
    }

    /// Returns the cap of the care class of some facts: that of the first row that fits, the highest one where facts are
    /// unknown. Values of unknown facts for which no row says a cap say nothing.
    pub fn yearly_cap(&self, facts: &BenefitFacts<'_>, day: i32) -> Option<YearlyCap> {
        let mut highest: Option<YearlyCap> = None;
        for class in facts.classes {
            for case in self.cases(facts, *class) {
                let row = self.caps.iter().position(|row| row.fits.fits(&case));
                let cap = row.and_then(|row| Some((row, self.cap_of(&self.caps[row].says, day)?)));
                let Some((row, amount)) = cap else { continue };
                let is_higher = |cap: YearlyCap| {
                    (cap.amount, std::cmp::Reverse(cap.row)) < (amount, std::cmp::Reverse(row))
                };
                if highest.is_none_or(is_higher) {
                    highest = Some(YearlyCap { row, amount });
                }
            }
        }
        highest
    }

    /// Returns the smallest cap of a year that any row may say; none where no row says one.
    pub fn least_cap(&self) -> Option<FenSum> {
        let days = self.wages.iter().map(|wage| wage.from.to_epoch_days()).chain([0]);
        let rows = days.flat_map(|day| self.caps.iter().map(move |row| (row, day)));
        rows.filter_map(|(row, day)| self.cap_of(&row.says, day)).min()
    }

    /// Whether payments by care class are above a cap, if its row is the one that fits. Mostly they are not.
    pub fn may_exceed_caps(&self, paid: &[FenSum; CareClass::ALL.len()], day: i32) -> bool {
        self.caps.iter().any(|row| {
            let classes = CareClass::ALL.into_iter().filter(|care| row.fits.is_for(*care));
            let sum: FenSum = classes.map(|care| paid[care as usize]).sum();
            self.cap_of(&row.says, day).is_some_and(|cap| sum > cap)
        })
    }
}
