//! The file of trusted keys.

use std::{
    fs::{self, File},
    io::Read,
    path::Path,
};

use toml::{
    Spanned,
    de::{DeInteger, DeTable, DeValue},
};

use super::{Trusted, TrustedKeys};
use crate::{
    diag::{Failure, Outcome},
    model::{codes::Month, dates::parse_period},
    signing::public::PublicKey,
};

/// No file of trusted keys is longer, and no public key.
const LONGEST: u64 = 1 << 20;

/// The format that this program reads.
const FORMAT: &str = "1";

/// The values of a `[[key]]`, as far as they were given and good.
#[derive(Default)]
struct Given {
    id: Option<String>,
    name: Option<String>,
    key: Option<PublicKey>,
    from: Option<Month>,
    until: Option<Month>,
    revoked: bool,
}

impl TrustedKeys {
    /// Reads a file of trusted keys. All of its errors are listed, as a usage error.
    pub fn read(path: &Path) -> Outcome<TrustedKeys> {
        let usage = |problem: String| {
            Failure::Usage(format!("trusted keys {}: {problem}", crate::diag::shown(path)))
        };
        let text = text_of(path).map_err(usage)?;
        TrustedKeys::parse(&text, path.parent().unwrap_or(Path::new("")))
            .map_err(|errors| usage(format!("refused:\n  {}", errors.join("\n  "))))
    }

    /// Reads the text of a file whose paths start at a folder; or lists all of its errors by line.
    fn parse(text: &str, folder: &Path) -> Result<TrustedKeys, Vec<String>> {
        let table = match DeTable::parse(text) {
            Ok(table) => table.into_inner(),
            Err(error) => return Err(vec![error.to_string().trim_end().to_owned()]),
        };
        let mut reader = Reader { folder, errors: Vec::new(), keys: Vec::new() };
        let mut format = false;
        for (key, value) in &table {
            match key.get_ref().as_ref() {
                "format" => {
                    format = true;
                    let number = value.get_ref().as_integer().map(DeInteger::as_str);
                    if number != Some(FORMAT) {
                        reader.error(key.span().start, "format", "this program knows 1");
                    }
                }
                "key" => reader.keys(value),
                other => reader.error(key.span().start, other, "unknown key; known: format, key"),
            }
        }
        if !format {
            reader.error(0, "format", "it is missing; expected is format = 1");
        }
        if reader.keys.is_empty() && reader.errors.is_empty() {
            reader.error(0, "key", "there is none; each key starts with [[key]]");
        }
        reader.errors.sort();
        let (mut line, mut seen) = (1, 0);
        let counted = |(at, error): (usize, String)| {
            line += text[seen..at].matches('\n').count();
            seen = at;
            format!("line {line}, {error}")
        };
        let errors: Vec<String> = reader.errors.into_iter().map(counted).collect();
        if errors.is_empty() { Ok(TrustedKeys(reader.keys)) } else { Err(errors) }
    }
}

/// What was read of a file so far, and what is wrong with it by place.
struct Reader<'a> {
    folder: &'a Path,
    errors: Vec<(usize, String)>,
    keys: Vec<Trusted>,
}

impl Reader<'_> {
    fn error(&mut self, at: usize, what: &str, problem: &str) {
        self.errors.push((at, format!("{what}: {problem}")));
    }

    fn keys(&mut self, value: &Spanned<DeValue>) {
        let Some(tables) = value.get_ref().as_array() else {
            return self.error(value.span().start, "key", "expected is [[key]]");
        };
        for table in tables {
            match table.get_ref().as_table() {
                Some(fields) => self.key(fields, table.span().start),
                None => self.error(table.span().start, "key", "expected is [[key]]"),
            }
        }
    }

    fn key(&mut self, fields: &DeTable, at: usize) {
        let mut given = Given::default();
        let before = self.errors.len();
        for (key, value) in fields {
            let name = key.get_ref().as_ref();
            if let Err(problem) = given.set(name, value.get_ref(), self.folder) {
                self.error(key.span().start, name, &problem);
            }
        }
        for field in ["id", "name", "public"] {
            if !fields.contains_key(field) {
                self.error(at, field, "it is missing");
            }
        }
        let Given { id: Some(id), name: Some(name), key: Some(key), from, until, revoked } = given
        else {
            return;
        };
        if id != key.id() {
            let problem = format!("the key in `public` has the id {}", key.id());
            self.error(at, "id", &problem);
        }
        if self.keys.iter().any(|known| known.id == id) {
            self.error(at, "id", "this key is listed twice");
        }
        if from.zip(until).is_some_and(|(from, until)| from > until) {
            self.error(at, "until", "it is before `from`");
        }
        if self.errors.len() == before {
            self.keys.push(Trusted { id, name, key, from, until, revoked });
        }
    }
}

impl Given {
    fn set(&mut self, field: &str, value: &DeValue, folder: &Path) -> Result<(), String> {
        let text = value.as_str().ok_or("a text in quotes is expected");
        match field {
            "id" => self.id = Some(text?.to_ascii_lowercase()),
            "name" => {
                let name = text?;
                if name.trim().is_empty() || name.contains(char::is_control) {
                    return Err("a name is expected, on one line".to_owned());
                }
                self.name = Some(name.to_owned());
            }
            "public" => self.key = Some(public_key(text?, folder)?),
            "from" => self.from = Some(parse_period(text?)?),
            "until" => self.until = Some(parse_period(text?)?),
            "revoked" => self.revoked = value.as_bool().ok_or("true or false is expected")?,
            _ => {
                let known = "unknown key; known: id, name, public, from, until, revoked";
                return Err(known.to_owned());
            }
        }
        Ok(())
    }
}

/// A public key in PEM, or in the file that a path leads to.
fn public_key(text: &str, folder: &Path) -> Result<PublicKey, String> {
    if text.contains("-----BEGIN") {
        return PublicKey::from_pem(text);
    }
    let path = folder.join(text);
    let problem = |problem: String| format!("{}: {problem}", crate::diag::shown(&path));
    PublicKey::from_pem(&text_of(&path).map_err(problem)?).map_err(problem)
}

/// The text of a small file.
fn text_of(path: &Path) -> Result<String, String> {
    let unreadable = |error: std::io::Error| format!("it cannot be read: {error}");
    if !fs::metadata(path).map_err(unreadable)?.is_file() {
        return Err("it is not a file".to_owned());
    }
    let mut text = String::new();
    let file = File::open(path).map_err(unreadable)?;
    file.take(LONGEST + 1).read_to_string(&mut text).map_err(unreadable)?;
    if text.len() as u64 > LONGEST {
        return Err(format!("it has more than {LONGEST} bytes"));
    }
    Ok(text)
}

#[cfg(test)]
mod tests;
