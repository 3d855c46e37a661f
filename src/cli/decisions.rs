//! The command `decisions`.

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};

use super::{
    files::{read_template, shown},
    lang::{said, word},
    options::Format,
    printer::{report, text},
    table::table,
};
use crate::{
    diag::{Failure, Outcome},
    model::money::yuan_grouped,
    place::output::{Output, Readers, Replace},
    statements::replies::{self, Replies},
    text::{Grouped, Text},
};

/// What to do with decisions.
#[derive(Debug, Subcommand)]
pub(super) enum DecisionsCommand {
    /// Read reply forms that agencies have filled in, and write decisions.csv
    Import(ImportArguments),
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  liangqing decisions import replies/34/verification.xlsx replies/31/reply.csv --book book
  liangqing decisions import replies/*/*.xlsx --book book --out deliveries/2025-11/decisions.csv

Without --out it only shows what the replies would decide. All or nothing: whatever is wrong is listed, and nothing
is written (exit status 3).")]
pub(super) struct ImportArguments {
    /// Reply forms, XLSX or CSV
    #[arg(required = true, value_name = "REPLY")]
    pub(super) replies: Vec<PathBuf>,
    /// The book whose open items are decided on
    #[arg(long, value_name = "DIR")]
    pub(super) book: PathBuf,
    /// The decisions.csv to write
    #[arg(long, value_name = "FILE")]
    pub(super) out: Option<PathBuf>,
    /// Replace the file when it is there already
    #[arg(long, requires = "out")]
    pub(super) force: bool,
    /// The template with which the forms were made
    #[arg(long, value_name = "FILE")]
    pub(super) forms: Option<PathBuf>,
    /// How to print the report
    #[arg(long, value_enum, default_value_t)]
    pub(super) format: Format,
}

/// The most decisions that are shown one by one.
const SHOWN: usize = 20;

/// Runs `liangqing decisions import`.
pub(super) fn import(arguments: &ImportArguments) -> Outcome<()> {
    let template = read_template(arguments.forms.as_deref())?;
    let replace = Replace::when(arguments.force);
    let output = arguments.out.as_deref().map(|out| Output::file(out, replace)).transpose()?;
    let replies = replies::read(&arguments.replies, &arguments.book, &template)?;
    if let Some(output) = output {
        if replies.decisions.is_empty() {
            let problem = text!("no reply decides anything: there is nothing to write");
            return Err(Failure::Usage(problem));
        }
        output.write(Readers::Usual, &replies.to_csv()?)?;
    }
    match arguments.format {
        Format::Json => report(&replies),
        Format::Human => text(&import_text(&replies, arguments.out.as_deref())),
    }
}

fn import_text(replies: &Replies, out: Option<&Path>) -> Vec<Text> {
    let mut lines = Vec::new();
    if !replies.decisions.is_empty() {
        let header = [
            text!("setl_id"),
            text!("class"),
            text!("decision"),
            text!("from"),
            text!("yuan that clear"),
        ];
        let mut preview = table(header, 4);
        for decided in replies.decisions.iter().take(SHOWN) {
            preview.add_row([
                decided.setl_id.clone(),
                word(decided.class),
                word(decided.decision),
                said(&decided.origin()),
                decided.payable.clone().unwrap_or_default(),
            ]);
        }
        lines.push(preview.trim_fmt());
    }
    if let Some(more) = replies.decisions.len().checked_sub(SHOWN).filter(|more| *more > 0) {
        lines.push(text!(" and {} more: --format json shows all of them", Grouped(more as u64)));
    }
    for (verdict, count, fen) in replies.totals().into_iter().filter(|(_, count, _)| *count > 0) {
        let settlements = text!("{} settlement(s)", Grouped(count));
        let said = text!("{}, {} yuan", settlements, yuan_grouped(fen));
        lines.push(Text::labelled_to(16, verdict.name(), said));
    }
    let unanswered = text!("{} line(s)", Grouped(replies.unanswered));
    lines.push(Text::labelled_to(16, "unanswered", unanswered));
    let written = if let Some(out) = out {
        text!("{}", shown(out))
    } else {
        text!("nothing; --out FILE writes decisions.csv")
    };
    lines.push(Text::labelled_to(16, "written", written));
    lines
}
