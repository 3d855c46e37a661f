//! The first steps with every value: blanks, width, words that mean nothing, translations of the map.

use std::{borrow::Cow, collections::BTreeMap};

use super::change::{Change, ValueChanges};
use crate::{convert::table::CellForm, model::fields::without_blanks};

/// The clock of times that name no zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Clock {
    /// China's: UTC+8.
    Local,
    /// UTC.
    Utc,
}

/// The day 0 of the serial numbers of a spreadsheet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SerialDays {
    /// Days from 1900, with a 29 February 1900.
    From1900,
    /// Days from 1904.
    From1904,
}

/// How the values of a field are read, as the map says.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct ValueRule {
    /// Words that stand for no value.
    pub(crate) empty: Vec<String>,
    /// Values of the delivery by those of the export.
    pub(crate) values: BTreeMap<String, String>,
    /// The number of digits of a code whose leading zeros were lost.
    pub(crate) digits: Option<usize>,
    /// Whether amounts are in fen; none when the map does not say it.
    pub(crate) in_fen: Option<bool>,
    /// Whether floating point numbers are taken for the fen that they stand for.
    pub(crate) from_float: bool,
    /// The pattern of days and times, where it is not one of the usual.
    pub(crate) format: Option<String>,
    /// From when days are counted, where days and times are serial numbers.
    pub(crate) serial: Option<SerialDays>,
    /// The clock of times, where the map says it.
    pub(crate) clock: Option<Clock>,
}

impl ValueRule {
    /// Whether a text is a word that stands for no value. Most texts begin otherwise than any of them.
    pub(crate) fn is_empty_word(&self, text: &str) -> bool {
        let first = text.as_bytes().first();
        self.empty.iter().any(|word| word.as_bytes().first() == first && word == text)
    }
}

/// A value without blanks around it and without differences of width.
#[derive(Debug)]
pub(crate) struct Raw<'a> {
    pub(crate) text: Cow<'a, str>,
    pub(crate) form: CellForm,
}

impl<'a> Raw<'a> {
    /// Prepares a cell; none when it is empty. `changes` gets what was changed.
    pub(crate) fn of(
        text: &'a str,
        form: CellForm,
        rule: &'a ValueRule,
        changes: &mut ValueChanges,
    ) -> Option<Raw<'a>> {
        if text.is_empty() && form != CellForm::Error && rule.values.is_empty() {
            return None;
        }
        let bare = without_marks(text);
        changes.add_if(bare.len() < text.len() && !bare.is_empty(), Change::Blanks);
        let mut form = form;
        let mut text = Cow::Borrowed(bare);
        if form == CellForm::Text {
            if let Some(inner) = bare.strip_prefix("=\"").and_then(|rest| rest.strip_suffix('"')) {
                changes.add(Change::Formula);
                text = Cow::Borrowed(without_marks(inner));
            } else if let Some(rest) = bare.strip_prefix('\'') {
                changes.add(Change::Apostrophe);
                text = Cow::Borrowed(without_marks(rest));
            }
            if let Cow::Owned(narrow) = half_width(&text) {
                changes.add(Change::FullWidth);
                text = Cow::Owned(without_marks(&narrow).to_owned());
            }
        }
        // The map names values as people see them in the export, so both writings are looked for.
        if !text.is_empty() && (rule.is_empty_word(&text) || rule.is_empty_word(bare)) {
            changes.add(Change::Empty);
            return None;
        }
        if !rule.values.is_empty()
            && let Some(value) = rule.values.get(bare).or_else(|| rule.values.get(&*text))
        {
            changes.add_if(*value != *text, Change::Mapped);
            (text, form) = (Cow::Borrowed(value.as_str()), CellForm::Text);
        }
        (!text.is_empty() || form == CellForm::Error).then_some(Raw { text, form })
    }
}

/// Returns a text without blanks and byte order marks around it.
fn without_marks(text: &str) -> &str {
    let bytes = text.as_bytes();
    let is_plain = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_graphic);
    if is_plain(bytes.first()) && is_plain(bytes.last()) {
        return text;
    }
    let is_mark = |letter| matches!(letter, '\u{feff}' | '\u{200b}'..='\u{200f}' | '\u{2060}');
    let mut bare = text;
    loop {
        let next = without_blanks(bare).trim_matches(is_mark);
        if next.len() == bare.len() {
            return bare;
        }
        bare = next;
    }
}

/// Returns a text with full-width letters, digits and signs as their ASCII ones.
fn half_width(text: &str) -> Cow<'_, str> {
    let narrow = |letter: char| match letter {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(letter) - 0xfee0).unwrap_or(letter),
        '\u{3000}' => ' ',
        '\u{2212}' => '-',
        other => other,
    };
    if text.is_ascii() || text.chars().all(|letter| narrow(letter) == letter) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.chars().map(narrow).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str, rule: &ValueRule) -> (Option<String>, Vec<Change>) {
        let mut changes = ValueChanges::default();
        let raw = Raw::of(text, CellForm::Text, rule, &mut changes);
        (raw.map(|raw| raw.text.into_owned()), changes.iter().collect())
    }

    #[test]
    fn blanks_width_and_apostrophes_are_counted() {
        let rule = ValueRule::default();
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(read("a1", &rule), (some("a1"), vec![]));
        assert_eq!(read("\u{feff} a 1\t\u{3000}", &rule), (some("a 1"), vec![Change::Blanks]));
        assert_eq!(read("３４０１", &rule), (some("3401"), vec![Change::FullWidth]));
        assert_eq!(read("'0031", &rule), (some("0031"), vec![Change::Apostrophe]));
        assert_eq!(read("上海", &rule), (some("上海"), vec![]));
        assert_eq!(read("=\"0031\"", &rule), (some("0031"), vec![Change::Formula]));
        for empty in ["", " ", "\u{3000}", "'", "\u{feff}", "=\"\""] {
            assert_eq!(read(empty, &rule).0, None, "{empty:?}");
        }
    }

    #[test]
    fn the_map_may_name_the_value_of_an_empty_cell() {
        let values = BTreeMap::from([(String::new(), "0".to_owned())]);
        let rule = ValueRule { values, ..ValueRule::default() };
        assert_eq!(read("", &rule), (Some("0".to_owned()), vec![Change::Mapped]));
        assert_eq!(read(" ", &rule), (Some("0".to_owned()), vec![Change::Mapped]));
        assert_eq!(read("5", &rule), (Some("5".to_owned()), vec![]));
        let mut changes = ValueChanges::default();
        assert!(Raw::of("", CellForm::Error, &ValueRule::default(), &mut changes).is_some());
    }

    #[test]
    fn words_of_the_map_are_taken_as_they_stand_or_in_half_width() {
        let rule = ValueRule {
            empty: vec!["NULL".to_owned(), "—".to_owned()],
            values: BTreeMap::from([("职工".to_owned(), "310".to_owned())]),
            ..ValueRule::default()
        };
        for text in ["NULL", "ＮＵＬＬ", " — "] {
            let (value, changes) = read(text, &rule);
            assert_eq!((value, changes.last()), (None, Some(&Change::Empty)), "{text}");
        }
        assert_eq!(read("职工", &rule), (Some("310".to_owned()), vec![Change::Mapped]));
        assert_eq!(read("null", &rule).0, Some("null".to_owned()));
    }
}
