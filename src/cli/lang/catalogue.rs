//! Chinese by English text.

use std::collections::BTreeMap;

use serde::Deserialize;
use unicode_width::UnicodeWidthStr;

/// What is filled in, in a template: anything, or a number.
const BLANKS: [&str; 2] = ["{}", "{n}"];
/// Columns that the word at the start of a line takes.
const LABEL: usize = 10;
/// How deep what is filled in is translated in turn.
const DEPTH: usize = 6;

/// The catalogue file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    labels: BTreeMap<String, String>,
    messages: BTreeMap<String, String>,
}

/// A catalogue, ready to be looked into.
#[derive(Debug)]
pub(super) struct Catalogue {
    labels: BTreeMap<String, String>,
    exact: BTreeMap<String, String>,
    /// The most specific first.
    templates: Vec<Template>,
}

/// An English text in pieces around what is filled in, and its Chinese.
#[derive(Debug)]
struct Template {
    pieces: Vec<String>,
    /// Which of what is filled in has to be a number.
    numbers: Vec<bool>,
    chinese: String,
}

/// White space is one blank: the code breaks long lines, and help is wrapped.
fn even(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

impl Catalogue {
    pub(super) fn chinese() -> Catalogue {
        let file: File = toml::from_str(include_str!("zh.toml"))
            .expect("Invariant: the built-in catalogue is good");
        let (templates, exact): (BTreeMap<_, _>, BTreeMap<_, _>) = file
            .messages
            .into_iter()
            .partition(|(english, _)| BLANKS.into_iter().any(|blank| english.contains(blank)));
        let mut templates: Vec<Template> = templates
            .into_iter()
            .map(|(english, chinese)| Template::of(&english, chinese))
            .collect();
        templates.sort_by_key(|template| {
            std::cmp::Reverse(template.pieces.iter().map(String::len).sum::<usize>())
        });
        Catalogue { labels: file.labels, exact, templates }
    }

    /// A text of several lines.
    pub(super) fn text(&self, text: &str) -> String {
        text.split('\n').map(|line| self.line(line)).collect::<Vec<_>>().join("\n")
    }

    fn line(&self, line: &str) -> String {
        let text = line.trim_start();
        let text = text.strip_prefix("- ").unwrap_or(text);
        let indent = &line[..line.len() - text.len()];
        if let Some((label, rest)) = text.split_once("  ")
            && let Some(label) = self.labels.get(label)
        {
            let gap = " ".repeat(LABEL.saturating_sub(label.width()).max(1));
            return format!("{indent}{label}{gap}{}", self.phrase(rest.trim_start()));
        }
        format!("{indent}{}", self.phrase(text))
    }

    /// A phrase, or itself where the catalogue does not know it.
    pub(super) fn phrase(&self, phrase: &str) -> String {
        self.known(phrase, DEPTH).unwrap_or_else(|| phrase.to_owned())
    }

    /// A whole text, whatever its lines, if the catalogue knows it.
    pub(super) fn whole(&self, text: &str) -> Option<String> {
        self.exact.get(&even(text)).cloned()
    }

    fn known(&self, phrase: &str, depth: usize) -> Option<String> {
        if let Some(chinese) = self.exact.get(phrase) {
            return Some(chinese.clone());
        }
        let depth = depth.checked_sub(1)?;
        self.templates.iter().find_map(|template| {
            let filled = template.filled(phrase)?;
            let mut chinese = template.chinese.clone();
            for (at, part) in filled.into_iter().enumerate() {
                let part = self.known(part, depth).unwrap_or_else(|| part.to_owned());
                chinese = chinese.replace(&format!("{{{at}}}"), &part);
            }
            Some(chinese)
        })
    }
}

impl Template {
    fn of(english: &str, chinese: String) -> Template {
        let (mut pieces, mut numbers) = (Vec::new(), Vec::new());
        let mut rest = english;
        let next = |rest: &str| {
            let found = BLANKS.into_iter().filter_map(|blank| Some((rest.find(blank)?, blank)));
            found.min()
        };
        while let Some((at, blank)) = next(rest) {
            pieces.push(rest[..at].to_owned());
            numbers.push(blank == BLANKS[1]);
            rest = &rest[at + blank.len()..];
        }
        pieces.push(rest.to_owned());
        Template { pieces, numbers, chinese }
    }

    /// What is filled in, if the phrase is made of this template.
    fn filled<'a>(&self, phrase: &'a str) -> Option<Vec<&'a str>> {
        let (first, rest) = self.pieces.split_first()?;
        let (last, middle) = rest.split_last()?;
        let mut left = phrase.strip_prefix(first.as_str())?.strip_suffix(last.as_str())?;
        let mut filled = Vec::with_capacity(rest.len());
        for piece in middle {
            let (part, after) = left.split_once(piece.as_str())?;
            filled.push(part);
            left = after;
        }
        filled.push(left);
        let is_number = |part: &str| part.chars().all(|c| c.is_ascii_digit() || c == ',');
        let fits =
            |(part, number): (&&str, &bool)| !part.is_empty() && (!number || is_number(part));
        filled.iter().zip(&self.numbers).all(fits).then_some(filled)
    }
}

#[cfg(test)]
mod tests;
