//! The trend over the periods of the book up to this one.

use serde::Serialize;

use super::{
    source::{BreakTally, PeriodTables, breaks_of},
    words::{Money, count, hundredths, percent},
};
use crate::{book::grid::Grid, diag::Outcome, model::codes::Side};

/// A period of the trend: plain numbers for the chart, and texts for people.
#[derive(Serialize)]
pub(super) struct Point {
    pub(super) period: String,
    /// The gross in fen.
    gross: String,
    /// The match rate as a percentage.
    rate: Option<String>,
    carried: String,
    /// Mean age of the breaks carried, in periods.
    age: String,
    /// Gross, payable, returned, match rate, breaks carried, fen at stake, mean and greatest age, for people.
    pub(super) shown: [String; 8],
}

/// Returns the periods of the book up to this one.
pub(super) fn trend(source: &PeriodTables) -> Outcome<Vec<Point>> {
    let mut points = Vec::new();
    for ((period, folder), figures) in source.history.iter().zip(&source.figures) {
        let breaks = Grid::open(folder, "breaks")?;
        let (cleared, came) = figures.match_rate(Side::Treating);
        let mut carried = breaks_of(&breaks, *period);
        carried.retain(|found| found.carried);
        let tally = BreakTally::of(&carried);
        let ages: i128 = carried.iter().map(|found| i128::from(found.age)).sum();
        let oldest = carried.iter().map(|found| found.age).max().unwrap_or(0);
        let age = hundredths(ages, tally.count).unwrap_or_else(|| "0.00".to_owned());
        let gross = figures.gross;

        points.push(Point {
            period: period.to_string(),
            gross: gross.fen().to_string(),
            rate: hundredths(cleared * 100, came),
            carried: tally.count.to_string(),
            shown: [
                Money(gross).to_string(),
                Money(figures.payable).to_string(),
                Money(figures.returned).to_string(),
                percent(cleared, came),
                count(tally.count),
                Money(tally.stake).to_string(),
                age.clone(),
                oldest.to_string(),
            ],
            age,
        });
    }
    Ok(points)
}
