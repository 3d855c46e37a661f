//! The words of `values`: what a code of a platform means.

use std::{borrow::Cow, collections::BTreeMap, fmt, marker::PhantomData};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, de};
use toml::de::DeTable;

use crate::{
    review::{
        benefits::words::{HospitalLevel, PersonKind},
        cell::{CellWord, no_word},
        filing::FilingKind,
        toml_reader::{KeysOf, TomlReader},
    },
    text::Text,
    toml_keys,
};

/// The keys of `values`.
pub(super) const VALUES_TABLE: (&str, KeysOf) = ("values", toml_keys::known_keys::<ValuesTable>);

/// Words for the codes of a platform.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(super) struct ValuesTable {
    /// Types of filings.
    rloc_rea: WordTable<FilingKind>,
    /// Levels of institutions, in the record and in the registry.
    hosp_lv: WordTable<HospitalLevel>,
    /// Kinds of persons.
    psn_type: WordTable<PersonKind>,
    /// Whether an outpatient visit was an emergency.
    otp_er_refl_flag: WordTable<()>,
    /// Whether a stay was an emergency.
    ipt_type: WordTable<()>,
}

/// The words of a field, by the values of the platform. The words are read one by one, so that all errors are found.
#[derive(Debug)]
struct WordTable<T>(PhantomData<T>);

impl<T> Default for WordTable<T> {
    fn default() -> Self {
        WordTable(PhantomData)
    }
}

impl<'de, T> Deserialize<'de> for WordTable<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct OfWords;

        impl<'de> de::Visitor<'de> for OfWords {
            type Value = ();

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a table")
            }

            fn visit_map<A: de::MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
                while map.next_entry::<de::IgnoredAny, de::IgnoredAny>()?.is_some() {}
                Ok(())
            }
        }

        let told = |_| toml_keys::told(text!("expected is a table of values and their words"));
        from.deserialize_any(OfWords).map(|()| WordTable(PhantomData)).map_err(told)
    }
}

impl<T: CellWord> JsonSchema for WordTable<T> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "WordTable".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let word = json_schema!({ "anyOf": [T::shape(), { "const": "" }] });
        json_schema!({ "type": "object", "additionalProperties": word })
    }
}

/// What a value means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Worded<T> {
    /// It has this word.
    Known(T),
    /// It is known to say nothing.
    Silent,
    /// Nobody knows it.
    Unknown,
}

/// The words of one field.
#[derive(Debug, Clone, PartialEq, Eq)]
struct FieldWords<T>(BTreeMap<String, Option<T>>);

impl<T> Default for FieldWords<T> {
    fn default() -> Self {
        FieldWords(BTreeMap::new())
    }
}

impl<T: CellWord + Copy> FieldWords<T> {
    /// Looks a value up; then it may be the word itself.
    fn look_up(&self, value: &str) -> Worded<T> {
        match self.0.get(value) {
            Some(Some(word)) => Worded::Known(*word),
            Some(None) => Worded::Silent,
            None => T::parse(value).map_or(Worded::Unknown, Worded::Known),
        }
    }

    /// Takes the words that a file has for the field; adds to the errors.
    fn read(&mut self, field: &str, values: &DeTable, reader: &mut TomlReader) {
        let table = values.get(field).and_then(|words| words.get_ref().as_table());
        let Some(table) = table else { return };
        let mut words = BTreeMap::new();
        for (value, word) in table {
            let read = match word.get_ref().as_str() {
                Some("") => Ok(None),
                Some(word) => T::parse(word).map(Some),
                None => Err(text!("a text in quotes is expected")),
            };
            match read {
                Ok(word) => drop(words.insert(value.get_ref().to_string(), word)),
                Err(problem) => {
                    let what = format!("{field} {}", value.get_ref());
                    reader.error(value.span().start, &what, problem);
                }
            }
        }
        self.0 = words;
    }
}

/// The words of all fields.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ReviewValues {
    rloc_rea: FieldWords<FilingKind>,
    hosp_lv: FieldWords<HospitalLevel>,
    psn_type: FieldWords<PersonKind>,
    otp_er_refl_flag: FieldWords<()>,
    ipt_type: FieldWords<()>,
}

/// A field that says whether it was an emergency.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EmergencyField {
    /// `otp_er_refl_flag`
    OtpErReflFlag,
    /// `ipt_type`
    IptType,
}

impl ReviewValues {
    /// Returns the level of an institution (`hosp_lv`, and `level` of the registry).
    pub fn level(&self, value: &str) -> Worded<HospitalLevel> {
        self.hosp_lv.look_up(value)
    }

    /// Returns the kind of a person (`psn_type`).
    pub fn person(&self, value: &str) -> Worded<PersonKind> {
        self.psn_type.look_up(value)
    }

    /// Returns whether a value of one of both fields says that it was an emergency.
    pub fn emergency(&self, field: EmergencyField, value: &str) -> Worded<()> {
        match field {
            EmergencyField::OtpErReflFlag => self.otp_er_refl_flag.look_up(value),
            EmergencyField::IptType => self.ipt_type.look_up(value),
        }
    }

    /// Returns the type of a filing (`rloc_rea`).
    pub fn filing_kind(&self, value: &str) -> Worded<FilingKind> {
        self.rloc_rea.look_up(value)
    }

    /// Puts the fields that a file names in the place of those here; adds to the errors.
    pub(super) fn read(&mut self, table: &DeTable, reader: &mut TomlReader) {
        let _: ValuesTable = reader.read("values", table);
        self.rloc_rea.read("rloc_rea", table, reader);
        self.hosp_lv.read("hosp_lv", table, reader);
        self.psn_type.read("psn_type", table, reader);
        self.otp_er_refl_flag.read("otp_er_refl_flag", table, reader);
        self.ipt_type.read("ipt_type", table, reader);
    }
}

/// The words of filings.
const FILING_KINDS: [(&str, FilingKind); 3] = [
    ("long_term", FilingKind::LongTerm),
    ("transfer", FilingKind::Transfer),
    ("temporary", FilingKind::Temporary),
];

impl CellWord for FilingKind {
    fn parse(text: &str) -> Result<FilingKind, Text> {
        let found = FILING_KINDS.iter().find(|(word, _)| *word == text);
        found
            .map(|(_, kind)| *kind)
            .ok_or_else(|| no_word(text, &FILING_KINDS.map(|(word, _)| word)))
    }

    fn shape() -> Schema {
        json_schema!({ "type": "string", "enum": FILING_KINDS.map(|(word, _)| word) })
    }
}

/// The word of an emergency.
const EMERGENCY: &str = "emergency";

/// A flag of an emergency has one word.
impl CellWord for () {
    fn parse(text: &str) -> Result<(), Text> {
        if text == EMERGENCY { Ok(()) } else { Err(no_word(text, &[EMERGENCY])) }
    }

    fn shape() -> Schema {
        json_schema!({ "type": "string", "const": EMERGENCY })
    }
}
