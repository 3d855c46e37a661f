//! BEH-02 a split stay 分解住院, GZ10000204001000 (consistent): stays of a person at one institution in the order of
//! (begin, end, setl_id). Neighbours with 0 ≤ next begin − previous end ≤ `days` are a lead. It is none where the earlier
//! one was settled in the middle of a stay. An overlap at one institution is none. Source: 知识库、规则库; the days: ours.

use super::stay::Stay;
use crate::review::{
    lead::{Detail, Lead},
    rule::ReviewRule,
    thresholds::SplitLimits,
};

/// Adds the leads of a person's stays.
pub(super) fn leads<'a>(stays: &[Stay<'a>], limits: &SplitLimits, leads: &mut Vec<Lead<'a>>) {
    let mut stays: Vec<Stay> = stays.to_vec();
    stays.sort_unstable_by_key(|stay| {
        (stay.row.institution, stay.begin, stay.end, stay.row.setl_id)
    });
    for pair in stays.windows(2) {
        let (earlier, next) = (pair[0], pair[1]);
        let gap = i64::from(next.begin) - i64::from(earlier.end);
        let is_split = earlier.row.institution == next.row.institution
            && u64::try_from(gap).is_ok_and(|gap| gap <= limits.days)
            && !earlier.row.optional.mid_stay;
        if is_split {
            let detail = Detail::default().with("gap", gap).text();
            leads.push(Lead::of(ReviewRule::Beh02, vec![earlier.row, next.row], detail));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{Sample, of_one, stay};
    use crate::review::thresholds::{SplitLimits, Thresholds};

    fn told(days: u64, stays: Vec<Sample>) -> Vec<String> {
        of_one(stays, Thresholds { beh02: Some(SplitLimits { days }), ..Thresholds::default() })
    }

    #[test]
    fn neighbours_within_the_days_are_a_lead() {
        let first = || stay("a", "2025-12-20", "2025-12-28");
        let next = |begin| stay("b", begin, "2026-01-20");
        assert_eq!(told(7, vec![first(), next("2025-12-27")]), [""; 0]);
        assert_eq!(told(7, vec![first(), next("2025-12-28")]), ["a b: 2.00 gap=0"]);
        assert_eq!(told(7, vec![first(), next("2026-01-04")]), ["a b: 2.00 gap=7"]);
        assert_eq!(told(7, vec![first(), next("2026-01-05")]), [""; 0]);
        assert_eq!(told(0, vec![first(), next("2025-12-29")]), [""; 0]);
        assert_eq!(told(u64::MAX, vec![first(), next("2025-12-29")]), ["a b: 2.00 gap=1"]);
        assert_eq!(told(7, vec![first(), next("2025-12-29").at("K")]), [""; 0]);
    }

    #[test]
    fn a_settlement_in_the_middle_of_a_stay_splits_nothing() {
        let middle = |sample: Sample| sample.with(|row| row.optional.mid_stay = true);
        let first = || stay("a", "2025-10-01", "2025-10-05");
        let next = || stay("b", "2025-10-05", "2025-10-09");
        assert_eq!(told(7, vec![middle(first()), next()]), [""; 0]);
        assert_eq!(told(7, vec![first(), middle(next())]), ["a b: 2.00 gap=0"]);
    }

    #[test]
    fn neighbours_stand_in_the_order_of_days_and_ids() {
        let stays = vec![
            stay("c", "2025-10-01", "2025-10-01"),
            stay("b", "2025-10-01", "2025-10-01"),
            stay("a", "2025-10-01", "2025-10-09"),
            stay("d", "2025-10-03", "2025-10-04"),
        ];
        assert_eq!(told(7, stays), ["a c: 2.00 gap=0", "b c: 2.00 gap=0"]);
    }
}
