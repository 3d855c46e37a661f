//! The rules as their definitions are worded, by trying everything, against the rules that sweep.

use std::collections::BTreeSet;

use proptest::{collection::vec, prelude::*, strategy::ValueTree, test_runner::TestRunner};

use super::{
    super::{Thresholds, place::region},
    Sample, SampleRow, of_house, of_one, settlement,
};
use crate::{
    ingest::times::DAY,
    model::{codes::CareClass, money::FenSum},
    review::thresholds::{
        BurstLimits, CompanionLimits, DuringStayLimits, OverlapLimits, SplitLimits, TravelLimits,
    },
};

/// Some rows are random: the care class, the person, the institution, the division, days and minutes.
fn rows() -> impl Strategy<Value = Vec<Sample>> {
    let care = prop_oneof![
        2 => Just(CareClass::Inpatient),
        1 => Just(CareClass::Outpatient),
        1 => Just(CareClass::Chronic),
        1 => Just(CareClass::Pharmacy),
    ];
    let division = prop::sample::select(vec!["340100", "110000", "650100", "660100"]);
    let one = (care, 0..6_u8, 0..3_u8, division, 0..12_i32, -1..6_i32, 0..8_i64, any::<bool>());
    vec(one, 0..24).prop_map(|all| (0..).zip(all).map(|(number, one)| row(number, one)).collect())
}

type Chosen = (CareClass, u8, u8, &'static str, i32, i32, i64, bool);

fn row(number: usize, chosen: Chosen) -> Sample {
    let (care, person, institution, division, day, length, minutes, mid_stay) = chosen;
    let sample = settlement(care, &format!("s{number:02}"), "2025-12-26 00:00:00");
    let sample = sample.of(&format!("p{person}")).at(&format!("h{institution}"));
    let sample = sample.treated_in(division).for_fen(i64::try_from(number).expect("small"));
    sample.with(|row| {
        row.time += i64::from(day) * DAY + minutes * 30 * 60 * 1_000_000;
        row.optional.mid_stay = mid_stay;
        if care == CareClass::Inpatient {
            let begin = row.day();
            (row.begin, row.end) = (Some(begin), Some(begin + length));
        }
    })
}

/// Returns a lead as a line, as the rules' leads are written.
fn lead<'a>(
    rows: impl IntoIterator<Item = &'a SampleRow>,
    context: Option<&SampleRow>,
    detail: &str,
) -> String {
    let mut ids: Vec<&str> = Vec::new();
    let mut payable = FenSum::ZERO;
    for row in rows {
        ids.push(row.setl_id);
        payable += row.payable.into();
    }
    ids.sort_unstable();
    let context = context.map_or_else(String::new, |row| format!(" ({})", row.setl_id));
    format!("{}{context}: {} {detail}", ids.join(" "), crate::model::money::yuan(payable))
}

fn sorted(mut lines: Vec<String>) -> Vec<String> {
    lines.sort();
    lines
}

fn all(samples: &[Sample]) -> Vec<&SampleRow> {
    samples.iter().map(|Sample(row)| row).collect()
}

fn outside<'a>(rows: &[&'a SampleRow]) -> Vec<&'a SampleRow> {
    rows.iter().copied().filter(|row| row.care != CareClass::Inpatient).collect()
}

fn stays<'a>(rows: &[&'a SampleRow]) -> Vec<(&'a SampleRow, i64, i64)> {
    let of = |row: &'a SampleRow| {
        let (begin, end) = (row.begin?, row.end?);
        (row.care == CareClass::Inpatient && begin <= end).then_some((
            row,
            begin.into(),
            end.into(),
        ))
    };
    rows.iter().filter_map(|row| of(row)).collect()
}

fn overlaps(samples: &[Sample], days: u64) -> Vec<String> {
    let rows = all(samples);
    let stays = stays(&rows);
    let mut lines = Vec::new();
    for (at, one) in stays.iter().enumerate() {
        for other in &stays[at + 1..] {
            let common = one.2.min(other.2) - one.1.max(other.1);
            if one.0.institution != other.0.institution && common >= days.cast_signed() {
                lines.push(lead([one.0, other.0], None, &format!("days={common}")));
            }
        }
    }
    sorted(lines)
}

