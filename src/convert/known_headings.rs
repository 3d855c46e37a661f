//! The names by which exports are known to call fields, and their words for values.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::{
    diag::{Failure, Outcome},
    spelling::bare,
    text::Text,
};

/// The file of known headings.
const BUILT_IN: &str = include_str!("../../pipelines/headings.toml");

/// Known headings.
#[derive(Debug, Deserialize)]
pub(crate) struct KnownHeadings {
    #[expect(dead_code, reason = "there is one format")]
    format: u64,
    /// Names in exports by the name of the field, for each kind of export.
    #[serde(flatten)]
    kinds: BTreeMap<String, toml::Table>,
}

impl KnownHeadings {
    /// Returns the built-in ones.
    pub(crate) fn built_in() -> Outcome<KnownHeadings> {
        toml::from_str(BUILT_IN)
            .map_err(|error| Failure::Bug(text!("headings: {}", Text::foreign(error))))
    }

    /// Returns the names of a field in exports of a kind, such as `settlement`.
    pub(crate) fn names(&self, kind: &str, field: &str) -> Vec<&str> {
        let names = self.kinds.get(kind).and_then(|fields| fields.get(field));
        names
            .and_then(toml::Value::as_array)
            .into_iter()
            .flatten()
            .filter_map(toml::Value::as_str)
            .collect()
    }

    /// Returns the values of a field by the words for them.
    pub(crate) fn values(&self, field: &str) -> BTreeMap<&str, &str> {
        let values = self.kinds.get("values").and_then(|fields| fields.get(field));
        let values = values.and_then(toml::Value::as_table).into_iter().flatten();
        values.filter_map(|(word, value)| Some((word.as_str(), value.as_str()?))).collect()
    }

    /// Returns a list of words about rows: `empty` or `sums`.
    pub(crate) fn words(&self, list: &str) -> Vec<&str> {
        let words = self.kinds.get("rows").and_then(|lists| lists.get(list));
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
        let listed = known.kinds["settlement"].keys().count();
        assert_eq!(listed, FIELDS.len());
        assert_eq!(plain("医疗费总额（元）"), plain("医疗费总额"));
        assert!(!known.words("sums").is_empty() && !known.words("empty").is_empty());
        assert_eq!(known.values("insutype")["居民"], "390");
    }
}
