//! Systematic patterns: clusters of breaks that probably have one cause.
//!
//! Breaks are clustered by *change* first: the same fields differ, each by the same offset or between the same two
//! codes. Such a cluster gets the narrowest place that nearly all of its breaks share. The other breaks are
//! clustered by *place*: an institution, division or pair with far more breaks of a class than its usual share.

mod cluster;
mod sentence;

use self::cluster::{BreakCluster, Changes, FieldChange, SharedPlace};
use std::collections::BTreeMap;

use super::{
    source::{BreakTally, ListedBreak, PeriodTables},
    words::{Money, Words, count},
};
use crate::model::{
    codes::Pair,
    control::Class,
    fields::{Field, IDENTITY_FIELDS},
    money::parse_sum,
};

/// The smallest cluster by change; fewer breaks count as chance.
const FEWEST_ALIKE: usize = 5;
/// The smallest cluster by place; fewer breaks count as chance.
const FEWEST_AT_A_PLACE: usize = 10;
/// A place is crowded if its share of the breaks is more than this multiple of its usual share.
const TIMES_ITS_SHARE: i128 = 10;
/// The maximum number of shown patterns.
const SHOWN: usize = 20;

/// A pattern for people.
pub(super) struct Pattern {
    pub(super) sentence: Words,
    pub(super) class: Words,
    /// Breaks, fen at stake, fen held back.
    pub(super) shown: [String; 3],
}

/// The patterns of a period, by fen at stake.
pub(super) struct Patterns {
    pub(super) ranked: Vec<Pattern>,
    pub(super) found: usize,
    /// The number of breaks that patterns explain, and of all carried breaks.
    pub(super) explained: [String; 2],
}

/// A carried break with its places.
struct Case<'a> {
    found: ListedBreak<'a>,
    changes: Changes,
    /// One place of each kind, from the narrowest to the widest.
    places: Vec<SharedPlace>,
}

impl Patterns {
    pub(super) fn of(source: &PeriodTables) -> Patterns {
        let cases = cases(source);
        let usual = Usual::of(source, &cases);
        let mut clusters = Vec::new();
        let rest = by_change(&cases, &usual, &mut clusters);
        by_place(&rest, &usual, &mut clusters);
        clusters.sort_by(|a, b| {
            let key =
                |of: &BreakCluster| (-of.tally.stake, -of.tally.held, -of.tally.count, of.class);
            (key(a), &a.place, &a.changes).cmp(&(key(b), &b.place, &b.changes))
        });
        let explained: i128 = clusters.iter().map(|cluster| cluster.tally.count).sum();
        let pattern = |of: &BreakCluster| Pattern {
            sentence: sentence::sentence(of),
            class: super::words::class(of.class),
            shown: [
                count(of.tally.count),
                Money(of.tally.stake).to_string(),
                Money(of.tally.held).to_string(),
            ],
        };
        Patterns {
            ranked: clusters.iter().take(SHOWN).map(pattern).collect(),
            found: clusters.len(),
            explained: [count(explained), count(cases.len() as i128)],
        }
    }
}

/// Returns the carried breaks with their changes and places.
fn cases(source: &PeriodTables) -> Vec<Case<'_>> {
    let mut changes: BTreeMap<&str, Changes> = BTreeMap::new();
    for row in source.break_fields.iter() {
        let Some(field) = changed_field(row.text("field")) else { continue };
        let change = change(field, row.text("treating_value"), row.text("insured_value"));
        changes.entry(row.text("setl_id")).or_default().push((field, change));
    }
    let mut institutions: BTreeMap<&str, &str> = BTreeMap::new();
    for row in source.open_items.iter() {
        // Rows of the insured side come first, so the value of the treating side replaces theirs. It is more reliable.
        institutions.insert(row.text("setl_id"), row.text("fixmedins_code"));
    }
    let carried = source.all_breaks().into_iter().filter(|found| found.carried);
    carried
        .map(|found| {
            let setl_id = found.row.text("setl_id");
            let institution =
                institutions.get(setl_id).map(|code| SharedPlace::Institution((*code).into()));
            Case {
                changes: changes.remove(setl_id).map(without_sums).unwrap_or_default(),
                places: institution.into_iter().chain(places(&found)).collect(),
                found,
            }
        })
        .collect()
}

