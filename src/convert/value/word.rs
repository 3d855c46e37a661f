//! Values of small files: provinces, months, yes and no, decisions, and texts for people.

use super::{
    change::{Change, ValueChanges},
    plain::{Raw, ValueRule},
    time,
    unread::{Read, UnreadValue},
};
use crate::{
    convert::table::CellForm,
    diag::Code,
    model::{
        codes::{Month, Province, Side},
        verdict::Verdict,
    },
    spelling::bare,
};

const NO_PROVINCE: UnreadValue =
    UnreadValue::new(Code::K11, text!("no code and no name of a province"));
const NO_FLAG: UnreadValue = UnreadValue::new(Code::K11, text!("neither yes nor no"));
const NO_DECISION: UnreadValue = UnreadValue::new(Code::K11, text!("no decision"));
const NO_MONTH: UnreadValue = UnreadValue::new(Code::K07, text!("no month"));
const FORMULA: UnreadValue = UnreadValue::new(Code::K11, text!("a formula without a value"));

/// Reads a province: its code, a division code of the whole province, or its name.
pub(crate) fn province(
    text: &str,
    form: CellForm,
    rule: &ValueRule,
    changes: &mut ValueChanges,
) -> Read<Province> {
    let Some(raw) = Raw::of(text, form, rule, changes) else { return Ok(None) };
    let text = bare(&raw.text);
    if let Some(province) = Province::from_text(&text) {
        return Ok(Some(province));
    }
    changes.add(Change::Named);
    let named = |text: &str| Province::all().find(|province| is_name_of(*province, text));
    // 34安徽省, 34-安徽: the code and the name of one province.
    let code = text.get(..2).and_then(Province::from_text);
    let rest = text.get(2..).unwrap_or_default().trim_start_matches(['-', '_', '.', '、']);
    let found = match code {
        Some(code) if is_name_of(code, rest) || matches!(rest, "0000" | "00") => Some(code),
        Some(_) if text == "659000" => Province::from_code(66),
        Some(_) => None,
        None => named(&text),
    };
    found.map(Some).ok_or(NO_PROVINCE)
}

/// Whether a text is a name of a province.
fn is_name_of(province: Province, text: &str) -> bool {
    let kinds = ["", "省", "市", "自治区"];
    text == bare(&province.full_name())
        || text == bare(province.english_name())
        || kinds.iter().any(|kind| text.strip_prefix(province.name()) == Some(kind))
        || (province.code() == 66 && text == "新疆兵团")
}

/// Reads a month: 2025-10, 202510, 2025年10月, or any day of it.
pub(crate) fn month(
    text: &str,
    form: CellForm,
    rule: &ValueRule,
    changes: &mut ValueChanges,
) -> Read<Month> {
    let Some(raw) = Raw::of(text, form, rule, changes) else { return Ok(None) };
    if let Some(month) = Month::from_text(&raw.text) {
        return Ok(Some(month));
    }
    changes.add(Change::Spelling);
    let parts = match raw.form {
        CellForm::Text => year_and_month(&raw.text),
        CellForm::Number | CellForm::Whole if !raw.text.contains('.') => year_and_month(&raw.text),
        _ => None,
    };
    let found = match parts {
        Some((year, month)) => Month::from_text(&format!("{year}-{month:0>2}")),
        None => time::day(text, form, rule, &mut ValueChanges::default())
            .ok()
            .flatten()
            .and_then(|day| Month::from_text(day.to_string().get(..7)?)),
    };
    found.map(Some).ok_or(NO_MONTH)
}

/// Splits a month without its day into year and month.
fn year_and_month(text: &str) -> Option<(&str, &str)> {
    let is_digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    if text.len() == 6 && is_digits(text) {
        return Some(text.split_at(4));
    }
    let text = text.strip_suffix('月').or_else(|| text.strip_suffix("月份")).unwrap_or(text);
    let (year, month) = text.split_once(['年', '/', '.', '-'])?;
    let month = month.trim();
    (year.len() == 4 && is_digits(year) && is_digits(month) && month.len() <= 2)
        .then_some((year, month))
}

/// Reads yes or no, as 1 or 0.
pub(crate) fn flag(
    text: &str,
    form: CellForm,
    rule: &ValueRule,
    changes: &mut ValueChanges,
) -> Read<bool> {
    let Some(raw) = Raw::of(text, form, rule, changes) else { return Ok(None) };
    let text = bare(&raw.text);
    let flag = match &*text {
        "1" => return Ok(Some(true)),
        "0" => return Ok(Some(false)),
        "是" | "y" | "yes" | "true" => true,
        "否" | "n" | "no" | "false" => false,
        _ => return Err(NO_FLAG),
    };
    changes.add(Change::Named);
    Ok(Some(flag))
}

/// Reads a decision, as files or as forms name it.
pub(crate) fn decision(
    text: &str,
    form: CellForm,
    rule: &ValueRule,
    changes: &mut ValueChanges,
) -> Read<Verdict> {
    let Some(raw) = Raw::of(text, form, rule, changes) else { return Ok(None) };
    if let Some(verdict) = Verdict::from_name(&raw.text) {
        return Ok(Some(verdict));
    }
    changes.add(Change::Named);
    let verdict = match &*bare(&raw.text) {
        "采信就医地" | "以就医地为准" => Verdict::Accept(Side::Treating),
        "采信参保地" | "以参保地为准" => Verdict::Accept(Side::Insured),
        "作废" => Verdict::Void,
        _ => return Err(NO_DECISION),
    };
    Ok(Some(verdict))
}

