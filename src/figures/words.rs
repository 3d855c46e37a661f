//! Names, amounts and shares in both languages.

use chrono::Datelike;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::{
    model::{
        codes::{Month, Province},
        dates::parse_day,
        money::{FenSum, yuan, yuan_grouped},
    },
    reserve::notices::NoticeKind,
};

/// A text in Chinese and in English.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Bilingual {
    /// The Chinese text.
    pub zh: String,
    /// The English text.
    pub en: String,
}

impl Bilingual {
    /// Makes a text in both languages.
    pub fn of(zh: impl Into<String>, en: impl Into<String>) -> Bilingual {
        Bilingual { zh: zh.into(), en: en.into() }
    }

    /// Makes a text that is the same in both languages.
    pub fn same(text: impl Into<String>) -> Bilingual {
        let text = text.into();
        Bilingual { zh: text.clone(), en: text }
    }

    /// Fills in a value in both languages.
    pub(super) fn filled(&self, name: &str, value: &Bilingual) -> Bilingual {
        let hole = format!("{{{name}}}");
        Bilingual { zh: self.zh.replace(&hole, &value.zh), en: self.en.replace(&hole, &value.en) }
    }
}

/// Words that values are made of.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SentenceWords {
    /// A change upwards, with {percent}.
    pub(super) more: Bilingual,
    /// A change downwards, with {percent}.
    pub(super) less: Bilingual,
    /// A change of less than 0.01 per cent.
    pub(super) same: Bilingual,
    /// A province with its share: {name}, {share}.
    pub(super) share: Bilingual,
    /// A province with an amount: {name}, {amount}.
    pub(super) amount: Bilingual,
    /// What stands between the provinces of a list.
    pub(super) comma: Bilingual,
}

/// Returns the name of a province.
pub fn province_named(province: Province) -> Bilingual {
    Bilingual::of(province.name(), province.english_name())
}

/// Returns the name of a kind of notice.
pub fn kind_named(kind: NoticeKind) -> Bilingual {
    match kind {
        NoticeKind::Clearing => Bilingual::of("清算", "clearing"),
        NoticeKind::Return => Bilingual::of("返还", "return"),
        NoticeKind::Initial => Bilingual::of("初始额度", "initial quota"),
        NoticeKind::Yearly => Bilingual::of("年度调整", "yearly quota"),
        NoticeKind::Emergency => Bilingual::of("紧急调增", "emergency increase"),
    }
}

/// Returns the name of a month.
pub fn month_named(month: Month) -> Bilingual {
    const NAMES: [&str; 12] = [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ];
    let (year, of_year) = (month.year(), month.of_year());
    let english = format!("{} {year}", NAMES[usize::from(of_year) - 1]);
    Bilingual::of(format!("{year} 年 {of_year} 月"), english)
}

/// Returns a day `YYYY-MM-DD` as texts have it.
pub(super) fn day_named(day: &str) -> Bilingual {
    let chinese =
        parse_day(day).map(|day| format!("{} 年 {} 月 {} 日", day.year(), day.month(), day.day()));
    Bilingual::of(chinese.unwrap_or_else(|| day.to_owned()), day)
}

/// Returns an amount in a unit that leaves few digits, rounded half up to two decimals.
pub fn short_money(amount: FenSum) -> Bilingual {
    let magnitude = amount.fen().unsigned_abs();
    let sign = if amount.is_negative() { "-" } else { "" };
    let zh = match magnitude {
        0..1_000_000 => format!("{} 元", yuan_grouped(amount)),
        1_000_000..10_000_000_000 => format!("{} 万元", in_units_of(amount, 10_000)),
        _ => format!("{} 亿元", in_units_of(amount, 100_000_000)),
    };
    let en = match magnitude {
        0..100_000_000 => yuan_grouped(amount),
        100_000_000..100_000_000_000 => format!("{} million", in_units_of(amount, 1_000_000)),
        _ => format!("{} billion", in_units_of(amount, 1_000_000_000)),
    };
    let en = format!("{sign}¥{}", en.trim_start_matches('-'));
    Bilingual::of(zh.replace(' ', "\u{a0}"), en.replace(' ', "\u{a0}"))
}

/// Returns an amount in units of this many yuan.
fn in_units_of(amount: FenSum, yuan: i128) -> String {
    let fen = amount.fen();
    let hundredths = (fen.abs() + yuan / 2) / yuan;
    yuan_grouped(FenSum::new(hundredths * fen.signum()))
}

/// Returns a quotient with two decimals, cut off; none unless `whole` is positive.
pub fn cut_off(part: i128, whole: i128) -> Option<String> {
    (whole > 0).then(|| yuan(FenSum::new(part.saturating_mul(100) / whole)))
}

/// Returns a share as a percentage with two decimals, cut off; `–` if `whole` is 0.
pub fn percent_shown(part: i128, whole: i128) -> String {
    match cut_off(part.saturating_mul(100), whole) {
        Some(text) => format!("{text}\u{a0}%"),
        None => "–".to_owned(),
    }
}

/// Returns a whole number with separated thousands.
pub fn count_shown(number: i128) -> String {
    let text = yuan_grouped(FenSum::new(number.saturating_mul(100)));
    text.strip_suffix(".00").unwrap_or(&text).to_owned()
}
