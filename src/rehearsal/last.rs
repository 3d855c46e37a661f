//! The last closed period of a book, to compare a delivery with: what cleared, by province.

use std::{collections::BTreeMap, ops::RangeInclusive};

use schemars::JsonSchema;
use serde::Serialize;

use crate::{
    book::{Book, ClosedPeriod},
    diag::Outcome,
    model::codes::{Month, Province, Side},
};

/// What is told of a sender, against the last period.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Told {
    /// It has visits in the last period, and no row now.
    Missing,
    /// It has fewer rows than is usual (`usual_percent`).
    Few,
    /// It has more rows than is usual.
    Many,
    /// It has no visits in the last period, and rows now.
    New,
}

/// The last closed period of a book.
#[derive(Debug)]
pub struct LastPeriod {
    /// The period.
    pub period: Month,
    /// Its cleared visits by treating and by insured province, a reversal counted −1.
    visits: [BTreeMap<Province, i128>; 2],
    usual: Option<RangeInclusive<u64>>,
}

impl LastPeriod {
    /// Reads the last closed period of a book, if it has one.
    pub fn of(book: &Book) -> Outcome<Option<LastPeriod>> {
        let Some((period, folder)) = book.periods.last() else { return Ok(None) };
        let positions = ClosedPeriod::read(*period, folder.clone())?.table("positions")?;
        let visits = positions.column("visits");
        let mut last =
            LastPeriod { period: *period, visits: [BTreeMap::new(), BTreeMap::new()], usual: None };
        for row in positions.iter() {
            let Some(pair) = row.pair() else { continue };
            let number = positions.number(row.place(), visits);
            for (side, province) in [(Side::Treating, pair.treating), (Side::Insured, pair.insured)]
            {
                *last.visits[side.index()].entry(province).or_default() += number;
            }
        }
        Ok(Some(last))
    }

    /// Sets the rows that are usual, in per cent of the cleared visits.
    #[must_use]
    pub fn with_usual(self, usual: Option<RangeInclusive<u64>>) -> LastPeriod {
        LastPeriod { usual, ..self }
    }

    /// Returns the provinces with cleared visits.
    pub fn provinces(&self, side: Side) -> impl Iterator<Item = Province> {
        let visits = self.visits[side.index()].iter();
        visits.filter(|(_, visits)| **visits > 0).map(|(province, _)| *province)
    }

    /// Returns the cleared visits of a province.
    pub fn visits(&self, side: Side, province: Province) -> u64 {
        let visits = self.visits[side.index()].get(&province).copied().unwrap_or(0);
        u64::try_from(visits.max(0)).unwrap_or(u64::MAX)
    }

    /// Returns the rows of a province in per cent of its cleared visits, cut off; none when it had no visits.
    pub fn percent(&self, side: Side, province: Province, rows: u64) -> Option<u64> {
        let percent = u128::from(rows) * 100
            / u128::from(Some(self.visits(side, province)).filter(|visits| *visits > 0)?);
        Some(u64::try_from(percent).unwrap_or(u64::MAX))
    }

    /// Returns what is told of a province with so many rows.
    pub fn told(&self, side: Side, province: Province, rows: u64) -> Option<Told> {
        match (self.percent(side, province, rows), &self.usual) {
            (Some(_), _) if rows == 0 => Some(Told::Missing),
            (None, _) if rows > 0 => Some(Told::New),
            (Some(percent), Some(usual)) if percent < *usual.start() => Some(Told::Few),
            (Some(percent), Some(usual)) if percent > *usual.end() => Some(Told::Many),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn last(usual: Option<RangeInclusive<u64>>) -> LastPeriod {
        let shanghai = Province::from_code(31).expect("a province");
        let beijing = Province::from_code(11).expect("a province");
        let visits = [[(shanghai, 200), (beijing, -1)].into(), BTreeMap::new()];
        LastPeriod { period: Month::new(2025, 10), visits, usual }
    }

    #[test]
    fn rows_are_told_against_the_last_period() {
        let [shanghai, beijing] = [31, 11].map(|code| Province::from_code(code).expect("known"));
        let told = |usual: Option<RangeInclusive<u64>>, rows: u64| {
            last(usual).told(Side::Treating, shanghai, rows)
        };
        assert_eq!(told(None, 0), Some(Told::Missing));
        assert_eq!([told(None, 1), told(None, u64::MAX)], [None, None]);
        let usual = || Some(50..=200);
        assert_eq!(told(usual(), 99), Some(Told::Few));
        assert_eq!([told(usual(), 100), told(usual(), 401)], [None, None]);
        assert_eq!(told(usual(), 402), Some(Told::Many));
        // More was reversed than came: nothing to compare with.
        assert_eq!(last(usual()).told(Side::Treating, beijing, 5), Some(Told::New));
        assert_eq!(last(usual()).told(Side::Treating, beijing, 0), None);
        assert_eq!(last(usual()).provinces(Side::Treating).collect::<Vec<_>>(), [shanghai]);
        assert_eq!(last(usual()).percent(Side::Treating, shanghai, u64::MAX), Some(u64::MAX / 2));
        assert_eq!(last(None).visits(Side::Insured, shanghai), 0);
    }
}
