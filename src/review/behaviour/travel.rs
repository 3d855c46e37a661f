//! BEH-06 two provinces at once 不可能行程 (certain): two visits or purchases on one day, in different treating provinces,
//! `minutes` or less apart, to the microsecond. 65 and 66 lie in the same towns and are no such two. One lead is a person
//! and day with every settlement that is in such a pair. Source: ours.

use super::{
    groups::by_key,
    place::{provinces, region},
};
use crate::review::{
    lead::{Detail, Lead},
    numbers::product,
    row::ReviewedRow,
    rule::ReviewRule,
    thresholds::TravelLimits,
};

/// When and where somebody was.
type TimeAndRegion = (i64, u8);

/// Microseconds of a minute.
const MINUTE: i128 = 60 * 1_000_000;

/// Adds the leads of a person's visits and purchases, which stand in the order of time.
pub(super) fn leads<'a>(
    outside: &[&'a ReviewedRow<'a>],
    limits: &TravelLimits,
    leads: &mut Vec<Lead<'a>>,
) {
    if outside.len() < 2 {
        return;
    }
    let most = product(limits.minutes, MINUTE);
    by_key(outside, ReviewedRow::day, |rows| {
        if rows.len() < 2 {
            return;
        }
        let apart = apart(rows);
        let is_near = |apart: &Option<i128>| apart.is_some_and(|apart| apart <= most);
        let suspects = rows.iter().zip(&apart).filter(|(_, apart)| is_near(apart));
        let suspects: Vec<&ReviewedRow> = suspects.map(|(row, _)| *row).collect();
        let Some(least) = apart.into_iter().flatten().min().filter(|least| *least <= most) else {
            return;
        };
        let detail = Detail::default().with("minutes", least / MINUTE);
        let detail = detail.with_list("provinces", provinces(&suspects)).text();
        leads.push(Lead::of(ReviewRule::Beh06, suspects, detail));
    });
}

/// Returns how far each row is from the nearest one of another province, where there is one.
fn apart(rows: &[&ReviewedRow]) -> Vec<Option<i128>> {
    let places: Vec<TimeAndRegion> = rows.iter().map(|row| (row.time, region(row))).collect();
    let mut apart = vec![None; rows.len()];
    let mut look = |numbers: &mut dyn Iterator<Item = usize>| {
        // The last place, and the last one of another province than that.
        let (mut last, mut other): (Option<TimeAndRegion>, Option<TimeAndRegion>) = (None, None);
        for number in numbers {
            let (time, region) = places[number];
            if last.is_some_and(|(_, before)| before != region) {
                other = last;
            }
            last = Some((time, region));
            if let Some((there, _)) = other {
                let distance = (i128::from(time) - i128::from(there)).abs();
                let nearest: &mut Option<i128> = &mut apart[number];
                *nearest = Some(nearest.map_or(distance, |nearest| nearest.min(distance)));
            }
        }
    };
    look(&mut (0..places.len()));
    look(&mut (0..places.len()).rev());
    apart
}

#[cfg(test)]
mod tests {
    use super::super::tests::{Sample, of_one, purchase, settlement, visit};
    use crate::{
        model::codes::CareClass,
        review::thresholds::{Thresholds, TravelLimits},
    };

    fn told(minutes: u64, rows: Vec<Sample>) -> Vec<String> {
        of_one(rows, Thresholds { beh06: Some(TravelLimits { minutes }), ..Thresholds::default() })
    }

    #[test]
    fn the_minutes_are_kept_to_the_microsecond() {
        let of = |at: &str| {
            let there = purchase("b", at).treated_in("110000");
            told(120, vec![visit("a", "2025-10-03 08:00:00"), there])
        };
        let lead = |minutes| [format!("a b: 2.00 minutes={minutes};provinces=11,34")];
        assert_eq!(of("2025-10-03 10:00:00"), lead(120));
        assert_eq!(of("2025-10-03 10:00:00.000001"), [""; 0]);
        assert_eq!(of("2025-10-03 09:59:59.999999"), lead(119));
        assert_eq!(of("2025-10-03 08:00:00"), lead(0));
        assert_eq!(of("2025-10-03 06:00:00"), lead(120));
        assert_eq!(of("2025-10-03 05:59:59.999999"), [""; 0]);
    }

    #[test]
    fn midnight_and_the_end_of_a_year_divide() {
        let rows = vec![
            visit("a", "2025-12-31 23:59:59"),
            visit("b", "2026-01-01 00:00:00").treated_in("110000"),
        ];
        assert_eq!(told(u64::MAX, rows), [""; 0]);
    }

    #[test]
    fn provinces_of_the_same_towns_and_stays_do_not_count() {
        let two = |one: &str, other: &str| {
            let at = "2025-10-03 08:00:00";
            told(0, vec![visit("a", at).treated_in(one), visit("b", at).treated_in(other)])
        };
        assert_eq!(two("650100", "660100"), [""; 0]);
        assert_eq!(two("659001", "650100"), [""; 0]);
        assert_eq!(two("340100", "340200"), [""; 0]);
        assert_eq!(two("660100", "620100"), ["a b: 2.00 minutes=0;provinces=62,66"]);
        let stay = settlement(CareClass::Inpatient, "a", "2025-10-03").treated_in("110000");
        assert_eq!(told(120, vec![stay, visit("b", "2025-10-03")]), [""; 0]);
    }

    #[test]
    fn a_lead_has_every_settlement_of_a_pair_and_no_other() {
        let rows = vec![
            visit("a", "2025-10-03 08:00:00"),
            visit("b", "2025-10-03 09:00:00"),
            visit("c", "2025-10-03 10:30:00").treated_in("110000"),
            visit("d", "2025-10-03 14:00:00"),
            visit("e", "2025-10-03 20:00:00").treated_in("660100"),
            visit("f", "2025-10-03 20:30:00").treated_in("650100"),
            visit("g", "2025-10-03 22:00:00"),
        ];
        let expected = ["b c e f g: 5.00 minutes=90;provinces=11,34,65,66"];
        assert_eq!(told(120, rows), expected);
    }
}
