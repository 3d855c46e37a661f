//! What the page says in both of its languages, and money and shares as people read them.

use std::fmt;

use askama::{
    Result,
    filters::{Html, HtmlSafe, escape},
};
use serde::Serialize;

use crate::model::{
    codes::{Month, Pair, Province},
    control::Class,
    money::{FenSum, yuan, yuan_grouped},
};

/// A text in Chinese and in English; as HTML it is both, and the page shows one.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub(super) struct Words {
    pub(super) zh: String,
    pub(super) en: String,
}

/// A text in Chinese and in English.
pub(super) fn words(zh: impl Into<String>, en: impl Into<String>) -> Words {
    Words { zh: zh.into(), en: en.into() }
}

/// A text that is the same in both languages.
pub(super) fn same(text: impl Into<String>) -> Words {
    let text = text.into();
    Words { zh: text.clone(), en: text }
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

/// Its own display escapes.
impl HtmlSafe for Words {}

/// Money for people, in fen: displayed as yuan to the fen.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Money(pub(super) FenSum);

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&yuan_grouped(self.0))
    }
}

impl Money {
    /// In a unit that leaves few digits, rounded half up to two decimals of it.
    pub(super) fn short(self) -> Words {
        let magnitude = self.0.unsigned_abs();
        let sign = if self.0 < 0 { "-" } else { "" };
        let zh = match magnitude {
            0..1_000_000 => format!("{} 元", yuan_grouped(self.0)),
            1_000_000..10_000_000_000 => format!("{} 万元", self.in_units_of(10_000)),
            _ => format!("{} 亿元", self.in_units_of(100_000_000)),
        };
        let en = match magnitude {
            0..100_000_000 => yuan_grouped(self.0),
            100_000_000..100_000_000_000 => format!("{} million", self.in_units_of(1_000_000)),
            _ => format!("{} billion", self.in_units_of(1_000_000_000)),
        };
        let en = format!("{sign}¥{}", en.trim_start_matches('-'));
        words(zh.replace(' ', "\u{a0}"), en.replace(' ', "\u{a0}"))
    }

    /// How many such units, each so many yuan.
    fn in_units_of(self, yuan: FenSum) -> String {
        let hundredths = (self.0.abs() + yuan / 2) / yuan;
        yuan_grouped(hundredths * self.0.signum())
    }

    /// In 万元 (ten thousand yuan) with two decimals, for narrow tables.
    pub(super) fn ten_thousands(self) -> String {
        self.in_units_of(10_000)
    }
}

/// A share as a percentage with two decimals, cut off like the report of a run; `–` of nothing.
pub(super) fn percent(part: FenSum, whole: FenSum) -> String {
    match hundredths(part.saturating_mul(100), whole) {
        Some(text) => format!("{text}\u{a0}%"),
        None => "–".to_owned(),
    }
}

/// A quotient with two decimals, cut off; none of nothing.
pub(super) fn hundredths(part: FenSum, whole: FenSum) -> Option<String> {
    (whole > 0).then(|| yuan(part.saturating_mul(100) / whole))
}

/// A whole number with its thousands separated.
pub(super) fn count(number: FenSum) -> String {
    let text = yuan_grouped(number.saturating_mul(100));
    text.strip_suffix(".00").unwrap_or(&text).to_owned()
}

/// The name of a province.
pub(super) fn province(province: Province) -> Words {
    words(province.name(), province.english_name())
}

/// Who pays whom.
pub(super) fn pair(pair: Pair) -> Words {
    let Pair { insured, treating } = pair;
    let names = format!("{} → {}", insured.name(), treating.name());
    words(names, format!("{} → {}", insured.english_name(), treating.english_name()))
}

/// A month.
pub(super) fn month(month: Month) -> Words {
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
    words(format!("{year} 年 {of_year} 月"), format!("{} {year}", NAMES[usize::from(of_year) - 1]))
}

