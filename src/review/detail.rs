//! The details of leads in words, for people. The tables have them as `name=value;…`.

use std::borrow::Cow;

use super::{explain::words::class_in_chinese, rule::ReviewRule};
use crate::{
    model::codes::Province,
    spelling::short,
    text::{Text, Value, printable},
};

/// A text in Chinese and in English.
pub type BothWords = [String; 2];

/// The names of details in Chinese. English readers see the names of the tables.
const NAMES: [(&str, &str); 43] = [
    ("days", "天数"),
    ("gap", "间隔天数"),
    ("quarter", "季度"),
    ("stays", "住院次数"),
    ("short", "当日出院"),
    ("stay_institution", "住院机构"),
    ("minutes", "相隔分钟"),
    ("provinces", "省份"),
    ("count", "笔数"),
    ("pharmacies", "药店数"),
    ("persons", "人数"),
    ("mean", "均值"),
    ("total", "合计"),
    ("median", "中位数"),
    ("mad", "绝对中位差"),
    ("peers", "同级机构"),
    ("below", "临界以下"),
    ("above", "临界以上"),
    ("reversals", "退费笔数"),
    ("settlements", "结算笔数"),
    ("disease", "病种"),
    ("media", "凭证类型"),
    ("purchases", "购药笔数"),
    ("alone", "全个人账户"),
    ("deductions", "扣款"),
    ("gross", "应付总额"),
    ("nation_deductions", "全国扣款"),
    ("nation_gross", "全国应付总额"),
    ("made", "备案时间"),
    ("filed_to", "备案地"),
    ("places", "居住地"),
    ("lo", "统筹支付下限"),
    ("hi", "统筹支付上限"),
    ("class", "备案类别"),
    ("fits", "相符类别"),
    ("paid", "统筹支付合计"),
    ("standard", "起付标准"),
    ("nearest", "最接近的规定起付线"),
    ("scope", "范围内费用"),
    ("deductible", "起付线"),
    ("cap", "年度限额"),
    ("year", "待遇年度"),
    ("diseases", "病种数"),
];

/// The most letters of a value that are shown.
const LONGEST: usize = 120;

/// Returns the name of a detail.
fn name_of(rule: ReviewRule, name: &str) -> BothWords {
    let chinese = match (rule, name) {
        // Days in common of two stays are counted by nights.
        (ReviewRule::Beh01, "days") => return ["共同夜数".into(), "nights in common".into()],
        // Here it is the deductible, and in BEN-04 what the fund paid.
        (ReviewRule::Ben02, "paid") => "实际起付线",
        _ => NAMES.iter().find(|(known, _)| *known == name).map_or(name, |(_, chinese)| chinese),
    };
    [chinese, name].map(printable)
}

/// Returns a value: codes stand beside what they mean.
fn value_of(name: &str, value: &str) -> BothWords {
    let same = || [value.to_owned(), value.to_owned()];
    let each = |of: fn(&str) -> BothWords| {
        let words: Vec<BothWords> = value.split(',').map(of).collect();
        let joined = |at: usize, comma: &str| {
            let words: Vec<&str> = words.iter().map(|words| words[at].as_str()).collect();
            words.join(comma)
        };
        [joined(0, "、"), joined(1, ", ")]
    };
    let words = match name {
        "class" | "fits" => [class_in_chinese(value).unwrap_or(value).to_owned(), value.to_owned()],
        "provinces" | "places" | "filed_to" => each(place_of),
        "media" => each(medium_of),
        "quarter" => match value.split_once('Q') {
            Some((year, quarter)) => [format!("{year} 年第 {quarter} 季度"), value.to_owned()],
            None => same(),
        },
        _ => same(),
    };
    words.map(|words| printable(&short(&words, LONGEST)))
}

/// Returns a place with its province.
fn place_of(place: &str) -> BothWords {
    let code = place.get(..2).unwrap_or_default();
    match Province::from_text(code) {
        Some(province) if place == code => {
            [format!("{code} {}", province.name()), format!("{code} {}", province.english_name())]
        }
        Some(province) => [
            format!("{place}（{}）", province.name()),
            format!("{place} ({})", province.english_name()),
        ],
        None => [place, place].map(str::to_owned),
    }
}