/// Two stays are neighbours when no third one of the institution stands between them.
fn splits(samples: &[Sample], days: u64) -> Vec<String> {
    let rows = all(samples);
    let stays = stays(&rows);
    let key = |stay: &(&SampleRow, i64, i64)| (stay.1, stay.2, stay.0.setl_id.to_owned());
    let mut lines = Vec::new();
    for one in &stays {
        for other in stays.iter().filter(|other| other.0.institution == one.0.institution) {
            let is_between = |third: &(&SampleRow, i64, i64)| {
                third.0.institution == one.0.institution
                    && key(one) < key(third)
                    && key(third) < key(other)
            };
            let gap = other.1 - one.2;
            let is_lead = key(one) < key(other)
                && !stays.iter().any(is_between)
                && !one.0.optional.mid_stay
                && (0..=days.cast_signed()).contains(&gap);
            if is_lead {
                lines.push(lead([one.0, other.0], None, &format!("gap={gap}")));
            }
        }
    }
    sorted(lines)
}

fn cared_for(samples: &[Sample]) -> Vec<String> {
    let rows = all(samples);
    let of = |(stay, begin, end): &(&SampleRow, i64, i64)| {
        let during =
            |row: &&&SampleRow| *begin < i64::from(row.day()) && i64::from(row.day()) < *end;
        let outside = outside(&rows);
        let during: Vec<&SampleRow> = outside.iter().filter(during).copied().collect();
        let detail = format!("stay_institution={}", stay.institution);
        (!during.is_empty()).then(|| lead(during, Some(stay), &detail))
    };
    sorted(stays(&rows).iter().filter_map(of).collect())
}

fn travels(samples: &[Sample], minutes: u64) -> Vec<String> {
    let rows = all(samples);
    let outside = outside(&rows);
    let days: BTreeSet<i32> = outside.iter().map(|row| row.day()).collect();
    let of_day = |day: i32| {
        let (mut found, mut least) = (BTreeSet::new(), i64::MAX);
        for one in outside.iter().filter(|row| row.day() == day) {
            for other in outside.iter().filter(|row| row.day() == day) {
                let apart = (one.time - other.time).abs();
                if region(one) != region(other) && apart <= minutes.cast_signed() * 60_000_000 {
                    found.extend([one.setl_id, other.setl_id]);
                    least = least.min(apart);
                }
            }
        }
        let those: Vec<&SampleRow> =
            outside.iter().copied().filter(|row| found.contains(row.setl_id)).collect();
        let provinces: BTreeSet<String> =
            those.iter().map(|row| row.treating_province().to_string()).collect();
        let provinces = provinces.into_iter().collect::<Vec<_>>().join(",");
        let detail = format!("minutes={};provinces={provinces}", least / 60_000_000);
        (!those.is_empty()).then(|| lead(those, None, &detail))
    };
    sorted(days.into_iter().filter_map(of_day).collect())
}

/// Groups are made by spreading from each person until nothing is added.
fn companions(samples: &[Sample], limits: &CompanionLimits) -> Vec<String> {
    let rows = all(samples);
    let divisions: BTreeSet<&str> = rows.iter().map(|row| row.insured).collect();
    let mut lines = BTreeSet::new();
    for division in divisions {
        let here: BTreeSet<(i32, &str)> = rows
            .iter()
            .filter(|row| row.insured == division)
            .map(|row| (row.day(), row.psn_no))
            .collect();
        let crowd = |day: i32| here.iter().filter(|(other, _)| *other == day).count() as u64;
        let common = |one: &str, other: &str| -> BTreeSet<i32> {
            let was = |day: i32, person: &str| here.iter().any(|it| *it == (day, person));
            let days = here.iter().map(|(day, _)| *day);
            days.filter(|day| crowd(*day) <= limits.crowd && was(*day, one) && was(*day, other))
                .collect()
        };
        let is_linked = |one: &str, other: &str| {
            let days = common(one, other);
            one != other && !days.is_empty() && days.len() as u64 >= limits.days
        };
        let persons: BTreeSet<&str> = here.iter().map(|(_, person)| *person).collect();
        for first in &persons {
            let mut group = BTreeSet::from([*first]);
            loop {
                let more: Vec<&str> = persons
                    .iter()
                    .copied()
                    .filter(|one| group.iter().any(|other| is_linked(one, other)))
                    .filter(|one| !group.contains(one))
                    .collect();
                if more.is_empty() {
                    break;
                }
                group.extend(more);
            }
            let mut there = BTreeSet::new();
            for one in &group {
                for other in group.iter().filter(|other| is_linked(one, other)) {
                    there.extend(common(one, other).into_iter().map(|day| (day, *one)));
                }
            }
            let days: BTreeSet<i32> = there.iter().map(|(day, _)| *day).collect();
            if group.len() > 1 && group.len() as u64 >= limits.persons {
                let those = rows.iter().copied().filter(|row| {
                    row.insured == division && there.contains(&(row.day(), row.psn_no))
                });
                let detail = format!("persons={};days={}", group.len(), days.len());
                lines.insert(lead(those, None, &detail));
            }
        }
    }
    lines.into_iter().collect()
}

