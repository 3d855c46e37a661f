//! The languages of the terminal.
//!
//! **Purpose.** What people read on the terminal, in English or in Chinese.
//!
//! **In.** English text, as the whole program writes it; the catalogue `zh.toml`.
//!
//! **Out.** The same text in Chinese, line by line, where Chinese was asked for.
//!
//! **Invariants.** Reports for programs, tables and files never come through here. What the catalogue
//! does not know stays English.

mod given;
mod help;
mod template;
#[cfg(test)]
mod tests;

use std::{
    borrow::Cow, cell::Cell, cmp::Reverse, collections::BTreeMap, ffi::OsString, sync::OnceLock,
};

use clap::ValueEnum;
use serde::Deserialize;
use unicode_width::UnicodeWidthStr;

pub(super) use self::help::parse;
use self::template::Template;
use crate::{
    diag::{Code, printable_lines},
    model::codes::Province,
};

/// A language of the terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Lang {
    /// 中文.
    Zh,
    /// English.
    En,
}

impl Lang {
    /// The language that the command line names, or else the environment.
    pub(super) fn wanted(arguments: &[OsString], environment: fn(&str) -> Option<String>) -> Lang {
        let mut named = None;
        let mut arguments = arguments.iter().filter_map(|argument| argument.to_str());
        while let Some(argument) = arguments.next().filter(|argument| *argument != "--") {
            let value = match argument {
                "--lang" => arguments.next(),
                _ => argument.strip_prefix("--lang="),
            };
            named = value.and_then(|value| Lang::from_str(value, false).ok()).or(named);
        }
        named.unwrap_or_else(|| {
            let mut locales = ["LC_ALL", "LC_MESSAGES", "LANG"].into_iter().filter_map(environment);
            match locales.find(|locale| !locale.is_empty()) {
                Some(locale) if locale.starts_with("zh") => Lang::Zh,
                _ => Lang::En,
            }
        })
    }
}

/// The Chinese that is spoken; none where English is.
static CATALOGUE: OnceLock<Option<Catalogue>> = OnceLock::new();

/// Settles the language, once, before anything is said.
pub(super) fn speak(lang: Lang) {
    CATALOGUE.get_or_init(|| (lang == Lang::Zh).then(Catalogue::built_in));
}

fn catalogue() -> Option<&'static Catalogue> {
    CATALOGUE.get()?.as_ref()
}

/// What a line begins with that is in the language of its reader already.
const AS_IS: char = '\u{1}';

/// Text that is in the language of its reader already, such as a table: names in it are no messages.
pub(super) fn as_is(text: &str) -> String {
    text.lines().map(|line| format!("{AS_IS}{line}")).collect::<Vec<_>>().join("\n")
}

/// Text for people, in their language. Of all characters that steer a terminal none but its own line breaks
/// is left in it.
pub(super) fn said(text: &str) -> Cow<'_, str> {
    let text = given::tamed(text);
    Cow::Owned(match catalogue() {
        None => printable_lines(&text.replace(AS_IS, "")),
        Some(catalogue) => printable_lines(&catalogue.text(&text)),
    })
}

/// A word of the tables (a class, a decision), with its Chinese before it.
pub(super) fn word(name: &str) -> Cow<'_, str> {
    match catalogue().and_then(|catalogue| catalogue.entries.words.get(name)) {
        None => Cow::Borrowed(name),
        Some(chinese) => Cow::Owned(format!("{chinese} ({name})")),
    }
}

/// `zh.toml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entries {
    /// First words of lines, with the value in a column of its own.
    labels: BTreeMap<String, String>,
    /// What lines begin with before a message.
    openings: BTreeMap<String, String>,
    /// Words of the tables.
    words: BTreeMap<String, String>,
    /// Messages, by their English shape.
    messages: BTreeMap<String, String>,
    /// Messages that come from elsewhere: the parser of the command line, the system.
    foreign: BTreeMap<String, String>,
    /// What is expected and what to do, by code.
    codes: BTreeMap<String, [String; 2]>,
    /// Help, by command and argument.
    help: BTreeMap<String, String>,
    /// Fixed phrases of help pages.
    phrases: BTreeMap<String, String>,
}

/// What stands around the parts of a finding: its place, what is there and what should be.
const FINDING: &str = "{m}: found {m}, expected {m}";

/// The Chinese of everything that is said.
#[derive(Debug)]
struct Catalogue {
    entries: Entries,
    /// What stands around the parts of a finding.
    finding: Template,
    /// Those with words of their own before those without, the weightiest first.
    templates: Vec<Template>,
    /// Where those without begin.
    bare_from: usize,
}

impl Catalogue {
    fn entries() -> Entries {
        toml::from_str(include_str!("zh.toml")).expect("the catalogue that is built in")
    }