/// Removes changes that only follow from others: if a part of the cost differs, its sums and cash differ too.
fn without_sums(mut changes: Changes) -> Changes {
    let follows = |field| {
        [Field::medfee_sumamt, Field::fund_pay_sumamt, Field::psn_cash_pay].contains(&field)
    };
    let is_part = |(field, change): &(Field, FieldChange)| {
        matches!(change, FieldChange::Offset(_)) && !follows(*field)
    };
    if changes.iter().any(is_part) {
        changes.retain(|(field, _)| !follows(*field));
    }
    changes
}

/// Returns the field of a row of `break_fields`; `cost_month` is derived from the time.
fn changed_field(name: &str) -> Option<Field> {
    let field = || Field::of_column(name).map(|named| named.field);
    if name == "cost_month" { Some(Field::setl_time) } else { field() }
}

fn change(field: Field, treating: &str, insured: &str) -> FieldChange {
    const CODES: [Field; 6] = [
        Field::insuplc_admdvs,
        Field::mdtrtarea_admvs,
        Field::fixmedins_code,
        Field::insutype,
        Field::med_type,
        Field::setl_time,
    ];
    if CODES.contains(&field) {
        return FieldChange::Recoded(insured.to_owned(), treating.to_owned());
    }
    // The values of other identity fields belong to one person or one settlement.
    match (parse_sum(treating), parse_sum(insured)) {
        (Ok(treating), Ok(insured)) if !IDENTITY_FIELDS.contains(&field) => {
            FieldChange::Offset(treating - insured)
        }
        _ => FieldChange::Free,
    }
}

/// Returns the city of a division: its first four digits.
fn city(division: &str) -> String {
    division.chars().take(4).collect()
}

fn places(found: &ListedBreak) -> Vec<SharedPlace> {
    let Some(pair) = found.pair else { return Vec::new() };
    let insured = found.row.text("insuplc_admdvs");
    let treating = found.row.text("mdtrtarea_admvs");
    vec![
        SharedPlace::Insured(insured.to_owned(), pair.treating),
        SharedPlace::Treating(treating.to_owned()),
        SharedPlace::InsuredCity(city(insured), pair.treating),
        SharedPlace::TreatingCity(city(treating)),
        SharedPlace::Pair(pair),
        SharedPlace::Declares(pair.treating),
        SharedPlace::Owes(pair.insured),
    ]
}

/// Clusters breaks with the same change; returns all other breaks.
fn by_change<'a>(
    cases: &'a [Case<'a>],
    usual: &Usual,
    clusters: &mut Vec<BreakCluster>,
) -> Vec<&'a Case<'a>> {
    let mut alike: BTreeMap<(Class, &Changes), Vec<&Case>> = BTreeMap::new();
    let mut rest = Vec::new();
    for case in cases {
        let constant = case.changes.iter().any(|(_, change)| *change != FieldChange::Free);
        if constant {
            alike.entry((case.found.class, &case.changes)).or_default().push(case);
        } else {
            rest.push(case);
        }
    }
    for ((class, changes), mut group) in alike {
        let whole = group.len();
        while let Some(place) = shared_place(&group, whole, usual) {
            let (inside, outside): (Vec<_>, Vec<_>) =
                group.into_iter().partition(|case| case.places.contains(&place));
            clusters.push(cluster(class, place, changes.clone(), &inside));
            group = outside;
        }
        rest.append(&mut group);
    }
    rest
}

/// Returns the narrowest place that nine of ten breaks share, or else the place with the most breaks among the
/// places that exceed their usual share.
fn shared_place(group: &[&Case], whole: usize, usual: &Usual) -> Option<SharedPlace> {
    let mut counts = counts(group);
    counts.retain(|_, number| *number >= FEWEST_ALIKE);
    let nearly_all = counts.iter().find(|(_, number)| **number * 10 >= group.len() * 9);
    let most = || {
        let standing = counts.iter().filter(|(place, number)| {
            let quarter = matches!(place, SharedPlace::Institution(_)) && **number * 4 >= whole;
            **number * 10 >= whole && (quarter || usual.is_exceeded(place, **number, whole))
        });
        // `max_by_key` returns the last of equal items. After `rev` this is the first, which is the narrowest.
        standing.rev().max_by_key(|(_, number)| **number)
    };
    nearly_all.or_else(most).map(|(place, _)| (*place).clone())
}

