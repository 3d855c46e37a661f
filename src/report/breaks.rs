//! Breaks by class, pair, age and lateness, and the largest breaks.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{
    source::{BreakTally, ListedBreak, PeriodTables},
    words::{Money, Words, class, count, month, pair, percent, words},
};
use crate::{
    book::{
        grid::GridRow,
        twins::{Twins, visible},
    },
    known::KnownDifferences,
    model::{
        codes::{Month, Pair},
        control::Class,
        money::FenSum,
    },
    statements::shown,
};

/// The maximum number of listed pairs, and of listed settlements.
const LISTED: usize = 15;

/// The count and the money of a group of breaks.
#[derive(Debug, Serialize)]
pub(super) struct BreakGroup {
    pub(super) name: Words,
    /// The percentage of all breaks.
    #[serde(skip)]
    pub(super) share: String,
    count: String,
    stake: String,
    /// Count, fen at stake, fen held back, for people.
    pub(super) shown: [String; 3],
}

/// A single break.
pub(super) struct Single {
    pub(super) setl_id: String,
    pub(super) class: Words,
    pub(super) pair: Words,
    pub(super) age: i32,
    pub(super) stake: Money,
    pub(super) held: Money,
    /// The day since which daily reconciliation knew it.
    pub(super) known_since: String,
}

/// The breaks of a class, and those of them that daily reconciliation knew.
pub(super) struct KnownClass {
    pub(super) class: Words,
    pub(super) breaks: String,
    pub(super) known: String,
}

/// Breaks of the period.
#[derive(Serialize)]
pub(super) struct BreakSummary {
    pub(super) classes: Vec<BreakGroup>,
    /// Carried breaks by age, in periods.
    pub(super) ages: Vec<BreakGroup>,
    /// Late breaks by months of lateness.
    pub(super) late: Vec<BreakGroup>,
    #[serde(skip)]
    pub(super) pairs: Vec<BreakGroup>,
    #[serde(skip)]
    pub(super) all_pairs: usize,
    #[serde(skip)]
    pub(super) largest: Vec<Single>,
    /// What daily reconciliation knew, by class; none where nobody gave its result.
    #[serde(skip)]
    pub(super) known: Option<Vec<KnownClass>>,
    /// Missing copies of both sides whose setl_ids differ in spelling only, and their number.
    #[serde(skip)]
    pub(super) twins: Vec<Pairing>,
    #[serde(skip)]
    pub(super) all_twins: usize,
    #[serde(skip)]
    pub(super) total: Option<BreakGroup>,
    /// Cost months before the period whose settlements cleared in the period.
    #[serde(skip)]
    pub(super) earlier: Vec<Earlier>,
}

/// A missing copy, and the copy of the other side that is probably the same settlement.
pub(super) struct Pairing {
    /// The setl_ids of the treating and of the insured side.
    pub(super) setl_ids: [String; 2],
    pub(super) pair: Words,
    pub(super) held: Money,
}

/// Visits and payable of a cost month that cleared.
pub(super) struct Earlier {
    pub(super) month: Words,
    pub(super) lateness: i32,
    pub(super) visits: String,
    pub(super) payable: Money,
    pub(super) share: String,
}

impl BreakSummary {
    pub(super) fn of(source: &PeriodTables) -> BreakSummary {
        let all = source.all_breaks();
        let whole = BreakTally::of(&all).count;
        let carried: Vec<&ListedBreak> = all.iter().filter(|found| found.carried).collect();
        let is_late =
            |found: &&ListedBreak| [Class::LateRefused, Class::Expired].contains(&found.class);
        let lateness = |found: &ListedBreak| found.row.number("lateness");
        let classes = tally(all.iter(), |found| Some(found.class));
        let ages = tally(carried.iter().copied(), |found| Some(found.age));
        let late = tally(all.iter().filter(is_late), |found| Some((found.class, lateness(found))));
        let mut pairs: Vec<(Pair, BreakTally)> =
            tally(carried.iter().copied(), |found| found.pair).into_iter().collect();
        pairs.sort_by_key(|(of, tally)| (-tally.stake, -tally.count, *of));
        let twins = Twins::of(&source.breaks);
        let all_pairs = pairs.len();
        pairs.truncate(LISTED);
        let of = |name: Words, tally: BreakTally| group(name, tally, whole);
        BreakSummary {
            classes: classes.into_iter().map(|(name, tally)| of(class(name), tally)).collect(),
            ages: ages.into_iter().map(|(age, tally)| of(aged(age), tally)).collect(),
            late: late.into_iter().map(|(key, tally)| of(lately(key), tally)).collect(),
            pairs: pairs.into_iter().map(|(key, tally)| of(pair(key), tally)).collect(),
            all_pairs,
            largest: largest(&carried, source.daily.as_ref()),
            known: source.daily.as_ref().map(|daily| known(&all, daily)),
            all_twins: twins.of_treating(&source.breaks).count(),
            twins: twins.of_treating(&source.breaks).take(LISTED).map(pairing).collect(),
            total: (whole > 0).then(|| of(words("合计", "Total"), BreakTally::of(&all))),
            earlier: earlier(source),
        }
    }
}