fn bursts(samples: &[Sample], limits: &BurstLimits) -> Vec<String> {
    let rows = all(samples);
    let days: BTreeSet<i32> = rows.iter().map(|row| row.day()).collect();
    let of_day = |day: i32| {
        let those: Vec<&SampleRow> = rows.iter().copied().filter(|row| row.day() == day).collect();
        let month = those[0].month();
        let of_month: Vec<&&SampleRow> = rows.iter().filter(|row| row.month() == month).collect();
        let days: BTreeSet<i32> = of_month.iter().map(|row| row.day()).collect();
        let (n, days, total) = (those.len() as u64, days.len() as u64, of_month.len() as u64);
        let is_lead = n >= limits.count && n * days >= limits.times * total;
        is_lead.then(|| lead(those, None, &format!("count={n};days={days};total={total}")))
    };
    sorted(days.into_iter().filter_map(of_day).collect())
}

/// Moves rows to four days, so that persons meet.
fn on_few_days(rows: impl Iterator<Item = Sample>) -> Vec<Sample> {
    let few = |time: i64| (time / DAY / 3 * 3 + time / DAY % 2) * DAY;
    rows.map(|one| one.with(|row| row.time = few(row.time))).collect()
}

/// What is compared is not nothing.
#[test]
fn random_rows_have_leads_of_every_rule() {
    let mut runner = TestRunner::deterministic();
    let mut found = [0; 6];
    for _ in 0..64 {
        let rows = rows().new_tree(&mut runner).expect("rows").current();
        let few = on_few_days(rows.iter().cloned());
        let companions = companions(&few, &CompanionLimits { crowd: 4, days: 2, persons: 3 });
        let bursts = bursts(&few, &BurstLimits { count: 3, times: 2 });
        let (cared, travels) = (cared_for(&rows), travels(&rows, 60));
        let all = [overlaps(&rows, 1), splits(&rows, 3), cared, travels, companions, bursts];
        for (count, lines) in found.iter_mut().zip(all) {
            *count += lines.len();
        }
    }
    assert!(found.iter().all(|count| *count > 10), "{found:?}");
}

fn many_cases() -> ProptestConfig {
    ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(many_cases())]

    #[test]
    fn rules_on_persons_find_what_their_definitions_say(
        rows in rows(), days in 0..4_u64, minutes in 0..200_u64,
    ) {
        let of = |thresholds| of_one(rows.clone(), thresholds);
        let none = Thresholds::default;
        let beh01 = Some(OverlapLimits { days });
        prop_assert_eq!(of(Thresholds { beh01, ..none() }), overlaps(&rows, days));
        let beh02 = Some(SplitLimits { days });
        prop_assert_eq!(of(Thresholds { beh02, ..none() }), splits(&rows, days));
        let beh04 = Some(DuringStayLimits {});
        prop_assert_eq!(of(Thresholds { beh04, ..none() }), cared_for(&rows));
        let beh06 = Some(TravelLimits { minutes });
        prop_assert_eq!(of(Thresholds { beh06, ..none() }), travels(&rows, minutes));
    }

    #[test]
    fn rules_on_institutions_find_what_their_definitions_say(
        rows in rows(), others in 0..24_usize, crowd in 1..5_u64, days in 1..4_u64, persons in 2..4_u64,
        count in 1..6_u64, times in 1..4_u64,
    ) {
        let there = (0..).zip(rows).map(|(at, one)| if at < others { one } else { one.insured_in("110101") });
        let rows = on_few_days(there);
        let none = Thresholds::default;
        let limits = CompanionLimits { crowd, days, persons };
        let expected = companions(&rows, &limits);
        let found = of_house(rows.clone(), Thresholds { beh11: Some(limits), ..none() });
        prop_assert_eq!(found, expected);
        let limits = BurstLimits { count, times };
        let expected = bursts(&rows, &limits);
        let found = of_house(rows, Thresholds { beh13: Some(limits), ..none() });
        prop_assert_eq!(found, expected);
    }
}
