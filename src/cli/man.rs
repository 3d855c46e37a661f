//! The command `man`.

use std::{
    fs,
    path::{Path, PathBuf},
};

use clap::{Args, Command, builder::PossibleValuesParser};
use roff::{Roff, bold, italic, roman};
use schemars::JsonSchema;
use serde::Serialize;

use super::{
    files::shown,
    groups::{GROUPS, names},
    help_text::HelpPart,
    lang::{Heading, Help, Lang},
    options::Format,
    page::{ArgumentEntry, CommandPage},
    printer::{raw, report, text},
};
use crate::{
    diag::{Failure, Outcome},
    place::{make_below, output::Output},
    shapes,
    text::Text,
};

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  liangqing man run | man -l -
  liangqing man --out man && man -M man liangqing-run

With --out it writes man1/ in English and zh_CN/man1/ in Chinese, one page a command. The same program gives the
same bytes.")]
pub(super) struct ManArguments {
    /// The command whose page is printed, in the language of the terminal [default: the program itself]
    #[arg(value_parser = PossibleValuesParser::new(names()), hide_possible_values = true)]
    command: Option<String>,
    /// Write the pages of all commands, in both languages, into a new folder
    #[arg(long, value_name = "DIR", conflicts_with = "command")]
    out: Option<PathBuf>,
    /// How to print the report
    #[arg(long, value_enum, default_value_t, requires = "out")]
    pub(super) format: Format,
}

const NAME: Heading = Heading { key: "heading.name", english: "Name" };
const SYNOPSIS: Heading = Heading { key: "heading.synopsis", english: "Synopsis" };
const DESCRIPTION: Heading = Heading { key: "heading.description", english: "Description" };
const OPTIONS: Heading = Heading { key: "heading.options", english: "Options" };
const COMMANDS: Heading = Heading { key: "heading.commands", english: "Commands" };

/// The headings of manual pages.
#[cfg(test)]
pub(super) const HEADINGS: [Heading; 5] = [NAME, SYNOPSIS, DESCRIPTION, OPTIONS, COMMANDS];

/// The manual pages that were written.
#[derive(Serialize, JsonSchema)]
#[schemars(title = "man --format json")]
pub(super) struct WrittenPages<'a> {
    /// The format of the report.
    format: shapes::FormatNumber<1>,
    /// The folder.
    out: &'a Path,
    /// The number of pages.
    pages: usize,
}

/// Runs `liangqing man` for a program in any language.
pub(super) fn man(arguments: &ManArguments, program: fn(Help) -> Command) -> Outcome<()> {
    let Some(out) = &arguments.out else {
        let help = Help::spoken();
        let program = CommandPage::program(program(help), help);
        let name = arguments.command.as_ref().map(|command| format!("{} {command}", program.name));
        let below = program.below.iter().find(|page| Some(&page.name) == name.as_ref());
        return raw(&manual_page(below.unwrap_or(&program), help));
    };
    let pages = Output::folder(out)?.fill(|folder| write_pages(folder, program))?;
    match arguments.format {
        Format::Human => text(&[Text::labelled("written", text!("{}", shown(out)))]),
        Format::Json => report(&WrittenPages { format: shapes::FormatNumber, out, pages }),
    }
}

/// Writes the pages of both languages into the folders where `man` looks for them. Returns their number.
fn write_pages(folder: &Path, program: fn(Help) -> Command) -> Outcome<usize> {
    let mut count = 0;
    for (lang, section) in [(Lang::En, "man1"), (Lang::Zh, "zh_CN/man1")] {
        let help = Help::in_language(lang);
        let section = folder.join(section);
        make_below(folder, &section)?;
        let program = CommandPage::program(program(help), help);
        for page in [&program].into_iter().chain(&program.below) {
            let path = section.join(format!("{}.1", page.name.replace(' ', "-")));
            fs::write(&path, manual_page(page, help)).map_err(Failure::io(&path))?;
            count += 1;
        }
    }
    Ok(count)
}

