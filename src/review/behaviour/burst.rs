//! BEH-13 a burst on a day 单日冲量 (statistical): n settlements of a day, `count` or more, with n × days ≥ `times` ×
//! total. Days are those of the month with any settlement, this one too; total is all of the month. One lead is an
//! institution and day. Source: ours.

use super::groups::{by_key, distinct, number};
use crate::review::{
    lead::{Detail, Lead},
    numbers::product,
    row::ReviewedRow,
    rule::ReviewRule,
    thresholds::BurstLimits,
};

/// Adds the leads of an institution's settlements.
pub(super) fn leads<'a>(
    settlements: &[&'a ReviewedRow<'a>],
    limits: &BurstLimits,
    leads: &mut Vec<Lead<'a>>,
) {
    by_key(settlements, ReviewedRow::month, |of_month| {
        let (days, total) = (distinct(of_month, ReviewedRow::day), number(of_month));
        by_key(of_month, ReviewedRow::day, |rows| {
            let count = number(rows);
            if count >= limits.count && product(count, days) >= product(limits.times, total) {
                let detail = Detail::default().with("count", count).with("days", days);
                let detail = detail.with("total", total).text();
                leads.push(Lead::of(ReviewRule::Beh13, rows.to_vec(), detail));
            }
        });
    });
}

#[cfg(test)]
mod tests {
    use super::super::tests::{Sample, copies, of_house, visit};
    use crate::review::thresholds::{BurstLimits, Thresholds};

    fn told(limits: BurstLimits, days: &[(&str, usize)]) -> Vec<String> {
        let rows: Vec<Sample> =
            days.iter().flat_map(|(day, number)| copies(*number, &visit(day, day))).collect();
        let leads = of_house(rows, Thresholds { beh13: Some(limits), ..Thresholds::default() });
        leads.iter().map(|line| line[line.find(": ").expect("a line") + 2..].to_owned()).collect()
    }

    #[test]
    fn five_times_the_mean_of_the_days_is_a_burst() {
        let quiet = |first: usize| -> Vec<(&'static str, usize)> {
            let days = ["2025-12-01", "2025-12-02", "2025-12-03", "2025-12-04", "2025-12-05"];
            let mut plan: Vec<(&str, usize)> = days.map(|day| (day, 2)).to_vec();
            plan[0].1 = first;
            plan
        };
        // n × 5 ≥ 3 × (n + 8) from n = 12 on.
        let limits = || BurstLimits { count: 12, times: 3 };
        assert_eq!(told(limits(), &quiet(12)), ["12.00 count=12;days=5;total=20"]);
        assert_eq!(told(BurstLimits { count: 11, times: 3 }, &quiet(11)), [""; 0]);
        assert_eq!(told(BurstLimits { count: 13, times: 3 }, &quiet(12)), [""; 0]);
        assert_eq!(told(BurstLimits { count: 1, times: u64::MAX }, &quiet(12)), [""; 0]);
    }

    #[test]
    fn a_single_day_is_its_own_mean_and_months_are_told_apart() {
        let limits = |times| BurstLimits { count: 3, times };
        assert_eq!(told(limits(1), &[("2025-12-31", 3)]), ["3.00 count=3;days=1;total=3"]);
        assert_eq!(told(limits(2), &[("2025-12-31", 3)]), [""; 0]);
        assert_eq!(told(limits(2), &[("2025-12-31", 6), ("2026-01-01", 1)]), [""; 0]);
        let same = told(limits(2), &[("2025-12-30", 1), ("2025-12-31", 6), ("2025-12-01", 1)]);
        assert_eq!(same, ["6.00 count=6;days=3;total=8"]);
    }
}
