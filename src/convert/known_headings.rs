//! The names by which exports are known to call fields, and their words for values.

use std::collections::BTreeMap;

use crate::{
    diag::{Failure, Outcome},
    spelling::bare,
    text::Text,
};

/// The file of known headings.
const BUILT_IN: &str = include_str!("headings.toml");

/// Known headings: for each kind of export the names of each field, and words for values and rows.
#[derive(Debug)]
pub(crate) struct KnownHeadings(toml::Table);

impl KnownHeadings {
    /// Returns the built-in ones.
    pub(crate) fn built_in() -> Outcome<KnownHeadings> {
        let table = BUILT_IN.parse::<toml::Table>();
        table
            .map(KnownHeadings)
            .map_err(|error| Failure::Bug(text!("headings: {}", Text::foreign(error))))
    }

    /// Returns the entry of a table of the file.
    fn entry(&self, table: &str, key: &str) -> Option<&toml::Value> {
        self.0.get(table)?.get(key)
    }

    /// Returns the names of a field in exports of a kind, such as `settlement`.
    pub(crate) fn names(&self, kind: &str, field: &str) -> Vec<&str> {
        let names = self.entry(kind, field);
        names
            .and_then(toml::Value::as_array)
            .into_iter()
            .flatten()
            .filter_map(toml::Value::as_str)
            .collect()
    }

    /// Returns the values of a field by the words for them.
    pub(crate) fn values(&self, field: &str) -> BTreeMap<&str, &str> {
        let values = self.entry("values", field);
        let values = values.and_then(toml::Value::as_table).into_iter().flatten();
        values.filter_map(|(word, value)| Some((word.as_str(), value.as_str()?))).collect()
    }

    /// Returns a list of words about rows: `empty` or `sums`.
    pub(crate) fn words(&self, list: &str) -> Vec<&str> {
        let words = self.entry("rows", list);
        words
            .and_then(toml::Value::as_array)
            .into_iter()
            .flatten()
            .filter_map(toml::Value::as_str)
            .collect()
    }
}

/// Returns the normal form of a heading: without blanks, case, width, and without a unit in brackets at its end.
pub(crate) fn plain(name: &str) -> String {
    let plain = bare(name);
    for unit in ["(元)", "[元]", "(yuan)"] {
        if let Some(named) = plain.strip_suffix(unit) {
            return named.to_owned();
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{convert::target::settlement, model::fields::FIELDS};

    #[test]
    fn every_field_has_a_name_of_its_own() {
        let known = KnownHeadings::built_in().expect("good");
        let mut all = BTreeMap::new();
        for target in settlement() {
            let names = known.names("settlement", target.name);
            assert!(!names.is_empty(), "{}", target.name);
            for name in names {
                assert_eq!(all.insert(plain(name), target.name), None, "{name}");
            }
        }
        let listed = known.0["settlement"].as_table().map(toml::Table::len);
        assert_eq!(listed, Some(FIELDS.len()));
        assert_eq!(plain("医疗费总额（元）"), plain("医疗费总额"));
        assert!(!known.words("sums").is_empty() && !known.words("empty").is_empty());
        assert_eq!(known.values("insutype")["居民"], "390");
    }
}
