//! Conversion of values for the holes of messages.

use std::{
    borrow::Cow,
    fmt::{self, Display},
    io,
    path::{Path, PathBuf},
};

use super::{
    escape::{printable, printable_lines},
    message::{Text, Value},
};

/// A type that can fill a hole of a message.
pub trait Fill {
    /// Returns the value for the hole.
    fn fill(&self) -> Value;
}

impl<T: Fill + ?Sized> Fill for &T {
    fn fill(&self) -> Value {
        (**self).fill()
    }
}

impl Fill for Value {
    fn fill(&self) -> Value {
        self.clone()
    }
}

impl Fill for Text {
    fn fill(&self) -> Value {
        Value::Text(self.clone())
    }
}

/// Text from outside. It is escaped, and is the same in every language.
impl Fill for str {
    fn fill(&self) -> Value {
        Value::Given(printable(self))
    }
}

impl Fill for String {
    fn fill(&self) -> Value {
        self.as_str().fill()
    }
}

impl Fill for Cow<'_, str> {
    fn fill(&self) -> Value {
        (**self).fill()
    }
}

impl Fill for Path {
    fn fill(&self) -> Value {
        self.to_string_lossy().fill()
    }
}

impl Fill for PathBuf {
    fn fill(&self) -> Value {
        self.as_path().fill()
    }
}

impl Fill for io::Error {
    fn fill(&self) -> Value {
        if let Some(number) = self.raw_os_error() {
            return Value::System(number);
        }
        match self.get_ref() {
            Some(inner) => match inner.downcast_ref::<Text>() {
                Some(text) => text.fill(),
                None => Value::Given(printable_lines(&inner.to_string())),
            },
            None if self.kind() == io::ErrorKind::InvalidData => {
                text!("stream did not contain valid UTF-8").fill()
            }
            None => self.to_string().fill(),
        }
    }
}

macro_rules! numbers {
    ($($number:ty)*) => {$(
        impl Fill for $number {
            fn fill(&self) -> Value {
                Value::Number { digits: self.to_string(), is_one: *self == 1 }
            }
        }
    )*};
}

numbers! { u8 u16 u32 u64 u128 usize i16 i32 i64 i128 isize }

/// A number whose thousands are separated.
#[derive(Debug, Clone, Copy)]
pub struct Grouped<N>(pub N);

impl<N: Copy + TryInto<u64>> Fill for Grouped<N> {
    fn fill(&self) -> Value {
        let number = self.0.try_into().unwrap_or(u64::MAX);
        let plain = number.to_string();
        let mut digits = String::with_capacity(plain.len() * 4 / 3 + 1);
        for (at, digit) in plain.chars().enumerate() {
            if at > 0 && (plain.len() - at) % 3 == 0 {
                digits.push(',');
            }
            digits.push(digit);
        }
        Value::Number { digits, is_one: number == 1 }
    }
}

/// Returns a word of the tables, such as `cleared`.
pub fn word(word: &str) -> Value {
    Value::Word(printable(word).into())
}

/// Returns text from outside in quotes, with its control characters spelled out.
pub fn quoted(text: impl fmt::Debug) -> Value {
    format!("{text:?}").fill()
}

/// Returns text from outside that may have several lines.
pub fn escaped_lines(text: impl Display) -> Value {
    Value::Given(printable_lines(&text.to_string()))
}

/// Returns messages with commas between them.
pub fn list(texts: impl IntoIterator<Item = Text>) -> Value {
    Value::List(texts.into_iter().collect())
}

/// Returns messages, each on its own line.
pub fn lines(texts: impl IntoIterator<Item = Text>) -> Value {
    Value::Lines(texts.into_iter().collect())
}

/// Indents all messages but the first, to align them below the text of a hint.
pub fn indented(texts: impl IntoIterator<Item = Text>) -> impl Iterator<Item = Text> {
    let all = texts.into_iter().enumerate();
    all.map(|(at, text)| if at == 0 { text } else { text!("       {}", text) })
}

/// Returns messages, each on its own line below the preceding text.
pub fn items<'a>(texts: impl IntoIterator<Item = &'a Text>) -> Value {
    Value::Items(texts.into_iter().cloned().collect())
}

fill_by_display! { chrono::NaiveDate, std::net::SocketAddr }
