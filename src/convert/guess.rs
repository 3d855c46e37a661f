//! Guesses a map from the headings of an export. A conversion never guesses: it reads the map, and nothing else.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::{
    block::{Block, Row, first_rows},
    exports::{Export, Opened},
    heading::{LOOKED_THROUGH, names},
    known_headings::{KnownHeadings, plain},
    listing::Sayer,
    map::InputRule,
    target::ConvertTarget,
};
use crate::{
    diag::{Code, Failure, Finding, Outcome},
    model::fields::Field,
    spelling::nearest,
    text::Text,
};

/// A guessed map, and how sure each field of it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Guess {
    /// Columns of fields by their names, aliases and Chinese names.
    pub sure: BTreeMap<String, String>,
    /// Columns that look like the name of a field. They stand in the map as comments.
    pub guessed: BTreeMap<String, String>,
    /// Required fields without a column.
    pub missing: Vec<String>,
    /// Required fields that an export alone lacks, by its name.
    pub lacking: BTreeMap<String, Vec<String>>,
    /// Columns that no field is read from.
    pub unused: Vec<String>,
    /// The text of the map.
    #[serde(skip)]
    pub map: String,
}

/// The export that a map is guessed from.
struct SeenExport {
    encoding: Option<&'static str>,
    separator: Option<String>,
    sheet: Option<String>,
    line: u64,
    names: Vec<String>,
    rows: Block,
}

/// Guesses the map of exports. `kind` names the list of known headings.
pub(crate) fn guess(
    exports: &[Export],
    targets: &[ConvertTarget],
    kind: &str,
    input: &InputRule,
    say: Sayer,
) -> Outcome<Guess> {
    let known = KnownHeadings::built_in()?;
    let matcher = Matcher::new(targets, kind, &known);
    let all_seen =
        exports.iter().map(|export| look(export, input, &matcher)).collect::<Outcome<Vec<_>>>()?;
    let Some((seen, others)) = all_seen.split_first() else {
        return Err(Failure::Usage(text!("no export is named")));
    };
    let mut guess = Guess {
        sure: BTreeMap::new(),
        guessed: BTreeMap::new(),
        missing: Vec::new(),
        lacking: BTreeMap::new(),
        unused: Vec::new(),
        map: String::new(),
    };
    let mut places: BTreeMap<&'static str, usize> = BTreeMap::new();
    for (at, name) in seen.names.iter().enumerate() {
        if let Some(field) = matcher.sure(name) {
            // Of two columns of one field none is sure.
            if guess.sure.insert(field.to_owned(), name.clone()).is_none() {
                places.insert(field, at);
            } else {
                guess.sure.remove(field);
                places.remove(field);
            }
        }
    }
    let is_used = |guess: &Guess, name: &String| guess.sure.values().any(|used| used == name);
    for target in targets.iter().filter(|target| !places.contains_key(target.name)) {
        let free = seen.names.iter().filter(|name| !name.is_empty() && !is_used(&guess, name));
        if let Some(name) = matcher.near(target.name, free) {
            guess.guessed.insert(target.name.to_owned(), name.clone());
        } else if target.required
            && !others.iter().any(|seen| matcher.finds(target.name, &seen.names))
        {
            guess.missing.push(target.name.to_owned());
        }
    }
    guess.unused = unused(&guess, &all_seen, &matcher);
    guess.lacking = lacking(&guess, exports, &all_seen, targets, &matcher);
    let alternatives = alternatives(&guess, others, &matcher);
    guess.map = MapDraft {
        guess: &guess,
        seen,
        others,
        places: &places,
        alternatives: &alternatives,
        known: &known,
        say,
    }
    .written(targets);
    Ok(guess)
}

/// Returns the columns of all exports that no field is read from.
fn unused(guess: &Guess, all_seen: &[SeenExport], matcher: &Matcher) -> Vec<String> {
    let used: Vec<&String> = guess.sure.values().chain(guess.guessed.values()).collect();
    let first = all_seen.first().map_or(&[][..], |seen| &seen.names);
    let is_unused = |name: &&String| {
        let is_other = matcher.sure(name).is_none() || first.contains(name);
        !name.is_empty() && !used.contains(name) && is_other
    };
    let names: BTreeSet<&String> =
        all_seen.iter().flat_map(|seen| &seen.names).filter(is_unused).collect();
    names.into_iter().cloned().collect()
}

/// Returns the required fields that some exports alone lack.
fn lacking(
    guess: &Guess,
    exports: &[Export],
    all_seen: &[SeenExport],
    targets: &[ConvertTarget],
    matcher: &Matcher,
) -> BTreeMap<String, Vec<String>> {
    let of_export = |(export, seen): (&Export, &SeenExport)| {
        let lacks = |target: &&ConvertTarget| {
            let is_told = guess.missing.iter().any(|field| field == target.name)
                || guess.guessed.contains_key(target.name);
            target.required && !is_told && !matcher.finds(target.name, &seen.names)
        };
        let fields: Vec<String> =
            targets.iter().filter(lacks).map(|target| target.name.to_owned()).collect();
        (!fields.is_empty()).then(|| (export.name.clone(), fields))
    };
    exports.iter().zip(all_seen).filter_map(of_export).collect()
}

