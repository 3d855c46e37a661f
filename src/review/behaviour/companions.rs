//! BEH-11 companions 结伴就医 (statistical), for one institution and insured division (six digits). Days with a settlement
//! of more than `crowd` persons of it do not count. Two persons who both have a settlement on `days` or more of the counted
//! days are linked. Persons connected by links (a–b, b–c) are a group, from `persons` on. One lead is a group at an
//! institution: the settlements on days on which a linked pair was there, of that pair. Source: ours.

use std::collections::BTreeMap;

use super::groups::{by_key, number};
use crate::review::{
    lead::{Detail, Lead},
    row::ReviewedRow,
    rule::ReviewRule,
    thresholds::CompanionLimits,
};

/// A person on a day: the person by number.
type Presence = (i32, usize);

/// Adds the leads of an institution's settlements.
pub(super) fn leads<'a>(
    settlements: &[&'a ReviewedRow<'a>],
    limits: &CompanionLimits,
    leads: &mut Vec<Lead<'a>>,
) {
    by_key(settlements, |row| row.insured, |rows| of_division(rows, limits, leads));
}

fn of_division<'a>(
    rows: &[&'a ReviewedRow<'a>],
    limits: &CompanionLimits,
    leads: &mut Vec<Lead<'a>>,
) {
    let mut persons: Vec<&str> = rows.iter().map(|row| row.psn_no).collect();
    persons.sort_unstable();
    persons.dedup();
    if persons.len() < 2 || number(&persons) < limits.persons {
        return;
    }
    let there = |row: &ReviewedRow| {
        let person = persons.binary_search(&row.psn_no);
        (row.day(), person.expect("Invariant: the list is of these rows"))
    };
    let mut links = PersonLinks::new(persons.len());
    let mut together: Vec<Presence> = Vec::new();
    let pairs = pairs(rows.iter().map(|row| there(row)).collect(), limits.crowd);
    for days in pairs.chunk_by(|a, b| a.0 == b.0) {
        if number(days) >= limits.days {
            let ((one, other), _) = days[0];
            links.join(one, other);
            together.extend(days.iter().flat_map(|(_, day)| [(*day, one), (*day, other)]));
        }
    }
    together.sort_unstable();
    together.dedup();
    let mut groups: BTreeMap<usize, Vec<(Presence, &ReviewedRow)>> = BTreeMap::new();
    for row in rows {
        let presence = there(row);
        if together.binary_search(&presence).is_ok() {
            groups.entry(links.root(presence.1)).or_default().push((presence, *row));
        }
    }
    for group in groups.into_values() {
        let (days, members) = (
            count(group.iter().map(|((day, _), _)| *day)),
            count(group.iter().map(|((_, person), _)| *person)),
        );
        if members >= limits.persons {
            let detail = Detail::default().with("persons", members).with("days", days).text();
            let suspects = group.into_iter().map(|(_, row)| row).collect();
            leads.push(Lead::of(ReviewRule::Beh11, suspects, detail));
        }
    }
}

/// Returns each pair of persons with each counted day on which both were there, in order.
fn pairs(mut presences: Vec<Presence>, crowd: u64) -> Vec<((usize, usize), i32)> {
    presences.sort_unstable();
    presences.dedup();
    let mut pairs = Vec::new();
    for of_day in presences.chunk_by(|a, b| a.0 == b.0) {
        if number(of_day) > crowd {
            continue;
        }
        for (at, (day, one)) in of_day.iter().enumerate() {
            pairs.extend(of_day[at + 1..].iter().map(|(_, other)| ((*one, *other), *day)));
        }
    }
    pairs.sort_unstable();
    pairs
}

/// Returns how many different values there are.
fn count<T: Ord>(values: impl Iterator<Item = T>) -> u64 {
    let mut values: Vec<T> = values.collect();
    values.sort_unstable();
    values.dedup();
    number(&values)
}

