//! The map of a conversion (TOML): which column of an export becomes which field, and how its values are read.

use std::{collections::BTreeMap, path::Path};

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer};
use toml::de::{DeTable, DeValue};

mod field;

pub(crate) use self::field::{FieldRule, Origin};
use self::field::{FieldShape, field};
use crate::{
    diag::{Failure, Outcome, toml_problem},
    shapes::FormatNumber,
    spelling::nearest,
    text::{Text, items},
    toml_keys::{self, BadKey},
};

/// A map.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct ExportMap {
    pub(crate) input: InputRule,
    pub(crate) rows: RowRule,
    /// The rule of each field or column, by its name.
    pub(crate) fields: BTreeMap<String, FieldRule>,
}

/// How an export is read.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct InputRule {
    /// The encoding of text files; without it, it is told by the first bytes.
    #[serde(default)]
    pub(crate) encoding: Option<TextEncoding>,
    /// The separator of cells in text files: one or several characters. Without it, it is the one by which the heading
    /// has every column of the map.
    #[serde(default, deserialize_with = "separator")]
    #[schemars(with = "String", length(min = 1, max = 8))]
    pub(crate) separator: Option<String>,
    /// Whether quotes enclose cells of text files that hold separators; without it they do.
    #[serde(default)]
    #[schemars(with = "bool")]
    pub(crate) quote: Option<bool>,
    /// The line of the heading, from 1, or 0 when there is none; or the first and the last of its lines. Without it, it is the first line that
    /// has every column of the map.
    #[serde(default, deserialize_with = "heading")]
    #[schemars(with = "HeadingLines")]
    pub(crate) heading: Option<(u64, u64)>,
    /// The sheets of a workbook that are read; `"*"` stands for all. Without it, the workbook has one.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    pub(crate) sheets: Option<Vec<String>>,
}

/// The line of a heading, or the first and the last of its lines.
#[derive(JsonSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "the schema of a key")]
enum HeadingLines {
    Line(u64),
    Lines([u64; 2]),
}

/// The encodings of text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
pub(crate) enum TextEncoding {
    /// UTF-8.
    #[serde(rename = "utf-8")]
    Utf8,
    /// GB 18030, and so GBK and GB 2312.
    #[serde(rename = "gb18030")]
    Gb18030,
    /// UTF-16, the lower byte first.
    #[serde(rename = "utf-16le")]
    Utf16le,
    /// UTF-16, the higher byte first.
    #[serde(rename = "utf-16be")]
    Utf16be,
}

impl TextEncoding {
    /// Its name in a map.
    pub(crate) const fn id(self) -> &'static str {
        match self {
            TextEncoding::Utf8 => "utf-8",
            TextEncoding::Gb18030 => "gb18030",
            TextEncoding::Utf16le => "utf-16le",
            TextEncoding::Utf16be => "utf-16be",
        }
    }
}

/// Which rows count.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RowRule {
    /// Words that stand for no value in any column.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    pub(crate) empty: Vec<String>,
    /// Words by which a sum line is known: a row with such a cell and without a time of settlement is set aside.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    pub(crate) sums: Vec<String>,
}

/// A map as a schema describes it.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "A map of a conversion", extend("required" = ["format", "fields"]))]
#[expect(dead_code, reason = "read for what is wrong with it; its tables are read one by one")]
pub struct MapFile {
    /// The format of the file.
    #[serde(default)]
    #[schemars(with = "FormatNumber<1>")]
    format: Option<FormatNumber<1>>,
    /// How an export is read.
    #[serde(default, deserialize_with = "any")]
    #[schemars(with = "InputRule")]
    input: (),
    /// Which rows count.
    #[serde(default, deserialize_with = "any")]
    #[schemars(with = "RowRule")]
    rows: (),
    /// The column of each field, by the name of the field: the column's name in quotes, or a table.
    #[serde(default, deserialize_with = "any")]
    #[schemars(with = "BTreeMap<String, FieldShape>")]
    fields: (),
}

