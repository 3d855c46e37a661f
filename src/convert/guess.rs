//! Guesses a map from the headings of an export. A conversion never guesses: it reads the map, and nothing else.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{
    block::{Block, Row, first_rows},
    exports::{Export, Opened},
    heading::{LOOKED_THROUGH, names},
    known_headings::{KnownHeadings, plain},
    listing::Sayer,
    map::InputRule,
    target::Target,
    text_table::SEPARATORS,
};
use crate::{
    diag::{Code, Failure, Finding, Outcome},
    model::fields::Field,
    spelling::nearest,
};

/// A guessed map, and how sure each field of it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub(crate) struct Guess {
    /// Columns of fields by their names, aliases and Chinese names.
    pub(crate) sure: BTreeMap<String, String>,
    /// Columns that look like the name of a field. They stand in the map as comments.
    pub(crate) guessed: BTreeMap<String, String>,
    /// Required fields without a column.
    pub(crate) missing: Vec<String>,
    /// Columns that no field is read from.
    pub(crate) unused: Vec<String>,
    /// The text of the map.
    #[serde(skip)]
    pub(crate) map: String,
}

/// The export that a map is guessed from.
struct Seen {
    encoding: Option<&'static str>,
    separator: Option<String>,
    sheet: Option<String>,
    line: u64,
    names: Vec<String>,
    rows: Block,
}

/// Guesses the map of an export. `kind` names the list of known headings.
pub(crate) fn guess(
    export: &Export,
    targets: &[Target],
    kind: &str,
    input: &InputRule,
    say: Sayer,
) -> Outcome<Guess> {
    let known = KnownHeadings::built_in()?;
    let matcher = Matcher::new(targets, kind, &known);
    let seen = look(export, input, &matcher)?;
    let mut guess = Guess {
        sure: BTreeMap::new(),
        guessed: BTreeMap::new(),
        missing: Vec::new(),
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
        } else if target.required {
            guess.missing.push(target.name.to_owned());
        }
    }
    let all = guess.sure.values().chain(guess.guessed.values());
    let all: Vec<&String> = all.collect();
    let unused = seen.names.iter().filter(|name| !name.is_empty() && !all.contains(name));
    guess.unused = unused.cloned().collect();
    guess.map = written(&guess, &seen, &places, targets, &known, say);
    Ok(guess)
}

/// Knows fields by names of columns.
struct Matcher {
    /// The field of each known name in its normal form.
    fields: BTreeMap<String, &'static str>,
}

impl Matcher {
    fn new(targets: &[Target], kind: &str, known: &KnownHeadings) -> Matcher {
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
fn look(export: &Export, input: &InputRule, matcher: &Matcher) -> Outcome<Seen> {
    let mut opened = export.open(input)?;
    let sheets = opened.reader().sheets().to_vec();
    let mut best: Option<(usize, Seen)> = None;
    for (at, sheet) in sheets.iter().enumerate() {
        for separator in tried(&opened, input) {
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
            best = Some((fits, Seen { encoding, separator, sheet, line, names, rows }));
        }
    }
    best.map(|(_, seen)| seen).ok_or_else(|| {
        let found = text!("no row with the name of a field among the first {}", LOOKED_THROUGH);
        Failure::Unfit(text!("exports"), vec![Finding::of_file(Code::K02, &export.name, found)])
    })
}

fn tried(opened: &Opened, input: &InputRule) -> Vec<Option<&'static str>> {
    match opened {
        Opened::Text(_) if input.separator.is_none() => SEPARATORS.map(Some).to_vec(),
        _ => vec![None],
    }
}

fn count(row: Row, matcher: &Matcher) -> usize {
    row.texts().filter(|name| matcher.sure(name).is_some()).count()
}

/// Writes the map with comments.
fn written(
    guess: &Guess,
    seen: &Seen,
    places: &BTreeMap<&'static str, usize>,
    targets: &[Target],
    known: &KnownHeadings,
    say: Sayer,
) -> String {
    let quoted = |text: &str| toml::Value::String(text.to_owned()).to_string();
    let list =
        |words: Vec<&str>| words.iter().map(|word| quoted(word)).collect::<Vec<_>>().join(", ");
    let mut map = String::new();
    let mut line = |text: String| map.push_str(&(text + "\n"));
    let comment = |text: crate::text::Text| format!("# {}", say(&text));
    line(comment(text!(
        "A map of liangqing convert: from which column each field comes, and how its values are read."
    )));
    line(comment(text!(
        "It was guessed from the heading. A conversion does what stands here, and guesses nothing."
    )));
    line("format = 1\n\n[input]".to_owned());
    if let Some(encoding) = seen.encoding {
        line(format!("encoding = \"{encoding}\""));
    }
    if let Some(separator) = &seen.separator {
        line(format!("separator = {}", quoted(separator)));
    }
    if let Some(sheet) = &seen.sheet {
        line(format!("sheets = [{}]", quoted(sheet)));
    }
    line(format!("heading = {}\n\n[rows]", seen.line));
    line(comment(text!("Words that stand for no value, and words of sum lines.")));
    line(format!("empty = [{}]", list(known.words("empty"))));
    line(format!("sums = [{}]\n\n[fields]", list(known.words("sums"))));
    for target in targets {
        let Some(name) = guess.sure.get(target.name) else { continue };
        let values = places.get(target.name).map(|at| translations(seen, *at, target.name, known));
        match values.filter(|values| !values.is_empty()) {
            None => line(format!("{} = {}", target.name, quoted(name))),
            Some(values) => {
                let values: Vec<String> = values
                    .iter()
                    .map(|(word, value)| format!("{} = {}", quoted(word), quoted(value)))
                    .collect();
                let values = values.join(", ");
                line(format!(
                    "{} = {{ column = {}, values = {{ {values} }} }}",
                    target.name,
                    quoted(name)
                ));
            }
        }
    }
    if !guess.guessed.is_empty() {
        line("\n".to_owned() + &comment(text!("Guessed: remove the # where it is right.")));
        for (field, name) in &guess.guessed {
            line(format!("# {field} = {}", quoted(name)));
        }
    }
    if !guess.missing.is_empty() {
        line(
            "\n".to_owned()
                + &comment(text!("Missing: name the column, or a value that holds for every row.")),
        );
        for field in &guess.missing {
            line(format!("# {field} = {{ value = \"\" }}"));
        }
    }
    if !guess.unused.is_empty() {
        line("\n".to_owned() + &comment(text!("Not used: {}", guess.unused.join(", "))));
    }
    map
}

/// Returns the values of words that are seen in a column.
fn translations<'k>(
    seen: &Seen,
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
