//! Reads a rules file of the review: every error of it, by line.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use super::{
    file::ReviewRulesFile,
    values::{ReviewValues, VALUES_TABLE},
};
use crate::{
    diag::toml_problem,
    model::dates::parse_date,
    review::{
        rule::ReviewRule,
        thresholds::{ENTRIES, ENTRY_TABLES, ThresholdEntry, read_entry},
        toml_reader::{KeysOf, TomlReader, place, tables_of},
    },
    text::{Text, quoted},
    toml_keys,
};

/// The keys of the file.
const FILE_TABLE: (&str, KeysOf) = ("the file", toml_keys::known_keys::<ReviewRulesFile>);

/// What a file says.
pub(super) struct ReadRules {
    /// The rules that do not run, if it names them.
    pub(super) off: Option<BTreeSet<ReviewRule>>,
    /// Its entries of thresholds.
    pub(super) entries: Vec<ThresholdEntry>,
    /// Words for codes: those of its fields, and those before it of all others.
    pub(super) values: ReviewValues,
}

/// Reads a file; `values` are the words of the fields that it does not name.
pub(super) fn read(text: &str, mut values: ReviewValues) -> Result<ReadRules, Vec<Text>> {
    let table = match DeTable::parse(text) {
        Ok(table) => table.into_inner(),
        Err(error) => return Err(vec![toml_problem(text, &error)]),
    };
    let tables: Vec<_> =
        [FILE_TABLE, VALUES_TABLE].into_iter().chain(ENTRY_TABLES.iter().copied()).collect();
    let mut reader = TomlReader::new("", text, &tables);
    let _: ReviewRulesFile = reader.read("the file", &table);
    reader.require_format(&table);
    let off = table.get("off").and_then(|off| off.get_ref().as_array());
    let off = off.map(|off| off.iter().filter_map(|rule| reader.off(rule)).collect());
    let entries = reader.entries(&table);
    if let Some(table) = table.get("values").and_then(|values| values.get_ref().as_table()) {
        values.read(table, &mut reader);
    }
    let errors = reader.finish();
    if errors.is_empty() {
        return Ok(ReadRules { off, entries, values });
    }
    Err(errors.into_iter().map(|(line, error)| text!("line {}, {}", line, error)).collect())
}

/// Returns the problem of a word that is no rule, with the rule that it spells in another way.
fn no_rule(word: &str, rules: &[&'static str]) -> Text {
    let spelt: String = word.chars().filter(char::is_ascii_alphanumeric).collect();
    let digits = spelt.trim_start_matches(|letter: char| letter.is_ascii_alphabetic());
    let letters = spelt[..spelt.len() - digits.len()].to_ascii_uppercase();
    let meant = format!("{letters}-{digits:0>2}");
    let meant = rules.iter().find(|rule| **rule == meant);
    meant.map_or_else(
        || text!("{} is no rule; there are {}", quoted(word), rules.join(", ")),
        |meant| text!("{} is no rule; is it {}?", quoted(word), meant),
    )
}

impl TomlReader<'_> {
    /// Reads a rule that is off.
    fn off(&mut self, rule: &Spanned<DeValue>) -> Option<ReviewRule> {
        let at = rule.span().start;
        let Some(word) = rule.get_ref().as_str() else {
            self.error(at, "off", text!("a text in quotes is expected"));
            return None;
        };
        let found = ReviewRule::from_id(word);
        if found.is_none() {
            let rules: Vec<&str> = ReviewRule::ALL.iter().map(|rule| rule.id()).collect();
            self.error(at, "off", no_rule(word, &rules));
        }
        found
    }

    /// Reads the entries of thresholds.
    fn entries(&mut self, file: &DeTable) -> Vec<ThresholdEntry> {
        let mut entries = Vec::new();
        let mut first: BTreeMap<(String, NaiveDate), usize> = BTreeMap::new();
        for (table, at) in tables_of(file, "threshold") {
            let Some(rule) = self.rule(table, at) else { continue };
            entries.extend(read_entry(&rule, self, table, at));
            let from = table.get("from").and_then(|from| from.get_ref().as_str());
            let Some(from) = from.and_then(|from| parse_date(from).ok()) else { continue };
            let before = *first.entry((rule.clone(), from)).or_insert(at);
            if before != at {
                let problem = text!(
                    "an entry of {} from {} stands in line {} already",
                    rule,
                    from,
                    self.line(before)
                );
                self.error(place(table, "from", at), "from", problem);
            }
        }
        entries
    }

    /// Reads the rule of an entry.
    fn rule(&mut self, table: &DeTable, at: usize) -> Option<String> {
        let Some(rule) = table.get("rule") else {
            self.error(at, "rule", text!("it is missing"));
            return None;
        };
        let at = place(table, "rule", at);
        let Some(word) = rule.get_ref().as_str() else {
            self.error(at, "rule", text!("a text in quotes is expected"));
            return None;
        };
        if !ENTRIES.contains(&word) {
            self.error(at, "rule", no_rule(word, ENTRIES));
            return None;
        }
        Some(word.to_owned())
    }
}
