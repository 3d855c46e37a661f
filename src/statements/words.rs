//! Words in forms.

use chrono::{Datelike, NaiveDate};

use crate::model::codes::{Month, Province};

/// Returns code and full name of a province.
pub(crate) fn province(province: Province) -> String {
    format!("{province} {}", province.full_name())
}

/// Returns a month as Chinese papers have it: 2025年11月.
pub(crate) fn month(month: Month) -> String {
    format!("{}年{}月", month.year(), month.of_year())
}

/// Returns a day as Chinese papers have it: 2025年11月30日.
pub(super) fn day(day: NaiveDate) -> String {
    format!("{}年{}月{}日", day.year(), day.month(), day.day())
}

/// What is filled in where a text of the template has `{name}`.
pub(super) type Filling = Vec<(&'static str, String)>;

/// Fills the places of a text of the template.
pub(super) fn filled(text: &str, filling: &Filling) -> String {
    let mut all = String::new();
    let mut rest = text;
    // One pass: what is filled in is not looked at again.
    while let Some(at) = rest.find('{') {
        let (before, from) = rest.split_at(at);
        all.push_str(before);
        let found = filling.iter().find_map(|(name, value)| {
            let end = from[1..].strip_prefix(name)?.strip_prefix('}')?;
            Some((value, end))
        });
        (all, rest) = match found {
            Some((value, end)) => (all + value, end),
            None => (all + "{", &from[1..]),
        };
    }
    all + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_filled_once() {
        let filling = vec![("a", "{b}".to_owned()), ("b", "2".to_owned())];
        assert_eq!(filled("{a} {b} {c} {", &filling), "{b} 2 {c} {");
        assert_eq!(month(Month::new(2025, 9)), "2025年9月");
    }
}
