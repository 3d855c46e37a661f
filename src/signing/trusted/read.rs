//! The file of trusted keys.

use std::{
    fs::{self, File},
    io::Read,
    path::Path,
};

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer};
use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use super::{Trusted, TrustedKeys};
use crate::{
    diag::toml_problem,
    diag::{Failure, Outcome},
    model::{codes::Month, dates::parse_period},
    shapes::{FormatNumber, KeyId, Period},
    signing::public::PublicKey,
    text::{Text, Value, items},
    toml_keys,
};

/// The most bytes of a file of trusted keys, and of a file of a public key.
const LONGEST: u64 = 1 << 20;

/// The keys that an auditor trusts (TOML; docs/audit.md).
#[derive(Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "A file of trusted keys", extend("required" = ["format", "key"]))]
#[expect(dead_code, reason = "read for what is wrong with it; keys are read one by one")]
pub(crate) struct TrustedFile {
    /// The format of the file.
    #[serde(default)]
    #[schemars(with = "FormatNumber<1>")]
    format: Option<FormatNumber<1>>,
    /// The keys; each starts with `[[key]]`.
    #[serde(default, deserialize_with = "tables")]
    #[schemars(with = "Vec<TrustedKey>", length(min = 1))]
    key: (),
}

/// A key and what it may sign.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("required" = ["id", "name", "public"]))]
struct TrustedKey {
    /// The id of the key.
    #[serde(default, deserialize_with = "text")]
    #[schemars(with = "KeyId")]
    id: Option<String>,
    /// Who signs with it, on one line.
    #[serde(default, deserialize_with = "name")]
    #[schemars(with = "String", length(min = 1))]
    name: Option<String>,
    /// The public key in PEM, or the path of a file that holds it; paths start at the folder of this file.
    #[serde(default, deserialize_with = "text")]
    #[schemars(with = "String")]
    public: Option<String>,
    /// The first period that the key may sign.
    #[serde(default, deserialize_with = "period")]
    #[schemars(with = "Period")]
    from: Option<Month>,
    /// The last period that the key may sign.
    #[serde(default, deserialize_with = "period")]
    #[schemars(with = "Period")]
    until: Option<Month>,
    /// Whether the key is revoked: its signatures say nothing by themselves.
    #[serde(default)]
    revoked: bool,
}

fn tables<'de, D: Deserializer<'de>>(from: D) -> Result<(), D::Error> {
    Vec::<toml::Table>::deserialize(from)
        .map(drop)
        .map_err(|_| toml_keys::told(text!("expected is [[key]]")))
}

fn text<'de, D: Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
    toml_keys::text(from, |text| Ok(text.to_owned()))
}

fn name<'de, D: Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
    toml_keys::text(from, |name| {
        if name.trim().is_empty() || name.contains(char::is_control) {
            return Err(text!("a name is expected, on one line"));
        }
        Ok(name.to_owned())
    })
}

fn period<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Month>, D::Error> {
    toml_keys::text(from, parse_period)
}

impl TrustedKeys {
    /// Reads a file of trusted keys; fails with all of its errors, as a usage error.
    pub fn read(path: &Path) -> Outcome<TrustedKeys> {
        let usage = |problem: Text| Failure::Usage(text!("trusted keys {}: {}", path, problem));
        let text = text_of(path).map_err(usage)?;
        TrustedKeys::parse(&text, path.parent().unwrap_or(Path::new("")))
            .map_err(|errors| usage(text!("refused:{}", items(&errors))))
    }

