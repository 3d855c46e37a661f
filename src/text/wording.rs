//! Words a message: in English, in the language of a catalogue, or for programs.

use std::{cmp::Ordering, fmt, io};

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use unicode_width::UnicodeWidthStr;

use super::{
    catalogue::Catalogue,
    message::{Text, Value},
};

impl Text {
    /// Returns the message in the language of a catalogue, or in English without one.
    pub fn in_language(&self, catalogue: Option<&Catalogue>) -> String {
        let mut text = String::new();
        write(self, catalogue, &mut text);
        text
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.in_language(None))
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.to_string(), f)
    }
}

impl std::error::Error for Text {}

impl From<Text> for io::Error {
    fn from(text: Text) -> io::Error {
        io::Error::other(text)
    }
}

// Messages are equal when their English is equal, and are ordered by their English.

impl PartialEq for Text {
    fn eq(&self, other: &Text) -> bool {
        self.to_string() == other.to_string()
    }
}

impl Eq for Text {}

impl PartialOrd for Text {
    fn partial_cmp(&self, other: &Text) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Text {
    fn cmp(&self, other: &Text) -> Ordering {
        self.to_string().cmp(&other.to_string())
    }
}

// Reports for programs have the English. The machines of one run exchange wording and values.

impl Serialize for Text {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            return serializer.collect_str(self);
        }
        (&self.wording, &self.values).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Text, D::Error> {
        if deserializer.is_human_readable() {
            return String::deserialize(deserializer).map(Text::given);
        }
        let (wording, values) = Deserialize::deserialize(deserializer)?;
        Ok(Text { wording, values })
    }
}

/// Writes a message. Each wording is looked up once, each value is written once for each hole that names it.
fn write(text: &Text, catalogue: Option<&Catalogue>, out: &mut String) {
    let worded = catalogue.and_then(|catalogue| catalogue.wordings.get(text.wording.as_ref()));
    let wording = worded.map_or(text.wording.as_ref(), String::as_str);
    let (mut rest, mut next, mut is_one) = (wording, 0, false);
    while let Some(start) = rest.find(['{', '(']) {
        out.push_str(&rest[..start]);
        rest = &rest[start..];
        if let Some(after) = rest.strip_prefix("(s)").filter(|_| worded.is_none()) {
            out.push_str(if is_one { "" } else { "s" });
            rest = after;
        } else if let Some((place, after)) = hole(rest) {
            let value = text.values.get(place.unwrap_or(next));
            next += 1;
            is_one = matches!(value, Some(Value::Number { is_one: true, .. }));
            if let Some(value) = value {
                write_value(value, catalogue, out);
            }
            rest = after;
        } else {
            out.push_str(&rest[..1]);
            rest = &rest[1..];
        }
    }
    out.push_str(rest);
}

/// Parses the hole at the beginning of a text: its number, if it has one, and the text after it. Other text in braces
/// is not a hole.
fn hole(text: &str) -> Option<(Option<usize>, &str)> {
    let inner = text.strip_prefix('{')?;
    let digits = inner.len() - inner.trim_start_matches(|digit: char| digit.is_ascii_digit()).len();
    let after = inner[digits..].strip_prefix('}')?;
    if digits == 0 {
        return Some((None, after));
    }
    inner[..digits].parse().ok().map(|place| (Some(place), after))
}

fn write_value(value: &Value, catalogue: Option<&Catalogue>, out: &mut String) {
    match value {
        Value::Given(text) => out.push_str(text),
        Value::Number { digits, .. } => out.push_str(digits),
        Value::Text(text) => write(text, catalogue, out),
        Value::List(texts) => {
            let comma = if catalogue.is_some() { "、" } else { ", " };
            joined(texts, comma, catalogue, out);
        }
        Value::Lines(texts) => joined(texts, "\n", catalogue, out),
        Value::Items(texts) => {
            for text in texts {
                out.push_str("\n  ");
                write(text, catalogue, out);
            }
        }
        Value::Word(word) => match catalogue.and_then(|known| known.words.get(word.as_ref())) {
            Some(meaning) => out.extend([meaning.as_str(), " (", word.as_ref(), ")"]),
            None => out.push_str(word),
        },
        Value::Name { english, chinese } => {
            out.push_str(if catalogue.is_some() { chinese } else { english });
        }
        Value::Label(label, column) => {
            let worded = catalogue.and_then(|known| known.labels.get(label.as_ref()));
            let shown = worded.map_or(label.as_ref(), String::as_str);
            // A label that reaches its column is followed by a blank in any case.
            let column = (*column).max(label.len() + 1);
            let column = if worded.is_some() { column.max(shown.width() + 2) } else { column };
            out.push_str(shown);
            out.extend(std::iter::repeat_n(' ', column - shown.width()));
        }
        Value::System(number) => match catalogue.and_then(|known| known.system.get(number)) {
            Some(wording) => {
                out.extend([wording.as_str(), "（系统错误 ", number.to_string().as_str(), "）"]);
            }
            None => out.push_str(&io::Error::from_raw_os_error(*number).to_string()),
        },
    }
}

fn joined(texts: &[Text], between: &str, catalogue: Option<&Catalogue>, out: &mut String) {
    for (at, text) in texts.iter().enumerate() {
        if at > 0 {
            out.push_str(between);
        }
        write(text, catalogue, out);
    }
}
