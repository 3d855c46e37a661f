//! Texts of the page in both languages.

use crate::model::{
    control::Class,
    fields::{FIELDS, Field},
    words as vocabulary,
};
pub(super) use crate::{
    figures::{count_shown as count, cut_off as hundredths, percent_shown as percent},
    page::words::{Money, Words, month, pair, province, same, words},
};

/// Returns the name of a break class.
pub(super) fn class(class: Class) -> Words {
    bucket(class.name())
}

/// Returns the name of a bucket of the control table.
pub(super) fn bucket(name: &str) -> Words {
    vocabulary::of(name).map_or_else(|| same(name), |word| words(word.chinese, word.english))
}

/// Returns the name of a compared field, with its national name.
pub(super) fn field(name: &str) -> Words {
    let known = FIELDS.into_iter().find(|field| field.name() == name);
    let [zh, en] = match known.map(Field::meaning) {
        Some(meaning) => meaning.name,
        None if name == "cost_month" => ["费用月", "cost month"],
        None => return same(name),
    };
    words(format!("{zh}（{name}）"), format!("{en} ({name})"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_and_counts_are_worded() {
        assert_eq!(percent(19, 34), "55.88\u{a0}%");
        assert_eq!(percent(1, 0), "–");
        assert_eq!(count(1_234_500), "1,234,500");
        assert_eq!(count(0), "0");
        assert_eq!(count(100), "100");
    }
}
