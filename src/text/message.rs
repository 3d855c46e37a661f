//! A message, and the values of its holes.

use std::{borrow::Cow, fmt::Display};

use serde::{Deserialize, Serialize};

use super::escape::{printable, printable_lines};

/// A message: its English wording, and the values of its holes.
///
/// Only a literal becomes a wording: there is no conversion from `String` or `&str`. Text from outside is the value of
/// a hole, or a message of its own by [`Text::given`].
#[derive(Clone)]
pub struct Text {
    /// The English wording; `{}` are its holes, in order. `(s)` is a plural that follows the number before it.
    pub(super) wording: Cow<'static, str>,
    pub(super) values: Vec<Value>,
}

/// The value of a hole.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum Value {
    /// Text without a language, or from outside, escaped: a path, a name, a day, an amount.
    Given(String),
    /// A number. It decides about the plural after it.
    Number {
        /// Its digits.
        digits: String,
        /// Whether it is 1.
        is_one: bool,
    },
    /// A message within the message.
    Text(Text),
    /// Messages with commas between them.
    List(Vec<Text>),
    /// Messages, each on its own line.
    Lines(Vec<Text>),
    /// Messages, each on its own line below the preceding text.
    Items(Vec<Text>),
    /// A word of the tables, such as `cleared`; Chinese adds its meaning.
    Word(Cow<'static, str>),
    /// A name in both languages, such as that of a province.
    Name {
        /// In English.
        english: Cow<'static, str>,
        /// In Chinese.
        chinese: Cow<'static, str>,
    },
    /// A label at the beginning of a line, and the column at which its value begins.
    Label(Cow<'static, str>, usize),
    /// An error of the operating system, by its number.
    System(i32),
}

impl Text {
    /// Makes a message from a wording and its values. Call `text!` instead, which checks that each hole has a value.
    #[doc(hidden)]
    pub const fn of(wording: &'static str, values: Vec<Value>) -> Text {
        Text { wording: Cow::Borrowed(wording), values }
    }

    /// Makes a message from text from outside, such as a path or a line of a file. It is escaped.
    pub fn given(text: impl AsRef<str>) -> Text {
        Text::alone(Value::Given(printable(text.as_ref())))
    }

    /// Makes a message from the text of a library, line by line. It is escaped.
    pub fn foreign(said: impl Display) -> Text {
        Text::alone(Value::Given(printable_lines(&said.to_string())))
    }

    /// Returns the message within this one if this one has the given wording: its last value.
    pub fn within(&self, wording: &str) -> Option<&Text> {
        match self.values.last() {
            Some(Value::Text(text)) if self.wording == wording => Some(text),
            _ => None,
        }
    }

    /// Whether the message has this wording.
    pub fn is_of(&self, wording: &str) -> bool {
        self.wording == wording
    }

    /// Makes a message from a name in both languages, such as the expected state of a code.
    pub fn named(english: &'static str, chinese: &'static str) -> Text {
        let (english, chinese) = (Cow::Borrowed(english), Cow::Borrowed(chinese));
        Text::alone(Value::Name { english, chinese })
    }

    /// Makes a message from a single value.
    pub fn alone(value: Value) -> Text {
        Text::of("{}", vec![value])
    }

    /// Adds a hint on its own line.
    #[must_use]
    pub fn hinting(self, hint: Text) -> Text {
        text!("{}\n    hint: {}", Value::Text(self), Value::Text(hint))
    }

    /// Makes a line of a report: a label, and its value in a column.
    pub fn labelled(label: &'static str, value: Text) -> Text {
        Text::labelled_to(10, label, value)
    }

    /// Makes a line of a report whose value begins in a given column.
    pub fn labelled_to(column: usize, label: &'static str, value: Text) -> Text {
        text!("{}{}", Value::Label(Cow::Borrowed(label), column), Value::Text(value))
    }

    /// Whether the message is empty in English.
    pub fn is_empty(&self) -> bool {
        self.to_string().is_empty()
    }

    /// Whether the message contains a system error, as a value or in the text of a library.
    pub fn tells_of(&self, error: i32) -> bool {
        self.values.iter().any(|value| match value {
            Value::System(number) => *number == error,
            // Readers of files pass such errors on as text.
            Value::Given(text) => text.contains(&format!("(os error {error})")),
            Value::Text(text) => text.tells_of(error),
            Value::List(texts) | Value::Lines(texts) | Value::Items(texts) => {
                texts.iter().any(|text| text.tells_of(error))
            }
            Value::Number { .. } | Value::Word(_) | Value::Name { .. } | Value::Label(..) => false,
        })
    }
}

/// Counts the holes of a wording.
#[doc(hidden)]
pub const fn holes(wording: &str) -> usize {
    let bytes = wording.as_bytes();
    let (mut at, mut holes) = (0, 0);
    while at + 1 < bytes.len() {
        if bytes[at] == b'{' && bytes[at + 1] == b'}' {
            holes += 1;
        }
        at += 1;
    }
    holes
}
