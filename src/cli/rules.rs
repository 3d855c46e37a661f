//! The command `rules`: everything that is built in, to copy and edit.

use std::path::PathBuf;

use clap::{Args, builder::PossibleValuesParser};

use super::{
    files::shown,
    printer::{raw, text},
};
use crate::{
    diag::{Failure, Outcome},
    figures::SentenceTemplate,
    pipeline::built_in,
    place::output::{Output, Readers, Replace},
    review::{benefits::built_in::BENEFITS, rules_file::REVIEW_RULES},
    rules,
    statements::Template,
    synth::BreakRates,
    text::Text,
};

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  liangqing rules --out rules.toml
  liangqing rules forms | less
  liangqing rules audit-rerun
  liangqing rules review --out review.toml
  liangqing rules benefits/xian

rules is the policy of all periods, review the thresholds of the review and its words for codes. forms and sentences are
the templates of papers and of sentences in reports, breaks the rates of planted breaks of synth. month-end,
audit-rerun, national-benchmark and cluster are pipelines of run. benefits/CITY are the rule sets of insured areas. A
file is never replaced.")]
pub(super) struct RulesArguments {
    /// What to print
    #[arg(
        default_value = "rules",
        value_parser = PossibleValuesParser::new(texts().map(|(name, _)| name))
    )]
    name: String,
    /// Write it to a new file in place of the terminal
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// Returns every built-in file with its name.
fn texts() -> impl Iterator<Item = (&'static str, &'static str)> {
    let pipelines = built_in::PIPELINES.map(|pipeline| (pipeline.name, pipeline.text));
    let others = [
        ("rules", rules::BUILT_IN),
        ("review", REVIEW_RULES),
        ("forms", Template::BUILT_IN),
        ("sentences", SentenceTemplate::BUILT_IN),
        ("breaks", BreakRates::BUILT_IN),
    ];
    others.into_iter().chain(pipelines).chain(BENEFITS)
}

/// Runs `liangqing rules`.
pub(super) fn rules(arguments: &RulesArguments) -> Outcome<()> {
    let found = texts().find(|(name, _)| *name == arguments.name);
    let (_, built_in) =
        found.ok_or_else(|| Failure::Bug(text!("nothing built in is {}", &arguments.name)))?;
    let Some(out) = &arguments.out else { return raw(built_in) };
    Output::file(out, Replace::Never)?.write(Readers::Usual, built_in.as_bytes())?;
    text(&[Text::labelled("written", text!("{}", shown(out)))])
}
