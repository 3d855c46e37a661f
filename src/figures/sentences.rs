//! The sentences at the head of a report page and of a bulletin: words from a file, values from facts.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use super::{
    fact::{FACTS, Fact},
    words::{Bilingual, SentenceWords},
};
use crate::{
    diag::toml_problem,
    shapes::FormatNumber,
    text::{Text, indented, lines, quoted},
};

/// The built-in sentences.
const BUILT_IN: &str = include_str!("../../pipelines/sentences.toml");
/// The format of sentences that this program reads.
const FORMAT: u32 = 1;
/// The most sentences of a file.
const MOST_SENTENCES: usize = 200;
/// The most characters of a text.
const LONGEST_TEXT: usize = 1_000;

/// Sentences (TOML) at the head of report pages and bulletins: which ones, in which order and words (docs/figures.md).
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "Sentences of reports and bulletins")]
pub struct SentenceTemplate {
    /// The format of the file.
    #[schemars(with = "FormatNumber<1>")]
    format: u32,
    /// The sheet of sentences in a bulletin.
    pub sheet: SentenceSheet,
    /// Words that values are made of.
    pub words: SentenceWords,
    /// The sentences in order.
    #[schemars(length(max = 200))]
    sentences: Vec<SentenceForm>,
}

/// The sheet of sentences in a bulletin.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SentenceSheet {
    /// The title of a month's sheet, with {period} where it goes.
    pub monthly: String,
    /// The title of a quarter's sheet, with {period} where it goes.
    pub quarterly: String,
    /// The name of the sheet.
    pub name: String,
    /// The headings of its two columns: the number and the sentence.
    pub headings: [String; 2],
}

/// A sentence.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct SentenceForm {
    /// The fact that it says (docs/figures.md); a fact that a period does not have gives no sentence.
    when: String,
    /// Where it stands; without it everywhere.
    #[serde(default, rename = "in")]
    places: Vec<SentencePlace>,
    /// The Chinese sentence, with values such as {settlements}.
    zh: String,
    /// The English sentence.
    en: String,
}

/// Where a sentence stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SentencePlace {
    /// At the top of a report page.
    Report,
    /// On the first sheet of a bulletin.
    Bulletin,
}

impl SentenceTemplate {
    /// The file of the built-in sentences.
    pub const BUILT_IN: &str = BUILT_IN;

    /// Returns the built-in sentences.
    pub fn built_in() -> SentenceTemplate {
        SentenceTemplate::parse(BUILT_IN).expect("Invariant: the built-in sentences are good")
    }

    /// Reads sentences; fails with all problems at once.
    pub fn parse(text: &str) -> Result<SentenceTemplate, Text> {
        let template: SentenceTemplate =
            toml::from_str(text).map_err(|error| toml_problem(text, &error))?;
        if template.format != FORMAT {
            return Err(text!("format {}, this program knows {}", template.format, FORMAT));
        }
        let problems = template.problems();
        if problems.is_empty() { Ok(template) } else { Err(text!("{}", lines(indented(problems)))) }
    }

    fn problems(&self) -> Vec<Text> {
        let mut problems = Vec::new();
        if self.sentences.len() > MOST_SENTENCES {
            problems.push(text!("more than {} sentences", MOST_SENTENCES));
        }
        let SentenceSheet { monthly, quarterly, name, headings: [number, sentence] } = &self.sheet;
        for text in [monthly, quarterly] {
            problems.extend(problem(&text!("sheet"), text, &["period"]));
        }
        for text in [name, number, sentence] {
            problems.extend(problem(&text!("sheet"), text, &[]));
        }
        if name.is_empty() || name.encode_utf16().count() > 31 || name.contains(NOT_IN_NAMES) {
            problems.push(text!("sheet: no sheet can be named {}", quoted(name)));
        }
        let SentenceWords { more, less, same, share, amount, comma } = &self.words;
        let words: [(&Bilingual, &[&str]); 6] = [
            (more, &["percent"]),
            (less, &["percent"]),
            (same, &[]),
            (share, &["name", "share"]),
            (amount, &["name", "amount"]),
            (comma, &[]),
        ];
        for (Bilingual { zh, en }, known) in words {
            problems
                .extend([zh, en].into_iter().filter_map(|t| problem(&text!("words"), t, known)));
        }
        for (SentenceForm { when, zh, en, .. }, at) in self.sentences.iter().zip(1..) {
            let place = text!("sentence {}", at);
            let Some((_, known)) = FACTS.iter().find(|(name, _)| name == when) else {
                let names: Vec<&str> = FACTS.iter().map(|(name, _)| *name).collect();
                let names = names.join(", ");
                problems.push(text!("{}: no fact {}; there are {}", place, quoted(when), names));
                continue;
            };
            problems.extend([zh, en].into_iter().filter_map(|t| problem(&place, t, known)));
        }
        problems
    }

