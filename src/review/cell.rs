//! Cells of files that people write for the review: a text, one text or several, a whole number, lists of tables.

use std::{borrow::Cow, fmt, marker::PhantomData};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, de};

use crate::{
    text::{Text, quoted},
    toml_keys,
};

/// Returns the problem of a text that is none of some words.
pub(super) fn no_word(text: &str, words: &[&str]) -> Text {
    text!("{} is none of {}", quoted(text), words.join(", "))
}

/// A value that stands in a file as a text.
pub(super) trait CellWord: Sized {
    /// Reads it.
    fn parse(text: &str) -> Result<Self, Text>;
    /// Returns the shape of the text.
    fn shape() -> Schema;
}

/// A cell that holds one text; nothing when it is missing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct OneCell<T>(pub(super) Option<T>);

/// A cell that holds one text or a list of texts; nothing when it is missing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CellList<T>(pub(super) Option<Vec<T>>);

/// A list of tables. The tables are read one by one, so that the errors of all are found.
#[derive(Debug)]
pub(crate) struct RowList<T>(PhantomData<T>);

impl<T> Default for OneCell<T> {
    fn default() -> Self {
        OneCell(None)
    }
}

impl<T> Default for CellList<T> {
    fn default() -> Self {
        CellList(None)
    }
}

impl<T> Default for RowList<T> {
    fn default() -> Self {
        RowList(PhantomData)
    }
}

/// The largest whole number of a file. Products of it with any sum of amounts fit 128 bits.
pub(super) const LARGEST_NUMBER: u32 = 1_000_000_000;

/// A cell that holds a whole number from 0 to [`LARGEST_NUMBER`]; nothing when it is missing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct WholeNumber(pub(super) Option<u64>);

struct NumberVisitor;

impl de::Visitor<'_> for NumberVisitor {
    type Value = WholeNumber;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a whole number")
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<WholeNumber, E> {
        match u32::try_from(number) {
            Ok(number) if number <= LARGEST_NUMBER => Ok(WholeNumber(Some(number.into()))),
            _ => Err(toml_keys::told(text!(
                "{} is not between {} and {}",
                number,
                0,
                LARGEST_NUMBER
            ))),
        }
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<WholeNumber, E> {
        Err(toml_keys::told(text!(
            "a whole number without quotes is expected, not {}",
            quoted(text)
        )))
    }
}

impl<'de> Deserialize<'de> for WholeNumber {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(NumberVisitor)
    }
}

impl JsonSchema for WholeNumber {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "WholeNumber".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "integer", "minimum": 0, "maximum": LARGEST_NUMBER })
    }
}

struct CellVisitor<T> {
    takes_list: bool,
    of: PhantomData<T>,
}

impl<'de, T: CellWord> de::Visitor<'de> for CellVisitor<T> {
    type Value = Vec<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.takes_list {
            "a text in quotes, or a list of such texts"
        } else {
            "a text in quotes"
        })
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Vec<T>, E> {
        T::parse(text).map(|value| vec![value]).map_err(toml_keys::told)
    }

    fn visit_seq<A: de::SeqAccess<'de>>(self, mut list: A) -> Result<Vec<T>, A::Error> {
        if !self.takes_list {
            return Err(toml_keys::told(text!("one text is expected, not a list")));
        }
        let mut values = Vec::new();
        while let Some(OneCell(value)) = list.next_element::<OneCell<T>>()? {
            values.extend(value);
        }
        if values.is_empty() {
            return Err(toml_keys::told(text!("the list is empty; leave the key out to fit all")));
        }
        Ok(values)
    }
}

impl<'de, T: CellWord> Deserialize<'de> for OneCell<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let visitor = CellVisitor { takes_list: false, of: PhantomData };
        from.deserialize_any(visitor).map(|mut values| OneCell(values.pop()))
    }
}

impl<'de, T: CellWord> Deserialize<'de> for CellList<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let visitor = CellVisitor { takes_list: true, of: PhantomData };
        from.deserialize_any(visitor).map(|values| CellList(Some(values)))
    }
}

impl<'de, T> Deserialize<'de> for RowList<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Vec::<toml::Table>::deserialize(from)
            .map(|_| RowList(PhantomData))
            .map_err(|_| toml_keys::told(text!("expected is a list of tables")))
    }
}

impl<T: CellWord> JsonSchema for OneCell<T> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "OneCell".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        T::shape()
    }
}

impl<T: CellWord> JsonSchema for CellList<T> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "CellList".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let one = T::shape();
        json_schema!({ "anyOf": [one, { "type": "array", "minItems": 1, "items": one }] })
    }
}

impl<T: JsonSchema> JsonSchema for RowList<T> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        format!("RowList_{}", T::schema_name()).into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let row = generator.subschema_for::<T>();
        json_schema!({ "type": "array", "items": row })
    }
}