/// A break class.
pub(super) fn class(class: Class) -> Words {
    let en = match class {
        Class::AlreadyCleared => "Already cleared",
        Class::Duplicate => "Duplicate",
        Class::Conflict => "Conflict",
        Class::LateRefused => "Late, refused",
        Class::Expired => "Expired",
        Class::Voided => "Voided",
        Class::MissingInsured => "Missing at insured side",
        Class::MissingTreating => "Missing at treating side",
        Class::FieldMismatch => "Identity differs",
        Class::AmountMismatch => "Amount differs",
        Class::ReversalUnpaired => "Reversal without original",
        Class::ReversalMismatch => "Reversal unlike original",
        Class::AlreadyReversed => "Already reversed",
    };
    words(class.chinese(), en)
}

/// A bucket of the control table.
pub(super) fn bucket(name: &str) -> Words {
    match (Class::from_name(name), name) {
        (Some(of), _) => class(of),
        (None, "delivered") => words("本期送达", "Delivered"),
        (None, "opened") => words("期初挂账", "Opened"),
        (None, "rejected") => words("校验退回", "Rejected"),
        (None, "superseded") => words("被新记录替代", "Superseded"),
        (None, "cleared") => words("已清算", "Cleared"),
        (None, other) => same(other),
    }
}

/// A compared field: its name in Chinese and English, beside the national one.
pub(super) fn field(name: &str) -> Words {
    let (zh, en) = match name {
        "psn_no" => ("人员编号", "person"),
        "insuplc_admdvs" => ("参保地区划", "insured division"),
        "mdtrtarea_admvs" => ("就医地区划", "treating division"),
        "fixmedins_code" => ("医药机构编号", "institution"),
        "insutype" => ("险种类型", "kind of insurance"),
        "med_type" => ("医疗类别", "kind of care"),
        "dise_codg" => ("病种编号", "disease code"),
        "init_setl_id" => ("原结算", "original settlement"),
        "cost_month" => ("费用月", "cost month"),
        "medfee_sumamt" => ("医疗费总额", "total cost"),
        "fund_pay_sumamt" => ("基金支付总额", "all funds"),
        "hifp_pay" => ("统筹基金支出", "pooled fund"),
        "cvlserv_pay" => ("公务员医疗补助", "civil servants"),
        "hifes_pay" => ("企业补充医疗保险", "enterprise supplement"),
        "hifmi_pay" => ("居民大病保险", "residents' serious illness"),
        "hifob_pay" => ("职工大额医疗费用补助", "employees' large amount"),
        "hifdm_pay" => ("伤残人员医疗保障", "disabled soldiers"),
        "maf_pay" => ("医疗救助", "medical assistance"),
        "oth_pay" => ("其他支出", "other funds"),
        "acct_pay" => ("个人账户支出", "personal account"),
        "psn_cash_pay" => ("现金支付", "cash"),
        "hosp_part_amt" => ("医院负担", "borne by the hospital"),
        _ => return same(name),
    };
    words(format!("{zh}（{name}）"), format!("{en} ({name})"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_is_short_and_right() {
        let short = |fen| {
            let Words { zh, en } = Money(fen).short();
            [zh, en].map(|text| text.replace('\u{a0}', " "))
        };
        assert_eq!(short(999_999), ["9,999.99 元", "¥9,999.99"]);
        assert_eq!(short(1_000_000), ["1.00 万元", "¥10,000.00"]);
        assert_eq!(short(-123_456_789), ["-123.46 万元", "-¥1.23 million"]);
        assert_eq!(short(123_450_000_000), ["12.35 亿元", "¥1.23 billion"]);
        assert_eq!(percent(19, 34), "55.88\u{a0}%");
        assert_eq!(percent(1, 0), "–");
        assert_eq!(count(1_234_500), "1,234,500");
        assert_eq!(count(0), "0");
        assert_eq!(count(100), "100");
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