/// Rules for Chinese: a line may end between characters, but not before `，` or after `（`. Not justified: blanks are
/// few.
const CHINESE: &str = "\
.class [CJKclosing] \\[u3001] \\[u3002] \\[u300B] \\[u300D] \\[uFF09] \\[uFF0C] \\[uFF1A] \\[uFF1B]
.class [CJKopening] \\[u300A] \\[u300C] \\[uFF08]
.class [CJKother] \\[u4E00]-\\[u9FFF]
.cflags 128 \\C'[CJKclosing]'
.cflags 266 \\C'[CJKopening]'
.cflags 512 \\C'[CJKother]'
.ad l
";

/// Returns a page in the format of `man`.
fn manual_page(page: &CommandPage, help: Help) -> String {
    let mut roff = Roff::new();
    let name = page.name.replace(' ', "-");
    let source = format!("{} {}", env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION"));
    roff.control("TH", [name.to_uppercase().as_str(), "1", "", &source, ""]);
    roff.control("SH", [title(help.heading(NAME)).as_str()]);
    roff.text([roman(format!("{name} - {}", page.about))]);
    body(&mut roff, page, help, "SH");
    if page.name == env!("CARGO_PKG_NAME") {
        groups(&mut roff, page, help);
    } else {
        for below in &page.below {
            roff.control("SH", [title(&below.name).as_str()]);
            body(&mut roff, below, help, "SS");
        }
    }
    sections(&mut roff, page, "SH");
    let page = roff.render();
    if help.is_chinese() { page.replacen(".TH", &format!("{CHINESE}.TH"), 1) } else { page }
}

/// Returns a heading in the style of manual pages.
fn title(heading: &str) -> String {
    heading.to_uppercase()
}

/// Writes synopsis, description and options.
fn body(roff: &mut Roff, page: &CommandPage, help: Help, macro_name: &str) {
    let heading = |of: Heading| title(help.heading(of));
    roff.control(macro_name, [heading(SYNOPSIS).as_str()]);
    roff.text([bold(page.name.as_str()), roman(format!(" {}", page.usage))]);
    roff.control(macro_name, [heading(DESCRIPTION).as_str()]);
    roff.text([roman(page.about.as_str())]);
    for part in &page.parts {
        if let HelpPart::Paragraph(text) = part {
            roff.control("PP", []);
            roff.text([roman(text.as_str())]);
        }
    }
    if macro_name == "SS" {
        sections(roff, page, macro_name);
    }
    roff.control(macro_name, [heading(OPTIONS).as_str()]);
    for entry in page.arguments.iter().chain(&page.options) {
        option(roff, entry, help);
    }
}

fn option(roff: &mut Roff, entry: &ArgumentEntry, help: Help) {
    roff.control("TP", []);
    roff.text([bold(entry.shown.as_str())]);
    let note = entry.default_note(help).map(|note| format!(" {note}")).unwrap_or_default();
    roff.text([roman(format!("{}{note}", entry.meaning))]);
    for (value, meaning) in &entry.values {
        roff.control("br", []);
        let meaning = if meaning.is_empty() { String::new() } else { format!(": {meaning}") };
        roff.text([italic(value.as_str()), roman(meaning)]);
    }
}

/// Writes the commands of the program, by group.
fn groups(roff: &mut Roff, program: &CommandPage, help: Help) {
    roff.control("SH", [title(help.heading(COMMANDS)).as_str()]);
    for group in &GROUPS {
        roff.control("SS", [help.heading(group.heading)]);
        for name in group.commands {
            let name = format!("{} {name}", program.name);
            let page = program.below.iter().find(|page| page.name == name);
            roff.control("TP", []);
            roff.text([bold(name.replace(' ', "-")), roman("(1)")]);
            roff.text([roman(page.map_or("", |page| &page.about))]);
        }
    }
}

/// Writes the examples and the other sections.
fn sections(roff: &mut Roff, page: &CommandPage, macro_name: &str) {
    for part in &page.parts {
        let HelpPart::Section { title: heading, lines, note } = part else { continue };
        roff.control(macro_name, [title(heading).as_str()]);
        roff.control("nf", []);
        for line in lines {
            roff.text([roman(line.as_str())]);
        }
        roff.control("fi", []);
        if !note.is_empty() {
            roff.control("PP", []);
            roff.text([roman(note.as_str())]);
        }
    }
}
