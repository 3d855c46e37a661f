//! The sheets of system errors (coordination, part 3): rates per 10,000 attempts, answers, and texts without a code.

use std::collections::{BTreeMap, BTreeSet};

use super::draft::{Draft, DraftRow, Item};
use crate::{
    book::{ClosedPeriod, grid::GridRow},
    diag::Outcome,
    model::codes::Province,
    statements::{self, CellValue, Template},
};

/// Open errors without a code that are listed, at the most, and of how many a text is told.
const TEXTS: usize = 100;
const SAME_TEXT: u64 = 2;

/// By what errors are added up: the column, and its word.
const KINDS: [(&str, &str); 3] =
    [("treating_province", "就医省"), ("insured_province", "参保省"), ("class", "类别")];

/// The errors of a month of one province or class.
#[derive(Debug, Default)]
struct ErrorSums {
    new: i128,
    resolved: i128,
    struck_off: i128,
    open: i128,
    answered: i128,
    oldest: Option<i128>,
    /// Answered errors by the median of their group, in days.
    days: BTreeMap<i128, i128>,
}

impl ErrorSums {
    fn add(&mut self, row: &GridRow) {
        self.new += row.number("errors") - row.number("brought_in");
        self.resolved += row.number("resolved");
        self.struck_off += row.number("struck_off");
        self.open += row.number("open");
        self.answered += row.number("answered");
        self.oldest =
            [self.oldest, row.number_or_null("oldest_open_on")].into_iter().flatten().min();
        if let Some(median) = row.number_or_null("answer_days_median") {
            *self.days.entry(median).or_default() += row.number("answered");
        }
    }

    /// Returns the days of the group in whose half of the answered errors the middle one is.
    fn median(&self) -> Option<i128> {
        let middle = (self.answered - 1) / 2;
        let mut before = 0;
        self.days.iter().find_map(|(days, errors)| {
            before += errors;
            (before > middle).then_some(*days)
        })
    }
}

/// The errors and the attempts of a month.
struct ErrorMonth {
    sums: [BTreeMap<String, ErrorSums>; KINDS.len()],
    /// Visits and open items of each province as a treating and as an insured place.
    tried: [BTreeMap<Province, i128>; 2],
}

impl ErrorMonth {
    fn read(closed: &ClosedPeriod) -> Outcome<ErrorMonth> {
        let mut sums: [BTreeMap<String, ErrorSums>; KINDS.len()] = Default::default();
        for row in closed.table("errors")?.iter() {
            for ((column, _), sums) in KINDS.into_iter().zip(&mut sums) {
                sums.entry(row.text(column).to_owned()).or_default().add(&row);
            }
        }
        let mut tried: [BTreeMap<Province, i128>; 2] = Default::default();
        let mut add = |row: &GridRow, visits: i128| {
            for (side, province) in
                row.pair().into_iter().flat_map(|of| [(0, of.treating), (1, of.insured)])
            {
                *tried[side].entry(province).or_default() += visits;
            }
        };
        for row in closed.table("pairs")?.iter() {
            add(&row, row.number("visits"));
        }
        let open = closed.table("open_items")?;
        let mut seen = BTreeSet::new();
        for row in open.iter() {
            let is_new = row.month("first_period") == Some(closed.month);
            let is_first = row.text_or_null("init_setl_id").is_none() && is_new;
            if is_first && seen.insert(row.text("setl_id")) {
                add(&row, 1);
            }
        }
        Ok(ErrorMonth { sums, tried })
    }

    /// Returns the new errors for each 10,000 attempts, in hundredths, half up; none without attempts.
    fn rate(&self, kind: usize, name: &str) -> Option<i128> {
        let new = self.sums[kind].get(name).map_or(0, |sums| sums.new);
        let all_new: i128 = self.sums[kind].values().map(|sums| sums.new).sum();
        let attempts = match (kind, Province::from_text(name)) {
            (0 | 1, None) => return None,
            (side @ (0 | 1), Some(province)) => {
                self.tried[side].get(&province).copied().unwrap_or_default() + new
            }
            _ => self.tried[0].values().sum::<i128>() + all_new,
        };
        (attempts > 0).then(|| (new * 2_000_000 + attempts) / (2 * attempts))
    }
}

fn hundredths(rate: Option<i128>) -> String {
    rate.map_or_else(String::new, |rate| format!("{}.{:02}", rate / 100, rate % 100))
}

fn shown_day(day: Option<i128>) -> String {
    let day = day.and_then(|day| i32::try_from(day).ok());
    let day = day.and_then(chrono::NaiveDate::from_epoch_days);
    day.map_or_else(String::new, |day| day.to_string())
}