    /// Parses the text of a file whose paths start at `folder`; fails with all of its errors, by line.
    fn parse(text: &str, folder: &Path) -> Result<TrustedKeys, Vec<Text>> {
        let table = match DeTable::parse(text) {
            Ok(table) => table.into_inner(),
            Err(error) => return Err(vec![toml_problem(text, &error)]),
        };
        let mut reader = KeysReader { folder, errors: Vec::new(), keys: Vec::new() };
        let _: TrustedFile = reader.read(&table);
        if let Some(key) = table.get("key") {
            reader.keys(key);
        }
        if !table.contains_key("format") {
            reader.error(0, "format", text!("it is missing; expected is format = 1"));
        }
        if reader.keys.is_empty() && reader.errors.is_empty() {
            reader.error(0, "key", text!("there is none; each key starts with [[key]]"));
        }
        reader.errors.sort();
        let (mut line, mut seen) = (1, 0);
        let counted = |(at, error): (usize, Text)| {
            line += text[seen..at].matches('\n').count();
            seen = at;
            text!("line {}, {}", line, error)
        };
        let errors: Vec<Text> = reader.errors.into_iter().map(counted).collect();
        if errors.is_empty() { Ok(TrustedKeys(reader.keys)) } else { Err(errors) }
    }
}

/// A reader of a file: the keys that were read, and the errors with their offsets.
struct KeysReader<'a> {
    folder: &'a Path,
    errors: Vec<(usize, Text)>,
    keys: Vec<Trusted>,
}

impl KeysReader<'_> {
    fn error(&mut self, at: usize, what: &str, problem: Text) {
        self.errors.push((at, text!("{}: {}", what, Value::Text(problem))));
    }

    /// Reads a table; adds to the errors.
    fn read<T: serde::de::DeserializeOwned + Default>(&mut self, table: &DeTable) -> T {
        let mut bad = Vec::new();
        let read = toml_keys::read(table, &mut bad);
        for bad in bad {
            self.error(bad.at, &bad.key, bad.problem);
        }
        read
    }

    fn keys(&mut self, value: &Spanned<DeValue>) {
        let tables = value.get_ref().as_array().into_iter().flatten();
        for table in tables {
            if let Some(fields) = table.get_ref().as_table() {
                self.key(fields, table.span().start);
            }
        }
    }

    fn key(&mut self, fields: &DeTable, at: usize) {
        let before = self.errors.len();
        let TrustedKey { id, name, public, from, until, revoked } = self.read(fields);
        for field in ["id", "name", "public"] {
            if !fields.contains_key(field) {
                self.error(at, field, text!("it is missing"));
            }
        }
        let key = public.and_then(|text| {
            let place = fields.get_key_value("public").map_or(at, |(key, _)| key.span().start);
            let key = public_key(&text, self.folder);
            key.map_err(|problem| self.error(place, "public", problem)).ok()
        });
        let (Some(id), Some(name), Some(key)) = (id, name, key) else { return };
        let id = id.to_ascii_lowercase();
        if id != key.id() {
            let problem = text!("the key in `public` has the id {}", key.id());
            self.error(at, "id", problem);
        }
        if self.keys.iter().any(|known| known.id == id) {
            self.error(at, "id", text!("this key is listed twice"));
        }
        if from.zip(until).is_some_and(|(from, until)| from > until) {
            self.error(at, "until", text!("it is before `from`"));
        }
        if self.errors.len() == before {
            self.keys.push(Trusted { id, name, key, from, until, revoked });
        }
    }
}

/// Reads a public key from PEM, or from the file at a path.
fn public_key(text: &str, folder: &Path) -> Result<PublicKey, Text> {
    if text.contains("-----BEGIN") {
        return PublicKey::from_pem(text);
    }
    let path = folder.join(text);
    let problem = |problem: Text| text!("{}: {}", path, problem);
    PublicKey::from_pem(&text_of(&path).map_err(problem)?).map_err(problem)
}

/// Reads the text of a small file.
fn text_of(path: &Path) -> Result<String, Text> {
    let unreadable = |error: std::io::Error| text!("it cannot be read: {}", error);
    if !fs::metadata(path).map_err(unreadable)?.is_file() {
        return Err(text!("it is not a file"));
    }
    let mut text = String::new();
    let file = File::open(path).map_err(unreadable)?;
    file.take(LONGEST + 1).read_to_string(&mut text).map_err(unreadable)?;
    if text.len() as u64 > LONGEST {
        return Err(text!("it has more than {} bytes", LONGEST));
    }
    Ok(text)
}

#[cfg(test)]
mod tests;