    /// Returns the sentences of a place that the facts make true, in the order of the file.
    pub fn say(&self, place: SentencePlace, facts: &[Fact]) -> Vec<Bilingual> {
        let of_place = self
            .sentences
            .iter()
            .filter(|form| form.places.is_empty() || form.places.contains(&place));
        let said = of_place.flat_map(|form| {
            facts.iter().filter(|fact| fact.name == form.when).map(|fact| form.filled(fact))
        });
        said.collect()
    }
}

impl SentenceForm {
    fn filled(&self, fact: &Fact) -> Bilingual {
        let zh = filled(&self.zh, &fact.values, |value| &value.zh);
        Bilingual { zh, en: filled(&self.en, &fact.values, |value| &value.en) }
    }
}

/// Characters that no name of a sheet may have.
const NOT_IN_NAMES: [char; 8] = ['[', ']', ':', '*', '?', '/', '\\', '\''];

/// Fills in the values of a text. A value is not looked through for further holes.
fn filled(
    text: &str,
    values: &BTreeMap<&'static str, Bilingual>,
    of: fn(&Bilingual) -> &str,
) -> String {
    let mut filled = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, hole, after)) = next_hole(rest) {
        filled.push_str(before);
        filled.push_str(values.get(hole).map_or("", of));
        rest = after;
    }
    filled.push_str(rest);
    filled
}

/// Returns what is before the first hole of a text, its name, and what is after it.
fn next_hole(text: &str) -> Option<(&str, &str, &str)> {
    let (before, rest) = text.split_once('{')?;
    let (hole, after) = rest.split_once('}')?;
    Some((before, hole, after))
}

/// Returns the problem of a text: an unknown value, a brace without its partner, its length, its characters.
fn problem(place: &Text, text: &str, known: &[&str]) -> Option<Text> {
    if text.chars().count() > LONGEST_TEXT || text.contains(char::is_control) {
        let longest = LONGEST_TEXT;
        return Some(text!(
            "{}: a text of at most {} characters without control characters is expected",
            place,
            longest
        ));
    }
    let mut rest = text;
    while let Some((before, hole, after)) = next_hole(rest) {
        if before.contains('}') {
            break;
        }
        if !known.contains(&hole) {
            let known = known.join(", ");
            return Some(text!("{}: no value {}; there are {}", place, quoted(hole), known));
        }
        rest = after;
    }
    rest.contains(['{', '}']).then(|| text!("{}: a brace without its partner", place))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem_of(from: &str, to: &str) -> String {
        assert!(BUILT_IN.contains(from), "{from}");
        let parsed = SentenceTemplate::parse(&BUILT_IN.replacen(from, to, 1));
        parsed.err().map(|error| error.to_string()).unwrap_or_default()
    }

    #[test]
    fn every_fact_has_a_sentence() {
        let template = SentenceTemplate::built_in();
        for (name, values) in FACTS {
            let mut own = template.sentences.iter().filter(|form| form.when == *name).peekable();
            assert!(own.peek().is_some(), "{name}");
            // Both languages say the same values.
            for form in own {
                for value in *values {
                    let hole = format!("{{{value}}}");
                    assert_eq!(form.zh.contains(&hole), form.en.contains(&hole), "{name} {value}");
                }
            }
        }
    }

    #[test]
    fn what_is_wrong_is_told_all_at_once() {
        assert!(problem_of("when = \"cleared\"", "when = \"won\"").contains("no fact \"won\""));
        assert!(problem_of("{settlements}", "{persons}").contains("no value \"persons\""));
        assert!(problem_of("{settlements}", "{settlements").contains("no value"));
        assert!(problem_of("{settlements}", "settlements}").contains("brace"));
        assert!(problem_of("{percent}", "\\u0007{percent}").contains("control characters"));
        assert!(problem_of("name = \"要点\"", "name = \"a/b\"").contains("no sheet can be named"));
        assert!(problem_of("format = 1", "format = 2").contains("format 2"));
        let two = BUILT_IN.replacen("{settlements}", "{a}", 1).replacen("{percent}", "{b}", 1);
        let told = SentenceTemplate::parse(&two).expect_err("refused").to_string();
        assert!(told.contains("\"a\"") && told.contains("\"b\""), "{told}");
    }

    #[test]
    fn values_are_not_looked_through_for_holes() {
        let values =
            BTreeMap::from([("a", Bilingual::same("{b}")), ("b", Bilingual::same("wrong"))]);
        assert_eq!(filled("x {a} y", &values, |value| &value.en), "x {b} y");
    }
}
