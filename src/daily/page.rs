//! The page `daily.html`: the days of the month, and who is to look at what.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::RangeInclusive,
};

use askama::Template;
use chrono::{Datelike, NaiveDate, Weekday};

use super::{
    class::DailyClass,
    differences::{Difference, province_at},
    holder::Holder,
    settle::DailyDays,
};
use crate::{
    diag::{Failure, Outcome},
    figures::count_shown,
    model::codes::Month,
    page::{
        STYLE,
        words::{Words, month, province, same, words},
    },
    rules::Rules,
    text::Text,
};

/// What is open, as far as the page shows it. Its size is bounded.
#[derive(Debug, Default)]
pub(super) struct OpenDifferences {
    by_day: BTreeMap<i32, u64>,
    by_class: BTreeMap<DailyClass, u64>,
    /// By the place of the province: as the treating and as the insured one.
    provinces: BTreeMap<u8, Lookers>,
    national: Lookers,
    all: u64,
}

/// What somebody is to look at.
#[derive(Debug, Default)]
struct Lookers {
    /// As the treating place, as the insured place.
    counts: [u64; 2],
    all: u64,
    by_class: BTreeMap<DailyClass, u64>,
    /// The oldest ones, sorted.
    oldest: BTreeSet<(i32, i32, String, DailyClass)>,
}

/// The most settlements that are named for a province, and for the nation.
const NAMED: usize = 3;
const NAMED_NATIONAL: usize = 10;

impl Lookers {
    fn add(&mut self, row: &Difference, roles: [bool; 2], most: usize) {
        for (count, has) in self.counts.iter_mut().zip(roles) {
            *count += u64::from(has);
        }
        self.all += 1;
        *self.by_class.entry(row.class).or_default() += 1;
        let is_older = |(since, day, ..): &(i32, i32, String, DailyClass)| {
            (row.since, row.day) <= (*since, *day)
        };
        if self.oldest.len() < most || self.oldest.last().is_some_and(is_older) {
            self.oldest.insert((row.since, row.day, row.setl_id.clone(), row.class));
            if self.oldest.len() > most {
                self.oldest.pop_last();
            }
        }
    }

    fn since(&self) -> i32 {
        self.oldest.first().map_or(i32::MAX, |(since, ..)| *since)
    }
}

impl OpenDifferences {
    /// Adds a difference.
    pub(super) fn add(&mut self, row: &Difference) {
        self.all += 1;
        *self.by_day.entry(row.day).or_default() += 1;
        *self.by_class.entry(row.class).or_default() += 1;
        // The two provinces of a settlement are different ones.
        if row.look.has(Holder::Treating) {
            let own = self.provinces.entry(row.provinces.treating).or_default();
            own.add(row, [true, false], NAMED);
        }
        if row.look.has(Holder::Insured) {
            let own = self.provinces.entry(row.provinces.insured).or_default();
            own.add(row, [false, true], NAMED);
        }
        if row.look.has(Holder::National) {
            self.national.add(row, [false; 2], NAMED_NATIONAL);
        }
    }
}

/// What the page is made of.
pub(super) struct PageFacts<'a> {
    pub(super) period: Month,
    pub(super) days: &'a DailyDays,
    /// The days that were reconciled.
    pub(super) done: &'a BTreeSet<NaiveDate>,
    /// The days that have a settlement in this run.
    pub(super) with_rows: &'a BTreeSet<NaiveDate>,
    pub(super) open: &'a OpenDifferences,
    pub(super) mended: u64,
    pub(super) rejects: u64,
    pub(super) rules: &'a Rules,
}

/// A day of the calendar.
struct PageDay {
    number: u32,
    /// The state and the colour.
    style: &'static str,
    said: Words,
    is_reference: bool,
}

/// A row of the list of those who are to look.
struct LookerRow {
    name: Words,
    all: String,
    roles: [String; 2],
    since: String,
    age: String,
    /// The most frequent class.
    mostly: Option<(Words, String)>,
    named: Vec<NamedSettlement>,
}

