//! BEH-15 amounts just below the limit 临界金额 (statistical): stays in the inputs with `limit` − `width` ≤ medfee <
//! `limit`: `count` or more, and `times` or more those with `limit` ≤ medfee < `limit` + `width`. One lead is an
//! institution, with the stays below. Source: from the limit on a stay may be verified (procedure §58); the rest: ours.

use super::{groups::number, stay::Stay};
use crate::review::{
    lead::{Detail, Lead},
    numbers::product,
    row::ReviewedRow,
    rule::ReviewRule,
    thresholds::NearLimitLimits,
};

/// Adds the lead of an institution's stays.
pub(super) fn leads<'a>(stays: &[Stay<'a>], limits: &NearLimitLimits, leads: &mut Vec<Lead<'a>>) {
    let (limit, width) = (i128::from(limits.limit.fen()), i128::from(limits.width.fen()));
    let within = |from: i128| {
        let those = stays.iter().map(|stay| stay.row);
        let cost = |row: &ReviewedRow| i128::from(row.medfee.fen());
        those.filter(move |row| (from..from + width).contains(&cost(row)))
    };
    let below: Vec<&ReviewedRow> = within(limit - width).collect();
    let above = within(limit).count() as u64;
    let is_lead = number(&below) >= limits.count.max(1)
        && i128::from(number(&below)) >= product(limits.times, above);
    if is_lead {
        let detail = Detail::default().with("below", number(&below)).with("above", above).text();
        leads.push(Lead::of(ReviewRule::Beh15, below, detail));
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{Sample, of_house, stay, visit};
    use crate::{
        model::money::Fen,
        review::thresholds::{NearLimitLimits, Thresholds},
    };

    fn told(costs: &[i64]) -> Vec<String> {
        let stays = (1..).zip(costs).map(|(number, fen)| {
            stay(&format!("s{number}"), "2025-01-01", "2026-01-01").for_fen(*fen)
        });
        of_house(stays.collect(), limits(10_000, 100))
    }

    fn limits(limit: i64, width: i64) -> Thresholds {
        let (limit, width) = (Fen::new(limit), Fen::new(width));
        let beh15 = Some(NearLimitLimits { limit, width, count: 3, times: 3 });
        Thresholds { beh15, ..Thresholds::default() }
    }

    #[test]
    fn the_bands_end_at_the_fen() {
        assert_eq!(told(&[9_900, 9_999, 9_950]), ["s1 s2 s3: 298.49 below=3;above=0"]);
        assert_eq!(told(&[9_899, 9_999, 9_950]), [""; 0]);
        assert_eq!(told(&[9_900, 10_000, 9_950]), [""; 0]);
    }

    #[test]
    fn those_above_weigh_against_them() {
        let three = [9_900, 9_900, 9_900];
        let with = |more: &[i64]| told(&[&three[..], more].concat());
        assert_eq!(with(&[10_000]), ["s1 s2 s3: 297.00 below=3;above=1"]);
        assert_eq!(with(&[10_099, 10_000]), [""; 0]);
        assert_eq!(with(&[10_100, 10_000]), ["s1 s2 s3: 297.00 below=3;above=1"]);
    }

    #[test]
    fn visits_do_not_count_and_the_ends_of_64_bits_are_no_ends() {
        let visits: Vec<Sample> =
            ["a", "b", "c"].map(|id| visit(id, "2025-10-01").for_fen(9_950)).into();
        assert_eq!(of_house(visits, limits(10_000, 100)), [""; 0]);
        let stays =
            ["a", "b", "c"].map(|id| stay(id, "2025-10-01", "2025-10-02").for_fen(i64::MAX - 1));
        assert_eq!(of_house(stays.into(), limits(i64::MAX, i64::MAX)).len(), 1);
    }
}