/// Counts the breaks of each place.
fn counts<'a>(group: &[&'a Case]) -> BTreeMap<&'a SharedPlace, usize> {
    let mut counts = BTreeMap::new();
    for place in group.iter().flat_map(|case| &case.places) {
        *counts.entry(place).or_default() += 1;
    }
    counts
}

fn cluster(class: Class, place: SharedPlace, changes: Changes, cases: &[&Case]) -> BreakCluster {
    let mut pairs: Vec<Option<Pair>> = cases.iter().map(|case| case.found.pair).collect();
    pairs.sort();
    pairs.dedup();
    let tally = BreakTally::of(cases.iter().map(|case| &case.found));
    BreakCluster { class, place, changes, pairs: pairs.len(), tally }
}

/// Clusters breaks of one class and the same fields at places that have too many of them.
fn by_place(rest: &[&Case], usual: &Usual, clusters: &mut Vec<BreakCluster>) {
    let mut groups: BTreeMap<(Class, Vec<Field>), Vec<&Case>> = BTreeMap::new();
    for case in rest {
        let fields = case.changes.iter().map(|(field, _)| *field).collect();
        groups.entry((case.found.class, fields)).or_default().push(case);
    }
    for ((class, fields), mut group) in groups {
        let changes: Changes = fields.into_iter().map(|field| (field, FieldChange::Free)).collect();
        let whole = group.len();
        while let Some(place) = crowded_place(&group, whole, usual) {
            let (inside, outside): (Vec<_>, Vec<_>) =
                group.into_iter().partition(|case| case.places.contains(&place));
            clusters.push(cluster(class, place, changes.clone(), &inside));
            group = outside;
        }
    }
}

/// Returns the narrowest place that has at least nine tenths of the largest number of breaks, among the places
/// that exceed their usual share of `whole`.
fn crowded_place(group: &[&Case], whole: usize, usual: &Usual) -> Option<SharedPlace> {
    let mut crowded = counts(group);
    crowded.retain(|place, number| {
        *number >= FEWEST_AT_A_PLACE && usual.is_exceeded(place, *number, whole)
    });
    let most = crowded.values().max()?;
    let place = crowded.iter().find(|(_, number)| **number * 10 >= most * 9);
    place.map(|(place, _)| (*place).clone())
}

/// The usual shares: cleared visits and carried breaks, by place and in total.
struct Usual {
    visits: BTreeMap<SharedPlace, i128>,
    all_visits: i128,
    breaks: BTreeMap<SharedPlace, usize>,
    all_breaks: usize,
}

impl Usual {
    fn of(source: &PeriodTables, cases: &[Case]) -> Usual {
        let mut usual = Usual {
            visits: BTreeMap::new(),
            all_visits: 0,
            breaks: BTreeMap::new(),
            all_breaks: cases.len(),
        };
        for place in cases.iter().flat_map(|case| &case.places) {
            *usual.breaks.entry(place.clone()).or_default() += 1;
        }
        for row in source.positions.iter() {
            let (Some(pair), number) = (row.pair(), row.number("visits")) else { continue };
            let division = row.text("insuplc_admdvs");
            for place in [
                SharedPlace::Insured(division.to_owned(), pair.treating),
                SharedPlace::InsuredCity(city(division), pair.treating),
                SharedPlace::Pair(pair),
            ] {
                *usual.visits.entry(place).or_default() += number;
            }
            usual.all_visits += number;
        }
        usual
    }

    /// Returns whether a place has far more of `whole` breaks than its share of visits. For places that positions do
    /// not have, the share of all other breaks counts instead.
    fn is_exceeded(&self, place: &SharedPlace, number: usize, whole: usize) -> bool {
        let (own, all) = match place {
            SharedPlace::Insured(..) | SharedPlace::InsuredCity(..) | SharedPlace::Pair(_) => {
                let own = self.visits.get(place).copied().unwrap_or(0).max(0);
                (own + number as i128, self.all_visits)
            }
            SharedPlace::Institution(_)
            | SharedPlace::Treating(_)
            | SharedPlace::TreatingCity(_) => {
                let own = self.breaks.get(place).map_or(0, |all| all.saturating_sub(number));
                (own as i128 + 1, self.all_breaks.saturating_sub(whole) as i128)
            }
            SharedPlace::Declares(_) | SharedPlace::Owes(_) => return false,
        };
        number as i128 * all > TIMES_ITS_SHARE * whole as i128 * own
    }
}