/// A settlement that is named.
struct NamedSettlement {
    setl_id: String,
    day: String,
    since: String,
    age: String,
    class: Words,
}

/// The page.
#[derive(Template)]
#[template(path = "daily.html", config = "src/daily/askama.toml")]
struct DailyPage<'a> {
    period: String,
    month: Words,
    reference: String,
    scope: Words,
    program: &'static str,
    open: String,
    is_open: bool,
    national: String,
    has_national: bool,
    done: Words,
    mended: String,
    rejects: String,
    due: Words,
    due_note: Option<Words>,
    due_left: Words,
    /// Days before the first one in its week, from Monday.
    blanks: u32,
    calendar: Vec<PageDay>,
    provinces: Vec<LookerRow>,
    oldest_of_nation: &'a [NamedSettlement],
    classes: Vec<(Words, String)>,
}

impl DailyPage<'_> {
    const STYLE: &'static str = STYLE;
    const OWN_STYLE: &'static str = include_str!("assets/daily.css");
    const SCRIPT: &'static str = include_str!("assets/daily.js");
    const WEEK: [(&'static str, &'static str); 7] = [
        ("一", "Mon"),
        ("二", "Tue"),
        ("三", "Wed"),
        ("四", "Thu"),
        ("五", "Fri"),
        ("六", "Sat"),
        ("日", "Sun"),
    ];

    /// A text of the template.
    fn t(zh: &str, en: &str) -> Words {
        words(zh, en)
    }
}

fn date(day: i32) -> NaiveDate {
    NaiveDate::from_epoch_days(day).unwrap_or_default()
}