fn any<'de, D: Deserializer<'de>>(from: D) -> Result<(), D::Error> {
    serde::de::IgnoredAny::deserialize(from).map(drop)
}

fn separator<'de, D: Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
    toml_keys::text(from, parse_separator)
}

/// Parses the separator of cells.
pub(crate) fn parse_separator(text: &str) -> Result<String, Text> {
    let is_bad =
        |letter: char| matches!(letter, '"' | '\r' | '\n' | '\0') || letter.is_alphanumeric();
    if text.is_empty() || text.chars().count() > 8 || text.chars().any(is_bad) {
        return Err(text!("expected are 1 to 8 characters that are no letter, digit or quote"));
    }
    Ok(text.to_owned())
}

fn heading<'de, D: Deserializer<'de>>(from: D) -> Result<Option<(u64, u64)>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Lines {
        One(u64),
        Two(u64, u64),
    }
    let wrong = || toml_keys::told(text!("expected is a line from 1 (0: none), or a list of two"));
    let (first, last) = match Lines::deserialize(from).map_err(|_: D::Error| wrong())? {
        Lines::One(line) => (line, line),
        Lines::Two(first, last) => (first, last),
    };
    // Headings of more lines than this are tables of their own.
    let is_none = first == 0 && last > 0;
    if is_none || last < first || last - first > 9 { Err(wrong()) } else { Ok(Some((first, last))) }
}

