//! Makes all months, and what lies beside them.

use std::path::Path;

use crate::{
    interrupt,
    model::codes::{PROVINCES, Side},
    place::{make_below, output::Output},
    rules::Rules,
    text::Grouped,
};

use super::super::{
    options::{LAST_PERIOD, MOST_PERIODS, MOST_SETTLEMENTS, Order, SynthError, SynthOptions},
    parallel::in_parallel,
    small::write_totals,
    summary::{Measure, Summary},
    table::FileTotals,
};
use super::{
    deliver::{self, ReviewFile, RowCounter},
    land::ReviewLand,
    papers,
    quiet::QuietStream,
    scene::{Cast, PlantedRow},
    scripts::play,
};
use crate::model::codes::Month;

/// Makes months for the review. `rate` are the scenes of each rule for a million settlements of all months.
pub fn generate(
    options: &SynthOptions,
    rate: u64,
    rules: &Rules,
    counter: &RowCounter<'_>,
) -> Result<Summary, SynthError> {
    check(options)?;
    let place = Output::folder(&options.out)?;
    let mut land = ReviewLand::new(options, rules)?;
    let all = options.settlements * u64::from(options.periods);
    let cast = play(&mut land, all.saturating_mul(rate) / 1_000_000);
    interrupt::unsettle();
    let mut summary = Summary::default();
    let mut filings = 0;
    place.fill(|folder| {
        for month in 0..land.months.len() {
            summary.rows += write_month(&land, &cast, (options, month), folder, counter)?;
        }
        filings = papers::write(&land, &cast, folder)?;
        Ok::<(), SynthError>(())
    })?;
    summary.settlements = summary.rows / 2;
    for (rule, _) in &cast.leads {
        *summary.leads.entry((*rule).to_owned()).or_default() += 1;
    }
    let persons: u64 = land.pairs().map(|pair| QuietStream::new(&land, pair).persons).sum();
    let measure = |measure, made: u64| Measure {
        measure,
        target: text!("–"),
        made: text!("{}", Grouped(made)),
    };
    summary.measures = vec![
        measure(text!("quiet persons"), persons),
        measure(text!("filings"), filings),
        measure(text!("institutions"), land.registry.len() as u64),
        measure(text!("planted settlements"), cast.rows.len() as u64),
    ];
    Ok(summary)
}

fn check(options: &SynthOptions) -> Result<(), SynthError> {
    if !(1..=MOST_PERIODS).contains(&options.periods) {
        return Err(SynthError::Options(text!("periods must be 1 to {}", MOST_PERIODS)));
    }
    if !(1..=MOST_SETTLEMENTS).contains(&options.settlements) {
        return Err(SynthError::Options(text!("settlements must be 1 to {}", MOST_SETTLEMENTS)));
    }
    let last = options.first_period.plus(options.periods.cast_signed() - 1);
    if last > LAST_PERIOD {
        let problem = text!("the last period would be {}, after {}", last, LAST_PERIOD);
        return Err(SynthError::Options(problem));
    }
    Ok(())
}

/// Writes a month and returns the number of its rows.
fn write_month(
    land: &ReviewLand,
    cast: &Cast,
    (options, month): (&SynthOptions, usize),
    out: &Path,
    counter: &RowCounter<'_>,
) -> Result<u64, SynthError> {
    let folder = out.join(land.months[month].to_string());
    for side in Side::BOTH {
        make_below(out, &folder.join(side.name()))?;
    }
    let of_month =
        |row: &&PlantedRow| Month::of_day(row.row.time.div_euclid(86_400)) == land.months[month];
    let planted: Vec<&PlantedRow> = cast.rows.iter().filter(of_month).collect();
    let order = options.order;
    let jobs = Side::BOTH
        .into_iter()
        .flat_map(|side| (0..32).map(move |file| ReviewFile { month, side, file, order }));
    let mut jobs: Vec<ReviewFile> = jobs.collect();
    // The largest files first, so that none of them starts last and delays the end.
    jobs.sort_by_cached_key(|job| std::cmp::Reverse(size(land, job)));
    let done = in_parallel(&jobs, |job| {
        let place = match order {
            Order::Time => format!("{}/{}.parquet", job.side.name(), PROVINCES[job.file].0),
            Order::Shuffled => format!("{}/part-{:02}.parquet", job.side.name(), job.file),
        };
        let path = folder.join(&place);
        deliver::write(land, job, &planted, (&path, counter)).map(|totals| (place, totals))
    })?;
    let mut totals: Vec<(String, FileTotals)> = done;
    totals.sort_by(|(place, _), (other, _)| place.cmp(other));
    write_totals(&folder, &totals)?;
    Ok(totals.iter().map(|(_, totals)| totals.rows).sum())
}

fn size(land: &ReviewLand, job: &ReviewFile) -> u64 {
    let pair = |other: usize| match job.side {
        Side::Treating => other * 32 + job.file,
        Side::Insured => job.file * 32 + other,
    };
    match job.order {
        Order::Time => (0..32).map(|other| land.counts[pair(other)]).sum(),
        Order::Shuffled => 0,
    }
}