/// Makes the sheets of a month; `before` is the month before.
pub(super) fn drafts(
    closed: &ClosedPeriod,
    before: Option<&ClosedPeriod>,
    template: &Template,
) -> Outcome<[Draft; 2]> {
    let own = ErrorMonth::read(closed)?;
    let before = before.map(ErrorMonth::read).transpose()?;
    let mut rows = Vec::new();
    for (kind, (_, word)) in KINDS.into_iter().enumerate() {
        for (name, sums) in &own.sums[kind] {
            rows.push(row((kind, word, name), sums, (&own, before.as_ref())));
        }
    }
    let offered = vec![
        "kind",
        "name",
        "new",
        "rate",
        "rate_before",
        "resolved",
        "struck_off",
        "open",
        "answered",
        "answer_days",
        "oldest",
    ];
    let sums = Draft { file: "system_errors", offered, rows, protected: false };
    Ok([sums, texts(closed, template)?])
}

fn row(
    (kind, word, name): (usize, &str, &str),
    sums: &ErrorSums,
    (own, before): (&ErrorMonth, Option<&ErrorMonth>),
) -> DraftRow {
    let count = |count: i128| Item::count(count.unsigned_abs());
    let shown = match (kind, Province::from_text(name)) {
        (0 | 1, Some(province)) => statements::province(province),
        (0 | 1, None) => "未知".to_owned(),
        _ => class(name).to_owned(),
    };
    let rate_before = before.and_then(|before| before.rate(kind, name));
    let days = sums.median().map_or_else(String::new, |days| days.to_string());
    DraftRow::from([
        ("kind", Item::text(word)),
        ("name", Item::text(shown)),
        ("new", count(sums.new)),
        ("rate", Item::text(hundredths(own.rate(kind, name)))),
        ("rate_before", Item::text(hundredths(rate_before))),
        ("resolved", count(sums.resolved)),
        ("struck_off", count(sums.struck_off)),
        ("open", count(sums.open)),
        ("answered", count(sums.answered)),
        ("answer_days", Item::text(days)),
        ("oldest", Item::text(shown_day(sums.oldest))),
    ])
}

/// Makes the sheet of open errors without a code that have the same text, the most frequent first.
fn texts(closed: &ClosedPeriod, template: &Template) -> Outcome<Draft> {
    let open = closed.table("errors_open")?;
    let mut texts: BTreeMap<&str, u64> = BTreeMap::new();
    for row in open.iter().filter(|row| row.text_or_null("code").is_none()) {
        if let Some(text) = row.text_or_null("text") {
            *texts.entry(text).or_default() += 1;
        }
    }
    let mut texts: Vec<(&str, u64)> =
        texts.into_iter().filter(|(_, errors)| *errors >= SAME_TEXT).collect();
    texts.sort_by_key(|(text, errors)| (std::cmp::Reverse(*errors), *text));
    let more: u64 = texts.iter().skip(TEXTS).map(|(_, errors)| errors).sum();
    texts.truncate(TEXTS);
    let row = |text: String, errors: u64| {
        DraftRow::from([
            ("text", Item::text(text)),
            ("open", Item::of(&[], CellValue::Count(errors.into()))),
        ])
    };
    let mut rows: Vec<DraftRow> = texts
        .into_iter()
        .map(|(text, errors)| row(crate::spelling::short(text, 200).clone(), errors))
        .collect();
    rows.extend((more > 0).then(|| row(template.bulletin.missing.clone(), more)));
    let offered = vec!["text", "open"];
    Ok(Draft { file: "error_texts", offered, rows, protected: false })
}

/// Returns the word of a class.
fn class(name: &str) -> &str {
    match name {
        "filing" => "备案",
        "entitlement" => "待遇资格",
        "credential" => "凭证",
        "institution" => "机构",
        "catalogue" => "目录",
        "amount" => "金额",
        "timeout" => "超时",
        "outage" => "停机",
        "other" => "其他",
        name => name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_have_two_decimals_half_up() {
        assert_eq!(hundredths(None), "");
        assert_eq!(hundredths(Some(5)), "0.05");
        assert_eq!(hundredths(Some(12_345)), "123.45");
        let month = |new: i128, visits: i128| {
            let province = Province::from_text("31").expect("one");
            let sums =
                BTreeMap::from([("31".to_owned(), ErrorSums { new, ..ErrorSums::default() })]);
            let mut month = ErrorMonth { sums: Default::default(), tried: Default::default() };
            month.sums[0] = sums;
            month.tried[0].insert(province, visits);
            month.rate(0, "31")
        };
        assert_eq!(month(1, 0), Some(1_000_000));
        assert_eq!(month(0, 0), None);
        assert_eq!(month(1, -1), None);
        // 10,000 / 80,000 = 0.125, and 10,000 / 80,001 is less.
        assert_eq!(month(1, 79_999), Some(13));
        assert_eq!(month(1, 80_000), Some(12));
    }

    #[test]
    fn the_middle_answer_is_that_of_its_group() {
        let sums = |days: &[(i128, i128)]| ErrorSums {
            answered: days.iter().map(|(_, errors)| errors).sum(),
            days: days.iter().copied().collect(),
            ..ErrorSums::default()
        };
        assert_eq!(sums(&[]).median(), None);
        assert_eq!(sums(&[(1, 2), (9, 2)]).median(), Some(1));
        assert_eq!(sums(&[(1, 2), (9, 3)]).median(), Some(9));
    }
}