/// Returns the kind of a credential.
fn medium_of(medium: &str) -> BothWords {
    let [chinese, english] = match medium {
        "01" => ["电子凭证", "e-credential"],
        "02" => ["身份证", "ID card"],
        "03" => ["社保卡", "social-security card"],
        _ => return [medium, medium].map(str::to_owned),
    };
    [format!("{medium} {chinese}"), format!("{medium} {english}")]
}

/// Returns names and values of the details of a lead. What is null or empty is left out.
pub fn pairs(rule: ReviewRule, detail: &str) -> impl Iterator<Item = [BothWords; 2]> {
    let pairs = detail.split(';').filter_map(|pair| pair.split_once('='));
    pairs
        .filter(|(_, value)| !value.is_empty())
        .map(move |(name, value)| [name_of(rule, name), value_of(name, value)])
}

/// Returns a value of the details as the tables have it.
pub fn value<'a>(detail: &'a str, name: &str) -> Option<&'a str> {
    let mut pairs = detail.split(';').filter_map(|pair| pair.split_once('='));
    pairs.find(|(known, _)| *known == name).map(|(_, value)| value)
}

/// Returns the details of a lead in a line.
pub fn line(rule: ReviewRule, detail: &str) -> BothWords {
    let (mut chinese, mut english) = (Vec::new(), Vec::new());
    for [name, value] in pairs(rule, detail) {
        chinese.push(format!("{} {}", name[0], value[0]));
        english.push(format!("{} {}", name[1], value[1]));
    }
    [chinese.join("；"), english.join("; ")]
}

/// Returns the details of a lead in a line, in the language of the reader.
pub fn text(rule: ReviewRule, detail: &str) -> Text {
    let [chinese, english] = line(rule, detail).map(Cow::Owned);
    Text::alone(Value::Name { english, chinese })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_known_values_are_words_and_unknown_ones_stay() {
        let both = |rule, detail: &str| line(rule, detail).join(" | ");
        assert_eq!(
            both(ReviewRule::Ben01, "lo=500.00;hi=600.00;class=unknown"),
            "统筹支付下限 500.00；统筹支付上限 600.00；备案类别 不明 | lo 500.00; hi 600.00; class unknown"
        );
        assert_eq!(
            both(ReviewRule::Ben03, "class=none;fits=long_term"),
            "备案类别 未备案；相符类别 异地长期居住 | class none; fits long_term"
        );
        assert_eq!(
            both(ReviewRule::Beh06, "minutes=60;provinces=11,44"),
            "相隔分钟 60；省份 11 北京、44 广东 | minutes 60; provinces 11 Beijing, 44 Guangdong"
        );
        assert_eq!(
            both(ReviewRule::Fil04, "places=31,4301"),
            "居住地 31 上海、4301（湖南） | places 31 Shanghai, 4301 (Hunan)"
        );
        assert_eq!(
            both(ReviewRule::Beh18, "persons=2;media=01,9"),
            "人数 2；凭证类型 01 电子凭证、9 | persons 2; media 01 e-credential, 9"
        );
        assert_eq!(
            both(ReviewRule::Beh03, "quarter=2025Q4"),
            "季度 2025 年第 4 季度 | quarter 2025Q4"
        );
        assert_eq!(both(ReviewRule::Beh11, "new=a\u{1b}"), both(ReviewRule::Beh11, "new=a\u{1b}"));
        assert!(!both(ReviewRule::Beh11, "new=a\u{1b}").contains('\u{1b}'));
        assert_eq!(both(ReviewRule::Fil01, ""), " | ");
    }

    #[test]
    fn one_name_may_mean_two_things() {
        assert_eq!(line(ReviewRule::Beh01, "days=2")[0], "共同夜数 2");
        assert_eq!(line(ReviewRule::Beh11, "persons=3;days=2")[0], "人数 3；天数 2");
        assert_eq!(
            line(ReviewRule::Ben02, "paid=1.00;standard=;nearest=2.00")[0],
            "实际起付线 1.00；最接近的规定起付线 2.00"
        );
        assert_eq!(line(ReviewRule::Ben04, "paid=1.00")[0], "统筹支付合计 1.00");
        assert_eq!(value("lo=1.00;hi=2.00", "hi"), Some("2.00"));
        assert_eq!(value("lo=1.00", "hi"), None);
    }
}
