//! Reads TOML that people write for the review table by table: every error of a file, by line.

use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use crate::{
    text::{Text, Value, list},
    toml_keys,
};

/// Returns the keys of a table.
pub(super) type KeysOf = fn() -> &'static [&'static str];

/// The most tables that are named as the home of a misplaced key.
const MOST_HOMES: usize = 5;

/// A reader of one file. Readers of each kind of file add their own tables to it.
pub(super) struct TomlReader<'a> {
    file: &'a str,
    ends: Vec<usize>,
    tables: &'a [(&'a str, KeysOf)],
    errors: Vec<(usize, Text)>,
}

impl<'a> TomlReader<'a> {
    /// Starts with a file: its name, its text, and its tables by the key under which each stands, with their own keys.
    pub(super) fn new(file: &'a str, text: &str, tables: &'a [(&'a str, KeysOf)]) -> Self {
        let ends = text.match_indices('\n').map(|(at, _)| at).collect();
        TomlReader { file, ends, tables, errors: Vec::new() }
    }

    /// Returns the name of the file.
    pub(super) fn file(&self) -> &'a str {
        self.file
    }

    /// Adds an error at a place.
    pub(super) fn error(&mut self, at: usize, what: &str, problem: Text) {
        self.errors.push((at, text!("{}: {}", what, Value::Text(problem))));
    }

    /// Returns the number of errors.
    pub(super) fn found(&self) -> usize {
        self.errors.len()
    }

    /// Returns the line of a place.
    pub(super) fn line(&self, at: usize) -> usize {
        1 + self.ends.partition_point(|end| *end < at)
    }

    /// Returns the errors with their lines, in order, each once.
    pub(super) fn finish(mut self) -> Vec<(usize, Text)> {
        let mut errors = std::mem::take(&mut self.errors);
        errors.sort();
        errors.dedup();
        errors.into_iter().map(|(at, error)| (self.line(at), error)).collect()
    }

    /// Reads a table; adds to the errors. A key that belongs into another table is told so.
    pub(super) fn read<T: serde::de::DeserializeOwned + Default>(
        &mut self,
        name: &str,
        table: &DeTable,
    ) -> T {
        let mut bad = Vec::new();
        let read = toml_keys::read(table, &mut bad);
        let own = toml_keys::known_keys::<T>();
        for bad in bad {
            let homes = self.tables.iter().filter(|(_, keys)| keys().contains(&bad.key.as_str()));
            let homes: Vec<Text> =
                homes.map(|(table, _)| table_said(table)).take(MOST_HOMES).collect();
            let is_misplaced = !own.contains(&bad.key.as_str()) && !homes.is_empty();
            let problem = if is_misplaced {
                text!("no such key in {}; it is a key of {}", table_said(name), list(homes))
            } else {
                bad.problem
            };
            self.error(bad.at, &bad.key, problem);
        }
        read
    }

    /// Reports required keys that are missing.
    pub(super) fn require(&mut self, table: &DeTable, at: usize, keys: &[&str]) {
        for key in keys.iter().filter(|key| !table.contains_key(**key)) {
            self.error(at, key, text!("it is missing"));
        }
    }

    /// Reports a file that does not say its format.
    pub(super) fn require_format(&mut self, table: &DeTable) {
        if !table.contains_key("format") {
            self.error(0, "format", text!("it is missing; expected is format = 1"));
        }
    }
}

/// Words the name of a table. The top of a file has none.
fn table_said(name: &str) -> Text {
    if name == "the file" { text!("the file") } else { Text::given(name) }
}

/// Returns the tables of a list and their places.
pub(super) fn tables_of<'a, 'i>(
    table: &'a DeTable<'i>,
    key: &str,
) -> Vec<(&'a DeTable<'i>, usize)> {
    let list = table.get(key).and_then(|value| value.get_ref().as_array());
    let tables = list.into_iter().flatten();
    tables
        .filter_map(|table: &Spanned<DeValue>| {
            Some((table.get_ref().as_table()?, table.span().start))
        })
        .collect()
}

/// Returns the place of a key, or else that of its table.
pub(super) fn place(table: &DeTable, key: &str, at: usize) -> usize {
    table.get_key_value(key).map_or(at, |(key, _)| key.span().start)
}
