//! BEH-01 overlapping stays 重叠住院 (certain): two stays of a person at different institutions have `days` or more in
//! common: min(end) − max(begin) ≥ `days`. Each such pair is a lead. Source: ours; nobody lies in two beds.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet, BinaryHeap},
};

use super::stay::Stay;
use crate::review::{
    lead::{Detail, Lead},
    rule::ReviewRule,
    thresholds::OverlapLimits,
};

/// Stays that a later one may overlap, so that nobody looks at those of its own institution.
#[derive(Default)]
struct OpenStays<'a> {
    /// By their discharge, the first to go on top.
    leaving: BinaryHeap<Reverse<(i32, usize)>>,
    by_institution: BTreeMap<&'a str, BTreeSet<usize>>,
}

impl<'a> OpenStays<'a> {
    fn open(&mut self, number: usize, stay: &Stay<'a>) {
        self.leaving.push(Reverse((stay.end, number)));
        self.by_institution.entry(stay.row.institution).or_default().insert(number);
    }

    /// Closes the stays that have less than `days` left from a day on.
    fn close(&mut self, stays: &[Stay<'a>], day: i32, days: i64) {
        while let Some(Reverse((_, number))) = self.leaving.peek().copied() {
            let stay = &stays[number];
            if stay.days_from(day) >= days {
                break;
            }
            self.leaving.pop();
            if let Some(open) = self.by_institution.get_mut(stay.row.institution) {
                open.remove(&number);
                if open.is_empty() {
                    self.by_institution.remove(stay.row.institution);
                }
            }
        }
    }
}

/// Adds the leads of a person's stays.
pub(super) fn leads<'a>(stays: &[Stay<'a>], limits: &OverlapLimits, leads: &mut Vec<Lead<'a>>) {
    let days = i64::try_from(limits.days).unwrap_or(i64::MAX);
    let mut stays: Vec<Stay> = stays.to_vec();
    stays.retain(|stay| stay.days_from(stay.begin) >= days);
    if stays.len() < 2 {
        return;
    }
    stays.sort_unstable_by_key(|stay| (stay.begin, stay.row.setl_id));
    let mut open = OpenStays::default();
    for (number, stay) in stays.iter().enumerate() {
        open.close(&stays, stay.begin, days);
        let others = open.by_institution.iter();
        let others = others.filter(|(institution, _)| **institution != stay.row.institution);
        for other in others.flat_map(|(_, numbers)| numbers).map(|number| &stays[*number]) {
            let common = other.end.min(stay.end) - stay.begin;
            let detail = Detail::default().with("days", common).text();
            leads.push(Lead::of(ReviewRule::Beh01, vec![other.row, stay.row], detail));
        }
        open.open(number, stay);
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{Sample, of_one, stay};
    use crate::review::thresholds::{OverlapLimits, Thresholds};

    fn told(days: u64, stays: Vec<Sample>) -> Vec<String> {
        of_one(stays, Thresholds { beh01: Some(OverlapLimits { days }), ..Thresholds::default() })
    }

    #[test]
    fn a_day_in_two_beds_is_a_lead_and_a_transfer_is_none() {
        let first = || stay("a", "2025-10-01", "2025-10-05").for_fen(200);
        let next = |begin, end| stay("b", begin, end).at("K");
        assert_eq!(told(1, vec![first(), next("2025-10-05", "2025-10-09")]), [""; 0]);
        assert_eq!(told(1, vec![first(), next("2025-10-04", "2025-10-09")]), ["a b: 3.00 days=1"]);
        assert_eq!(told(1, vec![first(), next("2025-09-01", "2025-10-02")]), ["a b: 3.00 days=1"]);
        assert_eq!(told(1, vec![first(), next("2025-10-02", "2025-10-04")]), ["a b: 3.00 days=2"]);
        assert_eq!(told(1, vec![first(), next("2025-10-03", "2025-10-03")]), [""; 0]);
        assert_eq!(told(2, vec![first(), next("2025-10-04", "2025-10-09")]), [""; 0]);
        assert_eq!(told(2, vec![first(), next("2025-10-03", "2025-10-09")]), ["a b: 3.00 days=2"]);
        assert_eq!(told(0, vec![first(), next("2025-10-05", "2025-10-09")]), ["a b: 3.00 days=0"]);
        assert_eq!(told(0, vec![first(), next("2025-10-06", "2025-10-09")]), [""; 0]);
        assert_eq!(told(u64::MAX, vec![first(), next("2025-10-01", "2025-10-05")]), [""; 0]);
    }

    #[test]
    fn the_same_institution_is_no_lead_and_each_pair_is_one() {
        let same = |id| stay(id, "2025-12-30", "2026-01-02");
        assert_eq!(told(1, vec![same("a"), same("b")]), [""; 0]);
        let three = vec![same("a"), same("b"), same("c").at("K")];
        assert_eq!(told(1, three), ["a c: 2.00 days=3", "b c: 2.00 days=3"]);
    }

    #[test]
    fn without_both_days_in_their_order_it_is_no_stay() {
        let whole = || stay("a", "2025-10-01", "2025-10-05").at("K");
        let open = stay("b", "2025-10-01", "2025-10-05").with(|row| row.end = None);
        assert_eq!(told(1, vec![whole(), open]), [""; 0]);
        assert_eq!(told(0, vec![whole(), stay("b", "2025-10-05", "2025-10-01")]), [""; 0]);
    }
}