/// Knows fields by names of columns.
struct Matcher {
    /// The field of each known name in its normal form.
    fields: BTreeMap<String, &'static str>,
}

impl Matcher {
    fn new(targets: &[ConvertTarget], kind: &str, known: &KnownHeadings) -> Matcher {
        let mut fields = BTreeMap::new();
        for target in targets {
            fields.insert(plain(target.name), target.name);
            for name in known.names(kind, target.name) {
                fields.insert(plain(name), target.name);
            }
        }
        Matcher { fields }
    }

    fn sure(&self, name: &str) -> Option<&'static str> {
        let known = self.fields.get(&plain(name)).copied();
        known.or_else(|| {
            let named = Field::of_column(name)?;
            self.fields.get(named.field.name()).copied()
        })
    }

    /// Whether a field is among names.
    fn finds(&self, field: &str, names: &[String]) -> bool {
        names.iter().any(|name| self.sure(name) == Some(field))
    }

    /// Returns the column whose name is nearest to one of a field.
    fn near<'n>(&self, field: &str, names: impl Iterator<Item = &'n String>) -> Option<&'n String> {
        let known: Vec<&String> =
            self.fields.iter().filter(|(_, of)| **of == field).map(|(name, _)| name).collect();
        let candidates = names.flat_map(|name| {
            let bare = plain(name);
            known
                .iter()
                .map(move |known| (name, (*known).clone(), bare.clone(), known.chars().count() / 3))
        });
        nearest(candidates)
    }
}

/// Finds the heading: the row with the most known names, by the separator that gives the most.
fn look(export: &Export, input: &InputRule, matcher: &Matcher) -> Outcome<SeenExport> {
    let mut opened = export.open(input)?;
    let sheets = opened.reader().sheets().to_vec();
    let mut best: Option<(usize, SeenExport)> = None;
    for (at, sheet) in sheets.iter().enumerate() {
        for separator in opened.separators(input) {
            if let (Opened::Text(table), Some(separator)) = (&mut opened, separator) {
                table.set_separator(separator);
            }
            let rows = first_rows(opened.reader(), at, LOOKED_THROUGH)?;
            let found = rows
                .rows()
                .map(|row| (count(row, matcher), row.line))
                .max_by_key(|(n, line)| (*n, std::cmp::Reverse(*line)));
            let Some((fits, line)) = found.filter(|(fits, _)| *fits > 0) else { continue };
            if best.as_ref().is_some_and(|(most, _)| fits <= *most) {
                continue;
            }
            let names = rows.rows().find(|row| row.line == line).map(names).unwrap_or_default();
            let sheet = (sheets.len() > 1).then(|| sheet.clone());
            let (encoding, separator) = (opened.encoding(), opened.separator());
            best = Some((fits, SeenExport { encoding, separator, sheet, line, names, rows }));
        }
    }
    best.map(|(_, seen)| seen).ok_or_else(|| {
        let found = text!("no row with the name of a field among the first {}", LOOKED_THROUGH);
        Failure::Unfit(text!("exports"), vec![Finding::of_file(Code::K02, &export.name, found)])
    })
}

fn count(row: Row, matcher: &Matcher) -> usize {
    row.texts().filter(|name| matcher.sure(name).is_some()).count()
}

/// Returns the names that fields have in the other exports alone.
fn alternatives(
    guess: &Guess,
    others: &[SeenExport],
    matcher: &Matcher,
) -> BTreeMap<String, Vec<String>> {
    let mut all: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for name in others.iter().flat_map(|seen| &seen.names) {
        let Some(field) = matcher.sure(name) else { continue };
        let names = all.entry(field.to_owned()).or_default();
        if guess.sure.get(field) != Some(name) && !names.contains(name) {
            names.push(name.clone());
        }
    }
    all
}

/// A map that is being written.
struct MapDraft<'a> {
    guess: &'a Guess,
    seen: &'a SeenExport,
    others: &'a [SeenExport],
    places: &'a BTreeMap<&'static str, usize>,
    alternatives: &'a BTreeMap<String, Vec<String>>,
    known: &'a KnownHeadings,
    say: Sayer,
}

/// Writes a text in quotes on one line, whatever letters it has: a heading may hold line breaks.
fn quoted(text: &str) -> String {
    // The escapes of JSON are escapes of TOML; JSON leaves one control character as it is.
    serde_json::Value::from(text).to_string().replace('\u{7f}', "\\u007f")
}