impl ExportMap {
    /// Parses the map of a file, of a target with these names; fails with all of its errors, by line, as a usage
    /// error.
    pub(crate) fn of(text: &str, path: &Path, names: &[&'static str]) -> Outcome<ExportMap> {
        ExportMap::parse(text, names)
            .map_err(|errors| Failure::Usage(text!("map {} refused:{}", path, items(&errors))))
    }

    /// Parses a map; fails with all of its errors, by line.
    pub(crate) fn parse(text: &str, names: &[&'static str]) -> Result<ExportMap, Vec<Text>> {
        let table = match DeTable::parse(text) {
            Ok(table) => table.into_inner(),
            Err(error) => return Err(vec![toml_problem(text, &error)]),
        };
        let mut bad = Vec::new();
        let _: MapFile = toml_keys::read(&table, &mut bad);
        if !table.contains_key("format") {
            bad.push(problem(0, "format", text!("it is missing; expected is format = 1")));
        }
        let map = ExportMap {
            input: part(&table, "input", &mut bad),
            rows: part(&table, "rows", &mut bad),
            fields: fields(&table, names, &mut bad),
        };
        if bad.is_empty() {
            return Ok(map.with_common_words());
        }
        bad.sort_by_key(|bad| bad.at);
        let line = |at: usize| 1 + text.get(..at).unwrap_or_default().matches('\n').count();
        Err(bad
            .into_iter()
            .map(|bad| text!("line {}, {}: {}", line(bad.at), bad.key, bad.problem))
            .collect())
    }

    /// Gives every field the words that stand for no value in any.
    fn with_common_words(mut self) -> ExportMap {
        for rule in self.fields.values_mut() {
            rule.value.empty.extend(self.rows.empty.iter().cloned());
        }
        self
    }
}

fn problem(at: usize, key: &str, problem: Text) -> BadKey {
    BadKey { at, key: key.to_owned(), problem }
}

/// Reads a table of the map.
fn part<T: serde::de::DeserializeOwned + Default>(
    table: &DeTable,
    name: &str,
    bad: &mut Vec<BadKey>,
) -> T {
    match table.get(name).map(|value| (value.span().start, value.get_ref())) {
        None => T::default(),
        Some((_, DeValue::Table(table))) => toml_keys::read(table, bad),
        Some((at, _)) => {
            bad.push(problem(at, name, text!("expected is a table, [{}]", name)));
            T::default()
        }
    }
}

/// Reads the rules of the fields.
fn fields(
    table: &DeTable,
    names: &[&'static str],
    bad: &mut Vec<BadKey>,
) -> BTreeMap<String, FieldRule> {
    let mut rules = BTreeMap::new();
    let Some(value) = table.get("fields") else {
        bad.push(problem(0, "fields", text!("it is missing; expected is a table, [{}]", "fields")));
        return rules;
    };
    let DeValue::Table(fields) = value.get_ref() else {
        bad.push(problem(
            value.span().start,
            "fields",
            text!("expected is a table, [{}]", "fields"),
        ));
        return rules;
    };
    for (key, value) in fields {
        let (name, at) = (key.get_ref().as_ref(), key.span().start);
        if !names.contains(&name) {
            let near = names.iter().map(|known| (*known, *known, name, 1 + known.len() / 4));
            bad.push(problem(
                at,
                name,
                nearest(near).map_or_else(
                    || text!("no such field; there are {}", names.join(", ")),
                    |near| text!("no such field; is it {}?", near),
                ),
            ));
            continue;
        }
        match field(value.get_ref(), bad) {
            Ok(rule) => drop(rules.insert(name.to_owned(), rule)),
            Err(found) => bad.push(problem(at, name, found)),
        }
    }
    rules
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::convert::value::Clock;

    const NAMES: [&str; 3] = ["setl_id", "setl_time", "acct_pay"];

    #[test]
    fn a_map_says_where_each_field_comes_from() {
        let text = r#"
            format = 1
            [input]
            encoding = "gb18030"
            separator = "|"
            heading = [2, 3]
            sheets = ["1月"]
            [rows]
            empty = ["NULL"]
            sums = ["合计"]
            [fields]
            setl_id = "结算ID"
            setl_time = { number = 3, format = "%d/%m/%Y", zone = "utc" }
            acct_pay = { value = "0", unit = "fen" }
        "#;
        let map = ExportMap::parse(text, &NAMES).expect("good");
        assert_eq!(map.input.heading, Some((2, 3)));
        assert_eq!(map.input.encoding, Some(TextEncoding::Gb18030));
        assert_eq!(map.fields["setl_id"].from, Origin::Column(vec!["结算ID".to_owned()]));
        assert_eq!(map.fields["setl_id"].value.empty, ["NULL"]);
        assert_eq!(map.fields["setl_time"].from, Origin::Number(3));
        assert_eq!(map.fields["setl_time"].value.clock, Some(Clock::Utc));
        assert_eq!(map.fields["acct_pay"].value.in_fen, Some(true));
    }

    #[test]
    fn an_encoding_is_read_by_the_name_that_is_written() {
        use TextEncoding::{Gb18030, Utf8, Utf16be, Utf16le};
        for encoding in [Utf8, Gb18030, Utf16le, Utf16be] {
            let id = encoding.id();
            let text = format!("format = 1\n[input]\nencoding = \"{id}\"\n[fields]\n");
            let map = ExportMap::parse(&text, &NAMES).expect("good");
            assert_eq!(map.input.encoding, Some(encoding));
        }
    }

    #[test]
    fn every_error_is_listed_with_its_line() {
        let text = "[input]\nencodin = \"x\"\nheading = [3, 2]\nseparator = \"a\"\n[fields]\nsetl_i = \"a\"\n\
                    setl_time = { colum = \"b\" }\nacct_pay = { digits = 0, column = \"c\" }\nsetl_id = 5\n[other]\n";
        let errors = ExportMap::parse(text, &NAMES).expect_err("refused");
        let errors: Vec<String> = errors.iter().map(Text::to_string).collect();
        let has = |start: &str| {
            assert!(errors.iter().any(|e| e.starts_with(start)), "{start} {errors:#?}");
        };
        has("line 1, format: it is missing");
        has("line 2, encodin: no such key; is it encoding?");
        has("line 3, heading: expected is a line");
        has("line 4, separator: ");
        has("line 6, setl_i: no such field; is it setl_id?");
        has("line 7, colum: no such key; is it column?");
        has("line 8, digits: expected is a number");
        has("line 9, setl_id: expected is the name");
        has("line 10, other: no such key");
    }
}
