//! Reads hand-written TOML key by key, so that every bad key is reported with its place, not only the first one.

use std::{cell::Cell, fmt};

use serde::{Deserializer, de, forward_to_deserialize_any};
use toml::{
    Spanned,
    de::{DeTable, Deserializer as Document},
};

use crate::{spelling::nearest, text::Text};

/// A bad key.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct BadKey {
    /// The byte offset of the key in the file.
    pub(crate) at: usize,
    /// The key.
    pub(crate) key: String,
    /// The problem.
    pub(crate) problem: Text,
}

thread_local! {
    /// The problem of the current key. A parser error carries text only, so the message passes through here.
    static PROBLEM: Cell<Option<Text>> = const { Cell::new(None) };
}

/// Returns a parser error, and stores its problem as a message for [`read`].
pub(crate) fn told<E: de::Error>(problem: Text) -> E {
    let error = E::custom(&problem);
    PROBLEM.set(Some(problem));
    error
}

/// Reads the keys of a table into a struct whose fields are all optional. Bad keys are skipped and added to `bad`.
pub(crate) fn read<T: de::DeserializeOwned + Default>(
    table: &DeTable<'_>,
    bad: &mut Vec<BadKey>,
) -> T {
    let mut good = DeTable::new();
    let known = known_keys::<T>();
    for (key, value) in table {
        let mut one = DeTable::new();
        one.insert(key.clone(), value.clone());
        PROBLEM.take();
        match of_table::<T>(one) {
            Ok(_) => drop(good.insert(key.clone(), value.clone())),
            Err(error) => bad.push(BadKey {
                at: key.span().start,
                key: key.get_ref().to_string(),
                problem: unknown(key.get_ref(), known)
                    .or_else(|| PROBLEM.take())
                    .unwrap_or_else(|| Text::given(error.message())),
            }),
        }
    }
    of_table(good).unwrap_or_default()
}

fn of_table<T: de::DeserializeOwned>(table: DeTable<'_>) -> Result<T, toml::de::Error> {
    T::deserialize(Document::from(Spanned::new(0..0, table)))
}

/// Returns the problem of a key that no field has.
fn unknown(key: &str, known: &[&'static str]) -> Option<Text> {
    if known.contains(&key) {
        return None;
    }
    let near = known.iter().map(|known| (*known, *known, key, 1 + known.len() / 4));
    Some(nearest(near).map_or_else(
        || text!("no such key; there are {}", known.join(", ")),
        |near| text!("no such key; is it {}?", near),
    ))
}

/// Returns the names of the fields of a struct.
pub(crate) fn known_keys<T: de::DeserializeOwned>() -> &'static [&'static str] {
    let mut keys = KnownKeys(&[]);
    // It fails always: a struct asks for its fields first.
    _ = T::deserialize(&mut keys);
    keys.0
}

/// A deserializer that captures the fields of a struct, and has no value.
struct KnownKeys(&'static [&'static str]);

impl<'de> Deserializer<'de> for &mut KnownKeys {
    type Error = de::value::Error;

    fn deserialize_any<V: de::Visitor<'de>>(self, _: V) -> Result<V::Value, Self::Error> {
        Err(de::Error::custom("there is no value"))
    }

    fn deserialize_struct<V: de::Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Self::Error> {
        self.0 = fields;
        self.deserialize_any(visitor)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit
        unit_struct newtype_struct seq tuple tuple_struct map enum identifier ignored_any
    }
}

/// Reads a quoted text by a function that returns what is wrong with it.
pub(crate) fn text<'de, D: Deserializer<'de>, T>(
    deserializer: D,
    parse: impl FnOnce(&str) -> Result<T, Text>,
) -> Result<Option<T>, D::Error> {
    struct Quoted<F>(F);

    impl<T, F: FnOnce(&str) -> Result<T, Text>> de::Visitor<'_> for Quoted<F> {
        type Value = T;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a text in quotes")
        }

        fn visit_str<E: de::Error>(self, text: &str) -> Result<T, E> {
            (self.0)(text).map_err(told)
        }
    }

    deserializer.deserialize_str(Quoted(parse)).map(Some)
}
