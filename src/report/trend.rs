//! The trend over the periods of the book up to this one.

use serde::Serialize;

use super::{
    source::{BreakTally, PeriodTables, breaks_of},
    words::{Money, count, hundredths, percent},
};
use crate::{book::grid::Grid, diag::Outcome};

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
    /// Gross, payable, match rate, breaks carried, fen at stake, mean and greatest age, for people.
    pub(super) shown: [String; 7],
}

/// Returns the periods of the book up to this one.
pub(super) fn trend(source: &PeriodTables) -> Outcome<Vec<Point>> {
    let mut points = Vec::new();
    for (period, folder) in &source.history {
        let pairs = Grid::open(folder, "pairs")?;
        let control = Grid::open(folder, "control")?;
        let breaks = Grid::open(folder, "breaks")?;
        let rows = |buckets: &[&str]| -> i128 {
            let of = control.iter().filter(|row| {
                row.text("side") == "treating" && buckets.contains(&row.text("bucket"))
            });
            of.map(|row| row.number("rows")).sum()
        };
        let (cleared, came) = (rows(&["cleared"]), rows(&["delivered", "opened"]));
        let mut carried = breaks_of(&breaks, *period);
        carried.retain(|found| found.carried);
        let tally = BreakTally::of(&carried);
        let ages: i128 = carried.iter().map(|found| i128::from(found.age)).sum();
        let oldest = carried.iter().map(|found| found.age).max().unwrap_or(0);
        let age = hundredths(ages, tally.count).unwrap_or_else(|| "0.00".to_owned());
        let gross = pairs.sum("gross");

        points.push(Point {
            period: period.to_string(),
            gross: gross.fen().to_string(),
            rate: hundredths(cleared * 100, came),
            carried: tally.count.to_string(),
            shown: [
                Money(gross).to_string(),
                Money(pairs.sum("payable")).to_string(),
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