impl PageFacts<'_> {
    /// Makes the page.
    pub(super) fn page(&self) -> Outcome<String> {
        let nation: Vec<NamedSettlement> = self.named(&self.open.national).collect();
        let (due, due_note) = self.due()?;
        let page = DailyPage {
            period: self.period.to_string(),
            month: month(self.period),
            reference: date(self.days.reference).to_string(),
            scope: self.scope(),
            program: concat!(env!("CARGO_PKG_NAME"), " ", env!("CARGO_PKG_VERSION")),
            open: count(self.open.all),
            is_open: self.open.all > 0,
            national: count(self.open.national.all),
            has_national: self.open.national.all > 0,
            done: self.done(),
            mended: count(self.mended),
            rejects: count(self.rejects),
            due: day_words(due),
            due_note,
            due_left: self.left(due),
            blanks: self.period.first_day().weekday().num_days_from_monday(),
            calendar: self.calendar(),
            provinces: self.provinces(),
            oldest_of_nation: &nation,
            classes: classes(&self.open.by_class),
        };
        page.render().map_err(|error| Failure::Bug(text!("the page: {}", Text::foreign(error))))
    }

    fn scope(&self) -> Words {
        let (first, last) = (date(*self.days.scope.start()), date(*self.days.scope.end()));
        if first == last { same(first.to_string()) } else { words("全月", "the whole month") }
    }

    fn done(&self) -> Words {
        let (done, all) = (self.done.len(), self.days.period.clone().count());
        words(format!("{all} 天中已对账 {done} 天"), format!("{done} of {all} days reconciled"))
    }

    /// Returns the day on which the month has to be reconciled, with a word when it is a holiday.
    fn due(&self) -> Outcome<(NaiveDate, Option<Words>)> {
        let schedule = |rules: &Rules| rules.policy(self.period).ok().and_then(|own| own.schedule);
        let schedule = schedule(self.rules).or_else(|| schedule(&Rules::built_in()));
        let day = schedule.map(|schedule| schedule.reconcile_day);
        let first = self.period.plus(1).first_day();
        let due = day.and_then(|day| first.with_day(day.into()));
        let due = due.ok_or_else(|| Failure::Bug(text!("a month without the day it is due on")))?;
        let calendar = &self.rules.calendar;
        let is_weekend = matches!(due.weekday(), Weekday::Sat | Weekday::Sun);
        let note = match (calendar.is_working_day(due), is_weekend) {
            (true, _) => None,
            (false, true) => Some(words(
                "当日是周末；期限按自然日，不顺延",
                "It is a weekend. The date is a calendar day and does not move",
            )),
            (false, false) => Some(words(
                "当日是法定节假日；期限按自然日，不顺延",
                "It is a public holiday. The date is a calendar day and does not move",
            )),
        };
        Ok((due, note))
    }

    fn left(&self, due: NaiveDate) -> Words {
        match i64::from(due.to_epoch_days()) - i64::from(self.days.reference) {
            0 => words("今天到期", "due on this day"),
            1 => words("还有 1 天", "1 day left"),
            left if left > 0 => words(format!("还有 {left} 天"), format!("{left} days left")),
            -1 => words("已逾期 1 天", "1 day overdue"),
            late => words(format!("已逾期 {} 天", -late), format!("{} days overdue", -late)),
        }
    }

    fn calendar(&self) -> Vec<PageDay> {
        let most = self.open.by_day.values().copied().max().unwrap_or(0);
        let day = |number: i32| {
            let day = date(number);
            let open = self.open.by_day.get(&number).copied().unwrap_or(0);
            let is_own = self.days.scope.contains(&number);
            let (style, said) = match (self.done.contains(&day), open) {
                (_, open) if open > 0 => (heat(open, most), {
                    let open = count(open);
                    words(format!("{open} 笔未解决"), format!("{open} open"))
                }),
                (false, _) => ("unseen", words("未对账", "not looked at")),
                (true, _) if is_own && !self.with_rows.contains(&day) => {
                    ("without", words("三方均无数据", "no rows"))
                }
                (true, _) => ("clean", words("一致", "agrees")),
            };
            let is_reference = number == self.days.reference;
            PageDay { number: day.day(), style, said, is_reference }
        };
        let days: RangeInclusive<i32> = self.days.period.clone();
        days.map(day).collect()
    }

    /// Returns the provinces that are to look, the one with the oldest difference first.
    fn provinces(&self) -> Vec<LookerRow> {
        let mut all: Vec<(&u8, &Lookers)> = self.open.provinces.iter().collect();
        all.sort_by_key(|(place, own)| (own.since(), std::cmp::Reverse(own.all), **place));
        let row = |(place, own): (&u8, &Lookers)| LookerRow {
            name: province_at(*place).map(province).unwrap_or_default(),
            all: count(own.all),
            roles: own.counts.map(count),
            since: date(own.since()).to_string(),
            age: self.age(own.since()),
            mostly: classes(&own.by_class).into_iter().next(),
            named: self.named(own).collect(),
        };
        all.into_iter().map(row).collect()
    }

    fn named<'b>(&'b self, own: &'b Lookers) -> impl Iterator<Item = NamedSettlement> + 'b {
        own.oldest.iter().map(|(since, day, setl_id, class)| {
            let [zh, en] = class.words();
            NamedSettlement {
                setl_id: setl_id.clone(),
                day: date(*day).to_string(),
                since: date(*since).to_string(),
                age: self.age(*since),
                class: words(zh, en),
            }
        })
    }

    fn age(&self, since: i32) -> String {
        i64::from(self.days.reference.saturating_sub(since)).max(0).to_string()
    }
}

/// Returns classes of what is open, the most frequent first.
fn classes(open: &BTreeMap<DailyClass, u64>) -> Vec<(Words, String)> {
    let mut all: Vec<(&DailyClass, &u64)> = open.iter().collect();
    all.sort_by_key(|(class, open)| (std::cmp::Reverse(**open), **class));
    let worded = |(class, open): (&DailyClass, &u64)| {
        let [zh, en] = class.words();
        (words(zh, en), count(*open))
    };
    all.into_iter().map(worded).collect()
}

fn count(number: u64) -> String {
    count_shown(number.into())
}