/// Reads a text for people. Its width stays as it is; blanks around it are removed, and line breaks become blanks.
pub(crate) fn words(
    text: &str,
    form: CellForm,
    rule: &ValueRule,
    changes: &mut ValueChanges,
) -> Read<String> {
    if form == CellForm::Error {
        return Err(FORMULA);
    }
    let mut looked = ValueChanges::default();
    let Some(raw) = Raw::of(text, form, rule, &mut looked) else {
        changes.add_if(looked.iter().any(|change| change == Change::Empty), Change::Empty);
        return Ok(None);
    };
    if looked.iter().any(|change| change == Change::Mapped) {
        changes.add(Change::Mapped);
        return Ok(Some(raw.text.into_owned()));
    }
    let one = text.split(|letter: char| letter.is_whitespace() || letter.is_control());
    let one: Vec<&str> = one.filter(|part| !part.is_empty()).collect();
    let one = one.join(" ");
    changes.add_if(one != text, Change::Blanks);
    Ok(Some(one))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read<T>(
        of: fn(&str, CellForm, &ValueRule, &mut ValueChanges) -> Read<T>,
        text: &str,
        form: CellForm,
    ) -> Result<(Option<T>, Vec<Change>), UnreadValue> {
        let mut changes = ValueChanges::default();
        let value = of(text, form, &ValueRule::default(), &mut changes)?;
        Ok((value, changes.iter().collect()))
    }

    #[test]
    fn provinces_have_codes_and_names() {
        let code = |text| {
            let (found, changes) = read(province, text, CellForm::Text).ok()?;
            Some((found?.code(), changes.len()))
        };
        assert_eq!(code("34"), Some((34, 0)));
        for text in ["安徽", "安徽省", "340000", "34安徽", "34-安徽省", "Anhui", " 安徽 省"]
        {
            assert_eq!(code(text).map(|(code, _)| code), Some(34), "{text}");
        }
        assert_eq!(code("３４").map(|(code, _)| code), Some(34));
        for (text, is) in [
            ("上海市", 31),
            ("内蒙古自治区", 15),
            ("内蒙古", 15),
            ("广西壮族自治区", 45),
            ("广西自治区", 45),
            ("新疆维吾尔自治区", 65),
            ("新疆生产建设兵团", 66),
            ("新疆兵团", 66),
            ("兵团", 66),
            ("659000", 66),
        ] {
            assert_eq!(code(text), Some((is, 1)), "{text}");
        }
        for text in ["99", "台湾", "34上海", "340100", "安徽合肥", "3", "张安徽", "34-"]
        {
            assert_eq!(code(text), None, "{text}");
        }
        assert_eq!(
            read(province, "34", CellForm::Number).map(|(p, _)| p),
            Ok(Province::from_code(34))
        );
        assert_eq!(read(province, "", CellForm::Text), Ok((None, vec![])));
    }

    #[test]
    fn months_are_written_in_many_ways() {
        let shown = |text, form| {
            let read = read(month, text, form).ok()?;
            read.0.map(|month| month.to_string())
        };
        for text in [
            "2025-10",
            "202510",
            "2025年10月",
            "2025年10月份",
            "2025/10",
            "2025.10",
            "2025-10-01",
            "2025/10/31",
        ] {
            assert_eq!(shown(text, CellForm::Text).as_deref(), Some("2025-10"), "{text}");
        }
        assert_eq!(shown("2025年1月", CellForm::Text).as_deref(), Some("2025-01"));
        assert_eq!(shown("2025-10-01", CellForm::Day).as_deref(), Some("2025-10"));
        assert_eq!(shown("202510", CellForm::Number).as_deref(), Some("2025-10"));
        // 2025.1 as a number may be January or October.
        for (text, form) in [
            ("2025-13", CellForm::Text),
            ("10月", CellForm::Text),
            ("25-10", CellForm::Text),
            ("2025.1", CellForm::Number),
            ("1", CellForm::Truth),
        ] {
            assert_eq!(shown(text, form), None, "{text}");
        }
    }

    #[test]
    fn yes_no_and_decisions_have_words() {
        for (text, is) in
            [("1", true), ("是", true), ("Y", true), ("0", false), ("否", false), ("ＮＯ", false)]
        {
            assert_eq!(read(flag, text, CellForm::Text).expect("read").0, Some(is), "{text}");
        }
        assert_eq!(read(flag, "1", CellForm::Truth), Ok((Some(true), vec![])));
        for text in ["2", "有", "x"] {
            assert!(read(flag, text, CellForm::Text).is_err(), "{text}");
        }
        for (text, is) in [
            ("void", "void"),
            ("作废", "void"),
            ("采信就医地", "accept_treating"),
            ("采信 参保地", "accept_insured"),
        ] {
            assert_eq!(
                read(decision, text, CellForm::Text).expect("read").0.map(Verdict::name),
                Some(is)
            );
        }
        assert!(read(decision, "待定", CellForm::Text).is_err());
    }

    #[test]
    fn texts_for_people_keep_their_width() {
        let shown = |text| read(words, text, CellForm::Text).expect("read");
        assert_eq!(shown("（甲）１"), (Some("（甲）１".to_owned()), vec![]));
        assert_eq!(shown(" a\r\nb "), (Some("a b".to_owned()), vec![Change::Blanks]));
        assert_eq!(shown(" "), (None, vec![]));
        assert!(read(words, "", CellForm::Error).is_err());
    }
}