    fn built_in() -> Catalogue {
        let entries = Catalogue::entries();
        let codes = Code::ALL.iter().filter_map(|code| {
            let [expected, hint] = entries.codes.get(code.id())?;
            Some([(code.expected(), expected.as_str()), (code.hint(), hint.as_str())])
        });
        let provinces = Province::all().map(|province| (province.english_name(), province.name()));
        let messages = entries.messages.iter().chain(&entries.foreign);
        let mut templates: Vec<Template> = messages
            .map(|(english, chinese)| (english.as_str(), chinese.as_str()))
            .chain(codes.flatten())
            .chain(provinces)
            .flat_map(|(english, chinese)| Template::all_of(english, chinese))
            .collect();
        // The order is stable, and that of the entries is alphabetical.
        templates.sort_by_key(|template| Reverse((template.has_words(), template.weight())));
        let chinese = entries.messages.get(FINDING).map_or(FINDING, String::as_str);
        let finding = Template::all_of(FINDING, chinese).remove(0);
        let bare_from = templates.partition_point(Template::has_words);
        Catalogue { entries, finding, templates, bare_from }
    }

    /// Lines of Chinese for lines of English.
    fn text(&self, text: &str) -> String {
        text.split('\n').map(|line| self.line(line)).collect::<Vec<_>>().join("\n")
    }

    fn line(&self, line: &str) -> String {
        if let Some(line) = line.strip_prefix(AS_IS) {
            return line.to_owned();
        }
        let rest = line.trim_start_matches(' ');
        let rest = rest.strip_prefix("- ").unwrap_or(rest);
        let indent = &line[..line.len() - rest.len()];
        let effort = Effort::for_text(line);
        let said = self
            .labelled(rest, &effort)
            .or_else(|| self.opened(rest, &effort))
            .or_else(|| self.found(rest, &effort))
            .or_else(|| self.message(rest, &effort));
        said.map_or_else(|| line.to_owned(), |said| format!("{indent}{said}"))
    }

    /// A line with an opening, such as `error: `.
    fn opened(&self, line: &str, effort: &Effort) -> Option<String> {
        self.entries.openings.iter().find_map(|(opening, chinese)| {
            line.strip_prefix(opening).map(|rest| format!("{chinese}{}", self.part(rest, effort)))
        })
    }

    /// A line with a finding, which begins with its code: what is found may be of any shape.
    fn found(&self, line: &str, effort: &Effort) -> Option<String> {
        let (code, _) = line.split_once(' ')?;
        let is_finding = Code::ALL.iter().any(|known| known.id() == code);
        is_finding.then(|| self.finding.translate(line, &|inner| Some(self.part(inner, effort))))?
    }

    /// A line of a label and a value; the value stays in its column.
    fn labelled(&self, line: &str, effort: &Effort) -> Option<String> {
        // Long labels are followed by one blank, short ones by more: else they are words.
        let spaced = |label: &&str| label.len() > 8 || line[label.len()..].starts_with("  ");
        let (label, chinese) = self
            .entries
            .labels
            .iter()
            .map(|(label, chinese)| (label.as_str(), chinese))
            .filter(|(label, _)| {
                line.strip_prefix(label).is_some_and(|rest| rest.starts_with(' ')) && spaced(label)
            })
            .max_by_key(|(label, _)| label.len())?;
        let value = line[label.len()..].trim_start();
        let column = (line.len() - value.len()).max(chinese.width() + 2);
        let gap = " ".repeat(column - chinese.width());
        Some(format!("{chinese}{gap}{}", self.part(value, effort)))
    }

    /// A message within another; what is not known stays as it is.
    fn part(&self, text: &str, effort: &Effort) -> String {
        self.message(text, effort).unwrap_or_else(|| text.to_owned())
    }

    /// The Chinese of a message.
    fn message(&self, text: &str, effort: &Effort) -> Option<String> {
        if let Some(chinese) = self.entries.words.get(text) {
            return Some(format!("{chinese} ({text})"));
        }
        effort.spend(text)?;
        let inner = |inner: &str| self.message(inner, effort);
        let fits = |template: &Template| template.translate(text, &inner);
        let (worded, bare) = self.templates.split_at(self.bare_from);
        worded
            .iter()
            .find_map(fits)
            .or_else(|| self.list(text, effort))
            .or_else(|| bare.iter().find_map(fits))
    }

    /// Several messages with commas between them, if all of them are known.
    fn list(&self, text: &str, effort: &Effort) -> Option<String> {
        let parts = text.contains(", ").then(|| text.split(", "));
        let parts = parts?.map(|part| self.message(part, effort));
        Some(parts.collect::<Option<Vec<_>>>()?.join("、"))
    }
}

/// How much text may still be looked at for the sake of one line: a few times its length. Shapes lie within
/// shapes, and a line that fits many of them is not worth the time that all of their combinations take.
struct Effort(Cell<usize>);

impl Effort {
    fn for_text(text: &str) -> Effort {
        Effort(Cell::new(4 * text.len() + (8 << 10)))
    }

    /// Fails when there is no effort left for a text.
    fn spend(&self, text: &str) -> Option<()> {
        self.0.set(self.0.get().checked_sub(text.len() + 64)?);
        Some(())
    }
}