fn listed<S: AsRef<str>>(words: &[S]) -> String {
    let words: Vec<String> = words.iter().map(|word| quoted(word.as_ref())).collect();
    format!("[{}]", words.join(", "))
}

impl MapDraft<'_> {
    /// Writes the map with comments.
    fn written(&self, targets: &[ConvertTarget]) -> String {
        let guess = self.guess;
        let mut lines = vec![
            self.comment(&text!("A map of liangqing convert: from which column each field comes, and how its values are read.")),
            self.comment(&text!("It was guessed from the heading. A conversion does what stands here, and guesses nothing.")),
            "format = 1".to_owned(),
            String::new(),
        ];
        lines.extend(self.input());
        lines.push(String::new());
        lines.push("[fields]".to_owned());
        lines.extend(targets.iter().filter_map(|target| self.field(target.name)));
        let mut part = |said: Text, more: Vec<String>| {
            if !more.is_empty() {
                lines.extend([String::new(), self.comment(&said)]);
                lines.extend(more);
            }
        };
        let near =
            guess.guessed.iter().map(|(field, name)| format!("# {field} = {}", quoted(name)));
        part(text!("Guessed: remove the # where it is right."), near.collect());
        let missing = guess.missing.iter().map(|field| format!("# {field} = {{ value = \"\" }}"));
        part(
            text!("Missing: name the column, or a value that holds for every row."),
            missing.collect(),
        );
        let lacking = guess.lacking.iter();
        let lacking =
            lacking.map(|(export, fields)| format!("# {}: {}", quoted(export), fields.join(", ")));
        part(
            text!("Missing in one export alone; a map of its own may be better:"),
            lacking.collect(),
        );
        let unused = guess.unused.iter().map(|name| format!("# {}", quoted(name)));
        part(text!("Columns that are not used:"), unused.collect());
        lines.join("\n") + "\n"
    }

    fn comment(&self, said: &Text) -> String {
        format!("# {}", (self.say)(said))
    }

    /// How the export is read, and which rows count.
    fn input(&self) -> Vec<String> {
        let seen = self.seen;
        // What differs between exports is found out when they are converted.
        let same = |is: &dyn Fn(&SeenExport) -> bool| self.others.iter().all(is);
        let encoding = seen.encoding.filter(|_| same(&|other| other.encoding == seen.encoding));
        let encoding = encoding.map(|encoding| format!("encoding = \"{encoding}\""));
        let separator =
            seen.separator.as_ref().filter(|_| same(&|other| other.separator == seen.separator));
        let separator = separator.map(|separator| format!("separator = {}", quoted(separator)));
        let heading = Some(seen.line).filter(|_| same(&|other| other.line == seen.line));
        let heading = heading.map(|line| format!("heading = {line}"));
        let sheets = seen.sheet.as_ref().map(|sheet| format!("sheets = {}", listed(&[sheet])));
        let mut lines = vec!["[input]".to_owned()];
        lines.extend([encoding, separator, sheets, heading].into_iter().flatten());
        lines.extend([
            String::new(),
            "[rows]".to_owned(),
            self.comment(&text!("Words that stand for no value, and words of sum lines.")),
            format!("empty = {}", listed(&self.known.words("empty"))),
            format!("sums = {}", listed(&self.known.words("sums"))),
        ]);
        lines
    }

    /// The line of a field whose column is sure.
    fn field(&self, field: &str) -> Option<String> {
        let others = self.alternatives.get(field).cloned().unwrap_or_default();
        let names: Vec<String> =
            self.guess.sure.get(field).cloned().into_iter().chain(others).collect();
        let column = match &names[..] {
            [] => return None,
            [name] => quoted(name),
            several => listed(several),
        };
        let values =
            self.places.get(field).map(|at| translations(self.seen, *at, field, self.known));
        let values = values.unwrap_or_default();
        if !values.is_empty() {
            let pairs =
                values.iter().map(|(word, value)| format!("{} = {}", quoted(word), quoted(value)));
            let pairs = pairs.collect::<Vec<_>>().join(", ");
            return Some(format!("{field} = {{ column = {column}, values = {{ {pairs} }} }}"));
        }
        Some(if names.len() > 1 {
            format!("{field} = {{ column = {column} }}")
        } else {
            format!("{field} = {column}")
        })
    }
}

/// Returns the values of words that are seen in a column.
fn translations<'k>(
    seen: &SeenExport,
    column: usize,
    field: &str,
    known: &'k KnownHeadings,
) -> BTreeMap<&'k str, &'k str> {
    let mut values = known.values(field);
    let cells: Vec<&str> = seen
        .rows
        .rows()
        .filter(|row| row.line > seen.line)
        .map(|row| row.cell(column).0.trim())
        .collect();
    let is_seen = values.keys().any(|word| cells.contains(word));
    if !is_seen {
        values.clear();
    }
    values
}