fn tally<'a, K: Ord>(
    breaks: impl Iterator<Item = &'a ListedBreak<'a>>,
    key: impl Fn(&ListedBreak) -> Option<K>,
) -> BTreeMap<K, BreakTally> {
    let mut tallies: BTreeMap<K, BreakTally> = BTreeMap::new();
    for found in breaks {
        if let Some(key) = key(found) {
            tallies.entry(key).or_default().add(found);
        }
    }
    tallies
}

fn group(name: Words, tally: BreakTally, whole: i128) -> BreakGroup {
    BreakGroup {
        name,
        share: percent(tally.count, whole),
        count: tally.count.to_string(),
        stake: tally.stake.fen().to_string(),
        shown: [count(tally.count), Money(tally.stake).to_string(), Money(tally.held).to_string()],
    }
}

fn aged(age: i32) -> Words {
    match age {
        0 => words("本期新增", "New this period"),
        1 => words("1 期", "1 period"),
        age => words(format!("{age} 期"), format!("{age} periods")),
    }
}

fn lately((of, months): (Class, i128)) -> Words {
    let name = class(of);
    words(format!("{} · 迟 {months} 个月", name.zh), format!("{} · {months} months late", name.en))
}

/// Counts the breaks of each class that daily reconciliation knew.
fn known(all: &[ListedBreak], daily: &KnownDifferences) -> Vec<KnownClass> {
    let mut classes: BTreeMap<Class, [i128; 2]> = BTreeMap::new();
    for found in all {
        let [breaks, known] = classes.entry(found.class).or_default();
        *breaks += 1;
        *known += i128::from(daily.since(found.row.text("setl_id")).is_some());
    }
    let line = |(of, [breaks, known]): (Class, [i128; 2])| KnownClass {
        class: class(of),
        breaks: count(breaks),
        known: count(known),
    };
    classes.into_iter().map(line).collect()
}

fn largest(carried: &[&ListedBreak], daily: Option<&KnownDifferences>) -> Vec<Single> {
    let since = |row: &GridRow| daily.and_then(|daily| daily.since(row.text("setl_id")));
    let mut ranked = carried.to_vec();
    ranked.sort_by(|a, b| {
        let key = |found: &ListedBreak| (-found.stake, -found.held, -found.age);
        (key(a), a.row.text("setl_id")).cmp(&(key(b), b.row.text("setl_id")))
    });
    ranked.truncate(LISTED);
    let single = |found: &ListedBreak| Single {
        setl_id: shown(found.row.text("setl_id")),
        class: class(found.class),
        pair: found.pair.map(pair).unwrap_or_default(),
        age: found.age,
        stake: Money(found.stake),
        held: Money(found.held),
        known_since: since(&found.row).map_or_else(String::new, |day| day.to_string()),
    };
    ranked.into_iter().map(single).collect()
}

fn pairing((treating, insured): (GridRow, GridRow)) -> Pairing {
    Pairing {
        setl_ids: [treating, insured].map(|row| visible(row.text("setl_id"))),
        pair: treating.pair().map(pair).unwrap_or_default(),
        held: Money(treating.fen("treating_payable")),
    }
}

fn earlier(source: &PeriodTables) -> Vec<Earlier> {
    let mut months: BTreeMap<Month, (i128, FenSum)> = BTreeMap::new();
    for row in source.positions.iter() {
        let Some(of) = row.month("cost_month") else { continue };
        let sums = months.entry(of).or_default();
        sums.0 += row.number("visits");
        sums.1 += row.fen("payable");
    }
    let whole: FenSum = months.values().map(|(_, payable)| payable).sum();
    let line = |(of, (visits, payable)): (Month, (i128, FenSum))| Earlier {
        month: month(of),
        lateness: source.period.since(of),
        visits: count(visits),
        payable: Money(payable),
        share: percent(payable.fen(), whole.fen()),
    };
    months.into_iter().rev().map(line).collect()
}
