//! BEH-11, companions (结伴就医), for one institution and insured division (six digits): days with a settlement of more than
//! `crowd` persons of the division do not count. Two persons who both have a settlement on `days` or more of the counted days
//! are linked. Groups connected by links (a–b, b–c) of `persons` or more are leads: the settlements on days on which a
//! linked pair was there, of that pair. Statistical; ours.
//!
//! A coach that comes once brings a crowd; a few who come together again and again bring cards.

use std::collections::{BTreeMap, BTreeSet};

use super::groups::{by_key, distinct, number};
use crate::review::{
    lead::{Detail, Lead},
    row::ReviewedRow,
    rule::ReviewRule,
    subject::InstitutionRows,
    thresholds::CompanionLimits,
};

/// The days on which both persons of a pair were there.
type PairDays<'a> = BTreeMap<(&'a str, &'a str), Vec<i32>>;

/// Finds the leads of an institution, one a division and group.
pub(super) fn find<'a>(
    rows: &InstitutionRows<'a>,
    limits: &CompanionLimits,
    leads: &mut Vec<Lead<'a>>,
) {
    by_key(rows.settlements, |row| row.insured, |of_division| {
        let mut pairs = pairs(of_division, limits.crowd);
        pairs.retain(|_, days| number(days) >= limits.days);
        if pairs.is_empty() {
            return;
        }
        for group in groups(&pairs) {
            if number(&group) < limits.persons {
                continue;
            }
            let days = days_of(&group, &pairs);
            let there = |row: &&ReviewedRow| days.contains(&(row.psn_no, row.day()));
            let suspects: Vec<&ReviewedRow> =
                of_division.iter().copied().filter(there).collect();
            let detail = Detail::default().with("persons", number(&group));
            let detail = detail.with("days", distinct(&suspects, ReviewedRow::day)).text();
            leads.push(Lead::of(ReviewRule::Beh11, suspects, detail));
        }
    });
}

/// Returns the pairs of persons who were there on a counted day, with these days.
fn pairs<'a>(of_division: &[&'a ReviewedRow<'a>], crowd: u64) -> PairDays<'a> {
    let mut pairs = PairDays::new();
    by_key(of_division, ReviewedRow::day, |of_day| {
        let persons: BTreeSet<&str> = of_day.iter().map(|row| row.psn_no).collect();
        if persons.len() as u64 > crowd {
            return;
        }
        let persons: Vec<&str> = persons.into_iter().collect();
        for (at, one) in persons.iter().enumerate() {
            for other in &persons[at + 1..] {
                pairs.entry((*one, *other)).or_default().push(of_day[0].day());
            }
        }
    });
    pairs
}

/// Returns the groups that links connect, each in order.
fn groups<'a>(pairs: &PairDays<'a>) -> Vec<Vec<&'a str>> {
    let mut links: BTreeMap<&str, Vec<&'a str>> = BTreeMap::new();
    for (one, other) in pairs.keys() {
        links.entry(one).or_default().push(other);
        links.entry(other).or_default().push(one);
    }
    let mut seen: BTreeSet<&str> = BTreeSet::new();
    let mut groups = Vec::new();
    let persons: BTreeSet<&'a str> = pairs.keys().flat_map(|(one, other)| [*one, *other]).collect();
    for first in persons {
        if !seen.insert(first) {
            continue;
        }
        let (mut group, mut next) = (vec![first], 0);
        while let Some(person) = group.get(next).copied() {
            next += 1;
            let linked = links.get(person).into_iter().flatten();
            group.extend(linked.copied().filter(|person| seen.insert(person)));
        }
        group.sort_unstable();
        groups.push(group);
    }
    groups
}

/// Returns the persons of a group with the days on which they were there with a person to whom they are linked.
fn days_of<'a>(group: &[&'a str], pairs: &PairDays<'a>) -> BTreeSet<(&'a str, i32)> {
    let is_in_group = |person: &str| group.binary_search(&person).is_ok();
    let of_group = pairs.iter().filter(|((one, _), _)| is_in_group(one));
    of_group
        .flat_map(|((one, other), days)| days.iter().flat_map(|day| [(*one, *day), (*other, *day)]))
        .collect()
}
