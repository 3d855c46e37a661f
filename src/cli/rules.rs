//! The command `rules`: everything that is built in, to copy and edit.

use std::path::{Path, PathBuf};

use clap::{Args, builder::PossibleValuesParser};

use super::{
    files::shown,
    lang::word,
    printer::{raw, text},
    table::table,
};
use crate::{
    diag::{Failure, Outcome},
    figures::SentenceTemplate,
    pipeline::built_in,
    place::output::{Output, Readers, Replace},
    review::{
        benefits::{Benefits, built_in::BENEFITS},
        rules_file::REVIEW_RULES,
    },
    rules,
    spelling::short,
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
  liangqing rules benefits
  liangqing rules benefits/xian

rules is the policy of all periods, review the thresholds of the review and its words for codes. forms and sentences are
the templates of papers and of sentences in reports, breaks the rates of planted breaks of synth. month-end,
audit-rerun, national-benchmark and cluster are pipelines of run. benefits lists the rule sets of
insured areas, benefits/CITY is one file of them. A file is never replaced.")]
pub(super) struct RulesArguments {
    /// What to print
    #[arg(
        default_value = "rules",
        value_parser = PossibleValuesParser::new(texts().map(|(name, _)| name).chain([BENEFIT_LIST]))
    )]
    name: String,
    /// Write it to a new file in place of the terminal
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// The name under which the rule sets of insured areas are listed.
const BENEFIT_LIST: &str = "benefits";

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
    if arguments.name == BENEFIT_LIST {
        return list_benefits(arguments.out.as_deref());
    }
    let found = texts().find(|(name, _)| *name == arguments.name);
    let (_, built_in) =
        found.ok_or_else(|| Failure::Bug(text!("nothing built in is {}", &arguments.name)))?;
    let Some(out) = &arguments.out else { return raw(built_in) };
    Output::file(out, Replace::Never)?.write(Readers::Usual, built_in.as_bytes())?;
    text(&[Text::labelled("written", text!("{}", shown(out)))])
}

/// Lists the rule sets of insured areas, with the files that they are in.
fn list_benefits(out: Option<&Path>) -> Outcome<()> {
    if out.is_some() {
        let hint = text!("name one of them, such as benefits/xian");
        return Err(Failure::Usage(text!("--out takes a file, not the list").hinting(hint)));
    }
    let header =
        [text!("file"), text!("area"), text!("fund_class"), text!("from day"), text!("source")];
    let mut sets = table(header, 5);
    for set in Benefits::built_in().sets {
        let areas: Vec<String> = set.areas.iter().map(ToString::to_string).collect();
        let file = set.file.trim_end_matches(".toml");
        let until = set.until.map(|day| format!(" – {day}")).unwrap_or_default();
        sets.add_row([
            file.to_owned(),
            areas.join(" "),
            word(set.fund_class.name()),
            format!("{}{until}", set.from),
            short(&set.source, LONGEST_SOURCE),
        ]);
    }
    text(&[sets.trim_fmt()])
}

/// The most letters of a source that are shown.
const LONGEST_SOURCE: usize = 40;