/// Returns the colour of a day with open differences: by the share of the day that has the most.
fn heat(open: u64, most: u64) -> &'static str {
    match u128::from(open) * 4 / u128::from(most.max(1)) {
        0 => "open-1",
        1 => "open-2",
        2 => "open-3",
        _ => "open-4",
    }
}

/// Writes a day with its weekday.
fn day_words(day: NaiveDate) -> Words {
    let place = day.weekday().num_days_from_monday() as usize;
    let (zh, en) = DailyPage::WEEK[place];
    words(format!("{} 月 {} 日（周{zh}）", day.month(), day.day()), format!("{en} {day}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::daily::{differences::Provinces, holder::Looking};

    fn difference(number: i32, period: &RangeInclusive<i32>, look: Looking) -> Difference {
        let (insured, treating) = (u8::try_from(number % 31).expect("small"), 31);
        let day = period.start() + number % 28;
        Difference {
            day,
            setl_id: format!("S{number}"),
            class: DailyClass::InsuredLacks,
            provinces: Provinces { insured, treating },
            facts: [None; 3],
            look,
            since: day,
            age: 0,
        }
    }

    fn page(period: Month, done: &[u32], open: &OpenDifferences) -> String {
        let days = period.first_day().to_epoch_days()..=period.last_day().to_epoch_days();
        let reference = *days.start() + 9;
        let days = DailyDays { scope: days.clone(), period: days, reference };
        let done = done.iter().filter_map(|day| period.first_day().with_day(*day)).collect();
        let with_rows = period.first_day().with_day(2).into_iter().collect();
        let rules = Rules::built_in();
        let facts = PageFacts {
            period,
            days: &days,
            done: &done,
            with_rows: &with_rows,
            open,
            mended: 0,
            rejects: 0,
            rules: &rules,
        };
        facts.page().expect("a page")
    }

    #[test]
    fn a_due_day_without_work_has_a_word_and_stays() {
        let due = |year, month| page(Month::new(year, month), &[], &OpenDifferences::default());
        let national_day = due(2025, 9);
        assert!(national_day.contains("10 月 3 日（周五）") && national_day.contains("法定节假日"));
        let saturday = due(2025, 12);
        assert!(saturday.contains("Sat 2026-01-03") && saturday.contains("It is a weekend"));
        let monday = due(2025, 10);
        assert!(monday.contains("Mon 2025-11-03") && !monday.contains("class=\"holiday\""));
        assert!(monday.contains("24 days left"), "from 10 October on");
    }

    #[test]
    fn a_day_says_what_is_known_of_it() {
        let mut open = OpenDifferences::default();
        let period = Month::new(2025, 10);
        let days = period.first_day().to_epoch_days()..=period.last_day().to_epoch_days();
        open.add(&difference(4, &days, Looking::only(Holder::National)));
        let page = page(period, &[1, 2], &open);
        let cell = |style: &str| page.matches(&format!("class=\"cell {style}")).count();
        assert_eq!((cell("without"), cell("clean"), cell("open-4")), (1, 1, 1));
        assert_eq!((cell("unseen"), cell("unseen reference")), (28, 1));
        assert!(page.contains(">S4</th>") && page.contains("没有省份需要核查"), "{page}");
    }

    #[test]
    fn the_page_is_small_however_much_is_open_and_names_the_oldest() {
        let period = Month::new(2025, 10);
        let days = period.first_day().to_epoch_days()..=period.last_day().to_epoch_days();
        let mut open = OpenDifferences::default();
        for number in (0..50_000).rev() {
            open.add(&difference(number, &days, Looking::ALL));
        }
        let page = page(period, &[], &open);
        assert!(page.len() < 100_000, "{} bytes", page.len());
        // The oldest of the nation are those of the first day, by setl_id.
        assert!(page.contains(">S0</th>") && page.contains(">S10024</th>"));
        assert!(!page.contains(">S1</th>"), "of the second day");
        assert!(page.contains("50,000"));
    }
}
