//! The commands `statements` and `decisions`.

use std::path::Path;

use super::{
    args::{Format, ImportArguments, StatementsArguments},
    judged,
    lang::{said, word},
    printer::{counted, report, text},
    run::{read_text, shown},
    table::table,
};
use crate::{
    diag::{Failure, Outcome},
    model::money::{count_grouped, yuan_grouped},
    place::output::{Output, Readers, Replace},
    privacy::pseudonym::Pseudonyms,
    statements::{
        self, Style, Template,
        replies::{self, Replies},
    },
};

/// Decisions that are shown one by one.
const SHOWN: usize = 20;

/// `liangqing statements`
pub(super) fn statements(arguments: &StatementsArguments) -> Outcome<()> {
    let style = Style {
        template: template(arguments.forms.as_deref())?,
        pseudonyms: arguments.pseudonym_key.as_deref().map(Pseudonyms::read).transpose()?,
    };
    let written = statements::write(&arguments.book, arguments.period, &arguments.out, &style)?;
    match arguments.format {
        Format::Json => report(&written),
        Format::Human => text(&format!(
            "written   {}\nforms     {} in {} for {}\npayable   {} yuan, which {} tell payers and payees\n{}",
            shown(&arguments.out),
            counted(written.files, "file"),
            written.period,
            counted(written.provinces, "province"),
            written.payable,
            counted(written.notices, "notice"),
            judged::text(&written.deductions, &written.payments),
        )),
    }
}

/// The template in a file, or the built-in one.
pub(super) fn template(path: Option<&Path>) -> Outcome<Template> {
    let Some(path) = path else { return Ok(Template::built_in()) };
    Template::parse(&read_text(path)?)
        .map_err(|error| Failure::Usage(format!("{}: {error}", shown(path))))
}

/// `liangqing decisions import`
pub(super) fn import(arguments: &ImportArguments) -> Outcome<()> {
    let template = template(arguments.forms.as_deref())?;
    let replace = Replace::when(arguments.force);
    let output = arguments.out.as_deref().map(|out| Output::file(out, replace)).transpose()?;
    let replies = replies::read(&arguments.replies, &arguments.book, &template)?;
    if let Some(output) = output {
        if replies.decisions.is_empty() {
            let problem = "no reply decides anything: there is nothing to write";
            return Err(Failure::Usage(problem.to_owned()));
        }
        output.write(Readers::Usual, &replies.to_csv()?)?;
    }
    match arguments.format {
        Format::Json => report(&replies),
        Format::Human => text(&import_text(&replies, arguments.out.as_deref())),
    }
}

fn import_text(replies: &Replies, out: Option<&Path>) -> String {
    let mut lines = Vec::new();
    if !replies.decisions.is_empty() {
        let mut preview = table(["setl_id", "class", "decision", "from", "yuan that clear"], 4);
        for decided in replies.decisions.iter().take(SHOWN) {
            preview.add_row([
                decided.setl_id.as_str().into(),
                word(decided.class),
                word(decided.decision),
                said(&decided.from),
                decided.payable.as_deref().unwrap_or("").into(),
            ]);
        }
        lines.push(preview.trim_fmt());
    }
    if let Some(more) = replies.decisions.len().checked_sub(SHOWN).filter(|more| *more > 0) {
        let more = count_grouped(more as u64);
        lines.push(format!(" and {more} more: --format json shows all of them"));
    }
    for (verdict, count, fen) in replies.totals().into_iter().filter(|(_, count, _)| *count > 0) {
        let yuan = yuan_grouped(fen);
        lines.push(format!("{:<16}{}, {yuan} yuan", verdict.name(), counted(count, "settlement")));
    }
    lines.push(format!("{:<16}{}", "unanswered", counted(replies.unanswered, "line")));
    lines.push(match out {
        Some(out) => format!("{:<16}{}", "written", shown(out)),
        None => format!("{:<16}nothing; --out FILE writes decisions.csv", "written"),
    });
    lines.push(String::new());
    lines.join("\n")
}
