//! Texts of a page in both languages, and money in words.

use std::fmt;

use askama::{
    Result,
    filters::{Html, HtmlSafe, escape},
};
use serde::Serialize;

use crate::{
    figures::{self, Bilingual},
    model::{
        codes::{Month, Pair, Province},
        money::{FenSum, yuan_grouped},
    },
};

/// A text in Chinese and in English. The HTML has both, and the page shows one.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Words {
    /// The Chinese text.
    pub zh: String,
    /// The English text.
    pub en: String,
}

/// Makes a text in Chinese and in English.
pub fn words(zh: impl Into<String>, en: impl Into<String>) -> Words {
    Words { zh: zh.into(), en: en.into() }
}

/// Makes a text that is the same in both languages.
pub fn same(text: impl Into<String>) -> Words {
    let text = text.into();
    Words { zh: text.clone(), en: text }
}

impl From<Bilingual> for Words {
    fn from(Bilingual { zh, en }: Bilingual) -> Words {
        Words { zh, en }
    }
}

impl fmt::Display for Words {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let escaped = |text| -> Result<_, fmt::Error> {
            escape(text, Html).map_err(|_: std::convert::Infallible| fmt::Error)
        };
        if self.zh == self.en {
            return write!(f, "{}", escaped(&self.zh)?);
        }
        let (zh, en) = (escaped(&self.zh)?, escaped(&self.en)?);
        write!(f, "<span lang=\"zh-CN\">{zh}</span><span lang=\"en\">{en}</span>")
    }
}

/// Safe, since its display escapes both texts.
impl HtmlSafe for Words {}

/// Money for people, in fen: displayed as yuan to the fen.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Money(pub FenSum);

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&yuan_grouped(self.0))
    }
}

impl Money {
    /// Returns the amount in a unit that leaves few digits, rounded half up to two decimals.
    pub fn short(self) -> Words {
        figures::short_money(self.0).into()
    }

    /// Returns the amount in units of this many yuan.
    fn in_units_of(self, yuan: i128) -> String {
        let fen = self.0.fen();
        let hundredths = (fen.abs() + yuan / 2) / yuan;
        yuan_grouped(FenSum::new(hundredths * fen.signum()))
    }

    /// Returns the amount in 万元 (ten thousand yuan) with two decimals, for narrow tables.
    pub fn ten_thousands(self) -> String {
        self.in_units_of(10_000)
    }
}

/// Returns the name of a province.
pub fn province(province: Province) -> Words {
    words(province.name(), province.english_name())
}

/// Returns the names of payer and payee.
pub fn pair(pair: Pair) -> Words {
    let Pair { insured, treating } = pair;
    let names = format!("{} → {}", insured.name(), treating.name());
    words(names, format!("{} → {}", insured.english_name(), treating.english_name()))
}

/// Returns the name of a month.
pub fn month(month: Month) -> Words {
    figures::month_named(month).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_is_short_and_right() {
        let short = |fen| {
            let Words { zh, en } = Money(FenSum::new(fen)).short();
            [zh, en].map(|text| text.replace('\u{a0}', " "))
        };
        assert_eq!(short(999_999), ["9,999.99 元", "¥9,999.99"]);
        assert_eq!(short(1_000_000), ["1.00 万元", "¥10,000.00"]);
        assert_eq!(short(-123_456_789), ["-123.46 万元", "-¥1.23 million"]);
        assert_eq!(short(123_450_000_000), ["12.35 亿元", "¥1.23 billion"]);
    }

    #[test]
    fn both_languages_are_escaped() {
        let shown = words("<甲>", "a&b").to_string();
        assert_eq!(
            shown,
            "<span lang=\"zh-CN\">&#60;甲&#62;</span><span lang=\"en\">a&#38;b</span>"
        );
        assert_eq!(same("34").to_string(), "34");
    }
}