/// Persons connected by links: a forest in which each points to another one of its group, the root to itself.
struct PersonLinks(Vec<usize>);

impl PersonLinks {
    fn new(persons: usize) -> PersonLinks {
        PersonLinks((0..persons).collect())
    }

    fn root(&mut self, mut person: usize) -> usize {
        while self.0[person] != person {
            let above = self.0[self.0[person]];
            self.0[person] = above;
            person = above;
        }
        person
    }

    fn join(&mut self, one: usize, other: usize) {
        let (one, other) = (self.root(one), self.root(other));
        self.0[one.max(other)] = one.min(other);
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{Sample, of_house, settlement, visit};
    use crate::{
        model::codes::CareClass,
        review::thresholds::{CompanionLimits, Thresholds},
    };

    fn told(rows: Vec<Sample>) -> Vec<String> {
        let beh11 = Some(CompanionLimits { crowd: 4, days: 2, persons: 3 });
        of_house(rows, Thresholds { beh11, ..Thresholds::default() })
    }

    /// Makes a visit of each person (a letter) on each day, as `a1`.
    fn visits(plan: &[(&str, &str)]) -> Vec<Sample> {
        let one = |person: char, day: &str| {
            visit(&format!("{person}{day}"), &format!("2025-12-{day:0>2}")).of(&person.to_string())
        };
        plan.iter()
            .flat_map(|(day, persons)| persons.chars().map(move |person| one(person, day)))
            .collect()
    }

    #[test]
    fn links_make_groups() {
        // a–b on 1 and 2, b–c on 2 and 3; a and c are together on 2 alone.
        let chain = visits(&[("1", "ab"), ("2", "abc"), ("3", "bc"), ("9", "a")]);
        assert_eq!(told(chain), ["a1 a2 b1 b2 b3 c2 c3: 7.00 persons=3;days=3"]);
        assert_eq!(told(visits(&[("1", "ab"), ("2", "ab"), ("3", "bc")])), [""; 0]);
        let two = visits(&[("1", "abc"), ("2", "abc"), ("3", "xyz"), ("4", "xyz")]);
        let expected = [
            "a1 a2 b1 b2 c1 c2: 6.00 persons=3;days=2",
            "x3 x4 y3 y4 z3 z4: 6.00 persons=3;days=2",
        ];
        assert_eq!(told(two), expected);
    }

    #[test]
    fn a_crowd_does_not_count_and_a_person_is_counted_once() {
        assert_eq!(
            told(visits(&[("1", "abcd"), ("2", "abc")])),
            ["a1 a2 b1 b2 c1 c2: 6.00 persons=3;days=2"]
        );
        assert_eq!(told(visits(&[("1", "abcde"), ("2", "abc")])), [""; 0]);
        let mut twice = visits(&[("1", "abcd"), ("2", "abc")]);
        let again = settlement(CareClass::Inpatient, "again", "2025-12-01 23:59:59").of("a");
        twice.push(again);
        assert_eq!(told(twice), ["a1 a2 again b1 b2 c1 c2: 7.00 persons=3;days=2"]);
    }

    #[test]
    fn days_and_divisions_are_told_apart() {
        let mut year_end = visits(&[("31", "abc")]);
        let next = visits(&[("30", "abc")]).into_iter();
        let at = |last: &str| {
            let time = super::super::tests::day(last);
            let next = next
                .clone()
                .map(move |one| one.with(|row| row.time = i64::from(time) * 86_400_000_000));
            told(year_end.iter().cloned().chain(next).collect())
        };
        assert_eq!(at("2026-01-01"), ["a30 a31 b30 b31 c30 c31: 6.00 persons=3;days=2"]);
        assert_eq!(at("2025-12-31"), [""; 0]);
        year_end.extend(visits(&[("1", "ab")]));
        year_end.extend(visits(&[("1", "c")]).into_iter().map(|one| one.insured_in("110101")));
        assert_eq!(told(year_end), [""; 0]);
    }
}
