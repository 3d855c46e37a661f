//! A message, and what is in its holes.

use std::{borrow::Cow, fmt::Display};

use serde::{Deserialize, Serialize};

use super::escape::{printable, printable_lines};

/// A message: its English wording, and the values of its holes.
///
/// Nothing but a literal becomes a wording: there is no conversion from `String` or `&str`. Text from outside is
/// the value of a hole, or a message of its own by [`Text::given`].
#[derive(Clone)]
pub struct Text {
    /// The English wording; `{}` are its holes, in order. `(s)` is a plural that follows the number before it.
    pub(super) wording: Cow<'static, str>,
    pub(super) values: Vec<Value>,
}

/// What is in a hole of a message.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum Value {
    /// Text of no language, or from outside, escaped: a path, a name, a day, an amount.
    Given(String),
    /// A number, which decides about the plural after it.
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
    /// Messages, each on a line of its own.
    Lines(Vec<Text>),
    /// Messages, each on a line of its own below the text before it.
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
    /// What begins a line of a report, and the column at which its value begins.
    Label(Cow<'static, str>, usize),
    /// An error of the operating system, by its number.
    System(i32),
}

impl Text {
    /// A message of a wording and its values. `text!` calls this: it proves that there is one value
    /// for each hole.
    #[doc(hidden)]
    pub const fn of(wording: &'static str, values: Vec<Value>) -> Text {
        Text { wording: Cow::Borrowed(wording), values }
    }

    /// Text from outside as a message of its own: an error of a library, a line of a file. It is escaped.
    pub fn given(text: impl AsRef<str>) -> Text {
        Text::alone(Value::Given(printable(text.as_ref())))
    }

    /// What a library says, line by line, as a message of its own. It is escaped.
    pub fn foreign(said: impl Display) -> Text {
        Text::alone(Value::Given(printable_lines(&said.to_string())))
    }

    /// The message within one of a wording, if it is one: its last value.
    pub fn within(&self, wording: &str) -> Option<&Text> {
        match self.values.last() {
            Some(Value::Text(text)) if self.wording == wording => Some(text),
            _ => None,
        }
    }

    /// Whether it is of a wording.
    pub fn is_of(&self, wording: &str) -> bool {
        self.wording == wording
    }

    /// A text that the program has in both languages, such as what a code expects.
    pub fn named(english: &'static str, chinese: &'static str) -> Text {
        let (english, chinese) = (Cow::Borrowed(english), Cow::Borrowed(chinese));
        Text::alone(Value::Name { english, chinese })
    }

    /// A value as a message of its own.
    pub fn alone(value: Value) -> Text {
        Text::of("{}", vec![value])
    }

    /// The message with what to do about it, on a line of its own.
    #[must_use]
    pub fn hinting(self, hint: Text) -> Text {
        text!("{}\n    hint: {}", Value::Text(self), Value::Text(hint))
    }

    /// A line of a report: a label, and its value in a column of its own.
    pub fn labelled(label: &'static str, value: Text) -> Text {
        Text::labelled_to(10, label, value)
    }

    /// The same with the value from another column on.
    pub fn labelled_to(column: usize, label: &'static str, value: Text) -> Text {
        text!("{}{}", Value::Label(Cow::Borrowed(label), column), Value::Text(value))
    }

    /// Whether it says nothing.
    pub fn is_empty(&self) -> bool {
        self.to_string().is_empty()
    }

    /// Whether an error of the operating system is in the message, directly or in text that a library made of it.
    pub fn tells_of(&self, error: i32) -> bool {
        self.values.iter().any(|value| match value {
            Value::System(number) => *number == error,
            // Readers of files hand such errors on as text.
            Value::Given(text) => text.contains(&format!("(os error {error})")),
            Value::Text(text) => text.tells_of(error),
            Value::List(texts) | Value::Lines(texts) | Value::Items(texts) => {
                texts.iter().any(|text| text.tells_of(error))
            }
            Value::Number { .. } | Value::Word(_) | Value::Name { .. } | Value::Label(..) => false,
        })
    }
}

/// The number of holes of a wording.
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
