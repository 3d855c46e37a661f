//! The command `stress`.

use std::path::PathBuf;

use clap::Args;

use super::{
    files::read_rules,
    lists::ListLength,
    options::Format,
    printer::{report, text},
    status::parse_province,
};
use crate::{
    diag::Outcome,
    model::{codes::Province, money::yuan_grouped},
    outlook::stress::{self, Scenario, Stressed},
    text::Text,
};

#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  liangqing stress --book book --scenario volume=20 --scenario late=34:45

The next period draws what the last one drew, times the volume. Open notices of payers that are in time
are paid before it closes; those of late payers stay open, and each begun 30 days of delay draw the pair's
reserve once more. Reserves are pooled by treating province. Emergency top-ups are suggestions.")]
pub(super) struct StressArguments {
    /// Folder of the closed periods
    #[arg(long, value_name = "DIR")]
    pub(super) book: PathBuf,
    /// volume=PERCENT: volume rises so much; late=PROVINCE:DAYS: a province pays so late
    #[arg(long = "scenario", value_name = "SCENARIO", required = true)]
    pub(super) scenarios: Vec<Scenario>,
    /// Only what concerns a province, by its two digits
    #[arg(long, value_name = "CODE", value_parser = parse_province)]
    pub(super) province: Option<Province>,
    #[command(flatten)]
    pub(super) shown: ListLength,
    /// Rules file [default: built in, see liangqing rules]
    #[arg(long, value_name = "FILE")]
    pub(super) rules: Option<PathBuf>,
    /// How to print the report
    #[arg(long, value_enum, default_value_t)]
    pub(super) format: Format,
}

/// Runs `liangqing stress`.
pub(super) fn stress(arguments: &StressArguments) -> Outcome<()> {
    let rules = read_rules(arguments.rules.as_deref())?;
    let stressed =
        stress::stress(&arguments.book, &rules, &arguments.scenarios, arguments.province)?;
    match arguments.format {
        Format::Human => text(&stress_text(&stressed.scenarios, arguments.shown)),
        Format::Json => report(&stressed),
    }
}

fn stress_text(stressed: &[Stressed], shown: ListLength) -> Vec<Text> {
    const COLUMN: usize = 13;
    let mut lines = Vec::new();
    for (at, found) in stressed.iter().enumerate() {
        let dry = found.run_dry.iter().map(|(province, fen)| format!("{province} ({fen})"));
        lines.extend((at > 0).then(|| text!("")));
        lines.push(text!("{}", found.scenario));
        let dry: Vec<String> = dry.collect();
        let lists =
            [("turn red", &found.turn_red), ("turn yellow", &found.turn_yellow), ("run dry", &dry)];
        lines.extend(lists.into_iter().flat_map(|(label, list)| shown.lines(COLUMN, label, list)));
        let suggested = text!("{}", yuan_grouped(found.suggested()));
        lines.push(text!("  {}", Text::labelled_to(COLUMN, "suggested", suggested)));
    }
    lines
}
